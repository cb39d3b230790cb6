"""One (table, date) in full: receipt, rows, exclusions with reasons, and inputs."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from orchestrator.core.errors import UserError
from orchestrator.core.project import PRECOMPUTE, STAGING
from orchestrator.core.registry import EXCLUSIONS
from orchestrator.plan.refusals import nearest
from orchestrator.state import coverage
from orchestrator.state.proofs import CHECKS, proven_at

if TYPE_CHECKING:
    from orchestrator.warehouse.base import Connection, Warehouse

INPUTS = {
    "games": f"count(*) from {STAGING}.stg_nba__games",
    "player_box_rows": f"count(*) from {STAGING}.stg_nba__player_box",
    "team_box_rows": f"count(*) from {STAGING}.stg_nba__team_box",
    "shots": f"coalesce(cast(sum(attempts) as int64), 0) from {STAGING}.stg_nba__shots_by_player",
}


def show(warehouse: Warehouse, table: str, day: date) -> dict:
    """Return all that is known about a table's date, JSON-ready; UserError for a date off the schedule."""
    with warehouse.reading() as connection:
        coverage.check_raw(warehouse, connection)
        if not coverage.is_there(connection):
            raise UserError("nothing was built yet: run `python orchestrate.py backfill`")
        found = _record(
            connection,
            f"select * from {PRECOMPUTE}.phase4_coverage where table_name = ? and analysis_date = ?",
            [table, day],
        )
        if not found:
            days = connection.rows(f"select distinct analysis_date from {PRECOMPUTE}.phase4_coverage")
            raise UserError(
                f"the schedule has no game that counts on {day}: {nearest([known for (known,) in days], day)}"
            )
        exclusions: dict[str, int] = {}
        if connection.has_table(PRECOMPUTE, EXCLUSIONS):
            whose = "true" if table == EXCLUSIONS else "table_name = ?"
            exclusions = dict(
                connection.rows(
                    f"select reason, count(*) from {PRECOMPUTE}.{EXCLUSIONS} "
                    f"where analysis_date = ? and {whose} group by reason order by reason",
                    [day] if table == EXCLUSIONS else [day, table],
                )
            )
        found |= {f"{check}_proven_at": None for check in CHECKS} | {
            f"{check}_proven_at": str(at) for check, at in proven_at(connection, table, day).items()
        }
        bounds = [found["season_year"], day]
        inputs = {
            name: {
                "before_the_date": _number(
                    connection, f"{counted} where season_year = ? and game_date < ?", bounds
                ),
                "on_the_date": _number(connection, f"{counted} where game_date = ?", [day]),
            }
            for name, counted in INPUTS.items()
        }
    return {**found, "exclusions": exclusions, "inputs": inputs}


def _record(connection: Connection, sql: str, parameters: list) -> dict | None:
    found = connection.records(sql, parameters)
    if not found:
        return None
    return {
        name: value if isinstance(value, int | float | str | bool | None) else str(value)
        for name, value in found[0].items()
    }


def _number(connection: Connection, expression: str, parameters: list) -> int:
    ((number,),) = connection.rows(f"select {expression}", parameters)
    return number
