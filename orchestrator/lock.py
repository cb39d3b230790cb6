"""One backfill at a time: a lock that the operating system drops with the process that held it."""

from __future__ import annotations

import json
import os
import shlex
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from orchestrator.errors import HeldError, UserError

if TYPE_CHECKING:
    from orchestrator.warehouse import Warehouse

# Whoever only looks whether the lock is held has it for an instant: wait longer than that.
PATIENCE_SECONDS = 1.0


@contextmanager
def held(warehouse: Warehouse) -> Iterator[None]:
    """Hold the warehouse's lock; HeldError says who has it. A killed holder's lock is free at once."""
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
        found = _this_process()
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


def describe(found: dict | None) -> str:
    """Say who holds a lock, for a message."""
    if not found:
        return "who holds it is not known"
    return f"pid {found['pid']}, since {found['since']}, `{found['command']}`"


def this_command() -> str:
    """Return the command line of this process, as one would type it."""
    return shlex.join(["python", "orchestrate.py", *sys.argv[1:]])


def another_command(words: str) -> str:
    """Return a command line on the same warehouse, as one would type it."""
    given = sys.argv[1:]
    named = [word for word in given if word.startswith("--target=")]
    if "--target" in given[:-1]:
        named = ["--target", given[given.index("--target") + 1]]
    return shlex.join(["python", "orchestrate.py", *words.split(), *named])


def _holder_path(warehouse: Warehouse) -> Path:
    path = warehouse.lock_path
    return path.with_name(f"{path.name}.holder")


def _this_process() -> dict:
    return {
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": this_command(),
    }
