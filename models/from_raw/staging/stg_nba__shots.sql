with

shots as (

    select * from {{ source('nba_raw', 'shots') }}

),

games as (

    select * from {{ ref('stg_nba__games') }}

),

-- A shot has no key. Equal rows are distinct attempts, as the box scores confirm.
final as (

    select
        shots.game_id,
        shots.player_id,

        shots.shot_distance,

        -- By the type of shot, not by the league's zone label, which calls some threes mid-range.
        -- NULL for a two from an unknown distance.
        case
            when shots.shot_type = '3PT Field Goal' then 'three_pt'
            when shots.shot_distance <= 8 then 'paint'
            when shots.shot_distance > 8 then 'mid_range'
        end as shot_zone,
        shots.shot_made,

        games.game_date,
        games.season_year

    from shots
    inner join games on shots.game_id = games.game_id

)

select * from final
