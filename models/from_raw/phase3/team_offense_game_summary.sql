{{ config(
    partition_by=partition_by_day('game_date'),
    cluster_by=['team_abbr'],
) }}

-- Inputs are fingerprinted before they are read: depends_on {{ ref('int_window_input_hashes') }}

with

team_box as (

    select * from {{ ref('stg_nba__team_box') }}
    where {{ in_history('game_date') }}

),

schedule as (

    select * from {{ ref('int_team_schedule') }}
    where {{ in_history('game_date') }}

),

with_possessions as (

    select
        *,
        {{ possessions('team_box') }} as possessions
    from team_box

),

final as (

    select
        own.game_id,
        own.team_abbr,
        schedule.opponent_team_abbr,

        own.team_minutes,
        own.points as points_scored,
        own.fg_makes,
        own.fg_attempts,
        own.three_pt_makes,
        own.three_pt_attempts,
        own.ft_makes,
        own.ft_attempts,
        own.offensive_rebounds,
        own.defensive_rebounds,
        own.rebounds,
        own.assists,
        own.steals,
        own.blocks,
        own.turnovers,
        own.personal_fouls,
        own.possessions,
        {{ pace('own', 'opponent') }} as pace,
        {{ offensive_rating('own') }} as offensive_rating,

        own.season_type,
        schedule.home_game,
        own.win_flag,

        own.game_date,
        own.season_year

    from with_possessions as own
    inner join schedule
        on own.game_id = schedule.game_id and own.team_abbr = schedule.team_abbr
    left join with_possessions as opponent
        on own.game_id = opponent.game_id and schedule.opponent_team_abbr = opponent.team_abbr

)

select * from final
