with

betting_lines as (

    select * from {{ ref('stg_nba__betting_lines') }}

),

games as (

    select * from {{ ref('stg_nba__games') }}

),

-- A spread is the home team's; the other team's is its opposite.
final as (

    select
        games.game_id,
        games.home_team_abbr as team_abbr,
        betting_lines.home_spread as closing_spread,
        betting_lines.game_total as closing_total
    from games
    inner join betting_lines on games.game_id = betting_lines.game_id

    union all

    select
        games.game_id,
        games.away_team_abbr as team_abbr,
        -betting_lines.home_spread as closing_spread,
        betting_lines.game_total as closing_total
    from games
    inner join betting_lines on games.game_id = betting_lines.game_id

)

select * from final
