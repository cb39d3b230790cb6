"""What was known before the date: which games count for the player, and which of them each window holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from math import sqrt
from typing import TYPE_CHECKING, NamedTuple

from orchestrator.core.registry import GAMES_NEEDED, ZONE_GAMES_PLAYER, ZONE_GAMES_TEAM
from orchestrator.explain.arithmetic import mean_of_known, plus, ratio, sum_of_known, times
from orchestrator.explain.raw_rows import Game, PlayerBox, TeamBox, Zones

if TYPE_CHECKING:
    from orchestrator.explain.names import Player

BOOTSTRAP_DAYS = 14
ZONES = ("paint", "mid_range", "three_pt")


class Side(NamedTuple):
    """A game as one team plays it."""

    game: Game
    team: str

    @property
    def opponent(self) -> str:
        """Return the other team."""
        return self.game.away if self.team == self.game.home else self.game.home

    @property
    def is_home(self) -> bool:
        """Does the team play at home?"""
        return self.team == self.game.home

    def __str__(self) -> str:
        """Name it as the league does, visitors first, with its date."""
        return f"{self.game.away}-{self.game.home} {self.game.day}"


def true_attempts(box: PlayerBox | TeamBox) -> float | None:
    """Return field-goal attempts, a free throw counted as 0.44 of one."""
    return plus(box.fg_attempts, times(0.44, box.ft_attempts))


def possessions(box: TeamBox) -> float | None:
    """Return a team's possessions (contract 3)."""
    return plus(true_attempts(box), times(-1, box.offensive_rebounds), box.turnovers)


@dataclass(frozen=True)
class PlayedGame:
    """One active game of the player, and what is known of it."""

    side: Side
    box: PlayerBox
    usage: float | None
    zones: Zones | None
    """None without shot data."""

    @property
    def day(self) -> date:
        """Return its date."""
        return self.side.game.day

    @property
    def true_shooting(self) -> float | None:
        """Return points per two true shooting attempts."""
        return ratio(self.box.points, times(2, true_attempts(self.box)))


@dataclass(frozen=True)
class TeamGame:
    """One game of a team with the rows of both teams' box scores; a row may be absent."""

    side: Side
    own: TeamBox | None
    other: TeamBox | None
    zones: Zones | None = None
    """Shots of the opponents; None without shot data."""

    @property
    def day(self) -> date:
        """Return its date."""
        return self.side.game.day

    @property
    def pace(self) -> float | None:
        """Return the game's possessions per 48 minutes, by the team's own minutes."""
        if not (self.own and self.other):
            return None
        both = plus(possessions(self.own), possessions(self.other))
        return times(48, ratio(None if both is None else both / 2, self.own.minutes and self.own.minutes / 5))

    @property
    def rating(self) -> float | None:
        """Return the points the team scored per 100 possessions."""
        return times(100, ratio(self.own.points, possessions(self.own))) if self.own else None

    @property
    def rating_allowed(self) -> float | None:
        """Return the points the other team scored per 100 possessions."""
        return times(100, ratio(self.other.points, possessions(self.other))) if self.other else None


class Status(NamedTuple):
    """What the newest transaction on the player says."""

    word: str
    day: date
    team: str


@dataclass(frozen=True)
class League:
    """Shooting by zone over the 30 days before the date, the mean of the teams."""

    pct: dict[str, float]
    teams: int
    is_measured: bool
    newest: date | None
    """The newest game it was measured from."""


@dataclass(frozen=True)
class Day:
    """The date itself: which games it has, and whether any table can have rows."""

    day: date
    season: int
    games: tuple[Game, ...]
    """Those that count and were played or are due."""
    exhibitions: tuple[Game, ...]
    not_played: tuple[Game, ...]
    opening_night: date | None
    before: date | None
    """The game dates next to it."""
    after: date | None
    first: date | None
    last: date | None

    @property
    def number(self) -> int | None:
        """How many days after opening night it is."""
        return None if self.opening_night is None else (self.day - self.opening_night).days

    @property
    def is_bootstrap(self) -> bool:
        """Is it one of the first days of the season, on which no table has rows?"""
        return bool(self.games) and self.number is not None and 0 <= self.number < BOOTSTRAP_DAYS


@dataclass
class Known:
    """Everything about a player that was known before the date, from raw rows."""

    player: Player
    day: Day
    games: list[PlayedGame]
    """His active games this season, newest first."""
    side: Side | None
    """His game on the date, if he is a participant."""
    context_source: str | None
    """`history`: a box score has him; `upcoming`: he is expected."""
    own_games: list[TeamGame]
    """His team's games with a team row, newest first."""
    opponent_games: list[TeamGame]
    """The same of the opponent; of games without a team row, too."""
    opponent_last: Side | None
    """The opponent's last game by the schedule."""
    team_final_games: list[Side]
    """His team's games with a final score, oldest first."""
    gaps: list[Side]
    """His team's games before the date without a box score, oldest first."""
    holes: list[Side]
    """Those of them that are only late: the source has others of the kind."""
    status: Status | None
    league: League
    team: str | None
    """His team on the date, or that of his last game."""
    opponent: str | None
    """His team's opponent on the date; None when his team has no game."""
    has_participants: bool
    """Has anybody a row on the date, as a participant?"""
    is_awaited: bool
    """Does his team's game on the date still lack its box score?"""
    seen: tuple[date, date] | None
    """His first and last box score in the data."""

    @property
    def defender(self) -> str | None:
        """The team whose defence is shown: the opponent, or his own team when it has no game."""
        return self.opponent or self.team

    # --- windows over his own games ----------------------------------------------------------------

    @property
    def last_5(self) -> list[PlayedGame]:
        """Return his newest 5 games."""
        return self.games[:5]

    @property
    def last_10(self) -> list[PlayedGame]:
        """Return his newest 10 games."""
        return self.games[:10]

    def in_last_days(self, days: int) -> list[PlayedGame]:
        """Return the games from `days` days before the date up to yesterday (contract R7)."""
        return [game for game in self.games if game.day >= self.day.day - timedelta(days)]

    @property
    def zone_games(self) -> list[PlayedGame]:
        """Return those of the last 10 that have shot data."""
        return [game for game in self.last_10 if game.zones]

    # --- which tables can have a row ---------------------------------------------------------------

    @property
    def is_participant(self) -> bool:
        """Does he take part on the date?"""
        return self.side is not None

    def has_enough(self, table: str) -> bool:
        """Tell whether he has the games that a table needs."""
        return len(self.games) >= GAMES_NEEDED.get(table, 0)

    @property
    def opponent_is_known(self) -> bool:
        """Has the opponent the games that its row needs?"""
        return len(self.opponent_defence) >= GAMES_NEEDED["team_defense_zone_analysis"]

    # --- rest and workload (contract 4.3, R15) -----------------------------------------------------

    @property
    def last_day(self) -> date | None:
        """Return the date of his last active game."""
        return self.games[0].day if self.games else None

    def gap_in_last_days(self, days: int) -> Side | None:
        """Return a game of his team in these days that has no box score, if any."""
        first = self.day.day - timedelta(days)
        return next((side for side in self.gaps if side.game.day >= first), None)

    @property
    def gap_since_last_game(self) -> Side | None:
        """Return a game of his team after his last one that has no box score, if any."""
        if self.last_day is None:
            return None
        return next((side for side in self.gaps if side.game.day > self.last_day), None)

    @cached_property
    def days_rest(self) -> int | None:
        """Return the days since his last game; None when a missing game may lie between."""
        if self.last_day is None or self.gap_since_last_game:
            return None
        return (self.day.day - self.last_day).days

    @cached_property
    def back_to_back(self) -> bool | None:
        """Did he play yesterday? None when yesterday's box score is missing."""
        if self.gap_in_last_days(1):
            return None
        return self.last_day == self.day.day - timedelta(1)

    def games_in(self, days: int) -> int | None:
        """Count his games in the last days; None when a box score is missing there."""
        return None if self.gap_in_last_days(days) else len(self.in_last_days(days))

    def minutes_in(self, days: int) -> float | None:
        """Add up his minutes there; None when a part is unknown."""
        minutes = [game.box.minutes for game in self.in_last_days(days)]
        if self.gap_in_last_days(days) or None in minutes:
            return None
        return sum(value for value in minutes if value is not None)

    def minutes_per_game_in(self, days: int) -> float | None:
        """Return his mean minutes there."""
        if self.gap_in_last_days(days):
            return None
        return mean_of_known(game.box.minutes for game in self.in_last_days(days))

    @cached_property
    def back_to_backs(self) -> int | None:
        """Pairs of days in a row within the last 14 on which he played."""
        if self.gap_in_last_days(14):
            return None
        days = {game.day for game in self.in_last_days(14)}
        return sum(day - timedelta(1) in days for day in days)

    @cached_property
    def usage_in_last_7(self) -> float | None:
        """Return his mean usage in the last 7 days."""
        if self.gap_in_last_days(7):
            return None
        return mean_of_known(game.usage for game in self.in_last_days(7))

    # --- form --------------------------------------------------------------------------------------

    def points(self, games: Sequence[PlayedGame]) -> float | None:
        """Return his mean points."""
        return mean_of_known(game.box.points for game in games)

    @cached_property
    def points_std(self) -> float | None:
        """Return the sample deviation of his points in the last 10 games."""
        values = [game.box.points for game in self.last_10 if game.box.points is not None]
        if len(values) < 2 or 2 * len(values) < len(self.last_10):
            return None
        count = len(values)
        return sqrt((count * sum(x * x for x in values) - sum(values) ** 2) / (count * (count - 1)))

    def minutes(self, games: Sequence[PlayedGame]) -> float | None:
        """Return his mean minutes."""
        return mean_of_known(game.box.minutes for game in games)

    # --- the newest game that each row rests on ------------------------------------------------------

    @cached_property
    def newest_of_context(self) -> date | None:
        """Return the newest game of him, his team and his opponent."""
        games = (self.games, self.own_games, self.opponent_last_10)
        days = [first.day for first in (own[0] for own in games if own)]
        return max(days + ([self.opponent_last.game.day] if self.opponent_last else []), default=None)

    @cached_property
    def newest_of_opponent(self) -> date | None:
        """Return the newest game that the opponent's row, the league's part included, rests on."""
        if not self.opponent_is_known:
            return None
        return max(filter(None, (self.opponent_last_15[0].day, self.league.newest)))

    @cached_property
    def newest(self) -> date | None:
        """Return the newest game that his features rest on."""
        days = [day for day in (self.newest_of_context, self.newest_of_opponent) if day]
        return max(days, default=None)

    # --- his zones (contract 4.2) ------------------------------------------------------------------

    @property
    def zones_are_known(self) -> bool:
        """Has he enough games, and enough of them shot data?"""
        return self.has_enough("player_shot_zone_analysis") and len(self.zone_games) >= ZONE_GAMES_PLAYER

    def zone_count(self, zone: str, what: str) -> int | None:
        """Return his `makes` or `attempts` in a zone over the last 10 games with shot data."""
        return sum_of_known(getattr(game.zones, f"{zone}_{what}") for game in self.zone_games)

    @cached_property
    def zone_attempts(self) -> int | None:
        """Return all his attempts in the last 10 games with shot data."""
        counts = [self.zone_count(zone, "attempts") for zone in ZONES]
        return None if None in counts else sum(count for count in counts if count is not None)

    @cached_property
    def trend_games(self) -> list[PlayedGame]:
        """Return those of his last 20 games that have shot data; none when there are too few of them."""
        games = [game for game in self.games[:20] if game.zones]
        return games if len(self.games) >= 15 and len(games) >= 15 else []

    def zone_rate(self, zone: str) -> float | None:
        """Return the share of his attempts from a zone, percent."""
        if not self.zones_are_known:
            return None
        return times(100, ratio(self.zone_count(zone, "attempts"), self.zone_attempts))

    @cached_property
    def primary_zone(self) -> str | None:
        """Name the zone he mainly scores from; paint is asked first."""
        paint, mid_range, three = (self.zone_rate(zone) for zone in ZONES)
        if paint is None or mid_range is None or three is None:
            return None
        if paint >= 40:
            return "paint"
        if three >= 40:
            return "perimeter"
        return "mid_range" if mid_range >= 35 else "balanced"

    # --- the teams ---------------------------------------------------------------------------------

    @property
    def team_last_10(self) -> list[TeamGame]:
        """Return his team's newest 10 games."""
        return self.own_games[:10]

    @cached_property
    def team_pace(self) -> float | None:
        """Return his team's mean pace over them."""
        return mean_of_known(game.pace for game in self.team_last_10)

    @cached_property
    def team_rating(self) -> float | None:
        """Return its mean offensive rating over them."""
        return mean_of_known(game.rating for game in self.team_last_10)

    @property
    def opponent_last_10(self) -> list[TeamGame]:
        """Those that the opponent's own pace is the mean of."""
        return [game for game in self.opponent_games if game.own][:10]

    @cached_property
    def opponent_pace_last_10(self) -> float | None:
        """Return the opponent's mean pace over them."""
        return mean_of_known(game.pace for game in self.opponent_last_10)

    @property
    def opponent_defence(self) -> list[TeamGame]:
        """The opponent's games in which the other team has a row: what it allowed."""
        return [game for game in self.opponent_games if game.other]

    @property
    def opponent_last_15(self) -> list[TeamGame]:
        """Return the newest 15 of them."""
        return self.opponent_defence[:15]

    @property
    def opponent_zone_games(self) -> list[TeamGame]:
        """Return those of the 15 that have shot data."""
        return [game for game in self.opponent_last_15 if game.zones]

    def allowed(self, zone: str, what: str) -> int | None:
        """Return the `makes` or `attempts` in a zone that the opponent allowed in them."""
        return sum_of_known(getattr(game.zones, f"{zone}_{what}") for game in self.opponent_zone_games)

    def allowed_pct(self, zone: str) -> float | None:
        """Return the share of shots from a zone that went in against the opponent, 0 to 1."""
        if not self.opponent_is_known or len(self.opponent_zone_games) < ZONE_GAMES_TEAM:
            return None
        return ratio(self.allowed(zone, "makes"), self.allowed(zone, "attempts"))

    def against_league(self, zone: str) -> float | None:
        """Return how many percentage points more than the league the opponent allows in a zone."""
        pct = self.allowed_pct(zone)
        return None if pct is None else 100 * (pct - self.league.pct[zone])

    @cached_property
    def wins(self) -> list[bool]:
        """The team's results this season, where known."""
        return [game.own.won for game in self.own_games if game.own and game.own.won is not None]

    @property
    def opponent_days_rest(self) -> int | None:
        """Return the days since the opponent's last game by the schedule."""
        return None if self.opponent_last is None else (self.day.day - self.opponent_last.game.day).days
