"""One backfill at a time: a lock that the operating system drops with the process that held it."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from orchestrator.core.command_line import describe, this_process
from orchestrator.core.errors import HeldError, UserError

if TYPE_CHECKING:
    from orchestrator.warehouse.base import Warehouse

# A process that only checks the lock holds it for an instant: wait longer than that.
PATIENCE_SECONDS = 1.0


@contextmanager
def held(warehouse: Warehouse) -> Generator[None]:
    """Hold the warehouse's lock; HeldError names the holder. A killed holder's lock is free at once."""
    lock = FileLock(warehouse.lock_path)
    try:
        lock.acquire(timeout=PATIENCE_SECONDS)
    except Timeout:
        raise HeldError(
            f"another backfill of {warehouse} is running: {describe(holder(warehouse))}"
        ) from None
    except OSError as error:
        raise UserError(f"the lock {warehouse.lock_path} cannot be taken: {error}") from error
    try:
        found = this_process()
        with suppress(OSError):  # on a full disk the lock itself holds without it
            _holder_path(warehouse).write_text(json.dumps(found))
        with warehouse.lease(found):
            yield
    finally:
        _holder_path(warehouse).unlink(missing_ok=True)
        lock.release()


def is_held(warehouse: Warehouse) -> bool:
    """Tell whether a backfill of this warehouse is running now."""
    path = warehouse.lock_path
    if not path.exists():
        return False
    try:
        with FileLock(path).acquire(timeout=0):
            return False
    except Timeout:
        return True
    except OSError:
        return False


def holder(warehouse: Warehouse) -> dict | None:
    """Return pid, since and command of the backfill that wrote them last; None when nothing is known."""
    try:
        found = json.loads(_holder_path(warehouse).read_text())
        return {name: found[name] for name in ("host", "pid", "since", "command")}
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _holder_path(warehouse: Warehouse) -> Path:
    path = warehouse.lock_path
    return path.with_name(f"{path.name}.holder")
