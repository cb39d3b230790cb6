with

participants as (

    select * from {{ ref('int_participant_context') }}

),

daily_cache as (

    select * from {{ ref('player_daily_cache') }}
    where {{ in_window('analysis_date') }}

),

composite_factors as (

    select * from {{ ref('player_composite_factors') }}
    where {{ in_window('analysis_date') }}

),

player_zones as (

    select * from {{ ref('player_shot_zone_analysis') }}
    where {{ in_window('analysis_date') }}

),

team_defense as (

    select * from {{ ref('team_defense_zone_analysis') }}
    where {{ in_window('analysis_date') }}

),

final as (

    select
        participants.analysis_date,
        participants.player_lookup,
        participants.universal_player_id,
        participants.game_id,
        participants.team_abbr,
        participants.opponent_team_abbr,
        participants.season_year,

        -- from Phase 4, under the names of the features
        daily_cache.points_avg_last_5,
        daily_cache.points_avg_last_10,
        daily_cache.points_avg_season,
        daily_cache.points_std_last_10,
        daily_cache.games_in_last_7_days,
        composite_factors.fatigue_score,
        composite_factors.shot_zone_mismatch_score,
        composite_factors.pace_score,
        composite_factors.usage_spike_score,
        team_defense.defensive_rating_last_15 as opponent_def_rating,
        team_defense.opponent_pace,
        player_zones.paint_rate_last_10 / 100 as pct_paint,
        player_zones.mid_range_rate_last_10 / 100 as pct_mid_range,
        player_zones.three_pt_rate_last_10 / 100 as pct_three,
        daily_cache.team_pace_last_10 as team_pace,
        daily_cache.team_off_rating_last_10 as team_off_rating,

        -- fallbacks from Phase 3, under the names of the features
        participants.points_avg_last_10 as points_avg_last_10_fallback,
        participants.points_avg_season as points_avg_season_fallback,
        participants.games_in_last_7_days as games_in_last_7_days_fallback,
        participants.team_pace_last_10 as team_pace_fallback,
        participants.team_off_rating_last_10 as team_off_rating_fallback,

        -- inputs of the calculated features
        participants.days_rest,
        participants.opponent_days_rest,
        participants.player_status,
        participants.games_played_season,
        participants.points_avg_newest_2,
        participants.points_avg_prior_3,
        participants.minutes_avg_last_10,
        participants.minutes_avg_season,
        participants.ft_known_games_last_10,
        participants.ft_makes_last_10,
        participants.points_with_ft_known_last_10,
        participants.team_games_played_season,
        participants.team_wins_season,
        participants.season_type,

        -- completeness of the team's games
        participants.team_games_expected,
        participants.team_games_missing,
        participants.has_hole_in_last_10_games,

        participants.is_home,
        participants.back_to_back,
        participants.context_source,
        -- the composite factors use every game that the other features use
        composite_factors.newest_source_game_date

    from participants
    left join daily_cache
        on
            participants.analysis_date = daily_cache.analysis_date
            and participants.player_lookup = daily_cache.player_lookup
    left join composite_factors
        on
            participants.analysis_date = composite_factors.analysis_date
            and participants.player_lookup = composite_factors.player_lookup
    left join player_zones
        on
            participants.analysis_date = player_zones.analysis_date
            and participants.player_lookup = player_zones.player_lookup
    left join team_defense
        on
            participants.analysis_date = team_defense.analysis_date
            and participants.opponent_team_abbr = team_defense.team_abbr

)

select * from final
