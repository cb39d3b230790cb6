{#- The three arrays of `ml_feature_store` agree with its typed columns. They follow the catalogue's order; where a
    column is NULL, and only there, the vector holds the default and the source is `default`; default_feature_count
    counts these.

    Example: fails for a vector that is too short, for pace_score 1.5 beside features[7] = 0.0, and for a NULL column
    whose source is `phase4`. It returns one row per wrong index, with the problem.

    Why it matters: models are trained on the vector and explained by the columns; nothing else would notice two
    swapped features.

    How to fix: order the columns' `meta.feature_index` as in the seed `feature_catalogue`, and change defaults only
    in the seed. -#}
{% test vector_matches_columns(model) %}

{#- Which columns are features. Their order comes from the seed alone. -#}
{%- set features = feature_names(tested_table()) %}

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

feature_columns as (
    {%- for name in features %}

    select
        analysis_date,
        player_lookup,
        '{{ name }}' as feature_name,
        cast({{ name }} as {{ type_double() }}) as column_value,
        features,
        feature_names,
        feature_sources
    from feature_rows
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

places as (

    select
        feature_columns.analysis_date,
        feature_columns.player_lookup,
        feature_columns.feature_name,
        feature_columns.column_value,
        feature_catalogue.feature_index,
        feature_catalogue.default_value,
        {{ array_element('feature_columns.features', 'feature_catalogue.feature_index') }} as vector_value,
        {{ array_element('feature_columns.feature_names', 'feature_catalogue.feature_index') }} as vector_name,
        {{ array_element('feature_columns.feature_sources', 'feature_catalogue.feature_index') }} as vector_source
    from feature_columns
    left join feature_catalogue on feature_columns.feature_name = feature_catalogue.feature_name

),

wrong_places as (

    select
        analysis_date,
        player_lookup,
        feature_name,
        case
            when feature_index is null
                then 'the catalogue has no such feature'
            when not coalesce(vector_name = feature_name, false)
                then 'feature_names has another name here'
            when vector_value is null
                then 'features has no value here'
            when column_value is null and vector_value != default_value
                then 'features lacks the default although the column is NULL'
            when vector_value != column_value
                then 'features differs from the column'
            when vector_source is null
                then 'feature_sources has no value here'
            when (column_value is null) != (vector_source = 'default')
                then 'feature_sources has default for a known value, or another source for an unknown one'
        end as problem
    from places

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
                then 'an array does not have {{ features | length }} elements, or feature_count differs'
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
