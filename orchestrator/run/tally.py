"""Counts what a run has done, and estimates when it will finish."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Iterable

from orchestrator.core.registry import ALL_TABLES, EXCLUSIONS
from orchestrator.plan.plan import Plan, PlannedWindow
from orchestrator.state.coverage import Cell
from orchestrator.state.pace import Pace, TablePace


class Tally:
    """Counts the finished part of a plan, from the moment it is made."""

    def __init__(self, plan: Plan):
        self._plan = plan
        self._since = time.monotonic()
        self._dates = 0
        self._dates_by_table: Counter[str] = Counter()
        self._rows_by_table: Counter[str] = Counter()
        self._total_by_table = {
            table: sum(window.dates for window, tables in plan.windows if table in tables)
            for table in ALL_TABLES
            if any(table in tables for _, tables in plan.windows)
        }

    @property
    def rows(self) -> int:
        """Rows of the five tables on the dates that are done."""
        return sum(rows for table, rows in self._rows_by_table.items() if table != EXCLUSIONS)

    def add_rows(self, cells: Iterable[Cell]) -> None:
        """Count the rows of built dates."""
        for cell in cells:
            self._rows_by_table[cell.table] += cell.rows

    def add_window(self, planned: PlannedWindow) -> None:
        """Count a window that succeeded or was quarantined."""
        self._dates += planned.window.dates
        for table in planned.tables:
            self._dates_by_table[table] += planned.window.dates

    def pace(
        self, planned: PlannedWindow | None = None, built: Collection[str] = (), share: float = 0.0
    ) -> Pace:
        """Return the progress: what is done, and the share (0 to 1) of the current window."""
        in_hand = planned.window.dates if planned else 0
        done, spent = self._dates + in_hand * share, time.monotonic() - self._since
        tables = {
            table: TablePace(
                self._dates_by_table[table] + (in_hand if table in built else 0),
                total,
                self._rows_by_table[table],
            )
            for table, total in self._total_by_table.items()
        }
        eta = spent / done * (self._plan.dates - done) if done > 0 else None
        return Pace(done, self._plan.dates, self.rows, self.rows / max(spent, 1e-9), eta, tables)
