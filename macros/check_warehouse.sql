{#- on-run-start: what every model needs is there, or the run stops with the next step, before any model. -#}
{% macro check_warehouse() -%}
    {%- if execute and flags.WHICH in ('run', 'build') -%}
        {%- if not adapter.get_relation(target.database, 'nba_raw', 'games') -%}
            {{ exceptions.raise_compiler_error(
                "nba_raw.games is not in this warehouse: load raw data first, with "
                ~ "`python orchestrate.py demo` or `python orchestrate.py ingest --from DIR`"
            ) }}
        {%- endif -%}
        {%- if flags.WHICH == 'run'
            and not adapter.get_relation(target.database, 'nba_reference', 'feature_catalogue') -%}
            {{ exceptions.raise_compiler_error(
                "the seeds are not in this warehouse: run `dbt seed` first"
            ) }}
        {%- endif -%}
        {% do _check_selection() %}
    {%- endif -%}
{%- endmacro %}


{#- A Phase 4 table may only be built together with every table it is made from: the intermediate tables hold
    one window, that of the run that made them, and building from another run's window would replace this
    window's rows by nothing. -#}
{% macro _check_selection() -%}
    {%- for id in selected_resources if id in graph.nodes and graph.nodes[id].fqn[1] == 'phase4' -%}
        {%- set todo = graph.nodes[id].depends_on.nodes | list -%}
        {%- set seen = {} -%}
        {%- for _ in range(10000) if todo -%}
            {%- set parent = todo.pop() -%}
            {%- set node = graph.nodes.get(parent) -%}
            {%- if node and parent not in seen -%}
                {%- do seen.update({parent: true}) -%}
                {%- do todo.extend(node.depends_on.nodes) -%}
                {%- if node.resource_type == 'model' and node.config.materialized != 'view'
                    and parent not in selected_resources -%}
                    {{ exceptions.raise_compiler_error(
                        "the run builds " ~ graph.nodes[id].name ~ " but not " ~ node.name
                        ~ ", which it is made from and which may hold another window: select +"
                        ~ graph.nodes[id].name ~ " (with the plus)"
                    ) }}
                {%- endif -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
{%- endmacro %}
