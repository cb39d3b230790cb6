"""What the last run did not finish."""

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


def unfinished_request(warehouse: Warehouse) -> Request | None:
    """Return the request that continues where the last run stopped; None when it finished.

    The warehouse knows what is missing, failed or stale. Of a run that rebuilds existing dates
    (`--only all`), only the progress file knows the unfinished windows. UserError when the file knows no run.
    """
    progress = ProgressFile(warehouse)
    run = progress.last_run()
    if run is None:
        raise UserError(
            "there is no run to resume (the state folder is new or gone): `python orchestrate.py backfill` "
            "builds whatever is missing, failed or stale"
        )
    request = Request.from_json(run["selection"])
    if request.only != "all":
        return request
    windows = progress.windows(run["run_id"])
    if not windows:
        return request  # it stopped before it had planned
    unfinished = [
        (date.fromisoformat(window["start"]), date.fromisoformat(window["end"]))
        for window in windows
        if window["state"] != WindowState.SUCCEEDED
    ]
    if not unfinished:
        return None
    days = {
        cell.day for cell in progress.cells() if any(start <= cell.day <= end for start, end in unfinished)
    }
    return replace(request, dates=tuple(sorted(days)))
