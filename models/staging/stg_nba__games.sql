with

games as (

    select * from {{ source('nba_raw', 'games') }}

),

nba_teams as (

    select * from {{ ref('nba_teams') }}

),

newest as (

    select *
    from games
    where true
    qualify row_number() over (partition by game_id order by ingested_at desc) = 1

),

final as (

    select
        newest.game_id,
        newest.home_team as home_team_abbr,
        newest.away_team as away_team_abbr,

        newest.home_score,
        newest.away_score,

        newest.season_type,
        newest.home_score is not null and newest.away_score is not null as is_final,

        newest.game_date,
        {{ season_year('newest.game_date') }} as season_year

    from newest
    inner join nba_teams as home_teams on newest.home_team = home_teams.team_abbr
    inner join nba_teams as away_teams on newest.away_team = away_teams.team_abbr
    -- After the choice of the newest row: a game may turn out to be one that does not count.
    where newest.season_type in ('regular', 'play_in', 'playoffs')

)

select * from final
