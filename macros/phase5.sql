{#- The views for readers of the old platform's tables (models/phase5), which are made if the var `phase5_view` or
    NBA_PHASE5_VIEW says so. -#}

{#- on-run-start: stops the run at a word other than true and false, which would silently mean false. -#}
{% macro check_phase5() -%}
    {%- if execute -%}
        {%- set choice = var('phase5_view', env_var('NBA_PHASE5_VIEW', 'false')) | string -%}
        {%- if choice | lower not in ['true', 'false'] -%}
            {{ exceptions.raise_compiler_error(
                "phase5_view is '" ~ choice ~ "': write `true` (views for the old platform's readers are made) or "
                ~ "`false`, as in NBA_PHASE5_VIEW=true"
            ) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}


{#- The name of the first CTE of these views. The database keeps it in the view's definition, where check_shapes finds
    it: a view without it was made by somebody else and is left alone. -#}
{% macro our_mark() -%}{{ return('rows_of_nba_phase4') }}{%- endmacro %}


{#- The table that a view of models/phase5 reads; before it is built, no rows with its columns. (With `--empty` dbt
    turns a ref into a subquery without rows, which the view would keep; removing the limit gives the table.) -#}
{% macro stored_or_empty(relation) -%}
    {%- set columns = {} -%}
    {%- if execute -%}
        {%- for column in graph.nodes['model.' ~ project_name ~ '.' ~ relation.identifier].columns.values()
            if column.name != 'analysis_date' -%}
            {%- do columns.update({column.name: column.data_type}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ existing_or_empty(relation.replace(limit=none), columns) }}
{%- endmacro %}


{#- All columns of a table but those for which the view has its own. -#}
{% macro columns_besides(table, own) -%}
    {%- if not execute %}{{ return([]) }}{% endif -%}
    {{ return(graph.nodes['model.' ~ project_name ~ '.' ~ table].columns.keys() | reject('in', own) | list) }}
{%- endmacro %}
