with

player_box as (

    select * from {{ ref('stg_nba__player_box') }}
    where has_zone_data

),

final as (

    select
        game_id,
        player_id,

        paint_makes,
        paint_attempts,
        mid_range_makes,
        mid_range_attempts,
        three_pt_makes,
        three_pt_attempts,
        paint_attempts + mid_range_attempts + three_pt_attempts as attempts,

        game_date,
        season_year

    from player_box

)

select * from final
