{{ config(
    partition_by=partition_by_day('analysis_date'),
    cluster_by=['table_name'],
) }}

with

game_dates as (

    select * from {{ ref('int_game_dates') }}
    where {{ in_window('game_date') }}

),

dates as (

    select * from {{ ref('int_analysis_dates') }}

),

nba_teams as (

    select * from {{ ref('nba_teams') }}

),

non_nba_teams as (

    select * from {{ ref('stg_nba__non_nba_teams') }}
    where {{ in_window('game_date') }}

),

team_windows as (

    select * from {{ ref('int_team_defense_windows') }}

),

player_windows as (

    select * from {{ ref('int_player_game_windows') }}

),

participants as (

    select * from {{ ref('int_participant_context') }}

),

tables as (
    {%- for table in feature_tables() %}

    select
        '{{ table }}' as table_name,
        '{{ candidates_of(table) }}' as candidates,
        {{ games_needed(table) }} as games_needed
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

dates_with_participants as (

    select distinct analysis_date from participants

),

whole_dates as (

    select
        tables.table_name,
        game_dates.game_date as analysis_date,
        '*' as entity_id,
        case when game_dates.is_bootstrap then 'bootstrap' else 'no_player_data' end as reason,
        cast(null as int64) as games_found,
        cast(null as int64) as games_needed,
        game_dates.season_year
    from tables
    cross join game_dates
    left join dates_with_participants
        on game_dates.game_date = dates_with_participants.analysis_date
    where
        game_dates.is_bootstrap
        or (
            tables.candidates = 'participants'
            and dates_with_participants.analysis_date is null
        )

),

-- Who could have a row, and how many games they have.
candidates as (

    select
        'teams' as candidates,
        dates.analysis_date,
        nba_teams.team_abbr as entity_id,
        coalesce(team_windows.games_played_season, 0) as games_found,
        dates.season_year
    from dates
    cross join nba_teams
    left join team_windows
        on
            nba_teams.team_abbr = team_windows.team_abbr
            and {{ newest_known('team_windows', 'dates') }}

    union all

    select
        'players' as candidates,
        dates.analysis_date,
        player_windows.player_lookup as entity_id,
        player_windows.games_played_season as games_found,
        dates.season_year
    from dates
    inner join player_windows on {{ newest_known('player_windows', 'dates') }}

    union all

    select
        'participants' as candidates,
        analysis_date,
        player_lookup as entity_id,
        games_played_season as games_found,
        season_year
    from participants

),

few_games as (

    select
        tables.table_name,
        candidates.analysis_date,
        candidates.entity_id,
        'insufficient_games' as reason,
        candidates.games_found,
        tables.games_needed,
        candidates.season_year
    from tables
    inner join candidates on tables.candidates = candidates.candidates
    where candidates.games_found < tables.games_needed

),

exhibition_teams as (

    select
        tables.table_name,
        non_nba_teams.game_date as analysis_date,
        non_nba_teams.team_abbr as entity_id,
        'non_nba_team' as reason,
        cast(null as int64) as games_found,
        cast(null as int64) as games_needed,
        non_nba_teams.season_year
    from non_nba_teams
    cross join tables
    where tables.candidates = 'teams'

),

together as (

    select * from whole_dates
    union all
    select * from few_games
    union all
    select * from exhibition_teams

),

final as (

    select
        analysis_date,
        table_name,
        entity_id,
        season_year,

        reason,
        cast(games_found as int64) as games_found,
        cast(games_needed as int64) as games_needed,

        '{{ logic_version() }}' as logic_version,
        {{ stamp() }} as built_at

    from together

)

select * from final
