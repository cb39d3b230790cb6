"""Refuses what contradicts itself, and dates, seasons or ranges that the schedule does not have."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING

from orchestrator.core.clock import time_zone
from orchestrator.core.errors import UsageError, UserError
from orchestrator.core.seasons import first_day, season_name, season_of
from orchestrator.state.coverage import Cell

if TYPE_CHECKING:
    from orchestrator.plan.request import Request


def refuse_contradictions(request: Request) -> None:
    """Raise UsageError when no date can fulfil the request, whatever the schedule holds."""
    start, end = request.start, request.end
    if start and not end and not request.dates and start > request.until:
        raise UsageError(
            f"--start {start} is after today ({request.until} in {time_zone()}), the default of "
            "--end: give --end, too"
        )
    for day in request.dates:
        if (start and day < start) or (end and end < day):
            raise UsageError(f"--dates {day} is not {_between(start, end)}: drop one of the two")
        if request.seasons and not set(request.seasons) & _possible_seasons(day):
            raise UsageError(
                f"--dates {day} is in {season_name(season_of(day))}, not in --season "
                f"{_names(request.seasons)}: drop one of the two"
            )
    for season in request.seasons:
        first, last = first_day(season), date(season + 1, 10, 31)  # one season ran into October
        if (start and last < start) or (end and end < first):
            raise UsageError(
                f"--season {season_name(season)} is not {_between(start, end)}: drop one of the two"
            )


def refuse_what_is_not_there(request: Request, cells: Sequence[Cell]) -> None:
    """Raise UserError for a date, a season or a range of which the schedule has no game that counts.

    A request that names none of these accepts an empty schedule.
    """
    schedule = sorted({cell.day for cell in cells})
    absent = sorted({*request.dates}.difference(schedule))
    if absent:
        raise UserError(
            f"the schedule has no game that counts on {', '.join(map(str, absent))}: "
            f"{nearest(schedule, absent[0])}. Leave such dates out, or load their games first"
        )
    loaded = {cell.season for cell in cells}
    if unknown := {*request.seasons} - loaded:
        raise UserError(
            f"the schedule has no game that counts in {_names(unknown)}; it has {_names(loaded) or 'none'}. "
            "Load the season's files first: `python orchestrate.py ingest --from DIR`"
        )
    if (request.start or request.end or request.seasons) and not any(map(request.covers_day, cells)):
        where = f" in {_names(request.seasons)}" if request.seasons else ""
        raise UserError(
            f"the schedule has no game that counts{where} {_between(request.start, request.until)}: "
            f"{nearest(schedule, request.start or request.until)}"
        )


def nearest(schedule: Sequence[date], day: date) -> str:
    """Name the game dates before and after a day, for a message."""
    before = max((known for known in schedule if known < day), default=None)
    after = min((known for known in schedule if known > day), default=None)
    if before and after:
        return f"the nearest are {before} and {after}"
    if before or after:
        return f"its last is {before}" if before else f"its first is {after}"
    return "it is empty"


def _possible_seasons(day: date) -> set[int]:
    """Return the seasons that a date may belong to: one season ran into October."""
    season = season_of(day)
    return {season, season - 1} if day.month == 10 else {season}


def _between(start: date | None, end: date | None) -> str:
    if start and end:
        return f"from {start} to {end}"
    return f"from {start} on" if start else f"up to {end}"


def _names(seasons: Iterable[int]) -> str:
    return ", ".join(map(season_name, sorted(seasons)))
