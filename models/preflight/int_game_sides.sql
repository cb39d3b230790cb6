{{ config(materialized='ephemeral') }}
with

games as (

    select * from {{ ref('stg_nba__games') }}

),

player_rows as (

    select * from {{ ref('int_player_rows') }}

),

team_box as (

    select * from {{ ref('stg_nba__team_box') }}

),

player_sides as (

    select
        game_id,
        team_abbr,

        count(*) as player_rows,
        count(case when is_active then 1 end) as active_players,
        count(case when has_numbers then 1 end) as players,
        {%- for column in player_numbers() %}
        count(case when has_numbers and {{ column }} is null then 1 end)
            as players_without_{{ column }},
        {%- endfor %}
        sum(minutes_played) as minutes,
        max(minutes_played) as longest_minutes,
        min(minutes_played) as shortest_minutes,
        sum(points) as points,
        max(case when game_has_shots then 1 else 0 end) = 1 as has_shots,
        sum(case when has_field_goals then fg_attempts - three_pt_attempts end) as two_pt_attempts,
        sum(case when has_field_goals then fg_makes - three_pt_makes end) as two_pt_makes,
        sum(case when has_field_goals then two_pt_attempts_by_shots end)
            as two_pt_attempts_by_shots,
        sum(case when has_field_goals then two_pt_makes_by_shots end) as two_pt_makes_by_shots

    from player_rows
    group by game_id, team_abbr

),

schedule as (
    {%- for side in ['home', 'away'] %}

    select
        game_id,
        {{ side }}_team_abbr as team_abbr,
        {{ side }}_score as score,
        season_type,
        is_final,
        game_date,
        season_year
    from games
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

final as (

    select
        schedule.game_id,
        schedule.team_abbr,
        schedule.season_type,
        schedule.is_final,
        schedule.score,

        coalesce(player_sides.player_rows, 0) as player_rows,
        coalesce(player_sides.active_players, 0) as active_players,
        coalesce(player_sides.players, 0) as players,
        {%- for column in player_numbers() %}
        coalesce(player_sides.players_without_{{ column }}, 0) as players_without_{{ column }},
        {%- endfor %}
        case when player_sides.players_without_minutes_played = 0 then player_sides.minutes end
            as player_minutes,
        player_sides.longest_minutes,
        player_sides.shortest_minutes,
        case when player_sides.players_without_points = 0 then player_sides.points end
            as player_points,

        case when team_box.game_id is not null then 1 else 0 end as team_rows,
        {%- for column in team_numbers() %}
        case when team_box.game_id is not null and team_box.{{ column }} is null then 1 else 0 end
            as teams_without_{{ column }},
        {%- endfor %}
        team_box.team_minutes,
        team_box.points as team_points,

        coalesce(player_sides.has_shots, false) as has_shots,
        player_sides.two_pt_attempts,
        player_sides.two_pt_makes,
        player_sides.two_pt_attempts_by_shots,
        player_sides.two_pt_makes_by_shots,

        schedule.game_date,
        schedule.season_year

    from schedule
    left join player_sides
        on
            schedule.game_id = player_sides.game_id
            and schedule.team_abbr = player_sides.team_abbr
    left join team_box
        on schedule.game_id = team_box.game_id and schedule.team_abbr = team_box.team_abbr

)

select * from final
