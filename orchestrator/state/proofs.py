"""What was proven: a row per check, table and date in the warehouse. A proof holds for the rows it names."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, NamedTuple

from orchestrator.core.project import INTERMEDIATE, PRECOMPUTE
from orchestrator.core.registry import STAMPS
from orchestrator.state import coverage

if TYPE_CHECKING:
    from orchestrator.warehouse.base import Connection, Statement, Warehouse

NAME = "proofs"
TABLE = f"{PRECOMPUTE}.{NAME}"
LEAKS, SLATES = "leaks", "slates"
CHECKS = (LEAKS, SLATES)

# What a receipt says; a proof is of the same words. Older receipts may lack the hashes.
_SAME_RECEIPT = " and ".join(
    f"proofs.{column} is not distinct from receipts.{column}"
    for column in ("row_count", "content_hash", "input_hash", "logic_version")
)
_JOINED = (
    f"from {PRECOMPUTE}.receipts as receipts inner join {TABLE} as proofs "
    "on receipts.table_name = proofs.table_name and receipts.analysis_date = proofs.analysis_date "
    f"and {_SAME_RECEIPT}"
)


class Proof(NamedTuple):
    """One table's date as it is stored: its receipt, and the hash of the rows that are there."""

    table: str
    day: date
    rows: int
    content_hash: str | None
    input_hash: str | None
    logic_version: str
    rows_hash: str
    """Of every bit of the rows. The receipt's hash was written with them, and rounds to 9 decimals."""


def stored(warehouse: Warehouse, tables: Sequence[str]) -> dict[tuple[str, date], Proof]:
    """Return what a proof of each (table, date) would say, from the rows that are there now."""
    found: dict[tuple[str, date], Proof] = {}
    with warehouse.reading() as connection:
        for table in tables:
            found |= {(table, row[1]): Proof(*row) for row in _as_stored(connection, table)}
    return found


def current_versions(connection: Connection) -> dict[str, str]:
    """Return the logic version that each table gets by today's code; empty if only dbt can tell."""
    if not coverage.is_current(connection):
        return {}
    return dict(connection.rows(f"select table_name, logic_version from {INTERMEDIATE}.int_logic_versions"))


def _as_stored(connection: Connection, table: str) -> list[tuple]:
    columns = connection.rows(
        "select column_name from duckdb_columns() where database_name = current_database() "
        "and schema_name = ? and table_name = ? order by column_index",
        [PRECOMPUTE, table],
    )
    content = ", ".join(name for (name,) in columns if name not in STAMPS)
    return connection.rows(
        f"""
            select
                receipts.table_name, receipts.analysis_date, receipts.row_count, receipts.content_hash,
                receipts.input_hash, receipts.logic_version, coalesce(hashes.rows_hash, 'none')
            from {PRECOMPUTE}.receipts as receipts
            left join (
                select
                    analysis_date,
                    -- The sum of 64-bit numbers is exact; that of 128-bit ones would be a double.
                    cast(sum(md5_number_lower(cast(content as varchar))) as varchar) as rows_hash
                from (select {content} from {PRECOMPUTE}.{table}) as content
                group by analysis_date
            ) as hashes on receipts.analysis_date = hashes.analysis_date
            where receipts.table_name = ?
            """,
        [table],
    )


def kept(connection: Connection, check: str) -> set[Proof]:
    """Return the proofs of a check that the warehouse keeps."""
    if not connection.has_table(PRECOMPUTE, NAME):
        return set()
    rows = connection.rows(
        "select table_name, analysis_date, row_count, content_hash, input_hash, logic_version, rows_hash "
        f"from {TABLE} where check_name = ?",
        [check],
    )
    return {Proof(*row) for row in rows}


def keeping(
    check: str, days: Collection[date], proven: Iterable[Proof], at: datetime | None = None
) -> list[Statement]:
    """Return the statements that replace these dates' proofs; a date that failed has none any more."""
    at = at or datetime.now(UTC).replace(tzinfo=None)
    return [
        (
            f"create table if not exists {TABLE} (check_name varchar not null, table_name varchar not null, "
            "analysis_date date not null, row_count bigint not null, content_hash varchar, "
            "input_hash varchar, logic_version varchar not null, rows_hash varchar not null, "
            "proven_at timestamp not null)",
            [],
        ),
        (f"delete from {TABLE} where check_name = ? and list_contains(?, analysis_date)", [check, [*days]]),
        *(
            (f"insert into {TABLE} values (?, ?, ?, ?, ?, ?, ?, ?, ?)", [check, *proof, at])
            for proof in proven
        ),
    ]


def dates_proven(connection: Connection) -> dict[str, int]:
    """Return for each check the dates whose stored rows, by their receipts, are those that were proven."""
    found = dict.fromkeys(CHECKS, 0)
    if connection.has_table(PRECOMPUTE, NAME):
        found |= dict(
            connection.rows(
                f"select check_name, count(*) from (select proofs.check_name, proofs.analysis_date {_JOINED} "
                "group by proofs.check_name, proofs.analysis_date having count(*) = (select "
                f"count(distinct table_name) from {TABLE} as own where own.check_name = proofs.check_name)"
                ") as proven group by check_name"
            )
        )
    return found


def proven_at(connection: Connection, table: str, day: date) -> dict[str, datetime]:
    """Return for each check when this date of a table was proven; without what was not, or has changed."""
    if not connection.has_table(PRECOMPUTE, NAME):
        return {}
    return dict(
        connection.rows(
            f"select proofs.check_name, proofs.proven_at {_JOINED} "
            "where proofs.table_name = ? and proofs.analysis_date = ?",
            [table, day],
        )
    )
