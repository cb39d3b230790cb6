{{ config(materialized='ephemeral') }}
{#- Their tables of teams, and the column that names the team: with the date it is the key. -#}
{%- set team_tables = {
    'team_offense_game_summary': 'team_abbr',
    'team_defense_game_summary': 'defending_team_abbr',
} %}

with

{% for table in ['player_game_summary'] + team_tables | list -%}
{{ table }} as (

    select * from {{ source('nba_external', table) }}
    where {{ any_date('game_date') }}

),

{% endfor -%}
schedule_rows as (

    select * from {{ source('nba_external_raw', 'nbac_schedule') }}
    where {{ any_date('game_date') }}

),

unplayed_games as (

    select * from {{ ref('stg_nba__scheduled_games') }}
    where was_not_played

),

nba_teams as (

    select * from {{ ref('nba_teams') }}

),

known_team_dates as (

    select
        game_date,
        home_team_tricode as team_abbr
    from schedule_rows

    union distinct

    select
        game_date,
        away_team_tricode as team_abbr
    from schedule_rows

),

-- What a newer row has put right is no finding.
newest_player_games as (

    select *
    from player_game_summary
    where true
    qualify {{ is_newest(['game_date', 'player_lookup'], ['team_abbr']) }}

),

teams_by_date as (

    select
        'player_game_summary' as table_name,
        game_date,
        team_abbr,
        count(*) as box_rows
    from newest_player_games
    group by game_date, team_abbr
    {%- for table, team in team_tables.items() %}

    union all

    select distinct
        '{{ table }}' as table_name,
        game_date,
        {{ team }} as team_abbr,
        1 as box_rows
    from {{ table }}
    {%- endfor %}

),

findings as (

    select
        'box_of_unknown_game' as check_name,
        teams_by_date.box_rows as affected_rows,
        concat(
            teams_by_date.team_abbr, ' of ', cast(teams_by_date.game_date as string), ': in ',
            teams_by_date.table_name, ' and not in nbac_schedule'
        ) as example,
        teams_by_date.game_date,
        {{ season_year('teams_by_date.game_date') }} as season_year
    from teams_by_date
    inner join nba_teams on teams_by_date.team_abbr = nba_teams.team_abbr
    left join known_team_dates
        on
            teams_by_date.game_date = known_team_dates.game_date
            and teams_by_date.team_abbr = known_team_dates.team_abbr
    where known_team_dates.team_abbr is null

    union all

    select
        'box_of_unplayed_game' as check_name,
        teams_by_date.box_rows as affected_rows,
        concat(
            'game ', unplayed_games.game_id, ': ', teams_by_date.team_abbr, ' has rows in ',
            teams_by_date.table_name, ' and no final score in nbac_schedule'
        ) as example,
        unplayed_games.game_date,
        unplayed_games.season_year
    from teams_by_date
    inner join unplayed_games
        on
            teams_by_date.game_date = unplayed_games.game_date
            and (
                teams_by_date.team_abbr = unplayed_games.home_team_abbr
                or teams_by_date.team_abbr = unplayed_games.away_team_abbr
            )
    where teams_by_date.table_name = 'player_game_summary'

),

final as (

    select
        check_name,
        affected_rows,
        example,
        cast(null as string) as subject,
        cast(null as boolean) as spoils_own_date,
        game_date,
        season_year
    from findings

)

select * from final
