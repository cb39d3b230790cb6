with

schedule as (

    select * from {{ ref('stg_nba__schedule') }}

),

nba_teams as (

    select * from {{ ref('nba_teams') }}

),

appearances as (

    select
        home_team_abbr as team_abbr,
        game_date,
        season_year
    from schedule

    union distinct

    select
        away_team_abbr as team_abbr,
        game_date,
        season_year
    from schedule

),

final as (

    select
        appearances.team_abbr,
        appearances.game_date,
        max(appearances.season_year) as season_year
    from appearances
    left join nba_teams on appearances.team_abbr = nba_teams.team_abbr
    where nba_teams.team_abbr is null
    group by appearances.team_abbr, appearances.game_date

)

select * from final
