{{ config(materialized='table') }}

-- Taken before anything of the run reads its inputs (the Phase 3 models wait for it): should raw
-- data change meanwhile, the receipts carry the older hash, and the dates count as stale rather
-- than as done.

with

input_hashes as (

    select * from {{ ref('int_input_hashes') }}

),

final as (

    select
        table_name,
        analysis_date,
        input_hash
    from input_hashes
    where {{ in_window('analysis_date') }}

)

select * from final
