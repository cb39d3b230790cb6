"""Do the features predict? A walk-forward backtest against baselines and bookmakers' lines; prints Markdown.

    python benchmarks/model_value.py [--warehouse FILE] [--page docs/model-value.md] [--plant FEATURE]

The points of a season are forecast by models that saw earlier seasons only (and again, by month: earlier days
only). Prints the errors of baselines and models, how honest the quantiles are, which features carry the
forecast, and how it does against bookmakers' lines. First of all it looks for leaks, and plants two
of its own, which must be found: it exits 1 if a feature knows the result, and 2 if it cannot tell.
--plant puts the day's points into one feature, to see the alarm. Needs a warehouse with two seasons or more
and the training set in it (dbt run --select tag:training), and the packages of requirements-evaluate.txt
(without --page, those of requirements-dev.txt).
"""

from __future__ import annotations

import argparse
import os
import sys
import textwrap
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import md5
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))  # run as a script
# Threads that spin while they wait make a shared machine ten times slower.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import duckdb  # noqa: E402
import numpy as np  # noqa: E402

try:
    from lightgbm import LGBMRegressor
    from sklearn.inspection import permutation_importance
    from sklearn.metrics import log_loss, mean_absolute_error, mean_pinball_loss, root_mean_squared_error
except (ImportError, OSError) as error:  # OSError: the system has no OpenMP
    hint = f"{error}: install what requirements-evaluate.txt lists"
    if __name__ == "__main__":
        sys.exit(f"error: {hint}")
    raise ImportError(hint) from error

from orchestrator.core import seeds  # noqa: E402
from orchestrator.core.errors import UserError  # noqa: E402
from orchestrator.core.project import PRECOMPUTE, TRAINING, warehouse_path  # noqa: E402

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEATURES = tuple(row["feature_name"] for row in seeds.rows("feature_catalogue"))
FEATURE_VERSION = seeds.rows("feature_catalogue")[0]["feature_version"]
MORE = (
    *("minutes_avg_last_10", "usage_rate_last_10", "ts_pct_last_10", "player_usage_rate_season"),
    *("games_played_season", "minutes_in_last_7_days", "avg_minutes_per_game_last_7"),
)
"""Columns of player_daily_cache that are no features, most of them about minutes."""
SETS = {f"{len(FEATURES)} features": len(FEATURES), f"and {len(MORE)} more": len(FEATURES) + len(MORE)}
"""What a model sees: so many of the columns of FEATURES and MORE."""
OURS, WIDER = SETS

SETTINGS = {
    "n_estimators": 100,
    "learning_rate": 0.1,
    "num_leaves": 15,
    "min_child_samples": 200,
    "random_state": 0,
    "n_jobs": 1,  # two models at a time instead
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
}
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
HALF_LIFE, RATE_HALF_LIFE = 6, 30
"""Games after which a game counts half: of points and minutes, and of points per minute."""
LEVEL, CHANGE = 0.2, 0.15
"""From here on a feature knows the result. Honest columns of the real data reach 0.07 in both."""
TOO_GOOD = 0.85
"""Of the EWMA's error. Honest models reach 0.98."""
BREAK_EVEN = 0.524
"""Of bets won at the usual price of -110."""
RESAMPLES = 2000
MARKS = ("<!-- made by benchmarks/model_value.py --page -->", "<!-- the end of what was made -->")
PLOTS = ("model-value-months.svg", "model-value-importance.svg")


# --- rows -------------------------------------------------------------------------------------------

TRAINING_SET = f"{TRAINING}.training_set"
ROWS = f"""
    select
        rows.analysis_date as day, rows.universal_player_id as player, rows.season_year as season,
        rows.season_type, rows.quality_tier, rows.actual_points as actual, rows.points_line as line,
        {", ".join(f"rows.{name}" for name in FEATURES)},
        {", ".join(f"cache.{name}" for name in MORE)}
    from {TRAINING_SET} as rows
    left join {PRECOMPUTE}.player_daily_cache as cache
        on rows.universal_player_id = cache.universal_player_id and rows.analysis_date = cache.analysis_date
    where rows.actual_points is not null
    order by day, player
"""
HISTORY = """
    select universal_player_id as player, game_date as day, season_year as season, points, minutes_played
    from nba_analytics.player_game_summary
    where is_active and points is not null
    order by player, day
"""


@dataclass(frozen=True)
class Rows:
    """One element per player and day he played, in order of day and player; NaN: unknown."""

    day: np.ndarray
    player: np.ndarray
    season: np.ndarray
    season_type: np.ndarray
    tier: np.ndarray
    actual: np.ndarray
    line: np.ndarray
    x: np.ndarray
    """The columns of FEATURES and MORE."""
    baselines: dict[str, np.ndarray] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.actual)

    def column(self, name: str) -> np.ndarray:
        """Return a column of FEATURES or MORE."""
        return self.x[:, (*FEATURES, *MORE).index(name)]

    @property
    def month(self) -> np.ndarray:
        """The month of each day."""
        return self.day.astype("datetime64[M]")

    @property
    def regular(self) -> np.ndarray:
        """Is it a game of the regular season?"""
        return self.season_type == "regular"

    @property
    def role(self) -> np.ndarray:
        """One of ROLES."""
        minutes = self.column("minutes_avg_last_10")
        return np.select(
            [np.isnan(minutes), minutes < 15, minutes < 25],
            [ROLES[3], ROLES[2], ROLES[1]],
            ROLES[0],
        )

    @property
    def fingerprint(self) -> str:
        """Of everything that the models see."""
        parts = (self.day.astype(str), self.player, self.actual, self.line, np.round(self.x, 6))
        return md5(b"".join(np.ascontiguousarray(part).tobytes() for part in parts)).hexdigest()[:8]


ROLES = ("25 minutes or more", "15 to 25", "under 15", "unknown (under 5 games)")
"""By his mean of the last ten games before the day."""


def read(warehouse: Path) -> Rows:
    """Read rows, results and lines. This is all that knows the warehouse's tables."""
    if not warehouse.is_file():
        raise UserError(f"there is no warehouse {warehouse}: load data and run a backfill")
    with duckdb.connect(str(warehouse), read_only=True) as con:
        if not con.execute(
            f"select true from duckdb_views() where schema_name = '{TRAINING}' and view_name = 'training_set'"
        ).fetchone():
            raise UserError(
                f"{warehouse} has no {TRAINING_SET}: make it with `.venv/bin/dbt run --select tag:training`"
            )
        found = con.execute(ROWS).fetchnumpy()
        history = con.execute(HISTORY).fetchall()
    if not len(found["actual"]):
        raise UserError(f"{warehouse} has no features with results: run a backfill")
    rows = Rows(
        day=found["day"].astype("datetime64[D]"),
        player=found["player"].astype(str),
        season=found["season"].astype(int),
        season_type=found["season_type"].astype(str),
        tier=found["quality_tier"].astype(str),
        actual=numbers(found["actual"]),
        line=numbers(found["line"]),
        x=np.column_stack([numbers(found[name]) for name in (*FEATURES, *MORE)]),
    )
    return replace(rows, baselines=as_of(history, rows))


def numbers(values: np.ndarray) -> np.ndarray:
    """Doubles, NaN for NULL."""
    return np.ma.filled(np.ma.asarray(values, dtype=float), np.nan)


# --- baselines --------------------------------------------------------------------------------------


class Fading:
    """A mean that forgets: a game counts half after `half_life` more games."""

    def __init__(self, half_life: float):
        self._keep = 0.5 ** (1 / half_life)
        self._sum = self._weight = 0.0

    def add(self, value: float) -> None:
        """Add the next game."""
        self._sum = self._sum * self._keep + value
        self._weight = self._weight * self._keep + 1

    @property
    def value(self) -> float:
        """The mean so far, NaN without games."""
        return self._sum / self._weight if self._weight else np.nan


BASELINES = ("season mean", "last 5", "last 10", "EWMA", "minutes x rate")


def as_of(history: Iterable[tuple], rows: Rows) -> dict[str, np.ndarray]:
    """What each baseline says of each row, from the games before its day; NaN where it knows nothing.

    `history` has player, day, season, points and minutes, in order of player and day. Means are of this
    season, those of the last 5 and 10 need half of their games; EWMA and rate cross seasons.
    """
    said: dict[tuple, tuple[float, ...]] = {}
    last_player = last_season = None
    for player, day, season, points, minutes in history:
        if player != last_player:
            ewma, long_points = Fading(HALF_LIFE), Fading(RATE_HALF_LIFE)
            long_minutes, short_minutes = Fading(RATE_HALF_LIFE), Fading(HALF_LIFE)
        if player != last_player or season != last_season:
            so_far: list[int] = []
        last_player, last_season = player, season
        rate = long_points.value / long_minutes.value if long_minutes.value else np.nan
        said[player, day] = (
            mean_of(so_far, 1),
            mean_of(so_far[-5:], 3),
            mean_of(so_far[-10:], 5),
            ewma.value,
            short_minutes.value * rate,
        )
        # Only now does the game of the day itself count.
        so_far.append(points)
        ewma.add(points)
        if minutes is not None:
            long_points.add(points)
            long_minutes.add(minutes)
            short_minutes.add(minutes)
    days = rows.day.astype(object)
    table = np.array([said[key] for key in zip(rows.player.tolist(), days, strict=True)])
    return {name: table[:, number] for number, name in enumerate(BASELINES)}


def mean_of(values: Sequence[float], needed: int) -> float:
    return sum(values) / len(values) if len(values) >= needed else np.nan


def filled(rows: Rows, train: np.ndarray) -> dict[str, np.ndarray]:
    """Give every row a forecast of every baseline: else the season's mean, else the EWMA, else a constant.

    The constant, for a player's first game of all, is the median of the training rows.
    """
    known = rows.baselines
    first = np.where(np.isnan(known["EWMA"]), np.median(rows.actual[train]), known["EWMA"])
    season = np.where(np.isnan(known["season mean"]), first, known["season mean"])
    others = {name: first if name == "EWMA" else season for name in BASELINES}
    return {name: np.where(np.isnan(known[name]), others[name], known[name]) for name in BASELINES}


# --- leaks ------------------------------------------------------------------------------------------


class Leak(NamedTuple):
    """What a column knows of the points of its own day.

    Both are correlations; `leaks` says which.
    """

    feature: str
    level: float
    change: float

    @property
    def found(self) -> bool:
        """Is it more than an honest column can know?"""
        return abs(self.level) >= LEVEL or abs(self.change) >= CHANGE


def leaks(rows: Rows, columns: dict[str, np.ndarray] | None = None) -> list[Leak]:
    """How much each column knows of the day's points beyond the EWMA, the worst first.

    The level is its correlation with the points, both less what the EWMA explains. The change is the same
    of its step from the player's last row to this one: an honest column has not moved for today's game yet,
    which shows even a season's mean that includes it.
    """
    columns = columns or {name: rows.column(name) for name in (*FEATURES, *MORE)}
    order = np.lexsort((rows.day, rows.player))
    player, season = rows.player[order], rows.season[order]
    goes_on = np.r_[False, (player[1:] == player[:-1]) & (season[1:] == season[:-1])]
    ewma, actual = rows.baselines["EWMA"][order], rows.actual[order]
    found = []
    for name, column in columns.items():
        values = column[order]
        step = np.where(goes_on, np.r_[np.nan, np.diff(values)], np.nan)
        found.append(Leak(name, beyond(values, actual, ewma), beyond(step, actual, ewma)))
    return sorted(found, key=lambda leak: -max(abs(leak.level) / LEVEL, abs(leak.change) / CHANGE))


def beyond(values: np.ndarray, actual: np.ndarray, known: np.ndarray) -> float:
    """Correlation of two columns, both less what a third explains; 0 where one of them does not vary."""
    use = ~np.isnan(values) & ~np.isnan(known)
    if use.sum() < 30:
        return 0.0
    base = np.column_stack([np.ones(use.sum()), known[use]])
    left, right = (
        column[use] - base @ np.linalg.lstsq(base, column[use], rcond=None)[0] for column in (values, actual)
    )
    size = np.sqrt((left @ left) * (right @ right))
    return float(left @ right / size) if size > 1e-6 else 0.0


def planted(rows: Rows) -> dict[str, np.ndarray]:
    """Features that know the result: one openly, one as a mean that includes the game itself."""
    order = np.lexsort((rows.day, rows.player))
    player, season, actual = rows.player[order], rows.season[order], rows.actual[order]
    begins = np.r_[True, (player[1:] != player[:-1]) | (season[1:] != season[:-1])]
    first = np.maximum.accumulate(np.where(begins, np.arange(len(rows)), 0))
    sums = np.cumsum(actual)
    means = np.empty(len(rows))
    means[order] = (sums - (sums - actual)[first]) / (np.arange(len(rows)) - first + 1)
    return {
        "the day's points as pace_score": rows.actual,
        "points_avg_season with the day's game in it": means,
    }


def plant(rows: Rows, feature: str) -> Rows:
    """Put the day's points into a feature."""
    x = rows.x.copy()
    x[:, (*FEATURES, *MORE).index(feature)] = rows.actual
    return replace(rows, x=x)


class LeakError(Exception):
    """A feature knows the result."""


class MissedError(Exception):
    """The check missed a leak that was planted."""


def check_leaks(rows: Rows) -> Table:
    """Stop if a feature knows the result, or if what is planted is missed."""
    found = leaks(rows)
    guilty = [leak for leak in found if leak.found]
    if guilty:
        raise LeakError(
            "these columns know the points of the day they are for: "
            + ", ".join(
                f"{leak.feature} (level {leak.level:.2f}, change {leak.change:.2f})" for leak in guilty
            )
            + f". Honest ones stay below {LEVEL} and {CHANGE}. No figure is worth printing"
        )
    canaries = leaks(rows, planted(rows))
    missed = [leak.feature for leak in canaries if not leak.found]
    if missed:
        raise MissedError(f"the check for leaks misses what was planted: {', '.join(missed)}")
    return Table(
        "Leaks",
        "Correlation with the day's points beyond what the EWMA explains, of a column's level and of its "
        f"change since the player's last game: the four highest. {LEVEL} and {CHANGE} stop the run. The last "
        "two are planted in each run, and must be found.",
        ["column", "level", "change", ""],
        [[f"`{leak.feature}`", f"{leak.level:.3f}", f"{leak.change:.3f}", "passes"] for leak in found[:4]]
        + [[leak.feature, f"{leak.level:.3f}", f"{leak.change:.3f}", "**caught**"] for leak in canaries],
    )


def check_error(model: float, ewma: float) -> None:
    """Stop if a model is far better than anything honest."""
    if model < TOO_GOOD * ewma:
        raise LeakError(
            f"the model's error is {model:.2f} against {ewma:.2f} of the EWMA: too good to be honest"
        )


# --- models -----------------------------------------------------------------------------------------


class Fold(NamedTuple):
    """Which rows a model learns from, and which it is tested on."""

    train: np.ndarray
    test: np.ndarray


def by_season(rows: Rows) -> Iterator[Fold]:
    """Each season but the first, trained on those before it."""
    for season in np.unique(rows.season)[1:]:
        yield Fold(rows.season < season, rows.season == season)


def by_month(rows: Rows) -> Iterator[Fold]:
    """Each month of each season but the first, trained on the days before the month."""
    later = rows.season > rows.season.min()
    for month in np.unique(rows.month[later]):
        yield Fold(rows.day < month.astype("datetime64[D]"), later & (rows.month == month))


class Job(NamedTuple):
    """A model to be fitted."""

    forecast: str
    fold: Fold
    columns: int
    objective: dict


def model(objective: dict) -> LGBMRegressor:
    return LGBMRegressor(**SETTINGS, **objective)


MEAN, MEDIAN = {"objective": "regression"}, {"objective": "regression_l1"}


def objectives() -> dict[str, dict]:
    """Of a set of features: mean, median, and the other quantiles."""
    others = [level for level in QUANTILES if level != 0.5]
    return {"mean": MEAN, "median": MEDIAN} | {
        f"q{level}": {"objective": "quantile", "alpha": level} for level in others
    }


def forecasts(rows: Rows) -> dict[str, np.ndarray]:
    """All forecasts of all test rows; NaN where a row is in no test."""
    jobs = [
        Job(f"{name}, {what}", fold, columns, objective)
        for fold in by_season(rows)
        for name, columns in SETS.items()
        for what, objective in objectives().items()
    ] + [
        Job(f"{name}, median by month", fold, columns, MEDIAN)
        for fold in by_month(rows)
        for name, columns in SETS.items()
    ]

    def predict(job: Job) -> np.ndarray:
        x = rows.x[:, : job.columns]
        fitted = model(job.objective).fit(x[job.fold.train], rows.actual[job.fold.train])
        return fitted.booster_.predict(x[job.fold.test], num_threads=1)

    said = {job.forecast: np.full(len(rows), np.nan) for job in jobs}
    with ThreadPoolExecutor(2) as pool:
        for job, values in zip(jobs, pool.map(predict, jobs), strict=True):
            said[job.forecast][job.fold.test] = values
    said |= {name: np.full(len(rows), np.nan) for name in BASELINES}
    said |= {f"EWMA, q{level}": np.full(len(rows), np.nan) for level in QUANTILES}
    for fold in by_season(rows):
        for name, values in filled(rows, fold.train).items():
            said[name][fold.test] = values[fold.test]
            if name == "EWMA":
                errors = np.quantile((rows.actual - values)[fold.train], QUANTILES)
                for level, error in zip(QUANTILES, errors, strict=True):
                    said[f"EWMA, q{level}"][fold.test] = np.maximum(values[fold.test] + error, 0)
    return said


def quantiles(said: dict[str, np.ndarray], name: str) -> np.ndarray:
    """The five quantiles of each row, in order: the few that cross are sorted."""
    columns = [
        said[f"{name}, median" if level == 0.5 and name in SETS else f"{name}, q{level}"]
        for level in QUANTILES
    ]
    return np.sort(np.column_stack(columns), axis=1)


def chance_over(levels: np.ndarray, line: np.ndarray) -> np.ndarray:
    """The chance of more than the line, from five quantiles with straight lines between and beyond them."""
    chances = np.empty(len(line))
    for number, (points, value) in enumerate(zip(levels, line, strict=True)):
        at = np.clip(np.searchsorted(points, value) - 1, 0, len(points) - 2)
        low, high = points[at], points[at + 1]
        share = (value - low) / max(high - low, 0.5)
        below = QUANTILES[at] + share * (QUANTILES[at + 1] - QUANTILES[at])
        chances[number] = 1 - below
    return np.clip(chances, 0.02, 0.98)


# --- measures ---------------------------------------------------------------------------------------


class Errors(NamedTuple):
    """Of a forecast, in points."""

    mae: float
    rmse: float
    bias: float
    """Mean of forecast less actual."""


def errors(actual: np.ndarray, forecast: np.ndarray) -> Errors:
    return Errors(
        float(mean_absolute_error(actual, forecast)),
        float(root_mean_squared_error(actual, forecast)),
        float(np.mean(forecast - actual)),
    )


def pinball(actual: np.ndarray, levels: np.ndarray) -> float:
    """Mean over the quantiles."""
    losses = [
        mean_pinball_loss(actual, levels[:, number], alpha=level) for number, level in enumerate(QUANTILES)
    ]
    return float(np.mean(losses))


def coverage(actual: np.ndarray, low: np.ndarray, high: np.ndarray) -> float:
    return float(np.mean((low <= actual) & (actual <= high)))


def hits(actual: np.ndarray, line: np.ndarray, forecast: np.ndarray) -> np.ndarray:
    """1 where the forecast is on the right side of the line, else 0; NaN without a bet or a winner."""
    side, result = np.sign(forecast - line), np.sign(actual - line)
    return np.where((side == 0) | (result == 0), np.nan, (side == result).astype(float))


def interval(values: np.ndarray, day: np.ndarray) -> tuple[float, float]:
    """A 95 % interval of the mean: whole days are drawn again, since the rows of one day go together."""
    use = ~np.isnan(values)
    _, number = np.unique(day[use], return_inverse=True)
    sums, counts = np.bincount(number, values[use]), np.bincount(number)
    drawn = np.random.default_rng(0).integers(len(sums), size=(RESAMPLES, len(sums)))
    low, high = np.quantile(sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1), [0.025, 0.975])
    return float(low), float(high)


# --- tables -----------------------------------------------------------------------------------------


class Table(NamedTuple):
    """A section of the page."""

    title: str
    note: str
    header: list[str]
    body: list[list[str]]

    def __str__(self) -> str:
        widths = [max(map(len, column)) for column in zip(self.header, *self.body, strict=True)]
        left = [0 if number == 0 else 1 for number in range(len(widths))]

        def row(cells: list[str]) -> str:
            padded = [
                cell.rjust(width) if right else cell.ljust(width)
                for cell, width, right in zip(cells, widths, left, strict=True)
            ]
            return f"| {' | '.join(padded)} |"

        rule = [
            "-" * (width - 1) + ":" if right else "-" * width
            for width, right in zip(widths, left, strict=True)
        ]
        return "\n".join(
            [
                f"## {self.title}",
                "",
                wrapped(self.note),
                "",
                row(self.header),
                row(rule),
                *map(row, self.body),
            ]
        )


def wrapped(text: str) -> str:
    return textwrap.fill(text, 120, break_on_hyphens=False)


def season_name(year: int) -> str:
    return f"{year}-{(year + 1) % 100:02d}"


POINT_FORECASTS = {name: name for name in BASELINES} | {
    f"LightGBM, {name}, {what}": f"{name}, {what}"
    for name in SETS
    for what in ("mean", "median", "median by month")
}
"""As the tables call them."""


def error_table(rows: Rows, said: dict[str, np.ndarray]) -> Table:
    season = int(rows.season.max())
    test = rows.regular & (rows.season == season)
    body = []
    for label, name in POINT_FORECASTS.items():
        found = errors(rows.actual[test], said[name][test])
        body.append([label, f"{found.mae:.3f}", f"{found.rmse:.3f}", f"{found.bias:+.3f}"])
    before = "one season" if season - rows.season.min() == 1 else f"{season - rows.season.min()} seasons"
    return Table(
        f"Errors, regular season {season_name(season)}",
        f"{test.sum():,} player-games, trained on the {before} before; *by month*: again on the first of "
        "each month, on all days before it. Bias: forecast less actual. A median aims at the MAE, a mean at "
        "the RMSE; medians lie lower, as points are skewed.",
        ["forecast", "MAE", "RMSE", "bias"],
        body,
    )


def season_table(rows: Rows, said: dict[str, np.ndarray]) -> Table:
    tests = {
        f"{season_name(season)} {what}": (rows.season == season) & (rows.season_type == kind)
        for season in np.unique(rows.season)[1:]
        for kind, what in (("regular", "regular"), ("playoffs", "playoffs"))
    }
    tests = {name: test for name, test in tests.items() if test.any()}
    return Table(
        "MAE by season",
        "Each season is forecast from those before it; *by month*: and from its own days before the month.",
        ["forecast", *tests],
        [["player-games", *(f"{test.sum():,}" for test in tests.values())]]
        + [
            [label, *(f"{errors(rows.actual[test], said[name][test]).mae:.3f}" for test in tests.values())]
            for label, name in POINT_FORECASTS.items()
        ],
    )


SLICED = ("season mean", "EWMA", f"{OURS}, median", f"{WIDER}, median")


def slice_table(rows: Rows, said: dict[str, np.ndarray]) -> Table:
    test = rows.season > rows.season.min()
    months = np.array([f"{month}"[5:7] for month in rows.month])
    body = []
    for what, values, order in (
        ("tier", rows.tier, ("gold", "silver", "bronze", "poor", "critical")),
        ("role", rows.role, ROLES),
        ("month", months, ("10", "11", "12", "01", "02", "03", "04", "05", "06")),
    ):
        for value in order:
            use = test & (values == value)
            if use.any():
                found = [errors(rows.actual[use], said[name][use]) for name in SLICED]
                body.append(
                    [
                        f"{what}: {value}",
                        f"{use.sum():,}",
                        f"{rows.actual[use].mean():.1f}",
                        *(f"{one.mae:.2f}" for one in found),
                        f"{found[2].bias:+.2f}",
                    ]
                )
    return Table(
        "MAE by tier, role and month",
        "All test seasons, playoffs included. The role is the player's mean minutes over his last ten games "
        "before the day. MAE grows with the points there are to miss, so compare within a row. The bias is "
        f"that of the median with {OURS}.",
        [
            "rows",
            "number",
            "mean points",
            "season mean",
            "EWMA",
            f"median, {OURS}",
            f"median, {WIDER}",
            "bias",
        ],
        body,
    )


def quantile_table(rows: Rows, said: dict[str, np.ndarray]) -> Table:
    body = []
    for season in np.unique(rows.season)[1:]:
        test = rows.regular & (rows.season == season)
        for label, name in (
            ("EWMA and its past errors", "EWMA"),
            *((f"LightGBM, {name}", name) for name in SETS),
        ):
            actual, levels = rows.actual[test], quantiles(said, name)[test]
            shares = [float(np.mean(actual <= levels[:, number])) for number in range(len(QUANTILES))]
            body.append(
                [
                    f"{season_name(season)}: {label}",
                    f"{pinball(actual, levels):.3f}",
                    f"{coverage(actual, levels[:, 1], levels[:, 3]):.1%}",
                    f"{coverage(actual, levels[:, 0], levels[:, 4]):.1%}",
                    *(f"{share:.1%}" for share in shares),
                ]
            )
    return Table(
        "Quantiles, regular seasons",
        "Five quantiles, each a model of its own; the few that cross are sorted. Pinball: mean loss over the "
        "five. 50 and 80 %: how often the points lay within the middle. Then how often they were at most the "
        "quantile. Points are whole numbers from 0 on, so low quantiles hold more than they say.",
        ["forecast", "pinball", "50 %", "80 %", *(f"at most q{level:.0%}"[:-1] for level in QUANTILES)],
        body,
    )


def market_tables(rows: Rows, said: dict[str, np.ndarray]) -> list[Table]:
    """Against the lines, on the rows that have one; none without such rows."""
    use = ~np.isnan(rows.line) & (rows.season > rows.season.min())
    if not use.any():
        return []
    actual, line, day = rows.actual[use], rows.line[use], rows.day[use]
    candidates = {"the line itself": line} | {
        label: said[name][use] for label, name in POINT_FORECASTS.items() if not label.startswith("last")
    }
    candidates |= {
        f"half the line, half the median, {name}": (line + said[f"{name}, median"][use]) / 2 for name in SETS
    }
    body = []
    for label, forecast in candidates.items():
        found = errors(actual, forecast)
        low, high = interval(np.abs(forecast - actual) - np.abs(line - actual), day)
        span = (
            ""
            if forecast is line
            else f"{found.mae - errors(actual, line).mae:+.3f} ({low:+.3f} to {high:+.3f})"
        )
        body.append([label, f"{found.mae:.3f}", f"{found.rmse:.3f}", f"{found.bias:+.3f}", span])
    first, last = day.min(), day.max()
    against = Table(
        "Against the market",
        f"{use.sum():,} player-games have a points line, {first} to {last}: the median of the bookmakers' "
        "last lines before tip-off. The last column is the MAE less that of the line, with a 95 % interval "
        "(whole days are drawn again).",
        ["forecast", "MAE", "RMSE", "bias", "less the line's MAE"],
        body,
    )
    return [against, bet_table(rows, said, use)]


def bet_table(rows: Rows, said: dict[str, np.ndarray], use: np.ndarray) -> Table:
    actual, line, day = rows.actual[use], rows.line[use], rows.day[use]
    over = actual > line
    decided = actual != line

    def row(label: str, forecast: np.ndarray, chance: np.ndarray | None, at_least: float = 0) -> list[str]:
        won = np.where(np.abs(forecast - line) >= at_least, hits(actual, line, forecast), np.nan)
        low, high = interval(won, day)
        verdict = "above" if low > BREAK_EVEN else "below" if high < BREAK_EVEN else "unclear"
        loss = (
            "" if chance is None else f"{log_loss(over[decided], chance[decided], labels=[False, True]):.4f}"
        )
        rate = np.nanmean(won)
        return [
            label, loss, f"{(~np.isnan(won)).sum():,}", f"{rate:.1%}", f"{low:.1%} to {high:.1%}", verdict,
        ]  # fmt: skip

    even = np.full(len(line), 0.5)
    body = [
        ["a coin", f"{log_loss(over[decided], even[decided], labels=[False, True]):.4f}", "", "", "", ""],
        row("always under", line - 1, None),
        row("season mean", said["season mean"][use], None),
        row("EWMA", said["EWMA"][use], chance_over(quantiles(said, "EWMA")[use], line)),
    ]
    for name in SETS:
        chance = chance_over(quantiles(said, name)[use], line)
        median = said[f"{name}, median"][use]
        body.append(row(f"LightGBM, {name}", median, chance))
        body.append(row(f"LightGBM, {name}, 2 points or more from the line", median, None, 2))
    pushes = int((~decided).sum())
    return Table(
        "Over or under",
        f"A forecast bets on its side of the line; {pushes} pushes are left out. At the usual price of -110, "
        f"{BREAK_EVEN:.1%} of bets must be won (57.8% at -137, which most of these lines were quoted at). "
        "Log loss is that of the chance of an over, read off the quantiles. This measures features; it is no "
        "way to make money: part of one season, several looks at the same rows, and nobody asks whether a "
        "bet could have been placed.",
        ["forecast", "log loss", "bets", "won", "95 % interval", f"against {BREAK_EVEN:.1%}"],
        body,
    )


def importances(rows: Rows, repeats: int = 5, sample: int = 6000) -> list[tuple[str, float, float]]:
    """Features by how much the MAE grows when each is shuffled, with the deviation over the repeats."""
    season = rows.season.max()
    train, test = rows.season < season, np.flatnonzero(rows.regular & (rows.season == season))
    chosen = np.sort(np.random.default_rng(0).choice(test, min(sample, len(test)), replace=False))
    x = rows.x[:, : len(FEATURES)]
    fitted = model(MEDIAN).fit(x[train], rows.actual[train])

    def score(estimator: LGBMRegressor, values: np.ndarray, actual: np.ndarray) -> float:
        return -float(np.mean(np.abs(estimator.booster_.predict(values, num_threads=2) - actual)))

    found = permutation_importance(
        fitted, x[chosen], rows.actual[chosen], scoring=score, n_repeats=repeats, random_state=0
    )
    pairs = zip(FEATURES, found.importances_mean, found.importances_std, strict=True)
    return sorted(((name, float(mean), float(std)) for name, mean, std in pairs), key=lambda one: -one[1])


def importance_table(found: list[tuple[str, float, float]], rows: Rows) -> Table:
    return Table(
        "Which features carry the forecast",
        f"How much the MAE of the median with {OURS} grows when a feature is shuffled, on up to 6,000 rows "
        f"of the regular season {season_name(int(rows.season.max()))}, mean and deviation of five shuffles. "
        "Features that say nearly the same (the three means of points) stand in for each other, so each "
        "looks smaller than it is.",
        ["feature", "MAE grows by", "deviation"],
        [[f"`{name}`", f"{mean:.4f}", f"{std:.4f}"] for name, mean, std in found],
    )


# --- the whole --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Report:
    """All that a run found."""

    rows: Rows
    said: dict[str, np.ndarray]
    importances: list[tuple[str, float, float]]
    tables: list[Table]

    def __str__(self) -> str:
        return "\n\n".join([data_line(self.rows), *map(str, self.tables)])


def evaluate(rows: Rows, log: Callable[[str], None] = lambda _: None) -> Report:
    """Check, fit, measure."""
    leak_table = check_leaks(rows)
    log("no leak found, and all that was planted was caught")
    if len(np.unique(rows.season)) < 2:
        raise UserError("walking forward takes two seasons: one to learn from, one to forecast")
    said = forecasts(rows)
    test = rows.season > rows.season.min()
    for name in SETS:
        check_error(
            errors(rows.actual[test], said[f"{name}, median"][test]).mae,
            errors(rows.actual[test], said["EWMA"][test]).mae,
        )
    log("all models fitted")
    found = importances(rows)
    tables = [
        error_table(rows, said),
        *market_tables(rows, said),
        season_table(rows, said),
        slice_table(rows, said),
        quantile_table(rows, said),
        importance_table(found, rows),
        leak_table,
    ]
    return Report(rows, said, found, tables)


def data_line(rows: Rows) -> str:
    seasons = np.unique(rows.season)
    return (
        f"Data `{rows.fingerprint}`: {len(rows):,} player-games, {rows.day.min()} to {rows.day.max()} "
        f"({len(seasons)} seasons, {int((~np.isnan(rows.line)).sum()):,} with a points line). "
        f"Settings `{settings_fingerprint()}`, features `{FEATURE_VERSION}`, LightGBM {version('lightgbm')}."
    )


def settings_fingerprint() -> str:
    """Of what the figures depend on besides the data: a page with another one is stale."""
    parts = (SETTINGS, QUANTILES, HALF_LIFE, RATE_HALF_LIFE, LEVEL, CHANGE, ROLES, FEATURES, MORE, RESAMPLES)
    return md5(repr(parts).encode()).hexdigest()[:8]


def check_page(page: Path) -> None:
    """Stop before the work if the page cannot be written."""
    if find_spec("matplotlib") is None:
        raise UserError("--page draws plots: install what requirements-evaluate.txt lists")
    if not page.is_file() or not all(mark in page.read_text() for mark in MARKS):
        raise UserError(f"{page} is no page with the lines {MARKS[0]} and {MARKS[1]}")


def write_page(page: Path, report: Report, today: date) -> None:
    """Put the tables between the marks of a page, and the plots beside it."""
    text = page.read_text()
    before, rest = text.split(MARKS[0])
    after = rest.split(MARKS[1])[1]
    draw(page.parent, report)
    first, *others = report.tables
    shown = {
        first.title: f"![MAE by month of four forecasts]({PLOTS[0]})",
        "Which features carry the forecast": f"![MAE added by shuffling each feature]({PLOTS[1]})",
    }
    made = [wrapped(f"Made on {today}. {data_line(report.rows)}")]
    for table in (first, *others):
        made.append(str(table))
        if table.title in shown:
            made.append(shown[table.title])
    page.write_text(f"{before}{MARKS[0]}\n\n" + "\n\n".join(made) + f"\n\n{MARKS[1]}{after}")


def draw(folder: Path, report: Report) -> None:
    """Draw the plots as SVG, the same bytes each time."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams.update({"svg.hashsalt": "model-value", "svg.fonttype": "none", "font.size": 9})
    from matplotlib import pyplot as plt

    for name, size, paint in ((PLOTS[0], (8, 3.4), draw_months), (PLOTS[1], (8, 4.6), draw_importances)):
        figure, axes = plt.subplots(figsize=size, layout="constrained")
        paint(axes, report)
        axes.spines[["top", "right"]].set_visible(False)
        figure.savefig(folder / name, metadata={"Date": None, "Creator": None})
        plt.close(figure)


def draw_months(axes: Axes, report: Report) -> None:
    rows, said = report.rows, report.said
    months: list[np.datetime64 | None] = []  # None: a gap between two seasons
    for season in np.unique(rows.season)[1:]:
        months += [
            *([None] if months else []),
            *np.unique(rows.month[rows.regular & (rows.season == season)]),
        ]
    for label, name, style in (
        ("season mean", "season mean", ":"),
        ("EWMA", "EWMA", "--"),
        (f"median, {OURS}", f"{OURS}, median", "-"),
        (f"median, {WIDER}", f"{WIDER}, median", "-"),
    ):
        uses = [None if month is None else rows.regular & (rows.month == month) for month in months]
        maes = [np.nan if use is None else errors(rows.actual[use], said[name][use]).mae for use in uses]
        axes.plot(maes, style, label=label, marker="o", markersize=3)
    places = [place for place, month in enumerate(months) if month is not None]
    axes.set_xticks(places, [str(months[place]) for place in places], rotation=60)
    axes.set_ylabel("MAE of regular-season games, points")
    axes.legend(frameon=False, ncols=4, loc="lower left", bbox_to_anchor=(0, 1))


def draw_importances(axes: Axes, report: Report) -> None:
    found = report.importances[::-1]
    axes.barh(
        [name for name, _, _ in found], [mean for _, mean, _ in found], xerr=[std for _, _, std in found]
    )
    axes.set_xscale("symlog", linthresh=0.01)
    axes.set_xticks([0, 0.005, 0.01, 0.1, 1], ["0", "0.005", "0.01", "0.1", "1"])
    axes.set_xlabel("MAE grows by, points (logarithmic from 0.01 on)")
    axes.margins(y=0.01)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--warehouse",
        type=Path,
        metavar="FILE",
        help="default: NBA_DUCKDB_PATH, or nba.duckdb in the project",
    )
    parser.add_argument("--page", type=Path, metavar="FILE", help="also write the tables and plots there")
    parser.add_argument(
        "--plant", choices=(*FEATURES, *MORE), metavar="FEATURE", help="put the day's points into a feature"
    )
    options = parser.parse_args()
    began = time.perf_counter()

    def log(message: str) -> None:
        print(f"{time.perf_counter() - began:.0f} s: {message}", file=sys.stderr, flush=True)

    try:
        if options.page:
            check_page(options.page)
        rows = read(options.warehouse or warehouse_path())
        log(f"{len(rows):,} rows read")
        report = evaluate(plant(rows, options.plant) if options.plant else rows, log)
    except LeakError as leak:
        print(f"LEAK: {leak}.", file=sys.stderr)
        return 1
    except (MissedError, UserError) as error:
        print(f"error: {error}.", file=sys.stderr)
        return 2
    print(report)
    if options.page:
        write_page(options.page, report, date.today())
    log("done")
    return 0


if __name__ == "__main__":
    sys.exit(main())
