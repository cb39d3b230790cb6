{{ config(materialized='view') }}

{{ box_score_gaps() }}
