-- Every code on the raw schedule that is not one of the 30 teams has an exclusion for each of its
-- dates, and there are no other `non_nba_team` exclusions.

{%- set is_external = phase3_source() == 'external' %}
{%- set schedule = ref('stg_nba__schedule') if is_external else source('nba_raw', 'games') %}
{%- set teams =
    ['home_team_abbr', 'away_team_abbr'] if is_external else ['home_team', 'away_team'] %}

with

appearances as (

    select
        {{ teams[0] }} as team_abbr,
        game_date
    from {{ schedule }}
    where {{ in_window('game_date') }}

    union distinct

    select
        {{ teams[1] }} as team_abbr,
        game_date
    from {{ schedule }}
    where {{ in_window('game_date') }}

),

due as (

    select
        appearances.*,
        'team_defense_zone_analysis' as table_name
    from appearances
    left join {{ ref('nba_teams') }} as nba_teams on appearances.team_abbr = nba_teams.team_abbr
    where nba_teams.team_abbr is null

),

recorded as (

    select
        entity_id,
        analysis_date,
        table_name
    from {{ ref('phase4_exclusions') }}
    where reason = 'non_nba_team' and {{ in_window('analysis_date') }}

)

select
    due.team_abbr,
    due.game_date,
    recorded.entity_id,
    recorded.analysis_date
from due
full outer join recorded
    on
        due.team_abbr = recorded.entity_id
        and due.game_date = recorded.analysis_date
        and due.table_name = recorded.table_name
where due.team_abbr is null or recorded.entity_id is null
