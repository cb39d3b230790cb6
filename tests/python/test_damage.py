"""Backfills of the demo season with dbt itself: what is damaged is what the plan names, and what is built."""

import json
import random
from datetime import date

import pytest

from orchestrator.plan.request import Request
from orchestrator.run import backfill as backfill_module
from orchestrator.run.backfill import Settings
from orchestrator.warehouse.duckdb_file import DuckDBFile
from tests.python.warehouses import (
    TABLES,
    change,
    copy_of,
    differences,
    orchestrate,
    query,
    runner,
    succeed,
)

TDZA, PCF, MLFS = "team_defense_zone_analysis", "player_composite_factors", "ml_feature_store"


def backfill(warehouse, request, **settings):
    """Backfill in this process, with the dbt project parsed once for all tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NBA_DUCKDB_PATH", str(warehouse))
        return backfill_module.backfill(
            DuckDBFile(warehouse), request, Settings(**settings), make_runner=lambda *_: runner()
        )


def built_at(warehouse):
    rows = query(warehouse, "select table_name, analysis_date, built_at from nba_precompute.receipts")
    return {(table, str(day)): stamp for table, day, stamp in rows}


def game_dates(warehouse):
    return [
        day for (day,) in query(warehouse, "select game_date from nba_intermediate.int_game_dates order by 1")
    ]


def poison(warehouse, table, day):
    """Make a table of the same rows that refuses a date."""
    ((sql,),) = query(warehouse, f"select sql from duckdb_tables() where table_name = '{table}'")
    name = f"nba_precompute.{table}"
    assert sql.startswith(f"CREATE TABLE {name}(")
    poisoned = sql.replace(f"{name}(", f"{name}_new(", 1).rstrip("; ")[:-1]
    change(
        warehouse,
        f"{poisoned}, check (analysis_date != date '{day}'))",
        f"delete from {name} where analysis_date = date '{day}'",
        f"insert into {name}_new select * from {name}",
        f"drop table {name}",
        f"alter table {name}_new rename to {table}",
    )


def damaged(warehouse, seed):
    """Do a few things to a finished warehouse that nobody told anybody of."""
    rng = random.Random(seed)
    days = game_dates(warehouse)
    first = rng.randrange(40, len(days) - 20)
    lost, emptied, failing = (days[first], days[first + 3]), days[first + 5], days[first + 6]
    table, other, third = (rng.choice(TABLES[:5]) for _ in range(3))
    change(
        warehouse,
        f"delete from nba_precompute.receipts where table_name = '{table}' "
        f"and analysis_date between date '{lost[0]}' and date '{lost[1]}'",
        f"delete from nba_precompute.{other} where analysis_date = date '{emptied}'",
        f"delete from nba_precompute.{third} where analysis_date = date '{failing}'",
        f"insert into nba_precompute.failures values ('{third}', date '{failing}', 'error', 'it broke', "
        "null, 'retry', 'r', now()::timestamp)",
        # A correction late in the season: what comes after it is stale.
        "update nba_raw.player_box set pts = pts + 1 where (game_id, player_id) = "
        "(select (game_id, player_id) "
        f"from nba_raw.player_box where game_date = date '{days[-4 - seed]}' and min > 20 "
        "order by game_id, player_id limit 1)",
    )


def test_the_plan_of_a_damaged_warehouse_is_what_a_backfill_does(demo_built, tmp_path):
    warehouse = copy_of(demo_built, tmp_path)
    damaged(warehouse, seed=1)
    plan = json.loads(succeed(orchestrate(warehouse, "plan", "--json")).stdout)
    dry = json.loads(succeed(orchestrate(warehouse, "backfill", "--dry-run", "--json")).stdout)
    assert {**dry, "age_seconds": 0} == {**plan, "age_seconds": 0}
    assert {span["state"] for span in plan["build"]} >= {"missing", "failed", "stale_inputs"}

    before = built_at(warehouse)
    outcome = backfill(warehouse, Request())
    assert outcome.exit_code == 0, outcome
    assert outcome.plan.as_json() == {name: plan[name] for name in outcome.plan.as_json()}
    after = built_at(warehouse)
    days = [str(day) for day in game_dates(warehouse)]
    said = {
        (span["table"], day)
        for span in plan["build"] + plan["along"]
        for day in days
        if span["start"] <= day <= span["end"]
    }
    assert {key for key in after if after[key] != before.get(key)} == said
    assert json.loads(succeed(orchestrate(warehouse, "plan", "--json")).stdout)["windows"] == []
    # Undo the correction's effect: everything else is as it was.
    first_stale = min(span["start"] for span in plan["build"] if span["state"] == "stale_inputs")
    assert differences(warehouse, demo_built, where=f"analysis_date < date '{first_stale}'") == {}


@pytest.mark.parametrize("place", [0, -1], ids=["first", "last"])
def test_a_date_that_a_table_refuses_stands_alone(demo_built, tmp_path, place):
    warehouse = copy_of(demo_built, tmp_path)
    asked = game_dates(warehouse)[60:62]
    bad = asked[place]
    poison(warehouse, TDZA, bad)
    outcome = backfill(warehouse, Request(asked[0], asked[-1], tables=(TDZA,), only="all"))
    (failure,) = outcome.failures
    assert (failure.table, failure.day, failure.kind) == (TDZA, bad, "error")
    assert "CHECK constraint failed" in failure.error
    assert failure.sql_path.endswith(f"{TDZA}.sql")
    assert outcome.dates == 1
    assert query(
        warehouse, "select table_name, analysis_date, retry_command from nba_precompute.failures"
    ) == [(TDZA, bad, f"python orchestrate.py retry --dates {bad}")]
    elsewhere = f"analysis_date != date '{bad}'"
    assert differences(warehouse, demo_built, where=elsewhere) == {}


def test_what_a_refused_date_takes_along_and_how_it_gets_well(demo_built, tmp_path):
    warehouse = copy_of(demo_built, tmp_path)
    asked = game_dates(warehouse)[60:63]
    bad = asked[1]
    poison(warehouse, TDZA, bad)
    change(warehouse, *(f"delete from nba_precompute.{t} where analysis_date = date '{bad}'" for t in TABLES))
    outcome = backfill(warehouse, Request(asked[0], asked[-1], only="all"))
    assert {(failure.table, failure.kind) for failure in outcome.failures} == {
        (TDZA, "error"),
        (PCF, "skipped"),
        (MLFS, "skipped"),
    }
    assert {failure.day for failure in outcome.failures} == {bad}
    states = "select table_name, state from nba_precompute.phase4_coverage where state not in ('done', "
    assert set(query(warehouse, f"{states}'not_expected')")) == {
        (failure.table, "failed") for failure in outcome.failures
    }
    change(
        warehouse,
        f"create table nba_precompute.well as select * from nba_precompute.{TDZA}",
        f"drop table nba_precompute.{TDZA}",
        f"alter table nba_precompute.well rename to {TDZA}",
    )
    assert backfill(warehouse, Request(only="failed")).exit_code == 0
    assert query(warehouse, "select count(*) from nba_precompute.failures") == [(0,)]
    assert differences(warehouse, demo_built) == {}


def test_there_is_nothing_to_do(demo_built):
    """A finished warehouse has nothing to do, and not even dbt is asked."""
    assert backfill(demo_built, Request(end=date(2023, 12, 1))).state == "nothing to do"
