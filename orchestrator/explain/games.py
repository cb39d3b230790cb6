"""What was known before the date: which games count for the player, and which of them each window holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from math import sqrt
from typing import TYPE_CHECKING, NamedTuple

from orchestrator.core.registry import GAMES_NEEDED, ZONE_GAMES_PLAYER, ZONE_GAMES_TEAM
from orchestrator.explain import raw_rows
from orchestrator.explain.raw_rows import Game, PlayerBox, TeamBox, Zones

if TYPE_CHECKING:
    from orchestrator.explain.names import Player
    from orchestrator.warehouse.base import Connection

BOOTSTRAP_DAYS = 14
SLATE_DAYS = 30
"""A player is expected on a slate when his last game is not older."""
ZONES = ("paint", "mid_range", "three_pt")
USUAL_PCT = {"paint": 0.580, "mid_range": 0.410, "three_pt": 0.355}
"""What stands for the league where too few teams have shot data (contract 4.1)."""


class Side(NamedTuple):
    """A game as one team plays it."""

    game: Game
    team: str

    @property
    def opponent(self) -> str:
        return self.game.away if self.team == self.game.home else self.game.home

    @property
    def is_home(self) -> bool:
        return self.team == self.game.home

    def __str__(self) -> str:
        """Name it as the league does, visitors first, with its date."""
        return f"{self.game.away}-{self.game.home} {self.game.day}"


@dataclass(frozen=True)
class PlayedGame:
    """One active game of the player, and what is known of it."""

    side: Side
    box: PlayerBox
    usage: float | None
    has_shots: bool
    zones: Zones | None
    """None without shot data."""

    @property
    def day(self) -> date:
        return self.side.game.day

    @property
    def true_shooting(self) -> float | None:
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
        return self.side.game.day

    @property
    def pace(self) -> float | None:
        if not (self.own and self.other):
            return None
        both = plus(possessions(self.own), possessions(self.other))
        return times(
            48, ratio(None if both is None else both / 2, self.own.minutes and self.own.minutes / 5)
        )

    @property
    def rating(self) -> float | None:
        return times(100, ratio(self.own.points, possessions(self.own))) if self.own else None

    @property
    def rating_allowed(self) -> float | None:
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
        return self.games[:5]

    @property
    def last_10(self) -> list[PlayedGame]:
        return self.games[:10]

    def in_last_days(self, days: int) -> list[PlayedGame]:
        """Return the games from `days` days before the date up to yesterday (contract R7)."""
        return [game for game in self.games if game.day >= self.day.day - timedelta(days)]

    @property
    def zone_games(self) -> list[PlayedGame]:
        return [game for game in self.last_10 if game.zones]

    # --- which tables can have a row ---------------------------------------------------------------

    @property
    def is_participant(self) -> bool:
        return self.side is not None

    def has_enough(self, table: str) -> bool:
        """Tell whether he has the games that a table needs."""
        return len(self.games) >= GAMES_NEEDED.get(table, 0)

    @property
    def opponent_is_known(self) -> bool:
        return len(self.opponent_defence) >= GAMES_NEEDED["team_defense_zone_analysis"]

    # --- rest and workload (contract 4.3, R15) -----------------------------------------------------

    @property
    def last_day(self) -> date | None:
        return self.games[0].day if self.games else None

    def gap_in_last_days(self, days: int) -> Side | None:
        """Return a game of his team in these days that has no box score, if any."""
        first = self.day.day - timedelta(days)
        return next((side for side in self.gaps if side.game.day >= first), None)

    @property
    def gap_since_last_game(self) -> Side | None:
        if self.last_day is None:
            return None
        return next((side for side in self.gaps if side.game.day > self.last_day), None)

    @cached_property
    def days_rest(self) -> int | None:
        if self.last_day is None or self.gap_since_last_game:
            return None
        return (self.day.day - self.last_day).days

    @cached_property
    def back_to_back(self) -> bool | None:
        if self.gap_in_last_days(1):
            return None
        return self.last_day == self.day.day - timedelta(1)

    def games_in(self, days: int) -> int | None:
        return None if self.gap_in_last_days(days) else len(self.in_last_days(days))

    def minutes_in(self, days: int) -> float | None:
        minutes = [game.box.minutes for game in self.in_last_days(days)]
        if self.gap_in_last_days(days) or None in minutes:
            return None
        return sum(value for value in minutes if value is not None)

    def minutes_per_game_in(self, days: int) -> float | None:
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
        if self.gap_in_last_days(7):
            return None
        return mean_of_known(game.usage for game in self.in_last_days(7))

    # --- form --------------------------------------------------------------------------------------

    def points(self, games: Sequence[PlayedGame]) -> float | None:
        return mean_of_known(game.box.points for game in games)

    @cached_property
    def points_std(self) -> float | None:
        values = [game.box.points for game in self.last_10 if game.box.points is not None]
        if len(values) < 2 or 2 * len(values) < len(self.last_10):
            return None
        count = len(values)
        return sqrt((count * sum(x * x for x in values) - sum(values) ** 2) / (count * (count - 1)))

    def minutes(self, games: Sequence[PlayedGame]) -> float | None:
        return mean_of_known(game.box.minutes for game in games)

    # --- his zones (contract 4.2) ------------------------------------------------------------------

    @property
    def zones_are_known(self) -> bool:
        return self.has_enough("player_shot_zone_analysis") and len(self.zone_games) >= ZONE_GAMES_PLAYER

    def zone_count(self, zone: str, what: str) -> int | None:
        """Return his `makes` or `attempts` in a zone over the last 10 games with shot data."""
        return sum_of_known(getattr(game.zones, f"{zone}_{what}") for game in self.zone_games)

    @cached_property
    def zone_attempts(self) -> int | None:
        counts = [self.zone_count(zone, "attempts") for zone in ZONES]
        return None if None in counts else sum(count for count in counts if count is not None)

    def zone_rate(self, zone: str) -> float | None:
        """Return the share of his attempts from a zone, percent."""
        if not self.zones_are_known:
            return None
        return times(100, ratio(self.zone_count(zone, "attempts"), self.zone_attempts))

    @cached_property
    def primary_zone(self) -> str | None:
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
        return self.own_games[:10]

    @cached_property
    def team_pace(self) -> float | None:
        return mean_of_known(game.pace for game in self.team_last_10)

    @cached_property
    def team_rating(self) -> float | None:
        return mean_of_known(game.rating for game in self.team_last_10)

    @property
    def opponent_last_10(self) -> list[TeamGame]:
        """Those that the opponent's own pace is the mean of."""
        return [game for game in self.opponent_games if game.own][:10]

    @cached_property
    def opponent_pace_last_10(self) -> float | None:
        return mean_of_known(game.pace for game in self.opponent_last_10)

    @property
    def opponent_defence(self) -> list[TeamGame]:
        """The opponent's games in which the other team has a row: what it allowed."""
        return [game for game in self.opponent_games if game.other]

    @property
    def opponent_last_15(self) -> list[TeamGame]:
        return self.opponent_defence[:15]

    @property
    def opponent_zone_games(self) -> list[TeamGame]:
        return [game for game in self.opponent_last_15 if game.zones]

    def allowed(self, zone: str, what: str) -> int | None:
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
        return None if self.opponent_last is None else (self.day.day - self.opponent_last.game.day).days


# --- arithmetic on what may be unknown ---------------------------------------------------------------


def mean_of_known(values: Iterable[float | None]) -> float | None:
    """Return the mean of the known values; None unless they are at least half (contract R8)."""
    values = list(values)
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known and 2 * len(known) >= len(values) else None


def sum_of_known(values: Iterable[int | None]) -> int | None:
    """Return the sum of the known values; None when there is none."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def ratio(part: float | None, whole: float | None) -> float | None:
    """Divide; None when a part is unknown or the whole is 0."""
    return None if part is None or not whole else part / whole


def times(factor: float, value: float | None) -> float | None:
    """Multiply; None when unknown."""
    return None if value is None else factor * value


def plus(*values: float | None) -> float | None:
    """Add; None when a part is unknown."""
    return None if None in values else sum(value for value in values if value is not None)


def true_attempts(box: PlayerBox | TeamBox) -> float | None:
    """Return field-goal attempts, a free throw counted as 0.44 of one."""
    return plus(box.fg_attempts, times(0.44, box.ft_attempts))


def possessions(box: TeamBox) -> float | None:
    """Return a team's possessions (contract 3)."""
    return plus(true_attempts(box), times(-1, box.offensive_rebounds), box.turnovers)


def _usage(player: PlayerBox, team: TeamBox | None) -> float | None:
    if team is None or team.minutes is None:
        return None
    own = plus(true_attempts(player), player.turnovers)
    whole = plus(true_attempts(team), team.turnovers)
    if own is None or whole is None or player.minutes is None:
        return None
    return times(100, ratio(own * team.minutes / 5, player.minutes * whole))


# --- reading -----------------------------------------------------------------------------------------


def the_day(schedule: Sequence[Game], day: date, season: int) -> Day:
    """Say what the date is by the schedule."""
    counting = [game for game in schedule if game.counts]
    played = _played(counting)
    days = sorted({game.day for game in played})
    own = [game for game in played if game.season == season]
    opening = min((game.day for game in own if game.season_type == "regular"), default=None) or min(
        (game.day for game in own), default=None
    )
    return Day(
        day,
        season,
        tuple(game for game in played if game.day == day),
        tuple(game for game in schedule if game.day == day and not game.counts),
        tuple(game for game in counting if game.day == day and game not in played),
        opening,
        max((known for known in days if known < day), default=None),
        min((known for known in days if known > day), default=None),
        days[0] if days else None,
        days[-1] if days else None,
    )


def season_on(schedule: Iterable[Game], day: date) -> int:
    """Return the season a date belongs to: that of its games, else by the month (contract R2)."""
    seasons = [game.season for game in schedule if game.counts and game.day == day]
    return max(seasons) if seasons else raw_rows.season_of(day)


def known(connection: Connection, player: Player, namesakes: Sequence[str], schedule: Sequence[Game],
          day: Day) -> Known:  # fmt: skip
    """Read what was known of the player before the date."""
    today = day.day
    season = {
        game.game_id: game
        for game in _played([game for game in schedule if game.counts])
        if game.season == day.season and game.day <= today
    }
    boxed = raw_rows.teams_with_box(connection, season)
    rows = raw_rows.player_boxes(connection, player)
    counting = {game.game_id: game for game in schedule if game.counts}
    seen = sorted(counting[row.game_id].day for row in rows if row.game_id in counting)
    own_rows = [
        (Side(season[row.game_id], row.team), row)
        for row in rows
        if row.game_id in season and row.team in (season[row.game_id].home, season[row.game_id].away)
    ]
    own_rows.sort(key=lambda pair: (pair[0].game.day, pair[0].game.game_id), reverse=True)
    active = [(side, row) for side, row in own_rows if side.game.day < today and row.is_active]
    first_box = _first_boxes(season, boxed)
    sides_today = [Side(game, team) for game in day.games for team in (game.home, game.away)]
    slate = [side for side in sides_today if _is_on_slate(side, boxed, first_box)]
    side, source = _participation(
        [side for side, _ in own_rows if side.game.day == today],
        slate,
        active[0][0] if active else None,
        today,
    )
    team, opponent = _teams(side, active, own_rows, season, today)
    earlier = sorted(
        (game for game in season.values() if game.day < today), key=lambda game: (game.day, game.game_id)
    )
    sides = [Side(game, team) for game in earlier if team in (game.home, game.away)]
    defender = opponent or team
    opponent_sides = [Side(game, defender) for game in earlier if defender in (game.home, game.away)]
    gaps = [side for side in sides if (side.game.game_id, side.team) not in boxed]
    last_30 = {game.game_id for game in earlier if game.day >= today - timedelta(30)}
    team_rows = raw_rows.team_boxes(
        connection,
        last_30
        | {side.game.game_id for side in (*sides, *opponent_sides, *(side for side, _ in active))},
    )
    recent = {side.game.game_id for side, _ in active[:10]}
    defended = [side for side in opponent_sides if (side.game.game_id, side.opponent) in team_rows][-15:]
    zones = raw_rows.team_zones(connection, last_30 | {side.game.game_id for side in defended})
    with_shots = raw_rows.games_with_shots(connection, recent)
    shots = raw_rows.player_zones(connection, player, recent)

    def of_team(side: Side) -> TeamGame:
        game_id = side.game.game_id
        return TeamGame(
            side,
            team_rows.get((game_id, side.team)),
            team_rows.get((game_id, side.opponent)),
            zones.get((game_id, side.opponent)),
        )

    return Known(
        player,
        day,
        [
            PlayedGame(
                side,
                row,
                _usage(row, team_rows.get((row.game_id, row.team))),
                row.game_id in with_shots,
                Zones(*shots.get(row.game_id, (0, 0, 0, 0)), row.three_makes, row.three_attempts)
                if row.game_id in with_shots
                else None,
            )
            for side, row in active
        ],
        side,
        source,
        [game for game in map(of_team, reversed(sides)) if game.own],
        [of_team(side) for side in reversed(opponent_sides)],
        opponent_sides[-1] if opponent_sides else None,
        [side for side in sides if side.game.is_final],
        gaps,
        [
            side
            for side in gaps
            if side.game.is_final and first_box.get(side.game.season_type, today) < today
        ],
        _status(connection, player, namesakes, day, side, active, earlier),
        _league(last_30, season, zones, team_rows),
        team,
        opponent,
        bool(slate) or any((side.game.game_id, side.team) in boxed for side in sides_today),
        any(side.team == team for side in slate),
        (seen[0], seen[-1]) if seen else None,
    )


def _played(games: Sequence[Game]) -> list[Game]:
    """Leave out games that were not played and will not be (contract R15)."""
    newest = max((game.day for game in games if game.is_final), default=None)
    return [
        game
        for game in games
        if game.is_final or not (game.is_called_off or (newest is not None and game.day < newest))
    ]


def _first_boxes(season: dict[str, Game], boxed: set[tuple[str, str]]) -> dict[str, date]:
    """Return the date of the first box score of each kind of game."""
    first: dict[str, date] = {}
    for game_id, _ in boxed:
        game = season[game_id]
        first[game.season_type] = min(first.get(game.season_type, game.day), game.day)
    return first


def _is_on_slate(side: Side, boxed: set[tuple[str, str]], first_box: dict[str, date]) -> bool:
    """Do the expected players of this game stand for those who played (contract R15)?"""
    game = side.game
    if not game.is_final:
        return True
    return (game.game_id, side.team) not in boxed and first_box.get(game.season_type, date.max) <= game.day


def _participation(
    rows: Sequence[Side], slate: Sequence[Side], newest: Side | None, today: date
) -> tuple[Side | None, str | None]:
    """Return his game on the date, and how it is known."""
    expected = None
    if newest and newest.game.day >= today - timedelta(SLATE_DAYS):
        mine = [side for side in slate if side.team == newest.team]
        expected = max(mine, key=lambda side: side.game.game_id, default=None)
    seen = max(rows, key=lambda side: side.game.game_id, default=None)
    # Facts from before the game win, unless a box score shows him in another one.
    if expected and (seen is None or seen.game.game_id == expected.game.game_id):
        return expected, "upcoming"
    return (seen, "history") if seen else (None, None)


def _teams(side, active, own_rows, season: dict[str, Game], today: date) -> tuple[str | None, str | None]:
    """Return his team and its opponent on the date; where he does not play, those of his last team."""
    if side:
        return side.team, side.opponent
    last = active[0][0] if active else own_rows[0][0] if own_rows else None
    if last is None:
        return None, None
    games = [
        Side(game, last.team)
        for game in season.values()
        if game.day == today and last.team in (game.home, game.away)
    ]
    return last.team, games[0].opponent if games else None


def _status(connection, player, namesakes, day: Day, side, active, earlier) -> Status | None:
    """Return the newest transaction since his last game that is about him (contract 4.3)."""
    if side is None:
        return None
    last = active[0][0] if active else None
    teams = {side.team, last.team} if last else {side.team}
    found = []
    crowded: set[str] | None = None
    for event in raw_rows.transactions(connection, player, day.season, day.day):
        if event.team not in teams or (last and event.day <= last.game.day):
            continue
        if event.folded != player.folded:
            if crowded is None:
                crowded = raw_rows.teams_of_namesakes(
                    connection, namesakes, [game.game_id for game in earlier]
                )
            if event.team in crowded:
                continue
        word = "available" if event.acquired else "questionable" if "(DTD)" in (event.notes or "") else "out"
        found.append(Status(word, event.day, event.team))
    newest = max((status.day for status in found), default=None)
    caution = ("out", "questionable", "available")
    return min(
        (status for status in found if status.day == newest),
        key=lambda status: caution.index(status.word),
        default=None,
    )


def _league(
    last_30: set[str],
    season: dict[str, Game],
    zones: dict[tuple[str, str], Zones],
    rows: dict[tuple[str, str], TeamBox],
) -> League:
    """Return the league's shooting by zone: the mean of teams with 10 games or more, if those are 10 or more."""
    allowed: dict[str, list[Zones]] = {}
    for (game_id, team), shots in zones.items():
        if game_id in last_30 and (game_id, team) in rows:
            allowed.setdefault(Side(season[game_id], team).opponent, []).append(shots)
    qualified = [games for games in allowed.values() if len(games) >= 10]
    if len(qualified) < 10:
        return League(USUAL_PCT, len(qualified), False)
    pct = {}
    for zone in ZONES:
        teams = [
            ratio(
                sum_of_known(getattr(game, f"{zone}_makes") for game in games),
                sum_of_known(getattr(game, f"{zone}_attempts") for game in games),
            )
            for games in qualified
        ]
        shares = [share for share in teams if share is not None]
        pct[zone] = sum(shares) / len(shares) if shares else USUAL_PCT[zone]
    return League(pct, len(qualified), True)
