"""Builds a plan's windows one by one; a date that keeps failing is quarantined, and the rest continues."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Sequence
from datetime import date

from orchestrator.core.errors import BusyError
from orchestrator.core.interrupts import Interrupts
from orchestrator.dbt.runner import RunResult
from orchestrator.plan.plan import PlannedWindow
from orchestrator.run import failures
from orchestrator.run.blame import Blame
from orchestrator.run.cells import Cells
from orchestrator.run.failures import Failure
from orchestrator.run.listeners import Listener
from orchestrator.run.lookout import Lookout
from orchestrator.run.outcome import Outcome
from orchestrator.run.patience import Patience
from orchestrator.run.tally import Tally
from orchestrator.state.coverage import Cell
from orchestrator.state.run_state import RunState
from orchestrator.warehouse.base import Warehouse


class Building:
    """The windows of one run, from the first to the last."""

    def __init__(
        self,
        warehouse: Warehouse,
        outcome: Outcome,
        max_failures: int,
        listener: Listener,
        interrupts: Interrupts,
        patience: Patience,
        lookout: Lookout,
    ):
        self._warehouse = warehouse
        self._outcome = outcome
        self._max_failures = max_failures
        self._listener = listener
        self._interrupts = interrupts
        self._patience = patience
        self._lookout = lookout
        self._cells = Cells(outcome.cells)
        self._blame = Blame(self._cells)
        self._tally = Tally(outcome.plan)
        self._quarantined = 0
        self.found_busy = False
        """Another process held the warehouse for longer than a run waits."""

    def go(self) -> None:
        """Build all windows, and record the results in the outcome."""
        outcome = self._outcome
        runner = self._lookout.dbt()
        if not runner.is_parsed:
            runner.parse()
        queue = deque(outcome.plan.windows)
        while queue:
            if self._interrupts.received:
                outcome.state = RunState.INTERRUPTED
                outcome.stopped_by = f"{self._interrupts.received.name}, between two windows"
                return
            planned = queue.popleft()
            began = time.monotonic()
            try:
                result = self._attempt(planned)
            except BusyError as error:  # no date is to blame, and the next one would fail, too
                outcome.stopped_by, self.found_busy = str(error).splitlines()[0], True
                outcome.state = RunState.INTERRUPTED if self._interrupts.received else outcome.state
                return
            if self._interrupts.cancelled:
                raise KeyboardInterrupt
            if not result.success and failures.is_environment(result.messages):
                outcome.stopped_by = f"{failures.cause(result.messages)}: make room, then resume"
                return
            context_rows = self._look_again(planned, built=result.success)
            seconds = time.monotonic() - began
            if result.success:
                absent = self._cells.unsettled(planned)
                rows = self._add_up(planned, {cell.day for cell in absent}, context_rows)
                if absent:
                    self._quarantine(planned, _without_rows(absent), seconds)
                else:
                    self._succeed(planned, rows, seconds)
            elif pieces := self._blame.pieces(planned, result):
                self._listener.halved(planned, pieces, str(result.failures[0]).splitlines()[0])
                queue.extendleft(reversed(pieces))
            else:
                self._quarantine(planned, self._blame.failures(planned, result), seconds)
            if self._quarantined >= self._max_failures and queue:
                skipped = sum(entry.window.dates for entry in queue)
                outcome.stopped_by = f"--max-failures {self._max_failures}; {skipped} dates skipped"
                return
        outcome.state = RunState.FAILED if outcome.failures or outcome.plan.blocked else RunState.FINISHED

    def _attempt(self, planned: PlannedWindow) -> RunResult:
        built: set[str] = set()

        def progressed(model: str, finished: int, total: int) -> None:
            built.add(model)
            self._listener.advanced(planned, self._tally.pace(planned, built, finished / max(total, 1)))

        return self._patience.build(
            f"window {planned.window}",
            lambda: self._lookout.dbt().build(
                planned.window, planned.tables, progressed, with_coverage=not self._lookout.view_is_complete
            ),
        )

    def _look_again(self, planned: PlannedWindow, *, built: bool) -> dict[str, int]:
        """Read the cells again, and return the window's rows by the source of their context."""
        found = self._lookout.look_again(planned, self._cells, built=built)
        self._cells.all = self._outcome.cells = found.cells
        self._listener.surveyed(found.cells)
        return found.context_rows

    def _add_up(self, planned: PlannedWindow, absent: set[date], context_rows: dict[str, int]) -> int:
        """Count the built dates of a window, and return their rows."""
        outcome = self._outcome
        self._tally.add_rows(cell for cell in self._cells.of(planned) if cell.day not in absent)
        rows = self._tally.rows - outcome.rows
        outcome.dates += planned.window.dates - len(absent)
        outcome.rows += rows
        outcome.context_rows = dict(Counter(outcome.context_rows) + Counter(context_rows))
        return rows

    def _succeed(self, planned: PlannedWindow, rows: int, seconds: float) -> None:
        self._outcome.succeeded.append(planned)
        self._tally.add_window(planned)
        self._listener.succeeded(planned, rows, seconds, self._tally.pace())

    def _quarantine(self, planned: PlannedWindow, found: list[Failure], seconds: float) -> None:
        unsettled = {(cell.table, cell.day) for cell in self._cells.unsettled(planned)}
        lasting = [failure for failure in found if (failure.table, failure.day) in unsettled]
        if lasting:
            run_id = self._outcome.run.run_id
            self._patience.until_free(lambda: failures.record(self._warehouse, run_id, lasting))
            self._look_again(planned, built=False)
        self._outcome.failures += found
        self._quarantined += 1
        self._tally.add_window(planned)
        self._listener.quarantined(planned, found, seconds)


def _without_rows(absent: Sequence[Cell]) -> list[Failure]:
    return [
        Failure(
            cell.table,
            cell.day,
            failures.NO_ROWS_CAME,
            f"the run succeeded, but the date is {cell.state} ({cell.reason})",
            None,
        )
        for cell in absent
    ]
