{{ config(materialized='ephemeral') }}
with

sides as (

    select * from {{ ref('int_game_sides') }}

),

whole_games as (

    select
        game_id,
        season_type,
        is_final,
        max(case when has_shots then 1 else 0 end) = 1 as has_shots,

        max(case when team_rows > 0 then team_abbr end) as team_with_team_row,
        max(case when team_rows = 0 then team_abbr end) as team_without_team_row,
        count(score) as scores,
        sum(player_rows) as player_rows,
        sum(players) as players,
        sum(players_without_points) as players_without_points,
        sum(team_rows) as team_rows,
        {%- for column in team_numbers() %}
        sum(teams_without_{{ column }}) as teams_without_{{ column }},
        {%- endfor %}

        {{ days_between("date '1970-01-01'", 'game_date') }} as day_number,
        game_date,
        season_year

    from sides
    group by game_id, season_type, is_final, game_date, season_year

),

-- A game is held against those of the week before and after it: a column that they lack, too, is
-- one that the source does not have then, and never becomes a defect by being repaired elsewhere.
final as (

    select
        *,
        max(team_rows) over (partition by season_year, season_type) > 0 as kind_has_team_rows,
        {%- for column in team_numbers() %}
        sum(teams_without_{{ column }}) over fortnight - teams_without_{{ column }}
        <= {{ tolerated_share() }} * (sum(team_rows) over fortnight - team_rows)
        and sum(team_rows) over fortnight > team_rows
            as others_have_{{ column }}_of_teams,
        {%- endfor %}
        sum(players_without_points) over fortnight - players_without_points
        <= {{ tolerated_share() }} * (sum(players) over fortnight - players)
        and sum(players) over fortnight > players as others_have_points_of_players
    from whole_games
    window fortnight as (
        partition by season_year, season_type
        order by day_number range between 7 preceding and 7 following
    )

)

select * from final
