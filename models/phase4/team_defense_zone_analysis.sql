{{ config(
    partition_by=partition_by_day('analysis_date'),
    cluster_by=['team_abbr'],
) }}

{%- set zones = ['paint', 'mid_range', 'three_pt'] %}

with

dates as (

    select * from {{ ref('int_analysis_dates') }}

),

team_windows as (

    select * from {{ ref('int_team_defense_windows') }}

),

league as (

    select * from {{ ref('int_league_zone_averages') }}

),

as_of_dates as (

    select
        dates.analysis_date,
        team_windows.*
    from dates
    inner join team_windows on {{ newest_known('team_windows', 'dates') }}
    where team_windows.games_played_season >= {{ games_needed('team_defense_zone_analysis') }}

),

zone_rates as (

    select
        *,
        zone_games_last_15 >= {{ var('min_zone_games_team') }} as zones_known
    from as_of_dates

),

rated as (

    select
        zone_rates.*,
        {%- for zone in zones %}
        case
            when zone_rates.zones_known
                then {{ ratio(zone ~ '_makes_last_15', zone ~ '_attempts_last_15') }}
        end as {{ zone }}_pct,
        {%- endfor %}
        {%- for zone in zones %}
        league.{{ zone }}_pct as league_{{ zone }}_pct,
        {%- endfor %}
        league.league_average_source,
        {{ latest(['zone_rates.game_date', 'league.newest_game_date']) }} as newest_source_game_date
    from zone_rates
    inner join league on zone_rates.analysis_date = league.analysis_date

),

compared as (

    select
        *,
        100 * (paint_pct - league_paint_pct) as paint_vs_league,
        100 * (mid_range_pct - league_mid_range_pct) as mid_range_vs_league,
        100 * (three_pt_pct - league_three_pt_pct) as three_pt_vs_league
    from rated

),

-- A zone without attempts can be neither strongest nor weakest.
ordered as (

    select
        *,
        coalesce(paint_vs_league, 1e9) as paint_low,
        coalesce(mid_range_vs_league, 1e9) as mid_range_low,
        coalesce(three_pt_vs_league, 1e9) as three_pt_low,
        coalesce(paint_vs_league, -1e9) as paint_high,
        coalesce(mid_range_vs_league, -1e9) as mid_range_high,
        coalesce(three_pt_vs_league, -1e9) as three_pt_high,
        coalesce(paint_vs_league, mid_range_vs_league, three_pt_vs_league) is not null as any_zone
    from compared

),

final as (

    select
        analysis_date,
        team_abbr,
        season_year,

        {%- for zone in zones %}
        {{ zone }}_pct as {{ zone }}_pct_allowed_last_15,
        case when zones_known then {{ ratio(zone ~ '_attempts_last_15', 'zone_games_last_15') }} end
            as {{ zone }}_attempts_allowed_per_game,
        {{ zone }}_vs_league as {{ zone }}_defense_vs_league_avg,
        {%- if zone == 'paint' %}
        case
            when zones_known
                then {{ ratio('points_in_paint_allowed_last_15', 'zone_games_last_15') }}
        end as paint_points_allowed_per_game,
        {%- endif %}
        case when zones_known then {{ ratio(zone ~ '_blocks_last_15', 'zone_games_last_15') }} end
            as {{ zone }}_blocks_per_game,
        {%- endfor %}
        defensive_rating_avg_last_15 as defensive_rating_last_15,
        opponent_pace_avg_last_15 as opponent_pace,
        points_allowed_avg_last_15 as opponent_points_per_game,

        cast(15 as int64) as games_in_sample,
        cast(zone_games_last_15 as int64) as zone_games_in_sample,
        case
            when not any_zone then null
            when paint_low <= mid_range_low and paint_low <= three_pt_low then 'paint'
            when mid_range_low <= three_pt_low then 'mid_range'
            else 'perimeter'
        end as strongest_zone,
        case
            when not any_zone then null
            when paint_high >= mid_range_high and paint_high >= three_pt_high then 'paint'
            when mid_range_high >= three_pt_high then 'mid_range'
            else 'perimeter'
        end as weakest_zone,
        league_average_source,
        case
            when zone_games_last_15 >= 15 then 'high'
            when zone_games_last_15 >= 10 then 'medium'
            else 'low'
        end as data_quality_tier,
        case
            when not zones_known
                then concat(
                    'zones unknown: shot data for ',
                    cast(zone_games_last_15 as string),
                    ' of 15 games'
                )
        end as calculation_notes,
        newest_source_game_date,

        '{{ logic_version() }}' as logic_version,
        {{ stamp() }} as built_at

    from ordered

)

select * from final
