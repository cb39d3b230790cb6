{#- Each feature varies within a month as much as the seed `feature_catalogue` demands. A month with fewer than 500
    known values passes, and so does a feature without a demand.

    Example: team_win_pct is 0.5 in all 3,412 rows of January; the test returns its name, the month, 1 distinct value
    and the deviation 0.

    Why it matters: a column that was never filled, or a formula that returns its fallback, gives a constant within
    every range. The old system served three such features for weeks.

    How to fix: see with `orchestrate.py explain PLAYER DATE` where the value comes from. If the month really is so,
    lower the demand in the seed. -#}
{% test varies(model) %}

{%- set features = feature_names(tested_table()) %}

with

feature_catalogue as (

    select * from {{ ref('feature_catalogue') }}

),

feature_rows as (

    select
        *,
        extract(year from analysis_date) * 100 + extract(month from analysis_date) as month_number
    from {{ model }}

),

months as (

    select
        month_number
        {%- for name in features %},
        count({{ name }}) as {{ name }}_known,
        count(distinct {{ name }}) as {{ name }}_distinct,
        stddev_samp(cast({{ name }} as {{ type_double() }})) as {{ name }}_deviation
        {%- endfor %}
    from feature_rows
    group by month_number

),

feature_months as (
    {%- for name in features %}

    select
        month_number,
        '{{ name }}' as feature_name,
        {{ name }}_known as known_values,
        {{ name }}_distinct as distinct_values,
        {{ name }}_deviation as deviation
    from months
    {{ 'union all' if not loop.last }}
    {%- endfor %}

)

select
    feature_months.*,
    feature_catalogue.min_distinct,
    feature_catalogue.min_deviation
from feature_months
inner join feature_catalogue on feature_months.feature_name = feature_catalogue.feature_name
where
    feature_months.known_values >= 500
    and (
        feature_months.distinct_values < feature_catalogue.min_distinct
        or feature_months.deviation < feature_catalogue.min_deviation
    )

{% endtest %}
