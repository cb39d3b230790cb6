{#- on-run-start: stops the run before any model, and names the next step, if something that every model needs is
    missing. -#}
{% macro check_warehouse() -%}
    {%- if execute and flags.WHICH in ('run', 'build') -%}
        {%- do _check_inputs() -%}
        {%- set seed = graph.nodes['seed.' ~ project_name ~ '.feature_catalogue'] -%}
        {%- if flags.WHICH == 'run' and not adapter.get_relation(seed.database, seed.schema, seed.alias) -%}
            {{ exceptions.raise_compiler_error(
                "the seeds are not in this warehouse: run `dbt seed` first"
            ) }}
        {%- endif -%}
        {% do _check_selection() %}
        {%- if flags.EMPTY %}{% do _check_empty() %}{% endif -%}
    {%- endif -%}
{%- endmacro %}


{#- `--empty` builds the window without rows. That is useful to try the models on a new warehouse; on one with data it
    would delete the window's rows. -#}
{% macro _check_empty() -%}
    {%- for id in selected_resources if id in graph.nodes and graph.nodes[id].name in phase4_tables() -%}
        {%- set node = graph.nodes[id] -%}
        {%- set table = adapter.get_relation(node.database, node.schema, node.alias) -%}
        {%- if table and not var('allow_empty', false) -%}
            {%- if run_query('select 1 from ' ~ table ~ ' limit 1').rows | length -%}
                {{ exceptions.raise_compiler_error(
                    "--empty would delete the rows of " ~ node.name ~ " from " ~ window_start() ~ " to "
                    ~ window_end() ~ ": try it on a new warehouse (NBA_DUCKDB_PATH), or pass "
                    ~ "--vars 'allow_empty: true' to delete them"
                ) }}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}


{#- The schedule must exist; with an external Phase 3, all of its tables. The error names every missing one. -#}
{% macro _check_inputs() -%}
    {%- set missing = [] -%}
    {%- for source in graph.sources.values()
        if source.identifier == 'games' or source.source_name.startswith('nba_external') -%}
        {%- if not adapter.get_relation(source.database, source.schema, source.identifier) -%}
            {%- do missing.append(source.schema ~ '.' ~ source.identifier) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if missing and phase3_source() == 'external' -%}
        {{ exceptions.raise_compiler_error(
            missing | sort | join(', ') ~ (" is" if missing | length == 1 else " are") ~ " not in this warehouse, "
            ~ "but `phase3: external` reads " ~ ("it" if missing | length == 1 else "them")
            ~ ": set NBA_ANALYTICS_DATASET, NBA_RAW_DATASET or NBA_PHASE3_PROJECT to the place of the external tables "
            ~ "(docs/own-phase3.md)"
        ) }}
    {%- elif missing -%}
        {{ exceptions.raise_compiler_error(
            missing[0] ~ " is not in this warehouse: load raw data first, with "
            ~ "`python orchestrate.py demo` or `python orchestrate.py ingest --from DIR` (or, if Phase 3 is there "
            ~ "already, set NBA_PHASE3=external)"
        ) }}
    {%- endif -%}
{%- endmacro %}


{#- A Phase 4 table must be built together with its upstream tables. Intermediate tables hold only the window of the
    run that made them: built from another run's window, the table would lose the rows of this one. The var `given`
    names tables that the caller has made for this window himself (orchestrator/verify). -#}
{% macro _check_selection() -%}
    {%- for id in selected_resources if id in graph.nodes and graph.nodes[id].name in phase4_tables() -%}
        {%- set todo = graph.nodes[id].depends_on.nodes | list -%}
        {%- set seen = {} -%}
        {%- for _ in range(10000) if todo -%}
            {%- set parent = todo.pop() -%}
            {%- set node = graph.nodes.get(parent) -%}
            {%- if node and parent not in seen -%}
                {%- do seen.update({parent: true}) -%}
                {%- do todo.extend(node.depends_on.nodes) -%}
                {%- if node.resource_type == 'model' and node.config.materialized != 'view'
                    and parent not in selected_resources and node.name not in var('given', []) -%}
                    {{ exceptions.raise_compiler_error(
                        "the run builds " ~ graph.nodes[id].name ~ " but not " ~ node.name
                        ~ ", which it is made from and which may hold another window: write --select +"
                        ~ graph.nodes[id].name ~ " (with the plus)"
                    ) }}
                {%- endif -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
{%- endmacro %}
