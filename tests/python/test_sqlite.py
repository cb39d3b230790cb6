"""`ingest` reads SQLite files: only the tables that something fits, and their values as they are."""

import csv
import os
import sqlite3
import zipfile
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from orchestrator.core import sql_text
from orchestrator.core.errors import UserError
from orchestrator.raw import sqlite_file
from orchestrator.raw.conversion import explained
from tests.python.raw_league import load, query, stored
from tests.python.warehouses import orchestrate, succeed

MAPPING = """
columns: [gid, club, points]
tables:
  team_box:
    columns:
      season: "'2021-22'"
      game_id: text_of(gid)
      game_date: "date '2021-10-19'"
      team_abbreviation: text_of(club)
      pts: count_of(points)
"""
CLUBS = "create table clubs (Gid text, Club text, Points integer)"


def write(path: Path, table: str, columns: Iterable[str], rows: Iterable[Iterable]) -> Path:
    """Add a table whose columns have no types: SQLite keeps what it is given."""
    with closing(sqlite3.connect(path)) as con, con:
        names = list(map(sql_text.name, columns))
        con.execute(f"create table {sql_text.name(table)} ({', '.join(names)})")
        con.executemany(f"insert into {sql_text.name(table)} values ({', '.join('?' * len(names))})", rows)
    return path


@pytest.fixture
def clubs(tmp_path) -> Path:
    """A file with one table, of somebody's own."""
    return write(tmp_path / "mine.db", "clubs", ["Gid", "Club", "Points"], [("0022100001", "BOS", 10)])


@pytest.fixture
def mapping(tmp_path) -> Path:
    (path := tmp_path / "mine.yml").write_text(MAPPING)
    return path


def refused(source: Path, warehouse: Path, *mappings: Path) -> str:
    before = stored(warehouse)
    with pytest.raises(UserError) as error:
        load(source, warehouse, mappings=mappings)
    assert stored(warehouse) == before
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.fixture
def game(samples) -> list[list[str]]:
    """The sample of wyattowalsh's table, without the game of a team that is no more."""
    with (samples / "wyattowalsh_game.csv").open(newline="") as file:
        return [row for row in csv.reader(file) if "HUS" not in row]


@pytest.fixture
def nba(game, tmp_path) -> Path:
    """wyattowalsh's nba.sqlite: numbers where the CSV has numbers, and tables that nobody asks for."""
    (tmp_path / "data").mkdir()
    typed = [[float(value) if value.endswith(".0") else value for value in row] for row in game[1:]]
    path = write(tmp_path / "data" / "nba.sqlite", "game", game[0], typed)
    for table in ("draft_history", "line_score", "officials", "play_by_play"):
        write(path, table, ["id", table], [(1, "a")])
    return path


@pytest.mark.parametrize("packed", ["plain", "zip"])
def test_the_table_game_loads_like_its_csv(game, nba, files, full_warehouse, tmp_path, packed):
    (alone := tmp_path / "alone.duckdb").write_bytes(full_warehouse.read_bytes())
    files.mkdir()
    with (files / "game.csv").open("w", newline="") as file:
        csv.writer(file).writerows(game)
    load(files, alone)
    source = nba.parent
    if packed == "zip":
        source = tmp_path / "archive.zip"
        with zipfile.ZipFile(source, "w") as archive:
            archive.write(nba, "in/nba.sqlite")
    heard: list[str] = []
    report = load(source, full_warehouse, inform=heard.append)
    assert heard == ["nba.sqlite, game: read as game of wyattowalsh/basketball (Kaggle), gives games"]
    rows = "select * exclude (ingested_at) from nba_raw.games order by all"
    assert len(query(alone, rows)) == 6
    assert query(full_warehouse, rows) == query(alone, rows)
    assert [warning for warning in report.warnings if "ignored" in warning] == [
        "nba.sqlite: 4 tables are ignored, no format fits: draft_history, line_score, officials, play_by_play"
    ]


def test_teams_that_are_no_more_do_not_stop_other_seasons(samples, full_warehouse, tmp_path):
    with (samples / "wyattowalsh_game.csv").open(newline="") as file:
        columns, *rows = csv.reader(file)
    assert any("HUS" in row for row in rows)
    path = write(tmp_path / "nba.sqlite", "game", columns, rows)
    assert load(path, full_warehouse, "2011-12").rows == {("games", "2011-12"): 2}


def test_only_tables_that_are_read_are_copied(nba, full_warehouse, monkeypatch):
    copied: list[str] = []
    export = sqlite_file.export
    monkeypatch.setattr(sqlite_file, "export", lambda *args: copied.append(args[1]) or export(*args))
    explained(nba)
    assert copied == []
    load(nba, full_warehouse)
    assert copied == ["game"]


def test_explain_lists_every_table(nba, tmp_path):
    said = succeed(orchestrate(tmp_path / "no.duckdb", "ingest", "--from", nba, "--explain")).stdout
    assert "nba.sqlite, game: game of wyattowalsh/basketball" in said
    assert "nba.sqlite, play_by_play: no format fits; it has id, play_by_play" in said


SIDE = (
    "team_id team_abbreviation team_name matchup wl pts fgm fga fg3m fg3a ftm fta oreb dreb reb ast stl blk "
    "tov pf plus_minus"
)
HOME = "1610612738 BOS Celtics BOS@LAL W 10.0 4 6 0 0 2 2 2 4 6 6 2 0 4 6 2"
AWAY = "1610612747 LAL Lakers LAL@BOS L 8.0 4 6 0 0 0 2 2 4 6 6 2 0 4 6 -2"


def test_the_table_game_has_box_scores_of_the_teams(full_warehouse, tmp_path):
    sides = [f"{name}_{side}" for side in ("home", "away") for name in SIDE.split()]
    columns = ["season_id", "season_type", "game_id", "game_date", "min", *sides]
    rows = [
        ("22021", "Regular Season", *game, *HOME.split(), *AWAY.split())
        for game in (("0022100001", "2021-10-19 00:00:00", 240), ("0022100002", "2022-01-05 00:00:00", 0))
    ]
    path = write(tmp_path / "nba.sqlite", "game", columns, rows)
    load(path, full_warehouse)
    assert query(
        full_warehouse,
        "select game_id, team_abbreviation, opponent_abbreviation, is_home, wl, min, pts, reb, plus_minus, "
        "matchup from nba_raw.team_box where season = '2021-22' order by 1, 2",
    ) == [
        ("0022100001", "BOS", "LAL", True, "W", 240, 10, 6, 2, "BOS@LAL"),
        ("0022100001", "LAL", "BOS", False, "L", 240, 8, 6, -2, "LAL@BOS"),
        ("0022100002", "BOS", "LAL", True, "W", None, 10, 6, 2, "BOS@LAL"),
        ("0022100002", "LAL", "BOS", False, "L", None, 8, 6, -2, "LAL@BOS"),
    ]


# --- values -------------------------------------------------------------------------------------


def test_values_survive(tmp_path):
    values = [
        None,
        "",
        " a ",
        '"',
        'say "hi"',
        "a,b",
        "a\nb",
        "a\r\nb",
        "\r",
        "007",
        "1e5",
        "NULL",
        "é☃",
        "'",
        "\\",
    ]
    numbers = [0, -1, 2**62, 0.1 + 0.2, 66.0, 1e300, None, "2021-10-19 00:00:00"]
    rows = [(value, number, 1) for value in values for number in numbers]
    columns = ['the "x"', "order", "UPPER"]
    path = write(tmp_path / "a b?#%.db", 'odd "table"', columns, rows)
    assert sqlite_file.tables(path) == {'odd "table"': tuple(columns)}
    sqlite_file.export(path, 'odd "table"', columns, copy := tmp_path / "it's.csv")
    with duckdb.connect() as con:
        found = con.execute(f"from {sqlite_file.reader(copy, columns)}").fetchall()
    assert found == [tuple(None if value is None else str(value) for value in row) for row in rows]


def test_one_column_of_blanks_survives(tmp_path):
    path = write(tmp_path / "a.db", "t", ["a"], [("",), (None,), ("x",), ("",)])
    sqlite_file.export(path, "t", ["a"], copy := tmp_path / "copy.csv")
    with duckdb.connect() as con:
        assert con.execute(f"from {sqlite_file.reader(copy, ['a'])}").fetchall() == [
            ("",),
            (None,),
            ("x",),
            ("",),
        ]


def test_a_table_of_ones_own_loads_with_a_mapping(clubs, mapping, full_warehouse):
    load(clubs, full_warehouse, mappings=[mapping])
    assert query(
        full_warehouse,
        "select pts, ast from nba_raw.team_box where game_id = '0022100001' and team_abbreviation = 'BOS'",
    ) == [(10, None)]


def test_a_mapping_may_ask_for_a_table_by_its_name(clubs, mapping, full_warehouse):
    write(clubs, "old_clubs", ["Gid", "Club", "Points"], [("0022100001", "BOS", 99)])
    mapping.write_text('files: "mine.db, clubs"' + MAPPING)
    (found,) = explained(clubs, [mapping]).recognised
    assert found.sheet.name == "mine.db, clubs"


def test_a_bad_value_is_named_with_its_table(clubs, mapping, full_warehouse):
    with closing(sqlite3.connect(clubs)) as con, con:
        con.execute("update clubs set points = 'many'")
    said = refused(clubs, full_warehouse, mapping)
    assert "mine.db, clubs, read as mine, does not give team_box.pts: 'many' is not a whole number" in said


def test_tables_that_nothing_fits_are_refused_with_the_next_step(clubs, full_warehouse):
    write(clubs, "venues", ["a"], [])
    said = refused(clubs, full_warehouse)
    assert "no format fits the columns of mine.db, clubs: gid, club, points, nor those of 1 more" in said
    assert "--mapping" in said


# --- files that cannot be read --------------------------------------------------------------------


def text(path: Path) -> None:
    path.write_text("<html>not found</html>" * 100)


def nothing(path: Path) -> None:
    path.write_bytes(b"")


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (text, "mine.db cannot be read as sqlite: file is not a database. It may be damaged"),
        (nothing, "mine.db has no tables. It may be cut short: fetch it again"),
        (cut_short, "mine.db cannot be read as sqlite: it has 5,000 of 8,192 bytes. It may be damaged"),
    ],
)
def test_a_damaged_file_is_refused(clubs, mapping, full_warehouse, damage: Callable[[Path], None], said):
    damage(clubs)
    assert said in refused(clubs, full_warehouse, mapping)


def test_damage_that_shows_only_in_the_rows_is_refused(clubs, mapping, full_warehouse):
    with closing(sqlite3.connect(clubs)) as con, con:
        con.executemany("insert into clubs values (?, 'BOS', 1)", [(str(n),) for n in range(5000)])
    content = bytearray(clubs.read_bytes())
    content[3 * 4096 : 6 * 4096] = b"\xff" * 3 * 4096
    clubs.write_bytes(content)
    assert "mine.db cannot be read as sqlite: database disk image is malformed" in refused(
        clubs, full_warehouse, mapping
    )


def test_a_compressed_database_is_to_be_unpacked(clubs, full_warehouse):
    assert "mine.db.gz is a compressed database: unpack it first" in refused(
        clubs.rename(clubs.with_name("mine.db.gz")), full_warehouse
    )


def test_a_file_that_another_program_writes_to_is_refused(clubs, mapping, full_warehouse, monkeypatch):
    monkeypatch.setattr(sqlite_file, "SECONDS_FOR_A_LOCK", 0.1)
    with closing(sqlite3.connect(clubs, isolation_level=None)) as con:
        con.execute("begin exclusive")
        said = refused(clubs, full_warehouse, mapping)
    assert (
        "mine.db cannot be read as sqlite: database is locked. Another program is writing to it: close that"
        in said
    )


def test_a_file_with_a_log_is_read_and_nothing_is_left_beside_it(clubs, mapping, full_warehouse):
    with closing(sqlite3.connect(clubs)) as con:
        con.execute("pragma journal_mode = wal")
        con.execute("update clubs set points = 11")
        con.commit()
        # Its writer is still there: the newest rows are in the log.
        load(clubs, full_warehouse, mappings=[mapping])
        rows = "select pts from nba_raw.team_box where game_id = '0022100001' and team_abbreviation = 'BOS'"
        assert query(full_warehouse, rows) == [(11,)]
    before = sorted(clubs.parent.iterdir())
    os.chmod(clubs, 0o444)
    load(clubs, full_warehouse, mappings=[mapping])
    assert sorted(clubs.parent.iterdir()) == before
