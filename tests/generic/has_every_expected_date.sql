{#- Every date of the run's window on which this Phase 4 table should have rows has some (contract R4, R5).
    What is expected comes from `int_expected_dates`, that is from the schedule and the box scores alone.

    Example: on player_composite_factors it fails with 2022-01-15 when that date has games and box scores but
    no row.

    Why it matters: a date without rows looks like a day without games to whoever trains on the table.

    How to fix: build the missing dates, `python orchestrate.py backfill`; if the date comes
    back empty, the reason is in `phase4_exclusions`. -#}
{% test has_every_expected_date(model) %}

with

expected_dates as (

    select analysis_date
    from {{ ref('int_expected_dates') }}
    where table_name = '{{ tested_table() }}' and is_expected and {{ in_window('analysis_date') }}

),

{#- The window also here: `model` is the whole table unless the test's `where` says otherwise. #}
stored_dates as (

    select distinct analysis_date
    from {{ model }}
    where {{ in_window('analysis_date') }}

)

select expected_dates.analysis_date
from expected_dates
left join stored_dates on expected_dates.analysis_date = stored_dates.analysis_date
where stored_dates.analysis_date is null

{% endtest %}
