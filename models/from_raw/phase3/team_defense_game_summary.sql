{{ config(
    partition_by=partition_by_day('game_date'),
    cluster_by=['defending_team_abbr'],
) }}

with

team_offense as (

    select * from {{ ref('team_offense_game_summary') }}
    where {{ in_history('game_date') }}

),

player_games as (

    select * from {{ ref('player_game_summary') }}
    where {{ in_history('game_date') }}

),

zones as (

    select
        game_id,
        team_abbr,
        sum(paint_makes) as paint_makes,
        sum(paint_attempts) as paint_attempts,
        sum(mid_range_makes) as mid_range_makes,
        sum(mid_range_attempts) as mid_range_attempts,
        sum(three_pt_makes) as three_pt_makes,
        sum(three_pt_attempts) as three_pt_attempts
    from player_games
    where has_zone_data
    group by game_id, team_abbr

),

final as (

    select
        opponent.game_id,
        opponent.opponent_team_abbr as defending_team_abbr,
        opponent.team_abbr as opponent_team_abbr,

        opponent.points_scored as points_allowed,
        cast(zones.paint_makes as int64) as opp_paint_makes,
        cast(zones.paint_attempts as int64) as opp_paint_attempts,
        cast(zones.mid_range_makes as int64) as opp_mid_range_makes,
        cast(zones.mid_range_attempts as int64) as opp_mid_range_attempts,
        cast(zones.three_pt_makes as int64) as opp_three_pt_makes,
        cast(zones.three_pt_attempts as int64) as opp_three_pt_attempts,
        -- Not in the raw files; an external Phase 3 may have them.
        cast(null as int64) as points_in_paint_allowed,
        cast(null as int64) as blocks_paint,
        cast(null as int64) as blocks_mid_range,
        cast(null as int64) as blocks_three_pt,
        opponent.offensive_rating as defensive_rating,
        -- Both teams share the game's pace, but their minutes may differ by rounding: use the
        -- defending team's own.
        own.pace as opponent_pace,

        opponent.season_type,
        not opponent.home_game as home_game,
        not opponent.win_flag as win_flag,
        zones.game_id is not null as has_zone_data,

        opponent.game_date,
        opponent.season_year

    from team_offense as opponent
    left join team_offense as own
        on opponent.game_id = own.game_id and opponent.opponent_team_abbr = own.team_abbr
    left join zones
        on opponent.game_id = zones.game_id and opponent.team_abbr = zones.team_abbr

)

select * from final
