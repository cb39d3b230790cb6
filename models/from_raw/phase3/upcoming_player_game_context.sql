{{ config(
    partition_by=partition_by_day('game_date'),
    cluster_by=['universal_player_id'],
) }}

-- Inputs are fingerprinted before they are read: depends_on {{ ref('int_window_input_hashes') }}

with

slate as (

    select * from {{ ref('int_window_box_score_gaps') }}
    where is_on_slate

),

player_games as (

    select * from {{ ref('player_game_summary') }}
    where is_active and {{ in_history('game_date') }}

),

players as (

    select * from {{ ref('stg_nba__players') }}

),

betting_lines as (

    select * from {{ ref('stg_nba__betting_lines') }}
    where {{ in_history('game_date') }}

),

slate_dates as (

    select distinct
        game_date,
        season_year
    from slate

),

-- A player belongs to the team of his newest active game, if it was in the last 30 days.
newest_games as (

    select
        slate_dates.game_date,
        player_games.universal_player_id,
        player_games.team_abbr
    from slate_dates
    inner join player_games
        on
            slate_dates.season_year = player_games.season_year
            and {{ in_last_days('player_games.game_date', 'slate_dates.game_date', 30) }}
    where true
    qualify row_number() over (
        partition by slate_dates.game_date, player_games.universal_player_id
        order by player_games.game_date desc, player_games.game_id desc
    ) = 1

),

final as (

    select
        players.player_lookup,
        newest_games.universal_player_id,
        slate.game_id,
        slate.team_abbr,
        slate.opponent_team_abbr,

        -- NULL is what the raw files do not have. Phase 4 computes what it can from history and
        -- transactions, the same way for a slate as for a date that was played.
        cast(null as string) as player_status,
        betting_lines.game_total,
        case when slate.home_game then 1 else -1 end * betting_lines.home_spread as game_spread,
        cast(null as {{ type_double() }}) as projected_usage_rate,
        cast(null as int64) as star_teammates_out,
        cast(null as int64) as player_age,
        cast(null as int64) as days_rest,
        cast(null as int64) as games_in_last_7_days,
        cast(null as {{ type_double() }}) as minutes_in_last_7_days,
        cast(null as {{ type_double() }}) as avg_minutes_per_game_last_7,
        cast(null as int64) as games_in_last_14_days,
        cast(null as {{ type_double() }}) as minutes_in_last_14_days,
        cast(null as int64) as back_to_backs_last_14_days,
        cast(null as {{ type_double() }}) as avg_usage_rate_last_7_games,
        cast(null as {{ type_double() }}) as opponent_pace_last_10,
        cast(null as {{ type_double() }}) as pace_differential,

        cast(null as boolean) as back_to_back,
        slate.home_game,

        slate.game_date,
        slate.season_year

    from newest_games
    inner join slate
        on newest_games.game_date = slate.game_date and newest_games.team_abbr = slate.team_abbr
    inner join players on newest_games.universal_player_id = players.universal_player_id
    left join betting_lines on slate.game_id = betting_lines.game_id

)

select * from final
