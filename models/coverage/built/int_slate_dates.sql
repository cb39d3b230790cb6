with

schedule as (

    select * from {{ ref('int_team_schedule') }}

),

player_box as (

    select * from {{ ref('stg_nba__player_box') }}

),

team_dates_played as (

    select distinct
        season_year,
        team_abbr,
        game_date
    from player_box

),

-- Games not played yet have participants once one of the teams has played within 30 days.
final as (

    select distinct schedule.game_date
    from schedule
    inner join team_dates_played
        on
            schedule.season_year = team_dates_played.season_year
            and schedule.team_abbr = team_dates_played.team_abbr
            and {{ in_last_days('team_dates_played.game_date', 'schedule.game_date', 30) }}
    where not schedule.is_final

)

select * from final
