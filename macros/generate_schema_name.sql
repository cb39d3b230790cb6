{#- Datasets are named exactly as configured (nba_raw, nba_analytics, nba_precompute, ...), with no
    prefix from the target: people's own queries name them. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
