with

team_games as (

    select * from {{ ref('team_defense_game_summary') }}
    where {{ in_history('game_date') }}

),

windowed as (

    select
        game_id,
        defending_team_abbr as team_abbr,

        count(*) over season as games_played_season,
        avg(points_allowed) over last_15 as points_allowed_avg_last_15,
        cast(avg({{ summable('defensive_rating') }}) over last_15 as {{ type_double() }})
            as defensive_rating_avg_last_15,
        cast(avg({{ summable('opponent_pace') }}) over last_15 as {{ type_double() }})
            as opponent_pace_avg_last_15,

        -- zones, over the games of the window that have shot data
        sum(case when has_zone_data then 1 else 0 end) over last_15 as zone_games_last_15,
        sum(opp_paint_makes) over last_15 as paint_makes_last_15,
        sum(opp_paint_attempts) over last_15 as paint_attempts_last_15,
        sum(points_in_paint_allowed) over last_15 as points_in_paint_allowed_last_15,
        sum(blocks_paint) over last_15 as paint_blocks_last_15,
        sum(opp_mid_range_makes) over last_15 as mid_range_makes_last_15,
        sum(opp_mid_range_attempts) over last_15 as mid_range_attempts_last_15,
        sum(blocks_mid_range) over last_15 as mid_range_blocks_last_15,
        sum(case when has_zone_data then opp_three_pt_makes end) over last_15
            as three_pt_makes_last_15,
        sum(case when has_zone_data then opp_three_pt_attempts end) over last_15
            as three_pt_attempts_last_15,
        sum(blocks_three_pt) over last_15 as three_pt_blocks_last_15,

        game_date,
        lead(game_date) over oldest_first as next_game_date,
        season_year

    from team_games
    window
        oldest_first as (partition by season_year, defending_team_abbr order by game_date, game_id),
        season as (oldest_first rows between unbounded preceding and current row),
        last_15 as (oldest_first rows between 14 preceding and current row)

)

select * from windowed
