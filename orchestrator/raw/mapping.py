"""Mappings: how the columns of a kind of file become those of the raw tables.

A format that the project knows and a mapping that a user writes are the same thing: a YAML file (the formats
are in orchestrator/raw/formats). docs/formats.md explains its keys with an example.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from orchestrator.core.errors import UserError
from orchestrator.raw.opening import Sheet
from orchestrator.raw.tables import RAW_TABLES, RawTable

FORMATS = Path(__file__).parent / "formats"
KEYS = {"title", "columns", "without", "may_lack", "files", "header", "oddities", "by_row", "tables"}
TABLE_KEYS = {"from", "fallback", "columns"}


@dataclass(frozen=True)
class TableMapping:
    """The rows of one raw table that a file gives."""

    table: RawTable
    rows: str
    """SQL over `source`, the rows of the file with all columns as text and in lower case; `teams`; and
    `games`, the games of this load, for the tables that come after them."""
    columns: dict[str, str]
    """SQL over the columns of `rows`, by column of the table."""
    rank: str
    """SQL over the columns of `rows`: of rows of one key that several files have, those of the lowest rank
    count. 0 for what counts first."""

    @property
    def absent(self) -> list[str]:
        """The columns that models read and the file does not give: they will be NULL."""
        return [
            column.name
            for column in self.table.columns
            if column.required and column.name not in self.columns
        ]


@dataclass(frozen=True)
class Mapping:
    """A kind of file: how it is recognised, and what it gives."""

    name: str
    title: str
    columns: tuple[str, ...]
    """A file with all of these columns is of this kind, the more of them the surer."""
    without: tuple[str, ...]
    """A file with one of these is not."""
    may_lack: tuple[str, ...]
    """Columns that some files of this kind do not have; they are NULL there."""
    files: str | None
    """Only a file whose name matches this pattern is of this kind; or a table in one, as `file.db, table`."""
    has_header: bool
    """Whether the first line of a CSV names the columns; otherwise they are column0 and so on."""
    by_row: bool
    """Whether a row says the same in whatever file it stands, so that many small files are read together."""
    oddities: dict[str, str]
    """What to warn of, and SQL over `source` that gives a text per case, as column `example`."""
    tables: tuple[TableMapping, ...]

    def fits(self, sheet: Sheet) -> bool:
        """Tell whether a table in a file is of this kind."""
        return (
            (
                self.files is None
                or any(fnmatchcase(name, self.files) for name in (sheet.path.name, sheet.name))
            )
            and set(self.columns) <= set(sheet.columns)
            and not set(self.without) & set(sheet.columns)
        )


@cache
def formats() -> tuple[Mapping, ...]:
    """Return the formats that the project knows."""
    return tuple(read(path) for path in sorted(FORMATS.glob("*.yml")))


def read(path: Path) -> Mapping:
    """Read a mapping; UserError names the key that is wrong."""
    try:
        entries = yaml.safe_load(path.read_text())
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(entries, dict):
        raise UserError(f"{path} is not a mapping: it must have the keys {', '.join(sorted(KEYS))}")
    _refuse_unknown(path, "it", entries, KEYS)
    given = entries.get("tables")
    if not isinstance(given, dict) or not given:
        raise UserError(f"{path}: `tables` must name the raw tables that the file gives")
    known = {table.name: table for table in RAW_TABLES}
    _refuse_unknown(path, "tables", given, known)
    columns, files = _names(path, entries, "columns"), entries.get("files")
    if not columns and not files:
        raise UserError(f"{path} fits any file: say in `columns`, or in `files`, which ones it is for")
    if entries.get("header") is False and not files:
        raise UserError(
            f"{path}: a file without a header is known by its name: give `files`, such as '*.csv'"
        )
    oddities = entries.get("oddities", {})
    if not isinstance(oddities, dict):
        raise UserError(f"{path}: `oddities` must be a mapping: what they are: SQL that gives examples")
    return Mapping(
        name=path.stem,
        title=str(entries.get("title", path.stem)),
        columns=columns,
        without=_names(path, entries, "without"),
        may_lack=_names(path, entries, "may_lack"),
        files=str(files) if files else None,
        has_header=entries.get("header") is not False,
        by_row=entries.get("by_row") is True,
        oddities={str(what): str(sql) for what, sql in oddities.items()},
        tables=tuple(_table(path, known[name], entry) for name, entry in given.items()),
    )


def _table(path: Path, table: RawTable, entry: Any) -> TableMapping:
    if not isinstance(entry, dict) or not isinstance(entry.get("columns"), dict):
        raise UserError(f"{path}: tables.{table.name} must have `columns`: ours: SQL over the file's")
    _refuse_unknown(path, f"tables.{table.name}", entry, TABLE_KEYS)
    known = {column.name for column in table.columns}
    _refuse_unknown(path, f"tables.{table.name}.columns", entry["columns"], known)
    columns = {name: str(sql) for name, sql in entry["columns"].items()}
    if key := [name for name in table.key or () if name not in columns]:
        raise UserError(f"{path}: tables.{table.name}.columns lacks {', '.join(key)}, the key of its rows")
    fallback = entry.get("fallback", 0)
    rank = str(int(fallback)) if isinstance(fallback, bool) else str(fallback)
    return TableMapping(table, str(entry.get("from", "select * from source")), columns, rank)


def _names(path: Path, entries: dict, key: str) -> tuple[str, ...]:
    names = entries.get(key, [])
    if not isinstance(names, list):
        raise UserError(f"{path}: `{key}` must be a list of names of columns")
    return tuple(str(name).lower() for name in names)


def _refuse_unknown(path: Path, where: str, entries: dict, known: Collection[str]) -> None:
    if unknown := [str(name) for name in entries if name not in known]:
        raise UserError(
            f"{path}: {where} has no {', '.join(unknown)}; choose from {', '.join(sorted(known))}"
        )
