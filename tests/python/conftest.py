"""Fixtures shared by the Python tests."""

import os
from pathlib import Path

import pytest

from tests.python.warehouses import PROJECT, copy_of, orchestrate, succeed


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of the real files; tests that need it skip where it is absent."""
    folder = Path(os.environ.get("NBA_REAL_DATA") or PROJECT.parent / "shared" / "nba")
    if not (folder / "games.parquet").is_file():
        pytest.skip(f"NO REAL DATA in {folder}: set NBA_REAL_DATA to the folder of the files")
    return folder


@pytest.fixture(scope="session")
def real_raw(real_data, tmp_path_factory) -> Path:
    """A warehouse with all the real raw data and nothing built."""
    warehouse = tmp_path_factory.mktemp("real_raw") / "nba.duckdb"
    succeed(orchestrate(warehouse, "ingest", "--from", real_data))
    return warehouse


@pytest.fixture(scope="session")
def real_built(real_raw, tmp_path_factory) -> Path:
    """The real data, backfilled over the three seasons that people know the numbers of. Do not change it."""
    warehouse = copy_of(real_raw, tmp_path_factory.mktemp("real_built"))
    succeed(orchestrate(warehouse, "backfill", "--start", "2021-10-19", "--end", "2024-04-15"))
    return warehouse


@pytest.fixture(scope="session")
def demo_raw(tmp_path_factory) -> Path:
    """A warehouse with one season of the demo league and nothing built."""
    warehouse = tmp_path_factory.mktemp("demo_raw") / "nba.duckdb"
    succeed(orchestrate(warehouse, "demo", "--seasons", "1"))
    return warehouse


@pytest.fixture(scope="session")
def demo_built(demo_raw, tmp_path_factory) -> Path:
    """The demo season, backfilled. Do not change it."""
    warehouse = copy_of(demo_raw, tmp_path_factory.mktemp("demo_built"))
    succeed(orchestrate(warehouse, "backfill"))
    return warehouse
