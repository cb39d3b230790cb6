"""Chooses the warehouse: a target of profiles.yml, by option or environment."""

from __future__ import annotations

import os

from orchestrator.core.errors import UsageError
from orchestrator.core.project import TARGETS, warehouse_path
from orchestrator.warehouse.base import Warehouse
from orchestrator.warehouse.duckdb_file import DuckDBFile


def warehouse_of(target: str | None = None) -> Warehouse:
    """Return the warehouse of a target; by default that of NBA_TARGET, or DuckDB (as profiles.yml has it).

    UsageError for an unknown target, UserError when it needs packages that are not installed.
    """
    target = target or os.environ.get("NBA_TARGET") or "duckdb"
    if target == "duckdb":
        return duckdb_file()
    if target not in TARGETS:
        raise UsageError(f"--target {target} is not one of {', '.join(TARGETS)}")
    from orchestrator.warehouse.bigquery_client import check_installed
    from orchestrator.warehouse.bigquery_project import BigQueryProject

    check_installed()
    return BigQueryProject(target)


def duckdb_file() -> DuckDBFile:
    """Return the DuckDB warehouse, which raw files are loaded into whatever the target."""
    return DuckDBFile(warehouse_path())
