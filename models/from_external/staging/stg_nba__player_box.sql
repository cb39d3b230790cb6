{%- set counts = [
    'points', 'fg_makes', 'fg_attempts', 'three_pt_makes', 'three_pt_attempts', 'ft_makes',
    'ft_attempts', 'offensive_rebounds', 'defensive_rebounds', 'assists', 'steals', 'blocks',
    'turnovers', 'personal_fouls', 'plus_minus',
] %}
{%- set zone_counts = [
    'paint_makes', 'paint_attempts', 'mid_range_makes', 'mid_range_attempts',
] %}
{%- set pass_counts = ['assisted_fg_makes', 'unassisted_fg_makes'] %}
{%- set rates = ['usage_rate', 'ts_pct', 'efg_pct'] %}

with

player_games as (

    select * from {{ source('nba_external', 'player_game_summary') }}
    where {{ any_date('game_date') }}

),

player_names as (

    select * from {{ ref('stg_nba__player_names') }}

),

games as (

    select * from {{ ref('stg_nba__games') }}

),

typed as (

    select
        player_names.universal_player_id as player_id,
        player_games.team_abbr,
        {%- for column in ['minutes_played'] + rates %}
        cast(player_games.{{ column }} as {{ type_double() }}) as {{ column }},
        {%- endfor %}
        {%- for column in counts + zone_counts + pass_counts %}
        cast(player_games.{{ column }} as int64) as {{ column }},
        {%- endfor %}
        player_games.game_date,
        player_games.processed_at,
        player_games.created_at
    from player_games
    inner join player_names
        on
            player_games.player_lookup = player_names.player_lookup
            and coalesce(player_games.universal_player_id, '')
            = coalesce(player_names.printed_id, '')

),

-- Date and player are the key, whatever form the game's id has: a player plays one game a day.
newest as (

    select *
    from typed
    where true
    qualify {{ is_newest(
        ['game_date', 'player_id'],
        ['team_abbr', 'minutes_played'] + rates + counts + zone_counts + pass_counts
    ) }}

),

-- Every team takes two-point shots in a game: if all its zone counts are 0, there is no
-- play-by-play.
with_team_zones as (

    select
        *,
        sum(coalesce(paint_attempts, 0) + coalesce(mid_range_attempts, 0)) over (
            partition by game_date, team_abbr
        ) > 0 as team_has_zones,
        coalesce(fg_attempts - three_pt_attempts, 1) > 0 as may_have_taken_twos,
        paint_attempts + mid_range_attempts is not null as zones_are_known
    from newest

),

final as (

    select
        games.game_id,
        player_games.player_id,
        player_games.team_abbr,
        games.season_type,

        player_games.minutes_played,
        {%- for column in counts + pass_counts %}
        player_games.{{ column }},
        {%- endfor %}
        cast(null as int64) as rebounds,
        -- the external table's, rounded
        {%- for column in rates %}
        player_games.{{ column }} as rounded_{{ column }},
        {%- endfor %}
        {%- for column in zone_counts %}
        case
            when not player_games.team_has_zones then null
            when player_games.zones_are_known then player_games.{{ column }}
            when not player_games.may_have_taken_twos then 0
        end as {{ column }},
        {%- endfor %}
        player_games.team_has_zones
        and (player_games.zones_are_known or not player_games.may_have_taken_twos)
            as has_zone_data,

        player_games.game_date,
        games.season_year

    from with_team_zones as player_games
    inner join games
        on
            player_games.game_date = games.game_date
            and (
                player_games.team_abbr = games.home_team_abbr
                or player_games.team_abbr = games.away_team_abbr
            )

)

select * from final
