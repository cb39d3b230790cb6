{{ config(materialized='ephemeral') }}

with

player_box as (

    select * from {{ ref('stg_nba__player_box') }}

),

shots_by_player as (

    select * from {{ ref('stg_nba__shots_by_player') }}

),

games_with_shots as (

    select distinct game_id from shots_by_player

),

-- Three-pointers come from the box score: only two-point attempts are counted by shots.
final as (

    select
        player_box.game_id,
        player_box.player_id,
        player_box.team_abbr,

        {%- for column in player_numbers() %}
        player_box.{{ column }},
        {%- endfor %}
        {{ is_active_game('player_box') }} as is_active,
        -- A row without minutes and points is that of a player who sat out, unless he shot.
        coalesce(player_box.minutes_played, player_box.points) is not null
        or coalesce(player_box.fg_attempts > 0, false) as has_numbers,
        player_box.fg_makes + player_box.fg_attempts + player_box.three_pt_makes
        + player_box.three_pt_attempts is not null as has_field_goals,

        games_with_shots.game_id is not null as game_has_shots,
        coalesce(shots.paint_attempts + shots.mid_range_attempts, 0) as two_pt_attempts_by_shots,
        coalesce(shots.paint_makes + shots.mid_range_makes, 0) as two_pt_makes_by_shots,

        player_box.game_date,
        player_box.season_year

    from player_box
    left join shots_by_player as shots
        on player_box.game_id = shots.game_id and player_box.player_id = shots.player_id
    left join games_with_shots on player_box.game_id = games_with_shots.game_id

)

select * from final
