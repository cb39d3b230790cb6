"""The DuckDB warehouse: one file, with errors that say what to do."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.core.errors import BusyError, UserError, WrongShapeError
from orchestrator.warehouse.base import LOAD_FIRST, Connection, Statement, Warehouse

if TYPE_CHECKING:
    import duckdb

# DuckDB's message for a file that another process has open (Windows has its own), and the holder, if named.
_LOCKED = re.compile(
    r"IO Error: [^\n]*(could not set lock on file|being used by another process)", re.IGNORECASE
)
_HOLDER = re.compile(r"(?:held|open) in\s+(?P<program>\S.*?) \(PID (?P<pid>\d+)\)")
# And for a truncated, overwritten or foreign file; it may appear only when a block is read.
_DAMAGED = re.compile(
    "not a valid duckdb database|corrupt database file|could not read enough bytes"
    "|does not match stored checksum",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class DuckDBFile(Warehouse):
    """A DuckDB file, whether or not it exists yet."""

    path: Path
    target = "duckdb"

    def __str__(self) -> str:
        """Name it by its path."""
        return str(self.path)

    @property
    def state_folder(self) -> Path:
        """Beside the file."""
        return self.path.with_name(f"{self.path.name}.state")

    @property
    def lock_path(self) -> Path:
        """Beside the file."""
        return self.path.with_name(f"{self.path.name}.lock")

    def check(self) -> None:
        """Raise UserError when there is no file."""
        if not self.path.exists():
            raise UserError(f"there is no warehouse at {self.path}: {LOAD_FIRST}")

    def fingerprint(self) -> str:
        """Return the size and change time of the file and its log, which every write changes."""
        parts: list[list[int] | None] = []
        for file in (self.path, self.path.with_name(f"{self.path.name}.wal")):
            try:
                found = os.stat(file)
            except FileNotFoundError:
                parts.append(None)
            else:
                parts.append([found.st_size, found.st_mtime_ns, found.st_ino])
        return json.dumps(parts)

    @contextmanager
    def reading(self) -> Generator[Connection]:
        """Open read-only; UserError when it is absent or no DuckDB file, BusyError if locked."""
        with self._opened(read_only=True) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Generator[Connection]:
        """Open to write; the same errors."""
        with self._opened(read_only=False) as connection:
            yield connection

    @contextmanager
    def _opened(self, read_only: bool) -> Generator[Connection]:
        self.check()
        import duckdb  # not needed to answer from the progress file

        try:
            connection = duckdb.connect(str(self.path), read_only=read_only)
        except duckdb.Error as error:
            raise self.explained(error) or UserError(
                f"{self.path} cannot be opened as a DuckDB warehouse: {_first_line(error)}"
            ) from error
        try:
            yield _DuckDBConnection(connection, self)
        finally:
            connection.close()

    def busy(self, message: str) -> BusyError | None:
        """Recognize a lock by DuckDB's message, and name its holder where DuckDB does."""
        if not _LOCKED.search(message):
            return None
        found = _HOLDER.search(message)
        who = f"another process, pid {found['pid']} ({found['program']})" if found else "another process"
        return BusyError(
            f"the warehouse {self.path} is in use by {who}: wait until it ends, or close it\n"
            "  It may be a running backfill, a notebook or a DuckDB shell; even a reader keeps others from "
            "writing."
        )

    def explained(self, error: Exception) -> UserError | None:
        """Return the error for a file that is locked or damaged; None for any other error."""
        text = _first_line(error)
        if _DAMAGED.search(text):
            return UserError(
                f"{self.path} cannot be opened as a DuckDB warehouse: it is damaged or no DuckDB file:\n"
                f"  {text}\n"
                "  Restore a backup; or move the file away, load the raw data again, and run the backfill."
            )
        return self.busy(str(error))


class _DuckDBConnection(Connection):
    def __init__(self, connection: duckdb.DuckDBPyConnection, file: DuckDBFile):
        self._connection = connection
        self._file = file

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple]:
        with self._explaining():
            return self._connection.execute(sql, parameters).fetchall()

    def records(self, sql: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        with self._explaining():
            found = self._connection.execute(sql, parameters)
            names = [column[0] for column in found.description]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def write(self, statements: Sequence[Statement]) -> None:
        with self._explaining():
            self._connection.begin()
            for sql, parameters in statements:
                self._connection.execute(sql, parameters)
            self._connection.commit()

    def tables_in(self, dataset: str) -> set[str]:
        found = self.rows(
            "select table_name from information_schema.tables where table_schema = ?", [dataset]
        )
        return {name for (name,) in found}

    @contextmanager
    def _explaining(self) -> Generator[None]:
        import duckdb

        try:
            yield
        except duckdb.Error as error:
            kind = WrongShapeError if isinstance(error, duckdb.BinderException) else UserError
            raise self._file.explained(error) or kind(
                f"the warehouse {self._file} could not be read: {_first_line(error)}\n"
                "  A table may have other columns than this version expects: rename it and run the backfill "
                "again (docs/cut-over.md)."
            ) from error


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
