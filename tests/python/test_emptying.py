"""A backfill that would empty dates which have rows stops first, unless it is a night or two, or meant."""

import json
from datetime import date, timedelta

import pytest

from orchestrator.core.registry import ALL_TABLES, EXCLUSIONS
from orchestrator.core.seasons import season_of
from orchestrator.plan.plan import make_plan
from orchestrator.plan.request import Request
from orchestrator.state.coverage import Cell
from tests.python.paper import FAR, PaperDbt, command, run, write_warehouse
from tests.python.warehouses import change, copy_of, orchestrate, query

MLFS = "ml_feature_store"
FIVE = [table for table in ALL_TABLES if table != EXCLUSIONS]
DAYS = [date(2021, 12, 1) + timedelta(days=number) for number in range(8)]


def cells(lost, tables=ALL_TABLES):
    """Return eight built dates, of which the first few have lost their games or box scores."""
    done, gone = ("done", None, 2, True), ("stale_inputs", "inputs_changed", 2, False)
    return [
        Cell(table, day, season_of(day), *(gone if number < lost and table in tables else done))
        for number, day in enumerate(DAYS)
        for table in ALL_TABLES
    ]


@pytest.fixture
def league(tmp_path, monkeypatch):
    monkeypatch.setenv("NBA_DUCKDB_PATH", str(tmp_path / "nba.duckdb"))

    def make(lost, tables=ALL_TABLES):
        dbt = PaperDbt(write_warehouse(tmp_path / "nba.duckdb", cells(lost, tables)))
        dbt.empty = {(table, day) for table in tables for day in DAYS[:lost]}
        return dbt

    return make


def test_four_dates_are_too_many_and_nothing_is_built(league):
    dbt = league(4)
    result = command(dbt, "backfill", "--json")
    assert result.exit_code == 1
    assert not dbt.built
    found = json.loads(result.stdout)
    assert found["state"] == "stopped"
    for words in (f"4 dates, {DAYS[0]}..{DAYS[3]}", "40, in", MLFS, "part of a season", "--allow-empty"):
        assert words in found["stopped_by"]
        assert words in found["attention"][0]
    assert query(dbt.warehouse, f"select count(*) from nba_precompute.{MLFS}") == [(16,)]


def test_three_go_on_as_ever(league):
    dbt = league(3)
    assert command(dbt, "backfill").exit_code == 0
    assert query(dbt.warehouse, f"select count(*) from nba_precompute.{MLFS}") == [(10,)]


@pytest.mark.parametrize("name", ["backfill", "resume"])
def test_what_is_meant_is_built(league, name):
    dbt = league(8)
    assert command(dbt, "backfill").exit_code == 1
    assert command(dbt, name, "--allow-empty").exit_code == 0
    assert query(dbt.warehouse, f"select count(*) from nba_precompute.{MLFS}") == [(0,)]


def test_yes_is_not_enough(league):
    dbt = league(4)
    assert command(dbt, "backfill", "--yes").exit_code == 1
    assert not dbt.built


def test_one_table_is_enough_to_stop(league):
    dbt = league(4, tables=(MLFS,))
    outcome = run(dbt, Request(end=FAR))
    assert (outcome.state, outcome.exit_code) == ("stopped", 1)
    assert f"8, in {MLFS}" in outcome.stopped_by


def test_exclusions_alone_are_no_loss(league):
    """As when the schedule no longer names exhibitions, whose teams they list."""
    assert run(league(8, tables=(EXCLUSIONS,)), Request(end=FAR)).exit_code == 0


def test_dates_that_are_not_built_are_not_lost(league):
    dbt = league(8)
    assert run(dbt, Request(end=DAYS[2])).exit_code == 0
    assert run(dbt, Request(end=FAR, only="missing")).state == "nothing to do"


def test_the_plan_names_it(league):
    dbt = league(4)
    said = command(dbt, "plan")
    assert said.exit_code == 0
    assert f"a backfill refuses this: 4 dates, {DAYS[0]}..{DAYS[3]}, would lose all their rows" in said.stderr
    found = json.loads(command(dbt, "plan", "--json").stdout)["emptied"]
    assert found == {
        "dates": 4,
        "start": str(DAYS[0]),
        "end": str(DAYS[3]),
        "tables": FIVE,
        "rows": 40,
        "refused": True,
    }
    dbt = league(1)
    assert json.loads(command(dbt, "plan", "--json").stdout)["emptied"]["refused"] is False
    assert f"1 date, {DAYS[0]}..{DAYS[0]}, would lose" in command(dbt, "plan").stderr


def test_nothing_is_emptied_where_rows_are_expected_or_none_are_there():
    rebuilt = [Cell(MLFS, day, 2021, "stale_inputs", "inputs_changed", 2, True) for day in DAYS]
    new = [Cell(MLFS, day, 2021, "missing", "never_built", 0, True) for day in DAYS]
    for given in (rebuilt, new):
        plan = make_plan(given, Request(end=FAR))
        assert plan.dates == 8
        assert plan.emptied is None
        assert plan.as_json()["emptied"] is None


def test_part_of_a_season_over_the_whole(demo_built, tmp_path):
    """As it happens: the files hold the first weeks only, and each replaces the season."""
    warehouse = copy_of(demo_built, tmp_path)
    change(
        warehouse,
        "delete from nba_raw.games where game_date > '2024-02-01'",
        *(
            f"delete from nba_raw.{table} where game_id not in (select game_id from nba_raw.games)"
            for table in ("player_box", "team_box", "shots", "betting_lines")
        ),
    )
    before = query(warehouse, f"select count(*) from nba_precompute.{MLFS}")
    said = orchestrate(warehouse, "backfill")
    assert said.returncode == 1
    assert "2024-06-17, would lose all their rows" in said.stderr
    assert query(warehouse, f"select count(*) from nba_precompute.{MLFS}") == before
