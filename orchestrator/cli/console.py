"""What people see: answers on stdout, progress on stderr. Only this package prints."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console, Group, RenderableType
from rich.filesize import decimal
from rich.markup import escape
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.progress import Progress as Bar
from rich.table import Table
from rich.text import Text

from orchestrator.cli.calendar import calendar
from orchestrator.core.phrases import counted, duration
from orchestrator.core.project import RAW
from orchestrator.core.seasons import season_name
from orchestrator.fetch.progress import Progress
from orchestrator.plan.plan import Plan, PlannedWindow
from orchestrator.run.failures import Failure
from orchestrator.run.listeners import Listener
from orchestrator.run.outcome import Outcome, Run
from orchestrator.show.gaps import Gaps
from orchestrator.show.status import Status, first_line
from orchestrator.state import coverage
from orchestrator.state.coverage import Coverage, Phase3Coverage, SeasonShares, Span
from orchestrator.state.pace import Pace
from orchestrator.state.preflight import LATE, Problem, told
from orchestrator.state.run_state import RunState
from orchestrator.warehouse.base import Bytes

if TYPE_CHECKING:  # they import DuckDB, which `status` does without where the progress file has the answer
    from orchestrator.explain.explain import Explanation
    from orchestrator.export.files import Exported
    from orchestrator.fetch.seasons import Season
    from orchestrator.raw.conversion import Conversion
    from orchestrator.raw.upload import Chunk, Uploaded


class _Outliving(Console):
    """A console that falls silent when its reader goes away; the run continues."""

    def on_broken_pipe(self) -> None:
        self.quiet = True


out = Console(highlight=False)
err = _Outliving(stderr=True, highlight=False)
for console in (out, err):
    if not console.is_terminal:
        console.width = 120  # a pipe has no width: never cut a number to fit 80 columns
SHOWN = 12  # of a list that may be long; the rest is in the log and in --json


# --- a backfill as it goes -----------------------------------------------------------------------


class TerminalProgress(Listener):
    """A bar of dates with rows, rate and ETA; plain timestamped lines where stderr is not a terminal."""

    def __init__(self, assume_yes: bool = False):
        self._bar: Bar | None = None
        self._assume_yes = assume_yes
        self.outcome: Outcome | None = None
        """The result, once the run has ended."""
        self._table_tasks: dict[str, TaskID] = {}
        self._number = self._windows = 0

    def began(self, run: Run) -> None:
        """Say first how to resume the run if it is interrupted."""
        self._line(f"resume with: {run.resume_command}")
        self._line(f"log: {run.log}")

    def planned(self, plan: Plan, eta_seconds: float | None, read: Bytes | None) -> None:
        """Show what is going to be built."""
        self._windows = len(plan.windows)
        eta = "" if eta_seconds is None else f", about {duration(eta_seconds)}"
        self._line(f"{counted(plan.dates, 'date')} to build, in {counted(len(plan.windows), 'window')}{eta}")
        if read:
            self._line(f"  {read}")
        for text in plan_lines(plan):
            self._line(f"  {text}")

    def confirm(self, plan: Plan) -> bool:
        """Ask, on a terminal and unless told not to; then put the bar up."""
        if not self._assume_yes and sys.stdin.isatty() and err.is_terminal:
            import typer

            try:
                if not typer.confirm("Build this?", default=True, err=True):
                    return False
            except typer.Abort:  # Ctrl-C or Ctrl-D at the question
                return False
        if err.is_terminal and plan.windows:
            self._bar = Bar(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("dates"),
                TextColumn("{task.fields[rows]:,} rows"),
                TextColumn("{task.fields[pace]}"),
                console=err,
            )
            self._task = self._bar.add_task(
                str(plan.windows[0].window), total=plan.dates, rows=0, pace="eta ?"
            )
            self._bar.start()
        return True

    def advanced(self, planned: PlannedWindow, pace: Pace) -> None:
        """Move within a window: overall, and each table."""
        if not self._bar:
            return
        self._bar.update(
            self._task,
            description=str(planned.window),
            completed=int(pace.dates_done),
            rows=pace.rows,
            pace=f"{pace.rows_per_second:,.0f} rows/s, eta {duration(pace.eta_seconds)}",
        )
        for table, own in pace.tables.items():
            if table not in self._table_tasks:
                self._table_tasks[table] = self._bar.add_task(f"  {table}", total=own.dates, rows=0, pace="")
            self._bar.update(
                self._table_tasks[table], total=own.dates, completed=own.dates_done, rows=own.rows
            )

    def succeeded(self, planned: PlannedWindow, rows: int, seconds: float, pace: Pace) -> None:
        """Count a window that is there."""
        self._number += 1
        if self._bar:
            self.advanced(planned, pace)
            return
        tables = ", ".join(f"{table} {own.dates_done}/{own.dates}" for table, own in pace.tables.items())
        self._line(
            f"window {self._number}/{self._windows} {planned.window}: "
            f"{counted(planned.window.dates, 'date')}, {rows:,} rows, {seconds:.1f} s, "
            f"{pace.rows_per_second:,.0f} rows/s, eta {duration(pace.eta_seconds)} ({tables})"
        )

    def halved(self, planned: PlannedWindow, halves: Sequence[PlannedWindow], error: str) -> None:
        """Say that a window is tried in two."""
        self._windows += len(halves) - 1
        self._line(f"window {planned.window} failed, trying it in halves: {error}", style="yellow")

    def quarantined(self, planned: PlannedWindow, failures: Sequence[Failure], seconds: float) -> None:
        """Say at once what went wrong, and go on."""
        self._number += 1
        self._line(f"window {self._number}/{self._windows} {planned.window} failed:", style="red")
        for text in failure_lines(failures):
            self._line(f"  {text}", style="red")

    def retrying(self, what: str, error: str, wait_seconds: float) -> None:
        """Say what is tried again, and when."""
        self._line(f"retrying in {wait_seconds:.1f} s ({what}): {error}", style="yellow")

    def interrupted(self, signal_name: str, run: Run) -> None:
        """Say what happens now."""
        self._line(f"{signal_name}: finishing the current window; a second signal cancels it")
        self._line(f"resume with: {run.resume_command}")

    def ended(self, outcome: Outcome) -> None:
        """Take the bar down."""
        self.outcome = outcome
        if self._bar:
            self._bar.stop()
            self._bar = None

    def _line(self, text: str, style: str | None = None) -> None:
        stamp = "" if err.is_terminal else f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} "
        err.print(f"{stamp}{text}", style=style, markup=False, soft_wrap=True)


def show_outcome(outcome: Outcome, with_table: bool = True) -> None:
    """Print the result of a backfill: messages on stderr, the coverage table on stdout."""
    # Once the rows are built, late_games says more about late box scores.
    _warn_of_inputs(
        problem for problem in outcome.plan.warnings if problem.check != LATE or not outcome.succeeded
    )
    for game in outcome.late_games:
        warn(str(game))
    if outcome.state == RunState.NOTHING_TO_DO:
        if outcome.coverage.game_dates:
            err.print("nothing to do: everything you asked for is built (--only all rebuilds it)")
        else:
            say(f"nothing to do: the schedule has no game that counts up to {outcome.request.until}")
    else:
        err.print(outcome.headline, markup=False, soft_wrap=True)
    if outcome.context_rows:
        total = sum(outcome.context_rows.values())
        err.print(
            f"context computed from history for {outcome.context_rows.get('history', 0):,} of {total:,} "
            "player rows"
        )
    for one in outcome.rebuilt:
        err.print(str(one), markup=False, soft_wrap=True)
    if with_table and outcome.coverage.phase4:
        out.print(coverage_table(outcome.coverage))
    for text in blocked_lines(outcome.plan):
        err.print(text, style="red", markup=False, soft_wrap=True)
    for text in failure_lines(outcome.failures):
        err.print(f"failed: {text}", style="red", markup=False, soft_wrap=True)
    if outcome.failures:
        err.print("retry with: python orchestrate.py retry", style="red")
    if outcome.state in (RunState.INTERRUPTED, RunState.STOPPED):
        err.print(f"resume with: {outcome.run.resume_command}", markup=False, soft_wrap=True)


def failure_lines(failures: Sequence[Failure]) -> list[str]:
    """Summarize failures: one line per table, kind and error, with the code's path and the next command."""
    grouped: dict[tuple, list[Failure]] = {}
    for failure in failures:
        key = (failure.table, failure.kind, failure.error, failure.sql_path)
        grouped.setdefault(key, []).append(failure)
    lines = []
    for (table, kind, error, sql_path), own in grouped.items():
        days = sorted({failure.day for failure in own})
        span = str(days[0]) if len(days) == 1 else f"{len(days)} dates, {days[0]}..{days[-1]}"
        if kind == "skipped":
            lines.append(f"{table} {span}: skipped, because upstream failed: {error.splitlines()[0]}")
        else:
            place = f" ({sql_path})" if sql_path else ""
            again = own[0].retry_command if len(days) == 1 else "python orchestrate.py retry"
            lines.append(f"{table} {span}: {error}{place}; retry with: {again}")
    return lines


# --- the plan ------------------------------------------------------------------------------------


def show_plan(
    plan: Plan,
    eta_seconds: float | None,
    source: str = "",
    read: Bytes | None = None,
    shares: Sequence[SeasonShares] = (),
) -> None:
    """Print what would be built and skipped, why, and the source coverage."""
    if not plan.windows:
        out.print("nothing to build" + source)
    else:
        eta = "unknown, nothing was measured yet" if eta_seconds is None else f"about {duration(eta_seconds)}"
        size = f"{counted(plan.dates, 'date')} to build, in {counted(len(plan.windows), 'window')}"
        out.print(f"{size}; time: {eta}{source}")
        if read:
            out.print(str(read))
        table = Table(title="To build", title_justify="left")
        for name in ("Table", "From", "To"):
            table.add_column(name)
        table.add_column("Dates", justify="right")
        table.add_column("Why")
        for span, is_upstream in [(span, False) for span in plan.build] + [
            (span, True) for span in plan.upstream
        ]:
            table.add_row(
                span.table,
                str(span.start),
                str(span.end),
                f"{span.dates:,}",
                f"{_reason(span)}{'; upstream of what is built' if is_upstream else ''}",
                style="dim" if is_upstream else None,
            )
        out.print(table)
    if plan.skipped:
        table = Table(title="Not to build", title_justify="left")
        table.add_column("Table")
        table.add_column("Dates", justify="right")
        table.add_column("Why")
        for name, reasons in plan.skipped.items():
            for reason, number in sorted(reasons.items()):
                table.add_row(name, f"{number:,}", reason.replace("_", " "))
        out.print(table)
    for text in blocked_lines(plan):
        err.print(text, style="red", markup=False, soft_wrap=True)
    if plan.emptied:
        warn(
            f"a backfill refuses this: {plan.emptied.refusal}"
            if plan.emptied.is_too_much
            else str(plan.emptied)
        )
    _warn_of_inputs(plan.warnings)
    if shares:
        out.print(shares_table(shares))


def plan_lines(plan: Plan) -> list[str]:
    """Summarize the plan: the tables and dates by reason."""
    grouped: dict[str, list[Span]] = {}
    for span in plan.build:
        grouped.setdefault(_reason(span), []).append(span)
    lines = []
    for reason, spans in grouped.items():
        first, last = min(span.start for span in spans), max(span.end for span in spans)
        tables = list(dict.fromkeys(span.table for span in spans))
        dates = max(sum(span.dates for span in spans if span.table == table) for table in tables)
        lines.append(f"{reason}: {counted(dates, 'date')}, {first}..{last}, {', '.join(tables)}")
    return lines


def blocked_lines(plan: Plan) -> list[str]:
    """Say which dates are skipped because of bad inputs, and what to do."""
    lines = plan.blocked_lines
    if lines:
        lines.append("load corrected files, or build despite these inputs with --skip-preflight")
    return lines


# --- the state -----------------------------------------------------------------------------------


def show_status(status: Status, by: str | None = None) -> None:
    """Print the state of everything."""
    if not status.cells:
        if status.remark:
            say(status.remark)
        err.print("no coverage yet: run `python orchestrate.py backfill` to build what is missing,")
        err.print("  or `python orchestrate.py plan` to find what dbt alone has built")
        return
    out.print(status_view(status, by))


def status_view(status: Status, by: str | None = None) -> RenderableType:
    """Draw the state of everything: coverage, calendar, runs, failures and stale ranges."""
    parts: list[RenderableType] = []
    parts += [Text(remark, "yellow") for remark in (status.remark, status.code_remark) if remark]
    if by == "season":
        for season, found in coverage.by_season(status.due).items():
            parts.append(coverage_table(found, f"Phase 4 {season_name(season)}"))
    else:
        parts.append(coverage_table(coverage.summary(status.due)))
    parts += [Text(remark) for remark in (status.scheduled_remark, status.proven_remark) if remark]
    parts += [calendar(status.due), Text("")]
    if status.phase3:
        parts.append(phase3_table(status.phase3))
    if status.shares:
        parts.append(shares_table(status.shares))
    parts += [Text(line, style) for line, style in _run_lines(status)]
    for cell in status.failed[:SHOWN]:
        text = f"failed: {cell.table} {cell.day}: {first_line(cell.error)}; retry with: {cell.retry}"
        parts.append(Text(text, "red"))
    if len(status.failed) > SHOWN:
        parts.append(Text(f"... and {len(status.failed) - SHOWN} more failed (--json has them all)", "red"))
    for span in status.stale[:SHOWN]:
        text = f"stale: {span.table} {span.start}..{span.end}, {counted(span.dates, 'date')}: {_reason(span)}"
        parts.append(Text(text, "magenta"))
    if len(status.stale) > SHOWN:
        parts.append(Text(f"... and {len(status.stale) - SHOWN} more stale ranges (--json has them all)"))
    return Group(*parts)


def watch(read: Callable[[], Status], by: str | None, seconds: float) -> None:
    """Show the state again and again, until Ctrl-C."""
    from rich.live import Live

    try:
        if not out.is_terminal:
            while True:
                show_status(read(), by)
                time.sleep(seconds)
        with Live(status_view(read(), by), console=out, auto_refresh=False) as live:
            while True:
                time.sleep(seconds)
                live.update(status_view(read(), by), refresh=True)
    except KeyboardInterrupt:
        return


def coverage_table(found: Coverage, title: str = "Phase 4") -> Table:
    """Draw the coverage table people keep by hand."""
    span = f" {found.start}..{found.end}, {found.game_dates} game dates" if found.start else ""
    table = Table(title=title + span, title_justify="left")
    for name in ("Processor", "Table"):
        table.add_column(name)
    for name in ("Dates", "Expected", "Rows"):
        table.add_column(name, justify="right")
    table.add_column("Status")
    for line in found.phase4:
        table.add_row(
            line.processor,
            line.table,
            f"{line.dates:,}",
            f"{line.expected:,}",
            f"{line.rows:,}",
            line.status,
            style=None if line.status == "complete" else "yellow",
        )
    return table


def phase3_table(lines: Sequence[Phase3Coverage]) -> Table:
    """Draw Phase 3 by season."""
    table = Table(title="Phase 3", title_justify="left")
    for name in ("Table", "Season"):
        table.add_column(name)
    for name in ("Dates", "Rows", "With zones"):
        table.add_column(name, justify="right")
    for line in lines:
        table.add_row(line.table, line.season, f"{line.dates:,}", f"{line.rows:,}", _percent(line.zone_share))
    return table


def shares_table(lines: Sequence[SeasonShares]) -> Table:
    """Draw each season's source coverage, and the share of its feature rows that is ready for use."""
    table = Table(title="Seasons", title_justify="left")
    for name in ("Season", "Player rows", "With minutes", "With zones", "Feature rows", "Production-ready"):
        table.add_column(name, justify="left" if name == "Season" else "right")
    for line in lines:
        table.add_row(
            line.season,
            f"{line.player_rows:,}",
            _percent(line.minutes_share),
            _percent(line.zone_share),
            f"{line.feature_rows:,}",
            _percent(line.ready_share),
        )
    return table


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f} %"


def show_gaps(found: Gaps) -> None:
    """Print ranges that are missing, failed or stale."""
    if found.found_in.remark:
        warn(found.found_in.remark)
    if not found.spans:
        say(f"no gaps up to {found.until}")
        return
    table = Table()
    for name in ("Table", "From", "To"):
        table.add_column(name)
    table.add_column("Dates", justify="right")
    table.add_column("Why")
    for span in found.spans:
        table.add_row(span.table, str(span.start), str(span.end), f"{span.dates:,}", _reason(span))
    out.print(table)


def show_cell(found: dict) -> None:
    """Print everything known about one (table, date)."""
    table = Table(title=f"{found['table_name']} {found['analysis_date']}", title_justify="left")
    table.add_column("What")
    table.add_column("Value")
    for name, value in found.items():
        if name not in ("table_name", "analysis_date", "exclusions", "inputs") and value is not None:
            table.add_row(name, f"{value:,}" if type(value) is int and name.endswith("count") else str(value))
    for reason, number in found["exclusions"].items():
        table.add_row(f"excluded: {reason}", f"{number:,}")
    for name, counts in found["inputs"].items():
        table.add_row(
            f"input: {name.replace('_', ' ')}",
            f"{counts['before_the_date']:,} this season before the date, {counts['on_the_date']:,} on it",
        )
    out.print(table)


def show_explanation(found: Explanation) -> None:
    """Print why a player's numbers of a date are what they are."""
    from orchestrator.explain.text import lines

    for line in lines(found):
        out.print(line.text, style=line.style, markup=False, soft_wrap=True)


def confirm_loss(what: str) -> bool:
    """Ask whether this may be removed; without a terminal the answer is no."""
    if not (sys.stdin.isatty() and err.is_terminal):
        return False
    import typer

    try:
        return typer.confirm(f"{what} would be removed. Continue?", default=False, err=True)
    except typer.Abort:  # Ctrl-D at the question
        return False


def show_faults(faults: Sequence[str]) -> None:
    """Print the faults that would stop a load, or that there are none."""
    if not faults:
        say("these files can be loaded; nothing was changed")
        return
    err.print(
        f"{counted(len(faults), 'fault')} would stop the load; nothing was changed:",
        style="red",
        markup=False,
    )
    for fault in faults:
        err.print(f"  - {fault}", style="red", markup=False, soft_wrap=True)


def show_loaded(rows: dict[tuple[str, str | None], int], *, only_checked: bool = False) -> None:
    """Print rows per season and raw table."""
    if not rows:
        return
    tables = list(dict.fromkeys(name for name, _ in rows))
    seasons = sorted({season for _, season in rows}, key=lambda season: season or "~")
    title = "Would be loaded into nba_raw" if only_checked else "Loaded into nba_raw"
    table = Table(title=title, title_justify="left")
    table.add_column("Season")
    for name in tables:
        table.add_column(name, justify="right")
    for season in seasons:
        counts = [rows.get((name, season)) for name in tables]
        table.add_row(season or "any", *("" if count is None else f"{count:,}" for count in counts))
    out.print(table)


def show_formats(found: Conversion) -> None:
    """Print what each file was recognised as, how its columns are read, and what it lacks."""
    for one in found.recognised:
        out.print(f"{one.sheet.name}: {one.mapping.title}", markup=False, style="bold")
        for given in one.mapping.tables:
            table = Table(title=f"{RAW}.{given.table.name}", title_justify="left")
            table.add_column("Column")
            table.add_column("Read from the file as")
            for name, sql in given.columns.items():
                table.add_row(name, escape(sql))
            out.print(table)
            if given.absent:
                out.print(f"not in the file, hence NULL: {', '.join(given.absent)}", markup=False)
    for sheet in found.unknown:
        out.print(f"{sheet.name}: no format fits; it has {', '.join(sheet.columns)}", markup=False)
    if found.lacking:
        out.print(f"no file gives {', '.join(found.lacking)}", markup=False)


class FetchProgress(Progress):
    """A bar of bytes for the file that comes; a line per file where stderr is not a terminal."""

    def __init__(self) -> None:
        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=err,
            disable=not err.is_terminal,
            transient=True,
        )
        self._task: TaskID | None = None

    def __enter__(self) -> FetchProgress:
        """Put the bar up."""
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Take it down."""
        self._bar.stop()

    def file(self, name: str, size: int | None, here: int) -> None:
        """Show which file comes."""
        if not err.is_terminal:
            more = f", {decimal(size)}" if size else ""
            rest = f", from {decimal(here)} on" if here else ""
            say(f"fetching {name}{more}{rest}")
        if self._task is not None:
            self._bar.remove_task(self._task)
        self._task = self._bar.add_task(escape(name), total=size, completed=here)

    def bytes(self, number: int) -> None:
        """Show that more of it is here."""
        if self._task is not None:
            self._bar.advance(self._task, number)

    def note(self, message: str) -> None:
        """Print above the bar."""
        say(message)


def show_fetched(season: Season) -> None:
    """Print which files of a season are here, and what came over the network."""
    new = [file for file in season.files if file.received]
    received = decimal(sum(file.received for file in new))
    say(
        f"{season.name}: {counted(len(season.files), 'file')} in {season.folder}, "
        f"{len(new)} new ({received}), {len(season.files) - len(new)} unchanged"
    )
    for file in new:
        say(f"  {file.path.name}: {file.rows:,} rows")


def show_exported(result: Exported, folder: Path, *, to_stderr: bool = False) -> None:
    """Print what was written, and the hash that names it: an answer, or one more remark."""
    rows = sum(part.rows for part in result.written)
    gone = f", {counted(len(result.removed), 'file')} removed" if result.removed else ""
    say(
        f"{folder}: {counted(len(result.written), 'file')} written ({rows:,} rows), "
        f"{len(result.unchanged)} unchanged{gone}"
    )
    (err if to_stderr else out).print(result.hash)


def show_uploaded_chunk(chunk: Chunk, number: int, of: int, seconds: float) -> None:
    """Say on stderr that a chunk was uploaded."""
    say(f"{number}/{of} {chunk}: {chunk.rows:,} rows ({chunk.reason}), {seconds:.1f} s")


def show_uploaded(result: Uploaded) -> None:
    """Print what was uploaded, or would be in a dry run."""
    if result.dry_run:
        for chunk in result.loaded:
            out.print(f"{chunk}: {chunk.rows:,} rows ({chunk.reason})", markup=False)
    verb = "would be loaded" if result.dry_run else "loaded"
    rows = sum(chunk.rows for chunk in result.loaded)
    out.print(
        f"{result.project}.{result.dataset}: {rows:,} rows {verb}, in {counted(len(result.loaded), 'part')}; "
        f"{counted(len(result.unchanged), 'part')} already there",
        markup=False,
        soft_wrap=True,
    )


def warn(message: str) -> None:
    """Print a warning, on stderr."""
    err.print(f"warning: {message}", style="yellow", markup=False, soft_wrap=True)


def say(message: str) -> None:
    """Print a remark, on stderr."""
    err.print(message, markup=False, soft_wrap=True)


def _run_lines(status: Status) -> list[tuple[str, str]]:
    run = status.last_run
    if not run:
        return []
    if status.running:
        eta = f", eta {duration(run['eta_seconds'])}" if run["eta_seconds"] is not None else ""
        total = "?" if run["total_dates"] is None else run["total_dates"]
        text = (
            f"running: pid {run['pid']} since {run['started_at']}, {run['done_dates'] or 0} of {total} dates"
        )
        tables = [
            (f"  {name}: {own['dates_done']} of {own['dates']} dates, {own['rows']:,} rows", "cyan")
            for name, own in (run["tables"] or {}).items()
        ]
        return [(f"{text}{eta}: {run['command']}", "cyan"), *tables]
    if status.killed:
        return [
            (
                f"the last run ({run['started_at']}, pid {run['pid']}) was killed: "
                f"resume with {run['resume']}",
                "yellow",
            )
        ]
    stopped = (run["outcome"] or {}).get("stopped_by")
    text = f"last run: {run['state']}, {run['started_at']} to {run['ended_at']}"
    return [(text + (f"; stopped by {stopped}; resume with {run['resume']}" if stopped else ""), "")]


def _reason(span: Span) -> str:
    reason = (span.reason or span.state).replace("_", " ")
    return f"failed ({reason})" if span.state == coverage.FAILED else reason


def _warn_of_inputs(problems: Iterable[Problem]) -> None:
    for line in told(problems):
        warn(f"inputs: {line}")
