-- ml_feature_store and player_composite_factors have the same participants on every date.

with

features as (

    select * from {{ ref('ml_feature_store') }}
    where {{ in_window('analysis_date') }}

),

factors as (

    select * from {{ ref('player_composite_factors') }}
    where {{ in_window('analysis_date') }}

)

select
    coalesce(features.analysis_date, factors.analysis_date) as analysis_date,
    coalesce(features.player_lookup, factors.player_lookup) as player_lookup,
    features.player_lookup is not null as in_ml_feature_store,
    factors.player_lookup is not null as in_player_composite_factors
from features
full outer join factors
    on
        features.analysis_date = factors.analysis_date
        and features.player_lookup = factors.player_lookup
where
    not coalesce(
        features.game_id = factors.game_id
        and features.team_abbr = factors.team_abbr
        and features.opponent_team_abbr = factors.opponent_team_abbr
        and features.universal_player_id = factors.universal_player_id,
        false
    )
