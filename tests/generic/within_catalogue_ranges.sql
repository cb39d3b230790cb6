{#- Each feature lies within its range in the seed `feature_catalogue`. NULL passes.

    Example: pace_score 3.5 fails; the test returns the feature's name and the value.

    Why it matters: consumers scale and clip by the catalogue; a value outside the range shows that a clamp is
    missing, or that a unit has changed (from a fraction to a percent).

    How to fix: correct the formula; if real games do go outside the range, widen it in the seed. -#}
{% test within_catalogue_ranges(model) %}

{%- set features = feature_names(tested_table()) %}

with

feature_catalogue as (

    select * from {{ ref('feature_catalogue') }}

),

feature_rows as (

    select * from {{ model }}

),

feature_values as (
    {%- for name in features %}

    select
        analysis_date,
        player_lookup,
        '{{ name }}' as feature_name,
        cast({{ name }} as {{ type_double() }}) as value
    from feature_rows
    {{ 'union all' if not loop.last }}
    {%- endfor %}

)

select
    feature_values.*,
    feature_catalogue.min_value,
    feature_catalogue.max_value
from feature_values
inner join feature_catalogue on feature_values.feature_name = feature_catalogue.feature_name
where
    feature_values.value < feature_catalogue.min_value
    or feature_values.value > feature_catalogue.max_value

{% endtest %}
