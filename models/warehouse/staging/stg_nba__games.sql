with

schedule as (

    select * from {{ ref('stg_nba__schedule') }}

),

nba_teams as (

    select * from {{ ref('nba_teams') }}

),

final as (

    select
        schedule.game_id,
        schedule.home_team_abbr,
        schedule.away_team_abbr,

        schedule.home_score,
        schedule.away_score,

        schedule.season_type,
        schedule.is_final,

        schedule.game_date,
        {{ season_year('schedule.game_date') }} as season_year
    from schedule
    inner join nba_teams as home_teams on schedule.home_team_abbr = home_teams.team_abbr
    inner join nba_teams as away_teams on schedule.away_team_abbr = away_teams.team_abbr
    where schedule.season_type != 'exhibition'

)

select * from final
