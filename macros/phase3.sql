{#- Where Phase 3 comes from: `built` from raw data (models/from_raw), or `external`, tables that the warehouse has
    already (models/from_external). The var `phase3` or NBA_PHASE3 decides it for the whole run. -#}

{% macro phase3_source() -%}
    {%- set choice = var('phase3', env_var('NBA_PHASE3', 'built')) -%}
    {{ return('external' if choice == 'warehouse' else choice) }}
{%- endmacro %}


{#- on-run-start: stops the run at any other word, which would otherwise silently mean `built`. -#}
{% macro check_phase3() -%}
    {%- if execute -%}
        {%- if phase3_source() not in ['built', 'external'] -%}
            {{ exceptions.raise_compiler_error(
                "phase3 is '" ~ phase3_source() ~ "': write `built` (Phase 3 is built from raw data) or `external` "
                ~ "(the database already has it), as in NBA_PHASE3=external"
            ) }}
        {%- elif 'warehouse' in [var('phase3', none), env_var('NBA_PHASE3', '')] -%}
            {%- do log("phase3 `warehouse` is now called `external`; the next version drops the old word", info=true) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}


{#- The name by which the owner of the data knows an input. -#}
{% macro input_table(name) -%}
    {%- set names = {
        'games': 'nbac_schedule', 'player_box': 'player_game_summary', 'team_box': 'team_offense_game_summary',
    } -%}
    {{ return(names[name] if phase3_source() == 'external' else name) }}
{%- endmacro %}


{#- The newest of the rows with one key: external Phase 3 keeps a corrected row beside its correction. Rows that are
    equally new are ordered by their values, known before unknown, so that the choice does not depend on the engine;
    the preflight reports where it matters. Example: is_newest(['game_date', 'team_abbr'], ['points']) after
    `qualify`. -#}
{% macro is_newest(key, values) -%}
    row_number() over (
        partition by {{ key | join(', ') }}
        order by processed_at desc, created_at desc
        {%- for value in values %}, {{ value }} desc{% endfor %}
    ) = 1
{%- endmacro %}


{#- A date filter that every row passes: the old system's tables refuse a query without a filter on their partition
    column. -#}
{% macro any_date(column) -%}
    {{ column }} >= date '1946-11-01'
{%- endmacro %}
