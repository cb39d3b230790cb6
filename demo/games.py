"""Plays games: box scores that add up, for all games of a slate at once.

Counts are drawn for teams and dealt out to players by minutes and skill, so team totals are sums
by construction. Arrays are (box row, place in the rotation); row 2g is game g's home side and
row 2g + 1 its away side, so `row ^ 1` is the opponent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demo.schedule import Slate

# Minutes by place in the rotation before a team's are scaled to the length of the game.
_MINUTES = np.array([35.5, 33.8, 31.8, 29.5, 26.5, 23.0, 19.5, 16.0, 11.5, 7.5, 5.0, 4.0, 3.5])
_HOME_EDGE = np.array([0.016, 0.012, 0.012])  # added to percentages (fractions), by zone
_OVERTIME_ODDS = (0.94, 0.05, 0.01)  # none, one, two


@dataclass(frozen=True)
class League:
    """What decides games in one season: player skills, and each team's defence and tempo."""

    skills: dict[str, np.ndarray]
    defence: np.ndarray  # (team, zone), taken off opponents' percentages (fractions)
    tempo: np.ndarray  # possessions per 48 minutes a team adds to its games

    @classmethod
    def of_season(cls, rng: np.random.Generator, skills: dict[str, np.ndarray]) -> League:
        """Draw the teams' styles of a season."""
        return cls(skills, 0.022 * rng.standard_normal((30, 3)), rng.standard_normal(30))


@dataclass(frozen=True)
class Box:
    """Box scores of a slate; `counts` are named as in the files."""

    slate: Slate
    who: np.ndarray  # player, -1 for nobody
    overtimes: np.ndarray  # by game
    counts: dict[str, np.ndarray]  # (row, place); includes min, whole minutes
    attempts: np.ndarray  # (row, place, zone): paint, mid-range, three
    makes: np.ndarray

    @property
    def score(self) -> np.ndarray:
        """Points by game: home, away."""
        return self.counts["pts"].sum(axis=1).reshape(-1, 2)

    @property
    def home_won(self) -> np.ndarray:
        """By game."""
        return self.score[:, 0] > self.score[:, 1]

    def only(self, which: np.ndarray) -> Box:
        """The games with these numbers, in this order."""
        row = np.stack([2 * which, 2 * which + 1], axis=1).ravel()
        return Box(
            slate=self.slate[which],
            who=self.who[row],
            overtimes=self.overtimes[which],
            counts={name: values[row] for name, values in self.counts.items()},
            attempts=self.attempts[row],
            makes=self.makes[row],
        )


def play(rng: np.random.Generator, league: League, slate: Slate, who: np.ndarray) -> Box:
    """Play every game of a slate with the given rotations."""
    here = who >= 0
    skill = {
        name: np.where(here.reshape(here.shape + (1,) * (values.ndim - 1)), values[who], 0.0)
        for name, values in league.skills.items()
    }
    overtimes = rng.choice(3, len(slate), p=_OVERTIME_ODDS)
    length = np.repeat(48 + 5 * overtimes, 2)  # minutes, by row
    minutes = _minutes(rng, here, length)

    def dealt(total: np.ndarray, name: str) -> np.ndarray:
        """Deal a team's count to its players by minutes and skill."""
        weight = minutes * skill[name]
        return rng.multinomial(total, weight / weight.sum(axis=1, keepdims=True))

    def drawn(mean: float, spread: float) -> np.ndarray:
        """A team count, longer games having more of it."""
        count = (mean + spread * rng.standard_normal(len(who))) * length / 48
        return np.maximum(np.rint(count), 3).astype(int)

    turnovers, free_throws, second_chances = drawn(13.3, 2.4), drawn(22.0, 4.5), drawn(10.4, 2.2)
    tempo = league.tempo[slate.home] + league.tempo[slate.away] + 2.8 * rng.normal(size=len(slate))
    possessions = np.repeat(99.6 + tempo, 2) * length / 48
    shots = possessions + second_chances - turnovers - 0.44 * free_throws
    shots = np.rint(shots + rng.standard_normal(len(who))).astype(int)

    fga = dealt(shots, "fga")
    even = np.full(3, 1 / 3)  # for empty places, which have no shots to divide
    attempts = rng.multinomial(fga, np.where(here[:, :, None], skill["share"], even))
    opponent = slate.row_team.reshape(-1, 2)[:, ::-1].ravel()
    tonight = np.tile(_HOME_EDGE * [[1], [-1]], (len(slate), 1)) / 2
    tonight = tonight - league.defence[opponent] - 0.008  # the league shoots too well otherwise
    chance = np.clip(skill["percentage"] + tonight[:, None, :], 0.05, 0.95)
    makes = rng.binomial(attempts, chance)
    fgm, fg3m = makes.sum(axis=-1), makes[:, :, 2]

    fta = dealt(free_throws, "fta")
    ftm = rng.binomial(fta, skill["free_throw"])
    _break_ties(rng, 2 * fgm + fg3m, fta, ftm)
    pts = 2 * fgm + fg3m + ftm

    missed = (fga - fgm).sum(axis=1)
    oreb = np.minimum(second_chances, missed)
    dreb = rng.binomial((missed - oreb).reshape(-1, 2)[:, ::-1].ravel(), 0.90)
    steals = rng.binomial(turnovers.reshape(-1, 2)[:, ::-1].ravel(), 0.57)
    inside = (attempts - makes)[:, :, :2].sum(axis=(1, 2))
    blocks = rng.binomial(inside.reshape(-1, 2)[:, ::-1].ravel(), 0.19)
    counts = {
        "min": np.rint(minutes).astype(int),
        "pts": pts,
        "fgm": fgm,
        "fga": fga,
        "fg3m": fg3m,
        "fg3a": attempts[:, :, 2],
        "ftm": ftm,
        "fta": fta,
        "oreb": dealt(oreb, "oreb"),
        "dreb": dealt(dreb, "dreb"),
        "ast": dealt(rng.binomial(fgm.sum(axis=1), 0.62), "ast"),
        "stl": dealt(steals, "stl"),
        "blk": dealt(blocks, "blk"),
        "tov": dealt(turnovers, "tov"),
        "pf": np.minimum(dealt(drawn(19.3, 3.8), "pf"), 6),
    }
    counts["reb"] = counts["oreb"] + counts["dreb"]
    counts["plus_minus"] = _plus_minus(rng, pts, minutes, length)
    return Box(slate, who, overtimes, counts, attempts, makes)


def _minutes(rng: np.random.Generator, here: np.ndarray, length: np.ndarray) -> np.ndarray:
    """Minutes (float) of each player; a team's add up to five times the length of the game."""
    raw = _MINUTES * np.exp(0.15 * rng.standard_normal(here.shape)) * here
    size = here.sum(axis=1)
    # Some of the last men only come on for the final seconds.
    last = np.arange(here.shape[1]) == size[:, None] - 1
    raw[last & (size[:, None] >= 10) & (rng.random(len(here)) < 0.07)[:, None]] = 0.3
    whole = 5 * length[:, None]
    most = (length - 5)[:, None]
    for _ in range(2):  # who would exceed the most shares the rest; twice comes close enough
        raw = np.minimum(raw * whole / raw.sum(axis=1, keepdims=True), most)
    return raw


def _break_ties(rng, from_the_field: np.ndarray, fta: np.ndarray, ftm: np.ndarray) -> None:
    """Give one side of every tied game a last made free throw, to its leading player."""
    points = (from_the_field + ftm).sum(axis=1).reshape(-1, 2)
    tied = np.flatnonzero(points[:, 0] == points[:, 1])
    row = 2 * tied + rng.integers(0, 2, len(tied))
    fta[row, 0] += 1
    ftm[row, 0] += 1


def _plus_minus(rng, pts: np.ndarray, minutes: np.ndarray, length: np.ndarray) -> np.ndarray:
    """Whole points by player, adding up to five times the team's margin."""
    score = pts.sum(axis=1).reshape(-1, 2)
    margin = (score - score[:, ::-1]).ravel()[:, None]
    played = np.rint(minutes) > 0
    swing = 5.5 * rng.standard_normal(minutes.shape) * np.sqrt(minutes / 36)
    value = np.where(played, np.rint(margin * minutes / length[:, None] + swing), 0).astype(int)
    # What rounding and luck leave over goes to those who played, the leading ones first.
    over = 5 * margin - value.sum(axis=1, keepdims=True)
    share, rest = np.divmod(over, played.sum(axis=1, keepdims=True))
    nth = np.cumsum(played, axis=1) - 1
    return value + np.where(played, share + (nth < rest), 0)
