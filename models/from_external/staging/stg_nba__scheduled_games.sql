with

schedule as (

    select * from {{ ref('stg_nba__schedule') }}

),

nba_teams as (

    select * from {{ ref('nba_teams') }}

),

counting as (

    select schedule.*
    from schedule
    inner join nba_teams as home_teams on schedule.home_team_abbr = home_teams.team_abbr
    inner join nba_teams as away_teams on schedule.away_team_abbr = away_teams.team_abbr
    where schedule.season_type != 'exhibition'

),

final as (

    select
        game_id,
        home_team_abbr,
        away_team_abbr,

        home_score,
        away_score,

        season_type,
        is_final,
        {{ was_not_played() }} as was_not_played,

        game_date,
        season_year

    from counting

)

select * from final
