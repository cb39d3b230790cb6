"""What people see: tables on stdout, progress on stderr. The only module that knows a terminal."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from orchestrator.backfill import Outcome
from orchestrator.coverage import Coverage
from orchestrator.windows import Window

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)
if not out.is_terminal:
    out.width = 120  # a pipe has no width: never cut a number to fit 80 columns


class TerminalProgress:
    """A bar of dates with rows and ETA; plain timestamped lines where stderr is not a terminal."""

    def __init__(self):
        self._bar = None
        self._began = time.monotonic()
        self._dates = self._done = self._rows = self._window_number = 0
        self._windows: list[Window] = []

    def __enter__(self) -> TerminalProgress:
        """Start nothing yet: the bar appears with the plan."""
        return self

    def __exit__(self, *_: object) -> None:
        """Take the bar down."""
        if self._bar:
            self._bar.stop()

    def planned(self, windows: list[Window]) -> None:
        """Show what is going to be built."""
        self._windows = windows
        self._dates = sum(window.dates for window in windows)
        self._began = time.monotonic()
        if windows:
            self._line(f"{_count(self._dates, 'date')} to build, in {_count(len(windows), 'window')}")
        if err.is_terminal and windows:
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("dates"),
                TimeElapsedColumn(),
                TextColumn("eta"),
                TimeRemainingColumn(),
                TextColumn("{task.fields[rows]:,} rows"),
                console=err,
            )
            self._task = self._bar.add_task(str(windows[0]), total=self._dates, rows=0)
            self._bar.start()

    def advanced(self, window: Window, share: float) -> None:
        """Move within a window."""
        if self._bar:
            reached = int(self._done + window.dates * share)
            self._bar.update(self._task, description=str(window), completed=reached)

    def finished(self, window: Window, rows: int, seconds: float) -> None:
        """Count a window that landed."""
        self._done += window.dates
        self._rows += rows
        self._window_number += 1
        if self._bar:
            self._bar.update(self._task, completed=self._done, rows=self._rows)
            return
        spent = time.monotonic() - self._began
        eta = spent / self._done * (self._dates - self._done)
        self._line(
            f"window {self._window_number}/{len(self._windows)} {window}: {_count(window.dates, 'date')}, "
            f"{rows:,} rows, {seconds:.1f} s, eta {eta:.0f} s"
        )

    def failed(self, window: Window, failures: list[str]) -> None:
        """Say at once what went wrong, and go on."""
        self._done += window.dates
        self._window_number += 1
        self._line(f"window {self._window_number}/{len(self._windows)} {window} failed:")
        for failure in failures:
            err.print(f"  {failure}", style="red", markup=False, soft_wrap=True)

    def _line(self, text: str) -> None:
        stamp = "" if err.is_terminal else f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} "
        err.print(f"{stamp}{text}", markup=False, soft_wrap=True)


def show_coverage(coverage: Coverage, title: str = "Phase 4") -> None:
    """Print the coverage table people keep by hand."""
    span = f" {coverage.start}..{coverage.end}, {coverage.game_dates} game dates" if coverage.start else ""
    table = Table(title=title + span, title_justify="left")
    for name in ("Processor", "Table"):
        table.add_column(name)
    for name in ("Dates", "Expected", "Rows"):
        table.add_column(name, justify="right")
    table.add_column("Status")
    for line in coverage.phase4:
        done = line.dates == line.expected
        table.add_row(
            line.processor,
            line.table,
            f"{line.dates:,}",
            f"{line.expected:,}",
            f"{line.rows:,}",
            line.status,
            style=None if done else "yellow",
        )
    out.print(table)


def show_phase3(coverage: Coverage) -> None:
    """Print Phase 3 by season."""
    table = Table(title="Phase 3", title_justify="left")
    for name in ("Table", "Season"):
        table.add_column(name)
    for name in ("Dates", "Rows", "With zones"):
        table.add_column(name, justify="right")
    for line in coverage.phase3:
        share = "" if line.zone_share is None else f"{100 * line.zone_share:.1f} %"
        table.add_row(line.table, line.season, f"{line.dates:,}", f"{line.rows:,}", share)
    out.print(table)


def show_outcome(outcome: Outcome) -> None:
    """Print what a backfill came to."""
    if not outcome.windows:
        err.print("nothing to do: every expected date is there (--all builds them again)")
    else:
        dates = sum(window.dates for window in outcome.windows if window not in outcome.failures)
        err.print(f"{_count(dates, 'date')}, {outcome.rows:,} rows in {outcome.seconds:.1f} s")
    if outcome.coverage.phase4:
        show_coverage(outcome.coverage)
    for window in outcome.failures:
        err.print(
            f"failed: {window}; try again with: "
            f"python orchestrate.py backfill --start {window.start} --end {window.end}",
            style="red",
            soft_wrap=True,
        )


def show_loaded(rows: dict[tuple[str, str | None], int]) -> None:
    """Print rows per season and raw table."""
    tables = list(dict.fromkeys(name for name, _ in rows))
    seasons = sorted({season for _, season in rows}, key=lambda season: season or "~")
    table = Table(title="Loaded into nba_raw", title_justify="left")
    table.add_column("Season")
    for name in tables:
        table.add_column(name, justify="right")
    for season in seasons:
        counts = [rows.get((name, season)) for name in tables]
        table.add_row(season or "any", *("" if count is None else f"{count:,}" for count in counts))
    out.print(table)


def warn(message: str) -> None:
    """Print a warning, on stderr."""
    err.print(f"warning: {message}", style="yellow", markup=False, soft_wrap=True)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
