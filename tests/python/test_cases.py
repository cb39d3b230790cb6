"""Small inputs that once gave wrong numbers, each with the right value: loaded and built as a user would.

A script beside the real data makes them of it (`shared/cases/cases.py`); where that is absent they skip.
"""

import importlib.util
from datetime import date
from pathlib import Path

import pytest

from tests.python.warehouses import PROJECT, TABLES, change, copy_of, differences, orchestrate, query, succeed

CASES = PROJECT.parent / "shared" / "cases" / "cases.py"
pytestmark = pytest.mark.real
SEASON = "season_year = 2023"


@pytest.fixture(scope="module")
def write(real_data, tmp_path_factory):
    """Write a case; return its folders, to be loaded one after the other."""
    if not CASES.is_file():
        pytest.skip(f"NO CASES in {CASES}")
    spec = importlib.util.spec_from_file_location("cases", CASES)
    cases = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(cases)
    cases.CASES["base"] = ([cases.base()], "what most cases must come to")

    def write_case(name: str) -> list[Path]:
        folder = tmp_path_factory.mktemp(name)
        cases.write(name, folder)
        return sorted(folder.iterdir())

    return write_case


@pytest.fixture(scope="module")
def base(write, tmp_path_factory) -> Path:
    """The season 2023-24 up to 2023-12-15, loaded and built: what most cases must come to."""
    warehouse = tmp_path_factory.mktemp("base_built") / "nba.duckdb"
    built(write("base"), warehouse)
    return warehouse


def load(warehouse: Path, folder: Path):
    return orchestrate(warehouse, "ingest", "--from", folder)


def built(folders: list[Path], warehouse: Path, until: str = "2023-12-17"):
    """Load each folder and backfill after each; return what the last backfill said."""
    for folder in folders:
        succeed(load(warehouse, folder))
        done = succeed(orchestrate(warehouse, "backfill", "--end", until))
    return done


def refused(write, warehouse: Path, name: str) -> str:
    """Load a case that must be refused; return why."""
    done = load(warehouse, write(name)[0])
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert not warehouse.exists()
    return done.stderr


def row_of(warehouse: Path, name: str, day: str, columns: str, table: str = "ml_feature_store"):
    (row,) = query(
        warehouse,
        f"select {columns} from nba_precompute.{table} "
        f"where player_lookup = '{name}' and analysis_date = date '{day}'",
    )
    return row


def test_one_night_replaces_its_games_alone(write, base, tmp_path):
    warehouse = tmp_path / "nba.duckdb"
    built(write("one-night"), warehouse)
    assert differences(warehouse, base) == {}


def test_a_phantom_game_is_no_game(write, base, tmp_path):
    warehouse = tmp_path / "nba.duckdb"
    done = built(write("phantom"), warehouse)
    assert differences(warehouse, base) == {}
    warnings = [line for line in done.stderr.splitlines() if "ppd1" in line]
    assert len(warnings) == 1
    assert warnings[0].startswith("warning: inputs: game not played on 2023-12-04")
    (rest,) = query(
        warehouse,
        "select max(rest_advantage), min(days_rest - rest_advantage) from nba_precompute.ml_feature_store "
        "where analysis_date = date '2023-12-05' and team_abbr = 'PHX' and abs(rest_advantage) < 2",
    )
    assert rest[1] == 3  # the Lakers played on 2023-12-02, not on 2023-12-04


def test_nil_nil_is_a_game_to_be_played(write, base, tmp_path):
    (folder,) = write("nil-nil")
    warehouse = tmp_path / "nba.duckdb"
    built([folder], warehouse)
    tonight = copy_of(warehouse, tmp_path / "null")
    change(tonight, "update nba_raw.games set home_score = null, away_score = null where game_id = 'zz1'")
    assert query(
        warehouse,
        "select team_abbr, count(*) > 9, min(context_source) from nba_precompute.ml_feature_store "
        "where analysis_date = date '2023-12-16' group by team_abbr order by team_abbr",
    ) == [("DEN", True, "upcoming"), ("OKC", True, "upcoming")]
    assert succeed(orchestrate(tonight, "gaps", "--end", "2023-12-17")).returncode == 0  # nothing is stale
    assert differences(warehouse, base, where="analysis_date < date '2023-12-16'") == {}


@pytest.mark.parametrize("name", ["win-words", "league-words", "espn-codes"])
def test_foreign_words_are_understood(write, base, tmp_path, name):
    warehouse = tmp_path / "nba.duckdb"
    built(write(name), warehouse)
    assert differences(warehouse, base) == {}
    assert query(
        warehouse,
        "select distinct team_abbr, round(team_win_pct, 3) from nba_precompute.ml_feature_store "
        "where analysis_date = date '2023-12-15' and team_abbr in ('BOS', 'DET') order by team_abbr",
    ) == [("BOS", 0.783), ("DET", 0.083)]


def test_stamps_with_a_time_of_day_are_refused(write, tmp_path):
    said = refused(write, tmp_path / "nba.duckdb", "utc-stamps")
    for file in ("games.parquet", "player_box.parquet", "team_box.parquet", "shots.parquet", "odds.parquet"):
        assert f"{file}: column game_date" in said


def test_a_team_that_nobody_knows_is_refused(write, tmp_path):
    said = refused(write, tmp_path / "nba.duckdb", "unknown-code")
    assert "XYZ" in said
    assert "non_nba_teams" not in said


@pytest.mark.parametrize(
    ("name", "first", "left_out"),
    # The first game of Boston, and the last day that there is.
    [("seconds", date(2023, 10, 26), True), ("too-long", date(2023, 12, 16), False)],
)
def test_minutes_that_no_game_allows_keep_out_what_they_would_spoil(write, tmp_path, name, first, left_out):
    warehouse = tmp_path / "nba.duckdb"
    (folder,) = write(name)
    succeed(load(warehouse, folder))
    done = orchestrate(warehouse, "backfill", "--end", "2023-12-17")
    assert "too_many_minutes" in done.stderr.replace(" ", "_")
    assert done.returncode == (1 if left_out else 0)
    assert query(
        warehouse,
        "select min(spoils_from) from nba_intermediate.phase3_preflight where severity = 'block'",
    ) == [(first,)]
    ((last,),) = query(warehouse, "select max(analysis_date) from nba_precompute.receipts")
    assert last < first


def test_suffixes_and_blank_text(write, tmp_path):
    warehouse = tmp_path / "nba.duckdb"
    built(write("names"), warehouse)
    for name in ("jimmybutleriii", "nikolajokic"):
        assert row_of(
            warehouse,
            name,
            "2023-12-17",
            "context_source, player_status, injury_risk, is_production_ready, "
            "list_contains(data_quality_issues, 'player_out')",
        ) == ("upcoming", "out", 3, False, True)


def test_a_season_that_runs_into_october(write, tmp_path):
    warehouse = tmp_path / "nba.duckdb"
    built(write("past-october"), warehouse)
    assert query(
        warehouse,
        "select distinct season_year from nba_intermediate.int_game_dates "
        "where game_date between date '2023-10-01' and date '2023-10-10'",
    ) == [(2022,)]
    assert row_of(warehouse, "nikolajokic", "2023-10-02", "season_year, days_rest") == (2022, 2)
    assert row_of(
        warehouse,
        "nikolajokic",
        "2023-11-08",
        "season_year, games_played_season, points_avg_season",
        "player_daily_cache",
    ) == (2023, 8, 28.375)


ANTETOKOUNMPO = (
    "giannisantetokounmpo",
    "2024-01-14",
    "days_rest, back_to_back, games_in_last_7_days, rest_advantage, fatigue_score, points_avg_last_5, "
    "is_production_ready, list_contains(data_quality_issues, 'missing_box_score'), missing_games_count, "
    "expected_games_count",
)


def test_a_box_score_a_day_late(write, tmp_path):
    first, second = write("late-box")
    warehouse = tmp_path / "nba.duckdb"
    done = built([first], warehouse, "2024-01-14")
    ((waiting,),) = query(
        warehouse,
        "select count(*) from nba_precompute.ml_feature_store where analysis_date = date '2024-01-14' "
        "and missing_games_count > 0",
    )
    assert waiting > 5
    assert f"MIL-GSW 2024-01-13: no box score yet; {waiting} rows of 2024-01-14 not ready" in done.stderr
    before = row_of(warehouse, *ANTETOKOUNMPO)
    assert before[:4] == (None, None, None, None)
    assert before[6:] == (False, True, 1, 39)
    # The game keeps those whom its slate expected, Antetokounmpo among them.
    assert row_of(warehouse, ANTETOKOUNMPO[0], "2024-01-13", "context_source") == ("upcoming",)

    succeed(load(warehouse, second))
    stale = query(
        warehouse,
        "select distinct analysis_date from nba_precompute.phase4_coverage "
        "where state not in ('done', 'not_expected') order by 1",
    )
    assert stale == [(date(2024, 1, 13),), (date(2024, 1, 14),)]
    done = succeed(orchestrate(warehouse, "backfill", "--end", "2024-01-14"))
    assert "no box score yet" not in done.stderr
    after = row_of(warehouse, *ANTETOKOUNMPO)
    assert after == (1, 1.0, 3.0, -1.0, 80.0, 34.8, True, False, 0, 39)

    at_once = tmp_path / "once" / "nba.duckdb"
    for folder in (first, second):
        succeed(load(at_once, folder))
    succeed(orchestrate(at_once, "backfill", "--end", "2024-01-14"))
    assert differences(warehouse, at_once) == {}


def test_box_scores_alone_make_a_store(write, base, tmp_path):
    warehouse = tmp_path / "nba.duckdb"
    built(write("no-shots"), warehouse)
    ((rows, zones, ready),) = query(
        warehouse,
        "select count(*), count(pct_paint), count(*) filter (is_production_ready) "
        "from nba_precompute.ml_feature_store "
        "where points_std_last_10 is not null and player_status is distinct from 'out'",
    )
    assert rows > 4_000
    assert zones == 0
    assert ready == rows
    counts = "select " + ", ".join(f"(select count(*) from nba_precompute.{table})" for table in TABLES)
    assert query(warehouse, counts) == query(base, counts)
