"""Reads the tables of a SQLite file, by Python's own sqlite3: DuckDB's extension would be a download."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from orchestrator.core import sql_text
from orchestrator.core.errors import UserError

SUFFIXES = {".sqlite", ".sqlite3", ".db"}

# How NULL is written: blank text must stay blank text.
NULL = r"\N"
CHUNK = 10_000
"""Rows that are in memory at once. Ctrl-C is heard between two chunks."""
SECONDS_FOR_A_LOCK = 2


def tables(path: Path) -> dict[str, tuple[str, ...]]:
    """Return the columns of each table of a file. Views are left out: their rows are those of tables.

    So are virtual tables, which need a module. UserError when the file cannot be read, or holds no table.
    """
    with _opened(path) as con:
        names = [
            name
            for (name,) in con.execute(
                "select name from sqlite_master where type = 'table' and name not glob 'sqlite_*' "
                "and sql not like 'create virtual%' order by name"
            )
        ]
        found = {
            name: tuple(column for (column,) in con.execute("select name from pragma_table_info(?)", [name]))
            for name in names
        }
    if not found:
        raise UserError(f"{path.name} has no tables. It may be cut short: fetch it again.")
    return found


def export(path: Path, table: str, columns: Sequence[str], target: Path) -> None:
    """Write the rows of a table as CSV without a header, a chunk at a time; UserError as for `tables`."""
    values = ", ".join(f"coalesce({sql_text.name(column)}, '{NULL}')" for column in columns)
    with _opened(path) as con, target.open("w", encoding="utf-8", newline="") as file:
        rows = con.execute(f"select {values} from {sql_text.name(table)}")
        # The writer quotes what has a character of the line's end: with \n alone it would leave \r bare.
        writer = csv.writer(file, lineterminator="\r\n")
        while chunk := rows.fetchmany(CHUNK):
            writer.writerows(chunk)


def reader(target: Path, columns: Sequence[str]) -> str:
    """Return SQL for what `export` wrote: nothing is guessed, every value is text."""
    types = ", ".join(f"{sql_text.text(column)}: 'VARCHAR'" for column in columns)
    return (
        f"read_csv({sql_text.text(str(target))}, columns = {{{types}}}, auto_detect = false, header = false, "
        f"delim = ',', quote = '\"', escape = '\"', nullstr = '{NULL}', new_line = '\\r\\n')"
    )


@contextmanager
def _opened(path: Path) -> Generator[sqlite3.Connection]:
    try:
        with closing(sqlite3.connect(_uri(path), uri=True, timeout=SECONDS_FOR_A_LOCK)) as con:
            yield con
    except (sqlite3.Error, OSError) as error:
        advice = (
            "Another program is writing to it: close that, then run ingest again"
            if "locked" in str(error)
            else "It may be damaged, cut short, or no SQLite file: fetch it again, or move it away"
        )
        raise UserError(f"{path.name} cannot be read as sqlite: {error}. {advice}.") from None


def _uri(path: Path) -> str:
    """Open for reading only, and leave nothing beside the file.

    A file whose last writer used a write-ahead log, and has closed it, would get one again even from a
    reader; in a folder that cannot be written to, it could not be read at all.
    """
    with path.open("rb") as file:
        header = file.read(100)
    mode = "mode=ro"
    if not path.with_name(f"{path.name}-wal").exists():
        _refuse_cut_short(path, header)
        if header[18:20] == b"\x02\x02":
            mode = "mode=ro&immutable=1"
    return f"{path.resolve().as_uri()}?{mode}"


def _refuse_cut_short(path: Path, header: bytes) -> None:
    """Compare the size with the header: SQLite reads zeros, that is NULL, where the last page is cut."""
    page, pages = int.from_bytes(header[16:18], "big"), int.from_bytes(header[28:32], "big")
    size = (65536 if page == 1 else page) * pages
    # The two are equal where the number of pages is true.
    is_known = header[:6] == b"SQLite" and header[24:28] == header[92:96]
    if is_known and (found := path.stat().st_size) < size:
        raise sqlite3.DatabaseError(f"it has {found:,} of {size:,} bytes")
