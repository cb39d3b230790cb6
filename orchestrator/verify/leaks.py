"""Proves that stored rows depend on nothing that was unknown before tip-off, and are the same on a slate.

A date's rows are built again, by dbt and the project's own models, from copies of the season that lack what
was unknown (copies.py, scratch.py), and compared with the stored ones to the last bit (compare.py).
docs/verify.md says what is hidden, what is false, what stays, and why that is a proof.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import date
from functools import cache

from orchestrator.core.clock import today
from orchestrator.core.errors import UsageError, UserError
from orchestrator.core.interrupts import Interrupts
from orchestrator.core.project import phase3_is_external
from orchestrator.core.registry import ALL_TABLES, PHASE4_TABLES
from orchestrator.core.seasons import season_name
from orchestrator.dbt.runner import MakeRunner
from orchestrator.plan.refusals import nearest
from orchestrator.run.listeners import Listener
from orchestrator.run.patience import Patience
from orchestrator.state import coverage, proofs
from orchestrator.state.coverage import SETTLED, Cell
from orchestrator.state.lock import held
from orchestrator.state.proofs import Proof
from orchestrator.verify.copies import BOX, SLATE, Cut, copies
from orchestrator.verify.differences import Comparison, Difference, compare
from orchestrator.verify.scratch import Scratch
from orchestrator.warehouse.base import Connection, Warehouse
from orchestrator.warehouse.duckdb_file import DuckDBFile

WITHOUT_ROWS, NOT_BUILT = "without_rows", "not_built"
BATCH = 40
"""Dates in one build: 40 take up to 1.3 GB over four seasons; 80 take a tenth less time, and more memory."""

PARTICIPANTS = ("player_composite_factors", "player_daily_cache", "ml_feature_store")
"""Tables with a row for whoever plays on the date: the expected players, or afterwards those who played."""


@dataclass(frozen=True)
class Check:
    """One kind of proof."""

    name: str
    kind: str
    """What the copies have of their date."""
    tables: tuple[str, ...]
    same_game: tuple[str, ...] = ()
    """Tables in which only rows count that both sides have."""
    may_differ: tuple[tuple[str, str], ...] = ()
    """Columns that may differ, each with the reason."""


CHECK_LEAKS = Check(proofs.LEAKS, BOX, ALL_TABLES)
CHECK_SLATES = Check(
    proofs.SLATES,
    SLATE,
    tuple(entry.table for entry in PHASE4_TABLES),
    same_game=PARTICIPANTS,
    may_differ=(("context_source", "says which of the two a row is: `upcoming` or `history`"),),
)


@dataclass(frozen=True)
class Asked:
    """Which dates to prove; without any limit all."""

    seasons: tuple[int, ...] = ()
    dates: tuple[date, ...] = ()
    number: int | None = None
    """This many, spread evenly over those that are not proven yet."""
    again: bool = False
    """Also what is proven already."""
    batch: int = BATCH


@dataclass
class Verdict:
    """What came out of one check."""

    check: Check
    asked: int = 0
    """Dates that were asked for and could be looked at."""
    proven_before: int = 0
    proven: int = 0
    """Dates proven now."""
    rows: int = 0
    """Stored rows compared now."""
    unmatched: int = 0
    """Stored rows of players whom the slate had not expected, or with another team."""
    different: dict[date, int] = field(default_factory=dict)
    """Rows that differ, by date."""
    differences: list[Difference] = field(default_factory=list)
    """The first of each table."""
    columns: dict[str, dict[str, int]] = field(default_factory=dict)
    """Rows that differ, by table and column."""
    left_out: dict[str, int] = field(default_factory=dict)
    """Dates that cannot be compared, by the reason."""
    seconds: float = 0.0

    @property
    def is_fine(self) -> bool:
        """Tell whether nothing differs, and no date was left out that a backfill should have built."""
        return not self.different and not self.left_out.keys() - {WITHOUT_ROWS}

    def as_json(self) -> dict:
        """Return the verdict as JSON-ready data (the shape is in docs/json.md)."""
        return {
            "check": self.check.name,
            "dates": self.asked,
            "proven_before": self.proven_before,
            "proven_now": self.proven,
            "rows": self.rows,
            "rows_unmatched": self.unmatched,
            "different_dates": {str(day): rows for day, rows in sorted(self.different.items())},
            "first_differences": [difference.as_json() for difference in self.differences],
            "different_columns": self.columns,
            "may_differ": dict(self.check.may_differ),
            "left_out": self.left_out,
            "seconds": round(self.seconds, 1),
        }


Progress = Callable[[Verdict, int], None]
"""Called after each build with the verdict so far, and the dates that are still to come."""


def verify(
    warehouse: Warehouse,
    checks: Sequence[Check],
    asked: Asked,
    make_runner: MakeRunner,
    progress: Progress = lambda verdict, remaining: None,
) -> list[Verdict]:
    """Prove dates, and store the proof after each build; what is proven and has not changed is left alone.

    UsageError for what cannot be asked, UserError when there is nothing to prove, HeldError while a backfill
    runs.
    """
    if not isinstance(warehouse, DuckDBFile):
        raise UsageError(
            "verify works on a DuckDB warehouse only: load and build the same data there; where the content "
            "hashes of receipts are equal, the proof holds for both (docs/verify.md)"
        )
    if phase3_is_external():
        raise UsageError(
            "verify needs raw data, and NBA_PHASE3=external has none: it cuts box scores, which an external "
            "Phase 3 has summed up already (docs/verify.md)"
        )
    warehouse.check()
    with held(warehouse):
        with warehouse.reading() as connection:
            cells = _cells(warehouse, connection)
            versions = proofs.current_versions(connection)
        wanted = [cell for cell in cells if _is_asked(cell, asked)]
        _refuse_unknown(asked, cells, wanted)
        with ExitStack() as stack:

            @cache
            def scratch() -> Scratch:  # where everything is proven, dbt is not needed
                return stack.enter_context(closing(Scratch(warehouse, make_runner)))

            versions = versions or scratch().logic_versions()
            return [
                _Proving(warehouse, scratch, versions, check, asked, wanted, progress).go()
                for check in checks
            ]


class _Proving:
    """One check over the dates that were asked for."""

    def __init__(
        self,
        warehouse: DuckDBFile,
        scratch: Callable[[], Scratch],
        versions: Mapping[str, str],
        check: Check,
        asked: Asked,
        cells: Sequence[Cell],
        progress: Progress,
    ):
        self._warehouse = warehouse
        self._scratch = scratch
        self._versions = versions
        self._check = check
        self._asked = asked
        self._cells = cells
        self._progress = progress
        self._patience = Patience(Interrupts(), Listener())
        self.verdict = Verdict(check)

    def go(self) -> Verdict:
        """Build and compare, batch by batch, the oldest dates first."""
        began = time.monotonic()
        verdict, size = self.verdict, self._asked.batch
        stored = proofs.stored(self._warehouse, self._check.tables)
        cuts = self._to_prove(stored)
        for first in range(0, len(cuts), size):
            batch = cuts[first : first + size]
            self._prove(batch, stored)
            verdict.seconds = time.monotonic() - began
            self._progress(verdict, len(cuts) - first - len(batch))
        verdict.seconds = time.monotonic() - began
        return verdict

    def _to_prove(self, stored: dict[tuple[str, date], Proof]) -> list[Cut]:
        """Return the dates that can be proven and are not, and count the others."""
        with self._warehouse.reading() as connection:
            known = proofs.kept(connection, self._check.name)
        days: dict[Cut, list[Cell]] = {}
        for cell in self._cells:
            if cell.table in self._check.tables:
                days.setdefault(Cut(cell.day, cell.season), []).append(cell)
        found, left_out = [], Counter()
        for cut, cells in sorted(days.items()):
            worst = max((cell.state for cell in cells), key=coverage.STATES.index)
            own = [stored.get((table, cut.day)) for table in self._check.tables]
            receipts = [proof for proof in own if proof]
            if worst not in SETTLED:
                left_out[worst] += 1
            # No rows are no rows by any version: such a date is never stale, so no backfill builds it again.
            elif any(proof.rows and proof.logic_version != self._versions[proof.table] for proof in receipts):
                left_out[coverage.STALE_LOGIC] += 1
            elif len(receipts) < len(own):
                left_out[NOT_BUILT] += 1
            elif self._check.kind == SLATE and not any(proof.rows for proof in receipts):
                left_out[WITHOUT_ROWS] += 1
            elif not self._asked.again and all(proof in known for proof in receipts):
                self.verdict.proven_before += 1
            else:
                found.append(cut)
        number = self._asked.number
        if number is not None and number < len(found):
            found = [found[place * len(found) // number] for place in range(number)]
        self.verdict.left_out = dict(left_out)
        self.verdict.asked = self.verdict.proven_before + len(found)
        return found

    def _prove(self, batch: Sequence[Cut], stored: dict[tuple[str, date], Proof]) -> None:
        self._scratch().build(copies((cut, self._check.kind) for cut in batch))
        different: Counter[date] = Counter()
        with self._scratch().open() as connection:
            for table in self._check.tables:
                self._note(table, different, compare(
                    connection,
                    table,
                    [name for name, _ in self._check.may_differ],
                    same_game=table in self._check.same_game,
                ))  # fmt: skip
        self.verdict.different |= different
        days = {cut.day for cut in batch}
        proven = [
            stored[table, day] for day in sorted(days - different.keys()) for table in self._check.tables
        ]
        self._patience.until_free(lambda: self._keep(days, proven))
        self.verdict.proven += len(days - different.keys())

    def _note(self, table: str, different: Counter[date], found: Comparison) -> None:
        self.verdict.rows += found.rows
        self.verdict.unmatched += found.unmatched
        different.update(found.different)
        for column, rows in found.columns.items():
            columns = self.verdict.columns.setdefault(table, {})
            columns[column] = columns.get(column, 0) + rows
        if found.first and all(known.table != table for known in self.verdict.differences):
            self.verdict.differences.append(found.first)

    def _keep(self, days: set[date], proven: Sequence[Proof]) -> None:
        with self._warehouse.writing() as connection:
            connection.write(proofs.keeping(self._check.name, sorted(days), proven))


def _cells(warehouse: Warehouse, connection: Connection) -> list[Cell]:
    coverage.check_raw(warehouse, connection)
    if not coverage.is_there(connection):
        raise UserError(
            "nothing was built yet, so nothing can be verified: run `python orchestrate.py backfill`"
        )
    cells = coverage.as_of(today(), coverage.read(connection))
    return [cell for cell in cells if cell.state != coverage.SCHEDULED]


def _is_asked(cell: Cell, asked: Asked) -> bool:
    return (not asked.seasons or cell.season in asked.seasons) and (
        not asked.dates or cell.day in asked.dates
    )


def _refuse_unknown(asked: Asked, cells: Sequence[Cell], wanted: Sequence[Cell]) -> None:
    """Raise UserError for a season or date that the schedule lacks."""
    missing = [season for season in asked.seasons if season not in {cell.season for cell in cells}]
    if missing:
        there = ", ".join(season_name(season) for season in sorted({cell.season for cell in cells}))
        raise UserError(f"the schedule has no season {season_name(missing[0])}: it has {there or 'none'}")
    for day in asked.dates:
        if day not in {cell.day for cell in wanted}:
            raise UserError(
                f"the schedule has no game that counts on {day}: "
                f"{nearest(sorted({cell.day for cell in cells}), day)}"
            )
