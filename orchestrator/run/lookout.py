"""Reads the warehouse for a run: before the plan, after each window, and at the end."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

from orchestrator.core.errors import BusyError, UserError
from orchestrator.core.project import PRECOMPUTE
from orchestrator.core.registry import ALL_TABLES
from orchestrator.dbt.runner import MakeRunner, Runner
from orchestrator.plan.plan import PlannedWindow
from orchestrator.plan.request import Request
from orchestrator.plan.survey import OUTDATED_VIEW, Survey, prepare, survey
from orchestrator.run.cells import Cells
from orchestrator.run.outcome import Outcome
from orchestrator.run.patience import Patience
from orchestrator.state import coverage
from orchestrator.state.coverage import Cell
from orchestrator.state.late_games import late_games
from orchestrator.state.proofs import dates_proven
from orchestrator.warehouse.base import Connection, Warehouse


class Look(NamedTuple):
    """The state of the warehouse after a window."""

    cells: list[Cell]
    context_rows: dict[str, int]
    """The window's rows of player_composite_factors by the source of their context."""


class Lookout:
    """Reads the warehouse, and has dbt make the views first where they are missing or outdated."""

    def __init__(self, warehouse: Warehouse, make_runner: MakeRunner, run_id: str, patience: Patience):
        self._warehouse = warehouse
        self._make_runner = make_runner
        self._run_id = run_id
        self._patience = patience
        self._runner: Runner | None = None
        self.view_is_complete = False
        """The coverage view only knows the tables that existed when it was made; on a new warehouse, none."""

    def dbt(self) -> Runner:
        """Return dbt; importing it takes longer than finding that there is nothing to do."""
        if self._runner is None:
            self._runner = self._make_runner(self._warehouse, self._run_id)
        return self._runner

    def release(self) -> None:
        """Release the warehouse, if dbt holds it."""
        if self._runner:
            self._runner.release()

    def survey(self, request: Request, *, check_inputs: bool) -> Survey:
        """Read everything that a plan needs."""

        def look() -> Survey | None:
            return survey(self._warehouse, request, check_inputs=check_inputs)

        found = self._patience.until_free(look)
        if found is None:
            self._patience.until_free(lambda: prepare(self.dbt()))
            found = self._patience.until_free(look)
        if found is None:
            raise UserError(OUTDATED_VIEW)
        self._note_tables(found.cells)
        return found

    def look_again(self, planned: PlannedWindow, cells: Cells, *, built: bool) -> Look:
        """Read all cells again: the database decides what succeeded, not dbt's exit status.

        A window that was `built` is compared with its own fingerprints, everything else with those of all
        history.
        """
        found = self._patience.until_free(lambda: self._read_again(planned, cells, built))
        if found is None:
            # Tables are new, or a view was skipped because another table failed.
            self._patience.until_free(lambda: prepare(self.dbt()))
            found = self._patience.until_free(lambda: self._read_again(planned, cells, built=False))
        found = found or Look([], {})
        self._note_tables(found.cells)
        return found

    def look_back(self, outcome: Outcome) -> None:
        """Read what the end of a run reports: source coverage, and rows that wait for a box score."""
        self._patience.until_free(lambda: self._look_back(outcome))

    def look_back_if_free(self, outcome: Outcome) -> None:
        """Do the same without waiting, as waiting has already failed."""
        with suppress(BusyError):
            self._look_back(outcome)

    def _read_again(self, planned: PlannedWindow, cells: Cells, built: bool) -> Look | None:
        """Return None when the view has to be made first."""
        with self._warehouse.reading() as connection:
            if not self.view_is_complete and not coverage.is_current(connection):
                return None
            context_rows = _context_rows(connection, planned)
            if not built:
                return Look(coverage.read(connection), context_rows)
            found = coverage.read_built(connection, planned.window)
            return Look(cells.updated(planned.window, found), context_rows)

    def _look_back(self, outcome: Outcome) -> None:
        with self._warehouse.reading() as connection:
            outcome.phase3 = coverage.phase3(connection)
            outcome.shares = coverage.season_shares(connection)
            outcome.proven = dates_proven(connection)
            if outcome.succeeded:
                windows = [planned.window for planned in outcome.succeeded]
                first, last = min(window.start for window in windows), max(window.end for window in windows)
                outcome.late_games = late_games(connection, first, last)

    def _note_tables(self, cells: Sequence[Cell]) -> None:
        self.view_is_complete = {cell.table for cell in cells if cell.rows} >= set(ALL_TABLES)


def _context_rows(connection: Connection, planned: PlannedWindow) -> dict[str, int]:
    table = "player_composite_factors"
    if table not in planned.tables or not connection.has_table(PRECOMPUTE, table):
        return {}
    return dict(
        connection.rows(
            f"select context_source, count(*) from {PRECOMPUTE}.{table} "
            "where analysis_date between ? and ? group by context_source",
            [planned.window.start, planned.window.end],
        )
    )
