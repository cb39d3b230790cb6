"""Closing lines: what two invented bookmakers thought of each game."""

from __future__ import annotations

import numpy as np

from demo.games import Box
from demo.league import TRICODE
from demo.tables import Columns

_HOME_POINTS = 2.4
_COVERED = 0.93  # share of games the first source has
_ALSO_SPREADS = 0.70  # share of games the second has


def closing_lines(rng: np.random.Generator, box: Box, game_id: np.ndarray, season: str) -> list[Columns]:
    """Lines of a season's regular games: one source has everything, the other only the spread."""
    slate, score = box.slate, box.score
    margin, total = score[:, 0] - score[:, 1], score.sum(axis=1)
    # Bookmakers know how good teams are, not how tonight ends: season means stand in for that.
    strength = np.bincount(slate.row_team, np.stack([margin, -margin], axis=1).ravel()) / 82
    pace = np.bincount(slate.row_team, np.repeat(total, 2)) / 82
    expected = strength[slate.home] - strength[slate.away] + _HOME_POINTS
    expected = expected + 2.5 * rng.standard_normal(len(slate))
    total_line = (pace[slate.home] + pace[slate.away]) / 2 + 3.0 * rng.standard_normal(len(slate))

    def source(name: str, share: float, full: bool) -> Columns:
        has = rng.random(len(slate)) < share
        opinion = expected[has] + 0.5 * rng.standard_normal(int(has.sum()))
        nothing = np.full(int(has.sum()), np.nan)
        chance = 1 / (1 + np.exp(-opinion / 6.5))
        return {
            "game_id": game_id[has],
            "season": season,
            "game_date": slate.day[has],
            "home_team": TRICODE[slate.home[has]],
            "away_team": TRICODE[slate.away[has]],
            "total_line": _half(total_line[has]) if full else nothing,
            "ml_home": _moneyline(chance) if full else nothing,
            "ml_away": _moneyline(1 - chance) if full else nothing,
            "source": name,
            "home_spread": -_half(opinion),
        }

    return [source("demo book", _COVERED, True), source("demo spreads", _ALSO_SPREADS, False)]


def _half(points: np.ndarray) -> np.ndarray:
    return np.rint(2 * points) / 2


def _moneyline(chance: np.ndarray) -> np.ndarray:
    """American odds of a win probability, with the house's 2.5 percentage points in them."""
    priced = np.clip(chance + 0.025, 0.03, 0.97)
    line = np.where(priced > 0.5, -100 * priced / (1 - priced), 100 * (1 - priced) / priced)
    return 5 * np.rint(line / 5)
