with

box_score_gaps as (

    select * from {{ ref('int_box_score_gaps') }}

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

-- A game without a box score has participants if one of its teams has played in the last 30 days.
final as (

    select distinct box_score_gaps.game_date
    from box_score_gaps
    inner join team_dates_played
        on
            box_score_gaps.season_year = team_dates_played.season_year
            and box_score_gaps.team_abbr = team_dates_played.team_abbr
            and {{ in_last_days('team_dates_played.game_date', 'box_score_gaps.game_date', 30) }}
    where box_score_gaps.is_on_slate

)

select * from final
