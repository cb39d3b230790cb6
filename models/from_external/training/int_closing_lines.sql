with

upcoming_players as (

    select * from {{ ref('stg_nba__upcoming_players') }}

),

-- All players of a team have the same lines; a player may lack them.
final as (

    select
        game_id,
        team_abbr,
        max(game_spread) as closing_spread,
        max(game_total) as closing_total
    from upcoming_players
    group by game_id, team_abbr

)

select * from final
