{#- Receipts: one row per (table, analysis_date) that was built. A game date with a receipt is finished, even when it
    holds 0 rows; a date without one is missing.

    On DuckDB receipts are written in the transaction of the data. BigQuery has no transaction around a model and its
    hooks, so the order matters there: old receipts are deleted first and new ones are written last. A run that dies
    in between leaves dates that are missing, never dates that look finished. -#}

{#- The table of receipts. It is not a model, because every Phase 4 model's hook writes to it. (With `--empty` dbt
    turns a source into a subquery without rows; removing the limit gives the table itself.) -#}
{% macro receipts_relation() -%}
    {{ return(source('nba_bookkeeping', 'receipts').replace(limit=none)) }}
{%- endmacro %}


{#- The table of dates that a backfill could not build, with the error. -#}
{% macro failures_relation() -%}
    {{ return(source('nba_bookkeeping', 'failures').replace(limit=none)) }}
{%- endmacro %}


{#- on-run-start: creates both tables, and adds the columns that receipts of an older version lack (NULL means
    unknown, so that these dates count as stale). -#}
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
    {#- Do not read the columns first: that begins a transaction, which dbt rolls back after its hooks. -#}
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


{#- pre-hook of every Phase 4 table: deletes the receipts of the rows that it is about to replace. -#}
{% macro withdraw_receipts() -%}
    {%- set receipts = receipts_relation() -%}
    {%- if execute -%}
    delete from {{ receipts }}
    where table_name = '{{ this.identifier }}'
        {#- A table that is created anew holds this window only, so that all older receipts are wrong. -#}
        {%- if is_incremental() %} and {{ in_window('analysis_date') }}{% endif %}
    {%- endif -%}
{%- endmacro %}


{#- post-hook of every Phase 4 table: deletes the window's failures, for it has just succeeded, and writes a receipt
    for each of its game dates. -#}
{% macro write_receipts() -%}
    {#- Outside the condition, because dbt finds dependencies while it parses. -#}
    {%- set receipts = receipts_relation() -%}
    {%- set failures = failures_relation() -%}
    {%- set game_dates = ref('int_game_dates') -%}
    {%- set input_hashes = ref('int_window_input_hashes') -%}
    {#- Makes a plain `dbt run --select +table` build this view too: the coverage reads it. -#}
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


{#- Start of this run, UTC: the `built_at` of every row and receipt that it writes. -#}
{% macro stamp() -%}
    timestamp '{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S.%f") }}'
{%- endmacro %}


{#- Does the relation exist? Only a run needs to know: compiling and documenting need no warehouse. -#}
{% macro is_built(relation) -%}
    {{ return(not execute or flags.WHICH not in ('run', 'build') or load_relation(relation) is not none) }}
{%- endmacro %}


{#- The relation; if it is not built yet, an empty subquery with its date column, and other columns by name and
    type. -#}
{% macro existing_or_empty(relation, columns={}) -%}
    {%- if is_built(relation) -%}
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
