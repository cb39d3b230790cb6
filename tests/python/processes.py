"""Commands in processes of their own, forked from one that has imported dbt: alone that takes over a second.

The environment, arguments, folder, output and exit code are those of the command itself. `tests/chaos` and
the tests of signals start real processes.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

PROJECT = Path(__file__).resolve().parents[2]
IMPORTED_ONCE = ("dbt.cli.main", "dbt.adapters.duckdb", "dbt.task.build", "duckdb", "typer", "rich.console")
"""Nothing of the project: a command imports its own modules, and reads its environment, as it does alone."""

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload([*IMPORTED_ONCE])


def run(
    command: Sequence[str], environment: Mapping[str, str], timeout: float = 600
) -> subprocess.CompletedProcess[str]:
    """Run a script, the first word of the command, or `dbt`, as `subprocess.run` would."""
    with TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        process = _processes.Process(target=_become, args=(command, dict(environment), out, err))
        process.start()
        try:
            process.join(timeout)
            if process.is_alive():
                raise subprocess.TimeoutExpired(list(command), timeout)
        finally:
            process.kill()
            process.join()
        return subprocess.CompletedProcess(list(command), process.exitcode, out.read_text(), err.read_text())


def _become(command: Sequence[str], environment: dict[str, str], out: Path, err: Path) -> None:
    for stream, path in ((1, out), (2, err)):
        os.dup2(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600), stream)
    os.chdir(PROJECT)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    program, *arguments = command
    sys.argv = [program, *arguments]
    sys.path.insert(0, str(PROJECT))
    if Path(program).name == "dbt":
        from dbt.cli.main import cli

        cli()
    else:
        runpy.run_path(program, run_name="__main__")
