{#- Macros that the data tests share. -#}

{#- The name of the table that the running generic test is attached to. Its `model` argument may be a
    subquery (the test's `where`), so the name comes from the test's own node. -#}
{% macro tested_table() -%}
    {%- set attached = context['model'].get('attached_node') -%}
    {%- if not execute or not attached %}{{ return('parse') }}{% endif -%}
    {{ return(graph.nodes[attached].alias) }}
{%- endmacro %}


{#- Everyone is accounted for (contract R12 and section 5): every candidate of the window has exactly one row or one
    exclusion, and nobody else has either. Returns the violations.

    Needs two CTEs before it: `game_dates` (those of the window, with is_bootstrap) and `candidates` (analysis_date,
    entity_id, and games: the number of games that count towards the table's minimum). The entity '*' stands for a
    whole date.

    Example: `reconciled(model, 'player_daily_cache')` -#}
{% macro reconciled(relation, table) -%}
{%- set needed = games_needed(table) if execute else 0 -%}
whole_dates as (

    select
        game_date as analysis_date,
        '*' as entity_id
    from game_dates
    where
        is_bootstrap
        {%- if execute and candidates_of(table) == 'participants' %}
        or game_date not in (select analysis_date from candidates)
        {%- endif %}

),

counted as (

    select
        candidates.analysis_date,
        candidates.entity_id,
        candidates.games,
        1 as candidates,
        0 as table_rows,
        0 as exclusions,
        cast(null as int64) as games_found
    from candidates
    inner join game_dates on candidates.analysis_date = game_dates.game_date
    where not game_dates.is_bootstrap

    union all

    select
        analysis_date,
        entity_id,
        cast(null as int64) as games,
        1 as candidates,
        0 as table_rows,
        0 as exclusions,
        cast(null as int64) as games_found
    from whole_dates

    union all

    select
        analysis_date,
        {{ var('phase4_tables').get(table, {}).get('entity') }} as entity_id,
        cast(null as int64) as games,
        0 as candidates,
        1 as table_rows,
        0 as exclusions,
        cast(null as int64) as games_found
    from {{ relation }}
    where {{ in_window('analysis_date') }}

    union all

    select
        analysis_date,
        entity_id,
        cast(null as int64) as games,
        0 as candidates,
        0 as table_rows,
        1 as exclusions,
        games_found
    from {{ ref('phase4_exclusions') }}
    where
        table_name = '{{ table }}'
        and reason != 'non_nba_team'
        and {{ in_window('analysis_date') }}

),

totals as (

    select
        analysis_date,
        entity_id,
        sum(candidates) as candidates,
        sum(table_rows) as table_rows,
        sum(exclusions) as exclusions,
        max(games) as games,
        max(games_found) as games_found
    from counted
    group by analysis_date, entity_id

),

problems as (

    select
        *,
        case
            when candidates = 0 then 'a row or an exclusion for somebody who is not a candidate'
            when candidates > 1 then 'a candidate twice'
            when table_rows + exclusions = 0 then 'neither a row nor an exclusion'
            when table_rows > 0 and exclusions > 0 then 'a row and an exclusion'
            when table_rows + exclusions > 1 then 'more than one row or exclusion'
            when table_rows = 1 and games < {{ needed }} then 'a row despite too few games'
            when exclusions = 1 and games >= {{ needed }} then 'an exclusion despite enough games'
            when exclusions = 1 and entity_id != '*' and not coalesce(games_found = games, false)
                then 'games_found is not the number of games'
        end as problem
    from totals

)

select * from problems
where problem is not null
{%- endmacro %}


{#- The CTE `candidates` for the tables whose candidates are participants (contract 4.3): the players in the pre-tip
    context or in the day's box scores, each with his number of active games this season before the day. -#}
{% macro participant_candidates(expected, played) -%}
expected_and_seen as (

    select
        game_date as analysis_date,
        player_lookup,
        season_year
    from {{ expected }}
    where {{ in_window('game_date') }}

    union distinct

    select
        game_date as analysis_date,
        player_lookup,
        season_year
    from {{ played }}
    where {{ in_window('game_date') }}

),

candidates as (

    select
        expected_and_seen.analysis_date,
        expected_and_seen.player_lookup as entity_id,
        count(games.game_id) as games
    from expected_and_seen
    left join {{ played }} as games
        on
            expected_and_seen.player_lookup = games.player_lookup
            and expected_and_seen.season_year = games.season_year
            and games.game_date < expected_and_seen.analysis_date
            and games.is_active
            and {{ in_history('games.game_date') }}
    group by expected_and_seen.analysis_date, expected_and_seen.player_lookup

)
{%- endmacro %}


{#- The CTE `game_dates`: those of the window. -#}
{% macro window_game_dates() -%}
game_dates as (

    select * from {{ ref('int_game_dates') }}
    where {{ in_window('game_date') }}

)
{%- endmacro %}
