{#- Each of the features lies within the range that the seed `feature_catalogue` gives it. NULL passes.

    Example: pace_score 3.5 fails, with the name of the feature and the value.

    Why it matters: consumers scale and clip by the catalogue; a value outside says that a clamp is missing
    or that a unit changed (a percent where a fraction was).

    How to fix: correct the formula; if the league really plays outside the range, widen it in the seed. -#}
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
