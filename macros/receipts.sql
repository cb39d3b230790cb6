{#- Receipts: one row per (table, analysis_date) that was built, written in the transaction of the data.
    A game date with a receipt is finished, even when it holds 0 rows; a date without one is missing. -#}

{#- The table of receipts. Not a model: every model's hook writes to it. -#}
{% macro receipts_relation() -%}
    {{ return(source('nba_bookkeeping', 'receipts')) }}
{%- endmacro %}


{% macro create_receipts() -%}
    {%- if execute and flags.WHICH in ('run', 'build') -%}
    {%- set receipts = receipts_relation() -%}
    {%- do adapter.create_schema(receipts) -%}
    create table if not exists {{ receipts }} (
        table_name string not null,
        analysis_date date not null,
        row_count int64 not null,
        built_at timestamp not null,
        run_id string not null,
        logic_version string not null
    )
    {%- endif -%}
{%- endmacro %}


{#- post-hook of every Phase 4 table: the window's receipts are replaced by one for each of its game dates. -#}
{% macro write_receipts() -%}
    {#- Outside the condition: dbt learns dependencies while parsing. -#}
    {%- set receipts = receipts_relation() -%}
    {%- set game_dates = ref('int_game_dates') -%}
    {%- if execute -%}
    delete from {{ receipts }}
    where table_name = '{{ this.identifier }}'
        {#- A table made anew holds this window only, whatever older receipts say. -#}
        {%- if is_incremental() %} and {{ in_window('analysis_date') }}{% endif %};
    insert into {{ receipts }}
    select
        '{{ this.identifier }}',
        dates.game_date,
        count(built.analysis_date),
        {{ stamp() }},
        '{{ invocation_id }}',
        '{{ logic_version() }}'
    from {{ game_dates }} as dates
    left join {{ this }} as built
        on built.analysis_date = dates.game_date and {{ in_window('built.analysis_date') }}
    where {{ in_window('dates.game_date') }}
    group by dates.game_date
    {%- endif -%}
{%- endmacro %}


{#- When this run started, UTC: the `built_at` of every row and receipt it writes. -#}
{% macro stamp() -%}
    timestamp '{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S.%f") }}'
{%- endmacro %}
