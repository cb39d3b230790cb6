{#- Replaces dbt-duckdb's macro, which writes every comment after each window: those that are stored already are left
    as they are. -#}
{% macro duckdb__alter_column_comment(relation, column_dict) %}
    {%- set known = {} -%}
    {%- for name, comment in run_query(
        "select column_name, comment from duckdb_columns() where schema_name = '" ~ relation.schema
        ~ "' and table_name = '" ~ relation.identifier ~ "'"
    ).rows -%}
        {%- do known.update({name: comment}) -%}
    {%- endfor -%}
    {%- for name, column in column_dict.items() if name in known and column['description'] != known[name] %}
    comment on column {{ relation }}.{{ name }} is {{ duckdb_escape_comment(column['description']) }};
    {%- endfor -%}
{% endmacro %}
