"""What dbt would send to BigQuery, compiled without BigQuery: models, data tests, analyses and hooks.

Run by the project's own Python, in a process of its own because dbt's flags are global:
`python compile_project.py question.json answer.json`, where the question is `{"vars": {...}}` and the answer
a list of scripts for the analyzer (see analyzer.py), in the order of the DAG. Views and tables come as the
`create` statements that dbt wraps them in, so that what is analyzed declares what comes after. `phase3` among
the vars chooses between the two ways to Phase 3.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT))

from orchestrator.raw.tables import RAW_TABLES  # noqa: E402

TYPES = {
    "BIGINT": "int64",
    "BOOLEAN": "bool",
    "DATE": "date",
    "DOUBLE": "float64",
    "TIMESTAMP": "timestamp",
    "VARCHAR": "string",
}


def compile_project(variables: dict[str, str]) -> list[dict[str, Any]]:
    """Return the scripts: `id`, `kind` (source, seed, model, test, analysis, hook) and `sql`."""
    from dbt.cli.main import dbtRunner

    hooks = _Hooks()
    with tempfile.TemporaryDirectory() as target:
        options = [
            "--quiet", "--no-introspect", "--no-populate-cache", "--target", "emulator",
            "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--target-path", target,
            "--log-path", target, "--vars", json.dumps(variables),
        ]  # fmt: skip
        # A Python model holds no SQL. Excluding it would exclude its tests, but for the last option.
        selection = ["--exclude", "int_ml_features", "--indirect-selection", "empty"]
        with hooks.rendered():
            compiled = dbtRunner().invoke(["compile", *options, *selection])
        if not compiled.success:
            sys.exit(f"the project does not compile for BigQuery: {compiled.exception}")
        manifest = json.loads((Path(target) / "manifest.json").read_text())
    code = {
        result.node.unique_id: result.node.compiled_code
        for result in compiled.result
        if result.node.resource_type in ("model", "analysis", "test")
    }
    return list(_scripts(manifest, code, hooks.code))


class _Hooks:
    """dbt compiles no hooks: each is rendered beside its model, as a run over existing tables renders it."""

    def __init__(self) -> None:
        self.code: dict[str, list[str]] = {}

    def rendered(self) -> Any:
        from contextlib import ExitStack
        from unittest.mock import patch

        from dbt.adapters.bigquery import BigQueryAdapter
        from dbt.task.compile import CompileRunner

        compile_only = CompileRunner.compile

        def compile_and_render(runner: Any, manifest: Any) -> Any:
            node = compile_only(runner, manifest)
            if not self.code:
                for operation in manifest.nodes.values():
                    if operation.resource_type == "operation":
                        self._render(operation, [operation.raw_code], runner.config, manifest)
            if node.resource_type == "model":
                hooks = [hook.sql for hook in (*node.config.pre_hook, *node.config.post_hook)]
                self._render(node, hooks, runner.config, manifest)
            return node

        def existing(adapter: Any, database: str, schema: str, identifier: str) -> Any:
            return adapter.Relation.create(database, schema, identifier, type="table")

        patches = ExitStack()
        patches.enter_context(patch.object(CompileRunner, "compile", compile_and_render))
        patches.enter_context(patch.object(BigQueryAdapter, "get_relation", existing))
        patches.enter_context(patch.object(BigQueryAdapter, "create_schema", lambda *_: None))
        return patches

    def _render(self, node: Any, hooks: list[str], config: Any, manifest: Any) -> None:
        from dbt import selected_resources
        from dbt.clients.jinja import get_rendered
        from dbt.context.providers import generate_runtime_model_context
        from dbt.flags import get_flags

        flags = get_flags()
        was = flags.WHICH, selected_resources.SELECTED_RESOURCES
        object.__setattr__(flags, "WHICH", "run")
        selected_resources.set_selected_resources(manifest.nodes)
        try:
            context = generate_runtime_model_context(node, config, manifest)
            self.code[node.unique_id] = [get_rendered(hook, context, node) for hook in hooks]
        finally:
            object.__setattr__(flags, "WHICH", was[0])
            selected_resources.set_selected_resources(was[1])


def _scripts(
    manifest: dict[str, Any], code: dict[str, str], hooks: dict[str, list[str]]
) -> Iterator[dict[str, Any]]:
    for name, sql in _hooks(hooks, "operation."):
        yield {"id": name, "kind": "hook", "sql": sql}
    for source in manifest["sources"].values():
        if source["source_name"] != "nba_bookkeeping":
            declare = _declared_raw_table if source["source_name"] == "nba_raw" else _declared_table
            yield {"id": source["unique_id"], "kind": "source", "sql": declare(source)}
    for seed in manifest["nodes"].values():
        if seed["resource_type"] == "seed":
            columns = ", ".join(f"{name} {type_}" for name, type_ in seed["config"]["column_types"].items())
            sql = f"create table {seed['relation_name']} ({columns})"
            yield {"id": seed["unique_id"], "kind": "seed", "sql": sql}
    for model in _in_order(manifest):
        if model["config"]["materialized"] == "ephemeral":
            continue  # its SQL stands in the models that read it
        yield {"id": model["unique_id"], "kind": "model", "sql": _create(model, code)} | _declared(model)
    for name, sql in _hooks(hooks, "model."):
        yield {"id": name, "kind": "hook", "sql": sql}
    for name, sql in code.items():
        kind = name.split(".")[0]
        if kind != "model":
            yield {"id": name, "kind": kind, "sql": sql}


def _hooks(hooks: dict[str, list[str]], kind: str) -> Iterator[tuple[str, str]]:
    for node, codes in hooks.items():
        for number, sql in enumerate(codes):
            if node.startswith(kind) and sql.strip():
                yield f"{node}.hook_{number}", sql


def _declared_raw_table(source: dict[str, Any]) -> str:
    (table,) = [table for table in RAW_TABLES if table.name == source["name"]]
    columns = [f"{column.name} {TYPES[column.type]}" for column in table.columns]
    return f"create table {source['relation_name']} ({', '.join(columns)}, ingested_at timestamp)"


def _declared_table(source: dict[str, Any]) -> str:
    """A table of the warehouse's own, as its source declares it."""
    columns = [f"{column['name']} {column['data_type']}" for column in source["columns"].values()]
    by = source["config"]["meta"]["partitioned_by"]
    return f"create table {source['relation_name']} ({', '.join(columns)}) partition by {by}"


def _in_order(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """Parents first."""
    done: list[dict[str, Any]] = []
    todo = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    while todo:
        waiting = {node["unique_id"] for node in todo}
        ready = [node for node in todo if not waiting.intersection(node["depends_on"]["nodes"])]
        done += ready
        todo = [node for node in todo if node not in ready]
    return done


def _create(model: dict[str, Any], code: dict[str, str]) -> str:
    relation, config = model["relation_name"], model["config"]
    if config["materialized"] == "view":
        return f"create or replace view {relation} as {code[model['unique_id']]}"
    if model["language"] == "python":
        columns = ", ".join(f"{column['name']} {column['data_type']}" for column in model["columns"].values())
        return f"create table {relation} ({columns})"
    partition = config.get("partition_by")
    by = f" partition by {partition['field']}" if partition else ""
    if partition and partition["granularity"] != "day":
        by = f" partition by date_trunc({partition['field']}, {partition['granularity']})"
    if config.get("cluster_by"):
        by += f" cluster by {', '.join(config['cluster_by'])}"
    return f"create or replace table {relation}{by} as (\n{code[model['unique_id']]}\n)"


def _declared(model: dict[str, Any]) -> dict[str, Any]:
    """The columns that the contract promises, where there is one."""
    types = {column["name"]: column["data_type"] for column in model["columns"].values()}
    return {"declared": types} if model["config"]["contract"]["enforced"] else {}


def main() -> None:
    """Answer the question of one file in another."""
    question, answer = map(Path, sys.argv[1:])
    answer.write_text(json.dumps(compile_project(json.loads(question.read_text())["vars"])))


if __name__ == "__main__":
    main()
