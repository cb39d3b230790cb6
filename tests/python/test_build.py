"""What a build must be: the same whatever the windows, blind to the day itself, and exactly replaced."""

import random
from datetime import date, timedelta

import duckdb
import pytest

from orchestrator.core import seeds
from tests.python.warehouses import (
    TABLES,
    build,
    change,
    copy_of,
    dbt_failures,
    differences,
    orchestrate,
    prepare,
    query,
    succeed,
    window,
)

CATALOGUE = seeds.rows("feature_catalogue")


def rebuild_in_pieces(warehouse, start, end, seed, pieces):
    """Build [start, end] in random windows in random order, some of them twice."""
    rng = random.Random(seed)
    days = (end - start).days
    cuts = sorted(rng.sample(range(1, days), pieces - 1))
    bounds = list(zip([0, *cuts], [*cuts, days + 1], strict=True))
    order = bounds + rng.sample(bounds, 1)
    rng.shuffle(order)
    prepare(warehouse)
    for first, after in order:
        build(warehouse, start + timedelta(days=first), start + timedelta(days=after - 1), prepared=True)


def test_demo_season_is_the_same_in_any_windows_and_order(demo_raw, demo_built, tmp_path):
    warehouse = copy_of(demo_raw, tmp_path)
    start, end = query(warehouse, "select min(game_date), max(game_date) from nba_raw.games")[0]
    assert start < date(2023, 10, 24)  # the preseason's foreign visitors are accounted for as well
    rebuild_in_pieces(warehouse, start, end, seed=1, pieces=5)
    assert query(warehouse, "select count(*) from nba_precompute.ml_feature_store")[0][0] > 20_000
    assert differences(warehouse, demo_built) == {}


@pytest.mark.real
def test_real_seasons_are_the_same_in_any_windows_and_order(real_raw, real_built, tmp_path):
    warehouse = copy_of(real_raw, tmp_path)
    rebuild_in_pieces(warehouse, date(2021, 10, 19), date(2024, 4, 14), seed=3, pieces=6)
    assert differences(warehouse, real_built) == {}


def test_building_again_changes_only_stamps(demo_built, tmp_path):
    warehouse = copy_of(demo_built, tmp_path)
    build(warehouse, "2024-01-10", "2024-02-10")
    assert differences(warehouse, demo_built) == {}
    touched = differences(warehouse, demo_built, stamps=())
    assert set(touched) == set(TABLES)  # it did build
    outside = "analysis_date not between date '2024-01-10' and date '2024-02-10'"
    assert differences(warehouse, demo_built, where=outside, stamps=()) == {}


FALSIFIED_BOX = """
    update nba_raw.player_box set pts = 99 - pts, min = 48 - min, fgm = fgm + 3, fga = fga + 9,
        fg3m = fg3m + 1, fg3a = fg3a + 4, ftm = ftm + 2, fta = fta + 5, oreb = oreb + 1, tov = tov + 6,
        wl = if(wl = 'W', 'L', 'W')
    where {where}
"""
FALSIFIED_TEAMS = """
    update nba_raw.team_box set pts = pts + 40, fga = fga + 30, fta = fta + 11, oreb = oreb + 5,
        tov = tov + 7, wl = if(wl = 'W', 'L', 'W')
    where {where}
"""
FALSIFIED_SCORES = "update nba_raw.games set home_score = 300, away_score = 1 where {where}"
FALSIFIED_SHOTS = "update nba_raw.shots set shot_made = not shot_made, shot_distance = 1 where {where}"


def falsify(warehouse, where):
    """Make nonsense of every result of the games, leaving who took part as it was."""
    change(
        warehouse,
        *(
            statement.format(where=where)
            for statement in (FALSIFIED_BOX, FALSIFIED_TEAMS, FALSIFIED_SCORES, FALSIFIED_SHOTS)
        ),
    )


def check_that_a_day_does_not_know_itself(raw, built, folder, day):
    """Falsify all results from `day` on: its rows stay. Falsify the day before: they change."""
    only_that_day = f"analysis_date = date '{day}'"
    warehouse = copy_of(raw, folder / "leak")
    falsify(warehouse, f"game_date >= date '{day}'")
    build(warehouse, day, day)
    assert query(warehouse, f"select count(*) from nba_precompute.ml_feature_store where {only_that_day}")[0][
        0
    ]
    assert differences(warehouse, built, where=only_that_day) == {}

    falsify(warehouse, f"game_date < date '{day}'")
    build(warehouse, day, day)
    changed = differences(warehouse, built, where=only_that_day)
    assert set(changed) >= set(TABLES) - {"phase4_exclusions"}


def test_no_leak_on_the_demo_league(demo_raw, demo_built, tmp_path):
    check_that_a_day_does_not_know_itself(demo_raw, demo_built, tmp_path, date(2024, 1, 26))


@pytest.mark.real
@pytest.mark.parametrize("day", [date(2021, 12, 25), date(2024, 1, 26)])
def test_no_leak_on_real_data(real_raw, real_built, tmp_path, day):
    check_that_a_day_does_not_know_itself(real_raw, real_built, tmp_path, day)


@pytest.mark.real
def test_doncic_scored_73_and_only_the_next_row_knows(real_built):
    rows = query(
        real_built,
        "select analysis_date, points_avg_last_5, points_avg_season, recent_trend "
        "from nba_precompute.ml_feature_store where universal_player_id = '1629029' "
        "and analysis_date between date '2024-01-26' and date '2024-01-27' order by 1",
    )
    # Before: 34, 33, 33, 25, 40. After: 73, 34, 33, 33, 31 ... as the box scores have them.
    history = [
        points
        for (points,) in query(
            real_built,
            "select points from nba_analytics.player_game_summary where universal_player_id = '1629029' "
            "and season_year = 2023 and game_date <= date '2024-01-26' and is_active order by game_date desc",
        )
    ]
    assert history[0] == 73
    before, after = rows
    assert before[1] == pytest.approx(sum(history[1:6]) / 5)
    assert before[2] == pytest.approx(sum(history[1:]) / len(history[1:]))
    assert after[1] == pytest.approx(sum(history[:5]) / 5)
    assert after[3] == 2
    assert before[3] != 2


@pytest.mark.real
def test_golden_example_12_a_game_that_vanishes(real_raw, tmp_path):
    """Rebuilding January without one game removes what only that game gave, and touches nothing outside."""
    warehouse = copy_of(real_raw, tmp_path / "changed")
    build(warehouse, "2021-12-20", "2022-02-10")
    build(warehouse, "2022-01-01", "2022-01-31")
    original = copy_of(warehouse, tmp_path / "original")

    ((game_id,),) = query(
        warehouse, "select min(game_id) from nba_raw.games where game_date = date '2022-01-15'"
    )
    tables = ("games", "player_box", "team_box", "shots", "betting_lines")
    change(warehouse, *(f"delete from nba_raw.{table} where game_id = '{game_id}'" for table in tables))
    build(warehouse, "2022-01-01", "2022-01-31")

    def players(of, table, where="true"):
        rows = query(
            of,
            f"select player_lookup from nba_precompute.{table} "
            f"where analysis_date = date '2022-01-15' and {where}",
        )
        return {player for (player,) in rows}

    of_the_game = players(original, "player_composite_factors", f"game_id = '{game_id}'")
    assert len(of_the_game) > 15
    for table in ("player_composite_factors", "player_daily_cache", "ml_feature_store"):
        before = players(original, table)
        assert players(warehouse, table) == before - of_the_game
        assert before & of_the_game
    assert differences(warehouse, original, where="analysis_date < date '2022-01-15'") == {}
    later = "analysis_date between date '2022-01-16' and date '2022-01-31'"
    assert set(differences(warehouse, original, where=later)) >= {
        "team_defense_zone_analysis",
        "player_daily_cache",
        "player_composite_factors",
        "ml_feature_store",
    }
    outside = "analysis_date not between date '2022-01-01' and date '2022-01-31'"
    assert differences(warehouse, original, where=outside, stamps=()) == {}


@pytest.mark.real
def test_dates_that_now_give_nothing_lose_their_rows_and_keep_their_receipts(real_raw, tmp_path):
    warehouse = copy_of(real_raw, tmp_path)
    counts = (
        "select r.row_count, (select count(*) from nba_precompute.ml_feature_store s "
        "where s.analysis_date = r.analysis_date) from nba_precompute.receipts r "
        "where r.table_name = 'ml_feature_store' order by r.analysis_date"
    )
    build(warehouse, "2022-01-14", "2022-01-16")
    before = query(warehouse, counts)
    assert len(before) == 3
    assert all(receipt == stored > 0 for receipt, stored in before)

    # One day's box scores: they are late, and those whom the slate expects stay.
    change(warehouse, "delete from nba_raw.player_box where game_date = date '2022-01-15'")
    build(warehouse, "2022-01-14", "2022-01-16")
    assert all(receipt == stored > 0 for receipt, stored in query(warehouse, counts))
    assert query(
        warehouse,
        "select distinct context_source from nba_precompute.ml_feature_store "
        "where analysis_date = date '2022-01-15'",
    ) == [("upcoming",)]

    # All of a season: the source has none, and nobody is expected.
    change(warehouse, "delete from nba_raw.player_box where season = '2021-22'")
    build(warehouse, "2022-01-14", "2022-01-16")
    assert query(warehouse, counts) == [(0, 0), (0, 0), (0, 0)]


@pytest.mark.real
def test_full_refresh_keeps_history(real_built, tmp_path):
    warehouse = copy_of(real_built, tmp_path)
    assert dbt_failures(warehouse, "run", "--full-refresh", *window("2022-01-10", "2022-01-16")) == []
    assert differences(warehouse, real_built) == {}


@pytest.mark.real
def test_counts_on_the_real_data(real_built):
    expected = {
        "team_defense_zone_analysis": (14_889, 505),
        "player_shot_zone_analysis": (225_200, 532),
        "player_composite_factors": (75_176, 537),
        "player_daily_cache": (72_352, 537),
        "ml_feature_store": (75_176, 537),
    }
    counts = {
        table: (rows, dates)
        for table, rows, dates in query(
            real_built,
            " union all ".join(
                f"select '{table}', count(*), count(distinct analysis_date) from nba_precompute.{table}"
                for table in expected
            ),
        )
    }
    assert counts == expected


@pytest.mark.real
def test_the_calendar_of_the_real_data(real_built):
    dates = (
        "from nba_intermediate.int_game_dates where game_date between date '2021-10-19' and date '2024-04-15'"
    )
    assert query(real_built, f"select count(*), count(*) filter (is_bootstrap) {dates}") == [(585, 42)]
    nights = query(
        real_built, "select distinct opening_night from nba_intermediate.int_game_dates order by 1"
    )
    assert nights == [
        (date(2021, 10, 19),),
        (date(2022, 10, 18),),
        (date(2023, 10, 24),),
        (date(2024, 10, 22),),
    ]
    # The first game date after the 14 days: nobody played on 2023-11-07, opening night plus 14.
    first_rows = query(
        real_built,
        "select min(analysis_date) from nba_precompute.ml_feature_store group by season_year order by 1",
    )
    assert first_rows == [(date(2021, 11, 2),), (date(2022, 11, 1),), (date(2023, 11, 8),)]
    no_games = "('2024-11-05', '2023-12-09', '2023-11-07')"
    assert not query(
        real_built, f"select 1 from nba_intermediate.int_game_dates where game_date in {no_games}"
    )


@pytest.mark.real
def test_the_real_data_passes_every_dbt_test(real_built, tmp_path):
    warehouse = copy_of(real_built, tmp_path)
    seasons = window("2021-10-19", "2024-04-15")
    # Unit tests bring their own rows: they run with the demo league, which is always there.
    assert dbt_failures(warehouse, "test", *seasons, "--exclude-resource-type", "unit_test") == []


def test_the_demo_league_passes_every_dbt_test(demo_built, tmp_path):
    warehouse = copy_of(demo_built, tmp_path)
    assert dbt_failures(warehouse, "test", *window("2023-10-01", "2024-06-30")) == []


def test_a_feature_that_turned_constant_is_noticed_on_any_later_night(demo_built, tmp_path):
    warehouse = copy_of(demo_built, tmp_path)
    judged = {row["feature_name"]: row["default_value"] for row in CATALOGUE if row["min_distinct"]}
    assert {row["feature_name"] for row in CATALOGUE} - judged.keys() == {
        "usage_spike_score", "injury_risk", "back_to_back", "playoff_game",
    }  # fmt: skip
    constant = ", ".join(f"{name} = {default}" for name, default in judged.items())
    january = "analysis_date between date '2024-01-01' and date '2024-01-31'"
    change(warehouse, f"update nba_precompute.ml_feature_store set {constant} where {january}")
    test = ("test", "--select", "test_name:varies", "--store-failures", *window("2024-02-20", "2024-02-20"))
    assert dbt_failures(warehouse, *test) == ["varies_ml_feature_store_"]
    ((schema, table),) = query(
        warehouse, "select schema_name, table_name from duckdb_tables() where table_name like 'varies%'"
    )
    found = query(warehouse, f"select feature_name, month_number, distinct_values from {schema}.{table}")
    assert set(found) == {(name, 202401, 1) for name in judged}


def test_a_lost_receipt_is_found_and_repaired(demo_built, tmp_path):
    warehouse = copy_of(demo_built, tmp_path)
    change(
        warehouse,
        "delete from nba_precompute.receipts where analysis_date = date '2024-01-10' "
        "and table_name = 'player_daily_cache'",
        "delete from nba_precompute.ml_feature_store where analysis_date = date '2024-02-01'",
    )
    tests = ("--select", "receipts_match_the_tables", "test_name:has_every_expected_date")
    failed = dbt_failures(warehouse, "test", *tests, *window("2024-01-01", "2024-02-02"))
    assert set(failed) == {"receipts_match_the_tables", "has_every_expected_date_ml_feature_store_"}
    result = succeed(orchestrate(warehouse, "backfill"))
    assert "2 dates to build, in 2 windows" in result.stderr
    assert differences(warehouse, demo_built) == {}


@pytest.mark.real
def test_tonight_gets_the_features_that_history_gets(real_raw, real_built, tmp_path):
    """A date is built from the slate before its games; for who then plays, the numbers are the same."""
    warehouse = copy_of(real_raw, tmp_path)
    unplayed = "game_date >= date '2024-01-26'"
    change(
        warehouse,
        f"update nba_raw.games set home_score = null, away_score = null where {unplayed}",
        *(f"delete from nba_raw.{table} where {unplayed}" for table in ("player_box", "team_box", "shots")),
    )
    build(warehouse, "2024-01-26", "2024-01-26")
    assert query(warehouse, "select distinct context_source from nba_precompute.ml_feature_store") == [
        ("upcoming",)
    ]
    names = [
        name
        for (name,) in query(
            real_built, "select feature_name from nba_reference.feature_catalogue order by feature_index"
        )
    ]
    with duckdb.connect() as con:
        con.execute(f"attach '{warehouse}' as tonight (read_only)")
        con.execute(f"attach '{real_built}' as history (read_only)")
        differing = ", ".join(f"count(*) filter (t.{name} is distinct from h.{name})" for name in names)
        shared, *counts = con.execute(
            f"select count(*), {differing} from tonight.nba_precompute.ml_feature_store t "
            "join history.nba_precompute.ml_feature_store h using (analysis_date, player_lookup, team_abbr)"
        ).fetchone()
    assert shared > 150
    assert dict(zip(names, counts, strict=True)) == dict.fromkeys(names, 0)
    # Some of them are on the injured list, and were when they played.
    ((on_the_list,),) = query(
        warehouse, "select count(*) from nba_precompute.ml_feature_store where injury_risk = 3"
    )
    assert on_the_list > 5
