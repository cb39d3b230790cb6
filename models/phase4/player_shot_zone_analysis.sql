{{ config(
    partition_by=partition_by_day('analysis_date'),
    cluster_by=['player_lookup', 'universal_player_id'],
) }}

{%- set zones = ['paint', 'mid_range', 'three_pt'] %}

with

dates as (

    select * from {{ ref('int_analysis_dates') }}

),

player_windows as (

    select * from {{ ref('int_player_game_windows') }}

),

-- Every measure depends on the player's newest known game. It is computed once per game, then
-- joined to the dates on which that game is the newest known.
sampled as (

    select
        *,
        paint_attempts_last_10 + mid_range_attempts_last_10 + three_pt_attempts_last_10
            as zone_attempts_last_10,
        zone_games_last_10 >= {{ var('min_zone_games_player') }} as zones_known,
        games_played_season >= 15 and zone_games_last_20 >= 15 as trend_known
    from player_windows
    where games_played_season >= {{ games_needed('player_shot_zone_analysis') }}

),

rated as (

    select
        *,
        {%- for zone in zones %}
        case
            when zones_known
                then 100 * {{ ratio(zone ~ '_attempts_last_10', 'zone_attempts_last_10') }}
        end as {{ zone }}_rate_last_10,
        {%- endfor %}
        case
            when trend_known
                then 100 * {{ ratio('paint_attempts_last_20', 'zone_attempts_last_20') }}
        end as paint_rate_last_20
    from sampled

),

measured as (

    select
        player_lookup,
        universal_player_id,

        {%- for zone in zones %}
        {{ zone }}_rate_last_10,
        {%- endfor %}
        case when zones_known then cast(nullif(zone_attempts_last_10, 0) as int64) end
            as total_shots_last_10,
        {%- for zone in zones %}
        case
            when zones_known
                then {{ ratio(zone ~ '_makes_last_10', zone ~ '_attempts_last_10') }}
        end as {{ zone }}_pct_last_10,
        {%- endfor %}
        {%- for zone in zones %}
        case when zones_known then {{ ratio(zone ~ '_attempts_last_10', 'zone_games_last_10') }} end
            as {{ zone }}_attempts_per_game,
        {%- endfor %}
        cast(10 as int64) as games_in_sample_10,
        cast(zone_games_last_10 as int64) as zone_games_in_sample_10,
        cast({{ clamp('games_played_season', 0, 20) }} as int64) as games_in_sample_20,
        paint_rate_last_20,
        case when trend_known then {{ ratio('paint_makes_last_20', 'paint_attempts_last_20') }} end
            as paint_pct_last_20,
        100 * {{ ratio('assisted_fg_makes_last_10', 'fg_makes_with_assists_known_last_10') }}
            as assisted_rate_last_10,
        100 * {{ ratio('unassisted_fg_makes_last_10', 'fg_makes_with_assists_known_last_10') }}
            as unassisted_rate_last_10,
        case
            when paint_rate_last_10 is null then null
            when paint_rate_last_10 >= 40 then 'paint'
            when three_pt_rate_last_10 >= 40 then 'perimeter'
            when mid_range_rate_last_10 >= 35 then 'mid_range'
            else 'balanced'
        end as primary_scoring_zone,

        case
            when zone_games_last_10 >= 10 then 'excellent'
            when zone_games_last_10 >= 7 then 'good'
            when zone_games_last_10 >= 5 then 'limited'
            else 'insufficient'
        end as sample_quality_10,
        case
            when games_played_season < 15 then null
            when zone_games_last_20 >= 20 then 'excellent'
            when zone_games_last_20 >= 14 then 'good'
            when zone_games_last_20 >= 10 then 'limited'
            else 'insufficient'
        end as sample_quality_20,
        case
            when zone_games_last_10 >= 10 then 'high'
            when zone_games_last_10 >= 7 then 'medium'
            else 'low'
        end as data_quality_tier,

        game_date,
        next_game_date,
        season_year

    from rated

),

final as (

    select
        dates.analysis_date,
        measured.player_lookup,
        measured.universal_player_id,
        measured.season_year,

        measured.paint_rate_last_10,
        measured.mid_range_rate_last_10,
        measured.three_pt_rate_last_10,
        measured.total_shots_last_10,
        measured.paint_pct_last_10,
        measured.mid_range_pct_last_10,
        measured.three_pt_pct_last_10,
        measured.paint_attempts_per_game,
        measured.mid_range_attempts_per_game,
        measured.three_pt_attempts_per_game,
        measured.games_in_sample_10,
        measured.zone_games_in_sample_10,
        measured.games_in_sample_20,
        measured.paint_rate_last_20,
        measured.paint_pct_last_20,
        measured.assisted_rate_last_10,
        measured.unassisted_rate_last_10,
        measured.primary_scoring_zone,

        measured.sample_quality_10,
        measured.sample_quality_20,
        measured.data_quality_tier,
        measured.game_date as newest_source_game_date,

        '{{ logic_version() }}' as logic_version,
        {{ stamp() }} as built_at

    from dates
    inner join measured on {{ newest_known('measured', 'dates') }}

)

select * from final
