{#- Datasets are named exactly as configured (nba_raw, nba_analytics, nba_precompute, ...), without a prefix from the
    target, because people's own queries use these names. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
