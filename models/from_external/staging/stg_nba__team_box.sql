{%- set counts = [
    'points_scored', 'fg_makes', 'fg_attempts', 'three_pt_makes', 'three_pt_attempts', 'ft_makes',
    'ft_attempts', 'rebounds', 'assists', 'turnovers', 'personal_fouls',
] %}
{#- These are not in the team's own row. -#}
{%- set sums_of_players = ['offensive_rebounds', 'defensive_rebounds', 'steals', 'blocks'] %}
{%- set doubles = ['possessions', 'pace', 'offensive_rating'] %}

with

team_games as (

    select * from {{ source('nba_external', 'team_offense_game_summary') }}
    where {{ any_date('game_date') }}

),

player_box as (

    select * from {{ ref('stg_nba__player_box') }}

),

games as (

    select * from {{ ref('stg_nba__games') }}

),

typed as (

    select
        team_abbr,
        {%- for column in doubles %}
        cast({{ column }} as {{ type_double() }}) as {{ column }},
        {%- endfor %}
        {%- for column in counts %}
        cast({{ column }} as int64) as {{ column }},
        {%- endfor %}
        cast(overtime_periods as int64) as overtime_periods,
        game_date,
        processed_at,
        created_at
    from team_games

),

newest as (

    select *
    from typed
    where true
    qualify
        {{ is_newest(
            ['game_date', 'team_abbr'], counts + doubles + ['overtime_periods']
        ) }}

),

-- A sum is unknown if the value is unknown for any player who took part.
of_players as (

    select
        player_box.game_date,
        player_box.team_abbr,
        {%- for column in sums_of_players %}
        case
            when
                count(
                    case
                        when
                            ({{ is_active_game('player_box') }}) and player_box.{{ column }} is null
                            then 1
                    end
                ) = 0
                then cast(sum(player_box.{{ column }}) as int64)
        end as {{ column }},
        {%- endfor %}
        count(*) as player_rows
    from player_box
    group by player_box.game_date, player_box.team_abbr

),

-- A union instead of a join, so that a filter on the date is pushed down to both tables.
halves as (

    select
        game_date,
        team_abbr,
        {%- for column in sums_of_players %}
        cast(null as int64) as {{ column }},
        {%- endfor %}
        {%- for column in counts + ['overtime_periods'] + doubles %}
        {{ column }},
        {%- endfor %}
        1 as team_rows
    from newest
    -- A row without a shot was written before the game's numbers were in.
    where coalesce(fg_attempts, 1) > 0

    union all

    select
        game_date,
        team_abbr,
        {%- for column in sums_of_players %}
        {{ column }},
        {%- endfor %}
        {%- for column in counts + ['overtime_periods'] %}
        cast(null as int64) as {{ column }},
        {%- endfor %}
        {%- for column in doubles %}
        cast(null as {{ type_double() }}) as {{ column }},
        {%- endfor %}
        0 as team_rows
    from of_players

),

team_games_with_sums as (

    select
        game_date,
        team_abbr,
        {%- for column in sums_of_players + counts + ['overtime_periods'] + doubles %}
        max({{ column }}) as {{ column }},
        {%- endfor %}
        max(team_rows) as team_rows
    from halves
    group by game_date, team_abbr

),

final as (

    select
        games.game_id,
        team_games.team_abbr,
        games.season_type,

        cast(240 + 25 * team_games.overtime_periods as {{ type_double() }}) as team_minutes,
        team_games.points_scored as points,
        {%- for column in counts[1:] %}
        team_games.{{ column }},
        {%- endfor %}
        {%- for column in sums_of_players %}
        team_games.{{ column }},
        {%- endfor %}
        -- the external table's, rounded
        {%- for column in doubles %}
        team_games.{{ column }} as rounded_{{ column }},
        {%- endfor %}

        case
            when team_games.team_abbr = games.home_team_abbr
                then games.home_score > games.away_score
            else games.away_score > games.home_score
        end as win_flag,

        team_games.game_date,
        games.season_year

    from team_games_with_sums as team_games
    inner join games
        on
            team_games.game_date = games.game_date
            and (
                team_games.team_abbr = games.home_team_abbr
                or team_games.team_abbr = games.away_team_abbr
            )
    where team_games.team_rows = 1

)

select * from final
