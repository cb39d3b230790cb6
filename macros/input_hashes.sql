{#- Fingerprints of what each date would be computed from now, read from staging. int_input_hashes covers all of
    history. int_window_input_hashes covers the run's window and reads only what the run may read. -#}
{% macro input_hashes(of_window=false) -%}
with

game_dates as (

    select * from {{ ref('int_game_dates') }}
    {%- if of_window %}
    where {{ in_history('game_date') }}
    {%- endif %}

),

games as (

    select * from {{ ref('stg_nba__games') }}

),

input_facts as (

    select * from {{ ref('int_input_facts') }}
    {%- if of_window %}
    where {{ in_history('game_date') }}
    {%- endif %}

),

non_nba_teams as (

    select * from {{ ref('stg_nba__non_nba_teams') }}

),

facts_by_date as (

    select
        game_date,
        {%- for fact in ['player_games', 'participants', 'team_games', 'shots', 'slate'] %}
        sum(case when fact = '{{ fact }}' then fact_hash end) as {{ fact }},
        {%- endfor %}
        count(*) as facts
    from input_facts
    group by game_date

),

schedule_facts as (

    select
        game_date,
        {{ sum_of_hashes(row_hash(
            ['game_id', 'home_team_abbr', 'away_team_abbr', 'season_type', 'is_final', 'game_date']
        )) }} as schedule
    from games
    group by game_date

),

-- Exhibitions between two game dates are listed with the later one (see orchestrator/core/windows.py).
exhibition_rows as (

    select
        {{ row_hash(['non_nba_teams.team_abbr', 'non_nba_teams.game_date']) }} as row_hash,
        min(schedule_facts.game_date) as game_date
    from non_nba_teams
    inner join schedule_facts on non_nba_teams.game_date <= schedule_facts.game_date
    group by non_nba_teams.team_abbr, non_nba_teams.game_date

),

exhibitions as (

    select
        game_date,
        {{ sum_of_hashes('row_hash') }} as exhibitions
    from exhibition_rows
    group by game_date

),

-- This season's transactions before the date; they need not fall on game dates.
injuries_so_far as (

    select
        game_dates.game_date,
        sum(input_facts.fact_hash) as injuries
    from game_dates
    inner join input_facts
        on
            input_facts.game_date >= {{ season_start('game_dates.season_year') }}
            and {{ known_before('input_facts.game_date', 'game_dates.game_date') }}
    where input_facts.fact = 'injuries'
    group by game_dates.game_date

),

-- Running sums over the season's games before the date, and the facts of the date itself.
known as (

    select
        game_dates.season_year,
        game_dates.game_date,
        game_dates.is_bootstrap,
        sum(facts_by_date.player_games) over earlier as player_games,
        sum(facts_by_date.team_games) over earlier as team_games,
        sum(facts_by_date.shots) over earlier as shots,
        sum(schedule_facts.schedule) over earlier as schedule,
        schedule_facts.schedule as day_schedule,
        facts_by_date.participants,
        facts_by_date.slate,
        injuries_so_far.injuries,
        exhibitions.exhibitions
    from game_dates
    left join facts_by_date on game_dates.game_date = facts_by_date.game_date
    left join schedule_facts on game_dates.game_date = schedule_facts.game_date
    left join exhibitions on game_dates.game_date = exhibitions.game_date
    left join injuries_so_far on game_dates.game_date = injuries_so_far.game_date
    window earlier as (
        partition by game_dates.season_year order by game_dates.game_date
        rows between unbounded preceding and 1 preceding
    )

),

final as (
    {%- for table in phase4_tables() %}

    select
        '{{ table }}' as table_name,
        game_date as analysis_date,
        season_year,
        {{ hash_of_sums(['is_bootstrap'] + facts_read(table) + facts_read_of_day(table)) }} as input_hash
    from known
    {%- if of_window %}
    where {{ in_window('game_date') }}
    {%- endif %}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

)

select * from final
{%- endmacro %}
