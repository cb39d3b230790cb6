"""Raw data into the warehouse: from somebody's files, or from an invented league."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from orchestrator.duckdb_file import DuckDBFile
from orchestrator.ingest import IngestReport, ingest
from orchestrator.project import RAW, REFERENCE
from orchestrator.raw_files import Warn


def load_files(
    source: Path, warehouse: DuckDBFile, seasons: Sequence[str] = (), *, warn: Warn
) -> IngestReport:
    """Load files and, into a new warehouse, the seeds that `dbt run` needs beside them."""
    report = ingest(source, warehouse.path, seasons, warn=warn)
    with warehouse.reading() as connection:
        seeded = connection.has_table(REFERENCE, "feature_catalogue")
    if not seeded:
        from orchestrator.runner import Runner

        runner = Runner(warehouse)
        runner.parse()
        runner.seed()
    return report


def load_demo(
    warehouse: DuckDBFile, seasons: int, seed: int, *, keep: Path | None, if_empty: bool, warn: Warn
) -> IngestReport | None:
    """Load an invented league through the same checks as files; None when `if_empty` and it is not.

    `keep` names a folder for the generated files, which are otherwise thrown away.
    """
    if if_empty and warehouse.path.exists():
        with warehouse.reading() as connection:
            if connection.has_table(RAW, "games"):
                return None
    from orchestrator.demo import write_league

    with TemporaryDirectory(prefix="nba-demo-") as scratch:
        folder = keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        write_league(folder, seasons, seed)
        return load_files(folder, warehouse, warn=warn)
