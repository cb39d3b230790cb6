"""A run, and its outcome."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.core.command_line import another_command, this_command
from orchestrator.plan.plan import Plan, PlannedWindow
from orchestrator.plan.request import Request
from orchestrator.run.failures import Failure
from orchestrator.run.rebuilt import Rebuilt
from orchestrator.state import coverage
from orchestrator.state.coverage import Cell, Coverage, Phase3Coverage, SeasonShares
from orchestrator.state.late_games import LateGame
from orchestrator.state.run_state import RunState

if TYPE_CHECKING:
    from orchestrator.warehouse.base import Warehouse


@dataclass(frozen=True)
class Run:
    """Who runs what: enough to stop the run, find its log and resume it."""

    run_id: str
    pid: int
    since: str
    command: str
    resume_command: str
    selection: dict
    log: Path


@dataclass
class Outcome:
    """The result of a backfill."""

    plan: Plan
    run: Run
    request: Request
    state: RunState = RunState.STOPPED
    stopped_by: str | None = None
    """Why the run did not finish; None when it did."""
    succeeded: list[PlannedWindow] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    dates: int = 0
    """Game dates that succeeded."""
    rows: int = 0
    """Rows of the five tables on these dates."""
    context_rows: dict[str, int] = field(default_factory=dict)
    """Rows of player_composite_factors on these dates by context_source: `history` is context computed per
    player, because no upstream job delivered it."""
    rebuilt: list[Rebuilt] = field(default_factory=list)
    """What changed on dates that had rows before."""
    seconds: float = 0.0
    cells: Sequence[Cell] = ()
    phase3: Sequence[Phase3Coverage] | None = None
    """None when it could not be read."""
    shares: Sequence[SeasonShares] = ()
    proven: Mapping[str, int] | None = None
    """Dates whose stored rows `verify` has proven, by check."""
    late_games: Sequence[LateGame] = ()
    """Games without a box score, and how many rows of this run are not ready because of them."""
    exit_code: int = 1

    @property
    def coverage(self) -> Coverage:
        """The state of the requested dates."""
        return coverage.summary(cell for cell in self.cells if self.request.covers_day(cell))

    @property
    def headline(self) -> str:
        """The result in one line."""
        if self.state == RunState.NOTHING_TO_DO:
            text = str(self.state)
        else:
            text = f"{self.dates} of {self.plan.dates} dates, {self.rows:,} rows in {self.seconds:.1f} s"
        if self.failures:
            days = len({failure.day for failure in self.failures})
            text += f"; {days} date{'s' if days != 1 else ''} failed"
        if self.plan.blocked:
            text += f"; {max(entry.dates for entry in self.plan.blocked)} dates skipped because of bad inputs"
        return text + (f"; stopped: {self.stopped_by}" if self.stopped_by else "")

    def as_json(self) -> dict:
        """Return the outcome as JSON-ready data (the shape is in docs/json.md)."""
        return {
            "run_id": self.run.run_id,
            "state": self.state,
            "headline": self.headline,
            "stopped_by": self.stopped_by,
            "exit_code": self.exit_code,
            "dates_planned": self.plan.dates,
            "dates_landed": self.dates,
            "rows": self.rows,
            "seconds": round(self.seconds, 3),
            "context_rows": self.context_rows,
            "rebuilt": [one.as_json() for one in self.rebuilt],
            "failed": [failure_as_json(failure) for failure in self.failures],
            "blocked": self.plan.as_json()["blocked"],
            "late_box_scores": [game.as_json() for game in self.late_games],
            "coverage": self.coverage.as_json(),
            "log": str(self.run.log),
            "resume": self.run.resume_command,
        }


def failure_as_json(failure: Failure) -> dict:
    """Return a failure as JSON-ready data."""
    return {
        "table": failure.table,
        "date": str(failure.day),
        "kind": failure.kind,
        "error": failure.error,
        "sql_path": failure.sql_path,
        "retry": failure.retry_command,
    }


def new_run(warehouse: Warehouse, request: Request) -> Run:
    """Describe a run that begins now, and how to resume it."""
    now = datetime.now(UTC)
    run_id = f"{now:%Y%m%dT%H%M%SZ}-{os.getpid()}"
    command = this_command()
    return Run(
        run_id,
        os.getpid(),
        now.isoformat(timespec="seconds"),
        command,
        # For a run that rebuilds existing dates, the warehouse does not tell how far it got.
        another_command("resume") if request.only == "all" else command,
        request.to_json(),
        warehouse.state_folder / "logs" / f"{run_id}.log",
    )
