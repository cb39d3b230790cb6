{{ config(
    partition_by=partition_by_day('analysis_date'),
    cluster_by=['player_lookup', 'universal_player_id'],
) }}

with

participants as (

    select * from {{ ref('int_participant_context') }}
    where games_played_season >= {{ games_needed('player_daily_cache') }}

),

player_zones as (

    select * from {{ ref('player_shot_zone_analysis') }}
    where {{ in_window('analysis_date') }}

),

final as (

    select
        participants.analysis_date,
        participants.player_lookup,
        participants.universal_player_id,
        participants.analysis_date as cache_date,
        participants.team_abbr,
        participants.season_year,

        -- scoring and role
        participants.points_avg_last_5,
        participants.points_avg_last_10,
        participants.points_avg_season,
        participants.points_std_last_10,
        participants.minutes_avg_last_10,
        participants.usage_rate_avg_last_10 as usage_rate_last_10,
        participants.ts_pct_avg_last_10 as ts_pct_last_10,
        participants.usage_rate_avg_season as player_usage_rate_season,
        cast(participants.games_played_season as int64) as games_played_season,

        -- the team
        participants.team_pace_last_10,
        participants.team_off_rating_last_10,

        -- rest and workload
        participants.games_in_last_7_days,
        cast(participants.minutes_in_last_7_days as {{ type_double() }}) as minutes_in_last_7_days,
        participants.avg_minutes_per_game_last_7,
        participants.games_in_last_14_days,
        cast(participants.minutes_in_last_14_days as {{ type_double() }})
            as minutes_in_last_14_days,
        participants.avg_minutes_per_game_last_14,
        participants.back_to_backs_last_14_days,

        -- zones
        player_zones.primary_scoring_zone,
        player_zones.paint_rate_last_10,
        player_zones.three_pt_rate_last_10,
        player_zones.assisted_rate_last_10,
        player_zones.paint_rate_last_10 is not null as shot_zone_data_available,

        participants.player_age,
        participants.games_played_season < 10 as early_season_flag,
        'v2_as_of' as cache_version,
        {{ latest([
            'participants.newest_source_game_date',
            'player_zones.newest_source_game_date',
        ]) }} as newest_source_game_date,

        '{{ logic_version() }}' as logic_version,
        {{ stamp() }} as built_at

    from participants
    left join player_zones
        on
            participants.analysis_date = player_zones.analysis_date
            and participants.player_lookup = player_zones.player_lookup

)

select * from final
