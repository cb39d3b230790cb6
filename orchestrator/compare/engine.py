"""DuckDB as the calculator of a comparison: with the memory limit of a backfill, and a place to spill to."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from orchestrator.core import sql_text
from orchestrator.core.errors import UserError
from orchestrator.warehouse.duckdb_file import DuckDBFile

MEMORY = "1GB"
"""As profiles.yml has it."""


@contextmanager
def engine() -> Generator[duckdb.DuckDBPyConnection]:
    """Open a database in memory; UserError for what goes wrong in it."""
    with TemporaryDirectory(prefix="nba-compare-") as scratch, duckdb.connect() as con:
        con.execute("set preserve_insertion_order = false")
        con.execute(f"set memory_limit = {sql_text.text(os.environ.get('NBA_DUCKDB_MEMORY', MEMORY))}")
        con.execute(f"set temp_directory = {sql_text.text(scratch)}")
        try:
            yield con
        except duckdb.Error as error:
            raise UserError(f"the rows could not be compared: {sql_text.reason(error)}") from error


def attach(con: duckdb.DuckDBPyConnection, path: Path, alias: str) -> None:
    """Attach a warehouse, read-only; UserError when it is none, BusyError when somebody writes to it."""
    file = DuckDBFile(path)
    try:
        con.execute(f"attach {sql_text.text(str(path))} as {alias} (read_only, type duckdb)")
    except duckdb.Error as error:
        raise file.explained(error) or UserError(
            f"{path} cannot be opened as a DuckDB warehouse: {sql_text.reason(error)}"
        ) from error
