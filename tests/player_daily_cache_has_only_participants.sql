-- Every player in player_daily_cache on a date is in player_composite_factors on that date, too.

with

cached as (

    select * from {{ ref('player_daily_cache') }}
    where {{ in_window('analysis_date') }}

),

factors as (

    select * from {{ ref('player_composite_factors') }}
    where {{ in_window('analysis_date') }}

)

select
    cached.analysis_date,
    cached.player_lookup
from cached
left join factors
    on
        cached.analysis_date = factors.analysis_date
        and cached.player_lookup = factors.player_lookup
where factors.player_lookup is null
