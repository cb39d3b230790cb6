{#- Where Phase 3 comes from: `built` from raw data (models/from_raw), or `external`, tables that the database has
    already (models/from_external). One choice for the whole run, made by `phase3` among --vars or by NBA_PHASE3. -#}

{% macro phase3_source() -%}
    {%- set choice = var('phase3', env_var('NBA_PHASE3', 'built')) -%}
    {{ return('external' if choice == 'warehouse' else choice) }}
{%- endmacro %}


{#- on-run-start: a word that is neither choice would quietly mean the default. -#}
{% macro check_phase3() -%}
    {%- if execute -%}
        {%- if phase3_source() not in ['built', 'external'] -%}
            {{ exceptions.raise_compiler_error(
                "phase3 is '" ~ phase3_source() ~ "': write `built` (Phase 3 is built from raw data) or `external` "
                ~ "(the database has it already), as in NBA_PHASE3=external"
            ) }}
        {%- elif 'warehouse' in [var('phase3', none), env_var('NBA_PHASE3', '')] -%}
            {%- do log("phase3 `warehouse` is now called `external`; the next version drops the old word", info=true) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}


{#- The name that the owner of the data knows an input by. -#}
{% macro input_table(name) -%}
    {%- set names = {
        'games': 'nbac_schedule', 'player_box': 'player_game_summary', 'team_box': 'team_offense_game_summary',
    } -%}
    {{ return(names[name] if phase3_source() == 'external' else name) }}
{%- endmacro %}


{#- Of rows with one key the newest: external Phase 3 has a correction beside what it corrects. Rows that are equally
    new are put in an order of their values, known before unknown, so that the choice does not depend on the
    engine; the preflight says where it would matter. Example: is_newest(['game_date', 'team_abbr'],
    ['points']) after `qualify`. -#}
{% macro is_newest(key, values) -%}
    row_number() over (
        partition by {{ key | join(', ') }}
        order by processed_at desc, created_at desc
        {%- for value in values %}, {{ value }} desc{% endfor %}
    ) = 1
{%- endmacro %}


{#- All there is. The old system's tables refuse a query without a bound on their partition column. -#}
{% macro any_date(column) -%}
    {{ column }} >= date '1946-11-01'
{%- endmacro %}
