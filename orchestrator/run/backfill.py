"""The backfill: survey, plan, build window by window, and check in the database that the rows exist.

A window that fails is halved until the bad date stands alone; that date is quarantined with its error, and
the rest continues. Only the warehouse (its receipts) decides what is done, so a run may be stopped, killed or
repeated at any time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from orchestrator.core.errors import UserError
from orchestrator.core.interrupts import Interrupts
from orchestrator.dbt.runner import MakeRunner, Runner
from orchestrator.plan.cost import bytes_of, refuse_beyond
from orchestrator.plan.plan import Plan
from orchestrator.plan.request import Request
from orchestrator.run.building import Building
from orchestrator.run.cells import Cells
from orchestrator.run.listeners import Listener, Listeners, Recorder, RunLog
from orchestrator.run.lookout import Lookout
from orchestrator.run.outcome import Outcome, Run, new_run
from orchestrator.run.patience import Patience
from orchestrator.run.rebuilt import Before
from orchestrator.state.lock import held
from orchestrator.state.progress_file import ProgressFile
from orchestrator.state.run_state import RunState
from orchestrator.warehouse.base import Warehouse

MAX_FAILURES = 10


@dataclass(frozen=True)
class Settings:
    """Limits and permissions of a backfill."""

    max_failures: int = MAX_FAILURES
    """Stop after quarantining this many dates."""
    check_inputs: bool = True
    max_bytes: int | None = None
    """Refuse a plan that reads more, where reading is billed."""
    allow_empty: bool = False
    """Build even a plan that removes all rows of many dates."""


def backfill(
    warehouse: Warehouse,
    request: Request,
    settings: Settings = Settings(),
    listener: Listener | None = None,
    confirm: Callable[[Plan], bool] = lambda plan: True,
    make_runner: MakeRunner = Runner,
) -> Outcome:
    """Build what the request selects.

    `confirm` gets the plan before anything is built, and may decline. Raises HeldError when another backfill
    holds the warehouse, UserError when the warehouse cannot be read or prepared.
    """
    warehouse.check()
    run = new_run(warehouse, request)
    progress = ProgressFile(warehouse)
    everyone = Listeners(Recorder(progress), RunLog(run.log), listener or Listener())
    with held(warehouse), Interrupts(lambda name: everyone.interrupted(name, run)) as interrupts:
        everyone.began(run)
        execution = _Execution(warehouse, run, request, settings, everyone, interrupts, progress, make_runner)
        outcome = execution.outcome
        try:
            execution.go(confirm)
        except (Exception, KeyboardInterrupt) as error:
            # dbt and DuckDB answer the second Ctrl-C with errors of their own ("Query interrupted").
            if not interrupts.cancelled:
                outcome.state, outcome.stopped_by = RunState.STOPPED, str(error) or repr(error)
                raise
            execution.cancelled()
        finally:
            interrupts.close()
            everyone.ended(outcome)
    return outcome


class _Execution:
    """One run, from the survey to the report."""

    def __init__(
        self,
        warehouse: Warehouse,
        run: Run,
        request: Request,
        settings: Settings,
        listener: Listener,
        interrupts: Interrupts,
        progress: ProgressFile,
        make_runner: MakeRunner,
    ):
        self._warehouse = warehouse
        self._request = request
        self._settings = settings
        self._listener = listener
        self._interrupts = interrupts
        self._progress = progress
        self._patience = Patience(interrupts, listener)
        self._lookout = Lookout(warehouse, make_runner, run.run_id, self._patience)
        self._building: Building | None = None
        self._began = time.monotonic()
        self.outcome = Outcome(Plan(), run, request)

    def go(self, confirm: Callable[[Plan], bool]) -> None:
        """Survey, plan, build."""
        outcome = self.outcome
        found = self._lookout.survey(self._request, check_inputs=self._settings.check_inputs)
        outcome.plan, outcome.cells = found.plan(self._request), found.cells
        if not outcome.plan.windows:
            outcome.state = RunState.FAILED if outcome.plan.blocked else RunState.NOTHING_TO_DO
        else:
            self._listener.surveyed(found.cells)
            read = bytes_of(self._warehouse, outcome.plan, self._lookout.dbt)
            windows = [planned.window for planned in outcome.plan.windows]
            self._listener.planned(outcome.plan, self._progress.estimate(windows), read)
            refuse_beyond(self._settings.max_bytes, read)
            emptied = outcome.plan.emptied
            if emptied and emptied.is_too_much and not self._settings.allow_empty:
                outcome.stopped_by = emptied.refusal
            elif confirm(outcome.plan):
                self._build()
            else:
                outcome.state = RunState.DECLINED
        self._finish()

    def cancelled(self) -> None:
        """Handle a second Ctrl-C: finished windows stay, the current one was rolled back."""
        self._lookout.release()
        outcome = self.outcome
        outcome.state, outcome.exit_code = RunState.INTERRUPTED, self._interrupts.exit_code
        assert self._interrupts.received, "only a second signal cancels"
        outcome.stopped_by = f"{self._interrupts.received.name}, twice"
        with suppress(UserError):  # cancelled before the views were made: nothing to report from
            self._finish()

    def _build(self) -> None:
        outcome = self.outcome
        self._building = Building(
            self._warehouse,
            outcome,
            self._settings.max_failures,
            self._listener,
            self._interrupts,
            self._patience,
            self._lookout,
        )
        with Before(self._warehouse, Cells(outcome.cells), outcome.plan.windows) as before:
            self._building.go()
            outcome.rebuilt = before.compared(outcome.succeeded)

    def _finish(self) -> None:
        outcome = self.outcome
        signal = self._interrupts.received
        if signal and outcome.state in (RunState.STOPPED, RunState.DECLINED) and not outcome.stopped_by:
            outcome.state = RunState.INTERRUPTED
            outcome.stopped_by = signal.name
        outcome.seconds = time.monotonic() - self._began
        if outcome.state == RunState.INTERRUPTED:
            outcome.exit_code = self._interrupts.exit_code
        else:
            fine = (RunState.FINISHED, RunState.NOTHING_TO_DO, RunState.DECLINED)
            outcome.exit_code = 0 if outcome.state in fine else 1
        if self._building and self._building.found_busy:
            self._lookout.look_back_if_free(outcome)
        elif outcome.phase3 is None:
            self._lookout.look_back(outcome)
