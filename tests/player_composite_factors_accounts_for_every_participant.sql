-- Every participant of a game date has one row in player_composite_factors, and nobody else has.

with

{{ window_game_dates() }},

{{ participant_candidates() }},

{{ reconciled('player_composite_factors', 'player_lookup', by_participants=true) }}
