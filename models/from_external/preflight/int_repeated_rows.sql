{{ config(materialized='ephemeral') }}
{#- Their tables with a key beside the date. `values` are what staging reads of them. -#}
{%- set box_counts = [
    'fg_makes', 'fg_attempts', 'three_pt_makes', 'three_pt_attempts', 'ft_makes', 'ft_attempts',
    'assists', 'turnovers', 'personal_fouls',
] %}
{%- set keyed_tables = {
    'player_game_summary': {
        'key': 'player_lookup',
        'team': 'team_abbr',
        'values': ['team_abbr', 'universal_player_id', 'minutes_played', 'points'] + box_counts + [
            'offensive_rebounds', 'defensive_rebounds', 'steals', 'blocks', 'plus_minus',
            'paint_makes', 'paint_attempts', 'mid_range_makes', 'mid_range_attempts',
            'assisted_fg_makes', 'unassisted_fg_makes',
        ],
        'spoils_own_date': 'true',
    },
    'team_offense_game_summary': {
        'key': 'team_abbr',
        'team': 'team_abbr',
        'values': ['points_scored'] + box_counts + ['rebounds', 'possessions', 'overtime_periods'],
        'spoils_own_date': 'false',
    },
    'team_defense_game_summary': {
        'key': 'defending_team_abbr',
        'team': 'defending_team_abbr',
        'values': [
            'points_allowed', 'opp_paint_makes', 'opp_paint_attempts', 'opp_mid_range_makes',
            'opp_mid_range_attempts', 'opp_three_pt_makes', 'opp_three_pt_attempts',
            'points_in_paint_allowed', 'blocks_paint', 'blocks_mid_range', 'blocks_three_pt',
        ],
        'spoils_own_date': 'false',
    },
} %}

with

team_games as (

    select * from {{ ref('int_team_schedule') }}

),

{% for table, shape in keyed_tables.items() -%}
{{ table }} as (

    select * from {{ source('nba_external', table) }}
    where {{ any_date('game_date') }}

),

newest_{{ table }} as (

    {{ newest_of_repeated_keys(
        table, ['game_date', shape['key']], ['processed_at', 'created_at']
    ) }}

),

{% endfor -%}
final as (
    {%- for table, shape in keyed_tables.items() %}

    select
        '{{ table }}' as table_name,
        cast(newest.game_date as string) as place_said,
        newest.{{ shape['key'] }} as entity,
        max(newest.copies) as copies,
        {{ count_versions('newest', shape['values']) }} as versions,
        {{ shape['spoils_own_date'] }} as spoils_own_date,
        newest.game_date,
        {{ season_year('newest.game_date') }} as season_year
    from newest_{{ table }} as newest
    inner join team_games
        on
            newest.game_date = team_games.game_date
            and newest.{{ shape['team'] }} = team_games.team_abbr
    group by newest.game_date, newest.{{ shape['key'] }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

)

select * from final
