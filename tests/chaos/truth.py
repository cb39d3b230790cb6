"""What must be true of a warehouse at every moment, whatever was killed: told from undisturbed builds.

A (table, date) has a fingerprint: how many rows, and the sum of their hashes over all columns but the stamp.
It is consistent when rows and receipt are together those of one undisturbed build, or when neither is there
(unless it was there before: then it may not go). A receipt of 0 rows says no more than none where none are
expected: which of these dates get one depends on the windows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import NamedTuple

import duckdb

from tests.python.warehouses import TABLES

KEYS = {
    "team_defense_zone_analysis": "analysis_date, team_abbr",
    "player_shot_zone_analysis": "analysis_date, player_lookup",
    "player_composite_factors": "analysis_date, player_lookup, team_abbr",
    "player_daily_cache": "analysis_date, player_lookup, team_abbr",
    "ml_feature_store": "analysis_date, player_lookup, team_abbr",
    "phase4_exclusions": "analysis_date, table_name, entity_id",
}
STAMPS = ("built_at",)
SHOWN = 5


class Held(NamedTuple):
    """What a warehouse holds of one (table, date)."""

    rows: int = 0
    content: int = 0
    """The sum of the rows' hashes."""
    receipt: tuple | None = None
    """Row count, content hash, input hash and logic version, as the receipt has them; and how many."""

    @property
    def says_nothing(self) -> bool:
        """No rows, and no receipt or one of 0 rows."""
        return self.rows == 0 and (self.receipt is None or (self.receipt[0] == 0 and self.receipt[-1] == 1))


@dataclass(frozen=True)
class State:
    """What a warehouse holds: of every (table, date), and of tables that nobody should see."""

    warehouse: Path
    held: dict[tuple[str, date], Held]
    leftovers: tuple[str, ...] = ()

    def of(self, table: str, day: date) -> Held:
        return self.held.get((table, day), Held())


@dataclass
class Verdict:
    """What was wrong with a warehouse; all zero when nothing was."""

    inconsistent: list[str] = field(default_factory=list)
    """One line for each (table, date)."""
    dates: set[date] = field(default_factory=set)
    lost: int = 0
    """Rows that a date must have and has not."""
    doubled: int = 0
    """Rows whose key another row has."""
    leftovers: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        return not (self.inconsistent or self.lost or self.doubled)

    def __str__(self) -> str:
        if self.ok:
            return "consistent"
        shown = "; ".join(self.inconsistent[:SHOWN])
        return f"{len(self.dates)} dates inconsistent, {self.lost} rows lost, {self.doubled} doubled: {shown}"


def look(warehouse: Path) -> State:
    """Read what a warehouse holds, without changing it."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return State(warehouse, _held(connection), _leftovers(connection))


def judge(state: State, allowed: Sequence[State], *, may_be_absent: bool) -> Verdict:
    """Compare with undisturbed builds: each (table, date) must be as in one of them.

    `may_be_absent`: it may also be not built at all, rows and receipt alike.
    """
    verdict = Verdict(leftovers=state.leftovers)
    everything = set(state.held).union(*(entry.held for entry in allowed))
    for table, day in sorted(everything, key=lambda key: (key[1], key[0])):
        found = state.of(table, day)
        expected = [entry.of(table, day) for entry in allowed]
        if found in expected:
            continue
        if found == Held() and may_be_absent:
            continue
        if found.says_nothing and any(entry.says_nothing for entry in expected):
            continue
        verdict.dates.add(day)
        verdict.inconsistent.append(
            f"{table} {day}: {found.rows} rows, receipt of {found.receipt[0] if found.receipt else None}, "
            f"expected {' or '.join(str(entry.rows) for entry in expected)}"
        )
    broken = {table for table, _ in state.held} if verdict.dates else set()
    for table in sorted(broken):
        verdict.doubled += _doubled(state.warehouse, table)
    # Lost is what the nearest undisturbed build has and this does not, on dates that claim to be there.
    if verdict.dates:
        verdict.lost = min(_lost(state, entry, verdict.dates, may_be_absent) for entry in allowed)
    return verdict


def _held(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, date], Held]:
    held: dict[tuple[str, date], Held] = {}
    there = _tables(connection)
    for table in TABLES:
        if table not in there:
            continue
        columns = ", ".join(_columns(connection, table))
        for day, rows, content in connection.execute(
            f"select analysis_date, count(*), sum(hash({columns})) from nba_precompute.{table} group by all"
        ).fetchall():
            held[table, day] = Held(rows, int(content))
    if "receipts" in there:
        for table, day, *receipt in connection.execute(
            "select table_name, analysis_date, row_count, content_hash, input_hash, logic_version, "
            "count(*) over (partition by table_name, analysis_date) from nba_precompute.receipts"
        ).fetchall():
            held[table, day] = held.get((table, day), Held())._replace(receipt=tuple(receipt))
    return held


def _tables(connection: duckdb.DuckDBPyConnection) -> set[str]:
    return {
        name
        for (name,) in connection.execute(
            "select table_name from duckdb_tables() where schema_name = 'nba_precompute'"
        ).fetchall()
    }


def _columns(connection: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    """Name the columns that count, in an order that does not depend on the table."""
    return [
        name
        for (name,) in connection.execute(
            "select column_name from duckdb_columns() where schema_name = 'nba_precompute' "
            "and table_name = ? order by column_name",
            [table],
        ).fetchall()
        if name not in STAMPS
    ]


def _leftovers(connection: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    return tuple(
        name
        for (name,) in connection.execute(
            "select schema_name || '.' || table_name from duckdb_tables() "
            "where contains(table_name, '__dbt_') "
            "union all select schema_name || '.' || view_name from duckdb_views() "
            "where contains(view_name, '__dbt_')"
        ).fetchall()
    )


def _doubled(warehouse: Path, table: str) -> int:
    if table not in KEYS:
        return 0
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        if table not in _tables(connection):
            return 0
        ((count,),) = connection.execute(
            f"select count(*) - count(distinct ({KEYS[table]})) from nba_precompute.{table}"
        ).fetchall()
    return count


def _lost(state: State, reference: State, days: Iterable[date], may_be_absent: bool) -> int:
    days = sorted(days)
    lost = 0
    with duckdb.connect() as connection:
        connection.execute(f"attach '{state.warehouse}' as found (read_only)")
        connection.execute(f"attach '{reference.warehouse}' as expected (read_only)")
        for table, key in KEYS.items():
            own = [
                day
                for day in days
                if not may_be_absent or state.of(table, day).receipt is not None or state.of(table, day).rows
            ]
            if not own:
                continue
            there = connection.execute(
                "select 1 from duckdb_tables() where database_name = 'found' "
                "and schema_name = 'nba_precompute' and table_name = ?",
                [table],
            ).fetchall()
            source = f"found.nba_precompute.{table}" if there else "(select * from expected.nba_precompute."
            source += "" if there else f"{table} where false)"
            ((count,),) = connection.execute(
                f"select count(*) from (select {key} from expected.nba_precompute.{table} "
                f"where analysis_date in (select unnest(?)) except select {key} from {source})",
                [own],
            ).fetchall()
            lost += count
    return lost
