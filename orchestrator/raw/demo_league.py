"""Loads an invented league into the warehouse."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from orchestrator.core.errors import UserError
from orchestrator.core.project import RAW
from orchestrator.raw.files import Warn
from orchestrator.raw.load import IS_OTHER, How, IngestReport, ingest
from orchestrator.warehouse.duckdb_file import DuckDBFile


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
    """Load an invented league through the same checks as files; None when `if_empty` and there is raw data.

    `keep` names a folder for the generated files, which are otherwise deleted. UserError when the warehouse
    holds games of a real league.
    """
    if warehouse.path.exists():
        with warehouse.reading() as connection:
            if connection.has_table(RAW, "games"):
                if if_empty:
                    return None
                ((others,),) = connection.rows(f"select count(*) from {RAW}.games where {IS_OTHER}")
                if others:
                    raise UserError(
                        f"the warehouse {warehouse} holds {others:,} games of a real league, and an "
                        "invented one cannot stand beside them: set NBA_DUCKDB_PATH to a new file"
                    )
    from demo import write_league

    with TemporaryDirectory(prefix="nba-demo-") as scratch:
        folder = keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        write_league(folder, seasons, seed)
        # Another league has other games on the same days, so it must replace the stored one.
        whole = replace(how or How(), whole_seasons=True, may_remove=lambda what: True)
        return ingest(folder, warehouse.path, whole, warn=warn)
