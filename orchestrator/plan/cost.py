"""What a plan would read, where reading is billed."""

from __future__ import annotations

from collections.abc import Callable

from orchestrator.core.errors import UserError
from orchestrator.core.sizes import described_size
from orchestrator.dbt.runner import Runner
from orchestrator.plan.plan import Plan
from orchestrator.warehouse.base import Bytes, Warehouse


def bytes_of(warehouse: Warehouse, plan: Plan, dbt: Callable[[], Runner]) -> Bytes | None:
    """Return what a plan would read, by dbt's compiled queries; None where reading is not billed."""
    if not warehouse.bills_bytes:
        return None
    runner = dbt()
    if not runner.is_parsed:
        runner.parse()
    return warehouse.planned_bytes(
        [query for planned in plan.windows for query in runner.queries(planned.window, planned.tables)]
    )


def refuse_beyond(most: int | None, read: Bytes | None) -> None:
    """Raise UserError for a plan that reads more than was allowed."""
    if most is not None and read is not None and read.read > most:
        raise UserError(
            f"the plan {read}, more than --max-bytes {described_size(most)}: nothing was "
            "built. Ask for less (--season, --start, --tables), or allow more"
        )
