{#- Window replacement (contract R10): the run leaves exactly the rows that today's inputs give for its window. It
    deletes by date range, so that a date which now gives nothing loses its old rows too, then inserts, all in the
    transaction that also writes the receipts. A delete by key or a merge would keep rows that have vanished upstream.

    `meta.window` of a folder of models says what they replace: the date column, and in_window (Phase 4) or in_history
    (Phase 3). BigQuery accepts only its own strategies: there insert_overwrite, below, does the same. -#}
{% macro get_incremental_replace_window_sql(args) -%}
    {%- set columns = get_quoted_csv(args['dest_columns'] | map(attribute='name')) -%}
    delete from {{ args['target_relation'] }} where {{ replaced_dates() }};
    insert into {{ args['target_relation'] }} ({{ columns }})
    (select {{ columns }} from {{ args['temp_relation'] }})
{%- endmacro %}


{#- The same on BigQuery; overrides dbt-bigquery's macro of this name. dbt-bigquery's own replaces either the dates
    that the new rows have, so that a date which now gives nothing keeps its old rows, or `partitions` from the
    model's config, where a window would be frozen when the project is parsed. Here the window is rendered with the
    statement. One MERGE is atomic, and its predicate is constant, so that it touches only the window's
    partitions. -#}
{% macro bq_insert_overwrite_sql(
    tmp_relation, target_relation, sql, unique_key, partition_by, partitions, dest_columns, tmp_relation_exists,
    copy_partitions
) -%}
    {{ get_insert_overwrite_merge_sql(
        target_relation,
        bq_static_select_insert_overwrite_sql(tmp_relation, sql, partition_by, tmp_relation_exists),
        dest_columns,
        [replaced_dates('DBT_INTERNAL_DEST.')],
        include_sql_header=not tmp_relation_exists
    ) }}
{%- endmacro %}


{#- The predicate for the rows that the running model replaces; `prefix` goes before the date column. -#}
{% macro replaced_dates(prefix='') -%}
    {%- set window = config.get('meta')['window'] -%}
    {{ return(context[window['predicate']](prefix ~ window['column'])) }}
{%- endmacro %}


{#- Daily partitions on engines that have them (BigQuery); DuckDB prunes by row-group statistics instead. -#}
{% macro partition_by_day(column) -%}{{ return(adapter.dispatch('partition_by_day')(column)) }}{%- endmacro %}
{% macro duckdb__partition_by_day(column) -%}{{ return(none) }}{%- endmacro %}
{% macro bigquery__partition_by_day(column) -%}
    {{ return({'field': column, 'data_type': 'date', 'granularity': 'day'}) }}
{%- endmacro %}
