with

scheduled_games as (

    select * from {{ ref('stg_nba__scheduled_games') }}

),

final as (

    select
        game_id,
        home_team_abbr,
        away_team_abbr,

        home_score,
        away_score,

        season_type,
        is_final,

        game_date,
        season_year

    from scheduled_games
    where not was_not_played

)

select * from final
