"""What a rebuild really changed: many a correction makes dates stale and moves no number in them."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, NamedTuple

from orchestrator.core import sql_text
from orchestrator.core.errors import UserError
from orchestrator.core.phrases import counted
from orchestrator.core.project import PRECOMPUTE
from orchestrator.core.registry import ALL_TABLES
from orchestrator.plan.plan import PlannedWindow
from orchestrator.run.cells import Cells
from orchestrator.warehouse.base import Warehouse
from orchestrator.warehouse.duckdb_file import DuckDBFile

AT_ONCE = 60
"""Dates whose rows are compared at once: some 30,000 rows of the largest table."""


@dataclass
class Rebuilt:
    """One table's dates that had rows and were built again."""

    table: str
    dates: int
    dates_changed: int
    """On which a row differs; by the hashes in the receipts where rows are not compared."""
    rows_changed: int | None = None
    """None where rows are not compared: on BigQuery, where reading them costs money."""
    rows_added: int | None = None
    rows_removed: int | None = None
    features_moved: int | None = None
    """Of the changed rows those in which a feature differs; None for a table without features, too."""

    def __str__(self) -> str:
        """Say it in one line."""
        text = f"{self.table}: {counted(self.dates, 'date')} rebuilt"
        if self.rows_changed is None:
            return f"{text}, {self.dates_changed} changed"
        text += f", {counted(self.rows_changed, 'row')} changed"
        if self.rows_changed:
            text += f" on {counted(self.dates_changed, 'date')}"
        if self.rows_added or self.rows_removed:
            text += f", {self.rows_added:,} added, {self.rows_removed:,} removed"
        if self.features_moved is not None:
            text += f"; {counted(self.features_moved, 'prediction')} would see other features"
        return text

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON-ready data (the shape is in docs/json.md)."""
        return asdict(self)


class _Key(NamedTuple):
    table: str
    day: date


class Before:
    """What dates held before they are rebuilt: their hashes, and on DuckDB their rows.

    Only an error that costs the answer can come of it, never one that costs the run.
    """

    def __init__(self, warehouse: Warehouse, cells: Cells, windows: Sequence[PlannedWindow]):
        self._warehouse = warehouse
        self._cells = cells
        self._days = _days_with_rows(cells, windows)
        # A killed run may have left it. This one holds the lock.
        self._folder = warehouse.state_folder / "before"
        self._hashes: dict[_Key, str | None] = {}
        self._has_rows = False
        if not self._days:  # as on a first build, which pays nothing
            return
        try:
            self._hashes = self._read_hashes()
        except UserError:  # of an old version, say: then nothing is known
            self._days = {}
            return
        if isinstance(warehouse, DuckDBFile):
            self._keep_rows(warehouse)

    def __enter__(self) -> Before:
        """Keep it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Forget it, however the run ended."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def compared(self, windows: Sequence[PlannedWindow]) -> list[Rebuilt]:
        """Compare with what the warehouse holds now, on the dates of windows that succeeded."""
        built = _days_with_rows(self._cells, windows) if self._days else {}
        try:
            now = self._read_hashes() if built else {}
        except UserError:
            return []
        found = []
        for table, days in built.items():
            keys = [_Key(table, day) for day in days]
            changed = [key.day for key in keys if not _is_same(self._hashes.get(key), now.get(key))]
            found.append((Rebuilt(table, len(days), len(changed)), changed))
        if self._has_rows and isinstance(self._warehouse, DuckDBFile):
            with suppress(UserError):
                self._count_rows(self._warehouse, found)
        return [one for one, _ in found]

    def _read_hashes(self) -> dict[_Key, str | None]:
        first = min(day for days in self._days.values() for day in days)
        last = max(day for days in self._days.values() for day in days)
        with self._warehouse.reading() as connection:
            rows = connection.rows(
                f"select table_name, analysis_date, content_hash from {PRECOMPUTE}.receipts "
                "where analysis_date between ? and ?",
                [first, last],
            )
        return {_Key(table, day): content_hash for table, day, content_hash in rows}

    def _keep_rows(self, file: DuckDBFile) -> None:
        from orchestrator.compare.engine import attach, engine
        from orchestrator.compare.rows import on_days

        shutil.rmtree(self._folder, ignore_errors=True)
        with suppress(UserError, OSError):
            self._folder.mkdir(parents=True)
            with engine() as con:
                attach(con, file.path, "now")
                for table, days in self._days.items():
                    con.execute(
                        f"copy (from now.{PRECOMPUTE}.{table} where {on_days(_texts(days))}) "
                        f"to {sql_text.text(str(self._folder / f'{table}.parquet'))} "
                        # Small groups, because each thread holds one in memory.
                        "(format parquet, row_group_size 20000)"
                    )
            self._has_rows = True

    def _count_rows(self, file: DuckDBFile, found: Sequence[tuple[Rebuilt, Sequence[date]]]) -> None:
        from orchestrator.compare.engine import attach, engine
        from orchestrator.compare.rows import RowDifference, on_days
        from orchestrator.export.parts import FEATURE_STORE

        with engine() as con:
            attach(con, file.path, "now")
            for one, changed in found:
                days = []
                if changed:
                    before = f"read_parquet({sql_text.text(str(self._folder / f'{one.table}.parquet'))})"
                    now = f"now.{PRECOMPUTE}.{one.table}"
                    texts = _texts(changed)
                    conditions = [on_days(texts[at : at + AT_ONCE]) for at in range(0, len(texts), AT_ONCE)]
                    days = RowDifference(con, one.table, before, now, conditions, only_days=True).days
                one.dates_changed = len(days)
                one.rows_changed = sum(day.changed for day in days)
                one.rows_removed = sum(day.only_a for day in days)
                one.rows_added = sum(day.only_b for day in days)
                if one.table == FEATURE_STORE:
                    one.features_moved = sum(day.features_moved or 0 for day in days)


def _days_with_rows(cells: Cells, windows: Sequence[PlannedWindow]) -> dict[str, list[date]]:
    """Return the dates that have rows, by table in the order in which they are built."""
    found: dict[str, list[date]] = {table: [] for table in ALL_TABLES}
    for planned in windows:
        for cell in cells.of(planned):
            if cell.rows:
                found[cell.table].append(cell.day)
    return {table: days for table, days in found.items() if days}


def _is_same(before: str | None, now: str | None) -> bool:
    return before is not None and before == now


def _texts(days: Sequence[date]) -> list[str]:
    return [str(day) for day in sorted(days)]
