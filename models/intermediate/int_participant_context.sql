{%- set days_since_last_game = days_between(
    'player_windows.game_date', 'participants.analysis_date'
) %}

with

participants as (

    select * from {{ ref('int_participants') }}

),

upcoming as (

    select * from {{ ref('upcoming_player_game_context') }}
    where {{ in_window('game_date') }}

),

player_windows as (

    select * from {{ ref('int_player_game_windows') }}

),

team_windows as (

    select * from {{ ref('int_team_offense_windows') }}

),

schedule as (

    select * from {{ ref('int_team_schedule') }}
    where {{ in_history('game_date') }}

),

-- The one join of players with their own history: day windows end at a date, not at a game.
recent_games as (

    select
        participants.analysis_date,
        participants.universal_player_id,
        games.minutes_played,
        games.usage_rate,
        {{ in_last_days('games.game_date', 'participants.analysis_date', 7) }} as in_last_7_days,
        {{ days_between('games.previous_game_date', 'games.game_date') }} = 1
        and {{ in_last_days('games.previous_game_date', 'participants.analysis_date', 14) }}
            as second_of_back_to_back
    from participants
    inner join player_windows as games
        on
            participants.season_year = games.season_year
            and participants.universal_player_id = games.universal_player_id
            and {{ in_last_days('games.game_date', 'participants.analysis_date', 14) }}

),

recent_days as (

    select
        analysis_date,
        universal_player_id,
        count(case when in_last_7_days then 1 end) as games_in_last_7_days,
        -- A sum with an unknown part is unknown.
        case
            when count(case when in_last_7_days and minutes_played is null then 1 end) = 0
                then sum(case when in_last_7_days then minutes_played end)
        end as minutes_in_last_7_days,
        avg(case when in_last_7_days then minutes_played end) as avg_minutes_per_game_last_7,
        cast(
            avg(case when in_last_7_days then {{ summable('usage_rate') }} end)
            as {{ type_double() }}
        ) as avg_usage_rate_last_7_days,
        count(*) as games_in_last_14_days,
        case
            when count(case when minutes_played is null then 1 end) = 0 then sum(minutes_played)
        end as minutes_in_last_14_days,
        avg(minutes_played) as avg_minutes_per_game_last_14,
        count(case when second_of_back_to_back then 1 end) as back_to_backs_last_14_days
    from recent_games
    group by analysis_date, universal_player_id

),

-- What the pre-tip context lacks comes from history, column by column.
final as (

    select
        participants.analysis_date,
        participants.player_lookup,
        participants.universal_player_id,
        participants.game_id,
        participants.team_abbr,
        participants.opponent_team_abbr,
        participants.season_type,
        participants.is_home,
        participants.context_source,
        participants.season_year,

        -- pre-tip facts
        upcoming.player_status,
        upcoming.projected_usage_rate,
        upcoming.star_teammates_out,
        upcoming.player_age,

        -- rest and workload
        coalesce(upcoming.days_rest, {{ days_since_last_game }}) as days_rest,
        coalesce(
            upcoming.back_to_back,
            coalesce(upcoming.days_rest, {{ days_since_last_game }}) = 1,
            false
        ) as back_to_back,
        coalesce(upcoming.games_in_last_7_days, recent_days.games_in_last_7_days, 0)
            as games_in_last_7_days,
        coalesce(
            upcoming.minutes_in_last_7_days,
            recent_days.minutes_in_last_7_days,
            case when coalesce(recent_days.games_in_last_7_days, 0) = 0 then 0 end
        ) as minutes_in_last_7_days,
        coalesce(upcoming.avg_minutes_per_game_last_7, recent_days.avg_minutes_per_game_last_7)
            as avg_minutes_per_game_last_7,
        coalesce(upcoming.games_in_last_14_days, recent_days.games_in_last_14_days, 0)
            as games_in_last_14_days,
        coalesce(
            upcoming.minutes_in_last_14_days,
            recent_days.minutes_in_last_14_days,
            case when coalesce(recent_days.games_in_last_14_days, 0) = 0 then 0 end
        ) as minutes_in_last_14_days,
        recent_days.avg_minutes_per_game_last_14,
        coalesce(upcoming.back_to_backs_last_14_days, recent_days.back_to_backs_last_14_days, 0)
            as back_to_backs_last_14_days,
        coalesce(upcoming.avg_usage_rate_last_7_games, recent_days.avg_usage_rate_last_7_days)
            as avg_usage_rate_last_7_days,

        -- pace
        own_team.pace_avg_last_10 as team_pace_last_10,
        coalesce(upcoming.opponent_pace_last_10, opponent.pace_avg_last_10)
            as opponent_pace_last_10,
        coalesce(
            upcoming.pace_differential,
            coalesce(upcoming.opponent_pace_last_10, opponent.pace_avg_last_10)
            - own_team.pace_avg_last_10
        ) as pace_differential,

        -- the player's own windows
        coalesce(player_windows.games_played_season, 0) as games_played_season,
        player_windows.points_avg_last_5,
        player_windows.points_avg_last_10,
        player_windows.points_avg_season,
        player_windows.points_std_last_10,
        player_windows.points_avg_newest_2,
        player_windows.points_avg_prior_3,
        player_windows.minutes_avg_last_10,
        player_windows.minutes_avg_season,
        player_windows.usage_rate_avg_last_10,
        player_windows.usage_rate_avg_season,
        player_windows.ts_pct_avg_last_10,
        coalesce(player_windows.ft_known_games_last_10, 0) as ft_known_games_last_10,
        player_windows.ft_makes_last_10,
        player_windows.points_with_ft_known_last_10,

        -- the teams
        own_team.offensive_rating_avg_last_10 as team_off_rating_last_10,
        coalesce(own_team.games_played_season, 0) as team_games_played_season,
        own_team.wins_season as team_wins_season,
        {{ days_between('opponent_schedule.game_date', 'participants.analysis_date') }}
            as opponent_days_rest,

        {{ latest([
            'player_windows.game_date',
            'own_team.game_date',
            'opponent.game_date',
            'opponent_schedule.game_date',
        ]) }} as newest_source_game_date

    from participants
    left join upcoming
        on
            participants.analysis_date = upcoming.game_date
            and participants.universal_player_id = upcoming.universal_player_id
            -- one row even when the context lists two games for a player
            and participants.game_id = upcoming.game_id
    left join player_windows
        on
            participants.universal_player_id = player_windows.universal_player_id
            and {{ newest_known('player_windows', 'participants') }}
    left join recent_days
        on
            participants.analysis_date = recent_days.analysis_date
            and participants.universal_player_id = recent_days.universal_player_id
    left join team_windows as own_team
        on
            participants.team_abbr = own_team.team_abbr
            and {{ newest_known('own_team', 'participants') }}
    left join team_windows as opponent
        on
            participants.opponent_team_abbr = opponent.team_abbr
            and {{ newest_known('opponent', 'participants') }}
    left join schedule as opponent_schedule
        on
            participants.opponent_team_abbr = opponent_schedule.team_abbr
            and {{ newest_known('opponent_schedule', 'participants') }}

)

select * from final
