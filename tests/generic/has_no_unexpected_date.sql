{#- No date of the run's window has rows on which this Phase 4 table should have none: bootstrap, days
    without games, game dates whose box scores are absent (contract R4, R5).

    Example: on ml_feature_store it fails with 2021-10-25, the seventh day of a season.

    Why it matters: rows of such a date come from last season, from a game that does not count, or from an
    older build that the replacement missed.

    How to fix: build the date again; if the rows stay, find out which model does not start from
    `int_analysis_dates`. -#}
{% test has_no_unexpected_date(model) %}

with

expected_dates as (

    select analysis_date
    from {{ ref('int_expected_dates') }}
    where table_name = '{{ tested_table() }}' and is_expected and {{ in_window('analysis_date') }}

),

stored_dates as (

    select
        analysis_date,
        count(*) as row_count
    from {{ model }}
    where {{ in_window('analysis_date') }}
    group by analysis_date

)

select
    stored_dates.analysis_date,
    stored_dates.row_count
from stored_dates
left join expected_dates on stored_dates.analysis_date = expected_dates.analysis_date
where expected_dates.analysis_date is null

{% endtest %}
