-- Every participant of a game date has one row in ml_feature_store, and nobody else has any.

with

{{ window_game_dates() }},

{{ participant_candidates() }},

{{ reconciled('ml_feature_store', 'player_lookup', by_participants=true) }}
