{{ config(materialized='view') }}

with

games as (

    select * from {{ ref('stg_nba__games') }}

),

sides as (

    select
        *,
        home_team_abbr as team_abbr,
        away_team_abbr as opponent_team_abbr,
        true as home_game
    from games

    union all

    select
        *,
        away_team_abbr as team_abbr,
        home_team_abbr as opponent_team_abbr,
        false as home_game
    from games

),

final as (

    select
        game_id,
        team_abbr,
        opponent_team_abbr,

        season_type,
        home_game,
        is_final,

        count(case when is_final then 1 end) over so_far as games_played_season,

        game_date,
        lead(game_date) over oldest_first as next_game_date,
        season_year

    from sides
    window
        oldest_first as (partition by season_year, team_abbr order by game_date, game_id),
        so_far as (oldest_first rows between unbounded preceding and current row)

)

select * from final
