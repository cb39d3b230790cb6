"""This process and its command line, as shown to people."""

from __future__ import annotations

import os
import shlex
import socket
import sys
from datetime import UTC, datetime


def this_process() -> dict:
    """Return the host, pid, start and command of this process."""
    return {
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": this_command(),
    }


def describe(found: dict | None) -> str:
    """Describe the holder of a lock, for a message."""
    if not found:
        return "its holder is unknown"
    return f"pid {found['pid']}, since {found['since']}, `{found['command']}`"


def this_command() -> str:
    """Return the command line of this process, as a user would type it."""
    return shlex.join(["python", "orchestrate.py", *sys.argv[1:]])


def another_command(words: str) -> str:
    """Return a command line for the same warehouse, as a user would type it."""
    given = sys.argv[1:]
    named = [word for word in given if word.startswith("--target=")]
    if "--target" in given[:-1]:
        named = ["--target", given[given.index("--target") + 1]]
    return shlex.join(["python", "orchestrate.py", *words.split(), *named])
