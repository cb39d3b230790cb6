"""Serve BigQuery's emulator on this machine, with what dbt-bigquery needs and it lacks.

Run by the Python of `.venv-bigquery` (see emulator.py): `python serve_emulator.py PORT FOLDER PROJECT`, where
port 0 takes a free one. Says `http://127.0.0.1:PORT` on standard output once it listens, and ends when its
standard input does: however whoever started it ends, no emulator stays behind.
"""

from __future__ import annotations

import gc
import os
import re
import socket
import sys
import threading
from collections import deque
from pathlib import Path
from typing import Any

import uvicorn
from duckdb_extensions import import_extension
from local_bigquery.catalog import tables
from local_bigquery.engine import database
from local_bigquery.jobs import query, runner
from local_bigquery.settings import settings
from local_bigquery.sql import rules
from sqlglot import exp

# DuckDB looks for it a dozen times in every query, and it is not there.
sys.modules["pandas"] = None


def _with_destination(execute: Any) -> Any:
    """Name the table that `create table as` made as the job's destination.

    BigQuery does, and dbt counts the rows there.
    """

    def executed(*arguments: Any, dry_run: bool = False, **options: Any) -> Any:
        statistics, children, destination = execute(*arguments, dry_run=dry_run, **options)
        if destination is None and not dry_run and statistics.statementType == "CREATE_TABLE_AS_SELECT":
            destination = statistics.ddlTargetTable
        return statistics, children, destination

    return executed


query.execute = _with_destination(query.execute)


def _attach(connection: Any, project: str) -> None:
    """Keep tables in memory: in the emulator's lake of files each query takes three times as long."""
    connection.execute(f"attach if not exists ':memory:' as {database.quote(project)}")
    database._attached.add(project)


database._attach = _attach


_drop = database.execute


def _forgetting(execute: Any) -> Any:
    """Drop what queries answered long ago: each answer is a table among which names are looked up."""
    answered: deque[tuple[str, str]] = deque()

    def executed(job: Any, *arguments: Any) -> None:
        execute(job, *arguments)
        answered.append((job.jobReference.projectId, job.jobReference.jobId))
        if len(answered) > 100:
            project, old = answered.popleft()
            _drop(f"drop table if exists {tables.name(project, tables.RESULTS, old)}")

    return executed


runner._execute = _forgetting(runner._execute)


class _Catalog:
    """What DuckDB's catalog says, remembered until something may have changed it.

    The emulator asks several times for each table of each query, and DuckDB goes through all there is.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[Any, ...], Any] = {}
        self._thread = threading.local()

    def remembering(self, look_up: Any) -> Any:
        """Look up what is not known. Whoever is changing something sees what it is now.

        Answers to queries come and go unnoticed: they are none of this.
        """

        def remembered(*asked: Any) -> Any:
            words = [tuple(part) if isinstance(part, list) else part for part in asked]
            about_catalog = look_up is not _fetch or re.search("duckdb_(tables|columns)", asked[0])
            if not about_catalog or tables.RESULTS in str(words) or getattr(self._thread, "changes", False):
                return look_up(*asked)
            known, key = self._known, (look_up, *words)  # a change meanwhile begins another one
            if key not in known:
                known[key] = look_up(*asked)
            return known[key]

        return remembered

    def changed_by(self, change: Any, harmless: Any = lambda *arguments: False) -> Any:
        """Forget everything after a change, also one that failed."""

        def changed(*arguments: Any, **options: Any) -> Any:
            if harmless(*arguments):
                return change(*arguments, **options)
            outer, self._thread.changes = getattr(self._thread, "changes", False), True
            try:
                return change(*arguments, **options)
            finally:
                self._thread.changes, self._known = outer, {}

        return changed


_catalog, _fetch = _Catalog(), database.fetch
database.fetch = _catalog.remembering(_fetch)
database.execute = _catalog.changed_by(database.execute)
tables.columns = _catalog.remembering(tables.columns)
query._run = _catalog.changed_by(query._run, lambda _, tree, *more: isinstance(tree, exp.Query))
runner._execute = _catalog.changed_by(runner._execute, lambda _, kind, *more: kind == "query")


def _offsets_are_whole_numbers(tree: exp.Expression, _: Any) -> exp.Expression:
    """Count from 0 also where the emulator does not know an offset's type, as behind `select *`."""
    for element in tree.find_all(exp.Bracket):
        if element.args.get("offset") is not None:
            element.expressions[0].type = exp.DataType.build("bigint")
    return tree


rules.STATEMENT_RULES.append(_offsets_are_whole_numbers)

_SURELY_NO_DECIMAL = exp.DataType.INTEGER_TYPES | exp.DataType.TEXT_TYPES | {exp.DataType.Type.DATE}


def _decimals_without_trailing_zeros(node: exp.Expression, _: Any) -> exp.Expression:
    """Show NUMERIC 12.5 as '12.5', as BigQuery does, where DuckDB shows all nine digits of its own type."""
    if not (isinstance(node, exp.Cast) and node.to.this in exp.DataType.TEXT_TYPES):
        return node
    if node.this.type and node.this.type.this in _SURELY_NO_DECIMAL:
        return node

    def call(name: str, *arguments: exp.Expression | str) -> exp.Anonymous:
        return exp.Anonymous(this=name, expressions=[exp.convert(argument) for argument in arguments])

    is_decimal = call("starts_with", call("typeof", node.this.copy()), "DECIMAL")
    shown = call("rtrim", call("rtrim", node.copy(), "0"), ".")
    return exp.Case(ifs=[exp.If(this=is_decimal, true=shown)], default=node)


rules.NODE_RULES.append(_decimals_without_trailing_zeros)


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


def main() -> None:
    """Serve until standard input ends."""
    port, folder, project = sys.argv[1:]
    # DuckDB looks for extensions in the home of its user; these come as packages, and are copied there once.
    for extension in ("icu", "ducklake", "spatial"):
        import_extension(extension)
    gc.set_threshold(100_000, 20, 50)  # a query is thousands of objects: look less often for those in cycles
    settings.data_dir, settings.default_project_id = Path(folder), project
    listening = socket.create_server(("127.0.0.1", int(port)))
    threading.Thread(target=_end_with_parent, daemon=True).start()
    print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
    server = uvicorn.Server(uvicorn.Config("local_bigquery:app", log_level="warning"))
    server.run(sockets=[listening])


if __name__ == "__main__":
    main()
