"""The command line as a user meets it: exit codes, messages, no tracebacks."""

import json
import re
import shutil
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
from typer.main import get_command

from orchestrate import app
from orchestrator.core import clock, seeds
from orchestrator.core.registry import MADE_FROM, PHASE4_TABLES
from tests.python.warehouses import (
    PROJECT,
    change,
    copy_of,
    dbt,
    dbt_failures,
    dbt_here,
    orchestrate,
    query,
    succeed,
    window,
)


def refused(result, *said, code=1):
    """Check that a command failed with a message, not a traceback."""
    assert result.returncode == code, result.stdout + result.stderr
    text = result.stdout + result.stderr
    assert "Traceback" not in text
    for words in said:
        assert words in text, text


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("{start: 2022-01-16, end: 2022-01-10}", "reversed"),
        ("{end: 2022-01-10}", "no start"),
        ("{start: '2022-02-30', end: 2022-03-10}", "'2022-02-30', which is not a date"),
        ("{start: soon}", "'soon', which is not a date"),
        ("{start: '2022-01-10 00:00:00'}", "which is not a date"),
        ("{start: 2999-01-01}", "reversed"),
    ],
)
def test_a_bad_window_stops_dbt_before_any_model(demo_built, given, said):
    error, lines = dbt_here(demo_built, "run", "--select", "+ml_feature_store", "--vars", given)
    assert said in error
    assert "--vars '{start:" in error
    assert not any("START sql" in line for line in lines)


def test_a_bad_window_is_a_message_and_no_traceback(demo_built):
    result = dbt(demo_built, "run", "--select", "+ml_feature_store", "--vars", "{start: soon}")
    refused(result, "'soon', which is not a date", "--vars '{start:", code=2)
    assert "START sql" not in result.stdout


@pytest.mark.parametrize("quote", ["", "'"])
def test_dbt_takes_quoted_and_unquoted_dates(demo_built, tmp_path, quote):
    warehouse = copy_of(demo_built, tmp_path)
    given = f"{{start: {quote}2024-01-10{quote}, end: {quote}2024-01-12{quote}}}"
    assert dbt_failures(warehouse, "run", "--select", "+ml_feature_store", "--vars", given) == []
    rebuilt = query(
        warehouse,
        "select distinct analysis_date::varchar from nba_precompute.ml_feature_store "
        "where built_at = (select max(built_at) from nba_precompute.ml_feature_store) order by 1",
    )
    assert rebuilt == [("2024-01-10",), ("2024-01-11",), ("2024-01-12",)]


def test_dbt_without_vars_takes_the_last_seven_days(demo_built, tmp_path):
    warehouse = copy_of(demo_built, tmp_path)
    models = tmp_path / "target" / "compiled" / "nba_phase4" / "models"
    today = clock.today()
    week_ago = today - timedelta(days=6)
    for given, first in (((), week_ago), (("--vars", "{start: 2026-01-01}"), "2026-01-01")):
        assert dbt_failures(warehouse, "run", "--select", "+team_defense_zone_analysis", *given) == []
        dates = (models / "calendar" / "int_analysis_dates.sql").read_text()
        assert f"between date '{first}' and date '{today}'" in dates


def test_queries_carry_no_comment(tmp_path):
    """The labels of BigQuery's jobs are its own."""
    shown = dbt(
        tmp_path / "nba.duckdb",
        *("show", "--inline", "select 41 + 1 as answer"),
        *("--log-path", tmp_path, "--log-level-file", "debug"),
    )
    log = (tmp_path / "dbt.log").read_text()
    assert "select 41 + 1 as answer" in log, succeed(shown)
    assert "/*" not in log


def test_dbt_refuses_to_build_from_another_runs_window(demo_built):
    result = dbt(demo_built, "run", "--select", "ml_feature_store", *window("2024-01-10", "2024-01-12"))
    refused(result, "select +ml_feature_store", code=2)


@pytest.mark.parametrize("given", [("--event-time-start", "2024-01-10", "--event-time-end", "2024-01-12")])
def test_dbts_own_way_to_name_a_window_is_refused(demo_built, given):
    error, lines = dbt_here(demo_built, "run", "--select", "+team_defense_zone_analysis", *given)
    assert "--vars '{start: 2022-01-10, end: 2022-01-16}'" in error
    assert not any("START sql" in line for line in lines)


def test_empty_keeps_its_hands_off_what_is_there_unless_told(demo_built, tmp_path):
    warehouse = copy_of(demo_built, tmp_path)
    chosen = ("run", "--empty", "--select", "+team_defense_zone_analysis", "--vars")
    day = "analysis_date = date '2024-01-10'"
    there = f"select count(*) from nba_precompute.team_defense_zone_analysis where {day}"
    error, lines = dbt_here(warehouse, *chosen, "{start: 2024-01-10, end: 2024-01-10}")
    assert "team_defense_zone_analysis" in error
    assert "allow_empty: true" in error
    assert not any("START sql" in line for line in lines)
    assert query(warehouse, there) == [(30,)]
    error, _ = dbt_here(warehouse, *chosen, "{start: 2024-01-10, end: 2024-01-10, allow_empty: true}")
    assert not error
    assert query(warehouse, there) == [(0,)]


def test_empty_tries_the_models_on_a_new_warehouse(demo_raw, tmp_path):
    warehouse = copy_of(demo_raw, tmp_path)
    chosen = ("run", "--empty", "--select", "+ml_feature_store", *window("2024-01-10", "2024-01-10"))
    for _ in range(2):  # the second time the tables are there, and empty
        assert dbt_failures(warehouse, *chosen) == []
    assert query(warehouse, "select count(*) from nba_precompute.ml_feature_store") == [(0,)]


def test_dbt_on_a_warehouse_without_raw_data_names_the_next_step(tmp_path):
    refused(dbt(tmp_path / "nba.duckdb", "run"), "orchestrate.py ingest", code=2)


def test_backfill_says_so_when_there_is_nothing_to_do(demo_built):
    result = succeed(orchestrate(demo_built, "backfill"))
    assert "nothing to do" in result.stderr
    assert "complete" in result.stdout


def test_backfill_builds_all_when_told(demo_built, tmp_path):
    warehouse = copy_of(demo_built, tmp_path)
    result = succeed(
        orchestrate(
            warehouse,
            *("backfill", "--only", "all", "--start", "2024-01-10", "--end", "2024-01-17", "--window", "4"),
            *("--tables", "TDZA"),
        )
    )
    assert re.search(r"\d+ dates to build, in 2 windows", result.stderr)


def test_backfill_exits_1_when_dates_are_missing(demo_raw, tmp_path):
    warehouse = copy_of(demo_raw, tmp_path)
    # A table of another shape stands in the way of one model.
    change(
        warehouse,
        "create schema nba_analytics",
        "create table nba_analytics.player_game_summary (player_lookup varchar)",
    )
    result = orchestrate(warehouse, "backfill", "--start", "2024-01-10", "--end", "2024-01-12")
    refused(result, "player_game_summary", "skipped", "orchestrate.py retry", "3 failed")


def test_usage_errors_exit_2(demo_built):
    refused(orchestrate(demo_built, "backfill", "--start", "yesterday"), "yesterday", code=2)
    refused(
        orchestrate(demo_built, "backfill", "--start", "2024-02-01", "--end", "2024-01-01"), "after", code=2
    )
    refused(orchestrate(demo_built, "backfill", "--window", "0"), "--window", code=2)
    refused(orchestrate(demo_built, "backfill", "--only", "some"), "missing-and-failed", code=2)
    refused(orchestrate(demo_built, "plan", "--tables", "NOPE"), "NOPE", "MLFS", code=2)
    refused(orchestrate(demo_built, "plan", "--dates", "2024-01-10,soon"), "soon", code=2)
    refused(orchestrate(demo_built, "status", "--by", "team"), "season", code=2)
    refused(orchestrate(demo_built, "frobnicate"), "frobnicate", code=2)


@pytest.mark.parametrize("command", ["backfill", "status", "plan"])
def test_no_warehouse(tmp_path, command):
    refused(orchestrate(tmp_path / "nba.duckdb", command), "orchestrate.py demo")


@pytest.mark.parametrize("command", ["backfill", "status"])
def test_a_file_that_is_no_warehouse(tmp_path, command):
    path = tmp_path / "nba.duckdb"
    path.write_text("these are not the rows you are looking for\n" * 200)
    refused(orchestrate(path, command), str(path), "cannot be opened")
    assert path.read_text().startswith("these are not")


@pytest.mark.parametrize("command", ["backfill", "status"])
def test_a_warehouse_that_is_in_use(demo_built, tmp_path, command):
    warehouse = copy_of(demo_built, tmp_path)
    with duckdb.connect(str(warehouse)):
        refused(orchestrate(warehouse, command), "in use by another process")


def test_a_backfill_that_could_not_look_leaves_what_is_known(demo_built, tmp_path):
    warehouse = copy_of(demo_built, tmp_path)
    with duckdb.connect(str(warehouse)):
        refused(orchestrate(warehouse, "backfill"), "in use by another process")
    assert json.loads(succeed(orchestrate(warehouse, "status", "--json")).stdout)["complete"] is True


def test_status_as_json(demo_built):
    state = json.loads(succeed(orchestrate(demo_built, "status", "--json")).stdout)
    assert state["complete"] is True
    assert {line["processor"] for line in state["phase4"]} == {entry.processor for entry in PHASE4_TABLES}
    for line in state["phase4"]:
        rows, dates = query(
            demo_built, f"select count(*), count(distinct analysis_date) from nba_precompute.{line['table']}"
        )[0]
        assert (line["rows"], line["dates"], line["expected"]) == (rows, dates, dates)
    shares = {line["table"]: line["zone_share"] for line in state["phase3"]}
    assert 0 < shares["player_game_summary"] < 1  # some games have no shot data, and the playoffs none


def test_tables_are_complete_without_their_exclusions_but_a_backfill_adds_them(demo_built, tmp_path):
    warehouse = copy_of(demo_built, tmp_path)
    # As `dbt run --select +ml_feature_store` leaves it: the tables and not the exclusions.
    day = "analysis_date = date '2024-01-10'"
    change(
        warehouse,
        f"delete from nba_precompute.receipts where table_name = 'phase4_exclusions' and {day}",
        f"delete from nba_precompute.phase4_exclusions where {day}",
    )
    assert json.loads(succeed(orchestrate(warehouse, "status", "--json")).stdout)["complete"] is True
    assert "1 date to build" in succeed(orchestrate(warehouse, "backfill")).stderr


def test_status_before_anything_is_built(demo_raw):
    assert "run `python orchestrate.py backfill` to build" in succeed(orchestrate(demo_raw, "status")).stderr


def test_ingest_makes_the_seeds_as_dbt_does(demo_raw, tmp_path):
    ours = copy_of(demo_raw, tmp_path)
    (tmp_path / "dbts").mkdir()
    dbts = Path(shutil.copy(ours, tmp_path / "dbts"))
    with duckdb.connect(dbts) as con:
        con.execute("drop schema nba_reference cascade")
    assert dbt_failures(dbts, "seed") == []
    with duckdb.connect() as con:
        con.execute(f"attach '{ours}' as ours (read_only); attach '{dbts}' as dbts (read_only)")
        columns = (
            "select table_name, column_name, column_index, data_type from duckdb_columns() "
            "where schema_name = 'nba_reference' and database_name = '{}' order by all"
        )
        made = con.execute(columns.format("ours")).fetchall()
        assert made == con.execute(columns.format("dbts")).fetchall()
        tables = {path.stem for path in seeds.paths()}
        assert {row[0] for row in made} == tables
        for table in tables:
            rows = [
                con.execute(f"from {database}.nba_reference.{table} order by all").fetchall()
                for database in ("ours", "dbts")
            ]
            assert rows[0] == rows[1], table


def test_dbt_run_works_right_after_ingest(demo_raw, tmp_path):
    warehouse = copy_of(demo_raw, tmp_path)
    succeed(dbt(warehouse, "run", "--select", "+ml_feature_store", *window("2024-01-10", "2024-01-16")))
    assert query(warehouse, "select count(distinct analysis_date) from nba_precompute.ml_feature_store") == [
        (7,)
    ]
    assert "or `python orchestrate.py plan` to find" in succeed(orchestrate(warehouse, "status")).stderr
    succeed(orchestrate(warehouse, "plan"))
    found = json.loads(succeed(orchestrate(warehouse, "status", "--json")).stdout)
    selected = {"ml_feature_store", *MADE_FROM["ml_feature_store"]}
    assert {line["dates"] for line in found["phase4"] if line["table"] in selected} == {7}


def test_every_command_has_an_example_in_its_help_and_is_in_the_readme():
    readme = (PROJECT / "README.md").read_text()
    for name, command in get_command(app).commands.items():
        if command.hidden:  # a former name
            continue
        assert f"python orchestrate.py {name}" in command.help, name
        assert f"orchestrate.py {name}" in readme, name
