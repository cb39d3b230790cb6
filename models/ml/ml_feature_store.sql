{{ config(
    partition_by=partition_by_day('analysis_date'),
    cluster_by=['player_lookup', 'universal_player_id'],
) }}

{%- set features = feature_names() %}
{#- Alphabetical, as the array is sorted. -#}
{%- set issues = [
    'missing_box_score', 'no_minutes', 'no_season_form', 'no_shot_data', 'opponent_unknown',
    'player_out',
] %}

with

features as (

    select * from {{ ref('int_ml_features') }}

),

final as (

    select
        analysis_date,
        player_lookup,
        universal_player_id,
        game_id,
        analysis_date as game_date,
        team_abbr,
        opponent_team_abbr,
        season_year,

        {%- for name in features %}
        {{ name }},
        {%- endfor %}

        [
            {%- for name in features %}
            {{ name }}_filled{{ ',' if not loop.last }}
            {%- endfor %}
        ] as features,
        [
            {%- for name in features %}
            '{{ name }}'{{ ',' if not loop.last }}
            {%- endfor %}
        ] as feature_names,
        [
            {%- for name in features %}
            {{ name }}_source{{ ',' if not loop.last }}
            {%- endfor %}
        ] as feature_sources,

        default_feature_count,
        cast({{ features | length }} as int64) as feature_count,
        feature_version,
        feature_quality_score,
        quality_tier,
        is_production_ready,
        data_source,
        expected_games_count,
        actual_games_count,
        missing_games_count,
        completeness_percentage,
        {{ array_of_those_that_hold(issues, 'issue_') }} as data_quality_issues,

        is_home,
        days_rest,
        player_status,
        context_source,
        newest_source_game_date,

        '{{ logic_version() }}' as logic_version,
        {{ stamp() }} as built_at

    from features

)

select * from final
