"""Finds the date that makes a window fail, by halving the window until the date stands alone."""

from __future__ import annotations

from orchestrator.core.registry import MADE_FROM
from orchestrator.core.windows import cut, halves
from orchestrator.dbt.runner import ModelFailure, RunResult
from orchestrator.plan.plan import PlannedWindow
from orchestrator.run import failures
from orchestrator.run.cells import Cells
from orchestrator.run.failures import Failure
from orchestrator.state.coverage import SETTLED


class Blame:
    """Splits failed windows, and lists the failures of those that cannot be split."""

    def __init__(self, cells: Cells):
        self._cells = cells
        self._poisoned: dict[int, tuple] = {}
        """Seasons whose history breaks every later date, with the failure."""

    def pieces(self, planned: PlannedWindow, result: RunResult) -> list[PlannedWindow]:
        """Return two windows to try instead; none for a single date, or when no date is to blame."""
        window = planned.window
        if window.dates < 2 or failures.is_systemic(result.messages):
            return []
        days = self._cells.days_of(planned)
        season, last = self._cells.season_of(days[0]), self._cells.season_of(days[-1])
        if season in self._poisoned:
            if season != last:
                own = sum(self._cells.season_of(day) == season for day in days)
                return [planned._replace(window=piece) for piece in cut(window, days, own)]
            if _signature(result.failures[0]) == self._poisoned[season]:
                return []
        return [planned._replace(window=half) for half in halves(window, self._cells.schedule)]

    def failures(self, planned: PlannedWindow, result: RunResult) -> list[Failure]:
        """Return a failure for each (table, date) of the window that did not succeed."""
        own = {failure.model: failure for failure in result.failures}
        first = result.failures[0]
        if first.folder not in (None, "phase4", "coverage"):
            # Later dates of the season read the same history: try the rest of it once, not in halves.
            day = self._cells.days_of(planned)[0]
            self._poisoned.setdefault(self._cells.season_of(day), _signature(first))
        found = []
        for cell in self._cells.of(planned):
            if cell.table in result.succeeded or (cell.state in SETTLED and not cell.expected):
                continue
            kind = failures.ERROR if cell.table in own else failures.SKIPPED
            needed = (cell.table, *MADE_FROM.get(cell.table, ()))
            cause = next((own[table] for table in needed if table in own), first)
            found.append(Failure(cell.table, cell.day, kind, str(cause), cause.sql_path))
        return found


def _signature(failure: ModelFailure) -> tuple:
    return failure.model, failure.message.splitlines()[0]
