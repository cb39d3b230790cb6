"""What each morning must come to, told from the calendar and the accidents alone, never from a warehouse."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from orchestrator.core.registry import ALL_TABLES, EXCLUSIONS
from tests.replay.accidents import DAY, Accidents, Game, Postponed
from tests.replay.nights import Season

WHOEVER_PLAYS = ("team_defense_zone_analysis", "player_shot_zone_analysis")
OF_THE_DAY = tuple(table for table in ALL_TABLES if table not in WHOEVER_PLAYS)
"""Tables that also read the day itself: its games, and who takes part."""
BOOTSTRAP = timedelta(days=14)


class Expected(NamedTuple):
    """Of one morning."""

    build: set[tuple[str, date]]
    """Every (table, date) that is missing or stale."""
    late: list[Game]
    """Games with a score and no box score."""
    not_played: list[Postponed]
    """Games without a score on the day they were announced for, which others have overtaken."""
    history: set[date]
    """Dates of games that are known otherwise than the day before: later dates are made from them."""


class Calendar:
    """Knows what has arrived on each morning, and so what has to be built."""

    def __init__(self, season: Season, accidents: Accidents, first: date, last: date):
        self._season = season
        self._accidents = accidents
        self._first = first
        self._first_enough = season.first_enough()
        self._days = sorted({game.day for game in season.games if game.day <= last})
        self._with_box = {game.day for game in season.games if game.game_id in season.has_box}
        # The scores of a later day say that a game of the day before it was not played.
        announced = accidents.postponed.announced
        self.given_up = next(day for day in self._days if day > announced) + DAY

    def on(self, morning: date) -> Expected:
        """Tell what a morning must come to, after the mornings before it."""
        accidents = self._accidents
        late, postponed, correction = accidents.late, accidents.postponed, accidents.correction
        who_played = {entry.game.day for entry in late if entry.arrives == morning}
        if morning == self.given_up:
            who_played.add(postponed.announced)
        history = who_played | ({correction.game.day} if morning == correction.arrives else set())

        known = [day for day in self._days if day <= morning]
        if morning == self._first:
            build = {(table, day) for day in known for table in self._tables(day, morning)}
        else:
            build = {(table, morning) for table in self._tables(morning, morning) if morning in known}
            for day in known[: -1 if morning in known else None]:
                tables = self._tables(day, morning) | self._tables(day, morning - DAY)
                if any(changed < day for changed in history):
                    build |= {(table, day) for table in tables}
                elif day in who_played or day == morning - DAY:
                    build |= {(table, day) for table in tables & set(OF_THE_DAY)}
        return Expected(
            build,
            [entry.game for entry in late if entry.game.day < morning < entry.arrives],
            [postponed] if self.given_up <= morning < postponed.game.day else [],
            history,
        )

    def _tables(self, day: date, morning: date) -> set[str]:
        """Return the tables that must have rows, or an account of why not, for a date as of a morning."""
        if day < self._season.first_day + BOOTSTRAP:
            return {EXCLUSIONS}
        takes_part = day == morning or day in self._with_box
        return {
            table
            for table in ALL_TABLES
            if (takes_part or table in WHOEVER_PLAYS or table == EXCLUSIONS)
            and self._first_enough.get(table, date.min) < day
        }
