-- How many dates and rows does each processor have? The question people asked of the old system.

select
    'TDZA' as processor,
    count(distinct analysis_date) as dates,
    count(*) as row_count
from {{ ref('team_defense_zone_analysis') }}
where analysis_date >= date '2021-10-01'

union all

select
    'PSZA' as processor,
    count(distinct analysis_date) as dates,
    count(*) as row_count
from {{ ref('player_shot_zone_analysis') }}
where analysis_date >= date '2021-10-01'

union all

select
    'PCF' as processor,
    count(distinct analysis_date) as dates,
    count(*) as row_count
from {{ ref('player_composite_factors') }}
where analysis_date >= date '2021-10-01'

union all

select
    'PDC' as processor,
    count(distinct cache_date) as dates,
    count(*) as row_count
from {{ ref('player_daily_cache') }}
where analysis_date >= date '2021-10-01'

union all

select
    'MLFS' as processor,
    count(distinct analysis_date) as dates,
    count(*) as row_count
from {{ ref('ml_feature_store') }}
where analysis_date >= date '2021-10-01'
