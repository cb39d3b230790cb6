"""Uploads the raw tables of the DuckDB warehouse to BigQuery, season by season.

Each table and season is loaded as one Parquet file into a table of its own, and takes its place together with
its entry in `nba_raw.published` in one transaction. So you may interrupt a run at any point: every season is
complete or untouched, and the next run loads the rest.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from orchestrator.core import sql_text
from orchestrator.core.errors import UsageError, UserError
from orchestrator.core.project import RAW
from orchestrator.core.seasons import start_year
from orchestrator.raw.files import Warn
from orchestrator.raw.tables import RAW_TABLES, RawTable
from orchestrator.warehouse.base import LOAD_FIRST, Connection
from orchestrator.warehouse.bigquery_client import Access, explained
from orchestrator.warehouse.duckdb_file import DuckDBFile

if TYPE_CHECKING:
    from google.cloud.bigquery import SchemaField, Table

DATASET = RAW
TYPES = {
    "BIGINT": "INT64",
    "BOOLEAN": "BOOL",
    "DATE": "DATE",
    "DOUBLE": "FLOAT64",
    "TIMESTAMP": "TIMESTAMP",
    "VARCHAR": "STRING",
}
# The client's answers use the older names.
_SAME_TYPE = {"INTEGER": "INT64", "BOOLEAN": "BOOL", "FLOAT": "FLOAT64"}

# A season is what is replaced, and a game what is looked up. No partitions: staging chooses the newest row of
# a key before a date is known, so no filter could prune them.
_CLUSTERING = {
    table.name: ["season", "game_id"] if table.has_season_column else list(table.part) for table in RAW_TABLES
}

MANIFEST = "published"  # stored: the name outlived that of the command
_MANIFEST_COLUMNS = {
    "table_name": "STRING",
    "season": "STRING",
    "row_count": "INT64",
    "content_hash": "STRING",
    "published_at": "TIMESTAMP",
}
ATTEMPTS = 4


@dataclass(frozen=True)
class Chunk:
    """A season of a raw table in the warehouse."""

    table: str
    season: str | None
    """None for a table that knows no seasons."""
    rows: int
    content_hash: str
    """Of what the rows say, in any order; when they were ingested does not count."""
    reason: str = ""
    """Why it is loaded: `new`, `changed`, or which columns or rows BigQuery lacks."""

    def __str__(self) -> str:
        """Show as `player_box 2021-22`."""
        return f"{self.table} {self.season}" if self.season else self.table


@dataclass
class Uploaded:
    """The result of a run."""

    project: str
    dataset: str
    dry_run: bool
    loaded: list[Chunk]
    unchanged: list[Chunk]

    def as_json(self) -> dict[str, Any]:
        """Return it for `--json`."""
        return asdict(self)


OnLoaded = Callable[[Chunk, int, int, float], None]
"""Called after each chunk: the chunk, its number, the total, and the seconds it took."""


def upload(
    warehouse: DuckDBFile,
    to: Access,
    seasons: Sequence[str] = (),
    *,
    dry_run: bool = False,
    on_loaded: OnLoaded = lambda *_: None,
    warn: Warn = lambda _: None,
) -> Uploaded:
    """Load what BigQuery's `nba_raw` lacks or has differently; seasons that only BigQuery has stay."""
    for season in seasons:
        start_year(season)
    warehouse.check()
    with explained(to.project), TemporaryDirectory(prefix="nba-upload-") as scratch:
        remote = _Remote(to)
        # Close the warehouse before the slow part, so that others can write to it.
        with warehouse.reading() as opened:
            local = _chunks(opened, seasons)
            todo = remote.compare(local)
            if not seasons:
                remote.note_others(warn)
            result = Uploaded(
                to.project, DATASET, dry_run, todo, [chunk for chunk in local if _find(todo, chunk) is None]
            )
            if dry_run:
                return result
            files = [_export(opened, chunk, Path(scratch)) for chunk in todo]
        remote.create_missing()
        remote.add_columns()
        for number, (chunk, file) in enumerate(zip(todo, files, strict=True), 1):
            began = time.monotonic()
            remote.put(chunk, file)
            file.unlink()
            on_loaded(chunk, number, len(todo), time.monotonic() - began)
    return result


# --- the warehouse ---------------------------------------------------------------------------------


def _chunks(warehouse: Connection, asked: Sequence[str]) -> list[Chunk]:
    there = warehouse.tables_in(DATASET)
    if missing := [table.name for table in RAW_TABLES if table.name not in there]:
        raise UserError(f"the warehouse has no {DATASET}.{', '.join(missing)}: {LOAD_FIRST}")
    for table in RAW_TABLES:
        _refuse_missing_columns(warehouse, table)
    chunks = [
        Chunk(table.name, season, rows, f"{content:x}")
        for table in RAW_TABLES
        for season, rows, content in warehouse.rows(_summary(table))
        if not asked or season is None or season in asked
    ]
    known = {chunk.season for chunk in chunks}
    if absent := [season for season in asked if season not in known]:
        raise UsageError(f"the warehouse has no raw data of {', '.join(absent)}")
    return chunks


def _refuse_missing_columns(warehouse: Connection, table: RawTable) -> None:
    found = warehouse.rows(
        "select column_name from information_schema.columns where table_schema = ? and table_name = ?",
        [DATASET, table.name],
    )
    there = {name for (name,) in found}
    if missing := [column.name for column in table.columns if column.name not in there]:
        raise UserError(
            f"{DATASET}.{table.name} comes from an earlier version and has no column {', '.join(missing)}. "
            "Nothing was uploaded.\n"
            "  Load any file again with `orchestrate.py ingest --from DIR`, which adds what is missing, then "
            "upload again."
        )


def _summary(table: RawTable) -> str:
    row = f"row({', '.join(sql_text.name(column.name) for column in table.columns)})"
    return (
        # Half of an md5, summed: whatever the order, and rows that are there twice count twice.
        f"select {table.season or 'null'}, count(*), sum(md5_number_lower(to_json({row})::varchar)) "
        f"from {DATASET}.{table.name} group by 1 order by 1"
    )


def _export(warehouse: Connection, chunk: Chunk, folder: Path) -> Path:
    table = _table(chunk)
    stamps = {column.name for column in table.columns if column.type == "TIMESTAMP"} | {"ingested_at"}
    columns = ", ".join(
        # A timestamp that is UTC by agreement becomes one that says so: BigQuery's other kind is DATETIME.
        f"{quoted} at time zone 'UTC' as {quoted}" if name in stamps else quoted
        for name, quoted in ((name, sql_text.name(name)) for name in columns_of(table))
    )
    file = folder / f"{chunk}.parquet"
    warehouse.rows(
        f"copy (select {columns} from {DATASET}.{table.name} "
        f"where {table.rows_of(chunk.season)}) to {sql_text.text(str(file))} "
        "(format parquet, compression zstd)"
    )
    return file


def _table(chunk: Chunk) -> RawTable:
    return next(table for table in RAW_TABLES if table.name == chunk.table)


def _find(chunks: Sequence[Chunk], like: Chunk) -> Chunk | None:
    return next((found for found in chunks if (found.table, found.season) == (like.table, like.season)), None)


# --- BigQuery --------------------------------------------------------------------------------------


class _Remote:
    """`nba_raw` in BigQuery."""

    def __init__(self, to: Access):
        """Look at the tables; one with different columns is an error."""
        self._client, self._project, self._location = to.client, to.project, to.location
        self._shapes = {table.name: columns_of(table) for table in RAW_TABLES} | {MANIFEST: _MANIFEST_COLUMNS}
        self._lacking: dict[str, dict[str, str]] = {}
        """Columns that tables of an earlier version lack: types by name, by table."""
        self._there = {name for name in self._shapes if self._has(name)}
        self._others: dict[str, int] = {}

    def compare(self, local: Sequence[Chunk]) -> list[Chunk]:
        """Return the chunks to load, with the reason.

        Trust the manifest only where the table has as many rows of the season as it says.
        """
        manifest = self._manifest()
        todo = []
        for table in RAW_TABLES:
            chunks = [chunk for chunk in local if chunk.table == table.name]
            for chunk, count in zip(chunks, self._count(table, chunks), strict=True):
                known = manifest.get((chunk.table, chunk.season))
                if known is None:
                    reason = "not uploaded by this command" if count else "new"
                elif table.name in self._lacking:
                    reason = f"no {', '.join(self._lacking[table.name])} there yet"
                elif known != (chunk.rows, chunk.content_hash):
                    reason = "changed"
                elif known[0] != count:
                    reason = f"{known[0]:,} rows were uploaded, {count:,} are there"
                else:
                    continue
                todo.append(replace(chunk, reason=reason))
        return todo

    def note_others(self, warn: Warn) -> None:
        """Warn that seasons which only BigQuery has stay."""
        for name, others in self._others.items():
            if others:
                warn(
                    f"{DATASET}.{name} has {others:,} rows there of seasons that the warehouse "
                    "lacks: they stay"
                )

    def create_missing(self) -> None:
        """Create what is absent: the dataset, the tables, the manifest."""
        from google.api_core.exceptions import NotFound
        from google.cloud.bigquery import Dataset, Table

        try:
            self._client.get_dataset(f"{self._project}.{DATASET}")
        except NotFound:
            dataset = Dataset(f"{self._project}.{DATASET}")
            dataset.location = self._location
            self._client.create_dataset(dataset, exists_ok=True)
        for name, columns in self._shapes.items():
            if name not in self._there:
                table = Table(self._path(name), _schema(columns))
                table.clustering_fields = _CLUSTERING.get(name)
                self._client.create_table(table, exists_ok=True)

    def add_columns(self) -> None:
        """Give tables of an earlier version the columns that came later, NULL in the rows that are there."""
        for name, columns in self._lacking.items():
            # One statement: BigQuery takes few changes of a table's shape in ten seconds.
            added = ", ".join(f"add column if not exists `{column}` {columns[column]}" for column in columns)
            self._client.query_and_wait(f"alter table `{self._path(name)}` {added}")

    def put(self, chunk: Chunk, file: Path) -> None:
        """Replace a season's rows by those of a file, all or none, with retries."""
        from google.api_core import exceptions
        from requests.exceptions import RequestException
        from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

        # The client itself retries calls; what fails here is a whole upload or job.
        transient = (exceptions.ServerError, exceptions.TooManyRequests, RequestException, ConnectionError)
        for attempt in Retrying(
            retry=retry_if_exception_type(transient),
            stop=stop_after_attempt(ATTEMPTS),
            wait=wait_exponential_jitter(initial=1, max=30),
            reraise=True,
        ):
            with attempt:
                self._put(chunk, file)

    def _put(self, chunk: Chunk, file: Path) -> None:
        from google.cloud.bigquery import LoadJobConfig, SourceFormat, Table

        schema = _schema(columns_of(_table(chunk)))
        arriving = Table(self._path(f"arriving_{chunk.table}_{uuid.uuid4().hex[:12]}"), schema)
        # If this process is killed, BigQuery removes the table.
        arriving.expires = datetime.now(UTC) + timedelta(days=1)
        arriving = self._client.create_table(arriving)
        try:
            config = LoadJobConfig(
                source_format=SourceFormat.PARQUET, schema=schema, labels=self._labels(chunk)
            )
            with file.open("rb") as content:
                job = self._client.load_table_from_file(
                    content, arriving.reference, rewind=True, job_config=config
                )
            job.result()
            rows = job.output_rows
            if rows != chunk.rows:
                raise UserError(f"{chunk}: {chunk.rows:,} rows were sent and {rows:,} arrived: upload again")
            self._take_place(chunk, arriving.table_id)
        finally:
            self._client.delete_table(arriving.reference, not_found_ok=True)

    def _take_place(self, chunk: Chunk, arrived: str) -> None:
        """Swap in one transaction: readers see the season as it was or as it is, and the manifest with it."""
        from google.cloud.bigquery import QueryJobConfig, ScalarQueryParameter

        table = _table(chunk)
        columns = ", ".join(f"`{name}`" for name in columns_of(table))
        entry = "table_name = @table_name and ifnull(season, '') = ifnull(@season, '')"
        script = f"""
            begin transaction;
            delete from `{self._path(table.name)}` where {table.rows_of(chunk.season)};
            insert into `{self._path(table.name)}` ({columns})
            select {columns} from `{self._path(arrived)}`;
            delete from `{self._path(MANIFEST)}` where {entry};
            insert into `{self._path(MANIFEST)}` ({", ".join(_MANIFEST_COLUMNS)})
            values (@table_name, @season, @row_count, @content_hash, current_timestamp());
            commit transaction;
        """
        values = (chunk.table, chunk.season, chunk.rows, chunk.content_hash)
        config = QueryJobConfig(
            query_parameters=[
                ScalarQueryParameter(name, type_, value)
                for (name, type_), value in zip(_MANIFEST_COLUMNS.items(), values, strict=False)
            ],
            labels=self._labels(chunk),
        )
        self._client.query_and_wait(script, job_config=config)

    def _labels(self, chunk: Chunk) -> dict[str, str]:
        return {"nba_command": "upload", "nba_table": chunk.table, "nba_season": chunk.season or "any"}

    def _path(self, table: str) -> str:
        return f"{self._project}.{DATASET}.{table}"

    def _has(self, name: str) -> bool:
        from google.api_core.exceptions import NotFound
        from google.cloud.bigquery import DEFAULT_RETRY

        try:
            # The first call of all: fail soon when nobody answers.
            found = self._client.get_table(self._path(name), retry=DEFAULT_RETRY.with_timeout(20), timeout=20)
        except NotFound:
            return False
        there = {field.name: type_of(field) for field in found.schema}
        if lacking := {column: type_ for column, type_ in _addable(name).items() if column not in there}:
            self._lacking[name] = lacking
        self._refuse_other_columns(found, there | lacking, self._shapes[name])
        return True

    def _refuse_other_columns(self, found: Table, there: dict[str, str], columns: dict[str, str]) -> None:
        wrong = [
            f"column {name} is {there.get(name, 'absent')} in BigQuery, {columns.get(name, 'absent')} here"
            for name in (*columns, *(name for name in there if name not in columns))
            if there.get(name) != columns.get(name)
        ]
        if wrong:
            raise UserError(
                f"{found.full_table_id} is not a table of this project: {'; '.join(wrong[:3])}"
                f"{f'; and {len(wrong) - 3} more' if len(wrong) > 3 else ''}. Nothing was changed.\n"
                "  Rename or drop it, then upload again."
            )

    def _manifest(self) -> dict[tuple[str, str | None], tuple[int, str]]:
        if MANIFEST not in self._there:
            return {}
        rows = self._client.query_and_wait(
            f"select table_name, season, row_count, content_hash from `{self._path(MANIFEST)}`"
        )
        return {(row.table_name, row.season): (row.row_count, row.content_hash) for row in rows}

    def _count(self, table: RawTable, chunks: Sequence[Chunk]) -> list[int]:
        """Count the rows of each chunk that are there."""
        if table.name not in self._there:
            return [0] * len(chunks)
        counts = "".join(f", countif({table.rows_of(chunk.season)})" for chunk in chunks)
        (found,) = self._client.query_and_wait(f"select count(*){counts} from `{self._path(table.name)}`")
        total, *of_chunks = found.values()
        self._others[table.name] = total - sum(of_chunks)
        return of_chunks


def columns_of(table: RawTable) -> dict[str, str]:
    """Return the columns of a raw table with BigQuery's types."""
    return {column.name: TYPES[column.type] for column in table.columns} | {"ingested_at": "TIMESTAMP"}


def _addable(name: str) -> dict[str, str]:
    """Return the columns that a stored table may lack, as files may: each is NULL where nobody says it."""
    return {
        column.name: TYPES[column.type]
        for table in RAW_TABLES
        if table.name == name
        for column in table.columns
        if not column.required
    }


def _schema(columns: dict[str, str]) -> list[SchemaField]:
    from google.cloud.bigquery import SchemaField

    return [SchemaField(name, type_) for name, type_ in columns.items()]


def type_of(field: SchemaField) -> str:
    """Return the type of a column that is there."""
    repeated = "ARRAY of " if field.mode == "REPEATED" else ""
    return repeated + _SAME_TYPE.get(field.field_type, field.field_type)
