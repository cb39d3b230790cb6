"""Turns files of any known kind into the raw files that a load reads."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from orchestrator.core import seeds, sql_text
from orchestrator.core.errors import UserError
from orchestrator.raw.faults import UNCHANGED
from orchestrator.raw.files import only_row
from orchestrator.raw.mapping import Mapping, TableMapping, formats, read
from orchestrator.raw.opening import KINDS, Sheet, can_be_read, sheets
from orchestrator.raw.tables import GAMES, RAW_TABLES, RawTable

MOST_AT_ONCE = 100
"""Sheets in one query; with thousands, planning it would take long."""
CONVERSIONS = Path(__file__).parent / "conversions.sql"


@dataclass(frozen=True)
class Recognised:
    """A table in a file, and the kind that it is of."""

    sheet: Sheet
    mapping: Mapping


@dataclass
class Conversion:
    """What a folder, or a file, holds and gives."""

    recognised: list[Recognised] = field(default_factory=list)
    unknown: list[Sheet] = field(default_factory=list)
    """What no mapping fits."""

    def sources(self, table: RawTable) -> list[tuple[Recognised, TableMapping]]:
        """Return the sheets that give rows of a table."""
        return [
            (found, given)
            for found in self.recognised
            for given in found.mapping.tables
            if given.table is table
        ]

    def by_title(self) -> dict[str, list[Recognised]]:
        """Return what was recognised by the title of its mapping."""
        found: dict[str, list[Recognised]] = {}
        for one in self.recognised:
            found.setdefault(one.mapping.title, []).append(one)
        return found

    def unknown_by_path(self) -> dict[Path, list[Sheet]]:
        """Return what no mapping fits by its file."""
        found: dict[Path, list[Sheet]] = {}
        for sheet in self.unknown:
            found.setdefault(sheet.path, []).append(sheet)
        return found

    @property
    def lacking(self) -> list[str]:
        """The raw tables that nothing gives."""
        return [table.name for table in RAW_TABLES if not self.sources(table)]


def converted(
    source: Path,
    scratch: Path,
    mappings: Sequence[Path],
    *,
    note: Callable[[str], None],
    inform: Callable[[str], None],
) -> Path:
    """Return the folder of raw files that a source is, or that its files have been converted to.

    A folder that has one of the raw files (games.parquet and so on) is read as it is. `inform` hears as what
    each other file was read, `note` which were ignored. UserError when nothing can be used.
    """
    (unpacked := scratch / "unpacked").mkdir()
    (folder := scratch / "converted").mkdir()
    with duckdb.connect() as con:
        if _is_ours(source, con):
            _note_unknown_files(source, note)
            return source
        con.execute(f"set memory_limit = '1GB'; set temp_directory = {sql_text.text(str(scratch))}")
        found = look(source, unpacked, con, [read(path) for path in mappings])
        for alike in found.unknown_by_path().values():
            note(_ignored(alike))
        if not found.recognised:
            raise UserError(_nothing_known(source, found))
        for title, alike in found.by_title().items():
            tables = ", ".join(given.table.name for given in alike[0].mapping.tables)
            more = f" and {len(alike) - 1} more" if len(alike) > 1 else ""
            inform(f"{alike[0].sheet.name}{more}: read as {title}, gives {tables}")
        write(found, folder, con, note)
    return folder


def _is_ours(source: Path, con: duckdb.DuckDBPyConnection) -> bool:
    """Tell whether a folder has a raw file of ours; another format may use the same file name."""
    for table in RAW_TABLES:
        path = source / table.file
        if not path.is_file():
            continue
        try:
            (sheet,) = sheets(path, source, con)
        except UserError:
            return True  # the load says what is wrong with it
        if not any(mapping.fits(sheet) for mapping in formats()):
            return True
    return False


def _note_unknown_files(source: Path, note: Callable[[str], None]) -> None:
    known = {table.file for table in RAW_TABLES}
    others = sorted(path.name for path in source.iterdir() if path.name not in known and can_be_read(path))
    if others:
        note(
            f"ignored beside the raw files: {', '.join(others)}. "
            "Files of other formats need a folder of their own"
        )


def _ignored(sheets: list[Sheet]) -> str:
    """Say which tables of a file are ignored."""
    first = sheets[0]
    if len(sheets) == 1:
        return f"{first.name} is ignored: no format fits its columns {_some(first.columns)}"
    tables = [sheet.name.removeprefix(f"{sheet.path.name}, ") for sheet in sheets]
    return f"{first.path.name}: {len(sheets)} tables are ignored, no format fits: {_some(tables)}"


def _nothing_known(source: Path, found: Conversion) -> str:
    if not found.unknown:
        return (
            f"{source} has no file that can be read ({', '.join(sorted(KINDS))}, also in an archive). "
            f"{UNCHANGED} Give a folder with {', '.join(table.file for table in RAW_TABLES)}, "
            "or files of a known format (docs/formats.md)."
        )
    sheet, others = found.unknown[0], len(found.unknown) - 1
    more = f", nor those of {others} more (--explain lists them)" if others else ""
    return (
        f"no format fits the columns of {sheet.name}: {_some(sheet.columns)}{more}. {UNCHANGED} "
        "Write a mapping and give it with --mapping; docs/formats.md has an example and the known formats."
    )


def _some(columns: Sequence[str]) -> str:
    more = f" and {len(columns) - 8} more" if len(columns) > 8 else ""
    return ", ".join(columns[:8]) + more


def look(
    source: Path, scratch: Path, con: duckdb.DuckDBPyConnection, mappings: Sequence[Mapping] = ()
) -> Conversion:
    """Recognise the files of a folder, or one file, by their columns. The user's own mappings go first.

    Archives are unpacked into `scratch`. UserError when something cannot be read.
    """
    found = Conversion()
    headerless = [mapping.files for mapping in mappings if mapping.files and not mapping.has_header]
    for sheet in sheets(source, scratch, con, headerless):
        own = [mapping for mapping in mappings if mapping.fits(sheet)]
        known = [mapping for mapping in formats() if mapping.fits(sheet)]
        if own or known:
            # Of several formats the one that asks for the most columns knows the file best.
            best = own[0] if own else max(known, key=lambda mapping: len(mapping.columns))
            found.recognised.append(Recognised(sheet, best))
        else:
            found.unknown.append(sheet)
    return found


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Make what mappings may use: the conversions, `teams`, and `games`, which is still empty."""
    con.execute("create table teams (team_id bigint, team_abbr varchar, team_name varchar, nickname varchar)")
    con.executemany(
        "insert into teams values (?, ?, ?, ?)",
        [
            (int(row["team_id"]), row["team_abbr"], row["team_name"], row["nickname"])
            for row in seeds.rows("nba_teams")
        ],
    )
    con.execute(CONVERSIONS.read_text())
    columns = ", ".join(f"{sql_text.name(column.name)} {column.type}" for column in GAMES.columns)
    con.execute(f"create table games ({columns})")


def write(
    found: Conversion, folder: Path, con: duckdb.DuckDBPyConnection, note: Callable[[str], None]
) -> None:
    """Write the raw files that the recognised sheets give into a folder.

    UserError names the file and the first value that cannot be converted. `note` hears of oddities.
    """
    prepare(con)
    for recognised in found.recognised:
        recognised.sheet.make()
        _note_oddities(recognised, con, note)
    for table in RAW_TABLES:
        parts = [
            part
            for number, (alike, given) in enumerate(_together(found.sources(table)))
            for part in _converted(alike, given, f"{table.name}_{number}", con)
        ]
        if not parts:
            continue
        rows = " union all by name ".join(f"from {part}" for part in parts)
        if table.key and len(parts) > 1:
            key = ", ".join(table.key)
            rows = f"from ({rows}) qualify rank() over (partition by {key} order by _rank) = 1"
        rows = f"select * exclude (_rank) from ({rows})"
        path = sql_text.text(str(folder / table.file))
        con.execute(f"copy ({rows}) to {path} (format parquet, compression zstd)")
        if table is GAMES:
            con.execute(f"insert into games by name from {path}")


def _note_oddities(
    recognised: Recognised, con: duckdb.DuckDBPyConnection, note: Callable[[str], None]
) -> None:
    for what, sql in recognised.mapping.oddities.items():
        with _reading(recognised, what):
            _open([recognised], con)
            count, example = only_row(con.execute(f"select count(*), min(example) from ({sql})"))
        if count:
            note(f"{recognised.sheet.name}: {count:,} {what}; e.g. {example}")


def _together(
    sources: list[tuple[Recognised, TableMapping]],
) -> list[tuple[list[Recognised], TableMapping]]:
    """Put sheets that may be read by one query together: a season can be a thousand files of a game each."""
    found: list[tuple[list[Recognised], TableMapping]] = []
    open_: dict[str, list[Recognised]] = {}
    for recognised, given in sources:
        mapping = recognised.mapping
        alike = open_.get(mapping.name)
        if mapping.by_row and alike and len(alike) < MOST_AT_ONCE:
            alike.append(recognised)
        else:
            open_[mapping.name] = [recognised]
            found.append((open_[mapping.name], given))
    return found


def _converted(
    alike: list[Recognised], given: TableMapping, name: str, con: duckdb.DuckDBPyConnection
) -> list[str]:
    """Convert the rows of sheets into tables whose names begin with this one; return the names."""
    columns = {
        column.name: f"({given.columns.get(column.name, 'null')})::{column.type}"
        for column in given.table.columns
        if column.required or column.name in given.columns
    }
    listed = ", ".join(f"{sql} as {sql_text.name(column)}" for column, sql in columns.items())
    rows = f"select {listed}, ({given.rank})::bigint as _rank from ({given.rows})"
    if len(alike) > 1:
        try:
            _open(alike, con)
            con.execute(f"create temp table {name} as {rows}")
            return [name]
        except duckdb.InterruptException:
            raise
        except duckdb.Error:
            pass  # one by one it shows which file is to blame
    names = []
    for number, recognised in enumerate(alike):
        with _reading(recognised, given.table.name, lambda: _failing(columns, given.rows, con)):
            _open([recognised], con)
            con.execute(f"create temp table {name}_{number} as {rows}")
        names.append(f"{name}_{number}")
    return names


def _open(alike: list[Recognised], con: duckdb.DuckDBPyConnection) -> None:
    """Make the view `source` of sheets of one kind."""
    if len(alike) == 1:
        con.execute(f"create or replace temp view source as {_rows(alike[0])}")
        return
    # A union of files would take the memory of all readers at once.
    names = dict.fromkeys(name for one in alike for name in (*one.sheet.columns, *one.mapping.may_lack))
    columns = ", ".join(f"{sql_text.name(name)} varchar" for name in names)
    con.execute(f"create or replace temp table source_rows ({columns})")
    for one in alike:
        con.execute(f"insert into source_rows by name {_rows(one)}")
    con.execute("create or replace temp view source as from source_rows")


def _rows(recognised: Recognised) -> str:
    """Return a query for the rows of a sheet, with the columns that it may lack."""
    sheet = recognised.sheet
    lacking = [name for name in recognised.mapping.may_lack if name not in sheet.columns]
    more = "".join(f", null::varchar as {sql_text.name(name)}" for name in lacking)
    return f"select *{more} from ({sheet.sql})"


@contextmanager
def _reading(recognised: Recognised, what: str, where: Callable[[], str] = lambda: "") -> Generator[None]:
    """Say which file, and where in what it should give, could not be converted."""
    try:
        yield
    except duckdb.InterruptException:
        raise
    except duckdb.Error as error:
        raise UserError(
            f"{recognised.sheet.name}, read as {recognised.mapping.title}, does not give {what}{where()}: "
            f"{sql_text.reason(error).removeprefix('Invalid Input Error: ')}. {UNCHANGED} "
            "Correct the file, or read it with a mapping of your own (docs/formats.md)."
        ) from None


def _failing(columns: dict[str, str], rows: str, con: duckdb.DuckDBPyConnection) -> str:
    """Return `.column` of the one that cannot be converted, nothing if the rows themselves fail."""
    for column, sql in {"": "1", **columns}.items():
        try:
            con.execute(f"select count({sql}) from ({rows})")
        except duckdb.InterruptException:
            raise
        except duckdb.Error:
            return f".{column}" if column else ""
    return ""


def explained(source: Path, mappings: Sequence[Path] = ()) -> Conversion:
    """Recognise the files of a source without converting any."""
    with TemporaryDirectory(prefix="nba-ingest-") as scratch, duckdb.connect() as con:
        return look(source, Path(scratch), con, [read(path) for path in mappings])
