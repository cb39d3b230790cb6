-- From the box scores themselves: Phase 3 gets a game only when a later date is built.

with

player_box as (

    select * from {{ ref('stg_nba__player_box') }}

),

-- Some box scores have only the sum of rebounds.
final as (

    select
        player_box.game_id,
        cast(player_box.player_id as string) as universal_player_id,
        player_box.minutes_played as minutes,
        player_box.points,
        coalesce(
            player_box.offensive_rebounds + player_box.defensive_rebounds, player_box.rebounds
        ) as rebounds,
        player_box.assists,
        player_box.game_date
    from player_box
    where {{ is_active_game('player_box') }}

)

select * from final
