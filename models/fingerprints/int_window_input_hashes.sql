{{ config(materialized='table') }}

-- Taken before anything of the run reads its inputs (the Phase 3 models wait for it): should raw
-- data change meanwhile, the receipts carry the older hash, and the dates count as stale rather
-- than as done.

{{ input_hashes(of_window=true) }}
