"""Planning without building: what `plan` and `backfill --dry-run` answer."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from orchestrator.coverage import SeasonShares, project_files, season_shares
from orchestrator.errors import BusyError, UserError
from orchestrator.lock import held, is_held
from orchestrator.plan import Plan, Request
from orchestrator.progress import ProgressFile
from orchestrator.sizes import described_bytes, described_size
from orchestrator.status import PROGRESS_FILE, WAREHOUSE
from orchestrator.survey import Survey, prepare, survey

if TYPE_CHECKING:
    from orchestrator.runner import Runner
    from orchestrator.warehouse import Bytes, Warehouse


@dataclass(frozen=True)
class Planned:
    """A plan with its estimate."""

    plan: Plan
    eta_seconds: float | None
    """None until something was measured."""
    source: str = WAREHOUSE
    """Who said what is there: the warehouse, or the progress file."""
    age_seconds: float = 0.0
    """How old that is; 0 from the warehouse."""
    code_changed: bool = False
    """Models or macros changed since: stale logic may not show."""
    bytes: Bytes | None = None
    """What it would read, where reading is billed."""
    shares: Sequence[SeasonShares] = ()
    """What the source knows of each season, and how much of what was made of it is ready."""

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


def plan_now(warehouse: Warehouse, request: Request, *, check_inputs: bool = True) -> Planned:
    """Plan from the warehouse as it is. HeldError when dbt is needed and a backfill runs."""
    plan = look(warehouse, request, check_inputs=check_inputs).plan(request)
    with warehouse.reading() as connection:
        shares = season_shares(connection)
    return Planned(plan, _estimate(warehouse, plan), bytes=bytes_of(warehouse, plan), shares=shares)


def plan_from_state(warehouse: Warehouse, request: Request) -> Planned:
    """Plan from what the progress file last heard of the warehouse, without looking at the inputs.

    UserError when there is no such file, or when the warehouse is gone or damaged. In use it may be.
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


def look(warehouse: Warehouse, request: Request, *, check_inputs: bool) -> Survey:
    """Survey the warehouse, having dbt make the views first where they are not of today's files."""
    found = survey(warehouse, request, check_inputs=check_inputs)
    if found is None:
        with held(warehouse):
            from orchestrator.runner import Runner

            prepare(Runner(warehouse))
        found = survey(warehouse, request, check_inputs=check_inputs)
    if found is None:
        raise UserError("the coverage view is not of this project's files: did they just change? Try again")
    return found


def bytes_of(warehouse: Warehouse, plan: Plan, runner: Runner | None = None) -> Bytes | None:
    """Return what a plan would read; None where reading is not billed."""
    if not warehouse.bills_bytes:
        return None
    if runner is None:
        from orchestrator.runner import Runner

        runner = Runner(warehouse)
    if not runner.is_parsed:
        runner.parse()
    return warehouse.planned_bytes(
        [query for planned in plan.windows for query in runner.queries(planned.window, planned.tables)]
    )


def refuse_beyond(most: int | None, read: Bytes | None) -> None:
    """Raise UserError for a plan that reads more than was allowed."""
    if most is not None and read is not None and read.read > most:
        raise UserError(
            f"the plan {described_bytes(read)}, more than --max-bytes {described_size(most)}: nothing was "
            "built. Ask for less (--season, --start, --tables), or allow more"
        )


def _estimate(warehouse: Warehouse, plan: Plan) -> float | None:
    return ProgressFile(warehouse).estimate([planned.window for planned in plan.windows])
