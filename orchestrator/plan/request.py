"""A request: dates, seasons, tables, states."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from datetime import date
from functools import cached_property
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

from orchestrator.core.clock import today
from orchestrator.core.errors import UsageError
from orchestrator.core.registry import ALL_TABLES, EXCLUSIONS, PHASE4_TABLES
from orchestrator.core.windows import LARGEST_WINDOW
from orchestrator.state.coverage import FAILED, MISSING, STALE, STATES, UNSETTLED, Cell

# Airflow's words, and `stale`.
ONLY = {
    "missing": (MISSING,),
    "missing-and-failed": (MISSING, FAILED),
    "stale": STALE,
    "failed": (FAILED,),
    "all": STATES,
}
BY_DEFAULT = UNSETTLED


@dataclass(frozen=True)
class Request:
    """What to build; by default, everything that is missing, failed or stale."""

    start: date | None = None
    end: date | None = None
    """None: today, or the last of `dates`."""
    dates: tuple[date, ...] = ()
    """Only these; empty: no such limit."""
    seasons: tuple[int, ...] = ()
    """Only these, by start year; empty: no such limit."""
    tables: tuple[str, ...] = ALL_TABLES
    only: str | None = None
    """A key of ONLY; None: missing, failed and stale."""
    window: int = LARGEST_WINDOW
    """Game dates per dbt run, at most."""

    def __post_init__(self):
        if self.start and self.end and self.start > self.end:
            raise UsageError(f"--start {self.start} is after --end {self.end}: swap them")
        if self.only is not None and self.only not in ONLY:
            raise UsageError(f"--only {self.only} is not one of {', '.join(ONLY)}")

    @cached_property
    def until(self) -> date:
        """The last requested date; fixed at first use, should a run pass midnight."""
        return self.end or max((today(), *self.dates))

    def covers(self, cell: Cell) -> bool:
        """Tell whether the request includes the cell, whatever its state."""
        return cell.table in self.tables and self.covers_day(cell)

    def covers_day(self, cell: Cell) -> bool:
        """Tell whether the request includes the cell's date, whatever its table."""
        return (
            (not self.start or self.start <= cell.day)
            and cell.day <= self.until
            and (not self.dates or cell.day in self.dates)
            and (not self.seasons or cell.season in self.seasons)
        )

    def to_json(self) -> dict:
        """Return the request as JSON-ready data, for the progress file."""
        return {field.name: _to_json(getattr(self, field.name)) for field in fields(self)}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Request:
        """Return the request that `to_json` wrote; fields that an earlier version lacked have defaults."""
        types = get_type_hints(cls)
        return cls(
            **{
                field.name: _from_json(types[field.name], kept[field.name])
                for field in fields(cls)
                if field.name in kept
            }
        )

    @property
    def states(self) -> tuple[str, ...]:
        """The states to build."""
        return ONLY[self.only] if self.only else BY_DEFAULT


def _to_json(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_to_json(item) for item in value]
    return str(value) if isinstance(value, date) else value


def _from_json(type_: Any, value: Any) -> Any:
    """Return a JSON value in a field's type: `tuple[X, ...]`, `X | None` or `X`."""
    if value is None:
        return None
    inner = next((arg for arg in get_args(type_) if arg is not NoneType), type_)
    if get_origin(type_) is tuple:
        return tuple(_from_json(inner, item) for item in value)
    # Converts because earlier versions wrote the numbers of a list as text.
    return date.fromisoformat(value) if inner is date else inner(value)


def named_tables(names: Collection[str]) -> tuple[str, ...]:
    """Resolve table or processor names (TDZA, PSZA, PCF, PDC, MLFS), as separate items or comma-separated."""
    if not names:
        return ALL_TABLES
    short = {entry.processor.lower(): entry.table for entry in PHASE4_TABLES} | {"exclusions": EXCLUSIONS}
    found = set()
    for name in ",".join(names).split(","):
        table = short.get(name.strip().lower(), name.strip())
        if table not in ALL_TABLES:
            raise UsageError(
                f"there is no table '{name.strip()}': choose from {', '.join(ALL_TABLES)}, "
                f"or {', '.join(entry.processor for entry in PHASE4_TABLES)}"
            )
        found.add(table)
    return tuple(table for table in ALL_TABLES if table in found)


def named_dates(text: str) -> tuple[date, ...]:
    """Return the dates of '2022-01-10,2022-01-12'."""
    try:
        return tuple(date.fromisoformat(part.strip()) for part in text.split(","))
    except ValueError as error:
        what = f"{text}: {error}" if text.strip() else "is empty"
        raise UsageError(f"--dates {what}; write them as 2022-01-10,2022-01-12") from None
