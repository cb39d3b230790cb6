with

player_box as (

    select * from {{ source('nba_raw', 'player_box') }}

),

games as (

    select * from {{ ref('stg_nba__games') }}

),

newest as (

    select *
    from player_box
    where true
    qualify row_number() over (partition by game_id, player_id order by ingested_at desc) = 1

),

final as (

    select
        newest.game_id,
        newest.player_id,
        newest.team_abbreviation as team_abbr,
        games.season_type,

        newest.min as minutes_played,
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
        newest.plus_minus,

        newest.wl = 'W' as win_flag,

        games.game_date,
        games.season_year

    from newest
    inner join games on newest.game_id = games.game_id

)

select * from final
