{%- set zone_columns = [
    'opp_paint_makes',
    'opp_paint_attempts',
    'points_in_paint_allowed',
    'blocks_paint',
    'opp_mid_range_makes',
    'opp_mid_range_attempts',
    'blocks_mid_range',
    'opp_three_pt_makes',
    'opp_three_pt_attempts',
    'blocks_three_pt',
] %}

with

team_games as (

    select * from {{ ref('team_defense_game_summary') }}
    where {{ in_history('game_date') }}

),

zone_games as (

    select
        *,
        {%- for column in zone_columns %}
        case when has_zone_data then {{ column }} end as zone_{{ column }},
        {%- endfor %}
        case when has_zone_data then 1 else 0 end as zone_game
    from team_games

),

windowed as (

    select
        game_id,
        defending_team_abbr as team_abbr,

        count(*) over season as games_played_season,
        {{ mean_of_known('points_allowed', ' over last_15') }} as points_allowed_avg_last_15,
        {{ double_mean_of_known('defensive_rating', ' over last_15') }}
            as defensive_rating_avg_last_15,
        {{ double_mean_of_known('opponent_pace', ' over last_15') }}
            as opponent_pace_avg_last_15,

        -- zones, over the games in the window with shot data
        sum(zone_game) over last_15 as zone_games_last_15,
        sum(zone_opp_paint_makes) over last_15 as paint_makes_last_15,
        sum(zone_opp_paint_attempts) over last_15 as paint_attempts_last_15,
        sum(zone_points_in_paint_allowed) over last_15 as points_in_paint_allowed_last_15,
        sum(zone_blocks_paint) over last_15 as paint_blocks_last_15,
        sum(zone_opp_mid_range_makes) over last_15 as mid_range_makes_last_15,
        sum(zone_opp_mid_range_attempts) over last_15 as mid_range_attempts_last_15,
        sum(zone_blocks_mid_range) over last_15 as mid_range_blocks_last_15,
        sum(zone_opp_three_pt_makes) over last_15 as three_pt_makes_last_15,
        sum(zone_opp_three_pt_attempts) over last_15 as three_pt_attempts_last_15,
        sum(zone_blocks_three_pt) over last_15 as three_pt_blocks_last_15,

        game_date,
        lead(game_date) over oldest_first as next_game_date,
        season_year

    from zone_games
    window
        oldest_first as (partition by season_year, defending_team_abbr order by game_date, game_id),
        season as (oldest_first rows between unbounded preceding and current row),
        last_15 as (oldest_first rows between 14 preceding and current row)

)

select * from windowed
