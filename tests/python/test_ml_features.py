"""The feature logic of int_ml_features: golden example 10, the edges of every calculated feature.

dbt cannot unit-test a Python model, so its function runs here on a DuckDB relation, as it does in
dbt, with the catalogue that the project ships.
"""

import csv
import hashlib
import importlib.util
from datetime import date

import duckdb
import narwhals as nw
import pytest
import yaml
from conftest import PROJECT

TYPES = {
    "analysis_date": "date",
    "player_lookup": "varchar",
    "universal_player_id": "varchar",
    "game_id": "varchar",
    "team_abbr": "varchar",
    "opponent_team_abbr": "varchar",
    "season_year": "bigint",
    "season_type": "varchar",
    "player_status": "varchar",
    "context_source": "varchar",
    "is_home": "boolean",
    "back_to_back": "boolean",
    "newest_source_game_date": "date",
    "days_rest": "bigint",
    "opponent_days_rest": "bigint",
    "games_in_last_7_days": "bigint",
    "games_in_last_7_days_fallback": "bigint",
    "fatigue_score": "bigint",
    "games_played_season": "bigint",
    "ft_known_games_last_10": "bigint",
    "ft_makes_last_10": "hugeint",
    "points_with_ft_known_last_10": "hugeint",
    "team_games_played_season": "bigint",
    "team_wins_season": "bigint",
    "team_games_expected": "bigint",
    "team_games_missing": "bigint",
    "has_hole_in_last_10_games": "boolean",
}

EVERYTHING_KNOWN = {
    "analysis_date": date(2022, 1, 15),
    "player_lookup": "one",
    "universal_player_id": "1",
    "game_id": "g",
    "team_abbr": "BOS",
    "opponent_team_abbr": "LAL",
    "season_year": 2021,
    "season_type": "regular",
    "context_source": "upcoming",
    "is_home": True,
    "newest_source_game_date": date(2022, 1, 14),
    "points_avg_last_5": 21.0,
    "points_avg_last_10": 20.0,
    "points_avg_season": 20.5,
    "points_std_last_10": 6.5,
    "games_in_last_7_days": 3,
    "fatigue_score": 85,
    "shot_zone_mismatch_score": 1.66,
    "pace_score": 2.5,
    "usage_spike_score": 0.0,
    "opponent_def_rating": 111.5,
    "opponent_pace": 99.5,
    "pct_paint": 0.45,
    "pct_mid_range": 0.2,
    "pct_three": 0.35,
    "team_pace": 98.0,
    "team_off_rating": 113.0,
    "points_avg_last_10_fallback": 20.0,
    "points_avg_season_fallback": 20.5,
    "games_in_last_7_days_fallback": 3,
    "team_pace_fallback": 98.0,
    "team_off_rating_fallback": 113.0,
    "days_rest": 1,
    "opponent_days_rest": 2,
    "player_status": "available",
    "games_played_season": 12,
    "points_avg_newest_2": 26.0,
    "points_avg_prior_3": 53 / 3,
    "minutes_avg_last_10": 33.0,
    "minutes_avg_season": 32.0,
    "ft_known_games_last_10": 10,
    "ft_makes_last_10": 40,
    "points_with_ft_known_last_10": 200,
    "team_games_played_season": 40,
    "team_wins_season": 22,
    "back_to_back": True,
    "team_games_expected": 40,
    "team_games_missing": 0,
    "has_hole_in_last_10_games": False,
}

NO_DAILY_CACHE = dict.fromkeys(
    [
        "points_avg_last_5",
        "points_avg_last_10",
        "points_avg_season",
        "points_std_last_10",
        "games_in_last_7_days",
        "team_pace",
        "team_off_rating",
    ]
)
NO_PLAYER_ZONES = dict.fromkeys(["pct_paint", "pct_mid_range", "pct_three", "shot_zone_mismatch_score"])
NO_OPPONENT_DEFENCE = dict.fromkeys(["shot_zone_mismatch_score", "opponent_def_rating", "opponent_pace"])
THREE_GAMES = NO_DAILY_CACHE | NO_PLAYER_ZONES | {"games_played_season": 3, "ft_known_games_last_10": 3}


def load_model():
    path = PROJECT / "models" / "ml" / "int_ml_features.py"
    spec = importlib.util.spec_from_file_location("int_ml_features", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read_catalogue():
    with (PROJECT / "seeds" / "feature_catalogue.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        row
        | {
            "feature_index": int(row["feature_index"]),
            "default_value": float(row["default_value"]),
            "is_required": row["is_required"] == "true",
            "fallback": row["fallback"] or None,
        }
        for row in rows
    ]


MODEL = load_model()
CATALOGUE = read_catalogue()
NAMES = [feature["feature_name"] for feature in CATALOGUE]
TOTAL = len(CATALOGUE)
DEFAULTS = {feature["feature_name"]: feature["default_value"] for feature in CATALOGUE}


def features(**changes):
    """Return the model's output for a row with everything known except as `changes` says."""
    unknown = changes.keys() - EVERYTHING_KNOWN.keys()
    assert not unknown, f"not an input of the model: {unknown}"
    row = EVERYTHING_KNOWN | changes
    with duckdb.connect() as connection:
        columns = ", ".join(f"cast(? as {TYPES.get(name, 'double')}) as {name}" for name in row)
        connection.execute(f"create table inputs as select {columns}", list(row.values()))
        result = MODEL.ml_features(nw.from_native(connection.table("inputs")), CATALOGUE).to_native()
        (values,) = result.fetchall()
        return dict(zip(result.columns, values, strict=True))


def issues(row):
    return [name.removeprefix("issue_") for name, value in row.items() if name.startswith("issue_") and value]


def indices(row, source):
    return [i for i, name in enumerate(NAMES) if row[f"{name}_source"] == source]


def test_catalogue_is_in_order():
    assert [feature["feature_index"] for feature in CATALOGUE] == list(range(TOTAL))


def test_a_changed_list_of_features_has_a_new_version():
    """Whoever has trained on a version must be able to trust that its vector stays what it was."""
    columns = ("feature_index", "feature_name", "source", "fallback", "default_value", "is_required")
    text = repr([[feature[column] for column in columns] for feature in CATALOGUE])
    fingerprint = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:12]
    models = yaml.safe_load((PROJECT / "models" / "ml" / "_ml__models.yml").read_text())["models"]
    (store,) = (model for model in models if model["name"] == "ml_feature_store")
    (column,) = (column for column in store["columns"] if column["name"] == "feature_version")
    version = CATALOGUE[0]["feature_version"]
    known = column["meta"]["fingerprints"]
    assert known.get(version) == fingerprint, (
        f"the list of features is not that of {version}: give it a new feature_version in "
        f"seeds/feature_catalogue.csv, and this version the fingerprint {fingerprint} in _ml__models.yml"
    )
    assert len(set(known.values())) == len(known)


def test_model_reads_no_input_that_these_tests_do_not_give():
    assert set(TYPES) <= set(EVERYTHING_KNOWN)
    features()  # would not bind otherwise


class TestQuality:
    """Golden example 10."""

    def test_everything_known(self):
        row = features()
        assert row["feature_quality_score"] == 100
        assert row["quality_tier"] == "gold"
        assert row["data_source"] == "phase4"
        assert row["is_production_ready"] is True
        assert row["default_feature_count"] == 0
        for source in ("calculated", "phase4"):
            own = [feature["feature_index"] for feature in CATALOGUE if feature["source"] == source]
            assert indices(row, source) == own

    def test_opponent_without_fifteen_games(self):
        row = features(**NO_OPPONENT_DEFENCE)
        assert indices(row, "default") == [6, 13, 14]
        assert row["feature_quality_score"] == pytest.approx(((TOTAL - 3) * 100 + 3 * 40) / TOTAL)  # 92.8
        assert row["quality_tier"] == "silver"
        assert row["is_production_ready"] is True
        assert issues(row) == ["opponent_unknown"]
        assert row["data_source"] == "phase4_partial"  # 13 of them

    def test_player_with_three_games_and_known_status(self):
        row = features(**THREE_GAMES)
        assert indices(row, "default") == [0, 3, 6, 11, 18, 19, 20, 21]
        assert indices(row, "phase3") == [1, 2, 4, 22, 23]
        assert row["default_feature_count"] == 8
        assert row["feature_quality_score"] == 69  # of raw 75.8
        assert row["quality_tier"] == "poor"
        assert row["is_production_ready"] is False
        assert issues(row) == ["no_season_form", "no_shot_data"]
        assert row["data_source"] == "mixed"

    def test_player_with_three_games_and_unknown_status(self):
        row = features(**THREE_GAMES, player_status=None)
        assert indices(row, "default") == [0, 3, 6, 10, 11, 18, 19, 20, 21]
        assert row["feature_quality_score"] == 69  # of raw 73.4

    def test_first_game_of_the_season(self):
        row = features(
            **THREE_GAMES
            | {
                "games_played_season": 0,
                "points_avg_last_10_fallback": None,
                "points_avg_season_fallback": None,
                "minutes_avg_last_10": None,
                "minutes_avg_season": None,
            }
        )
        assert indices(row, "default") == [0, 1, 2, 3, 6, 11, 12, 18, 19, 20, 21]
        assert row["feature_quality_score"] == 49
        assert row["quality_tier"] == "critical"
        assert issues(row) == ["no_season_form", "no_shot_data"]  # no games, so no unknown minutes

    def test_optional_default_lowers_the_raw_score_only(self):
        row = features(player_status=None)
        assert row["feature_quality_score"] == pytest.approx(((TOTAL - 1) * 100 + 40) / TOTAL)  # 97.6, no cap
        assert row["quality_tier"] == "gold"
        assert row["data_source"] == "phase4_partial"

    def test_all_optional_features_may_be_defaults(self):
        optional = [
            *("fatigue_score", "shot_zone_mismatch_score", "pace_score", "usage_spike_score", "days_rest"),
            *("player_status", "minutes_avg_season", "opponent_def_rating", "opponent_pace"),
            *("pct_paint", "pct_mid_range", "pct_three", "team_pace", "team_pace_fallback"),
            *("team_off_rating", "team_off_rating_fallback", "points_avg_newest_2"),
        ]
        few = {"ft_known_games_last_10": 4, "team_games_played_season": 4}
        row = features(**dict.fromkeys(optional), **few)
        required = [feature["feature_index"] for feature in CATALOGUE if feature["is_required"]]
        assert required == [0, 1, 2, 3, 4, 15, 16, 17]
        assert indices(row, "default") == [i for i in range(TOTAL) if i not in required]
        assert row["feature_quality_score"] == pytest.approx((8 * 100 + (TOTAL - 8) * 40) / TOTAL)

    @pytest.mark.parametrize(("required_defaults", "score"), [(1, 69), (3, 69), (4, 49), (5, 49)])
    def test_caps_by_required_defaults(self, required_defaults, score):
        required = ["points_avg_last_5", "points_std_last_10", "is_home", "back_to_back", "season_type"]
        row = features(**dict.fromkeys(required[:required_defaults]))
        assert row["default_feature_count"] == required_defaults
        assert row["feature_quality_score"] == score

    def test_cap_never_raises_a_score(self):
        nothing = dict.fromkeys(name for name in EVERYTHING_KNOWN if name not in (*TYPES, "analysis_date"))
        counts = dict.fromkeys(
            ["ft_known_games_last_10", "games_played_season", "team_games_played_season"], 0
        )
        row = features(
            **nothing,
            **counts,
            fatigue_score=None,
            games_in_last_7_days=None,
            games_in_last_7_days_fallback=None,
            days_rest=None,
            player_status=None,
        )
        raw = (3 * 100 + (TOTAL - 3) * 40) / TOTAL  # only home_away, back_to_back, playoff_game are known
        assert raw < 49
        assert row["feature_quality_score"] == pytest.approx(raw)
        assert row["data_source"] == "mixed"

    def test_fallbacks_alone_cost_no_cap(self):
        row = features(points_avg_last_10=None, team_pace=None)
        assert indices(row, "phase3") == [1, 22]
        assert row["feature_quality_score"] == pytest.approx(((TOTAL - 2) * 100 + 2 * 75) / TOTAL)
        assert row["data_source"] == "phase4_partial"
        assert row["default_feature_count"] == 0


class TestCompleteness:
    """What the row says of its team's games, and whether it is ready."""

    def test_golden_example_13(self):
        """Of 38 games one has no box score yet: workload and back-to-back unknown, a hole in the last 10."""
        row = features(
            team_games_expected=38,
            team_games_missing=1,
            has_hole_in_last_10_games=True,
            days_rest=None,
            back_to_back=None,
            games_in_last_7_days=None,
            games_in_last_7_days_fallback=None,
        )
        assert indices(row, "default") == [4, 9, 16]
        assert row["feature_quality_score"] == 69
        assert row["is_production_ready"] is False
        assert issues(row) == ["missing_box_score"]
        assert (row["expected_games_count"], row["actual_games_count"], row["missing_games_count"]) == (
            38,
            37,
            1,
        )
        assert row["completeness_percentage"] == pytest.approx(97.368, abs=1e-3)

    def test_a_hole_alone_keeps_a_row_from_being_ready(self):
        row = features(has_hole_in_last_10_games=True, team_games_missing=1)
        assert row["feature_quality_score"] == 100
        assert row["is_production_ready"] is False

    def test_a_game_long_missing_is_said_and_gates_nothing(self):
        row = features(team_games_missing=1)
        assert issues(row) == ["missing_box_score"]
        assert row["is_production_ready"] is True

    def test_before_the_teams_first_game(self):
        row = features(team_games_expected=0)
        assert row["completeness_percentage"] is None
        assert row["actual_games_count"] == 0

    @pytest.mark.parametrize(
        ("status", "ready"),
        [("out", False), ("OUT", False), ("Doubtful", False), ("questionable", True), (None, True)],
    )
    def test_who_is_out_is_not_ready_and_his_score_is_as_it_was(self, status, ready):
        unknown_status = ((TOTAL - 1) * 100 + 40) / TOTAL
        row = features(player_status=status)
        assert row["feature_quality_score"] == pytest.approx(100 if status else unknown_status)
        assert row["is_production_ready"] is ready
        assert issues(row) == ([] if ready else ["player_out"])

    def test_minutes_that_nobody_knows(self):
        row = features(minutes_avg_last_10=None)
        assert issues(row) == ["no_minutes"]
        assert issues(features(minutes_avg_last_10=0.0)) == []  # known, and no measure of change

    @pytest.mark.parametrize("zone", ["pct_paint", "pct_mid_range", "pct_three"])
    def test_zones_that_nobody_knows(self, zone):
        assert issues(features(**{zone: None})) == ["no_shot_data"]

    @pytest.mark.parametrize("name", ["opponent_def_rating", "opponent_pace"])
    def test_an_opponent_that_nobody_knows(self, name):
        assert issues(features(**{name: None})) == ["opponent_unknown"]


class TestValues:
    """A value, its place in the vector and its source agree."""

    def test_known_values_are_taken_over(self):
        row = features()
        for name in NAMES:
            assert row[f"{name}_filled"] == row[name] is not None
        assert row["fatigue_score"] == 85.0
        assert isinstance(row["fatigue_score"], float)

    def test_unknown_stays_unknown_in_the_column_and_is_the_default_in_the_vector(self):
        row = features(**THREE_GAMES)
        for i in indices(row, "default"):
            assert row[NAMES[i]] is None
            assert row[f"{NAMES[i]}_filled"] == DEFAULTS[NAMES[i]]

    def test_fallback_is_used_only_where_phase_4_knows_nothing(self):
        assert features(points_avg_last_10=None, points_avg_last_10_fallback=7.5)["points_avg_last_10"] == 7.5
        assert features(points_avg_last_10_fallback=7.5)["points_avg_last_10"] == 20.0

    def test_last_5_has_no_fallback(self):
        row = features(points_avg_last_5=None)
        assert row["points_avg_last_5"] is None
        assert row["points_avg_last_5_source"] == "default"

    @pytest.mark.parametrize(("season_type", "expected"), [("playoffs", 1), ("play_in", 0), ("regular", 0)])
    def test_playoff_game(self, season_type, expected):
        assert features(season_type=season_type)["playoff_game"] == expected

    @pytest.mark.parametrize(("value", "expected"), [(True, 1), (False, 0)])
    def test_flags(self, value, expected):
        row = features(is_home=value, back_to_back=value)
        assert row["home_away"] == row["back_to_back"] == expected


class TestRestAdvantage:
    @pytest.mark.parametrize(
        ("own", "opponent", "expected"),
        [
            (3, 1, 2),
            (7, 1, 2),  # clamped
            (2, 1, 1),
            (1, 1, 0),
            (1, 2, -1),
            (1, 3, -2),
            (1, 9, -2),  # clamped
            (None, 2, None),
            (2, None, None),
        ],
    )
    def test_rest_advantage(self, own, opponent, expected):
        row = features(days_rest=own, opponent_days_rest=opponent)
        assert row["rest_advantage"] == expected
        assert row["rest_advantage_source"] == ("default" if expected is None else "calculated")


class TestInjuryRisk:
    @pytest.mark.parametrize(
        ("status", "expected"),
        [
            ("available", 0),
            ("probable", 1),
            ("questionable", 2),
            ("doubtful", 3),
            ("out", 3),
            ("OUT", 3),
            ("Questionable", 2),
            (None, None),
        ],
    )
    def test_injury_risk(self, status, expected):
        row = features(player_status=status)
        assert row["injury_risk"] == expected
        assert row["injury_risk_filled"] == (expected or 0)
        assert row["injury_risk_source"] == ("default" if expected is None else "calculated")


class TestRecentTrend:
    def test_golden_example_1(self):
        """The mean of (30, 22) is 8.3333 above that of (18, 25, 10)."""
        assert features()["recent_trend"] == 2

    @pytest.mark.parametrize(
        ("change", "expected"),
        [
            (5.0, 2),
            (4.99, 1),
            (2.0, 1),
            (1.99, 0),
            (0.0, 0),
            (-1.99, 0),
            (-2.0, -1),
            (-4.99, -1),
            (-5.0, -2),
        ],
    )
    def test_steps(self, change, expected):
        row = features(points_avg_newest_2=20.0 + change, points_avg_prior_3=20.0)
        assert row["recent_trend"] == expected

    @pytest.mark.parametrize(("games", "expected"), [(5, 2), (4, None), (0, None)])
    def test_needs_five_games(self, games, expected):
        assert features(games_played_season=games)["recent_trend"] == expected


class TestMinutesChange:
    @pytest.mark.parametrize(
        ("last_10", "season", "expected"),
        [
            (36.0, 30.0, 2),
            (35.9, 30.0, 1),
            (33.0, 30.0, 1),
            (32.9, 30.0, 0),
            (30.0, 30.0, 0),
            (27.1, 30.0, 0),
            (27.0, 30.0, -1),
            (24.1, 30.0, -1),
            (24.0, 30.0, -2),
            (0.0, 30.0, None),
            (30.0, 0.0, None),
            (None, 30.0, None),
            (30.0, None, None),
        ],
    )
    def test_minutes_change(self, last_10, season, expected):
        row = features(minutes_avg_last_10=last_10, minutes_avg_season=season)
        assert row["minutes_change"] == expected
        assert row["minutes_change_source"] == ("default" if expected is None else "calculated")


class TestPctFreeThrow:
    @pytest.mark.parametrize(
        ("games", "makes", "points", "expected"),
        [
            (10, 40, 200, 0.2),
            (5, 10, 100, 0.1),
            (4, 10, 100, None),  # needs five games with free throws known
            (10, 60, 100, 0.5),  # clamped
            (10, 0, 100, 0.0),
            (10, 0, 0, None),
            (0, None, None, None),
        ],
    )
    def test_pct_free_throw(self, games, makes, points, expected):
        row = features(
            ft_known_games_last_10=games,
            ft_makes_last_10=makes,
            points_with_ft_known_last_10=points,
        )
        assert row["pct_free_throw"] == expected
        assert row["pct_free_throw_filled"] == (0.15 if expected is None else expected)


class TestTeamWinPct:
    @pytest.mark.parametrize(
        ("wins", "games", "expected"), [(22, 40, 0.55), (0, 5, 0.0), (4, 4, None), (None, 0, None)]
    )
    def test_team_win_pct(self, wins, games, expected):
        row = features(team_wins_season=wins, team_games_played_season=games)
        assert row["team_win_pct"] == expected
        assert row["team_win_pct_filled"] == (0.5 if expected is None else expected)
