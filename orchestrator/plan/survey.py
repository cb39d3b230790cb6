"""Reads what a plan is made from: the coverage, and what is wrong with the inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from orchestrator.core.errors import UserError
from orchestrator.dbt.runner import MakeRunner, Runner
from orchestrator.plan.plan import Plan, make_plan
from orchestrator.plan.refusals import refuse_what_is_not_there
from orchestrator.plan.request import Request
from orchestrator.state import coverage, preflight
from orchestrator.state.coverage import Cell
from orchestrator.state.lock import held
from orchestrator.warehouse.base import Warehouse

OUTDATED_VIEW = "the coverage view does not match this project's files: did they just change? Try again"


@dataclass(frozen=True)
class Survey:
    """What a plan is made from."""

    cells: Sequence[Cell]
    exhibitions: frozenset[date]
    problems: Sequence[preflight.Problem]
    spoiled: Mapping[date, Sequence[preflight.Problem]]

    def plan(self, request: Request) -> Plan:
        """Plan what was asked for; UserError when the schedule has no such date, season or range."""
        refuse_what_is_not_there(request, self.cells)
        return make_plan(self.cells, request, self.exhibitions, self.problems, self.spoiled)


def survey(warehouse: Warehouse, request: Request, *, check_inputs: bool = True) -> Survey | None:
    """Read the coverage; None when its view is outdated and dbt has to make it.

    `check_inputs` also looks for what is wrong with the inputs of the dates that would be built.
    """
    with warehouse.reading() as connection:
        coverage.check_raw(warehouse, connection)
        if not coverage.is_current(connection):
            return None
        cells = coverage.read(connection)
        wanted = {
            cell.day: cell.season for cell in cells if cell.state in request.states and request.covers(cell)
        }
        problems = preflight.problems(connection, wanted) if check_inputs and wanted else []
        return Survey(
            cells,
            frozenset(coverage.exhibition_dates(connection)),
            problems,
            preflight.spoiled(problems, wanted),
        )


def prepare(runner: Runner) -> None:
    """Have dbt load the seeds and make the views that a survey reads."""
    if not runner.is_parsed:
        runner.parse()
    result = runner.prepare()
    if not result.success:
        raise UserError("the warehouse could not be prepared:\n  " + "\n  ".join(map(str, result.failures)))


def look(
    warehouse: Warehouse, request: Request, *, check_inputs: bool, make_runner: MakeRunner = Runner
) -> Survey:
    """Survey the warehouse, having dbt make the views first where they are missing or outdated."""
    found = survey(warehouse, request, check_inputs=check_inputs)
    if found is None:
        with held(warehouse):
            prepare(make_runner(warehouse))
        found = survey(warehouse, request, check_inputs=check_inputs)
    if found is None:
        raise UserError(OUTDATED_VIEW)
    return found
