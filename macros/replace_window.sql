{#- Window replacement (contract R10): the run leaves exactly the rows that today's inputs give for its
    window. A range delete, so that a date which now gives nothing loses its old rows too; then the insert,
    in the transaction that also carries the receipts. A key-driven delete or a merge would keep rows that
    vanished upstream.

    What a folder of models replaces is its `meta.window`: the date column, and in_window (Phase 4) or
    in_history (Phase 3). BigQuery takes no strategy but its own: there insert_overwrite does this, below. -#}
{% macro get_incremental_replace_window_sql(args) -%}
    {%- set columns = get_quoted_csv(args['dest_columns'] | map(attribute='name')) -%}
    delete from {{ args['target_relation'] }} where {{ replaced_dates() }};
    insert into {{ args['target_relation'] }} ({{ columns }})
    (select {{ columns }} from {{ args['temp_relation'] }})
{%- endmacro %}


{#- BigQuery's way to the same, in place of dbt-bigquery's macro of this name. Its own replaces either the dates
    that the new rows have, so that a date which now gives nothing keeps its old rows, or `partitions` from the
    model's config, where a window would be frozen when the project is parsed. Here the window itself says what
    goes, when the statement is rendered. One MERGE is atomic, and its predicate is constant, so that only the
    partitions of the window are touched. -#}
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


{#- The predicate for the rows that the model being run replaces; `prefix` goes before their date column. -#}
{% macro replaced_dates(prefix='') -%}
    {%- set window = config.get('meta')['window'] -%}
    {{ return(context[window['predicate']](prefix ~ window['column'])) }}
{%- endmacro %}


{#- Day partitions where the engine has them (BigQuery); DuckDB prunes by row-group statistics instead. -#}
{% macro partition_by_day(column) -%}{{ return(adapter.dispatch('partition_by_day')(column)) }}{%- endmacro %}
{% macro duckdb__partition_by_day(column) -%}{{ return(none) }}{%- endmacro %}
{% macro bigquery__partition_by_day(column) -%}
    {{ return({'field': column, 'data_type': 'date', 'granularity': 'day'}) }}
{%- endmacro %}
