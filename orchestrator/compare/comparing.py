"""Compares two stores: the hashes of all parts first, then the rows of those that differ."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from orchestrator.compare.engine import engine
from orchestrator.compare.rows import (
    ColumnDifference,
    DayDifference,
    Example,
    RowDifference,
    as_json,
    on_days,
)
from orchestrator.compare.stores import WAREHOUSE, Part, Store, open_store, within
from orchestrator.core.errors import UsageError, UserError
from orchestrator.core.registry import ALL_TABLES
from orchestrator.export.parts import TRAINING_SET

AT_ONCE = 20_000
"""Rows, more or less, that are read at once: so many of the widest table fit into 128 MB."""


@dataclass(frozen=True)
class What:
    """What to compare: by default every table and date that both stores may have."""

    tables: Sequence[str] = ()
    start: date | None = None
    end: date | None = None
    seasons: Sequence[int] = ()
    every_row: bool = False
    """Read all rows, also where the hashes are equal."""


@dataclass
class TableComparison:
    """One table of both stores."""

    table: str
    rows_a: int
    rows_b: int
    differing: list[str]
    """The dates (of a training set known by its hashes alone: the seasons) whose rows differ."""
    only_a: int = 0
    """Rows that only A has; the three numbers are 0, too, where rows are not known."""
    only_b: int = 0
    changed: int = 0
    rows_known: bool = True
    """False when one of the two is a snapshot, which has no rows."""
    features_moved: int | None = None
    """Rows that both have in which a feature differs; None for a table without features."""
    columns: list[ColumnDifference] = field(default_factory=list)
    days: list[DayDifference] = field(default_factory=list)
    examples: list[Example] = field(default_factory=list)
    columns_only_a: list[str] = field(default_factory=list)
    columns_only_b: list[str] = field(default_factory=list)
    other_types: dict[str, list[str]] = field(default_factory=dict)
    other_logic: bool = False
    """Other versions of the code built it."""

    @property
    def is_equal(self) -> bool:
        """Tell whether rows and columns are the same; bookkeeping does not count."""
        return not (self.differing or self.columns_only_a or self.columns_only_b or self.other_types)

    @property
    def rows_differing(self) -> int:
        """Rows of either that the other lacks or has otherwise."""
        return self.only_a + self.only_b + self.changed

    @property
    def rows_in_both(self) -> int:
        """Rows whose key both have."""
        return self.rows_a - self.only_a

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON-ready data (the shape is in docs/json.md)."""
        found = asdict(self) | {"equal": self.is_equal, "rows_in_both": self.rows_in_both}
        for name in ("columns", "days", "examples"):
            found[name] = [as_json(one) for one in getattr(self, name)]
        return found


@dataclass
class Comparison:
    """Two stores."""

    a: str
    b: str
    tables: list[TableComparison]
    not_compared: list[str]
    """Tables that one store has and the other, being of another kind, need not have."""
    notes: list[str]

    @property
    def is_equal(self) -> bool:
        """Tell whether nothing that counts differs."""
        return all(one.is_equal for one in self.tables)

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON-ready data (the shape is in docs/json.md)."""
        return {
            "a": self.a,
            "b": self.b,
            "equal": self.is_equal,
            "tables": [one.as_json() for one in self.tables],
            "not_compared": self.not_compared,
        }


def compare(a: str, b: str, what: What) -> Comparison:
    """Compare what two paths name; UserError when one of them cannot be read."""
    if os.path.exists(a) and os.path.exists(b) and os.path.samefile(a, b):
        raise UsageError(f"A and B are the same: {a}. Copy it before you change it, or write a `snapshot`.")
    with engine() as con:
        left, right = open_store(con, a, "a"), open_store(con, b, "b")
        if what.every_row and not (left.has_rows and right.has_rows):
            raise UsageError("--every-row needs rows, and a snapshot has none")
        tables, others = _tables(left, right, what.tables)
        found = [_compared(con, left, right, table, what) for table in tables]
        for one in found:
            versions = [store.logic_versions.get(one.table) for store in (left, right)]
            one.other_logic = all(versions) and versions[0] != versions[1]
    if not any(one.rows_a or one.rows_b for one in found):
        raise UsageError("neither A nor B has rows of these tables, dates and seasons")
    return Comparison(a, b, found, others, _notes(left, right, tables))


def _tables(left: Store, right: Store, wanted: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the tables to compare, and those that only one store has because it is of another kind."""
    either = [table for table in (*ALL_TABLES, TRAINING_SET) if table in left.tables or table in right.tables]
    if not wanted and left.kind == right.kind:
        return either, []
    if not wanted:
        # Any of a warehouse can be had; its training set is hashed only if somebody wants it.
        both = [table for table in either if left.parts(table) and right.parts(table)]
        return both, [table for table in either if table not in both]
    for store in (left, right):
        for table in wanted:
            if not store.parts(table):
                raise UsageError(
                    f"{store.name} has no rows of {table}: choose from {', '.join(store.tables)}"
                    + (_MAKE_IT if table == TRAINING_SET and store.kind == WAREHOUSE else "")
                )
    return list(wanted), []


_MAKE_IT = " (`export` makes the training set)"


def _notes(left: Store, right: Store, tables: Sequence[str]) -> list[str]:
    if (
        TRAINING_SET not in tables
        and left.kind == right.kind == WAREHOUSE
        and left.has_rows
        and right.has_rows
    ):
        return ["labels and betting lines were not compared: --tables training_set does"]
    return []


def _compared(
    con: duckdb.DuckDBPyConnection, left: Store, right: Store, table: str, what: What
) -> TableComparison:
    here, there = (within(store.parts(table), what.start, what.end, what.seasons) for store in (left, right))
    differing = sorted(
        name
        for name in here.keys() | there.keys()
        if what.every_row or not _is_same(here.get(name), there.get(name))
    )
    found = TableComparison(table, _rows(here), _rows(there), differing)
    if table == TRAINING_SET and _bounds(what) and left.has_rows and right.has_rows:
        # Its parts are whole seasons.
        found.rows_a, found.rows_b = (
            _count(con, store.relation(table, list(own)), _conditions(table, list(own), own, what))
            for store, own in ((left, here), (right, there))
        )
    if not differing:
        return found
    if not (left.has_rows and right.has_rows):
        found.rows_known = False
        return found
    if not (here and there):
        found.only_a, found.only_b = found.rows_a, found.rows_b
        return found
    conditions = _conditions(table, differing, here | there, what)
    rows = RowDifference(
        con, table, left.relation(table, differing), right.relation(table, differing), conditions
    )
    found.columns_only_a, found.columns_only_b = rows.only_in_a, rows.only_in_b
    found.other_types = rows.other_types
    found.days, found.columns, found.examples = rows.days, rows.columns, rows.examples
    found.only_a = sum(day.only_a for day in found.days)
    found.only_b = sum(day.only_b for day in found.days)
    found.changed = sum(day.changed for day in found.days)
    if rows.has_features:
        found.features_moved = sum(day.features_moved or 0 for day in found.days)
    # Hashes may differ where rows do not: another version of this project may hash otherwise.
    found.differing = [str(day.date) for day in found.days]
    return found


def _is_same(here: Part | None, there: Part | None) -> bool:
    return bool(here and there and here.content_hash == there.content_hash)


def _rows(parts: dict[str, Part]) -> int:
    return sum(part.rows for part in parts.values())


def _count(con: duckdb.DuckDBPyConnection, relation: str, conditions: Sequence[str]) -> int:
    return sum(
        rows
        for where in conditions
        for (rows,) in con.execute(f"select count(*) from {relation} where {where}").fetchall()
    )


def _bounds(what: What) -> list[str]:
    return [
        f"analysis_date {sign} date '{day}'" for sign, day in ((">=", what.start), ("<=", what.end)) if day
    ]


def _conditions(table: str, differing: Sequence[str], parts: dict[str, Part], what: What) -> list[str]:
    """Return conditions for the rows of the differing parts, a bounded number of rows each."""
    if table == TRAINING_SET:
        seasons = sorted({parts[name].season for name in differing})
        return [" and ".join([f"season_year = {season}", *_bounds(what)]) for season in seasons]
    chunks: list[list[str]] = []
    rows = AT_ONCE
    for name in differing:
        if rows >= AT_ONCE:
            chunks.append([])
            rows = 0
        chunks[-1].append(name)
        rows += parts[name].rows
    return [on_days(days) for days in chunks]


def write_snapshot(name: str, file: Path) -> str:
    """Write the hashes of a store as a snapshot, and return the one hash that names it."""
    with engine() as con:
        found = open_store(con, name, "a").as_snapshot()
    try:
        file.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise UserError(f"{file} cannot be written: {error.strerror}") from None
    return found["hash"]
