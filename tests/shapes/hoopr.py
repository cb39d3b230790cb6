"""The shape of hoopR's files: the inverse of the formats."""

from collections.abc import Callable, Mapping
from pathlib import Path

from tests.shapes.shape import Connection, Shape

ESPN = {"GSW": "GS", "NOP": "NO", "NYK": "NY", "SAS": "SA", "UTA": "UTAH", "WAS": "WSH"}

# What the shape cannot hold: NULL after a load from it.
ABSENT = {
    "games": {"has_player_box", "has_shots"},
    "player_box": {"season_type", "fg_pct", "fg3_pct", "ft_pct"},
    "team_box": {"season_type", "min", "matchup"},
    "shots": {"zone_basic", "zone_area", "zone_range", "zone_group"},
}
# What is the source's own: its numbers of teams, its words for a game.
OWN = {
    "games": {"source", "home_team_id", "away_team_id", "game_status", "label"},
    "player_box": {"source", "team_id"},
    # Two real rows of the fortnight have a plus_minus that is not the margin; see below.
    "team_box": {"source", "team_id", "plus_minus"},
    "shots": {"source", "team_id"},
}

# The inverse of the formats. ESPN's ids of games have nine digits, such as 401584893.
HOOPR = """
create macro espn_game(id) as ('4' || right(id, 8))::integer;
create macro espn_season(season) as season[:4]::integer + 1;
create macro espn_code(code) as coalesce(codes[code], code);
create macro espn_kind(season_type) as if(season_type = 'playoffs', 3, 2);
create macro utc_of(day, tip) as
    (day + coalesce(nullif(tip, ''), '00:00')::time)::timestamp at time zone 'America/New_York';
create macro espn_team(code) as list_position(teams_sorted, code)::integer;

create table schedule as
select
    espn_game(game_id) as id,
    -- UTC, to the minute.
    strftime(utc_of(game_date, tip_et), '%Y-%m-%dT%H:%MZ') as date,
    coalesce(tip_et, '') <> '' as time_valid,
    false as neutral_site,
    case when season_type = 'cup_final' then 'NBA In-Season Tournament Championship' end as notes_headline,
    arena as venue_full_name,
    arena_city as venue_address_city,
    'STATUS_FINAL' as status_type_name,
    'Final' as status_type_description,
    espn_team(home_team) as home_id,
    espn_code(home_team) as home_abbreviation,
    home_team_name as home_display_name,
    home_score::integer as home_score,
    espn_team(away_team) as away_id,
    espn_code(away_team) as away_abbreviation,
    away_team_name as away_display_name,
    away_score::integer as away_score,
    espn_game(game_id) as game_id,
    espn_season(season) as season,
    espn_kind(season_type) as season_type
from games;

create table tipped as
select
    game_id,
    game_date,
    utc_of(game_date, tip_et) as game_date_time
from games;

create table player_box_hoopr as
with played as (
    select
        espn_game(game_id) as game_id,
        espn_season(season) as season,
        espn_kind(season_type) as season_type,
        game_date,
        game_date_time,
        player_id as athlete_id,
        player_name as athlete_display_name,
        espn_team(team_abbreviation) as team_id,
        min::double as minutes,
        fgm as field_goals_made,
        fga as field_goals_attempted,
        fg3m as three_point_field_goals_made,
        fg3a as three_point_field_goals_attempted,
        ftm as free_throws_made,
        fta as free_throws_attempted,
        oreb as offensive_rebounds,
        dreb as defensive_rebounds,
        reb as rebounds,
        ast as assists,
        stl as steals,
        blk as blocks,
        tov as turnovers,
        pf as fouls,
        printf('%+d', plus_minus::integer) as plus_minus,
        pts as points,
        player_id % 2 = 0 as starter,
        false as did_not_play,
        null::varchar as reason,
        player_id % 3 > 0 as active,
        espn_code(team_abbreviation) as team_abbreviation,
        if(is_home, 'home', 'away') as home_away,
        wl = 'W' as team_winner,
        espn_code(opponent) as opponent_team_abbreviation
    from player_box
    inner join tipped using (game_id, game_date)
)

from played
union all by name
-- Somebody on the bench of each team.
select distinct on (game_id, team_id)
    game_id, season, season_type, game_date, game_date_time, 1 + team_id as athlete_id,
    'Nobody' as athlete_display_name, team_id, false as starter, true as did_not_play,
    'COACH''S DECISION' as reason, true as active, team_abbreviation, home_away, team_winner,
    opponent_team_abbreviation
from played;

create table team_box_hoopr as
select
    espn_game(team.game_id) as game_id,
    espn_season(team.season) as season,
    espn_kind(team.season_type) as season_type,
    tipped.game_date,
    game_date_time,
    espn_team(team.team_abbreviation) as team_id,
    espn_code(team.team_abbreviation) as team_abbreviation,
    team.team_name as team_display_name,
    if(team.is_home, 'home', 'away') as team_home_away,
    team.pts as team_score,
    team.wl = 'W' as team_winner,
    team.ast as assists,
    team.blk as blocks,
    team.dreb as defensive_rebounds,
    team.fgm as field_goals_made,
    team.fga as field_goals_attempted,
    team.pf as fouls,
    team.ftm as free_throws_made,
    team.fta as free_throws_attempted,
    team.oreb as offensive_rebounds,
    team.stl as steals,
    1 as team_turnovers,
    team.fg3m as three_point_field_goals_made,
    team.fg3a as three_point_field_goals_attempted,
    team.reb as total_rebounds,
    team.tov::integer + 1 as total_turnovers,
    team.tov::integer as turnovers,
    espn_team(other.team_abbreviation) as opponent_team_id,
    espn_code(other.team_abbreviation) as opponent_team_abbreviation,
    other.team_name as opponent_team_display_name,
    other.pts as opponent_team_score
from team_box as team
inner join team_box as other
    on team.game_id = other.game_id and team.team_abbreviation <> other.team_abbreviation
inner join tipped on team.game_id = tipped.game_id;

create table pbp as
with plays as (
    select
        action_type as type_text,
        player_name || if(shot_made, ' makes ', ' misses ') || case
            -- Without a distance the coordinates tell it.
            when shot_distance < 4 then 'layup'
            when shot_type like '2%' then shot_distance || '-foot two point shot'
            when shot_distance >= 24 and period > 2 then shot_distance || '-foot step back jumpshot'
            else shot_distance || '-foot three point jumper'
        end as text,
        period as period_number,
        case
            when minutes_remaining > 0 then printf('%d:%02d', minutes_remaining, seconds_remaining)
            else seconds_remaining || '.0'
        end as clock_display_value,
        shot_made as scoring_play,
        if(shot_made, shot_type[1]::integer, 0) as score_value,
        shot_type[1]::integer as points_attempted,
        espn_team(team) as team_id,
        player_id as athlete_id_1,
        player_name as athlete_name_1,
        true as shooting_play,
        loc_x / 10 + 25 as coordinate_x_raw,
        loc_y / 10 as coordinate_y_raw,
        espn_game(shots.game_id) as game_id,
        espn_season(season) as season,
        2 as season_type,
        shots.game_date,
        game_date_time,
        espn_team(home_team) as home_team_id,
        espn_code(home_team) as home_team_abbrev,
        espn_team(away_team) as away_team_id,
        espn_code(away_team) as away_team_abbrev
    from shots
    inner join tipped on shots.game_id = tipped.game_id
)

from plays
union all by name
-- After each shot something that is none.
select * replace (
    if(scoring_play, 'Free Throw - 1 of 1', 'Defensive Rebound') as type_text,
    athlete_name_1 || if(scoring_play, ' makes free throw 1 of 1', ' defensive rebound') as text,
    if(scoring_play, 1, 0) as score_value,
    if(scoring_play, 1, 0) as points_attempted,
    scoring_play as shooting_play,
    25 as coordinate_x_raw,
    13.75 as coordinate_y_raw
) from plays;
"""

FILES = {
    "nba_schedule": "schedule",
    "player_box": "player_box_hoopr",
    "team_box": "team_box_hoopr",
    "play_by_play": "pbp",
}


def make(con: Connection) -> None:
    """Make the tables of the shape beside the real rows."""
    teams = [code for (code,) in con.execute("select distinct home_team from games order by 1").fetchall()]
    assert len(teams) == 30
    con.execute(HOOPR.replace("codes[", f"map {ESPN}[").replace("teams_sorted", str(teams)))


def as_parquet(con: Connection, rows: str, path: Path) -> None:
    con.execute(f"copy ({rows}) to '{path}.parquet' (format parquet)")


def as_csv_of_r(null: str) -> Callable[[Connection, str, Path], None]:
    """Write TRUE and FALSE, and times like 2023-12-02T00:00:00Z."""

    def write(con: Connection, rows: str, path: Path) -> None:
        columns = {
            "BOOLEAN": "upper({}::varchar)",
            "TIMESTAMP WITH TIME ZONE": "strftime({} at time zone 'UTC', '%Y-%m-%dT%H:%M:%SZ')",
        }
        listed = ", ".join(
            f"{columns.get(type_, '{}').format(name)} as {name}"
            for name, type_, *_ in con.execute(f"describe {rows}").fetchall()
        )
        con.execute(f"copy (select {listed} from ({rows})) to '{path}.csv' (header, nullstr '{null}')")

    return write


def write(
    con: Connection,
    folder: Path,
    as_file: Callable[[Connection, str, Path], None] = as_parquet,
    lacking: Mapping[str, str] | None = None,
) -> None:
    """Write the files of each season, without the columns that are lacking."""
    for name, table in FILES.items():
        left_out = f" exclude ({lacking[name]})" if lacking and name in lacking else ""
        for (year,) in con.execute(f"select distinct season from {table}").fetchall():
            as_file(con, f"select *{left_out} from {table} where season = {year}", folder / f"{name}_{year}")


def make_and_write(con: Connection, folder: Path) -> None:
    """Write real rows that have not yet been made into the shape."""
    make(con)
    write(con, folder)


HOOPR_FILES = Shape(make_and_write, ABSENT, OWN, game_id="'4' || right(game_id, 8)")
