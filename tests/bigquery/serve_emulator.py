"""Serve BigQuery's emulator on this machine, with what dbt-bigquery needs and it lacks.

Run by the Python of `.venv-bigquery` (see emulator.py): `python serve_emulator.py PORT FOLDER PROJECT`, where
port 0 takes a free one. Says `http://127.0.0.1:PORT` on standard output once it listens, and ends when its
standard input does: however whoever started it ends, no emulator stays behind.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
from pathlib import Path
from typing import Any

import uvicorn
from duckdb_extensions import import_extension
from local_bigquery.jobs import query
from local_bigquery.settings import settings


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


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


def main() -> None:
    """Serve until standard input ends."""
    port, folder, project = sys.argv[1:]
    # DuckDB looks for extensions in the home of its user; these come as packages, and are copied there once.
    for extension in ("icu", "ducklake", "spatial"):
        import_extension(extension)
    settings.data_dir, settings.default_project_id = Path(folder), project
    listening = socket.create_server(("127.0.0.1", int(port)))
    threading.Thread(target=_end_with_parent, daemon=True).start()
    print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
    server = uvicorn.Server(uvicorn.Config("local_bigquery:app", log_level="warning"))
    server.run(sockets=[listening])


if __name__ == "__main__":
    main()
