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

-- Possessions and rates are computed from counts where possible, because the external table's are
-- rounded.
with_possessions as (

    select
        team_box.*,
        coalesce({{ possessions('team_box') }}, team_box.rounded_possessions) as possessions
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
        coalesce({{ pace('own', 'opponent') }}, own.rounded_pace) as pace,
        coalesce({{ offensive_rating('own') }}, own.rounded_offensive_rating) as offensive_rating,

        own.season_type,
        schedule.home_game,
        coalesce(own.win_flag, own.points > opponent.points) as win_flag,

        own.game_date,
        own.season_year

    from with_possessions as own
    inner join schedule
        on own.game_id = schedule.game_id and own.team_abbr = schedule.team_abbr
    left join with_possessions as opponent
        on
            own.game_date = opponent.game_date
            and schedule.opponent_team_abbr = opponent.team_abbr

)

select * from final
