"""orchestrate.py drives BigQuery as it drives DuckDB: plan, receipts, kills, busy services, exit codes.

An emulator of their own, two dates of real data with the season before them; the tests build on each other.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from google.cloud import bigquery

from tests.bigquery.emulator import Emulator, running_emulator
from tests.bigquery.proxy import Proxy, in_front_of
from tests.python import processes
from tests.python.warehouses import PROJECT, TABLES, change, orchestrate, succeed

DATES = ("2021-11-20", "2021-11-21")
LAST_LOADED = "2021-11-22"
PROGRAM = (PROJECT / "tests" / "bigquery" / "submit_locally.py", "orchestrate.py")
RECEIPTS = "select table_name, analysis_date, row_count, content_hash from nba_precompute.receipts"


@dataclass(frozen=True)
class Driven:
    """A project and what is needed to run orchestrate.py on it, through the proxy."""

    project: Emulator
    proxy: Proxy
    environment: dict[str, str]

    def start(self, *arguments: object) -> subprocess.Popen[str]:
        """Begin to run it, with Python models run in its own process."""
        return subprocess.Popen(
            [sys.executable, *(str(part) for part in (*PROGRAM, *arguments))],
            cwd=PROJECT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Run it to its end."""
        return processes.run([str(part) for part in (*PROGRAM, *arguments)], self.environment)

    def receipts(self) -> dict:
        """Return rows and content hash by table and date."""
        return {(table, str(day)): rest for table, day, *rest in self.project.query(RECEIPTS)}


@pytest.fixture(scope="module")
def driven(bigquery_python, real_data, tmp_path_factory):
    """A project, with the first weeks of a real season as raw data."""
    folder = tmp_path_factory.mktemp("driven")
    warehouse = folder / "nba.duckdb"
    succeed(orchestrate(warehouse, "ingest", "--from", real_data, "--season", "2021-22"))
    known = "where game_id not in (select game_id from nba_raw.games)"
    change(
        warehouse,
        f"delete from nba_raw.games where game_date > '{LAST_LOADED}'",
        *(f"delete from nba_raw.{table} {known}" for table in ("player_box", "team_box", "shots")),
        f"delete from nba_raw.betting_lines {known}",
    )
    with running_emulator(folder / "emulator") as project, in_front_of(project.url) as proxy:
        environment = os.environ | project.environment
        environment |= {"NBA_EMULATOR": proxy.url, "NBA_STATE_DIR": str(folder)}
        driven = Driven(project, proxy, environment | {"NBA_DUCKDB_PATH": str(warehouse)})
        succeed(driven.run("upload", "--to", "emulator"))
        yield driven


@pytest.fixture(scope="module")
def built(driven):
    """The plan for two dates, and what came of it while the service was busy now and then."""
    plan = json.loads(succeed(driven.run("plan", "--dates", ",".join(DATES), "--json")).stdout)
    driven.proxy.faults = [429, 503, 429]
    outcome = json.loads(succeed(driven.run("backfill", "--dates", ",".join(DATES), "--json")).stdout)
    return plan, outcome


def test_a_backfill_does_what_the_plan_says(driven, built):
    plan, outcome = built
    assert [(window["start"], window["end"]) for window in plan["windows"]] == [DATES]
    assert outcome["state"] == "finished"
    assert (outcome["dates_planned"], outcome["dates_landed"]) == (2, 2)
    planned = {(span["table"], day) for span in plan["build"] for day in DATES}
    assert planned == set(driven.receipts()) == {(table, day) for table in TABLES for day in DATES}
    for table in TABLES:
        found = dict(
            driven.project.query(
                f"select cast(analysis_date as string), count(*) from nba_precompute.{table} group by 1"
            )
        )
        assert found == {day: rows for (name, day), (rows, _) in driven.receipts().items() if name == table}
        assert set(found) == set(DATES) or table == "phase4_exclusions"


def test_its_jobs_carry_the_run(driven, built):
    """Whoever sees the bill can tell which run made it, and finds that run's log by its name."""
    _, outcome = built
    labels = [job.labels for job in driven.project.client.list_jobs() if job.labels.get("nba_table")]
    tables = {found["nba_table"] for found in labels if found.get("nba_run") == outcome["run_id"].lower()}
    assert tables >= set(TABLES)


def test_a_busy_service_is_asked_again(driven, built):
    assert driven.proxy.served == [429, 503, 429]


def test_then_there_is_nothing_to_do(driven, built):
    again = json.loads(succeed(driven.run("backfill", "--dates", ",".join(DATES), "--json")).stdout)
    assert (again["state"], again["dates_planned"]) == ("nothing to do", 0)


def test_a_killed_run_is_finished_by_the_next(driven, built):
    """Killed while a table in the middle is written; the rows are then those of an undisturbed run."""
    before = driven.receipts()
    process = driven.start("backfill", "--dates", ",".join(DATES), "--only", "all")

    def kill_at_the_cache(sql: str) -> None:
        if "`player_daily_cache`" in sql and "insert" in sql.lower():
            process.send_signal(signal.SIGKILL)

    driven.proxy.before_job = kill_at_the_cache
    _, err = process.communicate(timeout=400)
    driven.proxy.before_job = lambda sql: None
    assert process.returncode == -signal.SIGKILL, err
    assert "player_daily_cache" not in {table for table, _ in driven.receipts()}
    outcome = json.loads(succeed(driven.run("backfill", "--dates", ",".join(DATES), "--json")).stdout)
    assert outcome["state"] == "finished"
    assert driven.receipts() == before


def test_a_backfill_on_another_machine_keeps_this_one_out(driven, built):
    lease = bigquery.Table(
        f"{driven.project.project}.nba_precompute.backfill_lease", [bigquery.SchemaField("holder", "STRING")]
    )
    holder = {
        "host": "elsewhere",
        "pid": 7,
        "since": "2022-01-01T00:00:00",
        "command": "backfill",
    }
    lease.description = json.dumps(holder)
    lease.expires = datetime.now(UTC) + timedelta(minutes=10)
    driven.project.client.create_table(lease)
    try:
        result = driven.run("backfill", "--only", "all", "--dates", DATES[0])
        assert result.returncode == 3
        assert "elsewhere" in result.stderr
        assert "pid 7" in result.stderr
    finally:
        driven.project.client.delete_table(lease)


def test_a_plan_that_reads_too_much_is_refused(driven, built):
    driven.proxy.dry_run_bytes = 1_000_000
    before = driven.receipts()
    try:
        asked = ("--only", "all", "--dates", DATES[0])
        plan = json.loads(succeed(driven.run("plan", *asked, "--json")).stdout)
        assert plan["bytes_read"] > 10_000_000  # some thirty queries, each a million
        assert plan["bytes_read"] % 1_000_000 == 0
        assert plan["queries_unknown"] == 0
        result = driven.run("backfill", *asked, "--max-bytes", "10MB")
    finally:
        driven.proxy.dry_run_bytes = None
    assert result.returncode == 1
    assert "--max-bytes" in result.stderr
    assert "Traceback" not in result.stderr
    assert driven.receipts() == before


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("backfill", "--max-bytes", "plenty"), "not a size"),
        (("status", "--target", "snowflake"), "not one of duckdb, bigquery, emulator"),
    ],
)
def test_a_wrong_word_is_a_usage_error(driven, arguments, says):
    result = driven.run(*arguments)
    assert result.returncode == 2
    assert says in result.stderr


def test_nobody_at_the_address_is_said_soon(driven, tmp_path):
    environment = driven.environment | {"NBA_EMULATOR": "http://127.0.0.1:9", "NBA_STATE_DIR": str(tmp_path)}
    result = Driven(driven.project, driven.proxy, environment).run("status")
    assert result.returncode == 1
    assert result.stderr.startswith("error: BigQuery cannot be reached")


def test_state_stays_where_it_was_told_to(driven, built):
    folder = Path(driven.environment["NBA_STATE_DIR"])
    assert (folder / "local-project.emulator.state" / "progress.sqlite").is_file()
