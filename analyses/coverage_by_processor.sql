-- How many dates and rows does each processor have? The question people asked of the old system.

{%- set processors = [
    ('TDZA', ref('team_defense_zone_analysis'), 'analysis_date'),
    ('PSZA', ref('player_shot_zone_analysis'), 'analysis_date'),
    ('PCF', ref('player_composite_factors'), 'analysis_date'),
    ('PDC', ref('player_daily_cache'), 'cache_date'),
    ('MLFS', ref('ml_feature_store'), 'analysis_date'),
] %}

{%- for processor, table, date_column in processors %}

select
    '{{ processor }}' as processor,
    count(distinct {{ date_column }}) as dates,
    count(*) as row_count
from {{ table }}
where analysis_date >= date '2021-10-01'
{{ 'union all' if not loop.last }}
{%- endfor %}
