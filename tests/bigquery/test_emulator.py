"""The project built on BigQuery's emulator, through the real adapter, and held against DuckDB's.

One story from real data, told by fixtures that follow each other: two fortnights are built with all their
tests, the first is built again, a correction empties a date, and what dbt sent meanwhile is analyzed.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestrator.dbt.runner import reusable
from orchestrator.raw import upload as uploading
from orchestrator.warehouse.bigquery_client import Access
from orchestrator.warehouse.duckdb_file import DuckDBFile
from tests.bigquery.analyzer import Script, Statement, analyze
from tests.bigquery.both_engines import KEYS, differences, different_columns
from tests.bigquery.emulator import Emulator
from tests.bigquery.submit_locally import python_submission_helpers
from tests.python.warehouses import PROJECT, build, change, copy_of, orchestrate, prepare, query, succeed

pytestmark = pytest.mark.real

MIDWINTER = ("2022-01-10", "2022-01-23")
# The regular season, play-in without box scores, and the playoffs, whose box scores lack most columns.
SPRING = ("2023-04-04", "2023-04-17")
POSTPONED = "2022-01-15"
AROUND = ("2022-01-14", "2022-01-16")
# IND-BOS and PHI-BKN: their box scores have not come. Of the last games not even the scores have.
LATE = ("0022100618", "0042200121")

SOURCES = ("upcoming", "history")
GOOD = ("success", "pass", "no-op")
# What differs between two statements of a kind: dates, stamps, ids, names of scratch tables.
VARYING = re.compile(r"\d{4}-\d\d-\d\d( [\d:.]+)?|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|__dbt_tmp\w*")

Contents = dict[tuple[str, str], tuple[int, int]]
"""Rows and a fingerprint by table and date."""


@pytest.fixture(scope="module")
def warehouse(real_data, tmp_path_factory) -> Path:
    """DuckDB's: of two seasons what is before the last day that is built."""
    file = tmp_path_factory.mktemp("both") / "nba.duckdb"
    succeed(orchestrate(file, "ingest", "--from", real_data, "--season", "2021-22", "--season", "2022-23"))
    for table in ("games", "player_box", "team_box", "shots", "betting_lines"):
        later = f"game_date > '{SPRING[1]}' or season = '2021-22' and game_date > '{MIDWINTER[1]}'"
        change(file, f"delete from nba_raw.{table} where {later}")
    for table in ("player_box", "team_box", "shots"):
        change(file, f"delete from nba_raw.{table} where game_id in {LATE} or game_date = '{SPRING[1]}'")
    change(
        file,
        f"update nba_raw.games set home_score = null, away_score = null where game_date = '{SPRING[1]}'",
    )
    return file


@pytest.fixture(scope="module")
def there(emulator, warehouse) -> Emulator:
    """BigQuery's: a project of its own with the same raw data."""
    there = Emulator(emulator.url, "both-engines")
    upload_raw(warehouse, there)
    return there


def upload_raw(warehouse: Path, there: Emulator) -> None:
    uploading.upload(DuckDBFile(warehouse), Access(there.client, there.project, "US"))


class Dbt:
    """dbt on the emulator in this process, parsed once, without a window: a second one must not need it."""

    def __init__(self, there: Emulator, folder: Path) -> None:
        self._there = there
        self._options = [
            "--quiet", "--target", "emulator", "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT),
            "--target-path", str(folder), "--log-path", str(folder),
        ]  # fmt: skip
        self.manifest = None
        self.manifest = self._invoke("parse")

    def run(self, command: str, window: tuple[str, str], *arguments: str) -> list[str]:
        """Return the kinds of the nodes that ran; each must have succeeded."""
        variables = json.dumps(dict(zip(("start", "end"), window, strict=True)))
        results = self._invoke(command, "--vars", variables, *arguments).results
        wrong = [f"{result.node.name}: {result.message}" for result in results if result.status not in GOOD]
        assert not wrong
        return [str(result.node.resource_type) for result in results]

    def _invoke(self, *arguments: str) -> Any:
        from dbt.adapters.bigquery import BigQueryAdapter
        from dbt.cli.main import dbtRunner

        with pytest.MonkeyPatch.context() as patch:
            for name, value in self._there.environment.items():
                patch.setenv(name, value)
            patch.setattr(BigQueryAdapter, "python_submission_helpers", python_submission_helpers)
            parsed = reusable(self.manifest) if self.manifest else None
            done = dbtRunner(manifest=parsed).invoke([*arguments, *self._options])
        assert done.result, done.exception
        return done.result


@pytest.fixture(scope="module")
def dbt(there, tmp_path_factory) -> Dbt:
    return Dbt(there, tmp_path_factory.mktemp("target"))


@pytest.fixture(scope="module")
def built(dbt, warehouse) -> Counter:
    """Both fortnights, on both engines: how many nodes dbt ran on the emulator, by kind."""
    prepare(warehouse)
    for window in (MIDWINTER, SPRING):
        build(warehouse, *window, prepared=True)
    ran = dbt.run("build", MIDWINTER)
    # Unit tests know no window.
    return Counter(ran + dbt.run("build", SPRING, "--exclude-resource-type", "unit_test"))


@pytest.fixture(scope="module")
def compared(built, there, warehouse) -> dict[str, dict[str, int]]:
    """What the engines then differ in."""
    return differences(there, warehouse)


@pytest.fixture(scope="module")
def exported(compared, there, warehouse, tmp_path_factory) -> tuple[Path, Path]:
    """What `export` writes from each engine."""
    folder = tmp_path_factory.mktemp("exported")
    for name, environment in (("duckdb", {}), ("bigquery", there.environment | {"NBA_TARGET": "emulator"})):
        done = orchestrate(warehouse, "export", "--to", folder / name, "--what", "all", **environment)
        succeed(done)
    return folder / "duckdb", folder / "bigquery"


@pytest.fixture(scope="module")
def again(dbt, compared, exported, there) -> tuple[Contents, ...]:
    """What the tables hold before the first fortnight is built again and after, without stamps and with."""
    before = contents(there), contents(there, stamps=True)
    dbt.run("run", MIDWINTER)
    return *before, contents(there), contents(there, stamps=True)


@pytest.fixture(scope="module")
def corrected(dbt, again, there, warehouse) -> tuple[Contents, Contents, dict[str, dict[str, int]]]:
    """What the tables hold before and after a day's games are gone; and what the engines then differ in."""
    for table in ("games", "player_box", "team_box", "shots", "betting_lines"):
        change(warehouse, f"delete from nba_raw.{table} where game_date = '{POSTPONED}'")
    build(warehouse, *AROUND, prepared=True)
    before = contents(there, stamps=True)
    upload_raw(warehouse, there)
    dbt.run("run", AROUND)
    return before, contents(there, stamps=True), differences(there, warehouse)


def contents(there: Emulator, stamps: bool = False) -> Contents:
    """Fingerprint what each table has of each date."""
    found = {}
    for table in KEYS:
        stamped = "built_at, run_id" if table == "receipts" else "built_at"
        columns = "*" if stamps else f"* except ({stamped})"
        for day, *content in there.query(
            "select analysis_date, count(*),"
            " bit_xor(cast(concat('0x', substr(to_hex(md5(to_json_string(t))), 1, 15)) as int64))"
            f" from (select {columns} from nba_precompute.{table}) as t group by analysis_date"
        ):
            found[table, str(day)] = tuple(content)
    return found


def within(contents: Contents, window: tuple[str, str]) -> Contents:
    return {(table, day): found for (table, day), found in contents.items() if window[0] <= day <= window[1]}


def without(contents: Contents, window: tuple[str, str]) -> Contents:
    inside = within(contents, window)
    return {place: found for place, found in contents.items() if place not in inside}


def test_everything_runs_and_every_test_passes(built, dbt):
    """Twice: whatever did not succeed has failed the fixture."""
    # Tests of a disabled model are among the nodes, disabled; ephemeral models run within their readers.
    run = [
        node
        for node in dbt.manifest.nodes.values()
        if node.config.enabled and node.config.materialized != "ephemeral"
    ]
    kinds = Counter(str(node.resource_type) for node in run)
    assert kinds["model"] > 30
    assert kinds["test"] > 300
    assert built == {
        "model": 2 * kinds["model"],
        "seed": 2 * kinds["seed"],
        "test": 2 * kinds["test"],
        "unit_test": len(dbt.manifest.unit_tests),
        "operation": 2 * kinds["operation"],
        "exposure": 2 * len(dbt.manifest.exposures),
    }


def test_both_engines_hold_the_same(compared, warehouse):
    """Keys, values to nine digits, and the hashes of content and inputs."""
    assert compared == {}
    kinds = "select distinct context_source, missing_games_count > 0 from nba_precompute.ml_feature_store"
    assert set(query(warehouse, kinds)) == {(source, late) for source in SOURCES for late in (True, False)}


def test_a_difference_in_the_ninth_digit_is_noticed(compared, there, warehouse, tmp_path):
    changed = copy_of(warehouse, tmp_path)
    player = "where analysis_date = '2022-01-14' and player_lookup = 'stephencurry'"
    day = "where analysis_date = '2022-01-14'"
    change(
        changed,
        f"update nba_precompute.player_daily_cache set team_pace_last_10 = team_pace_last_10 + 1e-6 {player}",
        f"update nba_precompute.ml_feature_store set features = [x + 1e-6 for x in features] {player}",
        f"delete from nba_precompute.team_defense_zone_analysis {day} and team_abbr = 'LAL'",
        f"update nba_precompute.receipts set input_hash = 'another' {day}",
    )
    assert differences(there, changed) == {
        "team_defense_zone_analysis": {"keys": 1},
        "player_daily_cache": {"team_pace_last_10": 1},
        "ml_feature_store": {"features": 1},
        "receipts": {"input_hash": 6},
    }


def test_both_engines_export_the_same(exported):
    files, others = (json.loads((folder / "manifest.json").read_text())["files"] for folder in exported)
    for table, key in {"training_set": "row_id", "ml_feature_store": KEYS["ml_feature_store"]}.items():
        with duckdb.connect() as connection:
            for name, folder in zip(("duck", "bigquery"), exported, strict=True):
                connection.execute(f"create view {name} as from '{folder}/{table}/*.parquet'")
            found = different_columns(connection, "duck", key)
        assert {name: count for name, count in found.items() if count} == {}, table
    assert len(files) > 20
    hashes = [{path: about["content_hash"] for path, about in one.items()} for one in (files, others)]
    assert hashes[0] == hashes[1]


def test_built_again_only_the_stamps_differ(again):
    before, stamped_before, after, stamped_after = again
    assert after == before
    assert without(stamped_after, MIDWINTER) == without(stamped_before, MIDWINTER) != {}
    rebuilt = within(stamped_before, MIDWINTER)
    assert {table for table, _ in rebuilt} == set(KEYS)
    assert all(stamped_after[place] != found for place, found in rebuilt.items())


def test_a_correction_empties_a_date(corrected):
    """All tables, receipts too: where there is no game any more, none is due."""
    before, after, _ = corrected
    day = (POSTPONED, POSTPONED)
    assert {table for table, _ in within(before, day)} == set(KEYS)
    assert within(after, day) == {}


def test_a_correction_leaves_other_dates_alone(corrected):
    before, after, _ = corrected
    assert without(after, AROUND) == without(before, AROUND) != {}


def test_both_engines_hold_the_same_after_a_correction(corrected):
    *_, found = corrected
    assert found == {}


@pytest.fixture(scope="module")
def sent(corrected, dbt, there) -> list[Script]:
    """What dbt sent, in its order, of each kind of statement the first.

    Without unit tests: each is a model that is among the rest, over rows that dbt writes out, on which the
    analyzer spends a minute.
    """
    unit_tests = {test.name for test in dbt.manifest.unit_tests.values()}
    queries: dict[str, str] = {}
    for job in reversed(list(there.client.list_jobs())):
        if job.job_type == "query" and "dbt_invocation_id" in job.labels:
            comment, sql = re.match(r"/\* (.*?) \*/(.*)", job.query, re.DOTALL).groups()
            if json.loads(comment)["nba_table"] not in unit_tests:
                queries.setdefault(VARYING.sub("?", sql), sql)
    return [Script(str(number), query) for number, query in enumerate(queries.values())]


@pytest.fixture(scope="module")
def analyzed(bigquery_python, sent, there) -> list[Statement]:
    """The same, analyzed, over the tables that no statement makes: those that were loaded."""
    loaded = ["nba_intermediate.int_ml_features"]
    for dataset in ("nba_raw", "nba_reference"):
        loaded += [f"{dataset}.{table.table_id}" for table in there.client.list_tables(dataset)]
    declared = []
    for name in loaded:
        schema = there.client.get_table(f"{there.project}.{name}").schema
        columns = ", ".join(f"{field.name} {uploading.type_of(field)}" for field in schema)
        declared.append(Script(name, f"create table {name} ({columns})"))
    statements = analyze(bigquery_python, [*declared, *sent], there.project)
    assert not any(statement.error for script in declared for statement in statements[script.id])
    return [statement for script in sent for statement in statements[script.id]]


def test_what_dbt_sent_is_googlesql(analyzed):
    refused = [f"{statement.error}\n{statement.sql}" for statement in analyzed if statement.error]
    assert not refused, "\n\n".join(refused)
    kinds = Counter(statement.kind for statement in analyzed)
    assert kinds["Merge"] >= 10
    assert kinds["CreateTableAsSelect"] >= 20
    assert kinds["Query"] > 300


def test_what_is_replaced_is_the_window_and_no_more(analyzed):
    """Of Phase 3 the season up to the window's end, of Phase 4 the window, both as constants."""
    replaced = {
        (read.table, read.low, read.high)
        for statement in analyzed
        if statement.kind == "Merge"
        for read in statement.reads
        if "__dbt_tmp" not in read.table
    }
    assert {table.split(".")[0] for table, *_ in replaced} == {"nba_analytics", "nba_precompute"}
    for table, low, high in replaced:
        windows = {"nba_analytics": ("2022-10-01", SPRING[1]), "nba_precompute": SPRING}
        assert (low, high) == windows[table.split(".")[0]], table
