{{ config(materialized='table') }}

-- Taken before the run reads any inputs (the Phase 3 models wait for it). If raw data change
-- meanwhile, the receipts carry the older hash, and the dates count as stale.

{{ input_hashes(of_window=true) }}
