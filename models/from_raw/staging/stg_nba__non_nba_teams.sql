with

games as (

    select *
    from {{ source('nba_raw', 'games') }}
    where true
    qualify row_number() over (partition by game_id order by ingested_at desc) = 1

),

nba_teams as (

    select * from {{ ref('nba_teams') }}

),

appearances as (

    select
        home_team as team_abbr,
        game_date,
        season
    from games

    union distinct

    select
        away_team as team_abbr,
        game_date,
        season
    from games

),

final as (

    select
        appearances.team_abbr,
        appearances.game_date,
        max(coalesce(
            cast(substr(appearances.season, 1, 4) as int64),
            {{ season_year('appearances.game_date') }}
        )) as season_year
    from appearances
    left join nba_teams on appearances.team_abbr = nba_teams.team_abbr
    where nba_teams.team_abbr is null
    group by appearances.team_abbr, appearances.game_date

)

select * from final
