{{ config(materialized='ephemeral') }}
{#- Raw tables with a key. `values` are what staging reads of them, `entity` whose row it is. -#}
{%- set box_values = [
    'wl', 'min', 'pts', 'fgm', 'fga', 'fg3m', 'fg3a', 'ftm', 'fta', 'oreb', 'dreb', 'ast', 'stl',
    'blk', 'tov', 'pf',
] %}
{%- set box_scores = {
    'player_box': {
        'key': ['game_id', 'player_id'],
        'values': box_values + ['plus_minus', 'team_abbreviation'],
        'entity': 'player_name',
        'spoils_own_date': 'true',
    },
    'team_box': {
        'key': ['game_id', 'team_abbreviation'],
        'values': box_values + ['reb'],
        'entity': 'team_abbreviation',
        'spoils_own_date': 'false',
    },
} %}
{%- set game_values = [
    'game_date', 'season_type', 'home_team', 'away_team', 'home_score', 'away_score',
] %}

with

raw_games as (

    select * from {{ source('nba_raw', 'games') }}

),

games as (

    select * from {{ ref('stg_nba__games') }}

),

newest_games as (

    {{ newest_of_repeated_keys('raw_games', ['game_id'], ['ingested_at']) }}

),

{% for table, shape in box_scores.items() -%}
raw_{{ table }} as (

    select * from {{ source('nba_raw', table) }}

),

newest_{{ table }} as (

    {{ newest_of_repeated_keys('raw_' ~ table, shape['key'], ['ingested_at']) }}

),

{% endfor -%}
-- Of a game itself, any of the versions may be the one that counts.
repeated_games as (

    select
        'games' as table_name,
        concat('game ', newest.game_id) as place_said,
        max(newest.home_team) as entity,
        max(newest.copies) as copies,
        {{ count_versions('newest', game_values) }} as versions,
        true as spoils_own_date,
        min(newest.game_date) as first_date
    from newest_games as newest
    group by newest.game_id
    having max(case when newest.season_type in ('regular', 'play_in', 'playoffs') then 1 end) = 1

),

final as (

    select
        table_name,
        place_said,
        entity,
        copies,
        versions,
        spoils_own_date,
        first_date as game_date,
        {{ season_year('first_date') }} as season_year
    from repeated_games
    {%- for table, shape in box_scores.items() %}

    union all

    select
        '{{ table }}' as table_name,
        concat('game ', games.game_id) as place_said,
        max(newest.{{ shape['entity'] }}) as entity,
        max(newest.copies) as copies,
        {{ count_versions('newest', shape['values']) }} as versions,
        {{ shape['spoils_own_date'] }} as spoils_own_date,
        games.game_date,
        games.season_year
    from newest_{{ table }} as newest
    inner join games on newest.game_id = games.game_id
    group by
        games.game_id, newest.{{ shape['key'][1] }}, games.game_date, games.season_year
    {%- endfor %}

)

select * from final
