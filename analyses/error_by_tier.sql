-- How far off is the simplest forecast, by quality tier? A tier says how much is known about a row;
-- it does not say how easy the player is to forecast.

with

feature_store as (

    select * from {{ ref('ml_feature_store') }}
    where analysis_date >= date '2021-10-01'

),

player_games as (

    select * from {{ ref('player_game_summary') }}
    where is_active and game_date >= date '2021-10-01'

),

joined as (

    select
        feature_store.quality_tier,
        feature_store.is_production_ready,
        feature_store.points_avg_last_10,
        feature_store.points_avg_season,
        player_games.points
    from feature_store
    inner join player_games
        on
            feature_store.analysis_date = player_games.game_date
            and feature_store.universal_player_id = player_games.universal_player_id

),

final as (

    select
        quality_tier,
        count(*) as player_games,
        round(100 * avg(case when is_production_ready then 1 else 0 end), 1) as percent_ready,
        round(avg(points), 2) as points,
        count(points_avg_last_10) as with_last_10,
        round(avg(abs(points - points_avg_last_10)), 2) as mean_absolute_error,
        -- Relative to the points scored, because a star is off by more points than a reserve.
        round(avg(abs(points - points_avg_last_10)) / avg(points), 2) as relative_error
    from joined
    group by quality_tier

)

select * from final
order by mean_absolute_error
