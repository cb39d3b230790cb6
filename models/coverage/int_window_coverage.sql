-- The state of a run's dates, from the fingerprints that the run itself took. This way those of all
-- history need not be computed again after each window.

{{ coverage_by(existing_or_empty(
    ref('int_window_input_hashes'), {'table_name': 'string', 'input_hash': 'string'}
)) }}
