-- Each of the 30 teams has, for every game date, one row in team_defense_zone_analysis or an
-- exclusion for fewer than 15 games.

with

{{ window_game_dates() }},

candidates as (

    select
        game_dates.game_date as analysis_date,
        nba_teams.team_abbr as entity_id,
        count(games.game_id) as games
    from game_dates
    cross join {{ ref('nba_teams') }} as nba_teams
    left join {{ ref('team_defense_game_summary') }} as games
        on
            nba_teams.team_abbr = games.defending_team_abbr
            and game_dates.season_year = games.season_year
            and game_dates.game_date > games.game_date
            and {{ in_history('games.game_date') }}
    group by game_dates.game_date, nba_teams.team_abbr

),

{{ reconciled('team_defense_zone_analysis', 'team_abbr', games_needed=15) }}
