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

-- Where two sources have a line for a game, the mean of what they know counts. Spreads that differ
-- in sign (0 differs from both) leave it unknown: nothing says which is right.
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
