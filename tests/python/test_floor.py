"""The models against a second reading of the contract: the benchmark's floor, plain SQL of its own."""

from datetime import date
from pathlib import Path

import duckdb
import pytest

from benchmarks import floor
from benchmarks.backfill import check_same_rows
from tests.python.warehouses import change, orchestrate, query, succeed


def test_three_real_seasons(real_data, real_built, tmp_path):
    floor.build(real_data, tmp_path / "floor.duckdb", "2021-10-19", "2024-04-15")
    check_same_rows(real_built, tmp_path / "floor.duckdb")


def test_a_season_that_is_half_told(real_data, tmp_path):
    """A late box score, games to come, a game that was not played and unknown minutes, all at once."""
    raw, warehouse, second = tmp_path / "raw", tmp_path / "nba.duckdb", tmp_path / "floor.duckdb"
    half_told(real_data, raw)
    succeed(orchestrate(warehouse, "ingest", "--from", raw))
    succeed(orchestrate(warehouse, "backfill", "--start", "2023-10-24", "--end", "2024-01-16"))
    floor.build(raw, second, "2023-10-24", "2024-01-16")

    bucks = query(
        second,
        "select analysis_date, context_source, count(*) > 0, count(days_rest) from player_composite_factors "
        "where team_abbr = 'MIL' and analysis_date >= date '2024-01-13' group by all order by all",
    )
    # On the 13th the slate stays; on the 14th nobody knows his rest; no Milwaukee game on the 15th.
    assert [row[:3] for row in bucks] == [
        (date(2024, 1, 13), "upcoming", True),
        (date(2024, 1, 14), "history", True),
    ]
    assert bucks[0][3] > 0
    assert bucks[1][3] == 0
    check_same_rows(warehouse, second)

    change(
        second,
        "update ml_feature_store set data_quality_issues = [] "
        "where analysis_date = date '2024-01-14' and team_abbr = 'MIL'",
    )
    with pytest.raises(SystemExit, match=r"ml_feature_store differs .*'data_quality_issues': \d+"):
        check_same_rows(warehouse, second)


def half_told(real_data: Path, folder: Path) -> None:
    """Write the files of 2023-24 up to 2024-01-16, as a source might have them on the morning of the 15th."""
    folder.mkdir()
    with duckdb.connect() as con:
        for name in ("games", "player_box", "team_box", "shots", "odds", "injuries", "players"):
            con.execute(f"create table {name} as from read_parquet('{real_data}/{name}.parquet')")
        for name in ("games", "player_box", "team_box", "shots", "odds"):
            con.execute(
                f"delete from {name} where season != '2023-24' or game_date::date > date '2024-01-16'"
            )
        con.execute(
            "create table untold as select * from games where game_date >= date '2024-01-15' "
            "or game_date = date '2024-01-13' and 'MIL' in (home_team, away_team) "
            "or game_date = date '2023-12-15' and 'BOS' in (home_team, away_team)"
        )
        for name in ("player_box", "team_box", "shots"):
            con.execute(f"delete from {name} where game_id in (select game_id from untold)")
        con.execute(
            "update games set home_score = null, away_score = null "
            "where game_id in (select game_id from untold) and game_date != date '2024-01-13'"
        )
        con.execute("update player_box set min = null where (player_id + game_id::bigint) % 3 = 0")
        for name in ("games", "player_box", "team_box", "shots", "odds", "injuries", "players"):
            con.execute(f"copy {name} to '{folder}/{name}.parquet' (format parquet)")
