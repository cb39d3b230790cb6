{#- This Phase 4 table has no rows on dates of the run's window on which it should have none: bootstrap, days without
    games, and game dates without box scores (contract R4, R5).

    Example: on ml_feature_store the test returns 2021-10-25, the seventh day of a season, when it has rows.

    Why it matters: rows on such a date come from last season, from a game that does not count, or from an older build
    that was not replaced.

    How to fix: build the date again; if the rows stay, find out which model does not start from `int_analysis_dates`.
    -#}
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
