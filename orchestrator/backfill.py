"""The backfill: find the dates that are not there, build them in windows, ask the database for them."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Protocol

from orchestrator import coverage as states
from orchestrator.errors import UsageError, UserError
from orchestrator.project import PHASE4_TABLES
from orchestrator.warehouse import reading
from orchestrator.windows import LARGEST_WINDOW, Window, windows_for


class Progress(Protocol):
    """What a backfill tells whoever watches. Rows and seconds are those of the window just finished."""

    def planned(self, windows: list[Window]) -> None: ...  # noqa: D102
    def advanced(self, window: Window, share: float) -> None: ...  # noqa: D102
    def finished(self, window: Window, rows: int, seconds: float) -> None: ...  # noqa: D102
    def failed(self, window: Window, failures: list[str]) -> None: ...  # noqa: D102


@dataclass
class Outcome:
    """What a backfill did."""

    windows: list[Window] = field(default_factory=list)
    failures: dict[Window, list[str]] = field(default_factory=dict)
    rows: int = 0
    seconds: float = 0.0
    coverage: states.Coverage | None = None

    @property
    def complete(self) -> bool:
        """Did every window land, and is every expected date of the range there?"""
        return not self.failures and self.coverage is not None and self.coverage.complete


def backfill(
    warehouse: Path,
    start: date | None,
    end: date | None,
    *,
    largest_window: int = LARGEST_WINDOW,
    rebuild: bool = False,
    progress: Progress,
) -> Outcome:
    """Build what is missing in [start, end]; `rebuild` builds all of it.

    None as start or end means the first game date of the schedule and today. A window holds at most
    `largest_window` game dates.
    """
    began = time.monotonic()
    end = end or date.today()
    if start and start > end:
        raise UsageError(f"--start {start} is after --end {end}: swap them")

    with reading(warehouse) as connection:
        states.check_raw(connection)
        if states.is_planned(connection) and not rebuild:
            game_dates = states.scheduled(connection)
            if not _within(states.missing_dates(connection), start, end):
                return Outcome(coverage=states.coverage(connection, start, end))

    # Only now: importing dbt takes longer than finding that there is nothing to do.
    from orchestrator.runner import Runner

    runner = Runner()
    runner.parse()
    prepared = runner.prepare()
    if not prepared.success:
        raise UserError("the warehouse could not be prepared:\n  " + "\n  ".join(prepared.failures))

    with reading(warehouse) as connection:
        game_dates = states.scheduled(connection)
        wanted = set(game_dates) if rebuild else states.missing_dates(connection)
        exhibitions = _within(states.exhibition_dates(connection), start, end)
    windows = windows_for(_within(wanted, start, end), game_dates, largest_window, exhibitions)
    outcome = Outcome(windows=windows)
    progress.planned(outcome.windows)

    tables = runner.tables()
    for window in outcome.windows:
        window_began = time.monotonic()
        nodes = iter(range(1, tables + 1))
        result = runner.build(
            window,
            on_node=lambda window=window, nodes=nodes: progress.advanced(
                window, next(nodes, tables) / tables
            ),
        )
        rows, absent = _landed(warehouse, window)
        failures = result.failures + absent
        if failures:
            outcome.failures[window] = failures
            progress.failed(window, failures)
        else:
            outcome.rows += rows
            progress.finished(window, rows, time.monotonic() - window_began)

    with reading(warehouse) as connection:
        outcome.coverage = states.coverage(connection, start, end)
    outcome.seconds = time.monotonic() - began
    return outcome


def _within(days: set[date], start: date | None, end: date) -> set[date]:
    return {day for day in days if (start is None or start <= day) and day <= end}


def _landed(warehouse: Path, window: Window) -> tuple[int, list[str]]:
    """Ask the database, not the exit status: rows of the window, and what is not there."""
    with reading(warehouse) as connection:
        found = {
            table: (dates, rows)
            for table, dates, rows in connection.execute(
                "select table_name, count(*), cast(sum(row_count) as bigint) from nba_precompute.receipts "
                "where analysis_date between ? and ? group by table_name",
                [window.start, window.end],
            ).fetchall()
        }
    absent = [
        f"{table}: {window.dates - found.get(table, (0, 0))[0]} of {window.dates} dates have no receipt"
        for table in (*(entry.table for entry in PHASE4_TABLES), "phase4_exclusions")
        if found.get(table, (0, 0))[0] != window.dates
    ]
    return sum(found.get(entry.table, (0, 0))[1] for entry in PHASE4_TABLES), absent
