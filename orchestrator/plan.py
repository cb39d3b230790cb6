"""The plan: which (table, date) to build and why, from the coverage alone. What it says is what is done."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import NamedTuple

from orchestrator.clock import today
from orchestrator.coverage import (
    DONE,
    FAILED,
    MISSING,
    STALE,
    STATES,
    Cell,
    Span,
    season_name,
    spans,
)
from orchestrator.errors import UsageError
from orchestrator.preflight import Problem
from orchestrator.project import ALL_TABLES, EXCLUSIONS, MADE_FROM, PHASE4_TABLES
from orchestrator.windows import LARGEST_WINDOW, Window, windows_for

# Airflow's words, and one for what history or code has overtaken.
ONLY = {
    "missing": (MISSING,),
    "missing-and-failed": (MISSING, FAILED),
    "stale": STALE,
    "failed": (FAILED,),
    "all": STATES,
}
BY_DEFAULT = (MISSING, FAILED, *STALE)
MAY_BE_EMPTIED = 3
"""Dates that may lose all rows of a table without a word: a postponed night or two, not a season."""


@dataclass(frozen=True)
class Request:
    """What was asked for; everything at its default asks for whatever is not as it should be."""

    start: date | None = None
    end: date | None = None
    """None: today, or the last of `dates`."""
    dates: tuple[date, ...] = ()
    """Only these; empty: no such limit."""
    seasons: tuple[int, ...] = ()
    """Only these, by start year; empty: no such limit."""
    tables: tuple[str, ...] = ALL_TABLES
    only: str | None = None
    """A key of ONLY; None: missing, failed and stale."""
    window: int = LARGEST_WINDOW
    """Game dates per dbt run, at most."""

    def __post_init__(self):
        if self.start and self.end and self.start > self.end:
            raise UsageError(f"--start {self.start} is after --end {self.end}: swap them")
        if self.only is not None and self.only not in ONLY:
            raise UsageError(f"--only {self.only} is none of {', '.join(ONLY)}")

    @cached_property
    def until(self) -> date:
        """The last date asked for; of a request that runs past midnight, as of its first look."""
        return self.end or max((today(), *self.dates))

    def covers(self, cell: Cell) -> bool:
        """Tell whether the cell is among what was asked for, whatever its state."""
        return cell.table in self.tables and self.covers_day(cell)

    def covers_day(self, cell: Cell) -> bool:
        """Tell whether the cell's date is among what was asked for, whatever its table."""
        return (
            (not self.start or self.start <= cell.day)
            and cell.day <= self.until
            and (not self.dates or cell.day in self.dates)
            and (not self.seasons or cell.season in self.seasons)
        )

    @property
    def states(self) -> tuple[str, ...]:
        """The states to build."""
        return ONLY[self.only] if self.only else BY_DEFAULT


class PlannedWindow(NamedTuple):
    """One dbt run: a range of dates and the tables it builds there."""

    window: Window
    tables: tuple[str, ...]


class Blocked(NamedTuple):
    """Dates left out because a problem of the inputs would make them wrong."""

    problem: Problem
    dates: int
    start: date
    end: date


class Emptied(NamedTuple):
    """Dates that have rows in one of the five tables and, by schedule and box scores, will have none."""

    dates: int
    start: date
    end: date
    tables: tuple[str, ...]
    rows: int

    @property
    def is_too_much(self) -> bool:
        """Is it more than a postponed night or two, so that somebody has to say that it is meant?"""
        return self.dates > MAY_BE_EMPTIED

    def __str__(self) -> str:
        """Say what would be lost."""
        dates = f"{self.dates} date{'' if self.dates == 1 else 's'}, {self.start}..{self.end}"
        return (
            f"{dates}, would lose all their rows ({self.rows:,}, in {', '.join(self.tables)}): their games "
            "or box scores are in the raw data no longer"
        )

    @property
    def refusal(self) -> str:
        """Say it with the likely reason and the way out."""
        return (
            f"{self}. Probably a file with a part of a season was loaded over the whole: load whole seasons "
            "again. If it is meant, build it with --allow-empty"
        )


@dataclass(frozen=True)
class Plan:
    """What would be built, and what not."""

    windows: list[PlannedWindow] = field(default_factory=list)
    build: list[Span] = field(default_factory=list)
    """What is built because of its state, as ranges per table with the reason."""
    along: list[Span] = field(default_factory=list)
    """What is built only because something else in its window is made from it, or needs the same run."""
    left: dict[str, dict[str, int]] = field(default_factory=dict)
    """What is not built: per table, (table, date)s by state and reason, as in `not_expected (bootstrap)`."""
    blocked: list[Blocked] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    """Other problems of the inputs: what makes no number wrong, or none of those that were asked for."""
    emptied: Emptied | None = None
    """What would lose all its rows; None when nothing would."""

    @property
    def dates(self) -> int:
        """Game dates that get built."""
        return sum(planned.window.dates for planned in self.windows)

    @property
    def blocked_lines(self) -> list[str]:
        """Say which dates bad inputs keep out, a line per check and season."""
        grouped: dict[tuple, list[Blocked]] = {}
        for entry in self.blocked:
            grouped.setdefault((entry.problem.check, entry.problem.spoils_until), []).append(entry)
        lines = []
        for (check, _), entries in grouped.items():
            # Each keeps out what follows it, to the season's end: the first one keeps out the most.
            first = min(entries, key=lambda entry: entry.problem.game_date)
            others = len({entry.problem.game_date for entry in entries}) - 1
            more = f" and {others} later date{'' if others == 1 else 's'}" if others else ""
            lines.append(
                f"left out {first.dates} date{'' if first.dates == 1 else 's'}, {first.start}..{first.end}: "
                f"{check} on {first.problem.game_date}{more}: {first.problem.detail}. "
                f"To fix it, {first.problem.how_to_fix}"
            )
        return lines

    def as_json(self) -> dict:
        """Return the plan as JSON-ready data (the shape is in docs/json.md)."""
        return {
            "dates": self.dates,
            "windows": [
                {
                    "start": str(planned.window.start),
                    "end": str(planned.window.end),
                    "dates": planned.window.dates,
                    "tables": list(planned.tables),
                }
                for planned in self.windows
            ],
            "build": [span_as_json(span) for span in self.build],
            "along": [span_as_json(span) for span in self.along],
            "left": self.left,
            "blocked": [
                {
                    **problem_as_json(entry.problem),
                    "dates_left_out": entry.dates,
                    "first_left_out": str(entry.start),
                    "last_left_out": str(entry.end),
                }
                for entry in self.blocked
            ],
            "warnings": [problem_as_json(problem) for problem in self.warnings],
            "emptied": self.emptied
            and {
                "dates": self.emptied.dates,
                "start": str(self.emptied.start),
                "end": str(self.emptied.end),
                "tables": list(self.emptied.tables),
                "rows": self.emptied.rows,
                "refused": self.emptied.is_too_much,
            },
        }


def make_plan(
    cells: Sequence[Cell],
    request: Request,
    other_dates: Iterable[date] = (),
    problems: Sequence[Problem] = (),
    spoiled: Mapping[date, Sequence[Problem]] | None = None,
) -> Plan:
    """Decide what to build, from the cells of the whole schedule.

    `other_dates` are days without a game that counts which the exclusions list (exhibitions). `spoiled` maps
    dates to the problems that would make them wrong: they are left out.
    """
    spoiled = spoiled or {}
    wanted = [cell for cell in cells if cell.state in request.states and request.covers(cell)]
    build = [cell for cell in wanted if cell.day not in spoiled]
    season_by_day = {cell.day: cell.season for cell in cells}

    tables_by_day: dict[date, set[str]] = {}
    for cell in build:
        tables_by_day.setdefault(cell.day, set()).add(cell.table)
    days = sorted(tables_by_day)
    windows = [
        PlannedWindow(
            window,
            _with_ancestors(set().union(*(tables_by_day[day] for day in _within(days, window)))),
        )
        for window in windows_for(tables_by_day, season_by_day, request.window, other_dates)
    ]

    built = {(cell.table, cell.day) for cell in build}
    run = built_by(windows, cells)
    blocked = _blocked(wanted, spoiled)
    keeping_out = {entry.problem for entry in blocked}
    return Plan(
        windows=windows,
        build=_spans_within(cells, built),
        along=_spans_within(cells, run - built),
        left=_left(cells, run, request),
        blocked=blocked,
        warnings=[problem for problem in problems if problem not in keeping_out],
        emptied=_emptied(cells, run),
    )


def built_by(windows: Iterable[PlannedWindow], cells: Iterable[Cell]) -> set[tuple[str, date]]:
    """Return every (table, date) that these windows write."""
    tables_by_day: dict[date, list[str]] = {}
    for cell in cells:
        tables_by_day.setdefault(cell.day, []).append(cell.table)
    days = sorted(tables_by_day)
    return {
        (table, day)
        for planned in windows
        for day in _within(days, planned.window)
        for table in tables_by_day[day]
        if table in planned.tables
    }


def named_tables(names: Collection[str]) -> tuple[str, ...]:
    """Resolve table or processor names (TDZA, PSZA, PCF, PDC, MLFS), given apart or with commas."""
    if not names:
        return ALL_TABLES
    short = {entry.processor.lower(): entry.table for entry in PHASE4_TABLES} | {"exclusions": EXCLUSIONS}
    found = set()
    for name in ",".join(names).split(","):
        table = short.get(name.strip().lower(), name.strip())
        if table not in ALL_TABLES:
            raise UsageError(
                f"there is no table '{name.strip()}': choose from {', '.join(ALL_TABLES)}, "
                f"or {', '.join(entry.processor for entry in PHASE4_TABLES)}"
            )
        found.add(table)
    return tuple(table for table in ALL_TABLES if table in found)


def named_dates(text: str) -> tuple[date, ...]:
    """Return the dates of '2022-01-10,2022-01-12'."""
    try:
        return tuple(date.fromisoformat(part.strip()) for part in text.split(","))
    except ValueError as error:
        what = f"{text}: {error}" if text.strip() else "is empty"
        raise UsageError(f"--dates {what}; write them as 2022-01-10,2022-01-12") from None


def named_season(text: str) -> int:
    """Return the start year of '2021-22'."""
    year = text[:4]
    if not year.isdigit() or text != season_name(int(year)):
        raise UsageError(f"'{text}' is no season: write it as 2021-22")
    return int(year)


def span_as_json(span: Span) -> dict:
    """Return a range as JSON-ready data."""
    return {
        "table": span.table,
        "start": str(span.start),
        "end": str(span.end),
        "dates": span.dates,
        "state": span.state,
        "reason": span.reason,
    }


def problem_as_json(problem: Problem) -> dict:
    """Return a problem of the inputs as JSON-ready data."""
    return {
        name: str(value) if isinstance(value, date) else value for name, value in problem._asdict().items()
    }


def _within(days: Sequence[date], window: Window) -> Sequence[date]:
    return days[bisect_left(days, window.start) : bisect_right(days, window.end)]


def _with_ancestors(tables: set[str]) -> tuple[str, ...]:
    needed = tables | {parent for table in tables for parent in MADE_FROM.get(table, ())}
    return tuple(table for table in ALL_TABLES if table in needed)


def _spans_within(cells: Sequence[Cell], chosen: set[tuple[str, date]]) -> list[Span]:
    marked = [cell if (cell.table, cell.day) in chosen else cell._replace(state="") for cell in cells]
    return spans(marked, STATES)


def _left(cells: Sequence[Cell], run: set[tuple[str, date]], request: Request) -> dict[str, dict[str, int]]:
    left: dict[str, Counter[str]] = {table: Counter() for table in request.tables}
    for cell in cells:
        if (cell.table, cell.day) in run or not request.covers(cell):
            continue
        label = cell.state if cell.state == DONE or not cell.reason else f"{cell.state} ({cell.reason})"
        left[cell.table][label] += 1
    return {table: dict(counts) for table, counts in left.items() if counts}


def _emptied(cells: Sequence[Cell], run: set[tuple[str, date]]) -> Emptied | None:
    # Exclusions alone are no loss: they also list exhibitions, which a schedule may leave out.
    feature_cells = [cell for cell in cells if cell.table != EXCLUSIONS and (cell.table, cell.day) in run]
    lost = [cell for cell in feature_cells if cell.rows and not cell.expected]
    if not lost:
        return None
    days, tables = {cell.day for cell in lost}, {cell.table for cell in lost}
    return Emptied(
        len(days),
        min(days),
        max(days),
        tuple(table for table in ALL_TABLES if table in tables),
        sum(cell.rows for cell in lost),
    )


def _blocked(wanted: Sequence[Cell], spoiled: Mapping[date, Sequence[Problem]]) -> list[Blocked]:
    days: dict[Problem, set[date]] = {}
    for cell in wanted:
        for problem in spoiled.get(cell.day, ()):
            days.setdefault(problem, set()).add(cell.day)
    return [Blocked(problem, len(own), min(own), max(own)) for problem, own in days.items()]
