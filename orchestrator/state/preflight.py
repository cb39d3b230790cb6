"""Problems that would make the numbers wrong: read from the warehouse's preflight model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from orchestrator.core import seeds
from orchestrator.core.project import INTERMEDIATE

if TYPE_CHECKING:
    from orchestrator.warehouse.base import Connection

BLOCK = "block"
LATE = "late_box_score"

# Game dates further apart than this are two spans, as on either side of a summer.
ONE_SPAN = timedelta(days=14)


class Problem(NamedTuple):
    """What one check found on one date of games."""

    check: str
    severity: str
    """`block`: features would be wrong. `warn`: they are right, but more values are unknown."""
    game_date: date
    rows: int
    """How many rows, games or values the check found; the seed says what is counted."""
    detail: str
    """Up to three examples."""
    spoils_from: date | None
    """First date whose features the problem would make wrong; None for a warning."""
    spoils_until: date | None
    """Last such date, the end of the season; None for a warning."""
    subject: str | None = None
    """The column concerned, as `player_box.minutes_played`; None where the check is of no single column."""

    @property
    def title(self) -> str:
        """The check in a few words."""
        return _checks()[self.check]["title"]

    @property
    def how_to_fix(self) -> str:
        """What to do about it, as a clause."""
        return _checks()[self.check]["how_to_fix"]

    def spoils(self, day: date) -> bool:
        """Tell whether the features of a date would be wrong."""
        return (
            self.severity == BLOCK
            and self.spoils_from is not None
            and self.spoils_until is not None
            and self.spoils_from <= day <= self.spoils_until
        )

    def as_json(self) -> dict:
        """Return the problem as JSON-ready data."""
        return {
            name: str(value) if isinstance(value, date) else value for name, value in self._asdict().items()
        }


@cache
def _checks() -> dict[str, dict[str, str]]:
    return {row["check_name"]: row for row in seeds.rows("preflight_checks")}


def problems(connection: Connection, wanted: Mapping[date, int]) -> list[Problem]:
    """Return the problems in the games that the wanted dates are computed from.

    `wanted` gives each date the start year of its season, by the schedule. What is found lies in these
    seasons, up to the last wanted date of each; oldest first, blocks before warnings. Nothing is found
    without wanted dates, or in a warehouse whose views were never made (prepare it first). UserError when
    the view cannot be read, as when a raw table it was made for is gone.
    """
    last_wanted: dict[int, date] = {}
    for day, season in wanted.items():
        last_wanted[season] = max(day, last_wanted.get(season, day))
    if not last_wanted or not connection.has_table(INTERMEDIATE, "phase3_preflight"):
        return []
    in_season = " or ".join("(season_year = ? and game_date <= ?)" for _ in last_wanted)
    rows = connection.rows(
        "select check_name, severity, game_date, affected_rows, detail, spoils_from, spoils_until, subject "
        f"from {INTERMEDIATE}.phase3_preflight where {in_season} "
        "order by game_date, severity, check_name, subject",
        [value for bound in last_wanted.items() for value in bound],
    )
    return [Problem(*row) for row in rows]


def spoiled(found: Iterable[Problem], wanted: Iterable[date]) -> dict[date, list[Problem]]:
    """Return the wanted dates whose features would be wrong, oldest first, each with its problems.

    Only blocking problems count.
    """
    blocks = [problem for problem in found if problem.severity == BLOCK]
    touched = {day: [problem for problem in blocks if problem.spoils(day)] for day in sorted(set(wanted))}
    return {day: reasons for day, reasons in touched.items() if reasons}


def told(found: Iterable[Problem]) -> list[str]:
    """Summarize problems: one line per check, and one per span of dates for unknown columns."""
    by_check: dict[tuple[str, str | None], list[Problem]] = {}
    for problem in found:
        by_check.setdefault((problem.check, problem.subject), []).append(problem)
    lines: list[str] = []
    columns: dict[tuple[date, ...], list[Problem]] = {}
    for (_, subject), own in by_check.items():
        own.sort(key=lambda problem: problem.game_date)
        if subject is None:
            fix = f"; {own[0].how_to_fix}" if own[0].severity == BLOCK else ""
            lines.append(
                f"{own[0].title} on {_dates([problem.game_date for problem in own])}; {_example(own[0])}{fix}"
            )
        else:
            for span in _spans(own):
                columns.setdefault(tuple(problem.game_date for problem in span), []).append(span[0])
    for days, first in columns.items():
        tables: dict[str, list[str]] = {}
        for problem in first:
            assert problem.subject, "problems without a subject have lines of their own"
            table, column = problem.subject.split(".")
            tables.setdefault(table, []).append(column)
        names = "; ".join(f"{', '.join(names)} of {table}" for table, names in tables.items())
        lines.append(f"{names} unknown on {_dates(days)}; {_example(first[0])}")
    return lines


def _spans(own: Sequence[Problem]) -> list[list[Problem]]:
    spans: list[list[Problem]] = []
    for problem in own:
        if spans and problem.game_date - spans[-1][-1].game_date <= ONE_SPAN:
            spans[-1].append(problem)
        else:
            spans.append([problem])
    return spans


def _dates(days: Sequence[date]) -> str:
    return str(days[0]) if len(days) == 1 else f"{len(days)} dates, {days[0]}..{days[-1]}"


def _example(problem: Problem) -> str:
    return f"e.g. {problem.detail.splitlines()[0]}"
