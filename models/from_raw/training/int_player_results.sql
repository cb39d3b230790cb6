with

player_games as (

    select * from {{ ref('player_game_summary') }}
    where is_active

),

player_box as (

    select * from {{ ref('stg_nba__player_box') }}

),

-- Phase 3 has rebounds by kind only, and some box scores have only their sum.
final as (

    select
        player_games.game_id,
        player_games.universal_player_id,
        player_games.minutes_played as minutes,
        player_games.points,
        coalesce(
            player_games.offensive_rebounds + player_games.defensive_rebounds, player_box.rebounds
        ) as rebounds,
        player_games.assists
    from player_games
    left join player_box
        on
            player_games.game_id = player_box.game_id
            and player_games.universal_player_id = cast(player_box.player_id as string)

)

select * from final
