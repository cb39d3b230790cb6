"""The profile takes everything from the environment, in the types that dbt wants; jobs say whose they are."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest

from orchestrator.core.errors import UserError
from orchestrator.warehouse.bigquery_client import credentials_of
from tests.bigquery.emulator import Emulator
from tests.python.warehouses import PROJECT

# Variable, what it is set to, key, what dbt has of it then.
SETTINGS = [
    ("METHOD", "service-account", "method", "service-account"),
    ("KEYFILE", "/keys/nba.json", "keyfile", "/keys/nba.json"),
    ("IMPERSONATE_SERVICE_ACCOUNT", "a@b.c", "impersonate_service_account", "a@b.c"),
    ("PROJECT", "data", "database", "data"),
    ("EXECUTION_PROJECT", "bills", "execution_project", "bills"),
    ("LOCATION", "EU", "location", "EU"),
    ("PRIORITY", "batch", "priority", "batch"),
    ("MAXIMUM_BYTES_BILLED", "5000000000", "maximum_bytes_billed", 5_000_000_000),
    ("JOB_CREATION_TIMEOUT_SECONDS", "11", "job_creation_timeout_seconds", 11),
    ("JOB_EXECUTION_TIMEOUT_SECONDS", "12", "job_execution_timeout_seconds", 12),
    ("JOB_RETRIES", "13", "job_retries", 13),
    ("JOB_RETRY_DEADLINE_SECONDS", "14", "job_retry_deadline_seconds", 14),
]


@pytest.fixture
def environment(monkeypatch):
    for name in list(os.environ):
        if name.startswith("NBA_BIGQUERY_"):
            monkeypatch.delenv(name)
    return monkeypatch


def test_every_variable_arrives_in_its_type(environment):
    for variable, text, _, _ in SETTINGS:
        environment.setenv(f"NBA_BIGQUERY_{variable}", text)
    found = credentials_of("bigquery")
    for _, _, key, value in SETTINGS:
        assert (getattr(found, key), type(value)) == (value, type(value)), key
        assert isinstance(getattr(found, key), type(value)), key


def test_without_any_the_defaults_do(environment):
    found = credentials_of("bigquery")
    assert (found.method, found.priority, found.location) == ("oauth", "interactive", "US")
    assert not found.keyfile
    assert not found.impersonate_service_account
    assert found.execution_project == found.database == "set-NBA_BIGQUERY_PROJECT"
    for key in ("maximum_bytes_billed", "job_execution_timeout_seconds", "job_retries"):
        assert type(getattr(found, key)) is int
        assert getattr(found, key) > 0


def test_who_owns_the_data_pays_unless_told(environment):
    environment.setenv("NBA_BIGQUERY_PROJECT", "data")
    assert credentials_of("bigquery").execution_project == "data"


@pytest.mark.parametrize(
    ("variable", "text"),
    [("MAXIMUM_BYTES_BILLED", "10GB"), ("JOB_RETRIES", "three"), ("PRIORITY", "soon"), ("METHOD", "magic")],
)
def test_a_value_that_cannot_be_is_refused(environment, variable, text):
    environment.setenv(f"NBA_BIGQUERY_{variable}", text)
    with pytest.raises(UserError, match=text):
        credentials_of("bigquery")


def test_the_page_has_the_variables_of_the_profile_and_no_others():
    variables = re.compile("NBA_BIGQUERY_[A-Z_]+")
    profile, page = ((PROJECT / name).read_text() for name in ("profiles.yml", "docs/bigquery.md"))
    assert set(variables.findall(profile)) == set(variables.findall(page))


# --- labels ----------------------------------------------------------------------------------------

# Parsed once, then two windows, as a backfill does.
TWO_WINDOWS = """
import json, sys
from dbt.cli.main import dbtRunner
options = ["--quiet", "--target-path", sys.argv[1], "--log-path", sys.argv[1]]
parsed = dbtRunner().invoke(["parse", *options])
for start in "2022-01-10", "2022-01-17":
    given = {"start": start, "end": "2022-01-20", "run_id": "20220120T Ü/" + "x" * 80}
    done = dbtRunner(manifest=parsed.result).invoke(
        ["seed", "--select", "nba_teams", "--vars", json.dumps(given), *options]
    )
    assert done.success, done.exception
"""


def dbt(code: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(
        code, cwd=PROJECT, env=os.environ | environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_jobs_carry_run_table_and_window(emulator, tmp_path):
    there = Emulator(emulator.url, "labels")
    dbt([sys.executable, "-c", TWO_WINDOWS, str(tmp_path)], there.environment)
    jobs = [job.labels for job in there.client.list_jobs() if job.labels.get("nba_table") == "nba_teams"]
    assert {(labels["nba_window_start"], labels["nba_window_end"]) for labels in jobs} == {
        ("2022-01-10", "2022-01-20"),
        ("2022-01-17", "2022-01-20"),
    }
    assert {labels["nba_run"] for labels in jobs} == {("20220120t___" + "x" * 80)[:63]}
    assert all(labels["dbt_invocation_id"] for labels in jobs)

    manifest = json.loads((tmp_path / "manifest.json").read_text())
    callers = [
        name
        for kind in ("nodes", "macros")
        for name, node in manifest[kind].items()
        if "macro.nba_phase4.job_labels" in node["depends_on"].get("macros", [])
    ]
    assert callers == []  # or it would be part of what makes a table's logic
