"""Copies of a season, each ending at a date: many dates are proven in one build (docs/verify.md).

Every window of the models stays within a season (contract R2). So a copy is a season of its own: the same
games, moved to another year, with another year's name and other game ids. The year has the same calendar, so
that months, days and weekdays stay what they are.
"""

from __future__ import annotations

from calendar import isleap
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from orchestrator.core.seasons import first_day, season_name

FIRST_YEAR, LAST_YEAR = 2100, 9990  # far from every real season; dbt's dates end with the year 9999
SUFFIX_LENGTH = 6
BOX, SLATE, WHOLE = "box", "slate", "whole"
"""What a copy has of its date: who played, with false numbers; no scores and no box scores; everything, like
all later dates."""


class Cut(NamedTuple):
    """A game date, and the season that it belongs to by the schedule."""

    day: date
    season: int


class Copy(NamedTuple):
    """One copy of a season, up to a date."""

    number: int
    cut: Cut
    year: int
    """The start year of the season that the copy is."""
    kind: str

    @property
    def shift(self) -> int:
        """The days from a real date to the copy's."""
        return (first_day(self.year) - first_day(self.cut.season)).days

    @property
    def row(self) -> tuple:
        """The copy as a row of the scratch database's table `copies`."""
        return (
            self.number,
            self.cut.day,
            self.cut.season,
            self.shift,
            self.year,
            season_name(self.year),
            f"~{self.number:0{SUFFIX_LENGTH - 1}d}",
            self.kind,
        )


def copies(wanted: Iterable[tuple[Cut, str]]) -> list[Copy]:
    """Give each date and kind a copy, the latest date first.

    What a copy hides therefore never comes after it: all later seasons of the build are copies that end
    earlier, and know less.
    """
    found: list[Copy] = []
    year = FIRST_YEAR
    for number, (cut, kind) in enumerate(sorted(wanted, reverse=True)):
        year = next(
            candidate for candidate in range(year + 2, LAST_YEAR) if _same_calendar(candidate, cut.season)
        )
        found.append(Copy(number, cut, year, kind))
    return found


def _same_calendar(year: int, other: int) -> bool:
    return isleap(year + 1) == isleap(other + 1) and first_day(year).weekday() == first_day(other).weekday()
