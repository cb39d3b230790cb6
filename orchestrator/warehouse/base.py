"""The interface of a warehouse; the orchestrator's SQL runs on every engine."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from orchestrator.core.errors import BusyError
from orchestrator.core.sizes import described_size

if TYPE_CHECKING:
    from pyarrow import Table

LOAD_FIRST = (
    "load raw data first: `python orchestrate.py demo` makes a synthetic league, "
    "`python orchestrate.py ingest --from DIR` loads your files"
)
Statement = tuple[str, Sequence[Any]]


class Bytes(NamedTuple):
    """What queries would read, by a dry run."""

    read: int
    unknown: int
    """Queries without a dry run, because something they read does not exist yet."""

    def __str__(self) -> str:
        """Say what a plan would read."""
        text = f"reads {described_size(self.read)} by a dry run"
        if self.unknown:
            text += f", without {self.unknown} queries on tables that are not there yet"
        return text


class Connection(ABC):
    """An open warehouse. Parameters are positional, `?` in the SQL.

    Every method raises BusyError when the warehouse cannot be had just now, WrongShapeError when the SQL
    does not fit what is there, and UserError for anything else.
    """

    @abstractmethod
    def records(self, sql: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Return the rows of a query by column name."""

    @abstractmethod
    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple]:
        """Return the rows of a query."""

    def arrow(self, sql: str) -> Table:
        """Return the rows of a query as an Arrow table; only where DuckDB cannot read them itself."""
        raise NotImplementedError

    @abstractmethod
    def write(self, statements: Sequence[Statement]) -> None:
        """Carry out statements, all or none where the engine has transactions."""

    @abstractmethod
    def tables_in(self, dataset: str) -> set[str]:
        """Return the names of a dataset's tables and views; none when there is no such dataset."""

    def has_table(self, dataset: str, name: str) -> bool:
        """Tell whether a table or view exists."""
        return name in self.tables_in(dataset)


class Warehouse(ABC):
    """Where the tables are, and the files of this machine that belong to them."""

    target: str
    """dbt's name for the engine: a target of profiles.yml."""
    bills_bytes = False
    """Does what is read cost money?"""
    load_first = LOAD_FIRST
    """What to do when there is no raw data."""

    @abstractmethod
    def __str__(self) -> str:
        """Name it as a user would."""

    @property
    @abstractmethod
    def state_folder(self) -> Path:
        """Where a backfill keeps its progress and logs; losing it costs nothing."""

    @property
    @abstractmethod
    def lock_path(self) -> Path:
        """The file that one backfill at a time holds locked; not in the state folder, which may go."""

    @abstractmethod
    def check(self) -> None:
        """Raise UserError, saying what to do, when it is not there at all."""

    @abstractmethod
    def fingerprint(self) -> str | None:
        """Return a value that changes with every write; None when only a query can tell."""

    @abstractmethod
    def reading(self) -> AbstractContextManager[Connection]:
        """Open it to read."""

    @abstractmethod
    def writing(self) -> AbstractContextManager[Connection]:
        """Open it to write."""

    def busy(self, message: str) -> BusyError | None:
        """Return the error to raise if dbt's message means that another process holds the warehouse."""
        return None

    @contextmanager
    def lease(self, holder: dict[str, Any]) -> Generator[None]:
        """Keep out backfills of other machines; HeldError names the holder. A file needs only its lock."""
        yield

    def planned_bytes(self, queries: Sequence[str]) -> Bytes:
        """Return the bytes that queries would read; only where `bills_bytes`."""
        raise NotImplementedError
