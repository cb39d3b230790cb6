"""The DuckDB warehouse, with errors that say what to do."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.errors import InUseError, UserError

if TYPE_CHECKING:
    import duckdb

LOAD_FIRST = (
    "load raw data first: `python orchestrate.py demo` makes a synthetic league, "
    "`python orchestrate.py ingest --from DIR` loads your files"
)


@contextmanager
def reading(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the warehouse read-only; UserError when it is absent or no DuckDB file, InUseError if locked."""
    with _opened(path, read_only=True) as connection:
        yield connection


@contextmanager
def writing(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the warehouse to write; the same errors."""
    with _opened(path, read_only=False) as connection:
        yield connection


@contextmanager
def _opened(path: Path, read_only: bool) -> Iterator[duckdb.DuckDBPyConnection]:
    if not path.exists():
        raise UserError(f"there is no warehouse at {path}: {LOAD_FIRST}")
    import duckdb  # not needed to answer from the progress file

    try:
        connection = duckdb.connect(str(path), read_only=read_only)
    except duckdb.Error as error:
        raise _explained(path, error) from error
    try:
        yield connection
    except duckdb.Error as error:
        raise UserError(
            f"the warehouse {path} could not be read: {str(error).splitlines()[0]}\n"
            "  A table may be of another shape than this version makes: drop it and run the backfill again."
        ) from error
    finally:
        connection.close()


def has_table(connection: duckdb.DuckDBPyConnection, schema: str, name: str) -> bool:
    """Tell whether a table or view exists."""
    return name in tables_in(connection, schema)


def tables_in(connection: duckdb.DuckDBPyConnection, schema: str) -> set[str]:
    """Return the names of a dataset's tables and views."""
    rows = connection.execute(
        "select table_name from information_schema.tables where table_schema = ?", [schema]
    )
    return {name for (name,) in rows.fetchall()}


def fingerprint(path: Path) -> str:
    """Return the size and change time of the warehouse file and its log: equal, nobody wrote to it."""
    parts = []
    for file in (path, path.with_name(f"{path.name}.wal")):
        try:
            found = os.stat(file)
        except FileNotFoundError:
            parts.append(None)
        else:
            parts.append([found.st_size, found.st_mtime_ns, found.st_ino])
    return json.dumps(parts)


def _explained(path: Path, error: duckdb.Error) -> UserError:
    text = str(error).splitlines()[0]
    if "lock" in text.lower():
        return InUseError(
            f"the warehouse {path} is in use by another process (a running backfill, an open DuckDB shell): "
            f"wait for it or close it, then try again\n  {text}"
        )
    return UserError(f"{path} cannot be opened as a DuckDB warehouse: {text}")
