"""What can be compared: a warehouse file, an export, or a snapshot of the hashes of either."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from orchestrator.compare.engine import attach
from orchestrator.core import sql_text
from orchestrator.core.errors import UserError
from orchestrator.core.project import PRECOMPUTE
from orchestrator.core.registry import ALL_TABLES, STAMPS
from orchestrator.core.seasons import season_name, start_year
from orchestrator.export import files
from orchestrator.export.parts import RELATIONS, TRAINING_SET, seasons_of

WAREHOUSE, EXPORT = "warehouse", "export"
FORMAT = "hashes of content, 1"
"""Says in a snapshot what it is."""


class Part(NamedTuple):
    """What a hash stands for: the rows of one date, or of one season of the training set."""

    season: int
    rows: int
    content_hash: str


class Store(ABC):
    """Tables in parts that have hashes."""

    kind: str
    """What the parts were made of: a warehouse or an export."""
    has_rows = True

    def __init__(self, name: str):
        self.name = name
        self._known: dict[str, dict[str, Part]] = {}

    def parts(self, table: str) -> dict[str, Part]:
        """Return the parts with rows, by date or season; none of a table that is not there."""
        if table not in self._known:
            self._known[table] = self._parts(table)
        return self._known[table]

    @abstractmethod
    def _parts(self, table: str) -> dict[str, Part]:
        """Find them."""

    @property
    @abstractmethod
    def tables(self) -> tuple[str, ...]:
        """The tables that are there; not the training set of a warehouse, which takes a second to hash."""

    @abstractmethod
    def relation(self, table: str, parts: Collection[str]) -> str:
        """Return a relation that holds at least the rows of these parts."""

    @property
    @abstractmethod
    def logic_versions(self) -> dict[str, list[str]]:
        """The versions of the code that built each table, where they are known."""

    def named_hash(self) -> str:
        """Return the one hash that names all parts."""
        lines = [
            f"{table}/{name} {part.content_hash}\n"
            for table in self.tables
            for name, part in sorted(self.parts(table).items())
        ]
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    def as_snapshot(self) -> dict[str, Any]:
        """Return the parts as JSON-ready data."""
        return {
            "format": FORMAT,
            "made_from": self.kind,
            "hash": self.named_hash(),
            "logic_versions": self.logic_versions,
            "tables": {
                table: {name: part._asdict() for name, part in sorted(self.parts(table).items())}
                for table in self.tables
            },
        }


class WarehouseFile(Store):
    """A DuckDB file; the receipts have the hashes of its tables by date."""

    kind = WAREHOUSE

    def __init__(self, name: str, con: duckdb.DuckDBPyConnection, alias: str):
        super().__init__(name)
        attach(con, Path(name), alias)
        self._con = con
        self._alias = alias
        self._columns: dict[str, set[str]] = {}
        for schema, table, column in con.execute(
            "select schema_name, table_name, column_name from duckdb_columns() where database_name = ?",
            [alias],
        ).fetchall():
            self._columns.setdefault(f"{schema}.{table}", set()).add(column)
        if not self.tables:
            raise UserError(
                f"nothing is built in {name}: {PRECOMPUTE} has none of the tables that `backfill` builds"
            )

    @property
    def tables(self) -> tuple[str, ...]:
        """Those that have columns of ours: another system may have tables of the same names."""
        ours = {"analysis_date", "season_year"}
        return tuple(
            table for table in ALL_TABLES if ours <= self._columns.get(f"{PRECOMPUTE}.{table}", set())
        )

    def _parts(self, table: str) -> dict[str, Part]:
        """Count the rows, so that rows which have come or gone since the receipt are noticed."""
        if table == TRAINING_SET:
            return self._seasons()
        if table not in self.tables:
            return {}
        hashed = "content_hash" in self._columns.get(f"{PRECOMPUTE}.receipts", ())
        receipts = (
            f"select analysis_date, row_count, content_hash from {self._alias}.{PRECOMPUTE}.receipts "
            f"where table_name = {sql_text.text(table)}"
            if hashed
            else "select null::date as analysis_date, 0 as row_count, null as content_hash"
        )
        rows = self._con.execute(
            "select strftime(analysis_date, '%Y-%m-%d'), season_year, stored.row_count, "
            "if(receipts.row_count = stored.row_count, content_hash, null) "
            "from (select analysis_date, any_value(season_year) as season_year, count(*) as row_count "
            f"from {self.relation(table, ())} group by analysis_date) as stored "
            f"left join ({receipts}) as receipts using (analysis_date)"
        ).fetchall()
        own = self._hashes(table, [day for day, _, _, content_hash in rows if not content_hash])
        return {day: Part(season, count, known or own[day]) for day, season, count, known in rows}

    def _hashes(self, table: str, days: Sequence[str]) -> dict[str, str]:
        """Hash the rows of dates without a receipt (exhibitions, in the exclusions), or with a wrong one."""
        if not days:
            return {}
        stamps = self._columns[f"{PRECOMPUTE}.{table}"] & set(STAMPS)
        hidden = f"exclude ({', '.join(sorted(stamps))})" if stamps else ""
        rows = self._con.execute(
            "select strftime(analysis_date, '%Y-%m-%d'), "
            "md5(string_agg(md5(one::varchar), '' order by md5(one::varchar))) "
            f"from (select * {hidden} from {self.relation(table, ())} "
            f"where analysis_date in (select unnest([{sql_text.texts(days)}])::date)) as one "
            "group by analysis_date"
        ).fetchall()
        return dict(rows)

    def relation(self, table: str, parts: Collection[str]) -> str:
        """Return the table, or the view."""
        return f"{self._alias}.{RELATIONS.get(table, f'{PRECOMPUTE}.{table}')}"

    @property
    def logic_versions(self) -> dict[str, list[str]]:
        """Read the receipts."""
        if "logic_version" not in self._columns.get(f"{PRECOMPUTE}.receipts", ()):
            return {}
        rows = self._con.execute(
            "select table_name, list(distinct logic_version order by logic_version) "
            f"from {self._alias}.{PRECOMPUTE}.receipts group by table_name"
        ).fetchall()
        return dict(rows)

    def _seasons(self) -> dict[str, Part]:
        if RELATIONS[TRAINING_SET] not in self._columns:
            return {}
        seasons = seasons_of(self.relation(TRAINING_SET, ()), lambda sql: self._con.execute(sql).fetchall())
        return {season_name(season): Part(season, count, found) for season, found, count in seasons}


class ExportFolder(Store):
    """A folder that `export` wrote, as it is now or as it was: DIR, or DIR@HASH."""

    kind = EXPORT

    def __init__(self, name: str, con: duckdb.DuckDBPyConnection, folder: Path, at: str):
        super().__init__(name)
        self._con = con
        self._folder = folder
        self._manifest = files.manifest_of(folder, at)
        self._files: dict[str, dict[str, str]] = {}
        """The path of each part, by table."""
        for path, about in self._manifest["files"].items():
            self._files.setdefault(about["table"], {})[Path(path).stem] = path

    @property
    def tables(self) -> tuple[str, ...]:
        """Those of the manifest."""
        return tuple(self._files)

    def _parts(self, table: str) -> dict[str, Part]:
        """Return what the manifest says."""
        found = {}
        for name, path in self._files.get(table, {}).items():
            about = self._manifest["files"][path]
            found[name] = Part(about["season_year"], about["rows"], about[files.HASH])
        return found

    def relation(self, table: str, parts: Collection[str]) -> str:
        """Return the files of the parts; without any, a file for its columns."""
        own = self._files[table]
        wanted = [path for name, path in own.items() if name in parts] or list(own.values())[:1]
        paths = files.located(self._folder, self._manifest, wanted).values()
        return f"read_parquet([{sql_text.texts([str(path) for path in paths])}], union_by_name = true)"

    @property
    def logic_versions(self) -> dict[str, list[str]]:
        """Return what the manifest says, which is of the feature store."""
        return dict.fromkeys(self._files, self._manifest["logic_versions"])


class Snapshot(Store):
    """Hashes that `snapshot` wrote."""

    has_rows = False

    def __init__(self, name: str, content: dict[str, Any]):
        super().__init__(name)
        self.kind = content["made_from"]
        self._versions = content["logic_versions"]
        self._known = {
            table: {part: Part(**about) for part, about in parts.items()}
            for table, parts in content["tables"].items()
        }
        self._tables = tuple(self._known)

    @property
    def tables(self) -> tuple[str, ...]:
        """Those that were there."""
        return self._tables

    def _parts(self, table: str) -> dict[str, Part]:
        """Return none of a table that was not there."""
        return {}

    def relation(self, table: str, parts: Collection[str]) -> str:
        """Fail: nobody may ask."""
        raise NotImplementedError("a snapshot has no rows")

    @property
    def logic_versions(self) -> dict[str, list[str]]:
        """Return what was written."""
        return self._versions


def open_store(con: duckdb.DuckDBPyConnection, name: str, alias: str) -> Store:
    """Open what a path names; UserError when it is nothing that can be compared."""
    path = Path(name)
    if path.is_dir():
        return ExportFolder(name, con, path, "")
    folder, sign, at = name.rpartition("@")
    if sign and at and not path.exists() and Path(folder).is_dir():
        return ExportFolder(name, con, Path(folder), at)
    if not path.exists():
        raise UserError(f"there is no file or folder {name}")
    try:
        with path.open("rb") as file:
            head = file.read(12)
        # A DuckDB file begins with a checksum, which may be any eight bytes.
        is_json = path.suffix == ".json" or (head[:1] == b"{" and head[8:] != b"DUCK")
        if not is_json:
            return WarehouseFile(name, con, alias)
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] == FORMAT:
            return Snapshot(name, content)
    except OSError as error:
        raise UserError(f"{name} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    raise UserError(f"{name} is no snapshot that this version can read: write it with `snapshot`")


def within(
    parts: dict[str, Part], start: date | None, end: date | None, seasons: Sequence[int]
) -> dict[str, Part]:
    """Return the parts of [start, end] and of these seasons; a season belongs if a day of it may."""
    return {
        name: part
        for name, part in parts.items()
        if (not seasons or part.season in seasons) and _meets(name, start, end)
    }


def _meets(part: str, start: date | None, end: date | None) -> bool:
    is_season = len(part) == len("2023-24")
    first, last = (
        (f"{start_year(part)}-10-01", f"{start_year(part) + 1}-10-31") if is_season else (part, part)
    )
    return (not start or str(start) <= last) and (not end or first <= str(end))
