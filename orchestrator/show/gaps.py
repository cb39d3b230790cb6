"""Ranges that are missing, failed or stale, and the source of the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from orchestrator.core.errors import UserError
from orchestrator.dbt.runner import MakeRunner, Runner
from orchestrator.plan.refusals import nearest
from orchestrator.plan.request import Request
from orchestrator.plan.survey import look
from orchestrator.show.status import Status, status
from orchestrator.state import coverage
from orchestrator.state.coverage import Span
from orchestrator.state.progress_file import WAREHOUSE

if TYPE_CHECKING:
    from orchestrator.warehouse.base import Warehouse


@dataclass(frozen=True)
class Gaps:
    """Ranges up to a date, and the status that they were found in."""

    spans: Sequence[Span]
    until: date
    found_in: Status

    def as_json(self) -> dict:
        """Return them as JSON-ready data (the shape is in docs/json.md)."""
        return {
            "source": self.found_in.source,
            "age_seconds": round(self.found_in.age_seconds, 1),
            "until": str(self.until),
            "ranges": [span.as_json() for span in self.spans],
        }


def gaps(warehouse: Warehouse, until: date | None = None, make_runner: MakeRunner = Runner) -> Gaps:
    """Find what is missing, failed or stale up to a date (None: today), judged by today's code.

    UserError when the warehouse cannot be read, or the schedule has no game date up to `until`.
    """
    found = status(warehouse)
    if not found.cells or (found.source == WAREHOUSE and found.code_changed):
        cells = look(warehouse, Request(), check_inputs=False, make_runner=make_runner).cells
        found = replace(found, cells=cells, source=WAREHOUSE, age_seconds=0.0, code_changed=False)
    last = until or found.today
    own = [cell for cell in found.cells if cell.day <= last]
    if until and not own:
        schedule = sorted({cell.day for cell in found.cells})
        raise UserError(f"the schedule has no game that counts up to {until}: {nearest(schedule, until)}")
    return Gaps(coverage.spans(own, coverage.UNSETTLED), last, found)
