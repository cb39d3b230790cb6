"""dbt, behind a small class: the one place that imports it and knows how to call it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.errors import UserError
from orchestrator.project import PROJECT_DIR, warehouse_path
from orchestrator.windows import Window

# What a window builds: every table, and the view that counts them. The other views stay as prepared.
WINDOWED = ("config.materialized:table", "config.materialized:incremental", "phase4_coverage")


@dataclass
class RunResult:
    """What a dbt invocation came to."""

    success: bool
    failures: list[str] = field(default_factory=list)
    """`model: message`, one for each node that failed."""


class Runner:
    """Calls dbt in this process: parsed once, then one invocation per window with the manifest reused."""

    def __init__(self, log_dir: Path | None = None):
        from dbt.cli.main import dbtRunner

        self._dbt_runner = dbtRunner
        self._log_dir = log_dir or PROJECT_DIR / "logs"
        self._manifest = None

    def parse(self) -> None:
        """Parse the project, without vars: a var in a config would be frozen for every window after.

        Of the warehouse's path only the file's name gets into what is parsed (dbt calls the database by it),
        so dbt is shown no more: it would parse everything anew for each folder.
        """
        with _environment("NBA_DUCKDB_PATH", warehouse_path().name):
            result = self._dbt_runner().invoke(["parse", *self._options()])
        if not result.success:
            raise UserError(f"the dbt project does not parse: {result.exception}")
        self._manifest = result.result

    def prepare(self) -> RunResult:
        """Load the seeds and make the views (staging, calendar, expected dates): what planning reads."""
        return self._invoke(
            "build",
            "--resource-type", "seed", "--resource-type", "model",
            "--select", "resource_type:seed", "config.materialized:view",
            "--exclude", "phase4_coverage",
        )  # fmt: skip

    def seed(self) -> None:
        """Load the seeds: teams, and the feature catalogue."""
        result = self._invoke("seed")
        if not result.success:
            raise UserError("the seeds could not be loaded:\n  " + "\n  ".join(result.failures))

    def build(self, window: Window, on_node: Callable[[], None] | None = None) -> RunResult:
        """Build every table for a window. `on_node` is called as each model finishes."""
        return self._invoke(
            "run",
            "--select", *WINDOWED,
            "--vars", json.dumps({"start": str(window.start), "end": str(window.end)}),
            on_node=on_node,
        )  # fmt: skip

    def tables(self) -> int:
        """Return how many models a window builds."""
        return 1 + sum(
            node.resource_type == "model" and node.config.materialized != "view"
            for node in self._manifest.nodes.values()
        )

    def release(self) -> None:
        """Let go of the warehouse file: while dbt holds it no other process can open it, not even to read."""
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager

        DuckDBConnectionManager.close_all_connections()

    def _options(self) -> list[str]:
        return [
            "--project-dir", str(PROJECT_DIR),
            "--profiles-dir", str(PROJECT_DIR),
            "--log-path", str(self._log_dir),
            "--log-level", "none",
            "--no-write-json",  # a manifest for each call would cost a third of a second
            # Its own: a dbt run with other vars would throw away what was parsed, and the other way round.
            "--target-path", str(PROJECT_DIR / "target" / "orchestrate"),
        ]  # fmt: skip

    def _invoke(self, command: str, *arguments: str, on_node: Callable[[], None] | None = None) -> RunResult:
        def on_event(event) -> None:
            if on_node and event.info.name == "NodeFinished":
                on_node()

        # A relative NBA_DUCKDB_PATH means the project's folder, wherever the command was called from.
        here = Path.cwd()
        os.chdir(PROJECT_DIR)
        try:
            result = self._dbt_runner(manifest=self._manifest, callbacks=[on_event]).invoke(
                [command, *self._options(), *arguments]
            )
        finally:
            os.chdir(here)
            self.release()
        failures = _failures(result.result.results) if hasattr(result.result, "results") else []
        if result.exception and not failures:
            failures = [str(result.exception).strip()]
        if not result.success and not failures:
            failures = ["dbt stopped without saying why (was it interrupted?)"]
        return RunResult(result.success, failures)


@contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def _failures(results: Sequence) -> list[str]:
    return [
        f"{result.node.name}: {result.message.strip()}"
        for result in results
        if result.status in ("error", "fail", "runtime error") and result.message
    ]
