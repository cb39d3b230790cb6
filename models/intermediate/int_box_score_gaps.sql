{{ config(materialized='view') }}

with

schedule as (

    select * from {{ ref('int_team_schedule') }}

),

player_box as (

    select * from {{ ref('stg_nba__player_box') }}

),

boxes as (

    select distinct
        game_id,
        team_abbr,
        season_type,
        game_date,
        season_year
    from player_box

),

-- A source that has no box score of a kind of game, as of the play-in, misses them; it has no hole.
kinds as (

    select
        season_year,
        season_type,
        min(game_date) as first_box_date
    from boxes
    group by season_year, season_type

),

final as (

    select
        schedule.game_id,
        schedule.team_abbr,
        schedule.opponent_team_abbr,

        schedule.season_type,
        schedule.home_game,
        schedule.is_final,
        boxes.game_id is not null as has_box_score,
        -- Until the box score comes, those whom the slate expects stand for those who played.
        not schedule.is_final or coalesce(kinds.first_box_date <= schedule.game_date, false)
            as is_on_slate,

        schedule.games_played_season as game_number,

        schedule.game_date,
        kinds.first_box_date,
        schedule.season_year

    from schedule
    left join boxes
        on schedule.game_id = boxes.game_id and schedule.team_abbr = boxes.team_abbr
    left join kinds
        on
            schedule.season_year = kinds.season_year
            and schedule.season_type = kinds.season_type
    where boxes.game_id is null or not schedule.is_final

)

select * from final
