-- Every participant of a game date has one row in player_daily_cache, or an exclusion for fewer
-- than 5 games.

with

{{ window_game_dates() }},

{{ participant_candidates() }},

{{ reconciled('player_daily_cache', 'player_lookup', games_needed=5, by_participants=true) }}
