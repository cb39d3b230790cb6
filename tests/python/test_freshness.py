"""`dbt source freshness` tells when raw data stopped coming, and never fails a scheduler for it."""

import json
from pathlib import Path

import duckdb
import pytest

from tests.python.old_platform import create_tables
from tests.python.warehouses import change, copy_of, dbt, succeed

# A time without zone that is told in UTC, however the machine's clock is set.
NOW = "(now() at time zone 'UTC')"


def freshness(warehouse: Path, **environment: str) -> dict[str, dict]:
    """Return what dbt found of each table."""
    target = warehouse.parent / "target"
    succeed(dbt(warehouse, "source", "freshness", "--target-path", target, TZ="Asia/Tokyo", **environment))
    results = json.loads((target / "sources.json").read_text())["results"]
    return {result["unique_id"].split(".")[-1]: result for result in results}


@pytest.fixture
def raw(demo_raw, tmp_path) -> Path:
    """A league that has just been loaded, but for its box scores."""
    warehouse = copy_of(demo_raw, tmp_path)
    change(
        warehouse,
        *(
            f"update nba_raw.{table} set ingested_at = {NOW} - interval '{age}'"
            for table, age in {
                "games": "1 minute",
                "player_box": "47 hours",
                "team_box": "49 hours",
                "betting_lines": "3 years",
                "players": "3 years",
            }.items()
        ),
        "delete from nba_raw.injury_events",
    )
    return warehouse


def test_raw_tables_that_nothing_was_loaded_into(raw):
    found = freshness(raw)
    assert {table: result["status"] for table, result in found.items()} == {
        "games": "pass",
        "player_box": "pass",
        "team_box": "warn",
        "shots": "pass",
        "betting_lines": "warn",
        "injury_events": "warn",  # never
    }
    assert 60 <= found["games"]["max_loaded_at_time_ago_in_s"] < 600


def test_a_phase3_of_its_own(tmp_path):
    warehouse = tmp_path / "nba.duckdb"
    with duckdb.connect(str(warehouse)) as connection:
        create_tables(connection)
    row = f"(game_date, processed_at) select date '1999-01-01', {NOW} - interval "
    change(
        warehouse,
        f"insert into nba_analytics.player_game_summary {row} '3 days'",
        f"insert into nba_analytics.player_game_summary {row} '1 hour'",
        f"insert into nba_raw.nbac_schedule {row} '3 days'",
    )
    assert {
        table: result["status"] for table, result in freshness(warehouse, NBA_PHASE3="external").items()
    } == {
        "player_game_summary": "pass",
        "team_offense_game_summary": "warn",
        "team_defense_game_summary": "warn",
        "upcoming_player_game_context": "warn",
        "nbac_schedule": "warn",
    }
