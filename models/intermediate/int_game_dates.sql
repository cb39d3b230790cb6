{{ config(materialized='view') }}

with

games as (

    select * from {{ ref('stg_nba__games') }}

),

player_box as (

    select * from {{ ref('stg_nba__player_box') }}

),

opening_nights as (

    select
        season_year,
        coalesce(min(case when season_type = 'regular' then game_date end), min(game_date))
            as opening_night
    from games
    group by season_year

),

dates_with_player_data as (

    select distinct game_date from player_box

),

scheduled as (

    select
        game_date,
        season_year,
        count(*) as games
    from games
    group by game_date, season_year

),

final as (

    select
        scheduled.game_date,
        scheduled.season_year,
        opening_nights.opening_night,

        scheduled.games,

        {{ days_between('opening_nights.opening_night', 'scheduled.game_date') }} between 0 and 13
            as is_bootstrap,
        dates_with_player_data.game_date is not null as has_player_data

    from scheduled
    inner join opening_nights on scheduled.season_year = opening_nights.season_year
    left join dates_with_player_data on scheduled.game_date = dates_with_player_data.game_date

)

select * from final
