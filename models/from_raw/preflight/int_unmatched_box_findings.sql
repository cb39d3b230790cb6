{{ config(materialized='ephemeral') }}
{%- set box_scores = ['player_box', 'team_box'] %}

with

raw_games as (

    select * from {{ source('nba_raw', 'games') }}

),

{% for table in box_scores -%}
raw_{{ table }} as (

    select * from {{ source('nba_raw', table) }}

),

{% endfor -%}
unplayed_games as (

    select * from {{ ref('stg_nba__scheduled_games') }}
    where was_not_played

),

known_games as (

    select distinct game_id from raw_games

),

boxes_by_game as (
    {%- for table in box_scores %}

    select
        game_id,
        '{{ table }}' as table_name,
        count(*) as box_rows,
        min(game_date) as game_date
    from raw_{{ table }}
    group by game_id
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

findings as (

    select
        'box_of_unknown_game' as check_name,
        boxes_by_game.box_rows as affected_rows,
        concat(
            'game ', boxes_by_game.game_id, ': in ', boxes_by_game.table_name,
            ' and not in games'
        ) as example,
        boxes_by_game.game_date,
        {{ season_year('boxes_by_game.game_date') }} as season_year
    from boxes_by_game
    left join known_games on boxes_by_game.game_id = known_games.game_id
    where known_games.game_id is null

    union all

    select
        'box_of_unplayed_game' as check_name,
        boxes_by_game.box_rows as affected_rows,
        concat(
            'game ', unplayed_games.game_id, ': ', unplayed_games.home_team_abbr, '-',
            unplayed_games.away_team_abbr, ' has rows in ', boxes_by_game.table_name,
            ' and no score in games'
        ) as example,
        unplayed_games.game_date,
        unplayed_games.season_year
    from boxes_by_game
    inner join unplayed_games on boxes_by_game.game_id = unplayed_games.game_id

),

final as (

    select
        check_name,
        affected_rows,
        example,
        cast(null as string) as subject,
        cast(null as boolean) as spoils_own_date,
        game_date,
        season_year
    from findings

)

select * from final
