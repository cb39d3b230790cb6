"""The state of everything: from the warehouse or, while that is in use, from the progress file."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from orchestrator.core.clock import time_zone, today
from orchestrator.core.errors import BusyError
from orchestrator.core.fingerprint import project_files
from orchestrator.core.registry import EXCLUSIONS
from orchestrator.core.seasons import season_name
from orchestrator.state import coverage
from orchestrator.state.coverage import FAILED, STALE, Cell, Phase3Coverage, SeasonShares, Span
from orchestrator.state.lock import is_held
from orchestrator.state.progress_file import PROGRESS_FILE, WAREHOUSE, ProgressFile
from orchestrator.state.proofs import CHECKS, LEAKS, SLATES, dates_proven
from orchestrator.state.run_state import RunState

if TYPE_CHECKING:
    from orchestrator.warehouse.base import Warehouse


@dataclass(frozen=True)
class Status:
    """The state of the warehouse, and of the backfill that is running."""

    cells: Sequence[Cell]
    """As the warehouse judges them, future dates included."""
    phase3: Sequence[Phase3Coverage]
    shares: Sequence[SeasonShares]
    source: str
    """The warehouse, or the progress file while a backfill runs or the warehouse is locked."""
    age_seconds: float
    """How old the answer is; 0 from the warehouse."""
    code_changed: bool
    """Models or macros changed since the coverage was made: stale logic may not show until the next plan."""
    last_run: dict | None
    running: bool
    today: date
    proven: Mapping[str, int]
    """Dates whose stored rows `verify` has proven, by check."""

    @cached_property
    def due(self) -> list[Cell]:
        """The cells as of today: future dates are scheduled, not missing."""
        return coverage.as_of(self.today, self.cells)

    @property
    def scheduled_dates(self) -> int:
        """Game dates after today that are not built ahead."""
        return len(
            {cell.day for cell in self.due if cell.state == coverage.SCHEDULED and cell.table != EXCLUSIONS}
        )

    @property
    def remark(self) -> str:
        """Say that the progress file answered, and how old that is; else empty."""
        if self.source != PROGRESS_FILE:
            return ""
        changed = "; the project's code has changed since" if self.code_changed else ""
        age = f"{self.age_seconds:.0f} s old"
        return f"the warehouse is in use: this is from the {PROGRESS_FILE}, {age}{changed}"

    @property
    def code_remark(self) -> str:
        """Say that the warehouse has not been compared with today's code; else empty."""
        if self.source == PROGRESS_FILE or not self.code_changed:
            return ""
        return (
            "the project's code has changed, or dbt was run by hand, since the coverage was made: "
            "`python orchestrate.py plan` compares it again"
        )

    @property
    def scheduled_remark(self) -> str:
        """Say how many dates are scheduled; else empty."""
        number = self.scheduled_dates
        if not number:
            return ""
        dates = f"{number} game date{'' if number == 1 else 's'}"
        return f"scheduled after today ({self.today}, {time_zone()}): {dates}"

    @property
    def proven_remark(self) -> str:
        """Say what `verify` has proven of the stored rows; else empty."""
        meant = {LEAKS: "free of leaks", SLATES: "the same on a slate"}
        found = [
            f"{number:,} date{'' if number == 1 else 's'} {meant[check]}"
            for check, number in self.proven.items()
            if number
        ]
        return f"proven: {', '.join(found)}" if found else ""

    @property
    def killed(self) -> bool:
        """Tell whether the last run was killed, as by a power cut."""
        return bool(self.last_run and self.last_run["state"] == RunState.RUNNING and not self.running)

    @property
    def failed(self) -> list[Cell]:
        """The cells whose last attempt failed."""
        return [cell for cell in self.due if cell.state == FAILED]

    @property
    def stale(self) -> list[Span]:
        """Stale ranges: their inputs or code changed."""
        return coverage.spans(self.due, STALE)

    def as_json(self) -> dict:
        """Return the status as JSON-ready data (the shape is in docs/json.md)."""
        return {
            "source": self.source,
            "age_seconds": round(self.age_seconds, 1),
            "code_changed": self.code_changed,
            "today": str(self.today),
            "scheduled_dates": self.scheduled_dates,
            "proven_dates": dict(self.proven),
            **coverage.summary(self.due).as_json(),
            "seasons": {
                season_name(season): found.as_json() for season, found in coverage.by_season(self.due).items()
            },
            "phase3": [asdict(line) for line in self.phase3],
            "season_shares": [asdict(line) for line in self.shares],
            "failed": [
                {
                    "table": cell.table,
                    "date": str(cell.day),
                    "kind": cell.reason,
                    "error": cell.error,
                    "sql_path": cell.sql_path,
                    "retry": cell.retry,
                }
                for cell in self.failed
            ],
            "stale": [span.as_json() for span in self.stale],
            "running": run_as_json(self.last_run) if self.last_run and self.running else None,
            "last_run": {**run_as_json(self.last_run), "killed": self.killed} if self.last_run else None,
        }


def status(warehouse: Warehouse) -> Status:
    """Return the status; UserError when the warehouse cannot be read.

    While a backfill runs, or somebody else has it open, the progress file answers; BusyError without one.
    """
    progress = ProgressFile(warehouse)
    last_run = progress.last_run()
    running = is_held(warehouse)
    kept = progress.snapshot()
    warehouse.check()

    def answer(source: str, age_seconds: float, code_changed: bool) -> Status:
        return Status(
            progress.cells(),
            [Phase3Coverage(**line) for line in kept.get("phase3") or []],
            [SeasonShares(**line) for line in kept.get("shares") or []],
            source,
            age_seconds,
            code_changed,
            last_run,
            running,
            today(),
            kept.get("proven") or dict.fromkeys(CHECKS, 0),
        )

    if progress.is_fresh():
        return answer(WAREHOUSE, 0.0, False)
    # Between two windows the file may be free, but reading it would keep the backfill waiting.
    if not (running and kept):
        try:
            return _from_the_warehouse(warehouse, progress, last_run, running)
        except BusyError:
            if not kept:
                raise
    return answer(
        PROGRESS_FILE, max(0.0, time.time() - kept["taken_at"]), kept.get("files") != project_files()
    )


def _from_the_warehouse(
    warehouse: Warehouse, progress: ProgressFile, last_run: dict | None, running: bool
) -> Status:
    with warehouse.reading() as connection:
        coverage.check_raw(warehouse, connection)
        there = coverage.is_there(connection)
        current = coverage.is_current(connection)
        cells = coverage.read(connection) if there else []
        phase3 = coverage.phase3(connection)
        shares = coverage.season_shares(connection)
        proven = dates_proven(connection) if there else dict.fromkeys(CHECKS, 0)
    if current and not running:
        progress.save_cells(cells, phase3, shares, proven)
    return Status(
        cells, phase3, shares, WAREHOUSE, 0.0, there and not current, last_run, running, today(), proven
    )


def run_as_json(run: dict) -> dict:
    """Return a run of the progress file as JSON-ready data."""
    names = ("run_id", "pid", "command", "resume", "started_at", "ended_at", "state", "current")
    return {
        **{name: run[name] for name in names},
        "dates": run["total_dates"],
        "dates_done": run["done_dates"],
        "rows": run["rows"],
        "eta_seconds": run["eta_seconds"],
        "tables": run["tables"] or {},
        "outcome": (run["outcome"] or {}).get("stopped_by") if run["outcome"] else None,
        "log": run["log"],
    }


def first_line(text: str | None) -> str:
    """Return the first line of an error; empty when there is none."""
    return (text or "").strip().partition("\n")[0]
