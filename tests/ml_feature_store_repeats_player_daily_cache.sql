-- Features 0 to 4 of ml_feature_store equal those of player_daily_cache. If that has no row, the
-- two features without a fallback are NULL.

with

features as (

    select * from {{ ref('ml_feature_store') }}
    where {{ in_window('analysis_date') }}

),

cached as (

    select
        *,
        true as is_cached
    from {{ ref('player_daily_cache') }}
    where {{ in_window('analysis_date') }}

)

select
    features.analysis_date,
    features.player_lookup,
    cached.is_cached
from features
left join cached
    on
        features.analysis_date = cached.analysis_date
        and features.player_lookup = cached.player_lookup
where
    features.points_avg_last_5 is distinct from cached.points_avg_last_5
    or features.points_std_last_10 is distinct from cached.points_std_last_10
    or (
        cached.is_cached
        and (
            features.points_avg_last_10 is distinct from cached.points_avg_last_10
            or features.points_avg_season is distinct from cached.points_avg_season
            or features.games_in_last_7_days is distinct from cached.games_in_last_7_days
        )
    )
