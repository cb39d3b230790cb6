{#- The features of ml_feature_store in order: the columns of the model's contract that carry a
    `meta.feature_index`. (The seed `feature_catalogue` says everything else about them, and a test holds
    the two against each other; a seed's rows cannot be read while a model is being compiled.) -#}
{% macro feature_names() -%}
    {%- set names = [] -%}
    {%- for column in model.columns.values() if 'feature_index' in column.meta -%}
        {%- do names.append(column.name) -%}
    {%- endfor -%}
    {{ return(names) }}
{%- endmacro %}
