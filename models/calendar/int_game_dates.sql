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

-- A union instead of a join, so that a filter on the date is pushed down to both tables.
days as (

    select
        game_date,
        max(season_year) as season_year,
        count(*) as games,
        0 as player_rows
    from games
    group by game_date

    union all

    select
        game_date,
        cast(null as int64) as season_year,
        0 as games,
        count(*) as player_rows
    from player_box
    group by game_date

),

scheduled as (

    select
        days.game_date,
        max(days.season_year) as season_year,
        cast(sum(days.games) as int64) as games,
        sum(days.player_rows) > 0 as has_player_data
    from days
    group by days.game_date
    having sum(days.games) > 0

),

final as (

    select
        scheduled.game_date,
        scheduled.season_year,
        opening_nights.opening_night,

        scheduled.games,

        {{ days_between('opening_nights.opening_night', 'scheduled.game_date') }} between 0 and 13
            as is_bootstrap,
        scheduled.has_player_data

    from scheduled
    inner join opening_nights on scheduled.season_year = opening_nights.season_year

)

select * from final
