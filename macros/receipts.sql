{#- Receipts: one row per (table, analysis_date) that was built. A game date with a receipt is finished, even when
    it holds 0 rows; a date without one is missing.

    On DuckDB receipts are written in the transaction of the data. BigQuery has none around a model and its hooks:
    there the order does it. Old receipts go before anything is written, new ones come last, so that a run which
    dies in between leaves dates that are missing, never dates that look finished. -#}

{#- The table of receipts. Not a model: every model's hook writes to it. (With `--empty` a source is a subquery
    without rows; what is created or written to has no limit.) -#}
{% macro receipts_relation() -%}
    {{ return(source('nba_bookkeeping', 'receipts').replace(limit=none)) }}
{%- endmacro %}


{#- The table of dates that a backfill put aside, with the error. -#}
{% macro failures_relation() -%}
    {{ return(source('nba_bookkeeping', 'failures').replace(limit=none)) }}
{%- endmacro %}


{#- on-run-start: both tables are there, and receipts of older versions have today's columns (NULL: unknown, so
    that their dates count as stale). -#}
{% macro create_bookkeeping() -%}
    {%- if execute and flags.WHICH in ('run', 'build') -%}
    {%- set receipts = receipts_relation() -%}
    {%- do adapter.create_schema(receipts) -%}
    create table if not exists {{ receipts }} (
        table_name string not null,
        analysis_date date not null,
        row_count int64 not null,
        content_hash string,
        input_hash string,
        logic_version string not null,
        run_id string not null,
        built_at timestamp not null
    );
    {#- No look at the columns first: that begins a transaction, which dbt rolls back after its hooks. -#}
    {%- for column in ['content_hash', 'input_hash'] %}
    alter table {{ receipts }} add column if not exists {{ column }} string;
    {%- endfor %}
    create table if not exists {{ failures_relation() }} (
        table_name string not null,
        analysis_date date not null,
        kind string not null,
        error string not null,
        sql_path string,
        retry_command string not null,
        run_id string not null,
        failed_at timestamp not null
    )
    {%- endif -%}
{%- endmacro %}


{#- pre-hook of every Phase 4 table: the receipts of what it is about to replace are gone. -#}
{% macro withdraw_receipts() -%}
    {%- set receipts = receipts_relation() -%}
    {%- if execute -%}
    delete from {{ receipts }}
    where table_name = '{{ this.identifier }}'
        {#- A table made anew holds this window only, whatever older receipts say. -#}
        {%- if is_incremental() %} and {{ in_window('analysis_date') }}{% endif %}
    {%- endif -%}
{%- endmacro %}


{#- post-hook of every Phase 4 table: failures of the window are forgotten, for it has just succeeded, and each of
    its game dates has a receipt. -#}
{% macro write_receipts() -%}
    {#- Outside the condition: dbt learns dependencies while parsing. -#}
    {%- set receipts = receipts_relation() -%}
    {%- set failures = failures_relation() -%}
    {%- set game_dates = ref('int_game_dates') -%}
    {%- set input_hashes = ref('int_window_input_hashes') -%}
    {#- Only so that a plain `dbt run --select +table` makes this view, too: the coverage compares with it. -#}
    {%- do ref('int_logic_versions') -%}
    {%- if execute -%}
    delete from {{ failures }}
    where table_name = '{{ this.identifier }}' and {{ in_window('analysis_date') }};
    insert into {{ receipts }} (
        table_name, analysis_date, row_count, content_hash, input_hash, logic_version, run_id, built_at
    )
    select
        '{{ this.identifier }}',
        dates.game_date,
        coalesce(built.row_count, 0),
        {{ hash_of_sums(['built.content']) }},
        input_hashes.input_hash,
        '{{ logic_version() }}',
        '{{ invocation_id }}',
        {{ stamp() }}
    from {{ game_dates }} as dates
    left join (
        select
            analysis_date,
            count(*) as row_count,
            {{ sum_of_content(model.columns) }} as content
        from {{ this }}
        where {{ in_window('analysis_date') }}
        group by analysis_date
    ) as built
        on dates.game_date = built.analysis_date
    left join {{ input_hashes }} as input_hashes
        on
            dates.game_date = input_hashes.analysis_date
            and input_hashes.table_name = '{{ this.identifier }}'
    where {{ in_window('dates.game_date') }}
    {%- endif -%}
{%- endmacro %}


{#- When this run started, UTC: the `built_at` of every row and receipt it writes. -#}
{% macro stamp() -%}
    timestamp '{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S.%f") }}'
{%- endmacro %}


{#- The relation, or while it is not built an empty one with its date column, and others by name and type. (Only a run makes the view; what is
    merely compiled or documented needs no warehouse.) -#}
{% macro existing_or_empty(relation, columns={}) -%}
    {%- if not execute or flags.WHICH not in ('run', 'build') or load_relation(relation) -%}
        {{ relation }}
    {%- else -%}
        (
            select
                cast(null as date) as analysis_date
                {%- for name, type in columns.items() %}, cast(null as {{ type }}) as {{ name }}{% endfor %}
            from (select 1 as nothing) as nobody
            where false
        ) as not_built
    {%- endif -%}
{%- endmacro %}
