with

team_box as (

    select * from {{ source('nba_raw', 'team_box') }}

),

games as (

    select * from {{ ref('stg_nba__games') }}

),

newest as (

    select *
    from team_box
    where true
    qualify row_number() over (
        partition by game_id, team_abbreviation
        order by ingested_at desc
    ) = 1

),

final as (

    select
        newest.game_id,
        newest.team_abbreviation as team_abbr,
        games.season_type,

        -- Some sources print the length of the game (48, 53), others the minutes of all players
        -- (240, 265). 120 tells them apart: games are shorter, and a team's player-minutes are
        -- more.
        case when newest.min < 120 then 5 * newest.min else newest.min end as team_minutes,
        newest.pts as points,
        newest.fgm as fg_makes,
        newest.fga as fg_attempts,
        newest.fg3m as three_pt_makes,
        newest.fg3a as three_pt_attempts,
        newest.ftm as ft_makes,
        newest.fta as ft_attempts,
        newest.oreb as offensive_rebounds,
        newest.dreb as defensive_rebounds,
        newest.reb as rebounds,
        newest.ast as assists,
        newest.stl as steals,
        newest.blk as blocks,
        newest.tov as turnovers,
        newest.pf as personal_fouls,

        newest.wl = 'W' as win_flag,

        games.game_date,
        games.season_year

    from newest
    inner join games on newest.game_id = games.game_id

)

select * from final
