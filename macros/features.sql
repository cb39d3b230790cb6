{#- The features of ml_feature_store (or of `table`, its name) in order: the columns of the model's contract that
    carry a `meta.feature_index`. (The seed `feature_catalogue` has everything else about them, and a test compares
    the two. A seed's rows cannot be read while a model is compiled.) -#}
{% macro feature_names(table=none) -%}
    {%- if not execute %}{{ return([]) }}{% endif -%}
    {%- set columns = graph.nodes['model.' ~ project_name ~ '.' ~ table].columns if table else model.columns -%}
    {%- set names = [] -%}
    {%- for column in columns.values() if 'feature_index' in column.meta -%}
        {%- do names.append(column.name) -%}
    {%- endfor -%}
    {{ return(names) }}
{%- endmacro %}
