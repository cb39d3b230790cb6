-- Inputs are fingerprinted before they are read: depends_on {{ ref('int_window_input_hashes') }}

with

upcoming_players as (

    select * from {{ ref('stg_nba__upcoming_players') }}
    where {{ in_history('game_date') }}

),

players as (

    select * from {{ ref('stg_nba__players') }}

),

schedule as (

    select * from {{ ref('int_team_schedule') }}
    where {{ in_history('game_date') }}

),

final as (

    select
        players.player_lookup,
        players.universal_player_id,
        upcoming_players.game_id,
        upcoming_players.team_abbr,
        schedule.opponent_team_abbr,

        upcoming_players.player_status,
        upcoming_players.game_total,
        upcoming_players.game_spread,
        upcoming_players.projected_usage_rate,
        upcoming_players.star_teammates_out,
        upcoming_players.player_age,
        upcoming_players.days_rest,
        upcoming_players.games_in_last_7_days,
        upcoming_players.minutes_in_last_7_days,
        upcoming_players.avg_minutes_per_game_last_7,
        upcoming_players.games_in_last_14_days,
        upcoming_players.minutes_in_last_14_days,
        upcoming_players.back_to_backs_last_14_days,
        upcoming_players.avg_usage_rate_last_7_games,
        -- Phase 4 computes what the external table gets wrong: pace from team rows, back-to-back
        -- from days_rest.
        cast(null as {{ type_double() }}) as opponent_pace_last_10,
        cast(null as {{ type_double() }}) as pace_differential,

        cast(null as boolean) as back_to_back,
        schedule.home_game,

        upcoming_players.game_date,
        upcoming_players.season_year

    from upcoming_players
    inner join players on upcoming_players.player_id = players.player_id
    inner join schedule
        on
            upcoming_players.game_id = schedule.game_id
            and upcoming_players.team_abbr = schedule.team_abbr

)

select * from final
