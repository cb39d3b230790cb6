{#- This Phase 4 table has rows on every date of the run's window on which it should (contract R4, R5).
    `int_expected_dates` says which dates these are, from the schedule and the box scores alone.

    Example: on player_composite_factors it fails with 2022-01-15 when that date has games and box scores but no row.

    Why it matters: to whoever trains on the table, a date without rows looks like a day without games.

    How to fix: build the missing dates with `python orchestrate.py backfill`; if the date comes back empty, look up
    the reason in `phase4_exclusions`. -#}
{% test has_every_expected_date(model) %}

with

expected_dates as (

    select analysis_date
    from {{ ref('int_expected_dates') }}
    where table_name = '{{ tested_table() }}' and is_expected and {{ in_window('analysis_date') }}

),

{#- Bounded by the window here, too: `model` is the whole table unless the test has a `where`. #}
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
