-- What each date would be computed from, as of now: from staging, so that a correction is noticed
-- as soon as it is loaded, before anything is built from it.

{{ input_hashes() }}
