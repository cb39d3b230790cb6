with

player_games as (

    select * from {{ ref('player_game_summary') }}
    where {{ in_history('game_date') }}

),

active_games as (

    select
        *,
        case when has_zone_data then three_pt_makes end as zone_three_pt_makes,
        case when has_zone_data then three_pt_attempts end as zone_three_pt_attempts,
        case when has_zone_data then 1 else 0 end as zone_game,
        case when ft_makes is not null then points end as points_with_ft_known,
        case when assisted_fg_makes is not null then fg_makes end as fg_makes_with_assists_known
    from player_games
    where is_active

),

windowed as (

    select
        player_lookup,
        universal_player_id,
        game_id,
        team_abbr,

        minutes_played,
        usage_rate,

        -- season
        count(*) over season as games_played_season,
        {{ mean_of_known('points', ' over season') }} as points_avg_season,
        {{ mean_of_known('minutes_played', ' over season') }} as minutes_avg_season,
        {{ double_mean_of_known('usage_rate', ' over season') }} as usage_rate_avg_season,

        -- last 10 and 5
        {{ mean_of_known('points', ' over last_5') }} as points_avg_last_5,
        {{ mean_of_known('points', ' over last_10') }} as points_avg_last_10,
        -- Sample standard deviation from exact integer sums: n Σx² - (Σx)², over n (n - 1).
        case
            when {{ is_known_in_half('points', ' over last_10') }}
                then sqrt({{ ratio(
                    'count(points) over last_10 * sum(points * points) over last_10'
                    ~ ' - sum(points) over last_10 * sum(points) over last_10',
                    'count(points) over last_10 * (count(points) over last_10 - 1)'
                ) }})
        end as points_std_last_10,
        {{ mean_of_known('minutes_played', ' over last_10') }} as minutes_avg_last_10,
        {{ double_mean_of_known('usage_rate', ' over last_10') }} as usage_rate_avg_last_10,
        {{ double_mean_of_known('ts_pct', ' over last_10') }} as ts_pct_avg_last_10,
        sum(fg_makes_with_assists_known) over last_10 as fg_makes_with_assists_known_last_10,
        sum(assisted_fg_makes) over last_10 as assisted_fg_makes_last_10,
        sum(unassisted_fg_makes) over last_10 as unassisted_fg_makes_last_10,
        count(ft_makes) over last_10 as ft_known_games_last_10,
        sum(ft_makes) over last_10 as ft_makes_last_10,
        sum(points_with_ft_known) over last_10 as points_with_ft_known_last_10,

        -- trend
        {{ mean_of_known('points', ' over newest_2') }} as points_avg_newest_2,
        {{ mean_of_known('points', ' over prior_3') }} as points_avg_prior_3,

        -- zones, over the games in the window with shot data
        sum(zone_game) over last_10 as zone_games_last_10,
        sum(paint_makes) over last_10 as paint_makes_last_10,
        sum(paint_attempts) over last_10 as paint_attempts_last_10,
        sum(mid_range_makes) over last_10 as mid_range_makes_last_10,
        sum(mid_range_attempts) over last_10 as mid_range_attempts_last_10,
        sum(zone_three_pt_makes) over last_10 as three_pt_makes_last_10,
        sum(zone_three_pt_attempts) over last_10 as three_pt_attempts_last_10,
        sum(zone_game) over last_20 as zone_games_last_20,
        sum(paint_makes) over last_20 as paint_makes_last_20,
        sum(paint_attempts) over last_20 as paint_attempts_last_20,
        sum(paint_attempts + mid_range_attempts + zone_three_pt_attempts) over last_20
            as zone_attempts_last_20,

        game_date,
        lag(game_date) over oldest_first as previous_game_date,
        lead(game_date) over oldest_first as next_game_date,
        season_year

    from active_games
    window
        oldest_first as (partition by season_year, universal_player_id order by game_date, game_id),
        season as (oldest_first rows between unbounded preceding and current row),
        last_20 as (oldest_first rows between 19 preceding and current row),
        last_10 as (oldest_first rows between 9 preceding and current row),
        last_5 as (oldest_first rows between 4 preceding and current row),
        newest_2 as (oldest_first rows between 1 preceding and current row),
        prior_3 as (oldest_first rows between 4 preceding and 2 preceding)

)

select * from windowed
