{%- set days_since_last_game = days_between(
    'player_windows.game_date', 'participants.analysis_date'
) %}
{#- Name, number of days, and value when the player has no games in them. -#}
{%- set no_minutes_7 = 'case when coalesce(recent_days.games_in_last_7_days, 0) = 0 then 0 end' %}
{%- set no_minutes_14 = 'case when coalesce(recent_days.games_in_last_14_days, 0) = 0 then 0 end' %}
{%- set workload = [
    ('games_in_last_7_days', 7, '0'),
    ('minutes_in_last_7_days', 7, no_minutes_7),
    ('avg_minutes_per_game_last_7', 7, 'null'),
    ('games_in_last_14_days', 14, '0'),
    ('minutes_in_last_14_days', 14, no_minutes_14),
    ('back_to_backs_last_14_days', 14, '0'),
] %}

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

box_score_gaps as (

    select * from {{ ref('int_window_box_score_gaps') }}
    where not has_box_score

),

player_statuses as (

    select * from {{ ref('int_player_statuses') }}

),

teams_by_date as (

    select distinct
        participants.analysis_date,
        participants.team_abbr,
        participants.season_year,
        coalesce(own_schedule.games_played_season, 0) as games_played_season
    from participants
    left join schedule as own_schedule
        on
            participants.team_abbr = own_schedule.team_abbr
            and {{ newest_known('own_schedule', 'participants') }}

),

-- Games of the team before the date that have no box score (contract R15). A game without a score
-- counts as well: it may have been played, with only its score late.
gaps_by_date as (

    select
        teams_by_date.analysis_date,
        teams_by_date.team_abbr,
        gaps.game_date,
        gaps.is_final,
        gaps.is_final
        and coalesce(
            {{ known_before('gaps.first_box_date', 'teams_by_date.analysis_date') }}, false
        ) as is_hole,
        gaps.game_number > teams_by_date.games_played_season - 10 as is_in_last_10_games
    from teams_by_date
    inner join box_score_gaps as gaps
        on
            teams_by_date.season_year = gaps.season_year
            and teams_by_date.team_abbr = gaps.team_abbr
            and {{ known_before('gaps.game_date', 'teams_by_date.analysis_date') }}

),

teams_with_gaps as (

    select
        analysis_date,
        team_abbr,
        {%- for days in [1, 7, 14] %}
        {%- set in_days = in_last_days('game_date', 'analysis_date', days) %}
        count(case when {{ in_days }} then 1 end) > 0 as is_gap_in_last_{{ days }},
        count(case when is_hole and {{ in_days }} then 1 end) > 0 as is_hole_in_last_{{ days }},
        {%- endfor %}
        max(game_date) as newest_gap,
        max(case when is_hole then game_date end) as newest_hole,
        count(case when is_final then 1 end) as missing_games,
        count(case when is_hole and is_in_last_10_games then 1 end) > 0
            as has_hole_in_last_10_games
    from gaps_by_date
    group by analysis_date, team_abbr

),

-- Players joined with their own history: unlike game windows, day windows end at a date.
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
        {{ mean_of_known(
            'case when in_last_7_days then minutes_played end',
            games='count(case when in_last_7_days then 1 end)'
        ) }} as avg_minutes_per_game_last_7,
        {{ double_mean_of_known(
            'case when in_last_7_days then usage_rate end',
            games='count(case when in_last_7_days then 1 end)'
        ) }} as avg_usage_rate_last_7_days,
        count(*) as games_in_last_14_days,
        case
            when count(case when minutes_played is null then 1 end) = 0 then sum(minutes_played)
        end as minutes_in_last_14_days,
        {{ mean_of_known('minutes_played') }} as avg_minutes_per_game_last_14,
        count(case when second_of_back_to_back then 1 end) as back_to_backs_last_14_days
    from recent_games
    group by analysis_date, universal_player_id

),

-- Where the pre-tip context has no value, history fills it, column by column.
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
        coalesce(upcoming.player_status, player_statuses.player_status) as player_status,
        upcoming.projected_usage_rate,
        upcoming.star_teammates_out,
        upcoming.player_age,

        -- rest and workload
        {{ unless_missing(
            known_before('player_windows.game_date', 'gaps.newest_hole'),
            known_before('player_windows.game_date', 'gaps.newest_gap'),
            'upcoming.days_rest',
            days_since_last_game
        ) }} as days_rest,
        {{ unless_missing(
            'gaps.is_hole_in_last_1',
            'gaps.is_gap_in_last_1',
            'coalesce(upcoming.back_to_back, upcoming.days_rest = 1)',
            'coalesce(' ~ days_since_last_game ~ ' = 1, false)'
        ) }} as back_to_back,
        {%- for measure, days, no_games in workload %}
        {{ unless_missing(
            'gaps.is_hole_in_last_' ~ days,
            'gaps.is_gap_in_last_' ~ days,
            'upcoming.' ~ measure,
            'coalesce(recent_days.' ~ measure ~ ', ' ~ no_games ~ ')'
        ) }} as {{ measure }},
        {%- endfor %}
        {{ unless_missing(
            'gaps.is_hole_in_last_14',
            'gaps.is_gap_in_last_14',
            'cast(null as ' ~ type_double() ~ ')',
            'recent_days.avg_minutes_per_game_last_14'
        ) }} as avg_minutes_per_game_last_14,
        {{ unless_missing(
            'gaps.is_hole_in_last_7',
            'gaps.is_gap_in_last_7',
            'upcoming.avg_usage_rate_last_7_games',
            'recent_days.avg_usage_rate_last_7_days'
        ) }} as avg_usage_rate_last_7_days,

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

        -- the teams, and the games that lack a box score
        teams_by_date.games_played_season as team_games_expected,
        coalesce(gaps.missing_games, 0) as team_games_missing,
        coalesce(gaps.has_hole_in_last_10_games, false) as has_hole_in_last_10_games,
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
            -- keeps one row when the context lists two games for a player
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
    inner join teams_by_date
        on
            participants.analysis_date = teams_by_date.analysis_date
            and participants.team_abbr = teams_by_date.team_abbr
    left join teams_with_gaps as gaps
        on
            participants.analysis_date = gaps.analysis_date
            and participants.team_abbr = gaps.team_abbr
    left join player_statuses
        on
            participants.analysis_date = player_statuses.analysis_date
            and participants.universal_player_id = player_statuses.universal_player_id
    left join schedule as opponent_schedule
        on
            participants.opponent_team_abbr = opponent_schedule.team_abbr
            and {{ newest_known('opponent_schedule', 'participants') }}

)

select * from final
