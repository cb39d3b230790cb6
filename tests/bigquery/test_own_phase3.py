"""A warehouse with its own Phase 3, minutes unknown as in life: BigQuery gives the rows of DuckDB."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import duckdb
import pytest
import yaml
from google.cloud import bigquery

from tests.bigquery.both_engines import differences
from tests.bigquery.emulator import Emulator
from tests.python import processes
from tests.python.old_platform import (
    SOURCES,
    WHAT_THE_OLD_SOURCE_KNOWS,
    WHAT_THE_OLD_SOURCE_LACKS,
    write_old_warehouse,
)
from tests.python.warehouses import PROJECT, change, orchestrate, query, succeed

pytestmark = pytest.mark.real

# Of the first two the old platform knew the participants before the games, of the third it did not.
FIRST, LAST = "2021-12-09", "2021-12-11"
DATES = ("--start", FIRST, "--end", LAST)
LATE = "game_date = '2021-12-06' and 'MIL' in (home_team, away_team)"
THERE = {"NBA_PHASE3": "external"}


@pytest.fixture(scope="module")
def old(real_data, tmp_path_factory) -> Path:
    """The old platform's tables on DuckDB, a box score late, Phase 4 built."""
    folder = tmp_path_factory.mktemp("own_phase3")
    ours = folder / "ours" / "nba.duckdb"
    ours.parent.mkdir()
    succeed(orchestrate(ours, "ingest", "--from", real_data, "--season", "2021-22"))
    change(
        ours,
        *WHAT_THE_OLD_SOURCE_KNOWS,
        *WHAT_THE_OLD_SOURCE_LACKS,
        *(
            f"delete from nba_raw.{table} where game_date > '{LAST}'"
            for table in ("games", "player_box", "team_box", "shots", "betting_lines")
        ),
        *(
            f"delete from nba_raw.{table} where game_id in (select game_id from nba_raw.games where {LATE})"
            for table in ("player_box", "team_box", "shots")
        ),
    )
    succeed(orchestrate(ours, "backfill", *DATES))
    old = write_old_warehouse(ours, folder / "nba.duckdb")
    succeed(orchestrate(old, "backfill", *DATES, **THERE))
    return old


@pytest.fixture(scope="module")
def there(emulator, old, tmp_path_factory) -> Emulator:
    """The same tables in a project of BigQuery's, Phase 4 built there."""
    there = Emulator(emulator.url, "own-phase3")
    folder = tmp_path_factory.mktemp("uploads")
    for table, columns in tables_of_theirs().items():
        upload(old, there, table, columns, folder / f"{table}.parquet")
    program = [
        str(PROJECT / "tests" / "bigquery" / "submit_locally.py"),
        "orchestrate.py",
        "backfill",
        *DATES,
    ]
    state = {"NBA_STATE_DIR": str(folder)}
    succeed(processes.run(program, os.environ | there.environment | THERE | state))
    return there


def tables_of_theirs() -> dict[str, dict[str, str]]:
    """Return BigQuery's columns and types by `dataset.table`, as the sources declare them."""
    return {
        f"{'nba_raw' if source['name'].endswith('_raw') else 'nba_analytics'}.{table['name']}": {
            column["name"]: column["data_type"] for column in table["columns"]
        }
        for source in yaml.safe_load(SOURCES.read_text())["sources"]
        for table in source["tables"]
    }


def upload(old: Path, there: Emulator, table: str, columns: dict[str, str], file: Path) -> None:
    """Create a table as declared and load the rows of the DuckDB table of the same name."""
    there.client.create_dataset(table.split(".", maxsplit=1)[0], exists_ok=True)
    declared = ", ".join(f"{name} {type_}" for name, type_ in columns.items())
    there.query(f"create table {table} ({declared}) partition by game_date")
    # BigQuery's timestamps are moments, DuckDB's plain ones are not.
    selected = ", ".join(
        f"{name} at time zone 'UTC' as {name}" if type_ == "timestamp" else name
        for name, type_ in columns.items()
    )
    with duckdb.connect(str(old), read_only=True) as connection:
        connection.execute(f"copy (select {selected} from {table}) to '{file}' (format parquet)")
        ((rows,),) = connection.execute(f"select count(*) from {table}").fetchall()
    with file.open("rb") as content:
        there.client.load_table_from_file(
            content,
            f"{there.project}.{table}",
            job_config=bigquery.LoadJobConfig(
                source_format=bigquery.SourceFormat.PARQUET,
                schema=there.client.get_table(f"{there.project}.{table}").schema,
            ),
        ).result()
    assert there.query(f"select count(*) from {table}") == [(rows,)]
    assert rows > 0


def test_the_rows_have_what_is_to_be_compared(old):
    """Minutes unknown in most games, both kinds of context, a late box score and what it leaves unknown."""
    ((rows, no_minutes, upcoming, late, unknown_rest),) = query(
        old,
        """
        select
            count(*), count(*) filter (list_contains(data_quality_issues, 'no_minutes')),
            count(*) filter (context_source = 'upcoming'), count(*) filter (missing_games_count > 0),
            count(*) filter (days_rest is null)
        from nba_precompute.ml_feature_store
        """,
    )
    assert rows > 300
    assert no_minutes > 0.9 * rows
    assert 0 < upcoming < rows
    assert 0 < late < rows
    assert 0 < unknown_rest < rows
    minutes = "select count(minutes_played), count(*) from nba_staging.stg_nba__player_box"
    ((known, games),) = query(old, minutes)
    assert 0 < known < games / 50


def test_both_engines_hold_the_same(old, there):
    """Keys, values to nine digits, and the hashes of content and inputs."""
    assert differences(there, old) == {}


@pytest.mark.parametrize(
    ("sql", "one_of_them"),
    [
        (
            "select severity, check_name, subject, detail, game_date from nba_intermediate.phase3_preflight",
            "late_box_score",
        ),
        ("select table_name, state, analysis_date from nba_precompute.phase4_coverage", "done"),
    ],
    ids=["inputs", "coverage"],
)
def test_both_engines_say_the_same(old, there, sql, one_of_them):
    on_duckdb = Counter(query(old, sql))
    assert Counter(there.query(sql)) == on_duckdb
    assert any(one_of_them in row for row in on_duckdb)
