-- The fingerprint of what is read is taken first: depends_on {{ ref('int_window_input_hashes') }}

{{ box_score_gaps(of_window=true) }}
