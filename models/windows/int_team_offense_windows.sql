with

team_games as (

    select * from {{ ref('team_offense_game_summary') }}
    where {{ in_history('game_date') }}

),

windowed as (

    select
        game_id,
        team_abbr,

        {{ double_mean_of_known('pace', ' over last_10') }} as pace_avg_last_10,
        {{ double_mean_of_known('offensive_rating', ' over last_10') }}
            as offensive_rating_avg_last_10,
        count(win_flag) over season as games_played_season,
        count(case when win_flag then 1 end) over season as wins_season,

        game_date,
        lead(game_date) over oldest_first as next_game_date,
        season_year

    from team_games
    window
        oldest_first as (partition by season_year, team_abbr order by game_date, game_id),
        season as (oldest_first rows between unbounded preceding and current row),
        last_10 as (oldest_first rows between 9 preceding and current row)

)

select * from windowed
