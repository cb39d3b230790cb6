"""The one place that imports and calls dbt."""

from __future__ import annotations

import gc
import json
import os
import re
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from orchestrator.core.errors import UserError
from orchestrator.core.fingerprint import project_files
from orchestrator.core.project import PROJECT_DIR, phase5_is_on, warehouse_path
from orchestrator.core.registry import ALL_TABLES
from orchestrator.core.windows import Window

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

    from orchestrator.warehouse.base import Warehouse


TRAINING = "tag:training"
"""Views over the finished tables; whoever exports makes them."""


class ModelFailure(NamedTuple):
    """A model that failed, or None as its name when dbt itself did."""

    model: str | None
    folder: str | None
    """staging, phase3, intermediate, phase4 or coverage."""
    message: str
    sql_path: str | None
    """The compiled code, from the project's root."""

    def __str__(self) -> str:
        """Show as `model: message`."""
        return f"{self.model}: {self.message}" if self.model else self.message


@dataclass
class RunResult:
    """The result of a dbt invocation."""

    success: bool
    failures: list[ModelFailure] = field(default_factory=list)
    succeeded: list[str] = field(default_factory=list)
    """Models that were built."""

    @property
    def messages(self) -> str:
        """What failed, a line or more each."""
        return "\n".join(map(str, self.failures))


def reusable(manifest: Manifest) -> Manifest:
    """Prepare a parsed project for another call of dbt in this process.

    dbt notes on a model that its ephemeral parents have been written into its code. The next call compiles
    that code again, and would leave them out because of the note.
    """
    from dbt.contracts.graph.nodes import CompiledNode

    for node in manifest.nodes.values():
        if isinstance(node, CompiledNode) and node.extra_ctes_injected:
            node.extra_ctes_injected, node.extra_ctes, node._pre_injected_sql = False, [], None
    return manifest


class Runner:
    """Calls dbt in this process: parsed once, then one invocation per window with the manifest reused.

    Raises BusyError for any failure caused by another process that holds the warehouse.
    """

    def __init__(self, warehouse: Warehouse, run_id: str = ""):
        # dbt keeps hundreds of thousands of objects: collect garbage less often.
        gc.set_threshold(100_000)
        from dbt.cli.main import dbtRunner

        self._warehouse = warehouse
        self._dbt_runner = dbtRunner
        self._run_id = run_id
        self._manifest = None
        self._project_files = project_files()

    def parse(self) -> None:
        """Parse the project, without vars: a var in a config would be frozen for every window after.

        Of the warehouse's path only the file's name gets into what is parsed (dbt calls the database by it),
        so dbt is shown no more: it would parse everything anew for each folder.
        """
        with environment("NBA_DUCKDB_PATH", warehouse_path().name):
            result = self._dbt_runner().invoke(["parse", *self._options()])
        if not result.success:
            raise UserError(f"the dbt project does not parse: {result.exception}")
        self._manifest = result.result

    @property
    def manifest(self) -> Manifest | None:
        """The parsed project for another call of dbt; None before it was parsed."""
        return reusable(self._manifest) if self._manifest else None

    @property
    def is_parsed(self) -> bool:
        """Tell whether the project was parsed."""
        return self._manifest is not None

    def prepare(self) -> RunResult:
        """Load the seeds and make the views (staging, calendar, coverage) that planning reads."""
        return self._invoke(
            "build",
            "--resource-type", "seed", "--resource-type", "model",
            "--select", "resource_type:seed", "config.materialized:view",
            "--exclude", TRAINING,  # it reads tables that are not there yet
            *self._vars(),
        )  # fmt: skip

    def make_training_views(self) -> RunResult:
        """Make the views of the training set; the feature store must be there."""
        if not self.is_parsed:
            self.parse()
        return self._invoke("run", "--select", TRAINING, *self._vars())

    def build(
        self,
        window: Window,
        tables: Sequence[str] = ALL_TABLES,
        on_node: Callable[[str, int, int], None] | None = None,
        *,
        with_coverage: bool = False,
    ) -> RunResult:
        """Build these tables, and all they are made from, for a window.

        `on_node` is told which model finished, how many have, and how many there are. The views stay as
        prepared, except `with_coverage`: the views of the coverage, and those for Phase 5, read the tables
        that existed when they were made.
        """
        views = ["phase4_coverage", "int_window_coverage", "int_coverage_tables"]
        if phase5_is_on():  # dbt refuses a selection that is empty
            views.append("path:models/phase5")
        return self._invoke(
            "run",
            "--select", *self._selection(tables),
            *(views if with_coverage else []),
            *self._vars(start=str(window.start), end=str(window.end)),
            on_node=on_node,
        )  # fmt: skip

    def prepare_for(self, tables: Sequence[str]) -> RunResult:
        """Load the seeds and make only the views that these tables are made from."""
        if not self.is_parsed:
            self.parse()
        return self._invoke(
            "build",
            "--resource-type", "seed", "--resource-type", "model",
            "--select", "resource_type:seed", *(f"+{table},config.materialized:view" for table in tables),
            *self._vars(),
        )  # fmt: skip

    def build_on(self, window: Window, models: Sequence[str], given: Sequence[str]) -> RunResult:
        """Build models for a window on given tables, which stay as they are, like all views."""
        return self._invoke(
            "run",
            "--select", *models,
            "--exclude", "config.materialized:view", *given,
            "--vars", json.dumps({"start": str(window.start), "end": str(window.end), "given": list(given)}),
        )  # fmt: skip

    def queries(self, window: Window, tables: Sequence[str] = ALL_TABLES) -> list[str]:
        """Return the SQL that building a window would read with: of each model, and of what it replaces."""
        results, found = self._call(
            "compile",
            "--select", *self._selection(tables), "--indirect-selection", "empty",  # without their tests
            *self._vars(start=str(window.start), end=str(window.end)),
        )  # fmt: skip
        if not found.success:
            raise UserError("the models do not compile:\n  " + "\n  ".join(map(str, found.failures)))
        queries = [entry.node.compiled_code for entry in results if entry.node.language == "sql"]
        replaced = [entry.node for entry in results if entry.node.config.materialized == "incremental"]
        return queries + [
            f"select * from {node.relation_name} where {node.config.meta['window']['column']} "
            f"between date '{window.start}' and date '{window.end}'"
            for node in replaced
        ]

    def release(self) -> None:
        """Release a warehouse file: while dbt holds it, no other process can even read it."""
        if self._warehouse.target == "duckdb":
            from dbt.adapters.duckdb.connections import DuckDBConnectionManager

            DuckDBConnectionManager.close_all_connections()

    @staticmethod
    def _selection(tables: Sequence[str]) -> list[str]:
        kinds = ("config.materialized:table", "config.materialized:incremental")
        return [f"+{table},{kind}" for table in tables for kind in kinds]

    def _vars(self, **more: str) -> list[str]:
        return ["--vars", json.dumps({"project_files": self._project_files, "run_id": self._run_id, **more})]

    def _options(self) -> list[str]:
        return [
            "--project-dir", str(PROJECT_DIR),
            "--profiles-dir", str(PROJECT_DIR),
            "--target", self._warehouse.target,
            "--log-path", str(PROJECT_DIR / "logs"),
            "--log-level", "none",
            "--no-write-json",  # a manifest for each call would cost a third of a second
            # A path of its own: dbt runs with other vars would invalidate the parsed project, and vice versa.
            "--target-path", str(PROJECT_DIR / "target" / "orchestrate" / self._warehouse.target),
        ]  # fmt: skip

    def _invoke(
        self, command: str, *arguments: str, on_node: Callable[[str, int, int], None] | None = None
    ) -> RunResult:
        found = self._call(command, *arguments, on_node=on_node)[1]
        if not found.success:
            # What dbt raised holds its cursors, in cycles: they would keep the warehouse open.
            gc.collect()
        return found

    def _call(
        self, command: str, *arguments: str, on_node: Callable[[str, int, int], None] | None = None
    ) -> tuple[list, RunResult]:
        finished = 0

        def on_event(event) -> None:
            nonlocal finished
            if on_node and event.info.name == "LogModelResult":
                finished += 1
                on_node(event.data.node_info.node_name, finished, event.data.total)

        # A relative NBA_DUCKDB_PATH means the project's folder, wherever the command was called from.
        here = Path.cwd()
        os.chdir(PROJECT_DIR)
        try:
            result = self._dbt_runner(manifest=self.manifest, callbacks=[on_event]).invoke(
                [command, *self._options(), *arguments]
            )
        finally:
            os.chdir(here)
            self.release()
        results = getattr(result.result, "results", None) or []
        failures = [
            _failure(entry) for entry in results if entry.status in ("error", "fail", "runtime error")
        ]
        if not result.success and not failures:
            message = str(result.exception).strip() if result.exception else "dbt stopped without saying why"
            failures = [ModelFailure(None, None, message, None)]
        for failure in failures:
            if busy := self._warehouse.busy(failure.message):
                raise busy
        succeeded = [entry.node.name for entry in results if entry.status == "success"]
        return results, RunResult(result.success, failures, succeeded)


MakeRunner = Callable[..., Runner]
"""Called with a warehouse and, for a run, its id."""


@contextmanager
def environment(name: str, value: str) -> Generator[None]:
    """Set a variable for a while."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def _failure(result) -> ModelFailure:
    node = result.node
    path = getattr(node, "compiled_path", None)
    if path and Path(path).is_absolute():
        path = str(Path(path).relative_to(PROJECT_DIR))
    folder = node.fqn[1] if len(node.fqn) > 2 else None
    return ModelFailure(node.name, folder, _own_words(result.message), path)


def _own_words(message: str | None) -> str:
    """Return the engine's message, without dbt's heading and location lines."""
    lines = [line.strip() for line in (message or "no message").strip().splitlines()]
    lines = [line for line in lines if line and not line.startswith("compiled code at ")]
    heading = re.match(r"(\w+ Error) in ", lines[0])
    if heading and len(lines) > 1:
        lines = lines[1:]
        if heading[1] not in ("Runtime Error", "Database Error"):  # these say themselves what they are
            lines[0] = f"{heading[1]}: {lines[0]}"
    return "\n".join(lines)
