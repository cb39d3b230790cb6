-- Inputs are fingerprinted before they are read: depends_on {{ ref('int_window_input_hashes') }}

{{ box_score_gaps(of_window=true) }}
