"""The backtest measures what it says, knows nothing of the day itself, and notices a feature that does."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pytest

from tests.python.warehouses import PROJECT, copy_of, make_training_views

try:
    from benchmarks import model_value
except ImportError as error:
    pytest.skip(f"NO PACKAGES FOR THE BACKTEST: {error}", allow_module_level=True)

PAGE = PROJECT / "docs" / "model-value.md"
REMAKE = "run: python benchmarks/model_value.py --page docs/model-value.md (real data)"


def synthetic(players: int = 12, games: int = 60, seasons: int = 2) -> model_value.Rows:
    """Players of steady talent; the first three features are their means so far, the others noise."""
    random = np.random.default_rng(3)
    found, history = [], []
    for number in range(players):
        past: list[float] = []
        for season in range(2020, 2020 + seasons):
            for game in range(games):
                day = date(season, 11, 1) + timedelta(days=2 * game)
                points = float(random.poisson(6 + number))
                history.append((f"{number:02d}", day, season, points, 24.0))
                if past:
                    form = [np.mean(past[-5:]), np.mean(past[-10:]), np.mean(past)]
                    line = round(form[2]) + 0.5 if season > 2020 else np.nan
                    found.append((day, f"{number:02d}", season, points, line, form))
                past.append(points)
    found.sort(key=lambda row: row[:2])
    noise = random.normal(size=(len(found), len(model_value.FEATURES) + len(model_value.MORE) - 3))
    rows = model_value.Rows(
        day=np.array([row[0] for row in found], dtype="datetime64[D]"),
        player=np.array([row[1] for row in found]),
        season=np.array([row[2] for row in found]),
        season_type=np.full(len(found), "regular"),
        tier=np.full(len(found), "gold"),
        actual=np.array([row[3] for row in found]),
        line=np.array([row[4] for row in found]),
        x=np.column_stack([np.array([row[5] for row in found]), noise]),
    )
    return replace(rows, baselines=model_value.as_of(history, rows))


@pytest.fixture(scope="module")
def rows() -> model_value.Rows:
    return synthetic()


@pytest.fixture(scope="module")
def report(rows) -> model_value.Report:
    return model_value.evaluate(rows)


@pytest.fixture(scope="module")
def warehouse(demo_built, tmp_path_factory) -> Path:
    """The demo league with the views of its training set."""
    made = copy_of(demo_built, tmp_path_factory.mktemp("training"))
    make_training_views(made)
    return made


# --- measures ---------------------------------------------------------------------------------------


def test_errors_of_hand_made_forecasts():
    found = model_value.errors(np.array([10.0, 20.0, 3.0]), np.array([12.0, 16.0, 3.0]))
    assert found.mae == pytest.approx(2)  # 2, 4 and 0
    assert found.rmse == pytest.approx((20 / 3) ** 0.5)
    assert found.bias == pytest.approx(-2 / 3)


def test_pinball_charges_a_low_quantile_little_for_being_low():
    levels = np.array([[8.0, 9.0, 10.0, 11.0, 12.0]])
    # Actual 10: 2 too low at .1, 1 at .25, right, 1 too high at .75, 2 at .9.
    assert model_value.pinball(np.array([10.0]), levels) == pytest.approx(
        (2 * 0.1 + 1 * 0.25 + 0 + 1 * 0.25 + 2 * 0.1) / 5
    )


def test_coverage_includes_the_edges():
    actual = np.array([4.0, 5.0, 7.0, 8.0])
    assert model_value.coverage(actual, np.full(4, 5.0), np.full(4, 7.0)) == 0.5


def test_a_push_and_a_forecast_on_the_line_are_no_bets():
    found = model_value.hits(
        actual=np.array([21.0, 21.0, 20.0, 25.0]),
        line=np.array([20.5, 20.5, 20.0, 20.5]),
        forecast=np.array([22.0, 18.0, 25.0, 20.5]),
    )
    np.testing.assert_array_equal(found, [1, 0, np.nan, np.nan])


def test_the_chance_of_an_over_is_read_off_the_quantiles():
    levels = np.array([[4.0, 8.0, 12.0, 16.0, 20.0]] * 4)
    found = model_value.chance_over(levels, np.array([12.0, 10.0, 16.0, 99.0]))
    np.testing.assert_allclose(found, [0.5, 1 - 0.375, 0.25, 0.02])


def test_an_interval_draws_whole_days():
    # Ten rows a day, all alike: as wide as if there were 20 rows, not 200.
    days = np.repeat(np.arange(20), 10)
    low, high = model_value.interval((days % 2).astype(float), days)
    assert low < 0.5 < high
    assert high - low == pytest.approx(2 * 1.96 * (0.25 / 20) ** 0.5, rel=0.15)


# --- baselines --------------------------------------------------------------------------------------


def test_a_game_counts_half_after_its_half_life():
    mean = model_value.Fading(1)
    assert np.isnan(mean.value)
    mean.add(10)
    mean.add(20)
    assert mean.value == pytest.approx((20 + 10 / 2) / 1.5)


def test_baselines_use_games_before_the_day_and_are_unknown_without():
    games = [("a", date(2020, 11, number), 2020, 10 * number, 30) for number in range(1, 5)]
    games.append(("a", date(2021, 11, 1), 2021, 5, 30))
    games.append(("b", date(2021, 11, 1), 2021, 7, None))
    rows = model_value.Rows(
        day=np.array([game[1] for game in games], dtype="datetime64[D]"),
        player=np.array([game[0] for game in games]),
        season=np.array([game[2] for game in games]),
        **dict.fromkeys(("season_type", "tier", "actual", "line", "x"), np.array([])),
    )
    found = model_value.as_of(games, rows)
    unknown = np.nan
    np.testing.assert_allclose(found["season mean"], [unknown, 10, 15, 20, unknown, unknown])
    np.testing.assert_allclose(found["last 5"], [unknown, unknown, unknown, 20, unknown, unknown])
    np.testing.assert_allclose(found["last 10"], [unknown] * 6)
    assert np.isnan(found["EWMA"]).tolist() == [True, False, False, False, False, True]
    assert found["EWMA"][4] > 25, "seasons are crossed, and the newest games count most"
    np.testing.assert_allclose(found["minutes x rate"][1], 10)
    # By the rule: the season's mean, else the EWMA, else the median of the training rows.
    train = np.array([True] * 4 + [False] * 2)
    given = model_value.filled(
        replace(rows, actual=np.array([10.0, 20, 30, 40, 5, 7]), baselines=found), train
    )
    assert given["last 5"][1] == 10
    assert given["season mean"][4] == found["EWMA"][4]
    assert {values[5] for values in given.values()} == {25.0}


def test_what_is_read_of_a_warehouse_is_from_before_the_day(warehouse):
    rows = model_value.read(warehouse)
    assert len(rows) > 5000
    chosen = np.random.default_rng(0).choice(len(rows), 200, replace=False)
    with duckdb.connect(str(warehouse), read_only=True) as con:
        for number in chosen:
            actual, mean = con.execute(
                "select sum(points) filter (where game_date = $day), "
                "avg(points) filter (where game_date < $day) "
                "from nba_analytics.player_game_summary "
                "where universal_player_id = $player and season_year = $season and is_active",
                {
                    "day": rows.day[number].astype(object),
                    "player": str(rows.player[number]),
                    "season": int(rows.season[number]),
                },
            ).fetchone()
            assert rows.actual[number] == actual
            expected = np.nan if mean is None else mean
            assert rows.baselines["season mean"][number] == pytest.approx(expected, nan_ok=True)
    # The feature store says the same of the season, wherever it says something.
    ours, theirs = rows.baselines["season mean"], rows.column("points_avg_season")
    known = ~np.isnan(theirs)
    np.testing.assert_allclose(ours[known], theirs[known])
    model_value.check_leaks(rows)


def test_a_warehouse_without_the_training_set_says_how_to_make_it(demo_built):
    with pytest.raises(model_value.UserError, match=r"make it with `.venv/bin/dbt run --select"):
        model_value.read(demo_built)


# --- walking forward --------------------------------------------------------------------------------


@pytest.mark.parametrize("folds", [model_value.by_season, model_value.by_month])
def test_nothing_is_learnt_from_the_day_or_later(rows, folds):
    tested = np.zeros(len(rows), dtype=int)
    for fold in folds(rows):
        assert rows.day[fold.train].max() < rows.day[fold.test].min()
        tested += fold.test
    np.testing.assert_array_equal(tested, rows.season > rows.season.min())


def test_two_runs_print_the_same(rows, report):
    again = model_value.evaluate(synthetic())
    assert str(again) == str(report)
    for name, values in report.said.items():
        np.testing.assert_array_equal(values, again.said[name])


def test_every_table_is_there(report):
    titles = [table.title for table in report.tables]
    assert {"Against the market", "Over or under", "Leaks"} < set(titles)
    assert "nan" not in str(report)


def test_without_lines_there_is_no_market(rows, report):
    blank = replace(rows, line=np.full(len(rows), np.nan))
    assert model_value.market_tables(blank, report.said) == []


# --- leaks ------------------------------------------------------------------------------------------


def test_a_feature_that_knows_the_result_is_caught_and_honest_ones_pass(rows):
    table = model_value.check_leaks(rows)
    assert sum("**caught**" in row for row in table.body) == 2
    with pytest.raises(model_value.LeakError, match="pace_score"):
        model_value.evaluate(model_value.plant(rows, "pace_score"))


def test_a_mean_that_includes_the_game_is_caught(rows):
    shifted = rows.column("points_avg_last_10") * 0.9 + rows.actual * 0.1
    (leak,) = model_value.leaks(rows, {"last 10, shifted by a game": shifted})
    assert leak.found


def test_missing_what_was_planted_stops_the_run(rows, monkeypatch):
    monkeypatch.setattr(model_value, "planted", lambda rows: {"noise": rows.column("pace_score")})
    with pytest.raises(model_value.MissedError, match="noise"):
        model_value.check_leaks(rows)


def test_a_model_that_is_too_good_stops_the_run():
    model_value.check_error(4.57, 4.62)
    with pytest.raises(model_value.LeakError, match="too good"):
        model_value.check_error(3.5, 4.62)


def test_the_command_exits_1_where_a_leak_is_planted(warehouse):
    script = [sys.executable, PROJECT / "benchmarks" / "model_value.py", "--warehouse", warehouse]
    leaky = subprocess.run([*script, "--plant", "fatigue_score"], capture_output=True, text=True, check=False)
    assert leaky.returncode == 1
    assert leaky.stderr.splitlines()[-1].startswith("LEAK: these columns know")
    assert "fatigue_score" in leaky.stderr
    honest = subprocess.run(script, capture_output=True, text=True, check=False)
    assert honest.returncode == 2
    assert "no leak found, and all that was planted was caught" in honest.stderr
    assert "takes two seasons" in honest.stderr  # the demo league of the tests has one


# --- the page ---------------------------------------------------------------------------------------


def test_the_page_was_made_with_these_settings():
    text = PAGE.read_text()
    assert f"`{model_value.settings_fingerprint()}`" in text, f"stale; {REMAKE}"
    assert f"`{model_value.FEATURE_VERSION}`" in text, f"stale; {REMAKE}"
    assert all(mark in text for mark in model_value.MARKS)


def test_the_page_shows_small_plots():
    text = PAGE.read_text()
    for name in model_value.PLOTS:
        plot = PAGE.parent / name
        assert f"({name})" in text
        assert plot.stat().st_size < 60_000
        assert "<svg" in plot.read_text()


def test_a_page_without_marks_is_refused_before_the_work(tmp_path):
    pytest.importorskip("matplotlib", reason="NO MATPLOTLIB: pip install -r requirements-evaluate.txt")
    with pytest.raises(model_value.UserError, match="is no page"):
        model_value.check_page(tmp_path / "page.md")


def test_plots_are_the_same_bytes_each_time(report, tmp_path):
    pytest.importorskip("matplotlib", reason="NO MATPLOTLIB: pip install -r requirements-evaluate.txt")
    drawn = []
    for name in ("once", "again"):
        (tmp_path / name).mkdir()
        page = tmp_path / name / "page.md"
        page.write_text("before\n" + "\n".join(model_value.MARKS) + "\nafter\n")
        model_value.write_page(page, report, date(2026, 11, 28))
        drawn.append({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()})
    assert drawn[0] == drawn[1]
    assert drawn[0]["page.md"].startswith(b"before\n")
    assert drawn[0]["page.md"].endswith(b"\nafter\n")
