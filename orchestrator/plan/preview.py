"""Planning without building: the answers of `plan` and `backfill --dry-run`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from orchestrator.core.errors import BusyError, UserError
from orchestrator.core.fingerprint import project_files
from orchestrator.dbt.runner import MakeRunner, Runner
from orchestrator.plan.cost import bytes_of
from orchestrator.plan.plan import Plan
from orchestrator.plan.request import Request
from orchestrator.plan.survey import Survey, look
from orchestrator.state.coverage import SeasonShares, season_shares
from orchestrator.state.lock import is_held
from orchestrator.state.progress_file import PROGRESS_FILE, WAREHOUSE, ProgressFile

if TYPE_CHECKING:
    from orchestrator.warehouse.base import Bytes, Warehouse


@dataclass(frozen=True)
class Planned:
    """A plan with its estimate."""

    plan: Plan
    eta_seconds: float | None
    """None until something was measured."""
    source: str = WAREHOUSE
    """Where the states come from: the warehouse, or the progress file."""
    age_seconds: float = 0.0
    """How old that is; 0 from the warehouse."""
    code_changed: bool = False
    """Models or macros changed since: stale logic may not show."""
    bytes: Bytes | None = None
    """What it would read, where reading is billed."""
    shares: Sequence[SeasonShares] = ()
    """Source coverage and production-ready share by season."""

    @property
    def remark(self) -> str:
        """Say how old the answer is, if it is."""
        if self.source == WAREHOUSE:
            return ""
        changed = "; the project's code has changed since" if self.code_changed else ""
        return f" (from the {self.source}, {self.age_seconds:.0f} s old{changed})"

    def as_json(self) -> dict:
        """Return it as JSON-ready data (the shape is in docs/json.md)."""
        return {
            **self.plan.as_json(),
            "eta_seconds": None if self.eta_seconds is None else round(self.eta_seconds, 1),
            "source": self.source,
            "age_seconds": round(self.age_seconds, 1),
            "season_shares": [asdict(line) for line in self.shares],
            "bytes_read": self.bytes and self.bytes.read,
            "queries_unknown": self.bytes and self.bytes.unknown,
        }


def plan_now(
    warehouse: Warehouse, request: Request, *, check_inputs: bool = True, make_runner: MakeRunner = Runner
) -> Planned:
    """Plan from the warehouse as it is. HeldError when dbt is needed and a backfill runs."""
    plan = look(warehouse, request, check_inputs=check_inputs, make_runner=make_runner).plan(request)
    with warehouse.reading() as connection:
        shares = season_shares(connection)
    read = bytes_of(warehouse, plan, lambda: make_runner(warehouse))
    return Planned(plan, _estimate(warehouse, plan), bytes=read, shares=shares)


def plan_from_state(warehouse: Warehouse, request: Request) -> Planned:
    """Plan from the states in the progress file, without looking at the inputs.

    UserError without such a file, or when the warehouse is gone or damaged; it may be in use.
    """
    progress = ProgressFile(warehouse)
    kept = progress.snapshot()
    if not kept:
        raise UserError(
            "there is no progress file yet: run `python orchestrate.py backfill`, or plan without --state"
        )
    if warehouse.fingerprint() and not progress.is_fresh() and not is_held(warehouse):
        with suppress(BusyError), warehouse.reading():
            pass
    plan = Survey(progress.cells(), frozenset(), (), {}).plan(request)
    age = max(0.0, time.time() - kept["taken_at"])
    return Planned(
        plan,
        _estimate(warehouse, plan),
        PROGRESS_FILE,
        age,
        code_changed=kept.get("files") != project_files(),
        shares=[SeasonShares(**line) for line in kept.get("shares") or []],
    )


def _estimate(warehouse: Warehouse, plan: Plan) -> float | None:
    return ProgressFile(warehouse).estimate([planned.window for planned in plan.windows])
