"""Warehouses for tests: made, built, changed and compared."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

from orchestrator.core.registry import ALL_TABLES
from orchestrator.core.windows import Window
from orchestrator.dbt.runner import Runner, RunResult
from orchestrator.warehouse.targets import duckdb_file
from tests.python import processes

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunnerResult

PROJECT = Path(__file__).resolve().parents[2]
TABLES = ALL_TABLES


def orchestrate(warehouse: Path, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in its own process."""
    return _run([PROJECT / "orchestrate.py", *arguments], warehouse, environment)


def dbt(warehouse: Path, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run dbt from the project's root, as a user would."""
    return _run(["dbt", *arguments], warehouse, environment)


def parsed(folder: Path, **environment: str) -> dict:
    """Parse the project, without a warehouse, and return its manifest."""
    succeed(dbt(folder / "none.duckdb", "parse", "--target-path", folder, **environment))
    return json.loads((folder / "manifest.json").read_text())


def dbt_here(warehouse: Path, *arguments: str) -> tuple[str, list[str]]:
    """Run dbt in this process on the project as parsed once; return what stopped it, and all it said."""
    said: list[str] = []
    result = _dbt_here(warehouse, arguments, lambda event: said.append(event.info.msg))
    return str(result.exception or ""), said


def dbt_failures(warehouse: Path, *arguments: str) -> list[str]:
    """Run dbt in this process on the project as parsed once; return the names of the nodes that failed."""
    result = _dbt_here(warehouse, arguments)
    assert not result.exception, result.exception
    assert result.result.results
    return [done.node.name for done in result.result.results if done.status not in ("success", "pass")]


def _dbt_here(warehouse: Path, arguments: Sequence[str], *listeners: Callable) -> dbtRunnerResult:
    from dbt.cli.main import dbtRunner

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NBA_DUCKDB_PATH", str(warehouse))
        patch.chdir(PROJECT)
        result = dbtRunner(runner().manifest, [*listeners]).invoke(
            [
                *arguments,
                "--log-path",
                str(warehouse.parent),
                "--target-path",
                str(warehouse.parent / "target"),
            ]
        )
    runner().release()
    return result


def prepare(warehouse: Path) -> None:
    """Load the seeds and make the views in this process, as a backfill does before it plans."""
    _in(warehouse, runner().prepare)


def make_training_views(warehouse: Path) -> None:
    """Make the views of the training set in this process, as an export does."""
    _in(warehouse, runner().make_training_views)


def build(warehouse: Path, start: date | str, end: date | str, prepared: bool = False) -> None:
    """Build a window in this process: parsed once, so that many windows cost little."""
    if not prepared:
        prepare(warehouse)
    _in(warehouse, lambda: runner().build(Window(start, end, 0), with_coverage=True))


def _in(warehouse: Path, run: Callable[[], RunResult]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NBA_DUCKDB_PATH", str(warehouse))
        result = run()
    assert result.success, result


@cache
def runner() -> Runner:
    runner = Runner(duckdb_file())
    runner.parse()
    return runner


def window(start: date | str, end: date | str) -> list[str]:
    """Return the arguments that give dbt a window."""
    return ["--vars", f"{{start: {start}, end: {end}}}"]


def succeed(result: subprocess.CompletedProcess[str]) -> subprocess.CompletedProcess[str]:
    """Fail the test with what the command said, unless it exited 0."""
    assert result.returncode == 0, result.stdout + result.stderr
    return result


def copy_of(warehouse: Path, folder: Path) -> Path:
    """Copy a warehouse. The file keeps its name: dbt calls the database by it."""
    folder.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copy(warehouse, folder / warehouse.name))


def query(warehouse: Path, sql: str) -> list[tuple]:
    """Read rows."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def change(warehouse: Path, *statements: str) -> None:
    """Change the warehouse behind everyone's back."""
    with duckdb.connect(str(warehouse)) as connection:
        for statement in statements:
            connection.execute(statement)


def differences(
    left: Path, right: Path, where: str = "true", stamps: tuple[str, ...] = ("built_at",)
) -> dict[str, int]:
    """Count the rows of each Phase 4 table that only one of two warehouses has, stamps aside.

    Doubles are compared to the last bit: sums do not depend on their order.
    """
    found = {}
    with duckdb.connect() as connection:
        connection.execute(f"attach '{left}' as a (read_only)")
        connection.execute(f"attach '{right}' as b (read_only)")
        hidden = f"exclude ({', '.join(stamps)})" if stamps else ""
        for table in TABLES:
            one, other = (
                f"select * {hidden} from {side}.nba_precompute.{table} where {where}" for side in "ab"
            )
            (count,) = connection.execute(
                f"select count(*) from (({one} except all {other}) union all ({other} except all {one}))"
            ).fetchone()
            if count:
                found[table] = count
    return found


def _run(command: list, warehouse: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"NBA_DUCKDB_PATH": str(warehouse)} | environment
    return processes.run([str(part) for part in command], environment)
