{{ config(materialized='ephemeral') }}
{#- The inputs, as whoever has to correct them knows them. -#}
{%- set player_table = input_table('player_box') %}
{%- set team_table = input_table('team_box') %}

{#- A team's players play 240 minutes in the shortest game (235 where each one's are rounded), and
    390 in the longest there ever was. Rounding moves a team's sum by a few, a player's by one. -#}
{%- set fewest_minutes = 230 %}
{%- set most_minutes = 400 %}
{%- set rounding = 15 %}

with

sides as (

    select
        *,
        concat(
            'minutes of ', team_abbr, ' are ',
            coalesce(cast(cast(team_minutes as int64) as string), 'unknown'),
            ' in {{ team_table }}, ',
            coalesce(cast(cast(player_minutes as int64) as string), 'unknown'),
            ' in {{ player_table }}'
        ) as minutes_said
    from {{ ref('int_game_sides') }}

),

findings as (

    select
        'too_few_minutes' as check_name,
        1 as affected_rows,
        concat('game ', game_id, ': ', minutes_said) as example,
        game_date,
        season_year
    from sides
    where
        team_minutes < {{ fewest_minutes }}
        or player_minutes < {{ fewest_minutes }}
        or player_minutes < team_minutes - {{ rounding }}

    union all

    select
        'too_many_minutes' as check_name,
        1 as affected_rows,
        concat(
            'game ', game_id, ': ', minutes_said, ', of one player from ',
            coalesce(cast(cast(shortest_minutes as int64) as string), 'unknown'), ' to ',
            coalesce(cast(cast(longest_minutes as int64) as string), 'unknown')
        ) as example,
        game_date,
        season_year
    from sides
    where
        team_minutes > {{ most_minutes }}
        or player_minutes > {{ most_minutes }}
        or player_minutes > team_minutes + {{ rounding }}
        or longest_minutes > coalesce(
            case when team_minutes >= {{ fewest_minutes }} then team_minutes end,
            {{ most_minutes }}
        ) / 5 + 2
        or shortest_minutes < 0

    union all

    select
        'too_few_players' as check_name,
        player_rows as affected_rows,
        concat(
            'game ', game_id, ': ', cast(active_players as string), ' players of ', team_abbr,
            ' with minutes, attempts or points'
        ) as example,
        game_date,
        season_year
    from sides
    where player_rows > 0 and active_players < 5

    union all

    select
        'points_disagree' as check_name,
        1 as affected_rows,
        concat(
            'game ', game_id, ': ', team_abbr, ' has ',
            coalesce(cast(score as string), 'no'), ' in {{ input_table('games') }}, ',
            coalesce(cast(team_points as string), 'no'), ' in {{ team_table }}, ',
            coalesce(cast(player_points as string), 'no'), ' points in {{ player_table }}'
        ) as example,
        game_date,
        season_year
    from sides
    where score != team_points or score != player_points or team_points != player_points

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
