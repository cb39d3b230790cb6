"""The DuckDB warehouse: one file, with errors that say what to do."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.errors import BusyError, UserError, WrongShapeError
from orchestrator.warehouse import LOAD_FIRST, Connection, Statement, Warehouse

if TYPE_CHECKING:
    import duckdb


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
        """Return the size and change time of the file and its log: equal, nobody wrote to it."""
        parts = []
        for file in (self.path, self.path.with_name(f"{self.path.name}.wal")):
            try:
                found = os.stat(file)
            except FileNotFoundError:
                parts.append(None)
            else:
                parts.append([found.st_size, found.st_mtime_ns, found.st_ino])
        return json.dumps(parts)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open read-only; UserError when it is absent or no DuckDB file, BusyError if locked."""
        with self._opened(read_only=True) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open to write; the same errors."""
        with self._opened(read_only=False) as connection:
            yield connection

    @contextmanager
    def _opened(self, read_only: bool) -> Iterator[Connection]:
        self.check()
        import duckdb  # not needed to answer from the progress file

        try:
            connection = duckdb.connect(str(self.path), read_only=read_only)
        except duckdb.Error as error:
            raise self._explained(error) from error
        try:
            yield _DuckDBConnection(connection, self.path)
        finally:
            connection.close()

    def _explained(self, error: duckdb.Error) -> UserError:
        text = str(error).splitlines()[0]
        if "lock" in text.lower():
            return BusyError(
                f"the warehouse {self.path} is in use by another process (a running backfill, an open DuckDB "
                f"shell): wait for it or close it, then try again\n  {text}"
            )
        return UserError(f"{self.path} cannot be opened as a DuckDB warehouse: {text}")


class _DuckDBConnection(Connection):
    def __init__(self, connection: duckdb.DuckDBPyConnection, path: Path):
        self._connection = connection
        self._path = path

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple]:
        return self._execute(sql, parameters).fetchall()

    def records(self, sql: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        found = self._execute(sql, parameters)
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def write(self, statements: Sequence[Statement]) -> None:
        self._connection.begin()
        for sql, parameters in statements:
            self._execute(sql, parameters)
        self._connection.commit()

    def tables_in(self, dataset: str) -> set[str]:
        found = self.rows(
            "select table_name from information_schema.tables where table_schema = ?", [dataset]
        )
        return {name for (name,) in found}

    def view_sql(self, dataset: str, view: str) -> str:
        found = self.rows(
            "select sql from duckdb_views() where schema_name = ? and view_name = ?", [dataset, view]
        )
        return "".join(sql for (sql,) in found).replace('"', "")

    def _execute(self, sql: str, parameters: Sequence[Any]) -> duckdb.DuckDBPyConnection:
        import duckdb

        try:
            return self._connection.execute(sql, parameters)
        except duckdb.Error as error:
            kind = WrongShapeError if isinstance(error, duckdb.BinderException) else UserError
            raise kind(
                f"the warehouse {self._path} could not be read: {str(error).splitlines()[0]}\n"
                "  A table may be of another shape than this version makes: drop it and run the backfill "
                "again."
            ) from error
