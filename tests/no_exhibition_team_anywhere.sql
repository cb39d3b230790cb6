-- No table of Phase 3 or Phase 4 names a team, or an opponent, that is not one of the 30.

{%- set columns = [
    ('player_game_summary', 'game_date', 'in_history', ['team_abbr', 'opponent_team_abbr']),
    ('team_offense_game_summary', 'game_date', 'in_history', ['team_abbr', 'opponent_team_abbr']),
    ('team_defense_game_summary', 'game_date', 'in_history', ['defending_team_abbr', 'opponent_team_abbr']),
    ('upcoming_player_game_context', 'game_date', 'in_history', ['team_abbr', 'opponent_team_abbr']),
    ('team_defense_zone_analysis', 'analysis_date', 'in_window', ['team_abbr']),
    ('player_composite_factors', 'analysis_date', 'in_window', ['team_abbr', 'opponent_team_abbr']),
    ('player_daily_cache', 'analysis_date', 'in_window', ['team_abbr']),
    ('ml_feature_store', 'analysis_date', 'in_window', ['team_abbr', 'opponent_team_abbr']),
] %}

with

codes as (
    {%- for table, date_column, predicate, team_columns in columns -%}
    {%- set last_table = loop.last -%}
    {%- for team_column in team_columns %}

    select distinct
        '{{ table }}' as table_name,
        '{{ team_column }}' as column_name,
        {{ team_column }} as team_abbr
    from {{ ref(table) }}
    where {{ context[predicate](date_column) }}
    {{ 'union all' if not (last_table and loop.last) }}
    {%- endfor -%}
    {%- endfor %}

)

select codes.*
from codes
left join {{ ref('nba_teams') }} as nba_teams on codes.team_abbr = nba_teams.team_abbr
left join {{ ref('non_nba_teams') }} as non_nba_teams on codes.team_abbr = non_nba_teams.team_abbr
where nba_teams.team_abbr is null or non_nba_teams.team_abbr is not null
