"""Reading the DuckDB warehouse, with errors that say what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from orchestrator.errors import UserError

LOAD_FIRST = (
    "load raw data first: `python orchestrate.py demo` makes a synthetic league, "
    "`python orchestrate.py ingest --from DIR` loads your files"
)


@contextmanager
def reading(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the warehouse read-only; UserError when it is absent, locked or not a DuckDB file."""
    if not path.exists():
        raise UserError(f"there is no warehouse at {path}: {LOAD_FIRST}")
    try:
        connection = duckdb.connect(str(path), read_only=True)
    except duckdb.Error as error:
        raise UserError(_explain(path, error)) from error
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
    found = connection.execute(
        "select count(*) from information_schema.tables where table_schema = ? and table_name = ?",
        [schema, name],
    ).fetchone()
    return bool(found and found[0])


def _explain(path: Path, error: duckdb.Error) -> str:
    text = str(error)
    if "lock" in text.lower():
        return (
            f"the warehouse {path} is in use by another process (a running backfill, an open DuckDB shell): "
            f"wait for it or close it, then try again\n  {text.splitlines()[0]}"
        )
    return f"{path} cannot be opened as a DuckDB warehouse: {text.splitlines()[0]}"
