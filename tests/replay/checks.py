"""What must be so after each morning's backfill, and at the end; each check says what is not, a line each."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import NamedTuple

import duckdb

from orchestrator.core import seeds
from orchestrator.core.project import PRECOMPUTE
from orchestrator.run.digest import needs_a_person
from orchestrator.run.outcome import Outcome
from orchestrator.warehouse.duckdb_file import DuckDBFile
from tests.python.warehouses import differences
from tests.replay.accidents import BOX_DAYS_LATE, DAY, Accidents
from tests.replay.expected import BOOTSTRAP, Calendar, Expected
from tests.replay.nights import Season

FEATURES = tuple(row["feature_name"] for row in seeds.rows("feature_catalogue"))
FEATURE_STORE = "ml_feature_store"
WITH_GAME_ID = ("player_composite_factors", FEATURE_STORE)
LONGEST_WAIT = (1 + BOX_DAYS_LATE) * DAY


class Row(NamedTuple):
    """One row of the feature store."""

    team: str
    features: tuple


Rows = dict[str, Row]
"""Of one date, by the player's id."""


class Checks:
    """Holds a warehouse, and what a run says of it, against the calendar."""

    def __init__(self, warehouse: DuckDBFile, season: Season, accidents: Accidents, first: date, last: date):
        self.warehouse = warehouse
        self._season = season
        self._accidents = accidents
        self.calendar = Calendar(season, accidents, first, last)
        self._before_the_game: dict[date, Rows] = {}
        self.seen: Counter[str] = Counter()
        """What there was to look at: a check without anything to check proves nothing."""

    def after(self, day: date, outcome: Outcome) -> list[str]:
        """Say what is wrong on the morning of `day`, after its backfill. Ask every morning, in order."""
        expected = self.calendar.on(day)
        return [
            *self.ended(outcome),
            *self.unsettled(day),
            *self.planned(outcome, expected),
            *self.told(outcome, expected),
            *self.warned(outcome, expected),
            *self.postponed(day),
            *self.slate_of_the_traded(day),
            *self.unlike_before_the_game(day, expected),
        ]

    # --- what the run says --------------------------------------------------------------------------

    def ended(self, outcome: Outcome) -> list[str]:
        """An accident of the inputs is no failure of the run."""
        if outcome.exit_code == 0 and outcome.state in ("finished", "nothing to do"):
            return []
        return [f"exit status {outcome.exit_code}: {outcome.headline}"]

    def planned(self, outcome: Outcome, expected: Expected) -> list[str]:
        """What was missing or stale is what the calendar says, and nothing else."""
        days = {cell.day for cell in outcome.cells}
        planned = {
            (span.table, day) for span in outcome.plan.build for day in days if span.start <= day <= span.end
        }
        return [
            f"{len(found)} {what}, e.g. {' '.join(map(str, min(found, key=lambda key: (key[1], key[0]))))}"
            for what, found in (
                ("dates of tables built for no reason", planned - expected.build),
                ("dates of tables not built", expected.build - planned),
            )
            if found
        ]

    def told(self, outcome: Outcome, expected: Expected) -> list[str]:
        """The digest names the games without a box score, with all rows of their teams since, and no more."""
        built = [day for _, day in expected.build]
        lines = []
        for game in expected.late if built else ():  # without anything built there is nothing to tell
            waiting = [
                day
                for (day,) in self._select(
                    "analysis_date",
                    f"team_abbr in {game.teams} and analysis_date between "
                    f"date '{max(min(built), game.day + DAY)}' and date '{max(built)}' order by 1",
                )
            ]
            if not waiting and game.day < min(built):
                continue  # an old tale, and nobody waits for it
            line = f"{game.name} {game.day}: no box score yet"
            if waiting:
                first, last = waiting[0], waiting[-1]
                span = f"{first}" if first == last else f"{first}..{last}"
                line += f"; {len(waiting)} row{'s' * (len(waiting) > 1)} of {span} not ready"
            lines.append(line)
        self.seen["lines of digests"] += len(lines)
        return _unlike("digest", needs_a_person(outcome), lines)

    def warned(self, outcome: Outcome, expected: Expected) -> list[str]:
        """The inputs' warnings name each game that waits for something, once."""
        found = [
            (problem.check, problem.game_date, problem.rows, problem.detail.split(":")[0])
            for problem in outcome.plan.warnings
            if problem.check in ("late_box_score", "game_not_played")
        ]
        wanted = [("late_box_score", game.day, 2, f"game {game.game_id}") for game in expected.late]
        wanted += [
            ("game_not_played", announced, 1, f"game {game.game_id}")
            for game, announced in expected.not_played
        ]
        if not expected.build:  # nothing to build: the inputs are not looked at
            wanted = []
        self.seen["warnings"] += len(wanted)
        return _unlike("warnings", sorted(found), sorted(wanted))

    # --- what is in the warehouse -------------------------------------------------------------------

    def unsettled(self, day: date) -> list[str]:
        """Nothing up to the day is left to do, whatever the run says of itself."""
        with self.warehouse.reading() as connection:
            left = connection.rows(
                "select table_name, analysis_date, state, state_reason "
                f"from {PRECOMPUTE}.phase4_coverage where analysis_date <= ? "
                "and state not in ('done', 'not_expected') order by analysis_date, table_name",
                [day],
            )
        return [f"left {state} ({reason}): {table} {when}" for table, when, state, reason in left]

    def postponed(self, day: date) -> list[str]:
        """The postponed game has rows while it is announced, none once given up, and those of its own day."""
        game, announced = self._accidents.postponed
        if day < announced or announced < day < self.calendar.given_up:
            return []
        rows = [len(self._select("1", f"game_id = '{game.game_id}'", table)) for table in WITH_GAME_ID]
        right = all(rows) if day == announced or day >= game.day else not any(rows)
        return [] if right else [f"the postponed game {game.name} has {rows} rows in {WITH_GAME_ID}"]

    def slate_of_the_traded(self, day: date) -> list[str]:
        """Who was traded is expected with the team of his last game."""
        waited_for = {late.game.game_id for late in self._accidents.late if late.arrives > day}
        teams = {
            trade.player: trade.team
            for trade in self._accidents.trades
            if trade.day < day and trade.game_id not in waited_for
        }
        slate = {player: row.team for player, row in self.rows_of(day, "upcoming").items() if player in teams}
        self.seen["rows of the traded on slates"] += len(slate)
        return [
            f"player {player} is on the slate of {team} on {day}, and plays for {teams[player]}"
            for player, team in slate.items()
            if team != teams[player]
        ]

    def first_games_of_the_traded(self) -> list[str]:
        """The day of his first game for a new team has one row of him, made of his games for both."""
        troubles = []
        for trade in self._accidents.trades:
            if trade.day < self._season.first_day + BOOTSTRAP:
                continue
            average = round(trade.points_avg_last_5, 9) if trade.games_before >= 5 else None
            rows = self._select(
                "team_abbr, days_rest, round(points_avg_last_5, 9)",
                f"universal_player_id = '{trade.player}' and analysis_date = date '{trade.day}'",
            )
            wanted = [(trade.team, (trade.day - trade.previous_day).days, average)]
            self.seen["first games for a new team"] += 1
            troubles += _unlike(f"{trade.name} on {trade.day}", rows, wanted)
        return troubles

    # --- the same before and after (contract R16) ---------------------------------------------------

    def unlike_before_the_game(self, day: date, expected: Expected) -> list[str]:
        """Hold rows made of box scores against those of their slate, unless history has changed since."""
        troubles = []
        for when, before in sorted(self._before_the_game.items()):
            if when < day - LONGEST_WAIT or any(changed < when for changed in expected.history):
                del self._before_the_game[when]
                continue
            after = self.rows_of(when, "history")
            self.seen["rows as before their game"] += len(_comparable(before, after))
            troubles += [f"{when}: {what}" for what in unlike_features(before, after)]
            self._before_the_game[when] = {player: before[player] for player in before.keys() - after.keys()}
        if tonight := self.rows_of(day, "upcoming"):
            self._before_the_game[day] = tonight
        return troubles

    def rows_of(self, day: date, source: str) -> Rows:
        """Read the rows of a date that were made from a context: `upcoming` or `history`."""
        rows = self._select(
            f"universal_player_id, team_abbr, {', '.join(FEATURES)}",
            f"analysis_date = date '{day}' and context_source = '{source}'",
        )
        return {player: Row(team, tuple(features)) for player, team, *features in rows}

    def _select(self, columns: str, where: str, table: str = FEATURE_STORE) -> list[tuple]:
        """Read rows; none while the season is too young for the table to be there."""
        with self.warehouse.reading() as connection:
            if not connection.has_table(PRECOMPUTE, table):
                return []
            return connection.rows(f"select {columns} from {PRECOMPUTE}.{table} where {where}")


def unlike_features(before: Rows, after: Rows) -> list[str]:
    """Say which features of players who are in both, with one team, are not equal to the last bit."""
    return [
        f"{name} of player {player} is {one!r} before the game and {other!r} after it"
        for player in _comparable(before, after)
        for name, one, other in zip(FEATURES, before[player].features, after[player].features, strict=True)
        if one != other
    ]


def unlike_warehouses(replayed: DuckDBFile, at_once: DuckDBFile) -> list[str]:
    """Say what is different in rows, to the last bit, and in receipts."""
    troubles = [
        f"{count} rows of {table} differ" for table, count in differences(replayed.path, at_once.path).items()
    ]
    with duckdb.connect() as both:
        for name, warehouse in (("a", replayed), ("b", at_once)):
            both.execute(f"attach '{warehouse.path}' as {name} (read_only)")
        one, other = (
            "select table_name, analysis_date, row_count, content_hash, input_hash "
            # A receipt of no rows says no more than none: which dates get one depends on the windows.
            f"from {name}.{PRECOMPUTE}.receipts where row_count > 0"
            for name in ("a", "b")
        )
        rows = both.execute(
            f"select distinct analysis_date, table_name from (({one} except {other}) "
            f"union all ({other} except {one})) order by all"
        ).fetchall()
    return troubles + [f"the receipts of {table} {day} differ" for day, table in rows]


def _comparable(before: Rows, after: Rows) -> list[str]:
    return sorted(
        player for player in before.keys() & after.keys() if before[player].team == after[player].team
    )


def _unlike(what: str, found: list, wanted: list) -> list[str]:
    return [] if found == wanted else [f"{what}: {found or 'nothing'}, expected {wanted or 'nothing'}"]
