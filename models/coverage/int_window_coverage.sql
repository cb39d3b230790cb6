-- What a run left behind, told from the fingerprints it took itself: those of all history need not
-- be computed again after each window.

{{ coverage_by(existing_or_empty(
    ref('int_window_input_hashes'), {'table_name': 'string', 'input_hash': 'string'}
)) }}
