"""The cells of a schedule, looked up by window."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import date

from orchestrator.core.windows import Window
from orchestrator.plan.plan import PlannedWindow
from orchestrator.state.coverage import SETTLED, Cell


class Cells:
    """Every (table, date) of the schedule as the warehouse last described it, ordered by day."""

    def __init__(self, found: Sequence[Cell]):
        self.all = found
        # As planned: a date that left the schedule also leaves the cells, once it is built.
        self._seasons = {cell.day: cell.season for cell in found}
        self.schedule = sorted(self._seasons)

    def season_of(self, day: date) -> int:
        """Return the season of a game date, by the schedule: 2019-20 ran into October."""
        return self._seasons[day]

    def of(self, planned: PlannedWindow) -> list[Cell]:
        """Return the cells that a window writes."""
        first, after = self._places_of(planned.window)
        return [cell for cell in self.all[first:after] if cell.table in planned.tables]

    def unsettled(self, planned: PlannedWindow) -> list[Cell]:
        """Return the cells of a window that are missing, failed or stale."""
        return [cell for cell in self.of(planned) if cell.state not in SETTLED]

    def days_of(self, planned: PlannedWindow) -> list[date]:
        """Return a window's game dates (the window may start with exhibitions)."""
        schedule, window = self.schedule, planned.window
        return schedule[bisect_left(schedule, window.start) : bisect_right(schedule, window.end)]

    def updated(self, window: Window, found: Sequence[Cell]) -> list[Cell]:
        """Return all cells, with those of a window replaced."""
        first, after = self._places_of(window)
        return [*self.all[:first], *found, *self.all[after:]]

    def _places_of(self, window: Window) -> tuple[int, int]:
        return (
            bisect_left(self.all, window.start, key=lambda cell: cell.day),
            bisect_right(self.all, window.end, key=lambda cell: cell.day),
        )
