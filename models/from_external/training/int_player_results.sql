with

player_games as (

    select * from {{ ref('player_game_summary') }}
    where is_active

),

final as (

    select
        game_id,
        universal_player_id,
        minutes_played as minutes,
        points,
        offensive_rebounds + defensive_rebounds as rebounds,
        assists
    from player_games

)

select * from final
