"""`ingest` loads all or nothing, says what is wrong with a file, and can be run again."""

import functools
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb
import pytest

from orchestrator import raw_oddities
from orchestrator.errors import UsageError, UserError
from orchestrator.ingest import IngestReport, ingest
from orchestrator.raw_tables import RAW_TABLES

FILES = {table.file.removesuffix(".parquet"): table for table in RAW_TABLES}

# Two games of 2021-22 and one of 2022-23; two players a side, each with 2 of 3 shots made. Sums
# agree, so that a test which breaks one thing sees one complaint.
LEAGUE = """
create table games as
select
    game_id, game_date::date as game_date, season, 'regular' as season_type,
    'BOS' as home_team, 'LAL' as away_team, 10::smallint as home_score, 8::smallint as away_score,
    'Garden' as arena
from (values
    ('0022100001', '2021-10-19', '2021-22'),
    ('0022100002', '2022-01-05', '2021-22'),
    ('0022200001', '2022-10-18', '2022-23')
) as t (game_id, game_date, season);

create table player_box as
select
    season, game_id, game_date, player_id, 'Player ' || player_id as player_name,
    if(player_id < 3, 'BOS', 'LAL') as team_abbreviation, if(player_id < 3, 'W', 'L') as wl,
    30::smallint as min, if(player_id < 3, 5, 4) as pts, 2 as fgm, 3 as fga, 0 as fg3m, 0 as fg3a,
    if(player_id < 3, 1, 0) as ftm, 1 as fta, 1 as oreb, 2 as dreb, 3 as ast, 1 as stl, 0 as blk,
    2 as tov, 3 as pf, 0 as plus_minus
from games, (select unnest([1, 2, 3, 4])::bigint as player_id);

create table team_box as
select
    season, game_id, game_date::varchar as game_date, team_abbreviation, any_value(wl) as wl,
    240.0::double as min, sum(pts)::bigint as pts, 4 as fgm, 6 as fga, 0 as fg3m, 0 as fg3a,
    2 as ftm, 2 as fta, 2 as oreb, 4 as dreb, 6 as reb, 6 as ast, 2 as stl, 0 as blk,
    4.0::double as tov, 6 as pf, -9.2::double as plus_minus
from player_box group by all;

create table shots as
select
    season, game_id, game_date, player_id, team_abbreviation as team,
    '2PT Field Goal' as shot_type, 5::smallint as shot_distance, n < 2 as shot_made
from player_box, range(3) as r (n);

create table odds as
select
    game_id, season, game_date, 220.5 as total_line, -3.5 as home_spread, -150.0 as ml_home,
    130.0 as ml_away, 'book' as source
from games;

create table injuries as
select
    event_date::date as event_date, 'Celtics' as team_nickname, 'Player 1' as player_name,
    null as acquired, 'Player 1' as relinquished, 'knee' as notes
from (values ('2021-10-01'), ('2022-09-30'), ('2022-10-01')) as t (event_date);

create table players as
select id as player_id, 'Player ' || id as player_name, 'G' as position
from (select unnest([1, 2, 3, 4])::bigint as id);
"""


@functools.cache
def league() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute(LEAGUE)
    return con


@functools.cache
def good_file(name: str) -> bytes:
    with tempfile.NamedTemporaryFile(suffix=".parquet") as file:
        league().execute(f"copy {name} to '{file.name}' (format parquet)")
        return Path(file.name).read_bytes()


def write_files(folder: Path, **queries: str | None) -> Path:
    """Write a valid set of files; a query replaces a file's rows, None leaves the file out."""
    folder.mkdir(exist_ok=True)
    for name in FILES:
        path = folder / f"{name}.parquet"
        if name not in queries:
            path.write_bytes(good_file(name))
        elif (query := queries[name]) is None:
            path.unlink(missing_ok=True)
        else:
            target = str(path).replace("'", "''")
            league().execute(f"copy ({query}) to '{target}' (format parquet)")
    return folder


def stored(warehouse: Path, without: str = "") -> dict[str, list[tuple]]:
    """Every row of every table in the warehouse."""
    columns = f"* exclude ({without})" if without else "*"
    with duckdb.connect(str(warehouse), read_only=True) as con:
        tables = con.execute("select schema_name, table_name from duckdb_tables()").fetchall()
        return {
            table: con.execute(f"select {columns} from {schema}.{table} order by all").fetchall()
            for schema, table in tables
        }


def query(warehouse: Path, sql: str) -> list[tuple]:
    with duckdb.connect(str(warehouse), read_only=True) as con:
        return con.execute(sql).fetchall()


def load(source: Path, warehouse: Path, *seasons: str) -> IngestReport:
    heard: list[str] = []
    report = ingest(source, warehouse, seasons, warn=heard.append)
    assert heard == report.warnings
    return report


@pytest.fixture
def files(tmp_path: Path) -> Path:
    return tmp_path / "files"


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    return tmp_path / "made" / "on demand" / "nba.duckdb"


@pytest.fixture(scope="session")
def good_warehouse(tmp_path_factory) -> bytes:
    folder = tmp_path_factory.mktemp("good")
    load(write_files(folder / "files"), folder / "nba.duckdb")
    return (folder / "nba.duckdb").read_bytes()


@pytest.fixture
def full_warehouse(tmp_path: Path, good_warehouse: bytes) -> Path:
    """A warehouse that has the valid files."""
    path = tmp_path / "full.duckdb"
    path.write_bytes(good_warehouse)
    return path


def assert_refused(files: Path, warehouse: Path, *parts: str, seasons: tuple[str, ...] = ()):
    """The load fails with a message that has all parts, and nothing stored has changed."""
    before = stored(warehouse)
    with pytest.raises(UserError) as error:
        load(files, warehouse, *seasons)
    assert stored(warehouse) == before
    for part in (*parts, "Nothing was changed"):
        assert part in str(error.value)
    assert "\n" not in str(error.value)


# --- what is good -----------------------------------------------------------------------------


def test_valid_files_load_without_a_warning(files, warehouse):
    report = load(write_files(files), warehouse)
    assert report.warnings == []
    assert report.rows == {
        ("games", "2021-22"): 2,
        ("games", "2022-23"): 1,
        ("player_box", "2021-22"): 8,
        ("player_box", "2022-23"): 4,
        ("team_box", "2021-22"): 4,
        ("team_box", "2022-23"): 2,
        ("shots", "2021-22"): 24,
        ("shots", "2022-23"): 12,
        ("betting_lines", "2021-22"): 2,
        ("betting_lines", "2022-23"): 1,
        ("injury_events", "2021-22"): 2,
        ("injury_events", "2022-23"): 1,
        ("players", None): 4,
    }


def test_columns_are_stored_in_declared_types_with_a_stamp(files, warehouse):
    load(write_files(files), warehouse)
    for table in RAW_TABLES:
        found = query(
            warehouse,
            "select column_name, data_type from duckdb_columns() "
            f"where schema_name = 'nba_raw' and table_name = '{table.name}' order by column_index",
        )
        declared = [(column.name, column.type) for column in table.columns]
        assert found == [*declared, ("ingested_at", "TIMESTAMP")]
    assert query(
        warehouse,
        "select abs(date_diff('second', max(ingested_at), now()::timestamptz at time zone 'UTC'))"
        " < 60, count(distinct ingested_at) from nba_raw.games",
    ) == [(True, 1)]
    # In the file: text, a whole DOUBLE, and a column that the file does not have.
    assert query(
        warehouse,
        "select distinct game_date, tov, plus_minus, team_name from nba_raw.team_box "
        "where game_id = '0022100001'",
    ) == [(duckdb.execute("select date '2021-10-19'").fetchall()[0][0], 4, -9.2, None)]


@pytest.mark.parametrize(
    "date",
    [
        "game_date::timestamp",
        "game_date::varchar",
        "game_date || 'T00:00:00'",
        "game_date || ' 23:59:59.5'",
    ],
)
def test_dates_arrive_in_several_forms(files, warehouse, date):
    load(write_files(files), warehouse)
    before = stored(warehouse, without="ingested_at")
    write_files(files, games=f"select * replace ({date} as game_date) from games")
    load(files, warehouse)
    assert stored(warehouse, without="ingested_at") == before


@pytest.mark.parametrize("type_", ["tinyint", "uinteger", "hugeint", "double", "decimal(9, 2)"])
def test_whole_numbers_arrive_in_any_numeric_type(files, warehouse, type_):
    write_files(files, player_box=f"select * replace (pts::{type_} as pts) from player_box")
    assert load(files, warehouse).warnings == []
    assert query(warehouse, "select sum(pts) from nba_raw.player_box") == [(54,)]


def test_column_names_may_be_capitals_and_a_path_may_have_any_character(tmp_path, warehouse):
    capitals = "select player_id as PLAYER_ID, player_name as Player_Name, position from players"
    # Read as a pattern, the first path would also mean the second.
    write_files(tmp_path / "it's a season=1 folder", players="from players limit 1")
    files = write_files(tmp_path / "it's [a] season=1 *", players=capitals)
    report = load(files, warehouse)
    assert report.warnings == []
    assert report.rows["players", None] == 4


def test_again_changes_nothing_but_the_stamp(files, warehouse):
    first = load(write_files(files), warehouse)
    before = stored(warehouse, without="ingested_at")
    stamp = query(warehouse, "select max(ingested_at) from nba_raw.shots")
    assert load(files, warehouse) == first
    assert stored(warehouse, without="ingested_at") == before
    assert query(warehouse, "select min(ingested_at) from nba_raw.shots") > stamp


def test_equal_shots_are_kept(files, warehouse):
    """Two tip-ins in a second are two rows that look the same; the box score counts both."""
    load(write_files(files), warehouse)
    assert query(warehouse, "select count(*) from nba_raw.shots") == [(36,)]
    assert query(warehouse, "select count(*) from (select distinct * from nba_raw.shots)") == [(24,)]


# --- seasons ----------------------------------------------------------------------------------


def test_a_file_replaces_the_seasons_it_covers_and_no_other(files, warehouse):
    load(write_files(files), warehouse)
    old_season = "from nba_raw.shots where season = '2021-22' order by all"
    before = query(warehouse, old_season)
    write_files(
        files,
        shots="select * replace (9 as shot_distance) from shots where season = '2022-23'",
        injuries="select * replace ('hip' as notes) from injuries where event_date > '2022-09-30'",
    )
    load(files, warehouse)
    assert query(warehouse, old_season) == before
    assert query(
        warehouse,
        "select season, shot_distance, count(*) from nba_raw.shots group by all order by all",
    ) == [("2021-22", 5, 24), ("2022-23", 9, 12)]
    assert query(
        warehouse, "select notes, count(*) from nba_raw.injury_events group by all order by all"
    ) == [("hip", 1), ("knee", 2)]


def test_only_the_asked_season_is_read_and_replaced(files, warehouse):
    load(write_files(files), warehouse)
    # 2021-22 has a fault in it, which is none of our business when 2022-23 is asked for.
    write_files(
        files,
        player_box="""
            select * replace (
                if(season = '2021-22', 0.5, ast + 1) as ast,
                if(season = '2021-22', null, player_name) as player_name
            ) from player_box
        """,
        injuries="select * replace ('hip' as notes) from injuries",
    )
    report = load(files, warehouse, "2022-23", "2022-23")
    assert report.warnings == []
    assert {season for _, season in report.rows} == {"2022-23", None}
    assert query(
        warehouse, "select season, ast, count(*) from nba_raw.player_box group by all order by all"
    ) == [("2021-22", 3, 8), ("2022-23", 4, 4)]
    assert query(
        warehouse, "select notes, count(*) from nba_raw.injury_events group by all order by all"
    ) == [("hip", 1), ("knee", 2)]


def test_one_season_loads_into_a_new_warehouse(files, warehouse):
    report = load(write_files(files), warehouse, "2021-22")
    assert report.rows["injury_events", "2021-22"] == 2
    assert query(warehouse, "select distinct season from nba_raw.shots") == [("2021-22",)]


def test_a_game_moved_to_another_season_is_not_stored_twice(files, warehouse):
    write_files(files, shots="select * replace ('2022-23' as season) from shots")
    load(files, warehouse)
    load(write_files(files), warehouse, "2021-22")
    assert query(warehouse, "select season, count(*) from nba_raw.shots group by all order by all") == [
        ("2021-22", 24),
        ("2022-23", 12),
    ]


def test_a_file_with_less_of_a_season_is_noted(files, warehouse):
    load(write_files(files), warehouse)
    write_files(files, odds="from odds where game_id <> '0022100001'")
    [warning] = load(files, warehouse).warnings
    assert "odds.parquet: 2021-22 now has 1 rows, 2 were stored before" in warning
    assert query(warehouse, "select count(*) from nba_raw.betting_lines") == [(2,)]


@pytest.mark.parametrize(
    "change",
    [
        {"shots": "from shots where season = '2021-22'"},
        {"injuries": "from injuries where event_date < '2022-10-01'"},
    ],
)
def test_an_asked_season_that_a_file_lacks_leaves_what_is_stored(files, warehouse, change):
    load(write_files(files), warehouse)
    before = stored(warehouse, without="ingested_at")
    [warning] = load(write_files(files, **change), warehouse, "2022-23").warnings
    assert f"{next(iter(change))}.parquet has no rows of 2022-23" in warning
    assert stored(warehouse, without="ingested_at") == before


def test_an_asked_season_without_games_is_refused(files, full_warehouse):
    assert_refused(
        write_files(files),
        full_warehouse,
        "games.parquet",
        "no games of 2019-20",
        "2021-22, 2022-23",
        seasons=("2021-22", "2019-20"),
    )


@pytest.mark.parametrize("season", ["2021", "2021-23", "21-22", "2021-2022", " 2021-22", "2021_22"])
def test_a_malformed_season_is_a_usage_error(files, warehouse, season):
    with pytest.raises(UsageError, match="like 2021-22") as error:
        load(write_files(files), warehouse, season)
    assert error.value.exit_code == 2
    assert repr(season) in str(error.value)
    assert not warehouse.exists()


def test_the_turn_of_the_century_is_a_season(files, warehouse):
    with pytest.raises(UserError, match="no games of 1999-00") as error:
        load(write_files(files), warehouse, "1999-00")
    assert error.value.exit_code == 1


def test_players_are_replaced_one_by_one(files, warehouse):
    load(write_files(files), warehouse)
    write_files(
        files,
        players="select 4::bigint as player_id, 'New' as player_name, null as position"
        " union all select 5, 'Rookie', 'C'",
    )
    load(files, warehouse)
    assert query(warehouse, "select player_id, player_name from nba_raw.players order by all") == [
        (1, "Player 1"),
        (2, "Player 2"),
        (3, "Player 3"),
        (4, "New"),
        (5, "Rookie"),
    ]


# --- bad files --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["games", "player_box", "team_box", "shots"])
def test_a_required_file_must_be_there(files, full_warehouse, name):
    assert_refused(write_files(files, **{name: None}), full_warehouse, f"has no {name}.parquet")


def test_optional_files_may_be_absent(files, warehouse):
    write_files(files, odds=None, injuries=None, players=None)
    report = load(files, warehouse)
    for name, warning in zip(["odds", "injuries", "players"], report.warnings, strict=True):
        assert f"{name}.parquet is not there" in warning
    assert query(warehouse, "select count(*) from nba_raw.betting_lines") == [(0,)]
    load(write_files(files), warehouse)
    before = stored(warehouse)
    load(write_files(files, odds=None, injuries=None, players=None), warehouse)
    for table in ("betting_lines", "injury_events", "players"):
        assert stored(warehouse)[table] == before[table]


@pytest.mark.parametrize("what", ["does not exist", "is not a folder"])
def test_the_folder_must_be_one(files, warehouse, what):
    if what == "is not a folder":
        files.touch()
    with pytest.raises(UserError, match=what):
        load(files, warehouse)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", ["no bytes", "truncated", "not Parquet", "overwritten inside"])
def test_an_unreadable_file_is_refused(files, full_warehouse, name, damage):
    path = write_files(files) / f"{name}.parquet"
    good = path.read_bytes()
    bad = {
        "no bytes": b"",
        "truncated": good[:-20],
        "not Parquet": b"game_id,season\n" * 100,
        "overwritten inside": good[:4] + b"\xff" * 200 + good[204:],
    }
    path.write_bytes(bad[damage])
    assert_refused(files, full_warehouse, f"{name}.parquet cannot be read as Parquet")


@pytest.mark.parametrize("name", FILES)
def test_an_empty_file_is_refused(files, full_warehouse, name):
    write_files(files, **{name: f"from {name} limit 0"})
    assert_refused(files, full_warehouse, f"{name}.parquet is empty")


REQUIRED = [(name, c.name) for name, t in FILES.items() for c in t.columns if c.required]
NEVER_NULL = [(name, c.name) for name, t in FILES.items() for c in t.columns if not c.nullable]
NUMBERS = [
    (n, c) for n, c in REQUIRED for x in FILES[n].columns if x.name == c and x.type in ("BIGINT", "DOUBLE")
]


@pytest.mark.parametrize("name", FILES)
def test_missing_columns_are_refused(files, full_warehouse, name):
    required = [column for file, column in REQUIRED if file == name]
    write_files(files, **{name: f"select * exclude ({', '.join(required)}), 1 as x from {name}"})
    assert_refused(files, full_warehouse, f"{name}.parquet lacks column {', '.join(required)}; it has")


@pytest.mark.parametrize(("name", "column"), REQUIRED)
def test_a_mistyped_column_is_refused(files, full_warehouse, name, column):
    write_files(files, **{name: f"select * replace (['x'] as {column}) from {name}"})
    assert_refused(
        files,
        full_warehouse,
        f"{name}.parquet: column {column} is VARCHAR[]",
        "e.g. '[x]' in row 1",
    )


@pytest.mark.parametrize(("name", "column"), NEVER_NULL)
def test_a_missing_value_is_refused(files, full_warehouse, name, column):
    row = f"row_number() over () = 2 then null else {column}"
    write_files(files, **{name: f"select * replace (case when {row} end as {column}) from {name}"})
    value = "None" if column == "season" else "NULL"
    assert_refused(files, full_warehouse, f"{name}.parquet: column {column}", f"e.g. {value} in row 2")


def test_blank_text_is_a_missing_value(files, full_warehouse):
    write_files(files, games="select * replace (' ' as home_team) from games")
    assert_refused(
        files,
        full_warehouse,
        "games.parquet: column home_team: 3 of 3 values are missing",
        "e.g. ' ' in row 1",
    )


@pytest.mark.parametrize(("name", "column"), NUMBERS)
def test_a_number_that_is_none_is_refused(files, full_warehouse, name, column):
    value = ["nan", "inf", "-inf"][NUMBERS.index((name, column)) % 3]
    row = f"row_number() over () = 2 then '{value}'::double else {column}"
    write_files(files, **{name: f"select * replace (case when {row} end as {column}) from {name}"})
    assert_refused(
        files,
        full_warehouse,
        f"{name}.parquet: column {column}: 1 of",
        "numbers",
        f"e.g. '{value}' in row 2",
    )


@pytest.mark.parametrize(
    ("file", "change", "parts"),
    [
        pytest.param(
            "player_box",
            "if(player_id = 3, 'abc', '4') as pts",
            ("column pts is VARCHAR, not whole numbers", "e.g. 'abc' in row"),
            id="text",
        ),
        pytest.param(
            "player_box",
            "4.5 as pts",
            ("column pts: 12 of 12 values are not whole numbers", "e.g. '4.5' in row 1"),
            id="fraction",
        ),
        pytest.param(
            "player_box",
            "1e30::double as player_id",
            ("column player_id: 12 of 12 values are not whole numbers", "e.g. '1e+30'"),
            id="beyond BIGINT",
        ),
        pytest.param(
            "games",
            "22100001 as game_id",
            ("column game_id is INTEGER, not text", "e.g. '22100001' in row 1"),
            id="leading zeros lost",
        ),
        pytest.param(
            "shots",
            "'yes' as shot_made",
            ("column shot_made is VARCHAR, not true or false", "e.g. 'yes'"),
            id="boolean",
        ),
        pytest.param(
            "odds",
            "'pick' as home_spread",
            ("column home_spread is VARCHAR, not finite numbers", "e.g. 'pick'"),
            id="double",
        ),
        pytest.param(
            "team_box",
            "'Oct 19, 2021' as game_date",
            ("column game_date: 6 of 6 values are not dates", "e.g. 'Oct 19, 2021' in row 1"),
            id="no date",
        ),
        pytest.param(
            "team_box",
            "'2021-02-30' as game_date",
            ("column game_date: 6 of 6", "e.g. '2021-02-30'"),
            id="no such day",
        ),
        pytest.param(
            "team_box",
            "'2021-10-20T00:30:00Z' as game_date",
            ("column game_date: 6 of 6", "e.g. '2021-10-20T00:30:00Z'"),
            id="zone in text",
        ),
        pytest.param(
            "games",
            "game_date::timestamptz as game_date",
            ("column game_date is TIMESTAMP WITH TIME ZONE", "e.g. '2021-10-"),
            id="zone",
        ),
        pytest.param(
            "games",
            "1634601600 as game_date",
            ("column game_date is INTEGER", "e.g. '1634601600'"),
            id="epoch",
        ),
        pytest.param(
            "games",
            "date '1945-12-31' as game_date",
            ("column game_date: 3 of 3", "from 1946", "e.g. '1945-12-31'"),
            id="too early",
        ),
        pytest.param(
            "injuries",
            "date '0001-01-01' as event_date",
            ("column event_date: 3 of 3", "e.g. '0001-01-01'"),
            id="year 1",
        ),
        pytest.param(
            "injuries",
            "make_date(year(today()) + 2, 1, 1) as event_date",
            ("column event_date: 3 of 3", "-01-01' in row 1"),
            id="too late",
        ),
        pytest.param(
            "games",
            "'infinity'::date as game_date",
            ("column game_date: 3 of 3", "e.g. 'infinity'"),
            id="infinity",
        ),
        pytest.param(
            "games",
            "'infinity'::timestamp as game_date",
            ("column game_date: 3 of 3", "e.g. 'infinity'"),
            id="infinite moment",
        ),
        pytest.param(
            "shots",
            "if(player_id = 2, '2021', season) as season",
            ("column season must be like '2021-22'", "e.g. '2021' in row "),
            id="season",
        ),
        pytest.param(
            "odds",
            "2021 as season",
            ("column season is INTEGER, not text", "e.g. '2021'"),
            id="season number",
        ),
    ],
)
def test_a_bad_value_is_refused(files, full_warehouse, file, change, parts):
    write_files(files, **{file: f"select * replace ({change}) from {file}"})
    assert_refused(files, full_warehouse, f"{file}.parquet", *parts)


@pytest.mark.parametrize("date", ["date '1946-01-01'", "make_date(year(today()) + 1, 12, 31)"])
def test_the_first_and_last_possible_dates_are_accepted(files, warehouse, date):
    write_files(files, injuries=f"select * replace ({date} as event_date) from injuries")
    load(files, warehouse)


def test_a_column_of_nothing_but_nulls_may_have_any_type(files, warehouse):
    write_files(
        files,
        injuries="select * replace (null::integer as relinquished) from injuries",
        games="select * replace (null::varchar as home_score) from games",
    )
    [warning] = load(files, warehouse).warnings
    assert "3 games with a box score and no final score" in warning


@pytest.mark.parametrize(
    ("name", "change", "where"),
    [
        ("games", "'Elsewhere' as arena", ["game_id 0022100001;", "arena (Elsewhere and Garden)"]),
        (
            "player_box",
            "7::smallint as min",
            ["game_id 0022100001, player_id 1;", "min (7.0 and 30"],
        ),
        ("team_box", "null as ast", ["game_id 0022100001, team_abbreviation BOS;", "ast (6 and N"]),
        (
            "odds",
            "200.5 as total_line",
            ["game_id 0022100001, source book;", "total_line (200.5 a"],
        ),
        ("players", "'C' as position", ["player_id 1;", "column position (C and G)"]),
    ],
)
def test_a_key_with_two_values_is_refused(files, full_warehouse, name, change, where):
    write_files(files, **{name: f"from {name} union all select * replace ({change}) from {name}"})
    assert_refused(files, full_warehouse, f"{name}.parquet", *where)


@pytest.mark.parametrize("name", ["games", "player_box", "team_box", "odds", "players"])
def test_equal_rows_of_a_key_are_collapsed(files, warehouse, name):
    load(write_files(files), warehouse)
    before = stored(warehouse, without="ingested_at")
    # A column that is not stored does not make a row different.
    write_files(files, **{name: f"select *, unnest([1, 2]) as serial from {name}"})
    ignored, warning = load(files, warehouse).warnings
    assert f"{name}.parquet: 1 unknown columns ignored: serial" in ignored
    assert f"{name}.parquet" in warning
    assert f"{len(before[FILES[name].name])} repeated rows left out" in warning
    assert stored(warehouse, without="ingested_at") == before


@pytest.mark.parametrize(
    ("name", "who"),
    [
        ("player_box", "player_id 1"),
        ("team_box", "team_abbreviation BOS"),
        ("shots", "player_id 1"),
    ],
)
def test_a_row_for_an_unknown_game_is_refused(files, full_warehouse, name, who):
    stray = f"select * replace ('0022199999' as game_id) from {name} where game_id = '0022100001'"
    write_files(files, **{name: f"from {name} union all {stray}"})
    assert_refused(
        files,
        full_warehouse,
        f"{name}.parquet has",
        "column game_id",
        f"e.g. game_id 0022199999, {who}",
        "games.parquet",
    )


def test_a_game_stored_before_is_known(files, warehouse):
    load(write_files(files), warehouse)
    write_files(files, games="from games where season = '2022-23'")
    assert load(files, warehouse).warnings == []


def test_games_may_not_vanish_under_stored_box_scores(files, warehouse):
    load(write_files(files), warehouse)
    before = stored(warehouse)
    only_new = {n: f"from {n} where season = '2022-23'" for n in ("player_box", "team_box", "shots")}
    write_files(files, games="from games where game_id <> '0022100001'", **only_new)
    with pytest.raises(UserError, match=r"nba_raw\.player_box, as stored before, has 4 rows"):
        load(files, warehouse)
    assert stored(warehouse) == before


# --- oddities ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "sql", "parts"),
    [
        pytest.param(
            "games",
            "select * replace (11 as home_score) from games",
            ["6 points of a box score", "e.g. game 0022100001 BOS: players 10, score 11"],
            id="score",
        ),
        pytest.param(
            "team_box",
            "select * replace (pts + 1 as pts) from team_box",
            ["6 points of a box score", "e.g. game 0022100001 BOS: team box 11, score 10"],
            id="team box",
        ),
        pytest.param(
            "games",
            "select * replace (null as away_score) from games",
            ["3 games with a box score and no final score", "game 0022100001 of 2021-10-19"],
            id="no score",
        ),
        pytest.param(
            "games",
            "select * replace ('NYK' as away_team) from games",
            ["3 teams with a box score in a game they are not part of", "game 0022100001 LAL"],
            id="team elsewhere",
        ),
        pytest.param(
            "shots",
            "select * replace (true as shot_made) from shots",
            [
                "12 player-games whose shots",
                "game 0022100001 player 1: made 3 of 3 by shots, 2 of 3 by",
            ],
            id="shots made",
        ),
        pytest.param(
            "shots",
            "from shots where shot_made or game_id <> '0022100001'",
            ["4 player-games whose shots", "made 2 of 2 by shots, 2 of 3 by"],
            id="shots taken",
        ),
        pytest.param(
            "shots",
            "from shots where player_id <> 4",
            ["3 player-games whose shots", "player 4: made 0 of 0 by shots, 2 of 3"],
            id="no shots",
        ),
        pytest.param(
            "shots",
            "from shots union all select * replace (9 as player_id) from shots",
            ["3 player-games whose shots", "player 9: made 8 of 12 by shots, no row by"],
            id="shots without a box row",
        ),
        pytest.param(
            "odds",
            "from odds union all select * replace ('x' as game_id) from odds limit 4",
            ["1 lines for a game that is not in games", "game x from book"],
            id="odds",
        ),
        pytest.param(
            "games",
            "select * replace ('Regular Season' as season_type) from games",
            ["3 games of a season_type", "game 0022100001: Regular Season"],
            id="season type",
        ),
        pytest.param(
            "shots",
            "select * replace ('2PT' as shot_type) from shots",
            ["36 shots of a shot_type", "2PT"],
            id="shot type",
        ),
        pytest.param(
            "players",
            "select *, 1 as height, 2 as weight from players",
            ["players.parquet: 2 unknown columns ignored: height, weight"],
            id="unknown",
        ),
        *(
            pytest.param(
                name,
                f"select * replace (game_date::date + 1 as game_date) from {name}",
                [
                    f"rows of {FILES[name].name} whose game_date or season",
                    "game 0022100001: 2021-10-20 in 2021-22, but 2021-10-19",
                ],
                id=f"{name} date",
            )
            for name in ("player_box", "team_box", "shots", "odds")
        ),
        pytest.param(
            "odds",
            "select * replace ('2021-22' as season) from odds",
            ["1 rows of betting_lines", "2022-10-18 in 2021-22, but 2022-10-18 in 2022-23"],
            id="season",
        ),
    ],
)
def test_an_oddity_is_a_warning_with_count_and_example(files, warehouse, name, sql, parts):
    [warning] = load(write_files(files, **{name: sql}), warehouse).warnings
    for part in parts:
        assert part in warning
    assert query(warehouse, "select count(*) from nba_raw.games") == [(3,)]


@pytest.mark.parametrize("season", ["2018-19", "2030-31"])
def test_a_game_dated_outside_its_season_is_a_warning(files, warehouse, season):
    changes = {
        name: f"select * replace ('{season}' as season) from {name}"
        for name in ("games", "player_box", "team_box", "shots", "odds")
    }
    [warning] = load(write_files(files, **changes), warehouse).warnings
    assert "3 games dated outside their season" in warning


def test_a_game_without_any_shots_is_not_covered_and_no_contradiction(files, warehouse):
    write_files(files, shots="from shots where game_id <> '0022100002'")
    assert load(files, warehouse).warnings == []


def test_unknown_points_or_counts_are_not_a_contradiction(files, warehouse):
    write_files(
        files,
        player_box="""
        select * replace (
            if(player_id = 1, null, pts) as pts, null as fgm, null as fga
        ) from player_box
    """,
    )
    assert load(files, warehouse).warnings == []


def exhibition(code: str) -> str:
    return (
        "from games union all select * replace "
        f"('0032100001' as game_id, 'all_star' as season_type, '{code}' as home_team) "
        "from games where game_id = '0022100001'"
    )


def test_a_code_of_no_seed_is_a_warning(files, warehouse):
    [warning] = load(write_files(files, games=exhibition("ZZZ")), warehouse).warnings
    assert "1 games with a team code that no seed has" in warning
    assert "ZZZ; e.g. game 0032100001" in warning


def test_a_code_of_the_seed_is_no_warning(files, warehouse, tmp_path, monkeypatch):
    for seed, codes in {"nba_teams": "BOS LAL", "non_nba_teams": "ZZZ"}.items():
        (tmp_path / f"{seed}.csv").write_text("team_abbr,kind\n" + ",\n".join(codes.split()))
    monkeypatch.setattr(raw_oddities, "SEEDS", tmp_path)
    assert load(write_files(files, games=exhibition("ZZZ")), warehouse).warnings == []
    (tmp_path / "non_nba_teams.csv").unlink()
    [warning] = load(files, warehouse).warnings
    assert "seeds/non_nba_teams.csv is not there" in warning


# --- the warehouse ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["games", "shots"])
def test_a_refused_load_leaves_no_new_warehouse(files, warehouse, name):
    """Found bad while reading (no games), and found bad inside the transaction (stray shots)."""
    bad = {"games": "from games limit 0", "shots": "select * replace ('x' as game_id) from shots"}
    with pytest.raises(UserError):
        load(write_files(files, **{name: bad[name]}), warehouse)
    assert not list(warehouse.parent.glob("*"))


def test_other_schemas_of_the_warehouse_are_left_alone(files, warehouse):
    warehouse.parent.mkdir(parents=True)
    with duckdb.connect(str(warehouse)) as con:
        con.execute("create schema other; create table other.mine as select 1 as a")
    load(write_files(files), warehouse)
    assert query(warehouse, "from other.mine") == [(1,)]


def test_a_warehouse_in_use_names_the_process(files, warehouse):
    load(write_files(files), warehouse)
    hold = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(warehouse)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        holder.stdout.readline()
        with pytest.raises(UserError, match=f"Another process .PID {holder.pid}. has it open"):
            load(files, warehouse)
        holder.communicate(b"\n")
    load(files, warehouse)


def test_a_warehouse_open_in_this_process_is_refused(files, warehouse):
    load(write_files(files), warehouse)
    with (
        duckdb.connect(str(warehouse)),
        pytest.raises(UserError, match="This process has it open too: close that connection"),
    ):
        load(files, warehouse)


@pytest.mark.parametrize("content", [b"", b"not a database " * 1000, b"SQLite format 3\0" * 300])
def test_a_file_that_is_no_database_is_refused_and_kept(files, tmp_path, content):
    warehouse = tmp_path / "notes.txt"
    warehouse.write_bytes(content)
    with pytest.raises(UserError, match="not a DuckDB database: give another path"):
        load(write_files(files), warehouse)
    assert warehouse.read_bytes() == content


def test_a_folder_is_no_warehouse(files, tmp_path):
    with pytest.raises(UserError, match="It is a folder"):
        load(write_files(files), tmp_path)


def test_a_warehouse_that_cannot_be_made_is_refused(files, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="Cannot write to the warehouse"):
        load(write_files(files), tmp_path / "file" / "nba.duckdb")


@pytest.mark.skipif(os.getuid() == 0, reason="root may write anywhere")
def test_a_warehouse_without_permission_is_refused(files, warehouse):
    load(write_files(files), warehouse)
    warehouse.chmod(0o444)
    with pytest.raises(UserError, match="Ask for the right to write there"):
        load(files, warehouse)


def test_a_stored_table_of_another_shape_is_refused(files, warehouse):
    warehouse.parent.mkdir(parents=True)
    with duckdb.connect(str(warehouse)) as con:
        con.execute("create schema nba_raw; create table nba_raw.shots as select 1 as a")
    before = stored(warehouse)
    with pytest.raises(UserError, match="tables of another shape: drop these first"):
        load(write_files(files), warehouse)
    assert stored(warehouse) == before


FILL = """
import resource, sys
from pathlib import Path
from orchestrator.errors import UserError
from orchestrator.ingest import ingest
limit = int(sys.argv[3])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    ingest(Path(sys.argv[1]), Path(sys.argv[2]), warn=print)
except UserError as error:
    print(error)
"""


def test_a_full_disk_changes_nothing(files, warehouse):
    """A limit on the size of files stands in for the disk."""
    load(write_files(files), warehouse)
    before = stored(warehouse)
    project = Path(raw_oddities.__file__).parents[1]
    for path in (warehouse, warehouse.with_name("new")):
        run = subprocess.run(
            [sys.executable, "-c", FILL, str(files), str(path), "9000"],
            cwd=project,
            capture_output=True,
            text=True,
            check=True,
        )
        assert "Cannot write to the warehouse" in run.stdout
    assert stored(warehouse) == before
    assert not list(warehouse.parent.glob("new*"))
    load(files, warehouse)
    assert os.listdir(warehouse.parent) == [warehouse.name]


# --- the real files ---------------------------------------------------------------------------


@pytest.mark.real
def test_real_files_load_whole(real_data, warehouse):
    report = load(real_data, warehouse)
    for table in RAW_TABLES:
        file = str(real_data / table.file).replace("'", "''")
        [(in_file,)] = duckdb.execute(f"select count(*) from read_parquet('{file}')").fetchall()
        [(in_table,)] = query(warehouse, f"select count(*) from nba_raw.{table.name}")
        assert in_table == in_file
        assert sum(rows for (name, _), rows in report.rows.items() if name == table.name) == in_file
    # Box scores and shots agree but for six attempts given to a team mate or counted twice.
    [warning] = report.warnings
    assert warning.startswith("6 player-games whose shots do not agree with the box score")


@pytest.mark.real
def test_real_files_load_one_season_again(real_data, warehouse):
    load(real_data, warehouse)
    totals = "select season, count(*), sum(pts), sum(hash(game_id)) from nba_raw.player_box group by 1"
    before = query(warehouse, totals + " order by 1")
    load(real_data, warehouse, "2022-23")
    assert query(warehouse, totals + " order by 1") == before
    stamps = "select season from nba_raw.shots group by 1 having max(ingested_at) ="
    newest = query(warehouse, f"{stamps} (select max(ingested_at) from nba_raw.shots)")
    assert newest == [("2022-23",)]
