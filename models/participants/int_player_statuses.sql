-- The same rule for slates and for played dates (contract R16): who took part is not used.

with

participants as (

    select * from {{ ref('int_participants') }}

),

player_windows as (

    select * from {{ ref('int_player_game_windows') }}

),

player_games as (

    select * from {{ ref('player_game_summary') }}
    where {{ in_history('game_date') }}

),

players as (

    select * from {{ ref('stg_nba__players') }}

),

injury_events as (

    select * from {{ ref('stg_nba__injury_events') }}
    where {{ in_history('event_date') }}

),

named as (

    select
        participants.analysis_date,
        participants.season_year,
        participants.universal_player_id,
        participants.team_abbr,
        players.folded_name,
        players.name_stem,
        player_windows.team_abbr as last_team_abbr,
        player_windows.game_date as last_game_date
    from participants
    inner join players on participants.universal_player_id = players.universal_player_id
    left join player_windows
        on
            participants.universal_player_id = player_windows.universal_player_id
            and {{ newest_known('player_windows', 'participants') }}

),

-- The players a team has used this season, and since when.
rosters as (

    select
        player_games.season_year,
        player_games.team_abbr,
        player_games.universal_player_id,
        players.name_stem,
        min(player_games.game_date) as first_game_date
    from player_games
    inner join players on player_games.universal_player_id = players.universal_player_id
    group by
        player_games.season_year, player_games.team_abbr, player_games.universal_player_id,
        players.name_stem

),

-- This season's transactions on a player. Once he has played again, earlier ones no longer count.
candidates as (

    select
        named.*,
        injury_events.team_abbr as event_team_abbr,
        injury_events.player_status,
        injury_events.event_date,
        injury_events.folded_name = named.folded_name as is_same_name
    from named
    inner join injury_events
        on
            named.name_stem = injury_events.name_stem
            and (
                named.team_abbr = injury_events.team_abbr
                or named.last_team_abbr = injury_events.team_abbr
            )
            and {{ known_before('injury_events.event_date', 'named.analysis_date') }}
            and injury_events.event_date >= {{ season_start('named.season_year') }}
    where
        named.last_game_date is null
        or {{ known_before('named.last_game_date', 'injury_events.event_date') }}

),

-- A name without its suffix matches only if one player of the team has it.
teammates_of_that_name as (

    select distinct
        candidates.analysis_date,
        candidates.universal_player_id,
        candidates.event_team_abbr
    from candidates
    inner join rosters
        on
            candidates.season_year = rosters.season_year
            and candidates.event_team_abbr = rosters.team_abbr
            and candidates.name_stem = rosters.name_stem
            and candidates.universal_player_id != rosters.universal_player_id
            and {{ known_before('rosters.first_game_date', 'candidates.analysis_date') }}

),

final as (

    select
        candidates.analysis_date,
        candidates.universal_player_id,
        candidates.player_status
    from candidates
    left join teammates_of_that_name
        on
            candidates.analysis_date = teammates_of_that_name.analysis_date
            and candidates.universal_player_id = teammates_of_that_name.universal_player_id
            and candidates.event_team_abbr = teammates_of_that_name.event_team_abbr
    where candidates.is_same_name or teammates_of_that_name.analysis_date is null
    qualify row_number() over (
        partition by candidates.analysis_date, candidates.universal_player_id
        -- The order of two transactions on one day is unknown: take the more cautious one.
        order by
            candidates.event_date desc,
            case candidates.player_status when 'out' then 0 when 'questionable' then 1 else 2 end
    ) = 1

)

select * from final
