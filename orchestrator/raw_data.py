"""Raw data into the warehouse: from somebody's files, or from an invented league."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from orchestrator import seeds
from orchestrator.duckdb_file import DuckDBFile
from orchestrator.ingest import How, IngestReport, ingest
from orchestrator.project import RAW, REFERENCE
from orchestrator.raw_files import Warn


def load_files(source: Path, warehouse: DuckDBFile, how: How | None = None, *, warn: Warn) -> IngestReport:
    """Load files and, into a new warehouse, the seeds that `dbt run` needs beside them."""
    how = how or How()
    report = ingest(source, warehouse.path, how, warn=warn)
    if how.only_check:
        return report
    with warehouse.reading() as connection:
        seeded = connection.tables_in(REFERENCE)
    if not seeded.issuperset(seeds.names()):
        from orchestrator.runner import Runner

        runner = Runner(warehouse)
        runner.parse()
        runner.seed()
    return report


def load_demo(
    warehouse: DuckDBFile,
    seasons: int,
    seed: int,
    how: How | None = None,
    *,
    keep: Path | None,
    if_empty: bool,
    warn: Warn,
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
        return load_files(folder, warehouse, how, warn=warn)
