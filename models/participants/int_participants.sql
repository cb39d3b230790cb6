with

dates as (

    select * from {{ ref('int_analysis_dates') }}

),

upcoming as (

    select * from {{ ref('upcoming_player_game_context') }}
    where {{ in_window('game_date') }}

),

player_games as (

    select * from {{ ref('player_game_summary') }}
    where {{ in_window('game_date') }}

),

schedule as (

    select * from {{ ref('int_team_schedule') }}
    where {{ in_window('game_date') }}

),

expected_and_seen as (

    select
        game_date,
        player_lookup,
        universal_player_id,
        game_id,
        team_abbr,
        'upcoming' as context_source
    from upcoming

    union all

    select
        game_date,
        player_lookup,
        universal_player_id,
        game_id,
        team_abbr,
        'history' as context_source
    from player_games

),

scheduled as (

    select
        dates.analysis_date,
        expected_and_seen.player_lookup,
        expected_and_seen.universal_player_id,
        expected_and_seen.game_id,
        expected_and_seen.team_abbr,
        schedule.opponent_team_abbr,

        schedule.season_type,
        schedule.home_game as is_home,
        expected_and_seen.context_source,

        dates.season_year

    from expected_and_seen
    inner join dates on expected_and_seen.game_date = dates.analysis_date
    inner join schedule
        on
            expected_and_seen.game_id = schedule.game_id
            and expected_and_seen.team_abbr = schedule.team_abbr

),

with_game_played as (

    select
        *,
        max(case when context_source = 'history' then game_id end) over (
            partition by analysis_date, universal_player_id
        ) as game_played
    from scheduled

),

-- One row per player and date. The pre-tip context wins, because only it has facts from before
-- the game, unless a box score shows the player in another game.
one_each as (

    select
        analysis_date,
        player_lookup,
        universal_player_id,
        game_id,
        team_abbr,
        opponent_team_abbr,

        season_type,
        is_home,
        context_source,

        season_year
    from with_game_played
    where true
    qualify row_number() over (
        partition by analysis_date, universal_player_id
        order by
            case when game_id != game_played then 1 else 0 end,
            case when context_source = 'upcoming' then 0 else 1 end,
            game_id desc
    ) = 1

)

select * from one_each
