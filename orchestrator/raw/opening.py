"""Opens files as tables of text: Parquet, CSV, JSON and SQLite, also compressed or in an archive."""

from __future__ import annotations

import glob
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path

import duckdb

from orchestrator.core import sql_text
from orchestrator.core.errors import UserError
from orchestrator.raw import sqlite_file

READERS = {
    ".parquet": "read_parquet({}, hive_partitioning = false)",
    ".csv": "read_csv({}, header = true, all_varchar = true)",
    ".tsv": "read_csv({}, header = true, all_varchar = true)",
    # Nested values stay JSON.
    ".json": "read_json({}, maximum_depth = 1)",
    ".jsonl": "read_json({}, maximum_depth = 1)",
    ".ndjson": "read_json({}, maximum_depth = 1)",
}
KINDS = {*READERS, *sqlite_file.SUFFIXES}
COMPRESSED = {".gz", ".zst"}
ARCHIVES = {".zip", ".tar", ".tgz", ".txz", ".tar.gz", ".tar.xz", ".tar.bz2"}
RESULT_SETS = {"resultSets", "resultSet"}
RESULT_SET = 'struct("name" varchar, "headers" varchar[], "rowSet" varchar[][])'
TEXT_OF_JSON = "->>'$'"
# What web services wrap around their rows, which are under "data".
ENVELOPE = {"data", "meta", "timestamp", "previous_timestamp", "next_timestamp"}


@dataclass(frozen=True)
class Sheet:
    """A table that a file holds."""

    path: Path
    name: str
    """For messages: the file, and what of it where it holds several tables."""
    columns: tuple[str, ...]
    """In lower case."""
    sql: str
    """A query for its rows, with all columns as text; blank or nested values as they are."""
    make: Callable[[], None] = lambda: None
    """Makes what `sql` reads. To be called before it: what nobody reads is not made."""


def sheets(
    source: Path, scratch: Path, con: duckdb.DuckDBPyConnection, headerless: Sequence[str] = ()
) -> Iterator[Sheet]:
    """Yield the tables of a file, or of all files of a folder; archives are unpacked into `scratch`.

    CSV files whose name matches a pattern in `headerless` have no line with the names of the columns.

    UserError when the source is not there, or a file of a known kind cannot be read.
    """
    if not source.exists():
        raise UserError(f"{source} does not exist. Give a file, or the folder that holds the files.")
    paths = [source] if source.is_file() else sorted(path for path in source.rglob("*") if path.is_file())
    for path in paths:
        if kind_of(path) in ARCHIVES:
            folder = _new_folder(scratch, path)
            _unpack(path, folder)
            yield from sheets(folder, scratch, con, headerless)
        elif kind_of(path) in READERS:
            has_header = not any(fnmatchcase(path.name, pattern) for pattern in headerless)
            yield from _sheets_of(path, con, has_header)
        elif kind_of(path) in sqlite_file.SUFFIXES:
            yield from _tables_of(path, scratch)


def can_be_read(path: Path) -> bool:
    """Tell whether a file's suffix is that of a table or of an archive."""
    return kind_of(path) in KINDS or kind_of(path) in ARCHIVES


def kind_of(path: Path) -> str:
    """Return the suffix that says how a file is read: .csv of a.csv.gz, .tar.xz of b.tar.xz."""
    suffixes = [suffix.lower() for suffix in path.suffixes[-2:]]
    if "".join(suffixes) in ARCHIVES:
        return "".join(suffixes)
    if suffixes and suffixes[-1] in COMPRESSED:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


def _sheets_of(path: Path, con: duckdb.DuckDBPyConnection, has_header: bool) -> Iterator[Sheet]:
    reader = READERS[kind_of(path)].format(sql_text.text(glob.escape(str(path))))
    if not has_header:
        reader = reader.replace("header = true", "header = false")
    try:
        try:
            described = con.execute(f"describe from {reader}").fetchall()
        except duckdb.Error as error:
            if "maximum_object_size" not in str(error):
                raise
            reader = reader.replace("maximum_depth", f"{_room_for_one_object(path)}, maximum_depth")
            described = con.execute(f"describe from {reader}").fetchall()
        types = {name: type_ for name, type_, *_ in described}
        columns = list(types)
        if found := RESULT_SETS.intersection(columns):
            yield from _result_sets(path, reader, found.pop(), con)
            return
        if "json" in kind_of(path) and set(columns) <= ENVELOPE and "data" in columns:
            yield _contents(path, reader, con)
            return
    except duckdb.Error as error:
        raise UserError(
            f"{path.name} cannot be read as {kind_of(path)[1:]}: {sql_text.reason(error)}. "
            "It may be damaged or cut short: fetch it again."
        ) from None
    as_text = ", ".join(
        # JSON has its text in quotes, unless it is asked for as text.
        f"{sql_text.name(name)}{TEXT_OF_JSON if type_ == 'JSON' else '::varchar'} "
        f"as {sql_text.name(name.lower())}"
        for name, type_ in types.items()
    )
    yield Sheet(path, path.name, tuple(name.lower() for name in columns), f"select {as_text} from {reader}")


def _room_for_one_object(path: Path) -> str:
    """Return the option for a file that is one large object, as the shots of a season are.

    Room is taken at once, whatever is in the file; hence not for every file.
    """
    unpacked = 32 if path.suffix.lower() in COMPRESSED else 1
    return f"maximum_object_size = {path.stat().st_size * unpacked + 1024}"


def _result_sets(path: Path, reader: str, key: str, con: duckdb.DuckDBPyConnection) -> Iterator[Sheet]:
    """stats.nba.com's own form: sets of rows, each row a list in the order of the set's headers."""
    # The reader makes lists of texts itself: as JSON, a season of shots would be held several times over.
    type_ = RESULT_SET if key == "resultSet" else f"{RESULT_SET}[]"
    reader = reader.replace("maximum_depth = 1", f"columns = {{{key}: {sql_text.text(type_)}}}")
    sets = f"select {'' if key == 'resultSet' else 'unnest'}({key}) as one from {reader}"
    for number, (name, headers) in enumerate(
        con.execute(f"select one.name, one.headers from ({sets})").fetchall()
    ):
        columns = ", ".join(
            f"cells[{place}] as {sql_text.name(header.lower())}"
            for place, header in enumerate(headers or [], start=1)
        )
        rows = (
            'select unnest(one."rowSet") as cells '
            f"from (select one, row_number() over () - 1 as number from ({sets})) where number = {number}"
        )
        yield Sheet(
            path,
            f"{path.name}, {name}",
            tuple(header.lower() for header in headers or []),
            f"select {columns or 'cells'} from ({rows})",
        )


def _contents(path: Path, reader: str, con: duckdb.DuckDBPyConnection) -> Sheet:
    """Open an answer of a web service: its rows are a list, or one object, under "data"."""
    rows = (
        "select unnest(case json_type(data) when 'ARRAY' then from_json(data, '[\"json\"]') else [data] end) "
        f"as row from (select to_json(data) as data from {reader})"
    )
    keys = [
        key
        for (key,) in con.execute(
            f"select distinct unnest(json_keys(row)) from ({rows}) order by 1"
        ).fetchall()
    ]
    columns = ", ".join(
        f"row->>{sql_text.text(f'$.{sql_text.name(key)}')} as {sql_text.name(key.lower())}" for key in keys
    )
    return Sheet(
        path, path.name, tuple(key.lower() for key in keys), f"select {columns or 'row'} from ({rows})"
    )


def _tables_of(path: Path, scratch: Path) -> Iterator[Sheet]:
    """Yield the tables of a SQLite file; one that is read is first copied to a CSV."""
    if path.suffix.lower() in COMPRESSED:
        raise UserError(f"{path.name} is a compressed database: unpack it first, or put it into a zip.")
    folder = _new_folder(scratch, path)
    for number, (table, columns) in enumerate(sqlite_file.tables(path).items()):
        copy = folder / f"{number}.csv"
        names = tuple(name.lower() for name in columns)
        yield Sheet(
            path,
            f"{path.name}, {table}",
            names,
            f"from {sqlite_file.reader(copy, names)}",
            partial(sqlite_file.export, path, table, columns, copy),
        )


def _new_folder(scratch: Path, path: Path) -> Path:
    folder = scratch / f"{len(list(scratch.iterdir()))}-{path.name}"
    folder.mkdir()
    return folder


def _unpack(path: Path, folder: Path) -> None:
    try:
        if path.suffix.lower() == ".zip":
            with zipfile.ZipFile(path) as archive:
                archive.extractall(folder)
        else:
            with tarfile.open(path) as archive:
                archive.extractall(folder, filter="data")
    except (OSError, EOFError, zipfile.BadZipFile, tarfile.TarError) as error:
        raise UserError(f"{path.name} cannot be unpacked: {error}. Fetch it again.") from None
