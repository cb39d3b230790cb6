"""How far a run has come."""

from __future__ import annotations

from typing import NamedTuple


class TablePace(NamedTuple):
    """How far one table has come in a run."""

    dates_done: int
    dates: int
    """Of the plan, the dates on which the table is built."""
    rows: int
    """Rows on the dates that are done."""


class Pace(NamedTuple):
    """How far a run has come; within a window, dates count as fractions."""

    dates_done: float
    dates: int
    rows: int
    rows_per_second: float
    eta_seconds: float | None
    """None before anything is done."""
    tables: dict[str, TablePace]
