"""The plan: which (table, date) to build and why, from the coverage alone. A backfill does exactly this."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from orchestrator.core.registry import ALL_TABLES, EXCLUSIONS, MADE_FROM
from orchestrator.core.windows import Window, windows_for
from orchestrator.plan.request import Request
from orchestrator.state.coverage import DONE, STATES, Cell, Span, spans
from orchestrator.state.preflight import Problem

MAY_BE_EMPTIED = 3
"""Dates that may lose all rows of a table without a refusal: a postponed night or two, not a season."""


class PlannedWindow(NamedTuple):
    """One dbt run: a range of dates and the tables it builds there."""

    window: Window
    tables: tuple[str, ...]


class Blocked(NamedTuple):
    """Dates skipped because a problem of the inputs would make them wrong."""

    problem: Problem
    dates: int
    start: date
    end: date


class Emptied(NamedTuple):
    """Dates whose rows in one of the five tables would all be removed."""

    dates: int
    start: date
    end: date
    tables: tuple[str, ...]
    rows: int

    @property
    def is_too_much(self) -> bool:
        """Tell whether this is more than a postponed night or two, and needs --allow-empty."""
        return self.dates > MAY_BE_EMPTIED

    def __str__(self) -> str:
        """Say what would be lost."""
        dates = f"{self.dates} date{'' if self.dates == 1 else 's'}, {self.start}..{self.end}"
        return (
            f"{dates}, would lose all their rows ({self.rows:,}, in {', '.join(self.tables)}): the raw "
            "data no longer has their games or box scores"
        )

    @property
    def refusal(self) -> str:
        """Say the same with the likely cause and the remedy."""
        return (
            f"{self}. Probably a file with part of a season replaced the whole season: load the whole "
            "season again. If this is intended, build it with --allow-empty"
        )


@dataclass(frozen=True)
class Plan:
    """What would be built, and what skipped."""

    windows: list[PlannedWindow] = field(default_factory=list)
    build: list[Span] = field(default_factory=list)
    """What is built because of its state, as ranges per table with the reason."""
    upstream: list[Span] = field(default_factory=list)
    """What is built only because another table, or another date of its window, needs it."""
    skipped: dict[str, dict[str, int]] = field(default_factory=dict)
    """What is not built: per table, (table, date)s by state and reason, as in `not_expected (bootstrap)`."""
    blocked: list[Blocked] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    """Other problems of the inputs, which spoil none of the requested dates."""
    emptied: Emptied | None = None
    """What would lose all its rows; None when nothing would."""

    @property
    def dates(self) -> int:
        """Game dates that get built."""
        return sum(planned.window.dates for planned in self.windows)

    @property
    def blocked_lines(self) -> list[str]:
        """Say which dates are skipped because of bad inputs, one line per check and season."""
        grouped: dict[tuple, list[Blocked]] = {}
        for entry in self.blocked:
            grouped.setdefault((entry.problem.check, entry.problem.spoils_until), []).append(entry)
        lines = []
        for (check, _), entries in grouped.items():
            # Each spoils the dates after it, to the season's end: the first one spoils the most.
            first = min(entries, key=lambda entry: entry.problem.game_date)
            others = len({entry.problem.game_date for entry in entries}) - 1
            more = f" and {others} later date{'' if others == 1 else 's'}" if others else ""
            lines.append(
                f"skipped {first.dates} date{'' if first.dates == 1 else 's'}, {first.start}..{first.end}: "
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
            "build": [span.as_json() for span in self.build],
            "along": [span.as_json() for span in self.upstream],
            "left": self.skipped,
            "blocked": [
                {
                    **entry.problem.as_json(),
                    "dates_left_out": entry.dates,
                    "first_left_out": str(entry.start),
                    "last_left_out": str(entry.end),
                }
                for entry in self.blocked
            ],
            "warnings": [problem.as_json() for problem in self.warnings],
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
    dates to the problems that would make them wrong: they are skipped.
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
        upstream=_spans_within(cells, run - built),
        skipped=_skipped(cells, run, request),
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


def _within(days: Sequence[date], window: Window) -> Sequence[date]:
    return days[bisect_left(days, window.start) : bisect_right(days, window.end)]


def _with_ancestors(tables: set[str]) -> tuple[str, ...]:
    needed = tables | {parent for table in tables for parent in MADE_FROM.get(table, ())}
    return tuple(table for table in ALL_TABLES if table in needed)


def _spans_within(cells: Sequence[Cell], chosen: set[tuple[str, date]]) -> list[Span]:
    marked = [cell if (cell.table, cell.day) in chosen else cell._replace(state="") for cell in cells]
    return spans(marked, STATES)


def _skipped(
    cells: Sequence[Cell], run: set[tuple[str, date]], request: Request
) -> dict[str, dict[str, int]]:
    skipped: dict[str, Counter[str]] = {table: Counter() for table in request.tables}
    for cell in cells:
        if (cell.table, cell.day) in run or not request.covers(cell):
            continue
        label = cell.state if cell.state == DONE or not cell.reason else f"{cell.state} ({cell.reason})"
        skipped[cell.table][label] += 1
    return {table: dict(counts) for table, counts in skipped.items() if counts}


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
