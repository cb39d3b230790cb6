"""A tiny league in raw files, for tests of loading: written, broken and loaded."""

import functools
import tempfile
from pathlib import Path

import duckdb
import pytest

from orchestrator.core.errors import UserError
from orchestrator.raw.load import How, IngestReport, ingest
from orchestrator.raw.tables import RAW_TABLES

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

create table player_props as
select
    game_date, player_name, 'points' as market, 'book' as bookmaker, 4.5 as line, -110.0 as over_price,
    null::double as under_price, 'Boston Celtics' as home_team, 'Los Angeles Lakers' as away_team,
    game_date + interval '23 hours' as commence_time,
    (game_date + interval '22 hours') at time zone 'UTC' as quoted_at
from player_box;

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


def only(**queries: str) -> dict[str, str | None]:
    """These files and no others."""
    return dict.fromkeys(FILES) | queries


def stored(warehouse: Path, without: str = "") -> dict[str, list[tuple]]:
    """Every row of every table in the warehouse, seeds apart: a load replaces none of them."""
    columns = f"* exclude ({without})" if without else "*"
    with duckdb.connect(str(warehouse), read_only=True) as con:
        tables = con.execute(
            "select schema_name, table_name from duckdb_tables() where schema_name <> 'nba_reference'"
        ).fetchall()
        return {
            table: con.execute(f"select {columns} from {schema}.{table} order by all").fetchall()
            for schema, table in tables
        }


def query(warehouse: Path, sql: str) -> list[tuple]:
    with duckdb.connect(str(warehouse), read_only=True) as con:
        return con.execute(sql).fetchall()


def load(source: Path, warehouse: Path, *seasons: str, **how: object) -> IngestReport:
    heard: list[str] = []
    report = ingest(source, warehouse, How(seasons, **how), warn=heard.append)
    assert heard == report.warnings
    return report


def assert_refused(
    files: Path, warehouse: Path, *parts: str, seasons: tuple[str, ...] = (), faults: int = 1, **how: object
):
    """The load fails with a message that has all parts and so many faults, and nothing stored has changed."""
    before = stored(warehouse)
    with pytest.raises(UserError) as error:
        load(files, warehouse, *seasons, **how)
    assert stored(warehouse) == before
    said = str(error.value)
    for part in (*parts, "Nothing was changed"):
        assert part in said
    assert said.count("\n") == (0 if faults == 1 else faults), said
