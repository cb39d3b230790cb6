with

betting_lines as (

    select * from {{ source('nba_raw', 'betting_lines') }}

),

games as (

    select * from {{ ref('stg_nba__games') }}

),

newest as (

    select *
    from betting_lines
    where true
    qualify row_number() over (partition by game_id, source order by ingested_at desc) = 1

),

-- If two sources have a game, take the mean of the known values. If their spreads differ in sign,
-- or only one of them is 0, the spread is unknown: nothing shows which is right.
final as (

    select
        games.game_id,

        avg(newest.total_line) as game_total,
        case
            when sign(min(newest.home_spread)) != sign(max(newest.home_spread)) then null
            else avg(newest.home_spread)
        end as home_spread,

        games.game_date,
        games.season_year

    from newest
    inner join games on newest.game_id = games.game_id
    group by games.game_id, games.game_date, games.season_year

)

select * from final
