{{ config(schema='nba_precompute') }}

{%- set tables = [
    'team_defense_zone_analysis',
    'player_shot_zone_analysis',
    'player_composite_factors',
    'player_daily_cache',
    'ml_feature_store',
    'phase4_exclusions',
] %}

with

table_dates as (

    select * from {{ ref('int_expected_dates') }}

),

-- Who could have had a row and has none is recorded for every game date, be it nobody.
expected_dates as (

    select
        table_name,
        analysis_date,
        season_year,
        is_expected,
        not_expected_reason,
        is_expected as rows_expected
    from table_dates

    union all

    select distinct
        'phase4_exclusions' as table_name,
        analysis_date,
        season_year,
        true as is_expected,
        cast(null as string) as not_expected_reason,
        false as rows_expected
    from table_dates

),

receipts as (

    select * from {{ source('nba_bookkeeping', 'receipts') }}

),

stored as (
    {% for table in tables %}
    select
        '{{ table }}' as table_name,
        analysis_date,
        count(*) as row_count
    from {{ ref(table) }}
    group by analysis_date
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

final as (

    select
        expected_dates.table_name,
        expected_dates.analysis_date,
        expected_dates.season_year,

        coalesce(stored.row_count, 0) as row_count,
        receipts.row_count as receipt_row_count,

        -- The receipt decides, the table's own rows confirm it.
        case
            when
                receipts.row_count is null
                or receipts.row_count != coalesce(stored.row_count, 0)
                or (expected_dates.rows_expected and receipts.row_count = 0)
                then 'missing'
            when expected_dates.is_expected then 'done'
            else 'not_expected'
        end as state,
        expected_dates.is_expected,
        expected_dates.not_expected_reason,

        receipts.logic_version,
        receipts.built_at

    from expected_dates
    left join receipts
        on
            expected_dates.table_name = receipts.table_name
            and expected_dates.analysis_date = receipts.analysis_date
    left join stored
        on
            expected_dates.table_name = stored.table_name
            and expected_dates.analysis_date = stored.analysis_date

)

select * from final
