"""`upload` sends a warehouse's raw data completely, only what is not there, and recovers from any failure."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from datetime import UTC
from pathlib import Path

import pytest
from google.api_core.exceptions import NotFound, ServiceUnavailable
from google.cloud import bigquery

from orchestrator.core.errors import UsageError, UserError
from orchestrator.raw import upload as uploading
from orchestrator.raw.tables import RAW_TABLES
from orchestrator.warehouse.bigquery_client import Access, connect
from orchestrator.warehouse.duckdb_file import DuckDBFile
from tests.bigquery.emulator import Emulator
from tests.python.test_docs import documented, paths_in
from tests.python.warehouses import PROJECT, change, copy_of, orchestrate, query, succeed

pytestmark = pytest.mark.real
SEASON = "2022-23"
# There are no bets on players in that season.
CHUNKS = {(table.name, SEASON if table.season else None) for table in RAW_TABLES if table.is_read}


@pytest.fixture(scope="module")
def raw(real_data, tmp_path_factory) -> Path:
    """One real season, and nothing built."""
    warehouse = tmp_path_factory.mktemp("raw") / "nba.duckdb"
    succeed(orchestrate(warehouse, "ingest", "--from", real_data, "--season", SEASON))
    return warehouse


@pytest.fixture
def there(emulator, request) -> Emulator:
    """A project of its own, empty at first."""
    return Emulator(emulator.url, "for-" + re.sub("[^a-z0-9]", "", request.node.name)[4:30])


@pytest.fixture(scope="module")
def uploaded(emulator, raw) -> Emulator:
    """A project with the season in it, sent by somebody in another time zone. Do not change it."""
    project = Emulator(emulator.url, "uploaded")
    result = json.loads(succeed(run_upload(raw, project, "--json", TZ="America/New_York")).stdout)
    assert {(chunk["table"], chunk["season"]) for chunk in result["loaded"]} == CHUNKS
    assert fields_of(result) == {field for field in documented("upload") if field[0] != "unchanged"}
    return project


@pytest.fixture
def living(emulator, raw) -> Emulator:
    """A project with the season in it, whatever the test before did to it."""
    project = Emulator(emulator.url, "living")
    upload_raw(raw, project)
    return project


def run_upload(warehouse: Path, there: Emulator, *options: str, **environment: str):
    """Run the command."""
    return orchestrate(warehouse, "upload", "--to", "emulator", *options, **(there.environment | environment))


def upload_raw(warehouse: Path, there: Emulator, *seasons: str, **options) -> list[tuple[str, str]]:
    """Do what the command does, in this process; return what was loaded, and why."""
    to = Access(there.client, there.project, "US")
    result = uploading.upload(DuckDBFile(warehouse), to, seasons, **options)
    return [(str(chunk), chunk.reason) for chunk in result.loaded]


def sums(ask, table) -> tuple:
    """Summarize every column of a table."""
    of = {
        "VARCHAR": "sum(length({0}))",
        "BIGINT": "sum({0})",
        "DOUBLE": "round(sum({0}), 6)",
        "BOOLEAN": "sum(case when {0} then 1 else 0 end)",
        "DATE": "sum(extract(year from {0}) * 372 + extract(month from {0}) * 31 + extract(day from {0}))",
        "TIMESTAMP": "sum(extract(day from {0}) * 24 + extract(hour from {0}))",
    }
    parts = [f"count({column.name}), {of[column.type].format(column.name)}" for column in table.columns]
    ((*found,),) = ask(f"select count(*), {', '.join(parts)} from nba_raw.{table.name}")
    return tuple(found)


def asking(warehouse: Path):
    return lambda sql: query(warehouse, sql)


def same(warehouse: Path, there: Emulator) -> bool:
    return all(sums(asking(warehouse), table) == sums(there.query, table) for table in RAW_TABLES)


def fields_of(found: dict) -> set[tuple[str, ...]]:
    """The paths of what was printed, without lists that are empty."""
    return paths_in({name: value for name, value in found.items() if value != []})


def written(there: Emulator) -> dict:
    return {
        (table, season): when
        for table, season, when in there.query(
            "select table_name, season, published_at from nba_raw.published"
        )
    }


@pytest.mark.parametrize("table", RAW_TABLES, ids=lambda table: table.name)
def test_every_column_adds_up(raw, uploaded, table):
    here = sums(asking(raw), table)
    assert here[0] > 0 or not table.is_read
    assert sums(uploaded.query, table) == here


def test_rows_are_the_same_down_to_when_they_were_ingested(raw, uploaded):
    rows = "select * from nba_raw.{} order by game_id"
    here = [(*row[:-1], row[-1].replace(tzinfo=UTC)) for row in query(raw, rows.format("games"))]
    assert uploaded.query(rows.format("games")) == here


def test_tables_have_the_declared_types(uploaded):
    for table in RAW_TABLES:
        found = uploaded.client.get_table(f"uploaded.nba_raw.{table.name}").schema
        types = {field.name: uploading.type_of(field) for field in found}
        assert types == uploading.columns_of(table), table.name


def test_the_second_time_nothing_is_loaded(raw, uploaded):
    before = written(uploaded)
    assert set(before) == CHUNKS
    result = json.loads(succeed(run_upload(raw, uploaded, "--json")).stdout)
    assert (result["loaded"], len(result["unchanged"])) == ([], len(CHUNKS))
    assert written(uploaded) == before
    assert fields_of(result) == {field for field in documented("upload") if field[0] != "loaded"}


def test_the_smoke_command_runs_on_no_rows(uploaded, tmp_path):
    """That of docs/bigquery.md, for one table: what is written to must not be cut to no rows, too."""
    page = (PROJECT / "docs" / "bigquery.md").read_text()
    (command,) = re.findall(r"^\.venv/bin/(dbt build --empty .*)$", page, re.MULTILINE)
    done = subprocess.run(
        [
            *(PROJECT / ".venv" / "bin" / part if part == "dbt" else part for part in shlex.split(command)),
            *("--select", "+team_defense_zone_analysis", "--target-path", tmp_path, "--log-path", tmp_path),
        ],
        cwd=PROJECT,
        env=os.environ | uploaded.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    for table in ("team_defense_zone_analysis", "receipts"):
        assert uploaded.query(f"select count(*) from nba_precompute.{table}") == [(0,)]


def test_loading_the_same_files_again_is_no_change(raw, uploaded, tmp_path):
    warehouse = copy_of(raw, tmp_path)
    later = "set ingested_at = ingested_at + interval 1 day"
    change(warehouse, *(f"update nba_raw.{table.name} {later}" for table in RAW_TABLES))
    assert upload_raw(warehouse, uploaded, dry_run=True) == []


def test_a_correction_reloads_one_season_of_one_table(raw, living, tmp_path):
    warehouse = copy_of(raw, tmp_path)
    change(
        warehouse,
        "insert into nba_raw.player_box by name select * replace ('2021-22' as season, "
        "game_id || 'x' as game_id) from nba_raw.player_box limit 10",
    )
    upload_raw(warehouse, living)
    before = written(living)
    assert set(before) == CHUNKS | {("player_box", "2021-22")}
    ((game, player),) = query(
        warehouse, f"select game_id, player_id from nba_raw.player_box where season = '{SEASON}' limit 1"
    )
    where = f"game_id = '{game}' and player_id = {player}"
    change(warehouse, f"update nba_raw.player_box set pts = 99 where {where}")

    corrected = [(f"player_box {SEASON}", "changed")]
    assert upload_raw(warehouse, living, dry_run=True) == corrected
    assert upload_raw(warehouse, living, "2021-22") == []
    assert written(living) == before
    assert upload_raw(warehouse, living) == corrected
    after = written(living)
    assert {chunk for chunk in after if after[chunk] != before[chunk]} == {("player_box", SEASON)}
    assert living.query(f"select pts from nba_raw.player_box where {where}") == [(99,)]
    assert same(warehouse, living)
    living.query("delete from nba_raw.player_box where season = '2021-22'")
    living.query("delete from nba_raw.published where season = '2021-22'")


def test_what_was_changed_over_there_is_put_right(raw, living):
    living.query("delete from nba_raw.shots where period = 4")
    ((chunk, reason),) = upload_raw(raw, living)
    assert chunk == f"shots {SEASON}"
    assert "were uploaded" in reason
    assert same(raw, living)


def test_seasons_that_only_bigquery_has_stay(raw, living):
    living.query(
        "insert into nba_raw.games (game_id, season, season_type, game_date) "
        "values ('old', '1999-00', 'regular', date '1999-11-02')"
    )
    said = []
    upload_raw(raw, living, warn=said.append)
    assert ["nba_raw.games has 1 rows there" in text for text in said] == [True]
    old = "from nba_raw.games where season = '1999-00'"
    assert living.query(f"select game_id {old}") == [("old",)]
    living.query(f"delete {old}")


def test_a_killed_run_is_taken_up_by_the_next(raw, there):
    process = subprocess.Popen(
        [sys.executable, PROJECT / "orchestrate.py", "upload", "--to", "emulator"],
        env=os.environ | there.environment | {"NBA_DUCKDB_PATH": str(raw)},
        stderr=subprocess.PIPE,
        text=True,
    )
    said = [process.stderr.readline(), process.stderr.readline()]
    process.kill()  # the third is under way
    process.wait()
    assert said[1].startswith("2/7")

    counts = {table.name: sums(asking(raw), table)[0] for table in RAW_TABLES}
    whole = {name: count for name, count in counts.items() if count}  # what is empty has no part to upload
    arrived = set()
    for table in _tables(there) & set(whole):
        ((rows,),) = there.query(f"select count(*) from nba_raw.{table}")
        assert rows in (0, whole[table]), table
        arrived |= {table} if rows else set()
    assert 2 <= len(arrived) < len(whole)

    assert {chunk.split()[0] for chunk, _ in upload_raw(raw, there)} == set(whole) - arrived
    assert same(raw, there)
    # What the killed run had under way goes by itself.
    for name in _tables(there) - set(counts) - {"published"}:
        assert there.client.get_table(f"{there.project}.nba_raw.{name}").expires, name


def _tables(there: Emulator) -> set[str]:
    try:
        return {table.table_id for table in there.client.list_tables("nba_raw")}
    except NotFound:
        return set()


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ("game_id string, season string", "column game_date is absent in BigQuery, DATE here"),
        ("{all}, coach string", "column coach is STRING in BigQuery, absent here"),
        ("{all_but_pts}, pts float64", "column pts is FLOAT64 in BigQuery, INT64 here"),
        ("{all_but_pts}, pts array<int64>", "column pts is ARRAY of INT64 in BigQuery, INT64 here"),
    ],
    ids=["lacks columns", "has one more", "another type", "an array"],
)
def test_a_table_of_another_shape_is_refused_and_nothing_touched(raw, emulator, columns, said):
    there = Emulator(emulator.url, f"foreign-{len(said)}-{len(columns)}")
    ours = uploading.columns_of(next(table for table in RAW_TABLES if table.name == "team_box"))
    listed = {
        "all": ", ".join(f"{name} {type_}" for name, type_ in ours.items()),
        "all_but_pts": ", ".join(f"{name} {type_}" for name, type_ in ours.items() if name != "pts"),
    }
    there.client.create_dataset("nba_raw")
    there.query(f"create table nba_raw.team_box ({columns.format(**listed)})")
    with pytest.raises(UserError, match=r"nba_raw\.team_box is not a table of this project") as refusal:
        upload_raw(raw, there)
    assert said in str(refusal.value)
    assert _tables(there) == {"team_box"}


def test_a_table_of_an_earlier_version_gets_its_new_columns(raw, there, tmp_path):
    """Those that files may lack: what is there stays, and what is known of the new columns arrives."""
    warehouse = copy_of(raw, tmp_path)
    change(warehouse, "update nba_raw.games set game_status = 'Final' where game_id like '%1'")
    upload_raw(warehouse, there)
    there.query("insert into nba_raw.games (game_id, season) values ('old', '1999-00')")
    for column in ("game_status", "arena"):
        there.query(f"alter table nba_raw.games drop column {column}")
    lacks = [(f"games {SEASON}", "no arena, game_status there yet")]

    def columns() -> set[str]:
        return {field.name for field in there.client.get_table(f"{there.project}.nba_raw.games").schema}

    before = columns()
    assert upload_raw(warehouse, there, dry_run=True) == lacks
    assert columns() == before
    assert upload_raw(warehouse, there) == lacks
    assert columns() == before | {"game_status", "arena"}
    old = "from nba_raw.games where season = '1999-00'"
    assert there.query(f"select game_id, game_status, arena {old}") == [("old", None, None)]
    there.query(f"delete {old}")
    assert there.query("select count(game_status) from nba_raw.games")[0][0] > 100
    assert same(warehouse, there)
    assert upload_raw(warehouse, there) == []


def test_a_warehouse_of_an_earlier_version_is_refused(raw, there, tmp_path):
    warehouse = copy_of(raw, tmp_path)
    change(warehouse, "alter table nba_raw.games drop column game_status")
    said = r"nba_raw\.games .* has no column game_status(.|\n)*ingest --from DIR"
    with pytest.raises(UserError, match=said):
        upload_raw(warehouse, there)
    assert _tables(there) == set()


def test_a_dry_run_makes_nothing(raw, there):
    assert {reason for _, reason in upload_raw(raw, there, dry_run=True)} == {"new"}
    assert _tables(there) == set()


class _Unsteady(bigquery.Client):
    """Loses the first uploads."""

    losses = 0

    def load_table_from_file(self, *arguments, **options):
        if self.losses:
            self.losses -= 1
            raise ServiceUnavailable("try again later")
        return super().load_table_from_file(*arguments, **options)


@pytest.mark.parametrize("losses", [2, 99])
def test_lost_uploads_are_repeated_but_not_for_ever(raw, living, monkeypatch, losses):
    living.query("delete from nba_raw.players where true")
    living.client.__class__, living.client.losses = _Unsteady, losses
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda _: None)
    if losses < uploading.ATTEMPTS:
        upload_raw(raw, living)
        assert same(raw, living)
    else:
        with pytest.raises(UserError, match="Run the command again"):
            upload_raw(raw, living)
        assert living.query("select count(*) from nba_raw.players") == [(0,)]
    assert _tables(living) == {table.name for table in RAW_TABLES} | {"published"}


class _Failing(bigquery.Client):
    """Has every transaction fail at its end."""

    def query_and_wait(self, query, **options):
        return super().query_and_wait(query.replace("commit", "select error('full'); commit"), **options)


def test_a_swap_that_fails_leaves_what_was_there(raw, living, tmp_path):
    warehouse = copy_of(raw, tmp_path)
    change(warehouse, "delete from nba_raw.players where player_id % 2 = 0")
    before = written(living)
    living.client.__class__ = _Failing
    with pytest.raises(UserError, match="full"):
        upload_raw(warehouse, living)
    assert same(raw, living)
    assert written(living) == before


@pytest.mark.parametrize(
    ("season", "said"), [("2022", "Write it like 2021-22"), ("1999-00", "no raw data of 1999-00")]
)
def test_a_season_that_is_none_is_refused(raw, there, season, said):
    with pytest.raises(UsageError, match=said):
        upload_raw(raw, there, season)
    assert _tables(there) == set()


def test_a_missing_warehouse_is_one_message(there, tmp_path):
    result = run_upload(tmp_path / "none.duckdb", there)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("error: there is no warehouse at")
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("duckdb", "duckdb is not BigQuery"),
        ("snowflake", "does not have a target named 'snowflake'"),
        ("bigquery", "set NBA_BIGQUERY_PROJECT"),
    ],
)
def test_what_is_no_bigquery_is_refused(monkeypatch, target, said):
    monkeypatch.delenv("NBA_BIGQUERY_PROJECT", raising=False)
    with pytest.raises(UserError, match=said):
        connect(target)


def test_without_the_client_it_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "dbt.adapters.bigquery", None)
    with pytest.raises(UserError, match=r"pip install -r requirements-bigquery\.txt"):
        connect("emulator")
