-- Who could have had a row but has none, and why?

select
    table_name,
    season_year,
    reason,
    count(distinct analysis_date) as dates,
    count(*) as exclusions,
    avg(games_found) as mean_games_found
from {{ ref('phase4_exclusions') }}
group by table_name, season_year, reason
order by table_name, season_year, reason
