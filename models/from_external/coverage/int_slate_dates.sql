with

upcoming_players as (

    select * from {{ ref('stg_nba__upcoming_players') }}

),

final as (

    select distinct game_date
    from upcoming_players

)

select * from final
