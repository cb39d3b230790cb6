"""A backfill says what a rebuild really changed."""

import json
from datetime import date, timedelta

import pytest

from orchestrator.core.errors import UserError
from orchestrator.plan.request import Request
from orchestrator.run import rebuilt
from orchestrator.run.backfill import Before
from orchestrator.run.rebuilt import Rebuilt
from tests.python.paper import FAR, PaperDbt, cells_of, run, write_warehouse
from tests.python.test_compare import compare
from tests.python.warehouses import TABLES, change, copy_of, orchestrate, query, succeed

MLFS, PCF = "ml_feature_store", "player_composite_factors"
DAYS = [date(2021, 12, 1) + timedelta(days=number) for number in range(8)]
AGAIN = Request(end=FAR, only="all")


@pytest.fixture
def league(tmp_path):
    """Eight dates that are built, and a dbt that builds them again."""
    return PaperDbt(write_warehouse(tmp_path / "nba.duckdb", cells_of(DAYS, "done")))


def test_a_correction_is_told_from_one_that_moves_nothing(demo_built, tmp_path):
    warehouse = copy_of(demo_built, tmp_path)
    dates = query(warehouse, "select distinct game_date::varchar from nba_raw.player_box order by 1 desc")
    points_on, assists_on = dates[3][0], dates[7][0]
    one_row = (
        "(game_id, player_id) in (select (game_id, player_id) from nba_raw.player_box "
        "where game_date = '{}' and min > 20 order by all limit 1)"
    )
    change(
        warehouse,
        f"update nba_raw.player_box set ast = ast + 1 where {one_row.format(assists_on)}",
        f"update nba_raw.player_box set pts = pts + 3 where {one_row.format(points_on)}",
    )
    result = succeed(orchestrate(warehouse, "backfill", "--json"))
    found = {line["table"]: line for line in json.loads(result.stdout)["rebuilt"]}
    assert list(found) == list(TABLES)
    compared = {table.table: table for table in compare(demo_built, warehouse).tables}
    for table, line in found.items():
        assert line["dates"] == 7  # all after the assists
        assert (line["rows_changed"], line["rows_added"], line["rows_removed"]) == (
            compared[table].changed,
            compared[table].only_b,
            compared[table].only_a,
        ), table
        assert line["dates_changed"] == len(compared[table].differing)
        assert all(day > points_on for day in compared[table].differing)
    assert found[PCF]["rows_changed"] == 0
    assert f"{PCF}: 7 dates rebuilt, 0 rows changed" in result.stderr.splitlines()
    assert found[MLFS]["features_moved"] == compared[MLFS].features_moved > 0
    assert not (tmp_path / "nba.duckdb.state" / "before").exists()


def test_a_first_build_looks_at_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(Before, "_read_hashes", None)
    monkeypatch.setattr(Before, "_keep_rows", None)
    league = PaperDbt(write_warehouse(tmp_path / "nba.duckdb", cells_of(DAYS)))
    outcome = run(league)
    assert (outcome.state, outcome.rebuilt) == ("finished", [])


def test_where_rows_cost_money_the_receipts_tell_which_dates_changed(league, monkeypatch):
    monkeypatch.setattr(rebuilt, "DuckDBFile", type(None))
    league.moving = {MLFS}
    outcome = run(league, AGAIN)
    assert [(one.table, one.dates, one.dates_changed, one.rows_changed) for one in outcome.rebuilt] == [
        (table, 8, 8 if table == MLFS else 0, None) for table in TABLES
    ]
    assert str(outcome.rebuilt[TABLES.index(MLFS)]) == f"{MLFS}: 8 dates rebuilt, 8 changed"


def test_what_failed_counts_as_no_rebuild(league):
    league.bad = {(MLFS, DAYS[0])}
    league.moving = {MLFS}
    found = {one.table: one for one in run(league, AGAIN).rebuilt}
    assert (found[MLFS].dates, found[MLFS].dates_changed) == (7, 7)


def test_rows_that_cannot_be_kept_cost_the_run_nothing(league, tmp_path):
    (tmp_path / "nba.duckdb.state").mkdir()
    (tmp_path / "nba.duckdb.state" / "before").write_text("in the way")
    outcome = run(league, AGAIN)
    assert outcome.exit_code == 0
    assert {(one.dates_changed, one.rows_changed) for one in outcome.rebuilt} == {(0, None)}


def test_hashes_that_cannot_be_read_cost_the_run_nothing(league, monkeypatch):
    def fail(_: object) -> None:
        raise UserError("receipts of an old version")

    monkeypatch.setattr(Before, "_read_hashes", fail)
    outcome = run(league, AGAIN)
    assert (outcome.exit_code, outcome.rebuilt) == (0, [])


def test_a_line_says_it_as_people_do():
    assert str(Rebuilt(PCF, 24, 0, 0, 0, 0)) == f"{PCF}: 24 dates rebuilt, 0 rows changed"
    assert str(Rebuilt(MLFS, 1, 1, 1, 2, 0, 1)) == (
        f"{MLFS}: 1 date rebuilt, 1 row changed on 1 date, 2 added, 0 removed; "
        "1 prediction would see other features"
    )
