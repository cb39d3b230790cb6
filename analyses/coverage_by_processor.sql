-- How many dates and rows does each processor have? People often asked the old system this
-- question.

{%- for table in feature_tables() %}

select
    '{{ var('phase4_tables')[table].processor }}' as processor,
    count(distinct analysis_date) as dates,
    count(*) as row_count
from {{ ref(table) }}
where analysis_date >= date '2021-10-01'
{{ 'union all' if not loop.last }}
{%- endfor %}
