"""Files of hoopR: what `ingest` makes of them is what it makes of the same facts in our own files.

Real rows are written in hoopR's shape, and all columns that the shape holds must come back.
"""

from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from orchestrator.core.errors import UserError
from tests.python.raw_league import load, query
from tests.shapes import hoopr
from tests.shapes.hoopr import as_csv_of_r, as_parquet
from tests.shapes.shape import Connection, differences, real_rows, write_own_files

# --- real rows, there and back ------------------------------------------------------------------

# Eight days before the final of the NBA Cup, the final itself, and five days after it.
FORTNIGHT = "game_date::date between '2023-12-01' and '2023-12-14'"


@pytest.fixture(scope="module")
def fortnight(real_data) -> Connection:
    """Tables with the real rows of a fortnight, and the same in hoopR's shape."""
    con = real_rows(real_data, FORTNIGHT)
    hoopr.make(con)
    return con


@pytest.fixture(scope="module")
def direct(fortnight, tmp_path_factory) -> Path:
    """A warehouse with the real rows, loaded from our own files."""
    folder = tmp_path_factory.mktemp("direct")
    (files := folder / "files").mkdir()
    write_own_files(fortnight, files)
    load(files, folder / "nba.duckdb")
    return folder / "nba.duckdb"


NEW = {}
# What the files of older seasons lack.
OLD = {"play_by_play": "points_attempted, athlete_name_1", "nba_schedule": "time_valid"}


@pytest.mark.real
@pytest.mark.parametrize(
    ("as_file", "lacking"),
    [
        pytest.param(as_parquet, NEW, id="parquet"),
        pytest.param(as_csv_of_r(""), OLD, id="csv"),
        pytest.param(as_csv_of_r("NA"), NEW, id="csv-with-NA"),
    ],
)
def test_real_rows_come_back_from_hoopr_shape(fortnight, direct, files, warehouse, as_file, lacking):
    files.mkdir()
    hoopr.write(fortnight, files, as_file, lacking)
    heard: list[str] = []
    load(files, warehouse, inform=heard.append)
    assert [line for line in heard if "hoopR" not in line] == []
    assert len(heard) == 4
    shape = hoopr.HOOPR_FILES
    if lacking:
        shape = replace(shape, absent=shape.absent | {"shots": shape.absent["shots"] | {"player_name"}})
    assert differences(direct, warehouse, shape) == []
    ((shots,),) = query(warehouse, "select count(*) from nba_raw.shots")
    assert shots > 14_000
    check_own_columns(warehouse)


def check_own_columns(warehouse: Path) -> None:
    assert query(
        warehouse,
        "select season_type, label, game_status, count(*) from nba_raw.games group by all order by all",
    ) == [
        ("cup_final", "NBA In-Season Tournament Championship", "Final", 1),
        ("regular", None, "Final", 82),
    ]
    for table, ids in (
        ("games", "home_team_id"),
        ("player_box", "team_id"),
        ("team_box", "team_id"),
        ("shots", "team_id"),
    ):
        found = query(warehouse, f"select min({ids}), max({ids}), any_value(source) from nba_raw.{table}")
        assert found == [(1, 30, "espn")], table
    margins = "select count(*), sum(plus_minus), max(plus_minus) > 30 from nba_raw.team_box"
    assert query(warehouse, margins) == [(164, 0, True)]
    assert query(
        warehouse,
        "select count(*) from nba_raw.team_box join nba_raw.games using (game_id) where plus_minus <> "
        "if(is_home, home_score - away_score, away_score - home_score)",
    ) == [(0,)]


@pytest.mark.real
def test_box_scores_tell_the_games_that_no_schedule_has(fortnight, direct, files, warehouse):
    files.mkdir()
    # One team's games are in the schedule; the team box scores have the others.
    as_parquet(fortnight, "from schedule where home_abbreviation = 'GS'", files / "nba_schedule_2024")
    as_parquet(fortnight, "from team_box_hoopr", files / "team_box_2024")
    as_parquet(fortnight, "from player_box_hoopr", files / "player_box_2024")
    load(files, warehouse)
    same = (
        "game_date, season, season_type, home_team, away_team, home_score, away_score, home_team_name,"
        "away_team_name, home_is_nba, away_is_nba"
    )
    expected = f"select {same} from nba_raw.games where season_type = 'regular' order by all"
    assert query(warehouse, f"select {same} from nba_raw.games order by all") == query(direct, expected)
    assert query(warehouse, "select count(*), count(arena) > 0, count(arena) < 10 from nba_raw.games") == [
        (82, True, True)
    ]


# --- rows by hand -------------------------------------------------------------------------------

# Two games; the second begins at 10:30 pm Pacific, when it is the next day in UTC and in New York.
GAMES = """
create table schedule as
select * from (values
    (401584893, '2023-10-25T02:00Z', 'Opening Night', 'STATUS_FINAL', 9, 'GS', 108, 21, 'PHX', 104, 2),
    (401584894, '2023-11-02T05:30Z', null, 'STATUS_FINAL', 26, 'UTAH', 100, 18, 'NY', 99, 2)
) as t (id, date, notes_headline, status_type_name, home_id, home_abbreviation, home_score, away_id,
    away_abbreviation, away_score, season_type),
(select 2024 as season, false as neutral_site, 'Home' as home_display_name, 'Away' as away_display_name,
    true as time_valid, 'as the name says' as status_type_description);

create table player_box as
select * from (values
    (401584893, 3975, '2023-10-24', 'GS', '34', 27, '+0', 'home', true, 'PHX'),
    (401584893, 3136779, '2023-10-24', 'PHX', '36.0', 32, '-15', 'away', false, 'GS'),
    (401584894, 4066259, '2023-11-02', 'NY', '0', 0, '+3', 'away', false, 'UTAH')
) as t (game_id, athlete_id, game_date, team_abbreviation, minutes, points, plus_minus, home_away,
    team_winner, opponent_team_abbreviation),
(select '2023-10-25T02:00:00Z' as game_date_time, false as did_not_play, 2024 as season, 2 as season_type,
    'A Player' as athlete_display_name, 9 as team_id, true as starter,
    0 as field_goals_made, 0 as field_goals_attempted, 0 as three_point_field_goals_made,
    0 as three_point_field_goals_attempted, 0 as free_throws_made, 0 as free_throws_attempted,
    0 as offensive_rebounds, 0 as defensive_rebounds, 0 as rebounds, 0 as assists, 0 as steals, 0 as blocks,
    0 as turnovers, 0 as fouls, true as active);

create table team_box as
select * from (values
    (401584893, '2023-10-24', 9, 'GS', 'home', 108, true, 21, 'PHX', 104),
    (401584893, '2023-10-24', 21, 'PHX', 'away', 104, false, 9, 'GS', 108)
) as t (game_id, game_date, team_id, team_abbreviation, team_home_away, team_score, team_winner,
    opponent_team_id, opponent_team_abbreviation, opponent_team_score),
(select 2024 as season, 2 as season_type, '2023-10-25T02:00:00Z' as game_date_time, 'T' as team_display_name,
    'O' as opponent_team_display_name, 1 as field_goals_made, 1 as field_goals_attempted,
    1 as three_point_field_goals_made, 1 as three_point_field_goals_attempted, 1 as free_throws_made,
    1 as free_throws_attempted, 1 as offensive_rebounds, 1 as defensive_rebounds, 2 as total_rebounds,
    1 as assists, 1 as steals, 1 as blocks, 13 as turnovers, 2 as team_turnovers, 15 as total_turnovers,
    1 as fouls);

create table pbp as
select 401584893 as game_id, 2024 as season, 2 as season_type, '2023-10-24'::date as game_date,
    '2023-10-25T02:00:00Z' as game_date_time, 'Jump Shot' as type_text,
    'A Player misses 26-foot three point jumper' as text, 1 as period_number, '11:38' as clock_display_value,
    true as shooting_play, false as scoring_play, 0 as score_value, 0 as points_attempted, 21 as team_id,
    3136779 as athlete_id_1, 25 as coordinate_x_raw, 26 as coordinate_y_raw, 9 as home_team_id,
    'GS' as home_team_abbrev, 21 as away_team_id, 'PHX' as away_team_abbrev;
"""


def write_by_hand(folder: Path, null: str = "", **changes: str) -> Path:
    """Write the files as CSV; a change replaces the rows of one."""
    folder.mkdir(exist_ok=True)
    with duckdb.connect() as con:
        con.execute(GAMES)
        for name in ("schedule", "player_box", "team_box", "pbp"):
            as_csv_of_r(null)(con, changes.get(name, f"from {name}"), folder / name)
    return folder


def more(table: str, *changes: str) -> str:
    """Return a query for the rows of a table and, for each change, its first row with that change."""
    first = f"(from {table} limit 1)"
    added = "".join(f" union all by name select * replace ({change}) from {first}" for change in changes)
    return f"from {table}{added}"


def test_a_late_game_in_the_west_is_of_the_day_in_new_york(files, warehouse):
    """10 pm Eastern is the next day in UTC; 10:30 pm Pacific is the next day in New York, too."""
    load(write_by_hand(files), warehouse)
    assert query(
        warehouse,
        "select game_id, game_date::varchar, tip_et, season, home_team, away_team, label from nba_raw.games "
        "order by 1",
    ) == [
        ("401584893", "2023-10-24", "22:00:00", "2023-24", "GSW", "PHX", "Opening Night"),
        ("401584894", "2023-11-02", "01:30:00", "2023-24", "UTA", "NYK", None),
    ]


def test_who_did_not_play_has_no_row_unless_he_has_numbers(files, warehouse):
    write_by_hand(
        files,
        player_box=more(
            "player_box",
            "1 as athlete_id, true as did_not_play, null as minutes, null as points, null as plus_minus",
            "2 as athlete_id, true as did_not_play, '0' as minutes, 0 as points, '+0' as plus_minus",
            "3 as athlete_id, true as did_not_play, null as minutes, null as points, 2 as fouls",
            "4 as athlete_id, null as did_not_play, null as minutes, null as points, null as plus_minus",
            "5 as athlete_id, false as did_not_play, '12' as minutes, false as active",
        ),
    )
    load(files, warehouse)
    assert query(
        warehouse,
        "select player_id, min, pts, plus_minus, team_abbreviation, opponent, is_home, wl "
        "from nba_raw.player_box order by player_id",
    ) == [
        (3, None, None, 0, "GSW", "PHX", True, "W"),
        (5, 12.0, 27, 0, "GSW", "PHX", True, "W"),
        (3975, 34.0, 27, 0, "GSW", "PHX", True, "W"),
        (3136779, 36.0, 32, -15, "PHX", "GSW", False, "L"),
        # Some seconds only.
        (4066259, 0.0, 0, 3, "NYK", "UTA", False, "L"),
    ]


def test_na_is_null_in_every_file(files, warehouse):
    write_by_hand(
        files,
        null="NA",
        schedule="select * replace (null as home_display_name, null as notes_headline) from schedule",
        player_box="select * replace (null as plus_minus, null as steals, null as team_winner) "
        "from player_box",
        team_box="select * replace (null as steals, null as team_winner) from team_box",
        pbp="select * replace (null as coordinate_x_raw, null as points_attempted) from pbp",
    )
    load(files, warehouse)
    for table, columns in (
        ("games", "home_team_name, label"),
        ("player_box", "plus_minus, stl, wl"),
        ("team_box", "stl, wl"),
        ("shots", "loc_x, player_name"),
    ):
        found = query(warehouse, f"select distinct {columns} from nba_raw.{table}")
        assert found == [(None,) * len(found[0])], table


def test_a_teams_turnovers_are_those_of_its_players(files, warehouse):
    load(write_by_hand(files), warehouse)
    assert query(warehouse, "select distinct tov, plus_minus, min from nba_raw.team_box order by 2") == [
        (13, -4.0, None),
        (13, 4.0, None),
    ]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("1 as season_type", "preseason"),
        ("1 as season_type, 111 as away_id, 'RMD' as away_abbreviation", "preseason"),
        ("2 as season_type", "regular"),
        ("2 as season_type, 132374 as home_id, 'STARS' as home_abbreviation", "all_star"),
        ("2 as season_type, 'NBA Cup - Semifinals' as notes_headline", "regular"),
        ("2 as season_type, 'Emirates NBA Cup Championship' as notes_headline", "cup_final"),
        ("2 as season_type, 'NBA Cup - Championship' as notes_headline", "cup_final"),
        ("3 as season_type", "playoffs"),
        ("3 as season_type, 'NBA Finals - Game 1' as notes_headline", "playoffs"),
        ("3 as season_type, 'NBA Play-In - East - 7th Place vs 8th Place' as notes_headline", "play_in"),
        ("5 as season_type", "play_in"),
    ],
)
def test_the_kind_of_a_game(files, warehouse, change, expected):
    third = f"401584895 as id, '2024-02-19T01:00Z' as date, {change}"
    load(write_by_hand(files, schedule=more("schedule", third)), warehouse)
    assert query(warehouse, "select season_type from nba_raw.games where game_id = '401584895'") == [
        (expected,)
    ]


def test_games_that_have_not_been_played(files, warehouse):
    write_by_hand(
        files,
        schedule=more(
            "schedule",
            "1 as id, '2024-01-01T20:00Z' as date, 'STATUS_POSTPONED' as status_type_name, 0 as home_score, "
            "0 as away_score, 'Postponed' as status_type_description",
            "2 as id, '2024-01-02T20:00Z' as date, 'STATUS_IN_PROGRESS' as status_type_name, "
            "61 as home_score",
            "3 as id, '2024-01-03T05:00Z' as date, 'STATUS_SCHEDULED' as status_type_name, "
            "false as time_valid",
            "4 as id, '2024-05-01T20:00Z' as date, 'TBD' as home_abbreviation, 'TBD' as away_abbreviation",
            "5 as id, '2024-05-02T20:00Z' as date, 'TBD' as home_abbreviation",
            "6 as id, '2024-05-03T20:00Z' as date, 'TBD' as away_abbreviation",
        ),
    )
    load(files, warehouse)
    assert query(
        warehouse,
        "select game_id, game_date::varchar, tip_et, home_score, away_score, game_status from nba_raw.games "
        "where length(game_id) = 1 order by 1",
    ) == [
        ("1", "2024-01-01", "15:00:00", None, None, "Postponed"),
        ("2", "2024-01-02", "15:00:00", None, None, "as the name says"),
        ("3", "2024-01-03", None, None, None, "as the name says"),
    ]


NOWHERE = "-214748340 as coordinate_x_raw, -214748365 as coordinate_y_raw"


@pytest.mark.parametrize(
    ("change", "points", "distance", "location"),
    [
        (
            "'X makes 22-foot step back jumpshot' as text, true as scoring_play, 3 as score_value",
            3,
            22,
            (0, 260),
        ),
        (
            "'X makes 26-foot step back jumpshot' as text, true as scoring_play, 2 as score_value",
            2,
            26,
            (0, 260),
        ),
        (
            "true as scoring_play, 2 as score_value, 3 as points_attempted, null as coordinate_y_raw",
            2,
            26,
            (None, None),
        ),
        ("'X misses jumper' as text, 3 as points_attempted, 20 as coordinate_y_raw", 3, 20, (0, 200)),
        ("'X misses 28-foot three pointer' as text", 3, 28, (0, 260)),
        ("'X misses 23-foot step back jumpshot' as text, 20 as coordinate_y_raw", 3, 23, (0, 200)),
        ("'X misses 21-foot jumper' as text, 40 as coordinate_y_raw", 2, 21, (0, 400)),
        # The corner tells a three of 22 feet from a two.
        (
            "'X misses 22-foot jumper' as text, 3 as coordinate_x_raw, 1 as coordinate_y_raw",
            3,
            22,
            (-220, 10),
        ),
        (
            "'X misses 22-foot jumper' as text, 25 as coordinate_x_raw, 22 as coordinate_y_raw",
            2,
            22,
            (0, 220),
        ),
        (f"'X misses 22-foot jumper' as text, {NOWHERE}", 2, 22, (None, None)),
        # Without a distance in the text.
        (
            "'X misses running pullup jump shot' as text, 44 as coordinate_x_raw, 16 as coordinate_y_raw",
            3,
            24,
            (190, 160),
        ),
        ("'X misses jumper' as text, 33 as coordinate_x_raw, 15 as coordinate_y_raw", 2, 17, (80, 150)),
        (
            "'Y blocks X''s layup' as text, 'Layup Shot' as type_text, 48 as coordinate_x_raw",
            2,
            34,
            (230, 260),
        ),
        (f"'X misses three point jumper' as text, {NOWHERE}", 3, None, (None, None)),
        (f"'X misses layup' as text, {NOWHERE}", 2, None, (None, None)),
        ("'X misses jumper' as text, -214748365 as coordinate_y_raw", 2, None, (None, None)),
        ("'X misses jumper' as text, 0 as coordinate_x_raw, 0 as coordinate_y_raw", 2, None, (None, None)),
        (
            "'X misses jumper' as text, null as coordinate_x_raw, null as coordinate_y_raw",
            2,
            None,
            (None, None),
        ),
    ],
)
def test_what_a_shot_is_worth_and_where_it_was(files, warehouse, change, points, distance, location):
    load(write_by_hand(files, pbp=f"select * replace ({change}) from pbp"), warehouse)
    assert query(warehouse, "select shot_type, shot_distance, loc_x, loc_y from nba_raw.shots") == [
        (f"{points}PT Field Goal", distance, *location)
    ]


@pytest.mark.parametrize(
    ("clock", "expected"),
    [("11:38", (11, 38)), ("0:45.2", (0, 45)), ("45.2", (0, 45)), ("0.0", (0, 0)), ("12:00", (12, 0))],
)
def test_the_clock(files, warehouse, clock, expected):
    load(write_by_hand(files, pbp=f"select * replace ('{clock}' as clock_display_value) from pbp"), warehouse)
    assert query(warehouse, "select minutes_remaining, seconds_remaining from nba_raw.shots") == [expected]


def test_plays_that_are_no_shots_of_anybody(files, warehouse):
    write_by_hand(
        files,
        pbp=more(
            "pbp",
            "'Free Throw - 1 of 2' as type_text, 'X misses free throw 1 of 2' as text",
            "'MadeFreeThrow' as type_text, 'X made it' as text",
            "false as shooting_play",
            "null as shooting_play",
            "null as athlete_id_1",
            "null as team_id",
            "9 as team_id, 3975 as athlete_id_1",
        ),
    )
    load(files, warehouse)
    assert query(
        warehouse, "select player_id, team, opponent, home_team, away_team from nba_raw.shots order by 1"
    ) == [(3975, "GSW", "PHX", "GSW", "PHX"), (3136779, "PHX", "GSW", "GSW", "PHX")]


@pytest.mark.parametrize(
    ("file", "change", "parts"),
    [
        ("player_box", "'3O' as plus_minus", ("player_box.plus_minus", "'3O' is not a whole number")),
        ("player_box", "'DNP' as minutes", ("player_box.min", "'DNP' is not a number of minutes")),
        ("player_box", "'neutral' as home_away", ("player_box.is_home", "'neutral' is not home or away")),
        ("player_box", "'maybe' as did_not_play", ("player_box", "'maybe' is not true or false")),
        ("player_box", "'2023-24' as season", ("player_box.season", "'2023-24' is not a whole number")),
        ("team_box", "2.5 as turnovers", ("team_box.tov", "'2.5' is not a whole number")),
        ("schedule", "'soon' as date", ("games.game_date", "'soon' is not an instant")),
        ("schedule", "4 as season_type", ("games.season_type", "'4' is not a season_type of ESPN")),
        ("pbp", "'later' as clock_display_value", ("shots.minutes_remaining", "'later' is not a number")),
        (
            "pbp",
            "null as text, null as type_text, null as coordinate_x_raw",
            ("shots.shot_type", "a shot of game 401584893 does not say whether it is for 2 or 3 points"),
        ),
    ],
)
def test_a_bad_value_is_named_with_its_file_and_column(files, warehouse, file, change, parts):
    write_by_hand(files, **{file: f"select * replace ({change}) from {file}"})
    with pytest.raises(UserError) as error:
        load(files, warehouse)
    for part in (f"{file}.csv, read as", "hoopR", *parts, "Nothing was changed"):
        assert part in str(error.value)
    assert not warehouse.exists()
