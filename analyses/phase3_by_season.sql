-- Which dates does Phase 3 cover in each season, and how much of it has shot data?

{#- With an external Phase 3 these models hold only what the last run has read. -#}
{%- set is_external = phase3_source() == 'external' %}

select
    'player_game_summary' as table_name,
    season_year,
    count(distinct game_date) as dates,
    count(*) as row_count,
    avg(case when has_zone_data then 1.0 else 0.0 end) as share_with_zones
from {{ ref('stg_nba__player_box') if is_external else ref('player_game_summary') }}
group by season_year

union all

select
    'team_offense_game_summary' as table_name,
    season_year,
    count(distinct game_date) as dates,
    count(*) as row_count,
    cast(null as {{ type_double() }}) as share_with_zones
from {{ ref('stg_nba__team_box') if is_external else ref('team_offense_game_summary') }}
group by season_year

union all

select
    'team_defense_game_summary' as table_name,
    season_year,
    count(distinct game_date) as dates,
    count(*) as row_count,
    avg(case when has_zone_data then 1.0 else 0.0 end) as share_with_zones
from {{ ref('stg_nba__team_defense') if is_external else ref('team_defense_game_summary') }}
group by season_year

order by table_name, season_year
