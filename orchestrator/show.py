"""One (table, date) in full: its receipt, its rows, who was left out and why, what it was computed from."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator import coverage
from orchestrator.errors import UserError
from orchestrator.project import EXCLUSIONS
from orchestrator.warehouse import has_table, reading

if TYPE_CHECKING:
    import duckdb

INPUTS = {
    "games": "nba_staging.stg_nba__games",
    "player_box_rows": "nba_staging.stg_nba__player_box",
    "team_box_rows": "nba_staging.stg_nba__team_box",
    "shots": "nba_staging.stg_nba__shots",
}


def show(warehouse: Path, table: str, day: date) -> dict:
    """Return what is known of a table's date, JSON-ready; UserError when the schedule has no such date."""
    with reading(warehouse) as connection:
        coverage.check_raw(connection)
        if not coverage.is_there(connection):
            raise UserError("nothing was built yet: run `python orchestrate.py backfill`")
        found = _record(
            connection,
            "select * from nba_precompute.phase4_coverage where table_name = ? and analysis_date = ?",
            [table, day],
        )
        if not found:
            raise UserError(f"{day} is no game date of the schedule: {_nearest(connection, day)}")
        exclusions: dict[str, int] = {}
        if has_table(connection, "nba_precompute", EXCLUSIONS):
            whose = "true" if table == EXCLUSIONS else "table_name = ?"
            exclusions = dict(
                connection.execute(
                    f"select reason, count(*) from nba_precompute.{EXCLUSIONS} "
                    f"where analysis_date = ? and {whose} group by reason order by reason",
                    [day] if table == EXCLUSIONS else [day, table],
                ).fetchall()
            )
        bounds = [found["season_year"], day]
        inputs = {
            name: {
                "before_the_date": _count(
                    connection, f"{relation} where season_year = ? and game_date < ?", bounds
                ),
                "on_the_date": _count(connection, f"{relation} where game_date = ?", [day]),
            }
            for name, relation in INPUTS.items()
        }
    return {**found, "exclusions": exclusions, "inputs": inputs}


def _record(connection: duckdb.DuckDBPyConnection, sql: str, parameters: list) -> dict | None:
    result = connection.execute(sql, parameters)
    names = [column[0] for column in result.description]
    row = result.fetchall()
    if not row:
        return None
    return {
        name: value if isinstance(value, int | float | str | bool | None) else str(value)
        for name, value in zip(names, row[0], strict=True)
    }


def _count(connection: duckdb.DuckDBPyConnection, relation: str, parameters: list) -> int:
    ((number,),) = connection.execute(f"select count(*) from {relation}", parameters).fetchall()
    return number


def _nearest(connection: duckdb.DuckDBPyConnection, day: date) -> str:
    ((before, after),) = connection.execute(
        "select max(analysis_date) filter (analysis_date < $day), min(analysis_date) filter "
        "(analysis_date > $day) from nba_precompute.phase4_coverage",
        {"day": day},
    ).fetchall()
    return f"the nearest are {before or 'none before'} and {after or 'none after'}"
