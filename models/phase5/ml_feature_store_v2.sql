-- game_date is the renamed analysis_date, by which the table is partitioned, not its column of that
-- name: so BigQuery prunes by it.

with

{{ our_mark() }} as (

    select * from {{ stored_or_empty(ref('ml_feature_store')) }}

),

final as (

    select
        player_lookup,
        universal_player_id,
        analysis_date as game_date,
        game_id,

        features,
        feature_names,
        feature_count,
        feature_version,
        feature_quality_score,

        opponent_team_abbr,
        is_home,
        days_rest,
        data_source,

        expected_games_count,
        actual_games_count,
        completeness_percentage,
        missing_games_count,
        is_production_ready,
        data_quality_issues,

        false as backfill_bootstrap_mode,
        -- The three that make a row not ready; a hole is what remains.
        case
            when is_production_ready then cast(null as string)
            when player_status in ('out', 'doubtful') then 'player_out'
            when feature_quality_score < 70 then 'low_quality_score'
            else 'missing_box_score'
        end as processing_decision_reason,

        built_at as created_at

    from {{ our_mark() }}

)

select * from final
