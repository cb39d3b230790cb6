with

game_dates as (

    select * from {{ ref('int_game_dates') }}

),

final as (

    select
        game_date as analysis_date,
        season_year
    from game_dates
    where not is_bootstrap and {{ in_window('game_date') }}

)

select * from final
