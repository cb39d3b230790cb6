"""The backfill: build what the plan says, window by window, and ask the database whether it is there.

A window that fails is halved until the date that cannot be built stands alone; it is put aside with its
error and the rest goes on. What is finished is known to the warehouse alone (receipts), so that a run may be
stopped, killed or repeated at any moment.
"""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right
from collections import Counter, deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, TypeVar

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    retry_if_result,
    sleep_using_event,
    stop_after_attempt,
    stop_when_event_set,
    wait_exponential_jitter,
)

from orchestrator.core.errors import BusyError, UserError
from orchestrator.core.interrupts import Interrupts
from orchestrator.core.project import ALL_TABLES, MADE_FROM, PRECOMPUTE
from orchestrator.core.windows import Window, cut, halves
from orchestrator.plan.cost import bytes_of, refuse_beyond
from orchestrator.plan.plan import Plan, PlannedWindow
from orchestrator.plan.request import Request
from orchestrator.plan.survey import Survey, prepare, survey
from orchestrator.run import failures
from orchestrator.run.failures import Failure
from orchestrator.run.listeners import Listener, Listeners, Recorder, RunLog
from orchestrator.run.outcome import Outcome, Run, new_run
from orchestrator.run.tally import Tally
from orchestrator.state import coverage
from orchestrator.state.coverage import SETTLED, Cell
from orchestrator.state.late_games import late_games
from orchestrator.state.lock import held
from orchestrator.state.progress_file import ProgressFile

if TYPE_CHECKING:
    from orchestrator.dbt.runner import ModelFailure, Runner, RunResult
    from orchestrator.warehouse.base import Bytes, Connection, Warehouse

ATTEMPTS = 5
MAX_FAILURES = 10
Result = TypeVar("Result")


@dataclass(frozen=True)
class Settings:
    """How to go about it."""

    max_failures: int = MAX_FAILURES
    """Stop once so many dates had to be put aside."""
    check_inputs: bool = True
    max_bytes: int | None = None
    """Refuse a plan that reads more, where reading is billed."""
    allow_empty: bool = False
    """Build also a plan after which many dates that have rows have none."""


def backfill(
    warehouse: Warehouse,
    request: Request,
    settings: Settings = Settings(),
    listener: Listener | None = None,
    confirm: Callable[[Plan], bool] = lambda plan: True,
) -> Outcome:
    """Build what was asked for and is not as it should be.

    `confirm` sees the plan before anything is built, and may decline. Raises HeldError when another backfill
    holds the warehouse, UserError when it cannot be read or prepared.
    """
    warehouse.check()
    run = new_run(warehouse, request)
    progress = ProgressFile(warehouse)
    everyone = Listeners(Recorder(progress), RunLog(run.log), listener or Listener())
    with held(warehouse), Interrupts(lambda name: everyone.interrupted(name, run)) as interrupts:
        everyone.began(run)
        execution = _Execution(warehouse, run, request, settings, everyone, interrupts, progress)
        outcome = execution.outcome
        try:
            execution.go(confirm)
        except (Exception, KeyboardInterrupt) as error:
            # dbt and DuckDB answer the second Ctrl-C with errors of their own ("Query interrupted").
            if not interrupts.cancelled:
                outcome.state, outcome.stopped_by = "stopped", str(error) or repr(error)
                raise
            execution.cancelled()
        finally:
            interrupts.close()
            everyone.ended(outcome)
    return outcome


class _Execution:
    """One run, from the survey to the last window."""

    def __init__(
        self,
        warehouse: Warehouse,
        run: Run,
        request: Request,
        settings: Settings,
        listener: Listener,
        interrupts: Interrupts,
        progress: ProgressFile,
    ):
        self._warehouse = warehouse
        self._run = run
        self._settings = settings
        self._listener = listener
        self._interrupts = interrupts
        self._progress = progress
        self._began = time.monotonic()
        self._request = request
        self.outcome = Outcome(Plan(), run, request)
        self._runner: Runner | None = None
        self._view_is_complete = False
        """The coverage view knows the tables that were there when it was made: on a new warehouse, none."""
        self._in_use = False
        """The warehouse is somebody else's for now."""
        self._put_aside = 0
        self._schedule: list[date] = []
        self._seasons: dict[date, int] = {}
        """Start year of each game date's season: by the schedule, which may run into October."""
        self._poisoned: dict[int, tuple] = {}
        """Seasons whose history holds something that no later date can be computed with."""

    def go(self, confirm: Callable[[Plan], bool]) -> None:
        """Survey, plan, build."""
        request = self._request
        found = self._survey(request)
        outcome = self.outcome
        outcome.plan, outcome.cells = found.plan(request), found.cells
        # As it was planned: a date that is on the schedule no longer leaves the cells when it is built.
        self._seasons = {cell.day: cell.season for cell in found.cells}
        self._schedule = sorted(self._seasons)
        if outcome.plan.windows:
            self._listener.surveyed(found.cells)
            read = self._bytes_of(outcome.plan)
            self._listener.planned(
                outcome.plan,
                self._progress.estimate([planned.window for planned in outcome.plan.windows]),
                read,
            )
            refuse_beyond(self._settings.max_bytes, read)
            emptied = outcome.plan.emptied
            if emptied and emptied.is_too_much and not self._settings.allow_empty:
                outcome.stopped_by = emptied.refusal
            elif confirm(outcome.plan):
                self._build(outcome.plan)
            else:
                outcome.state = "declined"
        else:
            outcome.state = "failed" if outcome.plan.blocked else "nothing to do"
        self._finish()

    def cancelled(self) -> None:
        """Come out of a second Ctrl-C: what had landed has landed, the window in hand was rolled back."""
        if self._runner:
            self._runner.release()
        outcome = self.outcome
        outcome.state, outcome.exit_code = "interrupted", self._interrupts.exit_code
        outcome.stopped_by = f"{self._interrupts.received.name}, twice"
        with suppress(UserError):  # cancelled before the views were made: nothing to report from
            self._finish()

    # --- looking ---------------------------------------------------------------------------------

    def _survey(self, request: Request) -> Survey:
        check = self._settings.check_inputs
        found = self._patiently(lambda: survey(self._warehouse, request, check_inputs=check))
        if found is None:
            # Only now: importing dbt takes longer than finding that there is nothing to do.
            self._patiently(lambda: prepare(self._dbt()))
            found = self._patiently(lambda: survey(self._warehouse, request, check_inputs=check))
        if found is None:
            raise UserError(
                "the coverage view is not of this project's files: did they just change? Try again"
            )
        self._view_is_complete = {cell.table for cell in found.cells if cell.rows} >= set(ALL_TABLES)
        return found

    def _dbt(self) -> Runner:
        if self._runner is None:
            from orchestrator.dbt.runner import Runner

            self._runner = Runner(self._warehouse, self._run.run_id)
        return self._runner

    def _look_again(self, planned: PlannedWindow, *, built: bool = False) -> None:
        """Ask the database, not the exit status.

        A window that was `built` is compared with its own fingerprints, all else with those of all history.
        """
        cells = self._patiently(lambda: self._read_again(planned, built))
        if cells is None:
            # Tables that are new, and a view that was skipped because another table failed.
            self._patiently(lambda: prepare(self._dbt()))
            cells = self._patiently(lambda: self._read_again(planned, built=False))
        self.outcome.cells = cells or []
        self._view_is_complete = {cell.table for cell in self.outcome.cells if cell.rows} >= set(ALL_TABLES)
        self._listener.surveyed(self.outcome.cells)

    def _read_again(self, planned: PlannedWindow, built: bool) -> list[Cell] | None:
        """Return all cells, those of the window as they are now; None when the view has to be made first."""
        with self._warehouse.reading() as connection:
            if not self._view_is_complete and not coverage.is_current(connection):
                return None
            self._context = _context_rows(connection, planned)
            if not built:
                return coverage.read(connection)
            first, after = self._places_of(planned.window)
            cells = self.outcome.cells
            return [*cells[:first], *coverage.read_built(connection, planned.window), *cells[after:]]

    def _bytes_of(self, plan: Plan) -> Bytes | None:
        return bytes_of(self._warehouse, plan, self._dbt()) if self._warehouse.bills_bytes else None

    # --- building --------------------------------------------------------------------------------

    def _build(self, plan: Plan) -> None:
        outcome = self.outcome
        self._tally = Tally(plan)
        runner = self._dbt()
        if not runner.is_parsed:
            runner.parse()
        queue = deque(plan.windows)
        while queue:
            if self._interrupts.received:
                outcome.state = "interrupted"
                outcome.stopped_by = f"{self._interrupts.received.name}, between two windows"
                return
            planned = queue.popleft()
            began = time.monotonic()
            try:
                result = self._attempt(planned)
            except BusyError as error:  # no date is to blame, and the next one would fare no better
                outcome.stopped_by, self._in_use = str(error).splitlines()[0], True
                outcome.state = "interrupted" if self._interrupts.received else outcome.state
                return
            if self._interrupts.cancelled:
                raise KeyboardInterrupt
            if not result.success and failures.is_environment(_messages(result)):
                outcome.stopped_by = f"{failures.cause(_messages(result))}: make room, then resume"
                return
            self._look_again(planned, built=result.success)
            seconds = time.monotonic() - began
            if result.success:
                absent = self._unsettled(planned)
                rows = self._add_up(planned, {cell.day for cell in absent})
                if absent:
                    self._set_aside(planned, _without_rows(absent), seconds)
                else:
                    self._land(planned, rows, seconds)
            elif pieces := self._pieces(planned, result):
                self._listener.halved(planned, pieces, str(result.failures[0]).splitlines()[0])
                queue.extendleft(reversed(pieces))
            else:
                self._set_aside(planned, self._blamed(planned, result), seconds)
            if self._put_aside >= self._settings.max_failures and queue:
                left = sum(entry.window.dates for entry in queue)
                outcome.stopped_by = f"--max-failures {self._settings.max_failures}; {left} dates not tried"
                return
        outcome.state = "failed" if outcome.failures or plan.blocked else "finished"

    def _attempt(self, planned: PlannedWindow) -> RunResult:
        built: set[str] = set()

        def progressed(model: str, finished: int, total: int) -> None:
            built.add(model)
            self._listener.advanced(planned, self._tally.pace(planned, built, finished / max(total, 1)))

        return Retrying(
            retry=retry_if_result(
                lambda result: (
                    not result.success
                    and any(failures.is_transient(failure.message) for failure in result.failures)
                )
            )
            | retry_if_exception_type(BusyError),
            retry_error_callback=lambda state: state.outcome.result(),
            before_sleep=lambda state: self._say_retry(f"window {planned.window}", state),
            **self._patience(),
        )(
            lambda: self._dbt().build(
                planned.window, planned.tables, progressed, with_coverage=not self._view_is_complete
            )
        )

    def _add_up(self, planned: PlannedWindow, absent: set[date]) -> int:
        """Count the dates of a window that are there, and return their rows."""
        outcome = self.outcome
        self._tally.add_rows(cell for cell in self._cells_of(planned) if cell.day not in absent)
        rows = self._tally.rows - outcome.rows
        outcome.dates += planned.window.dates - len(absent)
        outcome.rows += rows
        outcome.context_rows = dict(Counter(outcome.context_rows) + Counter(self._context))
        return rows

    def _land(self, planned: PlannedWindow, rows: int, seconds: float) -> None:
        self.outcome.landed.append(planned)
        self._tally.add_window(planned)
        self._listener.landed(planned, rows, seconds, self._tally.pace())

    def _set_aside(self, planned: PlannedWindow, found: list[Failure], seconds: float) -> None:
        unsettled = {(cell.table, cell.day) for cell in self._unsettled(planned)}
        lasting = [failure for failure in found if (failure.table, failure.day) in unsettled]
        if lasting:
            self._patiently(lambda: failures.record(self._warehouse, self._run.run_id, lasting))
            self._look_again(planned)
        self.outcome.failures += found
        self._put_aside += 1
        self._tally.add_window(planned)
        self._listener.put_aside(planned, found, seconds)

    def _pieces(self, planned: PlannedWindow, result: RunResult) -> list[PlannedWindow]:
        """Return two windows to try instead; none when the window is one date, or no date is to blame."""
        window = planned.window
        if window.dates < 2 or failures.is_systemic(_messages(result)):
            return []
        days = self._days_of(planned)
        season, last = self._seasons[days[0]], self._seasons[days[-1]]
        if season in self._poisoned:
            if season == last:
                same = _signature(result.failures[0]) == self._poisoned[season]
                return [] if same else self._halves(planned)
            return self._cut_after_season(planned, season)
        return self._halves(planned)

    def _halves(self, planned: PlannedWindow) -> list[PlannedWindow]:
        return [planned._replace(window=half) for half in halves(planned.window, self._schedule)]

    def _cut_after_season(self, planned: PlannedWindow, season: int) -> list[PlannedWindow]:
        days = self._days_of(planned)
        own = sum(self._seasons[day] == season for day in days)
        return [planned._replace(window=piece) for piece in cut(planned.window, days, own)]

    def _blamed(self, planned: PlannedWindow, result: RunResult) -> list[Failure]:
        """Say for every table and date of the window that did not land what went wrong."""
        own = {failure.model: failure for failure in result.failures}
        first = result.failures[0]
        if first.folder not in (None, "phase4", "coverage"):
            # Every later date of the season reads the same history: try the rest of it once, not in halves.
            self._poisoned.setdefault(self._seasons[self._days_of(planned)[0]], _signature(first))
        found = []
        for cell in self._cells_of(planned):
            if cell.table in result.succeeded or (cell.state in SETTLED and not cell.expected):
                continue
            kind = failures.ERROR if cell.table in own else failures.SKIPPED
            needed = (cell.table, *MADE_FROM.get(cell.table, ()))
            blame = next((own[table] for table in needed if table in own), first)
            found.append(Failure(cell.table, cell.day, kind, str(blame), blame.sql_path))
        return found

    # --- small things ----------------------------------------------------------------------------

    def _cells_of(self, planned: PlannedWindow) -> list[Cell]:
        first, after = self._places_of(planned.window)
        return [cell for cell in self.outcome.cells[first:after] if cell.table in planned.tables]

    def _places_of(self, window: Window) -> tuple[int, int]:
        """Return where the window's cells begin and where they have ended."""
        cells = self.outcome.cells  # ordered by day
        return (
            bisect_left(cells, window.start, key=lambda cell: cell.day),
            bisect_right(cells, window.end, key=lambda cell: cell.day),
        )

    def _days_of(self, planned: PlannedWindow) -> list[date]:
        """Return the window's game dates (it may start with exhibitions)."""
        schedule, window = self._schedule, planned.window
        return schedule[bisect_left(schedule, window.start) : bisect_right(schedule, window.end)]

    def _unsettled(self, planned: PlannedWindow) -> list[Cell]:
        return [cell for cell in self._cells_of(planned) if cell.state not in SETTLED]

    def _patience(self) -> dict:
        return {
            "wait": wait_exponential_jitter(initial=0.5, max=30, jitter=0.5),
            "stop": stop_after_attempt(ATTEMPTS) | stop_when_event_set(self._interrupts.event),
            "sleep": sleep_using_event(self._interrupts.event),
        }

    def _patiently(self, action: Callable[[], Result]) -> Result:
        """Do it again, a few times, while the warehouse cannot be had."""
        return Retrying(
            retry=retry_if_exception_type(BusyError),
            reraise=True,
            before_sleep=lambda state: self._say_retry("waiting", state),
            **self._patience(),
        )(action)

    def _say_retry(self, what: str, state: RetryCallState) -> None:
        outcome = state.outcome
        error = str(outcome.exception()) if outcome.failed else _messages(outcome.result())
        self._listener.retrying(what, error.splitlines()[0], state.next_action.sleep)

    def _finish(self) -> None:
        outcome = self.outcome
        signal = self._interrupts.received
        if signal and outcome.state in ("stopped", "declined") and not outcome.stopped_by:
            outcome.state = "interrupted"
            outcome.stopped_by = signal.name
        outcome.seconds = time.monotonic() - self._began
        outcome.exit_code = (
            self._interrupts.exit_code
            if outcome.state == "interrupted"
            else 0 if outcome.state in ("finished", "nothing to do", "declined") else 1
        )  # fmt: skip
        if self._in_use:  # it was waited for
            with suppress(BusyError):
                self._look_back()
        elif outcome.phase3 is None:
            self._patiently(self._look_back)

    def _look_back(self) -> None:
        """Ask for what the run's end tells of: the sources, and which rows wait for a box score."""
        outcome = self.outcome
        with self._warehouse.reading() as connection:
            outcome.phase3 = coverage.phase3(connection)
            outcome.shares = coverage.season_shares(connection)
            if outcome.landed:
                windows = [planned.window for planned in outcome.landed]
                first, last = min(window.start for window in windows), max(window.end for window in windows)
                outcome.late_games = late_games(connection, first, last)


def _context_rows(connection: Connection, planned: PlannedWindow) -> dict[str, int]:
    table = "player_composite_factors"
    if table not in planned.tables or not connection.has_table(PRECOMPUTE, table):
        return {}
    return dict(
        connection.rows(
            f"select context_source, count(*) from {PRECOMPUTE}.{table} "
            "where analysis_date between ? and ? group by context_source",
            [planned.window.start, planned.window.end],
        )
    )


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


def _messages(result: RunResult) -> str:
    return "\n".join(str(failure) for failure in result.failures)


def _signature(failure: ModelFailure) -> tuple:
    return failure.model, failure.message.splitlines()[0]
