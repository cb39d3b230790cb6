-- Every date of the window on which a Phase 4 table is expected to have rows has one receipt; for
-- the exclusions, every game date has one. Each receipt's row_count equals the table's rows on its
-- date, and dates without games have no receipts.

{%- set tables = phase4_tables() %}

with

game_dates as (

    select game_date
    from {{ ref('int_game_dates') }}
    where {{ in_window('game_date') }}

),

due as (

    select
        table_name,
        analysis_date
    from {{ ref('int_expected_dates') }}
    where is_expected and {{ in_window('analysis_date') }}

    union all

    select
        'phase4_exclusions' as table_name,
        game_date as analysis_date
    from game_dates

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
        coalesce(receipts.receipts, 0) as receipts,
        receipts.row_count as receipt_row_count
    from due
    full outer join receipts
        on due.table_name = receipts.table_name and due.analysis_date = receipts.analysis_date

)

select
    compared.*,
    game_dates.game_date is not null as has_games,
    coalesce(stored.row_count, 0) as row_count
from compared
left join stored
    on compared.table_name = stored.table_name and compared.analysis_date = stored.analysis_date
left join game_dates on compared.analysis_date = game_dates.game_date
where
    game_dates.game_date is null
    or compared.receipts != 1
    or compared.receipt_row_count != coalesce(stored.row_count, 0)
