{#- Window replacement (contract R10): the run leaves exactly the rows that today's inputs give for its
    window. A range delete, so that a date which now gives nothing loses its old rows too; then the insert,
    in the transaction that also carries the receipts. A key-driven delete or a merge would keep rows that
    vanished upstream.

    What a folder of models replaces is its `meta.window`: the date column, and in_window (Phase 4) or
    in_history (Phase 3). BigQuery takes no strategy but its own: there insert_overwrite does this. -#}
{% macro get_incremental_replace_window_sql(args) -%}
    {%- set columns = get_quoted_csv(args['dest_columns'] | map(attribute='name')) -%}
    delete from {{ args['target_relation'] }} where {{ replaced_dates() }};
    insert into {{ args['target_relation'] }} ({{ columns }})
    (select {{ columns }} from {{ args['temp_relation'] }})
{%- endmacro %}


{#- The predicate for the rows that the model being run replaces. -#}
{% macro replaced_dates() -%}
    {%- set window = config.get('meta')['window'] -%}
    {{ return(context[window['predicate']](window['column'])) }}
{%- endmacro %}


{#- Day partitions where the engine has them (BigQuery); DuckDB prunes by row-group statistics instead. -#}
{% macro partition_by_day(column) -%}{{ return(adapter.dispatch('partition_by_day')(column)) }}{%- endmacro %}
{% macro duckdb__partition_by_day(column) -%}{{ return(none) }}{%- endmacro %}
{% macro bigquery__partition_by_day(column) -%}
    {{ return({'field': column, 'data_type': 'date', 'granularity': 'day'}) }}
{%- endmacro %}
