{{ config(
    partition_by=partition_by_day('analysis_date'),
    cluster_by=['player_lookup', 'universal_player_id'],
) }}

{%- set zones_by_name = {
    'paint': 'paint', 'mid_range': 'mid_range', 'perimeter': 'three_pt',
} %}

with

participants as (

    select * from {{ ref('int_participant_context') }}

),

player_zones as (

    select * from {{ ref('player_shot_zone_analysis') }}
    where {{ in_window('analysis_date') }}

),

team_zones as (

    select * from {{ ref('team_defense_zone_analysis') }}
    where {{ in_window('analysis_date') }}

),

joined as (

    select
        participants.*,

        player_zones.primary_scoring_zone,
        player_zones.paint_rate_last_10,
        player_zones.mid_range_rate_last_10,
        player_zones.three_pt_rate_last_10,
        team_zones.paint_defense_vs_league_avg,
        team_zones.mid_range_defense_vs_league_avg,
        team_zones.three_pt_defense_vs_league_avg,

        {{ latest([
            'participants.newest_source_game_date',
            'player_zones.newest_source_game_date',
            'team_zones.newest_source_game_date',
        ]) }} as newest_input_game_date,

        player_zones.primary_scoring_zone is not null as player_zones_known,
        team_zones.paint_defense_vs_league_avg is not null
        and team_zones.mid_range_defense_vs_league_avg is not null
        and team_zones.three_pt_defense_vs_league_avg is not null as opponent_zones_known

    from participants
    left join player_zones
        on
            participants.analysis_date = player_zones.analysis_date
            and participants.player_lookup = player_zones.player_lookup
    left join team_zones
        on
            participants.analysis_date = team_zones.analysis_date
            and participants.opponent_team_abbr = team_zones.team_abbr

),

scored as (

    select
        *,

        100
        + case when back_to_back then -15 when days_rest >= 3 then 5 else 0 end
        + case when games_in_last_7_days >= 4 then -10 else 0 end
        + case when minutes_in_last_7_days > 240 then -10 else 0 end
        + case when avg_minutes_per_game_last_7 > 35 then -8 else 0 end
        + case
            when back_to_backs_last_14_days >= 2 then -12
            when back_to_backs_last_14_days = 1 then -5
            else 0
        end
        + case when player_age >= 35 then -10 when player_age >= 30 then -5 else 0 end
            as raw_fatigue,

        case primary_scoring_zone
            {%- for name, zone in zones_by_name.items() %}
            when '{{ name }}'
                then
                    {{ zone }}_defense_vs_league_avg
                    * {{ clamp(zone ~ '_rate_last_10 / 50', 0, 1) }}
            {%- endfor %}
            when 'balanced'
                then (
                    paint_defense_vs_league_avg * paint_rate_last_10
                    + mid_range_defense_vs_league_avg * mid_range_rate_last_10
                    + three_pt_defense_vs_league_avg * three_pt_rate_last_10
                ) / 100
        end as raw_mismatch,

        pace_differential / 2 as raw_pace,

        (projected_usage_rate - avg_usage_rate_last_7_days) * 0.3e0 as raw_usage

    from joined

),

boosted as (

    select
        *,
        case when abs(raw_mismatch) > 5 then raw_mismatch * 1.2e0 else raw_mismatch end
            as boosted_mismatch,
        case
            when raw_usage > 0 and star_teammates_out >= 2 then raw_usage * 1.30e0
            when raw_usage > 0 and star_teammates_out = 1 then raw_usage * 1.15e0
            else raw_usage
        end as boosted_usage
    from scored

),

clamped as (

    select
        *,
        cast({{ clamp('raw_fatigue', 0, 100) }} as int64) as fatigue_score,
        {{ clamp('boosted_mismatch', -10, 10) }} as shot_zone_mismatch_score,
        {{ clamp('raw_pace', -3, 3) }} as pace_score,
        case
            when projected_usage_rate is null or avg_usage_rate_last_7_days = 0 then 0e0
            else {{ clamp('boosted_usage', -3, 3) }}
        end as usage_spike_score,
        concat(
            case when days_rest is null then ',days_rest' else '' end,
            case when projected_usage_rate is null then ',projected_usage_rate' else '' end,
            case when pace_differential is null then ',pace_differential' else '' end,
            case when player_zones_known then '' else ',player_shot_zone' end,
            case when opponent_zones_known then '' else ',team_defense_zone' end
        ) as missing_fields
    from boosted

),

totalled as (

    select
        *,
        (fatigue_score - 100) / 20e0
        + coalesce(shot_zone_mismatch_score, 0)
        + coalesce(pace_score, 0)
        + coalesce(usage_spike_score, 0) as total_composite_adjustment
    from clamped

),

warned as (

    select
        *,
        concat(
            case when fatigue_score < 50 then ',EXTREME_FATIGUE' else '' end,
            case when abs(shot_zone_mismatch_score) > 8 then ',EXTREME_MATCHUP' else '' end,
            case when abs(total_composite_adjustment) > 12 then ',EXTREME_ADJUSTMENT' else '' end
        ) as warnings
    from totalled

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

        -- scores
        fatigue_score,
        cast(shot_zone_mismatch_score as {{ type_double() }}) as shot_zone_mismatch_score,
        cast(pace_score as {{ type_double() }}) as pace_score,
        cast(usage_spike_score as {{ type_double() }}) as usage_spike_score,
        cast(0 as {{ type_double() }}) as referee_favorability_score,
        cast(0 as {{ type_double() }}) as look_ahead_pressure_score,
        cast(0 as {{ type_double() }}) as travel_impact_score,
        cast(0 as {{ type_double() }}) as opponent_strength_score,
        total_composite_adjustment,

        -- the context they were computed from
        days_rest,
        games_in_last_7_days,
        cast(minutes_in_last_7_days as {{ type_double() }}) as minutes_in_last_7_days,
        avg_minutes_per_game_last_7,
        games_in_last_14_days,
        cast(minutes_in_last_14_days as {{ type_double() }}) as minutes_in_last_14_days,
        avg_minutes_per_game_last_14,
        back_to_backs_last_14_days,
        player_age,
        team_pace_last_10,
        opponent_pace_last_10,
        pace_differential,
        projected_usage_rate,
        avg_usage_rate_last_7_days,
        star_teammates_out,
        player_status,

        -- flags and notes
        back_to_back,
        context_source,
        20e0 * (
            case when days_rest is not null then 1 else 0 end
            + case when projected_usage_rate is not null then 1 else 0 end
            + case when pace_differential is not null then 1 else 0 end
            + case when player_zones_known then 1 else 0 end
            + case when opponent_zones_known then 1 else 0 end
        ) as data_completeness_pct,
        nullif(substr(missing_fields, 2), '') as missing_data_fields,
        warnings != '' as has_warnings,
        nullif(substr(warnings, 2), '') as warning_details,
        -- Rounded for reading; the columns hold the exact numbers.
        {{ json_text([
            ('days_rest', 'days_rest'),
            ('back_to_back', 'back_to_back'),
            ('games_in_last_7_days', 'games_in_last_7_days'),
            ('minutes_in_last_7_days', 'minutes_in_last_7_days'),
            ('avg_minutes_per_game_last_7', 'round(avg_minutes_per_game_last_7, 3)'),
            ('back_to_backs_last_14_days', 'back_to_backs_last_14_days'),
            ('player_age', 'player_age'),
            ('fatigue_score', 'fatigue_score'),
        ]) }} as fatigue_context_json,
        {{ json_text([
            ('primary_scoring_zone', 'primary_scoring_zone'),
            ('paint_rate_last_10', 'round(paint_rate_last_10, 3)'),
            ('mid_range_rate_last_10', 'round(mid_range_rate_last_10, 3)'),
            ('three_pt_rate_last_10', 'round(three_pt_rate_last_10, 3)'),
            ('opponent_paint_vs_league', 'round(paint_defense_vs_league_avg, 3)'),
            ('opponent_mid_range_vs_league', 'round(mid_range_defense_vs_league_avg, 3)'),
            ('opponent_three_pt_vs_league', 'round(three_pt_defense_vs_league_avg, 3)'),
            ('shot_zone_mismatch_score', 'round(shot_zone_mismatch_score, 3)'),
        ]) }} as shot_zone_context_json,
        {{ json_text([
            ('team_pace_last_10', 'round(team_pace_last_10, 3)'),
            ('opponent_pace_last_10', 'round(opponent_pace_last_10, 3)'),
            ('pace_differential', 'round(pace_differential, 3)'),
            ('pace_score', 'round(pace_score, 3)'),
        ]) }} as pace_context_json,
        {{ json_text([
            ('projected_usage_rate', 'round(projected_usage_rate, 3)'),
            ('avg_usage_rate_last_7_days', 'round(avg_usage_rate_last_7_days, 3)'),
            ('star_teammates_out', 'star_teammates_out'),
            ('usage_spike_score', 'round(usage_spike_score, 3)'),
        ]) }} as usage_context_json,
        'v2_as_of' as calculation_version,
        newest_input_game_date as newest_source_game_date,

        '{{ logic_version() }}' as logic_version,
        {{ stamp() }} as built_at

    from warned

)

select * from final
