{%- set counts = [
    'star_teammates_out', 'player_age', 'days_rest', 'games_in_last_7_days',
    'games_in_last_14_days', 'back_to_backs_last_14_days',
] %}
{%- set doubles = [
    'game_total', 'game_spread', 'projected_usage_rate', 'minutes_in_last_7_days',
    'avg_minutes_per_game_last_7', 'minutes_in_last_14_days', 'avg_usage_rate_last_7_games',
] %}

with

upcoming as (

    select * from {{ source('nba_external', 'upcoming_player_game_context') }}
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
        upcoming.team_abbr,
        lower(trim(upcoming.player_status)) as player_status,
        {%- for column in doubles %}
        cast(upcoming.{{ column }} as {{ type_double() }}) as {{ column }},
        {%- endfor %}
        {%- for column in counts %}
        cast(upcoming.{{ column }} as int64) as {{ column }},
        {%- endfor %}
        upcoming.game_date,
        upcoming.processed_at,
        upcoming.created_at
    from upcoming
    inner join player_names
        on
            upcoming.player_lookup = player_names.player_lookup
            and coalesce(upcoming.universal_player_id, '') = coalesce(player_names.printed_id, '')

),

newest as (

    select *
    from typed
    where true
    qualify
        {{ is_newest(
            ['game_date', 'player_id'], ['team_abbr', 'player_status'] + counts + doubles
        ) }}

),

final as (

    select
        games.game_id,
        newest.player_id,
        newest.team_abbr,

        case
            when
                newest.player_status
                in ('available', 'probable', 'questionable', 'doubtful', 'out')
                then newest.player_status
        end as player_status,
        newest.game_total,
        newest.game_spread,
        newest.projected_usage_rate,
        newest.star_teammates_out,
        newest.player_age,
        case when newest.days_rest >= 1 then newest.days_rest end as days_rest,
        newest.games_in_last_7_days,
        newest.games_in_last_14_days,
        newest.back_to_backs_last_14_days,
        newest.avg_usage_rate_last_7_games,
        -- The external table sums unknown minutes to 0, so 0 minutes in some games mean unknown.
        {%- for days in [7, 14] %}
        case
            when
                newest.minutes_in_last_{{ days }}_days > 0
                or newest.games_in_last_{{ days }}_days = 0
                then newest.minutes_in_last_{{ days }}_days
        end as minutes_in_last_{{ days }}_days,
        {%- endfor %}
        nullif(newest.avg_minutes_per_game_last_7, 0) as avg_minutes_per_game_last_7,

        newest.game_date,
        games.season_year

    from newest
    inner join games
        on
            newest.game_date = games.game_date
            and (
                newest.team_abbr = games.home_team_abbr
                or newest.team_abbr = games.away_team_abbr
            )

)

select * from final
