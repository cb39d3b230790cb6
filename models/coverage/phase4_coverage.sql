{{ config(schema=env_var('NBA_PRECOMPUTE_DATASET', 'nba_precompute')) }}

{{ coverage_by(ref('int_input_hashes')) }}
