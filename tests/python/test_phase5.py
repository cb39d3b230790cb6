"""The old platform's readers get answers, and its tables stay as they are.

Its worker's queries run on the view as they are; the cut-over is walked with its tables in the way.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from orchestrator.state import coverage
from orchestrator.warehouse.duckdb_file import DuckDBFile
from tests.python.old_store import TABLES, renames, statements
from tests.python.warehouses import (
    PROJECT,
    change,
    copy_of,
    dbt_here,
    orchestrate,
    prepare,
    query,
    succeed,
    window,
)
from tests.python.workers_queries import (
    OLD_COLUMNS,
    as_the_worker_takes_it,
    one_player,
    players_of_a_date,
)

ON = {"NBA_PHASE5_VIEW": "true"}
DAY = "2024-01-10"
PAGE = PROJECT / "docs" / "cut-over.md"
ALL = "select schema_name, table_name, estimated_size from duckdb_tables() order by 1, 2"


@pytest.fixture(scope="module")
def asked(demo_built, tmp_path_factory) -> Path:
    """A warehouse with nothing left to build, and somebody's view of the store's name."""
    warehouse = copy_of(demo_built, tmp_path_factory.mktemp("asked"))
    columns = ", ".join(f"cast(null as {type_}) as {name}" for name, type_ in OLD_COLUMNS.items())
    change(
        warehouse,
        "create schema nba_predictions",
        "create view nba_predictions.ml_feature_store_v2 "
        f"as select {columns} from nba_staging.stg_nba__games",
    )
    return warehouse


@pytest.fixture(scope="module")
def refused(asked) -> tuple[subprocess.CompletedProcess[str], str]:
    """What a backfill says that is asked for the views, and the definition of the view afterwards."""
    done = orchestrate(asked, "backfill", **ON)
    ((view,),) = query(asked, "select sql from duckdb_views() where view_name = 'ml_feature_store_v2'")
    return done, view


@pytest.fixture(scope="module")
def viewed(asked, refused) -> Path:
    """The same without it, after a backfill that had nothing else to do."""
    change(asked, "drop view nba_predictions.ml_feature_store_v2")
    before = query(asked, ALL)
    succeed(orchestrate(asked, "backfill", **ON))
    assert query(asked, ALL) == before
    return asked


def players(warehouse: Path) -> list[str]:
    found = query(
        warehouse,
        f"select player_lookup from nba_precompute.ml_feature_store where analysis_date = '{DAY}' order by 1",
    )
    return [player for (player,) in found]


def test_without_being_asked_nothing_is_made(demo_built):
    assert not query(demo_built, "select * from duckdb_schemas() where schema_name = 'nba_predictions'")


def test_the_worker_finds_one_player(viewed):
    player = players(viewed)[0]
    (row,) = query(viewed, one_player(player, DAY))
    ((names, *values),) = query(
        viewed,
        "select feature_names, * exclude (feature_names) from (select feature_names, features, "
        "feature_quality_score, is_production_ready from nba_precompute.ml_feature_store "
        f"where player_lookup = '{player}' and analysis_date = '{DAY}')",
    )
    assert as_the_worker_takes_it(row) == dict(zip(names, values[0], strict=True))
    assert (row[2], row[8], row[10]) == (values[1], values[2], False)


def test_the_worker_finds_the_players_of_a_date(viewed):
    wanted = players(viewed)[:20]
    rows = query(viewed, players_of_a_date([*wanted, "nobody"], DAY))
    assert sorted(player for player, *_ in rows) == wanted
    for _, *row in rows:
        as_the_worker_takes_it(tuple(row))


def test_the_view_has_the_old_columns_and_every_row(viewed):
    columns = query(viewed, "describe nba_predictions.ml_feature_store_v2")
    assert {name: type_ for name, type_, *_ in columns} == OLD_COLUMNS
    assert query(
        viewed,
        "select game_date, player_lookup, features, created_at from nba_predictions.ml_feature_store_v2 "
        "order by all",
    ) == query(
        viewed,
        "select analysis_date, player_lookup, features, built_at from nba_precompute.ml_feature_store "
        "order by all",
    )


def test_a_row_that_is_not_ready_says_why(viewed):
    reasons = dict(
        query(
            viewed,
            "select coalesce(processing_decision_reason, 'ready'), bool_and(is_production_ready) "
            "from nba_predictions.ml_feature_store_v2 group by 1",
        )
    )
    assert reasons.pop("ready")
    assert reasons.keys() >= {"low_quality_score", "player_out"}
    assert not any(reasons.values())
    ((wrong,),) = query(
        viewed,
        """
        select count(*)
        from nba_predictions.ml_feature_store_v2 as shown
        join nba_precompute.ml_feature_store as stored
            on shown.game_date = stored.analysis_date and shown.player_lookup = stored.player_lookup
        where processing_decision_reason = 'low_quality_score' and shown.feature_quality_score >= 70
            or processing_decision_reason = 'player_out' and player_status not in ('out', 'doubtful')
            or processing_decision_reason = 'missing_box_score'
            and not list_contains(shown.data_quality_issues, 'missing_box_score')
        """,
    )
    assert wrong == 0


@pytest.mark.parametrize(
    ("table", "date"), [("player_daily_cache", "cache_date"), ("player_composite_factors", "game_date")]
)
def test_the_other_tables_can_be_read_by_their_old_dates(viewed, table, date):
    view = f"nba_predictions.{table}_by_{date}"
    names = ["analysis_date" if name == date else name for name, *_ in query(viewed, f"describe {view}")]
    stored = {name for name, *_ in query(viewed, f"describe nba_precompute.{table}")}
    assert {*names} == stored - {date}
    ((one_sided,),) = query(
        viewed,
        f"select count(*) from (select * from {view} except all "
        f"select {{}} from nba_precompute.{table})".format(", ".join(names)),
    )
    assert one_sided == 0
    assert query(viewed, f"select count(*) from {view}") == query(
        viewed, f"select count(*) from nba_precompute.{table}"
    )


def test_somebody_elses_view_stays(refused):
    """Also one with our columns."""
    done, view = refused
    assert done.returncode == 1
    assert "nba_predictions.ml_feature_store_v2 [NBA_PHASE5_DATASET or NBA_PHASE5_VIEW_NAME]" in done.stderr
    assert "is a view that somebody else made" in done.stderr
    assert "stg_nba__games" in view


def test_a_backfill_notices_that_a_view_is_gone(viewed, tmp_path, monkeypatch):
    warehouse = copy_of(viewed, tmp_path)
    monkeypatch.setenv("NBA_PHASE5_VIEW", "true")

    def is_current() -> bool:
        with DuckDBFile(warehouse).reading() as connection:
            return coverage.is_current(connection)

    assert is_current()
    change(warehouse, "drop view nba_predictions.player_daily_cache_by_cache_date")
    assert not is_current()


def sql_of_the_page() -> list[str]:
    return re.findall(r"^```sql\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)


def test_the_cut_over(demo_raw, tmp_path):
    """As the page has it: the error, the rename, the build beside, the comparison, the view."""
    warehouse = copy_of(demo_raw, tmp_path)
    ((player,),) = query(
        warehouse,
        "select min(lower(replace(player_name, ' ', ''))) from nba_raw.player_box "
        f"where game_date = '{DAY}' and regexp_full_match(player_name, '[A-Za-z ]+')",
    )
    change(
        warehouse,
        "drop table nba_reference.player_aliases",
        *statements(bigquery=False, player=player, day=DAY),
    )
    before = query(warehouse, ALL)
    theirs = {table: query(warehouse, f"from {table}") for table in TABLES}

    done = orchestrate(warehouse, "backfill", **ON)
    assert done.returncode == 1
    assert all(table in done.stderr for table in TABLES), done.stderr
    for said in ("NBA_PRECOMPUTE_DATASET", "No table was written", "_old", "docs/cut-over.md"):
        assert said in done.stderr
    assert "lacks analysis_date" in done.stderr
    assert "data_hash besides" in done.stderr
    assert query(warehouse, ALL) == before

    change(warehouse, *renames())
    succeed(orchestrate(warehouse, "backfill", "--dates", DAY, **ON))
    assert {table: query(warehouse, f"from {table}_old") for table in TABLES} == theirs
    (row,) = query(warehouse, one_player(player, DAY))
    as_the_worker_takes_it(row)

    (by_date,) = (sql for sql in sql_of_the_page() if "only_old" in sql)
    ((day, old, new, only_old, only_new, old_score, _),) = query(warehouse, by_date)
    assert (str(day), old, only_old, old_score) == (DAY, 1, 0, 80)
    assert new == only_new + 1 > 100
    for_bigquery, by_feature = (sql for sql in sql_of_the_page() if "share_equal" in sql)
    assert "offset(place)" in for_bigquery  # tests/bigquery/test_phase5.py runs it
    found = query(warehouse, by_feature.replace("2022-01-01", DAY).replace("2022-03-31", DAY))
    assert {(feature, pairs) for feature, pairs, *_ in found} == {
        ("points_avg_last_5", 1),
        ("points_avg_last_10", 1),
    }


# --- what is taken for ours -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (
            "alter table nba_precompute.ml_feature_store rename column built_at to created_at",
            "nba_precompute.ml_feature_store [NBA_PRECOMPUTE_DATASET] lacks built_at, and has created_at",
        ),
        (
            "create or replace table nba_analytics.team_offense_game_summary (game_id text, data_hash text)",
            "nba_analytics.team_offense_game_summary [NBA_ANALYTICS_DATASET] lacks team_abbr, ",
        ),
        (
            "alter table nba_reference.nba_teams add column city text",
            "nba_reference.nba_teams [NBA_REFERENCE_DATASET] has city besides",
        ),
        (
            "alter table nba_precompute.receipts rename column run_id to id",
            "nba_precompute.receipts [NBA_PRECOMPUTE_DATASET] lacks run_id, and has id besides",
        ),
        (
            "drop view nba_precompute.phase4_coverage; create table nba_precompute.phase4_coverage (x int)",
            "nba_precompute.phase4_coverage [NBA_PRECOMPUTE_DATASET] is a table, not a view",
        ),
        (
            "drop table nba_precompute.player_daily_cache; "
            "create view nba_precompute.player_daily_cache as select 1 as x",
            "nba_precompute.player_daily_cache [NBA_PRECOMPUTE_DATASET] is a view, not a table",
        ),
    ],
    ids=["phase 4", "phase 3", "seed", "bookkeeping", "table for a view", "view for a table"],
)
def test_another_systems_table_stops_the_run(demo_built, tmp_path, wrong, said):
    warehouse = copy_of(demo_built, tmp_path)
    change(warehouse, *wrong.split("; "))
    before = query(warehouse, ALL)
    error, lines = dbt_here(
        warehouse, "run", "--select", "+ml_feature_store", "--full-refresh", *window(DAY, DAY)
    )
    assert said in error
    assert not any("START sql" in line for line in lines)
    assert query(warehouse, ALL) == before


def test_a_seed_is_not_loaded_over_another_systems_table(demo_built, tmp_path):
    warehouse = copy_of(demo_built, tmp_path)
    change(warehouse, "create or replace table nba_reference.player_aliases as select 'x' as alias_lookup")
    error, _ = dbt_here(warehouse, "seed")
    assert "nba_reference.player_aliases [NBA_REFERENCE_DATASET] lacks printed_name" in error
    assert query(warehouse, "from nba_reference.player_aliases") == [("x",)]


def test_an_older_version_of_ours_gets_dbts_message(demo_built, tmp_path):
    warehouse = copy_of(demo_built, tmp_path)
    change(warehouse, "alter table nba_precompute.ml_feature_store drop column quality_tier")
    error, lines = dbt_here(warehouse, "run", "--select", "+ml_feature_store", *window(DAY, DAY))
    assert "another system" not in error
    assert any("out of sync" in line for line in lines)


def test_an_older_seed_is_replaced(demo_built, tmp_path):
    warehouse = copy_of(demo_built, tmp_path)
    change(warehouse, "alter table nba_reference.nba_teams drop column nickname")
    prepare(warehouse)
    assert "nickname" in [name for name, *_ in query(warehouse, "describe nba_reference.nba_teams")]


def test_another_word_is_refused(demo_built, monkeypatch):
    monkeypatch.setenv("NBA_PHASE5_VIEW", "maybe")
    error, _ = dbt_here(demo_built, "run", "--select", "+team_defense_zone_analysis")
    assert "phase5_view is 'maybe': write `true`" in error
