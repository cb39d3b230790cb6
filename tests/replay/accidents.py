"""What goes wrong in a stretch of a season: chosen from its games, the same for the same stretch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from orchestrator.core.errors import UserError

if TYPE_CHECKING:
    from tests.replay.nights import Season

DAY = timedelta(days=1)
BOX_DAYS_LATE = 2
DAYS_UNTIL_CORRECTED = 4
SHORTEST = 10
"""Days that the accidents need to happen and to be mended."""


class Game(NamedTuple):
    """A game that counts, as it really was."""

    game_id: str
    day: date
    home: str
    away: str
    kind: str
    """regular, play_in or playoffs."""

    @property
    def teams(self) -> tuple[str, str]:
        """Both."""
        return self.home, self.away

    @property
    def name(self) -> str:
        """As the product writes it."""
        return f"{self.home}-{self.away}"


class Late(NamedTuple):
    """A game whose box score comes later than its final score."""

    game: Game
    arrives: date


class Postponed(NamedTuple):
    """A game that is on the schedule of a day and is played on another (that of `game`)."""

    game: Game
    announced: date


class Correction(NamedTuple):
    """Two free throws, with their points, that the box score credits to a team-mate at first."""

    game: Game
    scorer: int
    credited: int
    arrives: date


class Trade(NamedTuple):
    """A player's first game for a new team; it happened, nobody made it up."""

    player: str
    """The league's id."""
    name: str
    game_id: str
    day: date
    old_team: str
    team: str
    previous_day: date
    """Of his last game, for the old team."""
    games_before: int
    """Active games this season before, for whatever team."""
    points_avg_last_5: float
    """Of his last five active games before, for whatever team."""


@dataclass(frozen=True)
class Accidents:
    """All of a stretch."""

    late: tuple[Late, ...]
    postponed: Postponed
    correction: Correction
    trades: tuple[Trade, ...]

    def lines(self) -> list[str]:
        """Say what will happen."""
        postponed, corrected, trade = self.postponed, self.correction, self.trades[0]
        return [
            *(f"late: the box score of {game.name} {game.day} comes on {when}" for game, when in self.late),
            f"postponed: {postponed.game.name} from {postponed.announced} to {postponed.game.day}",
            f"corrected: free throws of {corrected.game.name} {corrected.game.day} on {corrected.arrives}",
            f"traded: {len(self.trades)}, first {trade.name} ({trade.old_team} to {trade.team}) {trade.day}",
        ]


def choose(season: Season, first: date, last: date) -> Accidents:
    """Choose the accidents of the mornings [first, last + 1]; UserError where there is no room for them."""
    days = (last - first).days
    games = [game for game in season.games if first <= game.day <= last]
    if days < SHORTEST or not games:
        raise UserError(f"{first}..{last} has no room for the accidents: take {SHORTEST} days or more")
    playing: dict[date, set[str]] = defaultdict(set)
    for game in games:
        playing[game.day] |= {*game.teams}

    def since(share: float) -> Iterator[Game]:
        """The games from a point of the stretch on whose box score is missed the day after."""
        return (
            game
            for game in games
            if game.day >= first + days * share * DAY
            and game.game_id in season.has_box
            and playing[game.day + DAY] & {*game.teams}
        )

    late = [
        Late(game, game.day + (1 + BOX_DAYS_LATE) * DAY) for game in map(_first, (since(0.15), since(0.5)))
    ]
    corrected = _first(
        game
        for game in since(0.35)
        if game not in [entry.game for entry in late]
        and len(throws := season.free_throws(game)) > 1
        and throws[0][1] >= 2
    )
    (scorer, _), *_, (credited, _) = season.free_throws(corrected)
    return Accidents(
        tuple(late),
        _postponed([game for game in games if game.kind == "regular"], playing),
        Correction(corrected, scorer, credited, corrected.day + DAYS_UNTIL_CORRECTED * DAY),
        tuple(season.trades(first, last)) or _nothing("traded player"),
    )


def _postponed(games: Sequence[Game], playing: dict[date, set[str]]) -> Postponed:
    """One of the last games, announced early: for a day on which both teams rest, a day before one plays."""
    early, late = games[len(games) // 4 :], games[3 * len(games) // 4 :]
    return _first(
        Postponed(game, day)
        for day in sorted({game.day for game in early})
        for game in late
        if game.day > day + 2 * DAY
        and not playing[day] & {*game.teams}
        and playing[day + DAY] & {*game.teams}
    )


def _first(candidates):
    return next(iter(candidates), None) or _nothing("game for an accident")


def _nothing(what: str):
    raise UserError(f"the stretch has no {what}: take a longer one")
