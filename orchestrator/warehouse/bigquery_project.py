"""The BigQuery warehouse: the datasets of one project."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.core.command_line import describe
from orchestrator.core.errors import HeldError, UserError
from orchestrator.core.project import PRECOMPUTE, PROJECT_DIR, RAW
from orchestrator.warehouse.base import Bytes, Connection, Statement, Warehouse
from orchestrator.warehouse.bigquery_client import Access, connect, explained

if TYPE_CHECKING:
    import pyarrow
    from google.cloud.bigquery import QueryJobConfig, Table

# A backfill renews its lease while it lives; one that has not for this long is dead.
LEASE = timedelta(minutes=15)
RENEW_SECONDS = 240.0


@dataclass(frozen=True)
class BigQueryProject(Warehouse):
    """A project as a target of profiles.yml describes it, or the emulator."""

    target: str  # pyrefly: ignore[bad-override]: a frozen field
    bills_bytes = True
    load_first = "upload raw data first: `python orchestrate.py upload --to bigquery`"

    def __str__(self) -> str:
        """Name it by its project."""
        return f"BigQuery project {self._name}"

    @property
    def state_folder(self) -> Path:
        """In NBA_STATE_DIR, or in the project's folder."""
        return self._beside(".state")

    @property
    def lock_path(self) -> Path:
        """In NBA_STATE_DIR, or in the project's folder."""
        return self._beside(".lock")

    def check(self) -> None:
        """Raise UserError without a project or credentials, or when nobody answers."""
        from google.api_core.exceptions import NotFound
        from google.cloud.bigquery import DEFAULT_RETRY

        connection = self._connection
        # The client would try for ten minutes.
        patience = {"retry": DEFAULT_RETRY.with_timeout(10), "timeout": 10}
        with explained(self._name), suppress(NotFound):
            connection.client.get_dataset(f"{connection.project}.{RAW}", **patience)

    def fingerprint(self) -> None:
        """Return None: only a look inside tells."""

    @contextmanager
    def reading(self) -> Generator[Connection]:
        """Open; every call is its own."""
        with explained(self._name):
            yield _BigQueryConnection(self._connection)

    writing = reading

    @contextmanager
    def lease(self, holder: dict[str, Any]) -> Generator[None]:
        """Hold a table that only one process can create, as long as this one lives.

        It expires by itself unless renewed. A lease of this machine belongs to a killed process, as this one
        holds the machine's lock.
        """
        with explained(self._name):
            table = self._take_lease(holder)
        ended = threading.Event()
        renewing = threading.Thread(target=self._renew, args=(table, ended), daemon=True)
        renewing.start()
        try:
            yield
        finally:
            ended.set()
            renewing.join()
            with suppress(Exception):  # it expires
                self._connection.client.delete_table(table, not_found_ok=True)

    def planned_bytes(self, queries: Sequence[str]) -> Bytes:
        """Ask for a dry run of each query, which costs nothing."""
        from google.api_core.exceptions import BadRequest, Forbidden, NotFound
        from google.cloud.bigquery import QueryJobConfig

        client = self._connection.client

        def ask(sql: str) -> int | None:
            config = QueryJobConfig(dry_run=True, use_query_cache=False)
            try:
                return client.query(sql, job_config=config).total_bytes_processed
            except (NotFound, BadRequest, Forbidden) as error:
                # It reads a table that no run has built yet. Of absent tables BigQuery sometimes says that
                # access is denied, "or perhaps" they do not exist.
                if isinstance(error, Forbidden) and "does not exist" not in str(error):
                    raise
                return None

        with explained(self._name), ThreadPoolExecutor(8) as pool:
            found = list(pool.map(ask, queries))
        return Bytes(sum(filter(None, found)), found.count(None))

    @property
    def _name(self) -> str:
        default = "local-project" if self.target == "emulator" else "(NBA_BIGQUERY_PROJECT is not set)"
        return os.environ.get("NBA_BIGQUERY_PROJECT", default)

    def _beside(self, suffix: str) -> Path:
        return PROJECT_DIR / os.environ.get("NBA_STATE_DIR", "") / f"{self._name}.{self.target}{suffix}"

    @cached_property
    def _connection(self) -> Access:
        return connect(self.target)

    # --- the lease -------------------------------------------------------------------------------

    def _take_lease(self, holder: dict[str, Any]) -> Table:
        from google.api_core.exceptions import Conflict, NotFound
        from google.cloud.bigquery import Dataset, SchemaField, Table

        connection = self._connection
        dataset = Dataset(f"{connection.project}.{PRECOMPUTE}")
        dataset.location = connection.location
        connection.client.create_dataset(dataset, exists_ok=True)
        name = f"{connection.project}.{PRECOMPUTE}.backfill_lease"
        wanted = Table(name, [SchemaField("holder", "STRING")])
        wanted.description = json.dumps(holder)
        wanted.expires = datetime.now(UTC) + LEASE
        for _ in range(2):
            try:
                return connection.client.create_table(wanted)
            except Conflict:
                try:
                    found = connection.client.get_table(wanted)
                except NotFound:  # it was released just now
                    continue
                other = _holder(found)
                if other and other["host"] != holder["host"]:
                    raise HeldError(
                        f"another backfill of {self} is running: on {other['host']}, {describe(other)}\n"
                        f"  Its lease expires {LEASE} after its last sign of life."
                    ) from None
                connection.client.delete_table(found, not_found_ok=True)
        raise UserError(f"the lease {name} could not be taken: try again")

    def _renew(self, table: Table, ended: threading.Event) -> None:
        while not ended.wait(RENEW_SECONDS):
            with suppress(Exception):  # the next renewal may succeed before it expires
                table.expires = datetime.now(UTC) + LEASE
                self._connection.client.update_table(table, ["expires"])


class _BigQueryConnection(Connection):
    def __init__(self, connection: Access):
        self._client, self._project = connection.client, connection.project

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple]:
        return [row.values() for row in self._query(sql, parameters)]

    def records(self, sql: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        return [dict(row.items()) for row in self._query(sql, parameters)]

    def arrow(self, sql: str) -> pyarrow.Table:
        # Not by the Storage API: its package is not among those that dbt-bigquery needs.
        return self._query(sql, ()).to_arrow(create_bqstorage_client=False)

    def write(self, statements: Sequence[Statement]) -> None:
        for sql, parameters in statements:
            self._query(sql, parameters)

    def tables_in(self, dataset: str) -> set[str]:
        from google.api_core.exceptions import NotFound

        try:
            return {table.table_id for table in self._client.list_tables(f"{self._project}.{dataset}")}
        except NotFound:
            return set()

    def _query(self, sql: str, parameters: Sequence[Any]) -> Any:
        with explained(self._project):
            return self._client.query_and_wait(sql, job_config=self._config(parameters))

    def _config(self, parameters: Sequence[Any]) -> QueryJobConfig:
        from google.cloud.bigquery import ConnectionProperty, QueryJobConfig, ScalarQueryParameter

        config = QueryJobConfig(
            query_parameters=[ScalarQueryParameter(None, _type_of(value), value) for value in parameters]
        )
        if self._client.project != self._project:  # one project pays, another one has the data
            config.connection_properties = [ConnectionProperty("dataset_project_id", self._project)]
        return config


# The order matters: bool is a kind of int, datetime a kind of date.
_TYPES = {bool: "BOOL", int: "INT64", float: "FLOAT64", datetime: "TIMESTAMP", date: "DATE"}


def _type_of(value: Any) -> str:
    return next((name for kind, name in _TYPES.items() if isinstance(value, kind)), "STRING")


def _holder(table: Table) -> dict[str, Any] | None:
    try:
        found = json.loads(table.description or "")
        return {name: found[name] for name in ("host", "pid", "since", "command")}
    except (ValueError, KeyError, TypeError):
        return None
