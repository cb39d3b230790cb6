"""A season replayed: each morning one ingest and one backfill, and a look at whether all is as it must be."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from unittest.mock import patch

from orchestrator.dbt.runner import Runner
from orchestrator.plan.request import Request
from orchestrator.raw.load import ingest
from orchestrator.run.backfill import backfill
from orchestrator.run.digest import needs_a_person
from orchestrator.run.outcome import Outcome
from orchestrator.warehouse.duckdb_file import DuckDBFile
from tests.replay.accidents import DAY, Accidents, choose
from tests.replay.checks import Checks, unlike_warehouses
from tests.replay.nights import Nights, Season


@dataclass(frozen=True)
class Morning:
    """What one morning came to."""

    day: date
    outcome: Outcome
    troubles: list[str]
    """What is not as it must be."""
    seconds: float

    def __str__(self) -> str:
        """One line, and one more for each trouble."""
        outcome = self.outcome
        windows = ", ".join(str(planned.window) for planned in outcome.succeeded) or "nothing to do"
        digest = "; ".join(needs_a_person(outcome)) or "nobody needed"
        line = (
            f"{self.day}  {'FAIL' if self.troubles else 'ok  '}  {windows}: {outcome.rows:,} rows; {digest}"
            f"  ({self.seconds:.1f} s)"
        )
        return "\n".join([line, *(f"    {trouble}" for trouble in self.troubles)])


class Replay:
    """One stretch of a season, from the morning of `first` to the morning after the games of `last`."""

    def __init__(self, season: Season, folder: Path, first: date, last: date):
        self.season = season
        self.first, self.last = first, last
        self.accidents: Accidents = choose(season, first, last)
        self.warehouse = DuckDBFile(folder / "replayed" / "nba.duckdb")
        self.at_once = DuckDBFile(folder / "at-once" / "nba.duckdb")
        self.checks = Checks(self.warehouse, season, self.accidents, first, last)
        self._nights = Nights(season, self.accidents, folder / "files", first, last)

    def mornings(self) -> Iterator[Morning]:
        """Live through the stretch."""
        for number in range((self.last - self.first).days + 2):
            began, day = time.monotonic(), self.first + number * DAY
            if arrived := self._nights.morning(day):
                ingest(arrived, self.warehouse.path, warn=lambda text: None)
            outcome = self._backfill(self.warehouse, day)
            troubles = self.checks.after(day, outcome)
            yield Morning(day, outcome, troubles, time.monotonic() - began)

    def compare(self) -> list[str]:
        """Load and build everything at once; return what is different from the mornings' work."""
        ingest(self._nights.everything(), self.at_once.path, warn=lambda text: None)
        outcome = self._backfill(self.at_once, self.last)
        return [
            *self.checks.ended(outcome),
            *self.checks.first_games_of_the_traded(),
            *unlike_warehouses(self.warehouse, self.at_once),
        ]

    def _backfill(self, warehouse: DuckDBFile, today: date) -> Outcome:
        with patch.dict(os.environ, NBA_DUCKDB_PATH=str(warehouse.path)):
            # Every backfill gets the same dbt: what is parsed is equal for files of one name.
            return backfill(warehouse, Request(end=today), make_runner=lambda *_: self._runner)

    @cached_property
    def _runner(self) -> Runner:
        runner = Runner(self.warehouse)
        runner.parse()
        return runner
