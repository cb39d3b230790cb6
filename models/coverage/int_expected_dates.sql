-- Reads only the schedule and the box scores, never the Phase 4 tables: the rows that exist must
-- not decide which rows are expected.

with

game_dates as (

    select * from {{ ref('int_game_dates') }}

),

player_box as (

    select * from {{ ref('stg_nba__player_box') }}

),

team_box as (

    select * from {{ ref('stg_nba__team_box') }}

),

slate_dates as (

    select * from {{ ref('int_slate_dates') }}

),

-- A table's minimum counts games of a team or of a player, depending on its candidates.
tables as (
    {%- for table in feature_tables() %}

    select
        '{{ table }}' as table_name,
        '{{ candidates_of(table) }}' as candidates,
        '{{ 'teams' if candidates_of(table) == 'teams' else 'players' }}' as counted,
        {{ games_needed(table) }} as games_needed
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

player_appearances as (

    select
        player_box.season_year,
        player_box.game_date,
        player_box.player_id,
        case when {{ is_active_game('player_box') }} then 1 else 0 end as active
    from player_box

),

active_games_so_far as (

    select
        season_year,
        game_date,
        sum(active) over (
            partition by season_year, player_id
            order by game_date
            range between unbounded preceding and current row
        ) as active_games,
        active
    from player_appearances

),

team_games_so_far as (

    select
        season_year,
        game_date,
        row_number() over (partition by season_year, team_abbr order by game_date, game_id) as games
    from team_box

),

games_so_far as (

    select
        'teams' as counted,
        season_year,
        game_date,
        games
    from team_games_so_far

    union all

    select
        'players' as counted,
        season_year,
        game_date,
        active_games as games
    from active_games_so_far

),

-- The first date after whose games some candidate has enough; rows begin on the next game date.
milestones as (

    select
        tables.table_name,
        games_so_far.season_year,
        min(games_so_far.game_date) as first_enough_games
    from tables
    inner join games_so_far on tables.counted = games_so_far.counted
    where tables.games_needed > 0 and games_so_far.games >= tables.games_needed
    group by tables.table_name, games_so_far.season_year

),

most_games as (

    select
        game_date,
        max(active_games - active) as games_before
    from active_games_so_far
    group by game_date

),

known as (

    select
        tables.table_name,
        game_dates.game_date,
        game_dates.season_year,
        game_dates.is_bootstrap,
        tables.candidates != 'participants'
        or game_dates.has_player_data
        or slate_dates.game_date is not null as has_candidates,
        tables.games_needed = 0
        or coalesce(
            -- Counts the date's participants; before the game is played, any candidate.
            case
                when tables.candidates = 'participants'
                    then most_games.games_before >= tables.games_needed
            end,
            {{ known_before('milestones.first_enough_games', 'game_dates.game_date') }},
            false
        ) as has_enough_games
    from game_dates
    cross join tables
    left join milestones
        on
            game_dates.season_year = milestones.season_year
            and tables.table_name = milestones.table_name
    left join most_games on game_dates.game_date = most_games.game_date
    left join slate_dates on game_dates.game_date = slate_dates.game_date

),

final as (

    select
        table_name,
        game_date as analysis_date,
        season_year,

        not is_bootstrap and has_candidates and has_enough_games as is_expected,
        case
            when is_bootstrap then 'bootstrap'
            when not has_candidates then 'no_player_data'
            when not has_enough_games then 'not_enough_games'
        end as not_expected_reason

    from known

)

select * from final
