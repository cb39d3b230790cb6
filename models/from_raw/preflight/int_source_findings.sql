{#- Raw tables with a key; `values` are what staging reads of them. -#}
{%- set box_values = [
    'wl', 'min', 'pts', 'fgm', 'fga', 'fg3m', 'fg3a', 'ftm', 'fta', 'oreb', 'dreb', 'ast', 'stl',
    'blk', 'tov', 'pf',
] %}
{%- set keyed_tables = {
    'games': {
        'entity': 'home_team',
        'key': ['game_id'],
        'values': [
            'game_date', 'season_type', 'home_team', 'away_team', 'home_score', 'away_score',
        ],
    },
    'player_box': {
        'entity': 'player_name',
        'key': ['game_id', 'player_id'],
        'values': box_values + ['plus_minus', 'team_abbreviation'],
    },
    'team_box': {
        'entity': 'team_abbreviation',
        'key': ['game_id', 'team_abbreviation'],
        'values': box_values + ['reb'],
    },
} %}

with

{% for table in keyed_tables -%}
raw_{{ table }} as (

    select * from {{ source('nba_raw', table) }}

),

{% endfor -%}
games as (

    select * from {{ ref('stg_nba__games') }}

),

unplayed_games as (

    select * from {{ ref('stg_nba__scheduled_games') }}
    where was_not_played

),

-- Keys that repeat are few: only theirs are compared value by value.
{% for table, shape in keyed_tables.items() -%}
{% set key = shape['key'] | join(', ') -%}
repeated_{{ table }}_keys as (

    select
        {{ key }},
        count(*) as copies,
        max(ingested_at) as newest
    from raw_{{ table }}
    group by {{ key }}
    having count(*) > 1

),

repeated_{{ table }} as (

    select
        rows_of_key.game_id,
        max(rows_of_key.{{ shape['entity'] }}) as entity,
        max(repeats.copies) as copies,
        count(
            distinct concat(
                {%- for column in shape['values'] %}
                coalesce(cast(rows_of_key.{{ column }} as string), 'NULL'), '|',
                {%- endfor %}
                ''
            )
        ) as versions,
        {%- if table == 'games' %}
        max(case when rows_of_key.season_type in ('regular', 'play_in', 'playoffs') then 1 end)
            as counts,
        {%- endif %}
        min(rows_of_key.game_date) as game_date
    from raw_{{ table }} as rows_of_key
    inner join repeated_{{ table }}_keys as repeats
        on
            rows_of_key.ingested_at = repeats.newest
            {%- for column in shape['key'] %}
            and rows_of_key.{{ column }} = repeats.{{ column }}
            {%- endfor %}
    group by rows_of_key.{{ shape['key'] | join(', rows_of_key.') }}

),

{% endfor -%}
repeated as (

    select
        'games' as table_name,
        game_id,
        entity,
        copies,
        versions,
        true as spoils_own_date,
        game_date,
        {{ season_year('game_date') }} as season_year
    from repeated_games
    where counts = 1

    union all

    select
        'player_box' as table_name,
        repeated_player_box.game_id,
        repeated_player_box.entity,
        repeated_player_box.copies,
        repeated_player_box.versions,
        true as spoils_own_date,
        games.game_date,
        games.season_year
    from repeated_player_box
    inner join games on repeated_player_box.game_id = games.game_id

    union all

    select
        'team_box' as table_name,
        repeated_team_box.game_id,
        repeated_team_box.entity,
        repeated_team_box.copies,
        repeated_team_box.versions,
        false as spoils_own_date,
        games.game_date,
        games.season_year
    from repeated_team_box
    inner join games on repeated_team_box.game_id = games.game_id

),

known_games as (

    select distinct game_id from raw_games

),

boxes_by_game as (

    select
        game_id,
        'player_box' as table_name,
        count(*) as box_rows,
        min(game_date) as game_date
    from raw_player_box
    group by game_id

    union all

    select
        game_id,
        'team_box' as table_name,
        count(*) as box_rows,
        min(game_date) as game_date
    from raw_team_box
    group by game_id

),

final as (

    select
        'box_of_unknown_game' as check_name,
        'block' as severity,
        boxes_by_game.box_rows as affected_rows,
        concat(
            'game ', boxes_by_game.game_id, ': in ', boxes_by_game.table_name,
            ' and not in games'
        ) as example,
        true as spoils_own_date,
        boxes_by_game.game_date,
        {{ season_year('boxes_by_game.game_date') }} as season_year
    from boxes_by_game
    left join known_games on boxes_by_game.game_id = known_games.game_id
    where known_games.game_id is null

    union all

    -- Left out as a game that was not played: its score may only be missing.
    select
        'box_of_unplayed_game' as check_name,
        'block' as severity,
        boxes_by_game.box_rows as affected_rows,
        concat(
            'game ', unplayed_games.game_id, ': ', unplayed_games.home_team_abbr, '-',
            unplayed_games.away_team_abbr, ' has rows in ', boxes_by_game.table_name,
            ' and no score in games'
        ) as example,
        true as spoils_own_date,
        unplayed_games.game_date,
        unplayed_games.season_year
    from boxes_by_game
    inner join unplayed_games on boxes_by_game.game_id = unplayed_games.game_id

    union all

    select
        case when versions > 1 then 'ambiguous_rows' else 'repeated_rows' end as check_name,
        case when versions > 1 then 'block' else 'warn' end as severity,
        copies - 1 as affected_rows,
        concat(
            'game ', game_id, ': ', cast(copies as string), ' rows of ', entity, ' in ', table_name,
            case when versions > 1 then ', equally new and not equal' else '' end
        ) as example,
        spoils_own_date,
        game_date,
        season_year
    from repeated

)

select * from final
