{%- set zone_counts = [
    'opp_paint_makes', 'opp_paint_attempts', 'opp_mid_range_makes', 'opp_mid_range_attempts',
    'opp_three_pt_makes', 'opp_three_pt_attempts', 'points_in_paint_allowed', 'blocks_paint',
    'blocks_mid_range', 'blocks_three_pt',
] %}

with

team_offense as (

    select * from {{ ref('team_offense_game_summary') }}
    where {{ in_history('game_date') }}

),

team_defense as (

    select * from {{ ref('stg_nba__team_defense') }}
    where {{ in_history('game_date') }}

),

schedule as (

    select * from {{ ref('int_team_schedule') }}
    where {{ in_history('game_date') }}

),

-- A game may be in only one of the two external team tables; it still gets a row.
games_played as (

    select
        game_date,
        game_id,
        team_abbr
    from team_offense

    union distinct

    select
        game_date,
        game_id,
        opponent_team_abbr as team_abbr
    from team_offense

    union distinct

    select
        game_date,
        game_id,
        defending_team_abbr as team_abbr
    from team_defense

),

final as (

    select
        games_played.game_id,
        games_played.team_abbr as defending_team_abbr,
        schedule.opponent_team_abbr,

        coalesce(opponent.points_scored, team_defense.points_allowed) as points_allowed,
        {%- for column in zone_counts %}
        team_defense.{{ column }},
        {%- endfor %}
        coalesce(opponent.offensive_rating, team_defense.rounded_defensive_rating)
            as defensive_rating,
        own.pace as opponent_pace,

        schedule.season_type,
        schedule.home_game,
        coalesce(own.win_flag, not opponent.win_flag) as win_flag,
        coalesce(team_defense.has_zone_data, false) as has_zone_data,

        games_played.game_date,
        schedule.season_year

    from games_played
    inner join schedule
        on
            games_played.game_id = schedule.game_id
            and games_played.team_abbr = schedule.team_abbr
    left join team_defense
        on
            games_played.game_date = team_defense.game_date
            and games_played.team_abbr = team_defense.defending_team_abbr
    left join team_offense as own
        on games_played.game_date = own.game_date and games_played.team_abbr = own.team_abbr
    left join team_offense as opponent
        on
            games_played.game_date = opponent.game_date
            and schedule.opponent_team_abbr = opponent.team_abbr

)

select * from final
