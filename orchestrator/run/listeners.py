"""The listeners of a backfill: each is told of every event."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.plan.plan import Plan, PlannedWindow
from orchestrator.run.failures import Failure
from orchestrator.state.pace import Pace
from orchestrator.state.run_state import WindowState

if TYPE_CHECKING:
    from orchestrator.run.outcome import Outcome, Run
    from orchestrator.state.coverage import Cell
    from orchestrator.state.progress_file import ProgressFile
    from orchestrator.warehouse.base import Bytes


KEPT_LOGS = 50


class Listener:
    """Receives every event and ignores it; override what matters."""

    def began(self, run: Run) -> None:
        """A run holds the lock; nothing is planned yet."""

    def planned(self, plan: Plan, eta_seconds: float | None, read: Bytes | None) -> None:
        """The plan is made. No estimate (None) until something was measured, no bytes on DuckDB."""

    def surveyed(self, cells: Sequence[Cell]) -> None:
        """The state of every date was read again."""

    def advanced(self, planned: PlannedWindow, pace: Pace) -> None:
        """A model of the window finished."""

    def succeeded(self, planned: PlannedWindow, rows: int, seconds: float, pace: Pace) -> None:
        """A window was built, and the database confirms it."""

    def halved(self, planned: PlannedWindow, halves: Sequence[PlannedWindow], error: str) -> None:
        """The window failed, and its halves are tried."""

    def quarantined(self, planned: PlannedWindow, failures: Sequence[Failure], seconds: float) -> None:
        """The window keeps failing: its dates are quarantined."""

    def retrying(self, what: str, error: str, wait_seconds: float) -> None:
        """A transient failure: the step is tried again."""

    def interrupted(self, signal_name: str, run: Run) -> None:
        """A signal asked the run to stop; the current window finishes first."""

    def ended(self, outcome: Outcome) -> None:
        """The run is over, whatever its result."""


class Listeners(Listener):
    """Passes every event to several listeners."""

    def __init__(self, *listeners: Listener):
        for name in vars(Listener):
            if not name.startswith("_"):
                setattr(self, name, self._teller(name, listeners))

    @staticmethod
    def _teller(name: str, listeners: Sequence[Listener]):
        def tell(*arguments, **more) -> None:
            for listener in listeners:
                getattr(listener, name)(*arguments, **more)

        return tell


class Recorder(Listener):
    """Writes the progress file."""

    def __init__(self, progress: ProgressFile):
        self._progress = progress
        self._run_id = ""
        self._saved: Sequence[Cell] = ()

    def began(self, run: Run) -> None:  # noqa: D102
        self._run_id = run.run_id
        self._progress.begin(
            run.run_id,
            pid=run.pid,
            command=run.command,
            resume=run.resume_command,
            selection=run.selection,
            log=run.log,
        )

    def planned(self, plan: Plan, eta_seconds: float | None, read: Bytes | None) -> None:  # noqa: D102
        self._progress.planned(self._run_id, plan.windows)

    def surveyed(self, cells: Sequence[Cell]) -> None:  # noqa: D102
        self._progress.save_cells(cells)
        self._saved = cells

    def advanced(self, planned: PlannedWindow, pace: Pace) -> None:  # noqa: D102
        self._progress.advanced(self._run_id, planned.window, pace)

    def succeeded(self, planned: PlannedWindow, rows: int, seconds: float, pace: Pace) -> None:  # noqa: D102
        self._progress.advanced(self._run_id, planned.window, pace)
        self._progress.finished(
            self._run_id, planned.window, planned.tables, WindowState.SUCCEEDED, rows, seconds
        )

    def halved(self, planned: PlannedWindow, halves: Sequence[PlannedWindow], error: str) -> None:  # noqa: D102
        self._progress.replaced(self._run_id, planned.window, halves)

    def quarantined(self, planned: PlannedWindow, failures: Sequence[Failure], seconds: float) -> None:  # noqa: D102
        self._progress.finished(self._run_id, planned.window, planned.tables, WindowState.FAILED, 0, seconds)

    def ended(self, outcome: Outcome) -> None:  # noqa: D102
        if outcome.cells:  # an error may have come before anything was read: keep what is known
            self._progress.save_cells(
                None if self._saved is outcome.cells else outcome.cells,
                outcome.phase3,
                outcome.shares,
                outcome.proven,
            )
        self._progress.ended(self._run_id, outcome.state, outcome.as_json())


class RunLog(Listener):
    """Writes plain timestamped lines to the run's log file. A log that cannot be written stops nothing."""

    def __init__(self, path: Path):
        self._path = path

    def _prune(self) -> None:
        """Keep the newest logs; their names begin with the time."""
        with suppress(OSError):
            for old in sorted(self._path.parent.glob("*.log"))[: 1 - KEPT_LOGS]:
                old.unlink(missing_ok=True)

    def _line(self, text: str) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ} {text}\n")
        except OSError:
            pass

    def began(self, run: Run) -> None:  # noqa: D102
        self._prune()
        self._line(f"run {run.run_id}, pid {run.pid}: {run.command}")
        self._line(f"resume with: {run.resume_command}")

    def planned(self, plan: Plan, eta_seconds: float | None, read: Bytes | None) -> None:  # noqa: D102
        self._line(f"{plan.dates} dates in {len(plan.windows)} windows, estimated {eta_seconds} s")
        if read:
            self._line(str(read))
        for span in plan.build:
            self._line(f"  {span.table} {span.start}..{span.end}: {span.dates} dates, {span.reason}")
        for entry in plan.blocked:
            self._line(f"  skipped {entry.start}..{entry.end}: {entry.problem.check}: {entry.problem.detail}")

    def succeeded(self, planned: PlannedWindow, rows: int, seconds: float, pace: Pace) -> None:  # noqa: D102
        self._line(f"succeeded {planned.window}: {rows} rows, {seconds:.2f} s ({', '.join(planned.tables)})")

    def halved(self, planned: PlannedWindow, halves: Sequence[PlannedWindow], error: str) -> None:  # noqa: D102
        self._line(f"halved {planned.window}: {error}")

    def quarantined(self, planned: PlannedWindow, failures: Sequence[Failure], seconds: float) -> None:  # noqa: D102
        for failure in failures:
            self._line(f"failed {failure.table} {failure.day} ({failure.kind}): {failure.error}")
            if failure.sql_path:
                self._line(f"  compiled code: {failure.sql_path}; retry with: {failure.retry_command}")

    def retrying(self, what: str, error: str, wait_seconds: float) -> None:  # noqa: D102
        self._line(f"retrying in {wait_seconds:.1f} s ({what}): {error}")

    def interrupted(self, signal_name: str, run: Run) -> None:  # noqa: D102
        self._line(f"{signal_name}; resume with: {run.resume_command}")

    def ended(self, outcome: Outcome) -> None:  # noqa: D102
        self._line(f"{outcome.state} in {outcome.seconds:.1f} s; {outcome.headline}")
        self._line(f"resume with: {outcome.run.resume_command}")
