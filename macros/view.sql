{#- Replaces a view in one statement, as dbt-bigquery does. dbt's default for other engines renames the old view to
    `..__dbt_backup`, commits, and drops it. After a kill -9 in between, the backup would stay for good. -#}
{% materialization view, adapter='duckdb' %}
    {% set made = create_or_replace_view() %}
    {% do persist_docs(this.incorporate(type='view'), model) %}
    {% do adapter.commit() %}
    {{ return(made) }}
{% endmaterialization %}


{#- dbt-duckdb's own macro of this name, with `or replace`. -#}
{% macro duckdb__create_view_as(relation, sql) -%}
    {%- if config.get('contract').enforced -%}{{ get_assert_columns_equivalent(sql) }}{%- endif -%}
    {{ config.get('sql_header') or '' }}
    create or replace view {{ relation }} as (
        {{ sql }}
    )
{%- endmacro %}
