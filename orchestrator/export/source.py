"""Where an export reads from. DuckDB writes the files, also those of a warehouse on BigQuery."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from orchestrator.core import sql_text
from orchestrator.core.project import PRECOMPUTE, TRAINING
from orchestrator.warehouse.base import Connection, Warehouse

TRAINING_SET, FEATURE_STORE = "training_set", "ml_feature_store"
RELATIONS = {TRAINING_SET: f"{TRAINING}.training_set", FEATURE_STORE: f"{PRECOMPUTE}.ml_feature_store"}


class Source:
    """A DuckDB file."""

    def __init__(self, connection: Connection):
        self.connection = connection

    def about_training_set(self, sql: str) -> list[tuple]:
        """Return the rows of a query on the training set, in DuckDB's SQL."""
        return self.connection.rows(sql)

    def save(self, table: str, sql: str, path: Path, metadata: dict[str, str]) -> None:
        """Write the rows of a query on a table as a Parquet file."""
        self.connection.rows(_copy(sql, path, metadata))


class _BigQuerySource(Source):
    """BigQuery: the training set is downloaded once, the feature store date by date as it is asked for."""

    def __init__(self, connection: Connection, local: duckdb.DuckDBPyConnection):
        super().__init__(connection)
        self._local = local

    def download_training_set(self, seasons: Sequence[int]) -> None:
        where = f"where season_year in ({', '.join(map(str, seasons))})" if seasons else ""
        rows = self.connection.arrow(f"select * from {RELATIONS[TRAINING_SET]} {where}")
        self._local.register("rows", rows)
        self._local.execute(f"create schema {TRAINING}")
        self._local.execute(f"create table {RELATIONS[TRAINING_SET]} as from rows")
        self._local.unregister("rows")

    def about_training_set(self, sql: str) -> list[tuple]:
        return self._local.execute(sql).fetchall()

    def save(self, table: str, sql: str, path: Path, metadata: dict[str, str]) -> None:
        if table == FEATURE_STORE:
            self._local.register("rows", self.connection.arrow(sql))
            sql = "from rows"
        self._local.execute(_copy(sql, path, metadata))


@contextmanager
def opened(warehouse: Warehouse, tables: Sequence[str], seasons: Sequence[int]) -> Generator[Source]:
    """Open a warehouse to export these tables of these seasons, or of all."""
    with warehouse.reading() as connection:
        if warehouse.target == "duckdb":
            yield Source(connection)
            return
        with duckdb.connect() as local:
            source = _BigQuerySource(connection, local)
            if TRAINING_SET in tables:
                source.download_training_set(seasons)
            yield source


def _copy(sql: str, path: Path, metadata: dict[str, str]) -> str:
    pairs = ", ".join(f"{name}: {sql_text.text(value)}" for name, value in metadata.items())
    options = f"format parquet, compression zstd, kv_metadata {{{pairs}}}"
    return f"copy ({sql}) to {sql_text.text(str(path))} ({options})"
