{{ config(materialized='ephemeral') }}
{#- The inputs, as whoever has to correct them knows them. -#}
{%- set player_table = input_table('player_box') %}
{%- set team_table = input_table('team_box') %}

with

whole_games as (

    select * from {{ ref('int_whole_games') }}

),

sides as (

    select * from {{ ref('int_game_sides') }}

),

player_rows as (

    select * from {{ ref('int_player_rows') }}

),

team_box as (

    select * from {{ ref('stg_nba__team_box') }}

),

players as (

    select * from {{ ref('stg_nba__players') }}

),

findings as (

    select
        'one_sided_box' as check_name,
        1 as affected_rows,
        concat(
            'game ', game_id, ': {{ team_table }} has ', team_with_team_row,
            ' and not ', team_without_team_row
        ) as example,
        cast(null as boolean) as spoils_own_date,
        game_date,
        season_year
    from whole_games
    where team_with_team_row is not null and team_without_team_row is not null

    union all

    select
        case when kind_has_team_rows then 'no_team_box' else 'no_team_box_in_source' end
            as check_name,
        1 as affected_rows,
        concat(
            'game ', game_id, ': ', cast(player_rows as string),
            ' rows in {{ player_table }} and none in {{ team_table }}'
        ) as example,
        cast(null as boolean) as spoils_own_date,
        game_date,
        season_year
    from whole_games
    where player_rows > 0 and team_rows = 0

    union all

    select
        'team_not_in_game' as check_name,
        1 as affected_rows,
        concat(
            'game ', player_rows.game_id, ': ',
            coalesce(players.player_full_name, cast(player_rows.player_id as string)),
            ' of ', coalesce(player_rows.team_abbr, 'NULL'), ' in {{ player_table }}'
        ) as example,
        true as spoils_own_date,
        player_rows.game_date,
        player_rows.season_year
    from player_rows
    left join players on player_rows.player_id = players.player_id
    left join sides
        on player_rows.game_id = sides.game_id and player_rows.team_abbr = sides.team_abbr
    where sides.game_id is null

    union all

    select
        'team_not_in_game' as check_name,
        1 as affected_rows,
        concat(
            'game ', team_box.game_id, ': ', coalesce(team_box.team_abbr, 'NULL'),
            ' in {{ team_table }}'
        ) as example,
        false as spoils_own_date,
        team_box.game_date,
        team_box.season_year
    from team_box
    left join sides
        on team_box.game_id = sides.game_id and team_box.team_abbr = sides.team_abbr
    where sides.game_id is null

),

final as (

    select
        check_name,
        affected_rows,
        example,
        cast(null as string) as subject,
        spoils_own_date,
        game_date,
        season_year
    from findings

)

select * from final
