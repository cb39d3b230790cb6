-- Everyone with an active game this season has, for every game date after it, one row in
-- player_shot_zone_analysis or an exclusion for fewer than 10 games.

with

{{ window_game_dates() }},

candidates as (

    select
        game_dates.game_date as analysis_date,
        played.player_lookup as entity_id,
        count(*) as games
    from game_dates
    inner join {{ ref('player_game_summary') }} as played
        on
            game_dates.season_year = played.season_year
            and game_dates.game_date > played.game_date
    where played.is_active and {{ in_history('played.game_date') }}
    group by game_dates.game_date, played.player_lookup

),

{{ reconciled('player_shot_zone_analysis', 'player_lookup', games_needed=10) }}
