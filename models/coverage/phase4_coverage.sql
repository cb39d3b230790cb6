{{ config(schema='nba_precompute') }}

{{ coverage_by(ref('int_input_hashes')) }}
