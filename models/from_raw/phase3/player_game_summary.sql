{{ config(
    partition_by=partition_by_day('game_date'),
    cluster_by=['universal_player_id', 'team_abbr'],
) }}

{%- set zone_counts = [
    'paint_makes', 'paint_attempts', 'mid_range_makes', 'mid_range_attempts',
] %}

-- Inputs are fingerprinted before they are read: depends_on {{ ref('int_window_input_hashes') }}

with

player_box as (

    select * from {{ ref('stg_nba__player_box') }}
    where {{ in_history('game_date') }}

),

team_box as (

    select * from {{ ref('stg_nba__team_box') }}
    where {{ in_history('game_date') }}

),

zones as (

    select * from {{ ref('stg_nba__shots_by_player') }}
    where {{ in_history('game_date') }}

),

players as (

    select * from {{ ref('stg_nba__players') }}

),

schedule as (

    select * from {{ ref('int_team_schedule') }}
    where {{ in_history('game_date') }}

),

games_with_zones as (

    select distinct game_id from zones

),

final as (

    select
        players.player_lookup,
        players.universal_player_id,
        players.player_full_name,
        player_box.game_id,
        player_box.team_abbr,
        schedule.opponent_team_abbr,

        player_box.minutes_played,
        player_box.points,
        player_box.fg_makes,
        player_box.fg_attempts,
        player_box.three_pt_makes,
        player_box.three_pt_attempts,
        player_box.ft_makes,
        player_box.ft_attempts,
        player_box.offensive_rebounds,
        player_box.defensive_rebounds,
        player_box.assists,
        player_box.steals,
        player_box.blocks,
        player_box.turnovers,
        player_box.personal_fouls,
        player_box.plus_minus,
        {%- for count in zone_counts %}
        case when games_with_zones.game_id is not null then coalesce(zones.{{ count }}, 0) end
            as {{ count }},
        {%- endfor %}
        -- The raw files do not say which field goals were assisted; an external Phase 3 may.
        cast(null as int64) as assisted_fg_makes,
        cast(null as int64) as unassisted_fg_makes,
        {{ usage_rate('player_box', 'team_box') }} as usage_rate,
        {{ true_shooting('player_box') }} as ts_pct,
        {{ effective_shooting('player_box') }} as efg_pct,

        player_box.season_type,
        schedule.home_game,
        player_box.win_flag,
        games_with_zones.game_id is not null as has_zone_data,
        {{ is_active_game('player_box') }} as is_active,

        player_box.game_date,
        player_box.season_year

    from player_box
    inner join players on player_box.player_id = players.player_id
    inner join schedule
        on player_box.game_id = schedule.game_id and player_box.team_abbr = schedule.team_abbr
    left join team_box
        on player_box.game_id = team_box.game_id and player_box.team_abbr = team_box.team_abbr
    left join zones
        on player_box.game_id = zones.game_id and player_box.player_id = zones.player_id
    left join games_with_zones on player_box.game_id = games_with_zones.game_id

)

select * from final
