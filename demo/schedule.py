"""When and whom: the season's calendar, and the regular season as the league plays it.

The 1,230 games are built from a fixed plan of 82 rounds in which every team plays once, found by
turning small patterns around a circle of 15. A season shuffles who sits where and the order of
the rounds, and spreads each round over two dates. Nobody can then play twice on a date, or three
days running, and back-to-backs are those who play late in one round and early in the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from demo.league import DIVISIONS

TUESDAY, SUNDAY, MONDAY, THURSDAY = "Tue", "Sun", "Mon", "Thu"
ROUNDS = 82
# The only season with a stand-alone Cup final; the league keeps that Saturday free.
CUP_FINAL = {2023: np.datetime64("2023-12-09")}
# Back-to-backs a team should have, about.
BACK_TO_BACKS = 14.0


@dataclass(frozen=True)
class Slate:
    """Games in order: date, home and away team index (0..29)."""

    day: np.ndarray
    home: np.ndarray
    away: np.ndarray

    def __len__(self) -> int:
        return len(self.day)

    def __getitem__(self, which) -> Slate:
        return Slate(self.day[which], self.home[which], self.away[which])

    @property
    def row_team(self) -> np.ndarray:
        """Team by box row; row 2g is game g's home side, 2g + 1 its away side."""
        return np.stack([self.home, self.away], axis=1).ravel()

    @property
    def row_day(self) -> np.ndarray:
        """Date by box row."""
        return np.repeat(self.day, 2)


def joined(slates: list[Slate]) -> Slate:
    """Slates one after the other, as one."""
    return Slate(
        np.concatenate([slate.day for slate in slates]),
        np.concatenate([slate.home for slate in slates]),
        np.concatenate([slate.away for slate in slates]),
    )


def opening_night(year: int) -> np.datetime64:
    """First game of the season that starts in `year`: the Tuesday from 18 to 24 October."""
    return _nth_weekday(year, 10, TUESDAY, 1, after_day=18)


def all_star_sunday(year: int) -> np.datetime64:
    """All-Star game of the season that starts in `year`: third Sunday of February."""
    return _nth_weekday(year + 1, 2, SUNDAY, 3)


def playing_dates(year: int) -> np.ndarray:
    """The 164 dates on which the regular season is played, in order."""
    opening = opening_night(year)
    weekend = all_star_sunday(year)
    election_day = _nth_weekday(year, 11, MONDAY, 1) + 1
    free = [
        CUP_FINAL.get(year, election_day),
        _nth_weekday(year, 11, THURSDAY, 4),  # Thanksgiving
        np.datetime64(f"{year}-12-24"),
        *(weekend + np.arange(-2, 4)),
        _nth_weekday(year + 1, 4, MONDAY, 1),  # the college final
    ]
    days = opening + np.arange(200)
    return days[~np.isin(days, free)][: 2 * ROUNDS]


def regular_season(rng: np.random.Generator, year: int) -> Slate:
    """1,230 games: 82 a team, 41 at home, opening with two on a Tuesday."""
    games = _seats(rng)[_plan()[rng.permutation(ROUNDS)]]  # (round, game, side) -> team
    dates = playing_dates(year).reshape(ROUNDS, 2)
    late = np.zeros((ROUNDS, 15), dtype=bool)
    was_late = np.zeros(30, dtype=bool)
    back_to_backs = np.zeros(30)
    for number, teams in enumerate(games):
        adjacent = number > 0 and dates[number, 0] - dates[number - 1, 1] == np.timedelta64(1, "D")
        risk = was_late[teams] & adjacent
        # Teams tend to keep their half of the round; those with many back-to-backs more so.
        excess = (back_to_backs[teams] - BACK_TO_BACKS * number / ROUNDS) * risk
        keep = 0.22 + 0.56 * was_late[teams].mean(axis=1) + 0.10 * excess.sum(axis=1)
        late[number] = rng.random(15) < keep
        if number == 0:
            late[number] = np.arange(15) >= 2
        elif number == ROUNDS - 1:
            late[number] = True  # everyone plays on the last Sunday
        back_to_backs[teams] += risk & ~late[number][:, None]
        was_late[teams] = late[number][:, None]
    day = np.take_along_axis(dates, late.astype(int), axis=1).ravel()
    slate = Slate(day, games[:, :, 0].ravel(), games[:, :, 1].ravel())
    return slate[np.argsort(slate.day, kind="stable")]


def preseason(rng: np.random.Generator, year: int) -> Slate:
    """Five warm-up games a team, in the two weeks that end three days before opening night."""
    games = _seats(rng)[_plan()[rng.choice(ROUNDS, 5, replace=False)]]
    start = opening_night(year) - 16
    day = start + 3 * np.arange(5)[:, None] + rng.integers(0, 2, (5, 15))
    slate = Slate(day.ravel(), games[:, :, 0].ravel(), games[:, :, 1].ravel())
    return slate[np.argsort(slate.day, kind="stable")]


def second_nights(slate: Slate) -> np.ndarray:
    """True for the box rows of teams that also played the day before."""
    team, day = slate.row_team, slate.row_day.astype(int)
    order = np.lexsort((day, team))
    again = (np.diff(team[order]) == 0) & (np.diff(day[order]) == 1)
    second = np.zeros(len(team), dtype=bool)
    second[order[1:]] = again
    return second


def _nth_weekday(year: int, month: int, weekday: str, nth: int, after_day: int = 1) -> np.datetime64:
    start = np.datetime64(f"{year}-{month:02d}-{after_day:02d}")
    return np.busday_offset(start, nth - 1, roll="forward", weekmask=weekday)


def _seats(rng: np.random.Generator) -> np.ndarray:
    """Which team sits on each of the plan's 30 seats; a division shares seats modulo 3."""
    seats = np.empty(30, dtype=int)
    for conference, divisions in enumerate(DIVISIONS):
        for residue, division in enumerate(rng.permutation(3)):
            seats[15 * conference + residue + 3 * np.arange(5)] = rng.permutation(divisions[division])
    return seats


@cache
def _plan() -> np.ndarray:
    """(82 rounds, 15 games, home and away) of seats: 0-14 East, 15-29 West.

    Each conference plays all its pairs three times (a circle tournament: seven games and one seat
    left over), and once more those pairs whose seats are 1, 2, 3, 4 or 6 apart, which has every
    division pair and six of the ten others: 16 + 24 + 12 games. Left-over seats meet the other
    conference's, and whole rounds between conferences bring that to twice 15.
    """
    circle = [_forward(k, -k % 15) for k in range(1, 8)]
    # Five pairs, one for each distance, that share no seat; `left` are the seats they leave.
    extra = [(0, 3), (1, 7), (4, 5), (8, 10), (9, 13)]
    left = [2, 6, 11, 12, 14]
    met = np.zeros(15, dtype=int)  # times used, by distance between an eastern and western seat
    plan = []

    def across(pairs: list[tuple[int, int]], turn: int) -> list[tuple[int, int]]:
        games = []
        for east, west in pairs:
            seats = ((east + turn) % 15, 15 + (west + turn) % 15)
            games.append(seats if met[(west - east) % 15] == 0 else seats[::-1])
        return games

    def within(pairs: list[tuple[int, int]], east_turn: int, west_turn: int, flip: bool):
        games = [((a + east_turn) % 15, (b + east_turn) % 15) for a, b in pairs]
        games += [(15 + (a + west_turn) % 15, 15 + (b + west_turn) % 15) for a, b in pairs]
        return [game[::-1] for game in games] if flip else games

    for copy, distance in enumerate((0, 6, 7)):
        for turn in range(15):
            games = within(circle, turn, turn + distance, flip=copy == 1)
            plan.append(games + across([(0, distance)], turn))
        met[distance] += 1
    pairs = list(zip(left, left[1:] + left[:1], strict=True))
    for turn in range(15):
        plan.append(within(extra, turn, turn, flip=True) + across(pairs, turn))
    met[[(west - east) % 15 for east, west in pairs]] += 1
    for distance in range(15):
        while met[distance] < 2:
            plan.append(across([(seat, seat + distance) for seat in range(15)], 0))
            met[distance] += 1
    return np.array(plan)


def _forward(a: int, b: int) -> tuple[int, int]:
    """The pair ordered so that the second seat is at most seven steps ahead of the first."""
    return (a, b) if (b - a) % 15 <= 7 else (b, a)
