-- Every game date of the window has one receipt per Phase 4 table, with the number of rows that the
-- table holds for it, and no other date has any.

{%- set tables = phase4_tables() %}

with

game_dates as (

    select game_date
    from {{ ref('int_game_dates') }}
    where {{ in_window('game_date') }}

),

due as (
    {%- for table in tables %}

    select
        '{{ table }}' as table_name,
        game_date as analysis_date
    from game_dates
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

stored as (
    {%- for table in tables %}

    select
        '{{ table }}' as table_name,
        analysis_date,
        count(*) as row_count
    from {{ ref(table) }}
    where {{ in_window('analysis_date') }}
    group by analysis_date
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

receipts as (

    select
        table_name,
        analysis_date,
        count(*) as receipts,
        max(row_count) as row_count
    from {{ source('nba_bookkeeping', 'receipts') }}
    where {{ in_window('analysis_date') }}
    group by table_name, analysis_date

),

compared as (

    select
        coalesce(due.table_name, receipts.table_name) as table_name,
        coalesce(due.analysis_date, receipts.analysis_date) as analysis_date,
        due.analysis_date is not null as is_due,
        coalesce(receipts.receipts, 0) as receipts,
        receipts.row_count as receipt_row_count
    from due
    full outer join receipts
        on due.table_name = receipts.table_name and due.analysis_date = receipts.analysis_date

)

select
    compared.*,
    coalesce(stored.row_count, 0) as row_count
from compared
left join stored
    on compared.table_name = stored.table_name and compared.analysis_date = stored.analysis_date
where
    not compared.is_due
    or compared.receipts != 1
    or compared.receipt_row_count != coalesce(stored.row_count, 0)
