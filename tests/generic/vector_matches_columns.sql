{#- The three arrays of `ml_feature_store` say what its 25 typed columns say: in the catalogue's order, the
    default where the column is NULL, marked `default` there and nowhere else, and counted.

    Example: fails for a vector of 24, for pace_score 1.5 beside features[7] = 0.0, and for a NULL column
    whose source is `phase4`. One row per place, with what is wrong with it.

    Why it matters: models are trained on the vector and explained by the columns; places that are swapped
    are noticed by nobody else.

    How to fix: order the columns' `meta.feature_index` as in the seed `feature_catalogue`, and change a
    default in the seed only. -#}
{% test vector_matches_columns(model) %}

{%- set features = catalogue_feature_names() %}

with

feature_catalogue as (

    select * from {{ ref('feature_catalogue') }}

),

feature_rows as (

    select
        *,
        {% for name in features -%}
        case when {{ name }} is null then 1 else 0 end{{ ' + ' if not loop.last }}
        {%- endfor %} as unknown_columns
    from {{ model }}

),

places as (
    {%- for name in features %}

    select
        analysis_date,
        player_lookup,
        {{ loop.index0 }} as feature_index,
        cast({{ name }} as {{ type_double() }}) as column_value,
        {{ array_element('features', loop.index0) }} as vector_value,
        {{ array_element('feature_names', loop.index0) }} as vector_name,
        {{ array_element('feature_sources', loop.index0) }} as vector_source
    from feature_rows
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

wrong_places as (

    select
        places.analysis_date,
        places.player_lookup,
        feature_catalogue.feature_name,
        case
            when not coalesce(places.vector_name = feature_catalogue.feature_name, false)
                then 'feature_names has another name here'
            when places.vector_value is null
                then 'features has no value here'
            when places.column_value is null and places.vector_value != feature_catalogue.default_value
                then 'features has not the default though the column is NULL'
            when places.vector_value != places.column_value
                then 'features differs from the column'
            when places.vector_source is null
                then 'feature_sources has nothing here'
            when (places.column_value is null) != (places.vector_source = 'default')
                then 'feature_sources says default for a known value, or something else for an unknown one'
        end as problem
    from places
    inner join feature_catalogue on places.feature_index = feature_catalogue.feature_index

),

wrong_sizes as (

    select
        analysis_date,
        player_lookup,
        cast(null as {{ dbt.type_string() }}) as feature_name,
        case
            when
                not coalesce(
                    {{ array_size('features') }} = {{ features | length }}
                    and {{ array_size('feature_names') }} = {{ features | length }}
                    and {{ array_size('feature_sources') }} = {{ features | length }}
                    and feature_count = {{ features | length }},
                    false
                )
                then 'an array has not {{ features | length }} elements, or feature_count says something else'
            when not coalesce(default_feature_count = unknown_columns, false)
                then 'default_feature_count is not the number of columns that are NULL'
        end as problem
    from feature_rows

)

select * from wrong_places
where problem is not null
union all
select * from wrong_sizes
where problem is not null

{% endtest %}
