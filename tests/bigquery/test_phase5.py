"""The cut-over on BigQuery's emulator: tables of another system in the way, and its worker's queries."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from google.cloud import bigquery

from orchestrator.raw import upload as uploading
from orchestrator.warehouse.bigquery_client import Access
from orchestrator.warehouse.duckdb_file import DuckDBFile
from tests.bigquery.emulator import Emulator
from tests.python import processes
from tests.python.old_store import TABLES, renames, statements
from tests.python.test_phase5 import sql_of_the_page
from tests.python.warehouses import PROJECT, change, orchestrate, query, succeed
from tests.python.workers_queries import (
    COLUMNS,
    OLD_COLUMNS,
    STORE,
    as_the_worker_takes_it,
    one_player,
    players_of_a_date,
)

DAY = "2023-12-10"
ON = {"NBA_PHASE5_VIEW": "true"}
TYPES = {"VARCHAR": "STRING", "BIGINT": "INTEGER", "DOUBLE": "FLOAT"}
# Written for BigQuery: the list is a parameter.
WITH_PARAMETERS = f"""
SELECT player_lookup, {COLUMNS}
FROM `{{project}}.{STORE}`
WHERE player_lookup IN UNNEST(@players) AND game_date = @game_date AND feature_version = @feature_version
"""


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory) -> Path:
    """The demo league up to the day."""
    file = tmp_path_factory.mktemp("phase5") / "nba.duckdb"
    succeed(orchestrate(file, "demo", "--seasons", "1"))
    for table in ("games", "player_box", "team_box", "shots", "betting_lines"):
        change(file, f"delete from nba_raw.{table} where game_date > '{DAY}'")
    return file


@pytest.fixture(scope="module")
def there(emulator, warehouse) -> Emulator:
    """The raw data in a project that has the other system's tables."""
    there = Emulator(emulator.url, "phase5")
    uploading.upload(DuckDBFile(warehouse), Access(there.client, there.project, "US"))
    for dataset in {table.split(".")[0] for table in TABLES}:
        there.client.create_dataset(dataset, exists_ok=True)
    for statement in statements(bigquery=True, player=players(warehouse)[0], day=DAY):
        if not statement.startswith("create schema"):
            there.query(statement)
    return there


@pytest.fixture(scope="module")
def theirs(there) -> dict[str, list[tuple]]:
    return {table: there.query(f"select * from {table}") for table in TABLES}


@pytest.fixture(scope="module")
def refused(there, theirs, tmp_path_factory) -> tuple[subprocess.CompletedProcess[str], set[str]]:
    """What a backfill says, and the tables there are afterwards."""
    done = backfill(there, tmp_path_factory.mktemp("refused"))
    return done, tables(there)


@pytest.fixture(scope="module")
def cut_over(there, refused, tmp_path_factory) -> Emulator:
    """The other system's tables are put aside, and a date is built."""
    for statement in renames():
        there.query(statement)
    succeed(backfill(there, tmp_path_factory.mktemp("built")))
    return there


def players(warehouse: Path) -> list[str]:
    found = query(
        warehouse,
        "select distinct lower(regexp_replace(player_name, '[^A-Za-z]', '', 'g')) from nba_raw.player_box "
        f"where game_date = '{DAY}' and regexp_full_match(player_name, '[A-Za-z ]+') order by 1",
    )
    return [player for (player,) in found]


def backfill(there: Emulator, folder: Path) -> subprocess.CompletedProcess[str]:
    program = str(PROJECT / "tests" / "bigquery" / "submit_locally.py")
    return processes.run(
        [program, "orchestrate.py", "backfill", "--dates", DAY],
        os.environ | there.environment | ON | {"NBA_STATE_DIR": str(folder)},
    )


def tables(there: Emulator) -> set[str]:
    return {
        f"{dataset.dataset_id}.{table.table_id}"
        for dataset in there.client.list_datasets()
        for table in there.client.list_tables(dataset.dataset_id)
        if dataset.dataset_id != "nba_raw"
    }


def test_another_systems_tables_stop_it_before_anything_is_written(there, theirs, refused):
    done, found = refused
    assert done.returncode == 1
    assert all(table in done.stderr for table in TABLES), done.stderr
    assert (
        "ml_feature_store_v2 [NBA_PHASE5_DATASET or NBA_PHASE5_VIEW_NAME] is a table, not a view"
        in done.stderr
    )
    assert "lacks analysis_date" in done.stderr
    assert found == {*TABLES}


def test_nothing_is_lost(cut_over, theirs):
    assert {table: cut_over.query(f"select * from {table}_old") for table in TABLES} == theirs


def test_the_workers_queries_are_answered(cut_over, warehouse):
    first, second, *_ = players(warehouse)
    (row,) = cut_over.query(one_player(first, DAY))
    as_the_worker_takes_it(row)
    rows = cut_over.query(players_of_a_date([first, second, "nobody"], DAY))
    assert {player for player, *_ in rows} == {first, second}
    values = {"game_date": ("DATE", DAY), "feature_version": ("STRING", "v1_baseline_25")}
    parameters = [bigquery.ScalarQueryParameter(name, *value) for name, value in values.items()]
    parameters.append(bigquery.ArrayQueryParameter("players", "STRING", [first, second, "nobody"]))
    found = cut_over.client.query_and_wait(
        WITH_PARAMETERS.format(project=cut_over.project),
        job_config=bigquery.QueryJobConfig(query_parameters=parameters),
    )
    assert sorted(row.values() for row in found) == sorted(rows)


def test_the_view_has_the_old_columns(cut_over):
    schema = cut_over.client.get_table(f"{cut_over.project}.{STORE}").schema
    found = {field.name: (field.field_type, field.mode == "REPEATED") for field in schema}
    assert found == {
        name: (TYPES.get(type_.removesuffix("[]"), type_.removesuffix("[]")), type_.endswith("[]"))
        for name, type_ in OLD_COLUMNS.items()
    }


def test_the_page_compares_the_stores(cut_over):
    by_date, by_feature = (
        next(sql for sql in sql_of_the_page() if word in sql) for word in ("only_old", "share_equal")
    )
    ((day, old, new, only_old, only_new, old_score, _),) = cut_over.query(by_date)
    assert (str(day), old, only_old, old_score) == (DAY, 1, 0, 80)
    assert new == only_new + 1 > 50
    found = cut_over.query(by_feature.replace("2022-01-01", "2023-10-01").replace("2022-03-31", DAY))
    assert {(feature, pairs) for feature, pairs, *_ in found} == {
        ("points_avg_last_5", 1),
        ("points_avg_last_10", 1),
    }
