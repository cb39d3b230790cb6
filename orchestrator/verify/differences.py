"""Compares the rows of a scratch warehouse, moved back to where they come from, with the stored ones."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from orchestrator.core.project import PRECOMPUTE
from orchestrator.core.registry import KEYS, STAMPS

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class Difference:
    """One row that is not what it should be; of a row that only one side has, `column` is None."""

    table: str
    day: date
    entity: str
    column: str | None
    stored: Any
    rebuilt: Any

    def __str__(self) -> str:
        """Name the row and the column, and show both values."""
        row = f"{self.table}, {self.day}, {self.entity}"
        if self.column is None:
            return f"{row}: the row is {'not stored' if self.stored is None else 'stored, but not rebuilt'}"
        return f"{row}: {self.column} is stored as {self.stored!r}, rebuilt as {self.rebuilt!r}"

    def as_json(self) -> dict:
        """Return the difference as JSON-ready data."""
        values = {"stored": self.stored, "rebuilt": self.rebuilt}
        return {
            "table": self.table,
            "date": str(self.day),
            "entity": self.entity,
            "column": self.column,
            **{name: None if value is None else str(value) for name, value in values.items()},
        }


@dataclass
class Comparison:
    """What came out of comparing one table."""

    rows: int = 0
    """Stored rows that were compared."""
    different: dict[date, int] = field(default_factory=dict)
    """Rows that differ, by date."""
    unmatched: int = 0
    """Stored rows that the other side lacks, where only rows of both count."""
    first: Difference | None = None
    columns: dict[str, int] = field(default_factory=dict)
    """Rows that differ, by column."""


def compare(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    may_differ: Collection[str] = (),
    *,
    same_game: bool = False,
) -> Comparison:
    """Compare a table's rows of the copies' dates, in every column but the stamps, to the last bit.

    Equal means equal as values and as text: the text of a double names exactly one double, and shows the sign
    of a zero. With `same_game`, only rows that both sides have for the same player, game and team.
    """
    types = columns_of(connection, PRECOMPUTE, table)
    columns = [name for name in types if name not in STAMPS]
    compared = [name for name in columns if name not in may_differ]
    keys = list(KEYS[table])
    if same_game:
        keys += [name for name in ("game_id", "team_abbr") if name in columns]
    listed = ", ".join(compared)
    moved = ", ".join(moved_back(name, types[name]) for name in compared)
    connection.execute(
        f"""
        create or replace temp table compared as
        with
        stored_rows as (
            select {listed} from stored.{PRECOMPUTE}.{table}
            where analysis_date in (select cut from copies)
        ),
        rebuilt_rows as (
            select {moved}
            from {PRECOMPUTE}.{table} as source
            inner join copies
                on source.season_year = copies.new_season and source.analysis_date = copies.cut + copies.shift
        )
        select
            {", ".join(f"coalesce(s.{key}, r.{key}) as {key}" for key in keys)},
            s as stored_row, r as rebuilt_row,
            s.analysis_date is not null as is_stored, r.analysis_date is not null as is_rebuilt,
            s is distinct from r or cast(s as varchar) != cast(r as varchar) as differs
        from stored_rows as s
        {"inner" if same_game else "full outer"} join rebuilt_rows as r using ({", ".join(keys)})
        """
    )
    found = Comparison()
    ((found.rows, stored),) = connection.execute(
        f"select count(*) filter (is_stored), (select count(*) from stored.{PRECOMPUTE}.{table} "
        "where analysis_date in (select cut from copies)) from compared"
    ).fetchall()
    found.unmatched = stored - found.rows
    found.different = dict(
        connection.execute(
            "select analysis_date, count(*) from compared where differs group by all order by all"
        ).fetchall()
    )
    if found.different:
        _explain(connection, found, table, keys, compared)
    return found


def _explain(
    connection: duckdb.DuckDBPyConnection, found: Comparison, table: str, keys: list[str], columns: list[str]
) -> None:
    both = "is_stored and is_rebuilt"
    counts = ", ".join(f"count(*) filter ({both} and {_differs(name)})" for name in columns)
    (numbers,) = connection.execute(f"select {counts} from compared where differs").fetchall()
    found.columns = {name: number for name, number in zip(columns, numbers, strict=True) if number}
    entity = KEYS[table][-1]
    names = ", ".join(f"if({_differs(name)}, '{name}', null)" for name in columns)
    (first,) = connection.execute(
        f"select analysis_date, {entity}, is_stored, is_rebuilt, list_filter([{names}], "
        "lambda name: name is not null)[1] "
        f"from compared where differs order by {both} desc, {', '.join(keys)} limit 1"
    ).fetchall()
    day, who, is_stored, is_rebuilt, column = first
    if not (is_stored and is_rebuilt):
        found.first = Difference(table, day, who, None, is_stored or None, is_rebuilt or None)
        return
    ((stored, rebuilt),) = connection.execute(
        f"select stored_row.{column}, rebuilt_row.{column} from compared where differs "
        f"order by {both} desc, {', '.join(keys)} limit 1"
    ).fetchall()
    found.first = Difference(table, day, who, column, stored, rebuilt)


def _differs(name: str) -> str:
    return (
        f"(stored_row.{name} is distinct from rebuilt_row.{name} "
        f"or cast(stored_row.{name} as varchar) is distinct from cast(rebuilt_row.{name} as varchar))"
    )


def moved_back(name: str, type_: str) -> str:
    """Return SQL for a column of a copy's row as it was before the copy was moved."""
    if name == "season_year":
        return "copies.season as season_year"
    if name == "game_id":
        return "left(source.game_id, length(source.game_id) - length(copies.suffix)) as game_id"
    if type_ == "DATE":
        return f"cast(source.{name} - copies.shift as date) as {name}"
    return f"source.{name}"


def columns_of(connection: duckdb.DuckDBPyConnection, dataset: str, table: str) -> dict[str, str]:
    """Return a stored table's columns with their types, in their order."""
    return dict(
        connection.execute(
            "select column_name, data_type from duckdb_columns() where database_name = 'stored' "
            "and schema_name = ? and table_name = ? order by column_index",
            [dataset, table],
        ).fetchall()
    )
