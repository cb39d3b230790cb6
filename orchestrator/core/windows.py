"""Window algebra: which ranges of dates to build so that a set of dates gets built."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import NamedTuple

from orchestrator.core.seasons import first_day, season_of

# Three seasons: measured, one window of them takes 6 s where three windows of one take 12 (each pays dbt's
# cost per model again), and stays below 600 MB; memory follows the largest window, not the history.
LARGEST_WINDOW = 650


class Window(NamedTuple):
    """An inclusive range of dates that one dbt run writes, and how many game dates are in it."""

    start: date
    end: date
    dates: int

    def __str__(self) -> str:
        """Show as `start..end`."""
        return f"{self.start}..{self.end}"


def windows_for(
    wanted: Iterable[date],
    game_dates: Mapping[date, int],
    largest: int,
    other_dates: Iterable[date] = (),
) -> list[Window]:
    """Cover the wanted dates with windows of at most `largest` game dates, oldest first.

    A window holds wanted game dates only: nothing else is rebuilt. Whole seasons are packed together while
    they fit, and windows are cut between seasons where they can be, because a window reads back to the
    opening night of the season it starts in. `game_dates` maps every game date of the schedule to its season.
    Days of the schedule without a game that counts (`other_dates`: exhibitions, which the exclusions list)
    go with the next game date.
    """
    wanted = set(wanted)
    windows = []
    runs = groupby(sorted(game_dates), key=lambda day: day in wanted)
    for is_wanted, run in runs:
        if not is_wanted:
            continue
        packed: list[date] = []
        for _season, days in groupby(run, key=game_dates.__getitem__):
            season = list(days)
            if packed and len(packed) + len(season) > largest:
                windows += _cut(packed, largest)
                packed = []
            packed += season
        windows += _cut(packed, largest)
    schedule, others = sorted(game_dates), sorted(other_dates)
    return [_with_days_before(window, schedule, others) for window in windows]


def _with_days_before(window: Window, schedule: Sequence[date], others: Sequence[date]) -> Window:
    position = bisect_left(schedule, window.start)
    first = bisect_right(others, schedule[position - 1]) if position else 0
    if first < len(others) and others[first] < window.start:
        return window._replace(start=others[first])
    return window


def halves(window: Window, schedule: Sequence[date]) -> tuple[Window, Window]:
    """Cut a window of two or more game dates in two."""
    days = schedule[bisect_left(schedule, window.start) : bisect_right(schedule, window.end)]
    return cut(window, days, len(days) // 2)


def cut(window: Window, days: Sequence[date], first: int) -> tuple[Window, Window]:
    """Cut a window after the first few of its game dates; every day of it stays in one of the two.

    Days between two game dates (exhibitions, which the exclusions list) go with the later one, but for those
    before its season's October: a window reads back to the opening night of the season it starts in.
    """
    last, then = days[first - 1], days[first]
    start = max(last + timedelta(days=1), first_day(season_of(then)))
    return Window(window.start, last, first), Window(start, window.end, len(days) - first)


def _cut(days: list[date], largest: int) -> list[Window]:
    parts = [days[first : first + largest] for first in range(0, len(days), largest)]
    return [Window(part[0], part[-1], len(part)) for part in parts]
