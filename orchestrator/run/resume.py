"""What the last run had left."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from orchestrator.core.errors import UserError
from orchestrator.plan.request import Request
from orchestrator.state.progress_file import ProgressFile
from orchestrator.state.run_state import WindowState

if TYPE_CHECKING:
    from orchestrator.warehouse.base import Warehouse


def left_by_last_run(warehouse: Warehouse) -> Request | None:
    """Return the request that goes on where the last run stopped; None when it had finished.

    The warehouse knows what is missing, failed or stale. A run that rebuilt what was there is another matter:
    which of its windows it had not come to, the progress file alone can say. UserError when it knows no run.
    """
    progress = ProgressFile(warehouse)
    run = progress.last_run()
    if run is None:
        raise UserError(
            "no run is known here (the state folder is new or gone): `python orchestrate.py backfill` "
            "builds whatever is missing, failed or stale"
        )
    request = Request.from_json(run["selection"])
    if request.only != "all":
        return request
    windows = progress.windows(run["run_id"])
    if not windows:
        return request  # it had not planned yet
    left = [
        (date.fromisoformat(window["start"]), date.fromisoformat(window["end"]))
        for window in windows
        if window["state"] != WindowState.SUCCEEDED
    ]
    if not left:
        return None
    days = {cell.day for cell in progress.cells() if any(start <= cell.day <= end for start, end in left)}
    return replace(request, dates=tuple(sorted(days)))
