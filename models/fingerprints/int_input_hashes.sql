-- What each date would be computed from now. It reads staging, so that a correction shows as soon
-- as it is loaded, before anything is built from it.

{{ input_hashes() }}
