"""One backfill at a time: a lock that the operating system drops with the process that held it."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from orchestrator.errors import HeldError, UserError
from orchestrator.project import lock_path

# Whoever only looks whether the lock is held has it for an instant: wait longer than that.
PATIENCE_SECONDS = 1.0


@contextmanager
def held(warehouse: Path) -> Iterator[None]:
    """Hold the warehouse's lock; HeldError says who has it. A killed holder's lock is free at once."""
    lock = FileLock(lock_path(warehouse))
    try:
        lock.acquire(timeout=PATIENCE_SECONDS)
    except Timeout:
        raise HeldError(
            f"another backfill of {warehouse} is running: {_describe(holder(warehouse))}"
        ) from None
    except OSError as error:
        raise UserError(f"the lock {lock_path(warehouse)} cannot be taken: {error}") from error
    try:
        _write_holder(warehouse)
        yield
    finally:
        _holder_path(warehouse).unlink(missing_ok=True)
        lock.release()


def is_held(warehouse: Path) -> bool:
    """Tell whether a backfill of this warehouse is running now."""
    path = lock_path(warehouse)
    if not path.exists():
        return False
    try:
        with FileLock(path).acquire(timeout=0):
            return False
    except Timeout:
        return True
    except OSError:
        return False


def holder(warehouse: Path) -> dict | None:
    """Return pid, since and command of the backfill that wrote them last; None when nothing is known."""
    try:
        found = json.loads(_holder_path(warehouse).read_text())
        return {name: found[name] for name in ("pid", "since", "command")}
    except (OSError, ValueError, TypeError, KeyError):
        return None


def this_command() -> str:
    """Return the command line of this process, as one would type it."""
    return shlex.join(["python", "orchestrate.py", *sys.argv[1:]])


def _holder_path(warehouse: Path) -> Path:
    path = lock_path(warehouse)
    return path.with_name(f"{path.name}.holder")


def _write_holder(warehouse: Path) -> None:
    found = {
        "pid": os.getpid(),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": this_command(),
    }
    with suppress(OSError):  # on a full disk the lock itself holds without it
        _holder_path(warehouse).write_text(json.dumps(found))


def _describe(found: dict | None) -> str:
    if not found:
        return "who holds it is not known"
    return f"pid {found['pid']}, since {found['since']}, `{found['command']}`"
