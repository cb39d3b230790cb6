"""Fixtures shared by the tests of BigQuery without BigQuery."""

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.bigquery.analyzer import Script, Statement, analyze, compiled
from tests.bigquery.emulator import Emulator, running_emulator
from tests.bigquery.python_model import on_duckdb
from tests.python import workers_queries
from tests.python.conftest import real_data, shared_folder  # noqa: F401
from tests.python.peoples_queries import QUERIES
from tests.python.warehouses import PROJECT

ENVIRONMENT = PROJECT / ".venv-bigquery"

# Files that take minutes, longest first: begun last, one of them would keep a single core busy at the end.
LONGEST = [
    "test_emulator.py", "test_orchestrator.py", "test_pruning.py", "test_upload.py", "test_own_phase3.py",
    "test_spark.py",
]  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: (*LONGEST, item.path.name).index(item.path.name))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Let the longest file have a core whenever it can use one: in the end all wait for it."""
    if item.path.name != LONGEST[0] and os.nice(0) == 0:
        os.nice(10)


@pytest.fixture(scope="session")
def bigquery_python() -> Path:
    """The Python that has emulator, analyzer and Spark; tests that need it skip where it is absent."""
    if not (ENVIRONMENT / ".installed").is_file():
        pytest.skip(f"NO {ENVIRONMENT}: run `make setup-bigquery`, which needs Python 3.13")
    return ENVIRONMENT / "bin" / "python"


@pytest.fixture(scope="session")
def emulator(bigquery_python, tmp_path_factory) -> Iterator[Emulator]:
    """BigQuery's emulator, empty at first. There is one for all tests: datasets are theirs to keep apart."""
    with running_emulator(tmp_path_factory.mktemp("emulator")) as emulator:
        yield emulator


# A fortnight of the middle of a season: what is read must begin on 1 October and end with it.
WINDOW = {"start": "2022-01-10", "end": "2022-01-23"}


@pytest.fixture(scope="session", params=["built", "external"])
def phase3(request) -> str:
    """Both ways to Phase 3: each compiles models that the other does not have."""
    return request.param


ASKED = QUERIES | workers_queries.QUERIES


@dataclass(frozen=True)
class Project:
    """All that dbt would send to BigQuery for one window, compiled and analyzed."""

    scripts: list[Script]
    statements: dict[str, list[Statement]]
    """Of each script, by its id."""
    by_hand: dict[str, list[Statement]]
    """Of what people and the old worker ask (peoples_queries.py, workers_queries.py), by its name."""


@pytest.fixture(scope="session")
def project(bigquery_python, phase3, tmp_path_factory) -> Project:
    """The project, looked at once for all tests: that takes a minute."""

    def look(folder: Path) -> None:
        scripts = compiled(WINDOW | {"phase3": phase3, "phase5_view": "true"})
        found = analyze(bigquery_python, scripts + [Script(name, sql) for name, sql in ASKED.items()])
        by_hand = {name: found.pop(name) for name in ASKED}
        (folder / "project.pickle").write_bytes(pickle.dumps(Project(scripts, found, by_hand)))

    folder = shared_folder(tmp_path_factory, f"project-{phase3}", look)
    return pickle.loads((folder / "project.pickle").read_bytes())


@pytest.fixture(scope="session")
def submissions(tmp_path_factory) -> dict[str, dict[str, Any]]:
    """What dbt hands to Google for the Python model, by submission method."""
    methods = ["serverless", "cluster", "bigframes", "severless", "cluster without NBA_DATAPROC_CLUSTER"]

    def submit(folder: Path) -> None:
        done = subprocess.run(
            [sys.executable, Path(__file__).parent / "submissions.py", *methods],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        (folder / "submissions.json").write_text(done.stdout)

    folder = shared_folder(tmp_path_factory, "submissions", submit)
    return json.loads((folder / "submissions.json").read_text())


@pytest.fixture(scope="session")
def python_model(real_data, tmp_path_factory) -> Iterator[duckdb.DuckDBPyConnection]:  # noqa: F811
    """The Python model's rows and what it makes of them: the tables `inputs` and `on_duckdb`."""
    with on_duckdb(real_data, tmp_path_factory.mktemp("python_model")) as connection:
        yield connection
