"""Loads the raw Parquet files into `nba_raw`, all or nothing.

Files are read and checked in memory first, so that a bad file never opens the warehouse; what
passes is written in one transaction, and checked there against what was stored before.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from orchestrator import sql_text
from orchestrator.errors import UsageError, UserError
from orchestrator.project import RAW
from orchestrator.raw_files import UNCHANGED, Warn, is_season, stage
from orchestrator.raw_oddities import note_oddities
from orchestrator.raw_tables import GAMES, PLAYER_BOX, RAW_TABLES, SHOTS, TEAM_BOX, RawTable


@dataclass
class IngestReport:
    """What was loaded: rows by (table, season), season None for `players`; and every warning."""

    rows: dict[tuple[str, str | None], int] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def ingest(source: Path, warehouse: Path, seasons: Sequence[str] = (), *, warn: Warn) -> IngestReport:
    """Load the files of a folder into the warehouse, replacing the seasons they cover.

    With `seasons`, only those are read, checked and replaced. On a `UserError` the warehouse is
    as it was before. `warn` hears of each oddity that is not an error, as it is found.
    """
    asked = _asked_seasons(seasons)
    tables = _tables_present(source)
    report = IngestReport()

    def note(message: str) -> None:
        report.warnings.append(message)
        warn(message)

    for table in RAW_TABLES:
        if table not in tables:
            note(f"{table.file} is not there; {RAW}.{table.name} keeps what it has")

    with TemporaryDirectory(prefix="nba-ingest-") as spill, duckdb.connect() as con:
        # Fifty seasons of shots do not fit into a laptop's memory: what does not fit goes to disk.
        con.execute(f"set memory_limit = '1GB'; set temp_directory = '{spill}'")
        con.execute("create schema staged")
        for table in tables:
            report.rows |= stage(con, table, source / table.file, asked, note)
        _create_loaded_seasons(con, report)
        with _transaction(con, warehouse):
            _write(con, tables, report, note)
            _refuse_unknown_games(con, tables)
            note_oddities(con, note)
    return report


# --- what was asked ---------------------------------------------------------------------------


def _asked_seasons(seasons: Sequence[str]) -> list[str]:
    for season in seasons:
        if not is_season(season):
            raise UsageError(f"{season!r} is not a season. Write it like 2021-22.")
    return sorted(set(seasons))


def _tables_present(source: Path) -> list[RawTable]:
    """Return the tables whose file exists; a required one that does not is an error."""
    if not source.is_dir():
        what = "is not a folder" if source.exists() else "does not exist"
        raise UserError(f"{source} {what}. Give the folder that holds {GAMES.file} and the others.")
    present = [table for table in RAW_TABLES if (source / table.file).is_file()]
    missing = [t.file for t in RAW_TABLES if t not in present and not t.optional]
    if missing:
        raise UserError(
            f"{source} has no {', '.join(missing)}. {UNCHANGED} Add what is missing (odds, "
            "injuries and players are optional), or give another folder."
        )
    return present


# --- everything, into the warehouse -----------------------------------------------------------


@contextmanager
def _transaction(con: duckdb.DuckDBPyConnection, warehouse: Path) -> Iterator[None]:
    """Attach the warehouse as `warehouse`, in one transaction: kept at the end, or none of it."""
    existed = warehouse.exists()
    try:
        warehouse.parent.mkdir(parents=True, exist_ok=True)
        con.execute(f"attach {sql_text.text(str(warehouse))} as warehouse (type duckdb)")
        con.execute("begin")
        yield
        con.execute("commit")
    except BaseException as error:
        con.close()  # rolls back
        someone_made_it = any(sign in str(error) for sign in (LOCKED, ATTACHED))
        if not existed and not someone_made_it:
            for leftover in (warehouse, warehouse.with_name(warehouse.name + ".wal")):
                with suppress(OSError):
                    leftover.unlink()
        if isinstance(error, duckdb.Error | OSError):
            raise _warehouse_error(error, warehouse) from error
        raise


# What DuckDB says when another process, or this one, has the file open.
LOCKED, ATTACHED = "Could not set lock", "already attached"


def _warehouse_error(error: Exception, warehouse: Path) -> UserError:
    reason = sql_text.reason(error)
    holder = re.search(r"PID (\d+)", reason)
    advice = {
        LOCKED: f"Another process{f' ({holder[0]})' if holder else ''} has it open: "
        "wait until it ends, or close it",
        ATTACHED: "This process has it open too: close that connection",
        "not a valid DuckDB": "It is not a DuckDB database: give another path, or move it away",
        "Is a directory": "It is a folder: give the path of a file",
        "Permission denied": "Ask for the right to write there, or give another path",
        "Binder Error": f"Its {RAW} has tables of another shape: drop these first",
        "No space left": "The disk is full: free some space",
    }
    next_step = next((text for sign, text in advice.items() if sign in reason), "Remedy that")
    return UserError(
        f"Cannot write to the warehouse {warehouse}: {reason}. {UNCHANGED} "
        f"{next_step}, then run ingest again."
    )


def _create_loaded_seasons(con: duckdb.DuckDBPyConnection, report: IngestReport) -> None:
    """Give the checks a table of the seasons that this load touches."""
    con.execute("create table staged.loaded_seasons (season varchar)")
    con.execute(
        "insert into staged.loaded_seasons select unnest(?::varchar[])",
        [sorted({season for _, season in report.rows if season})],
    )


def _write(con: duckdb.DuckDBPyConnection, tables: list[RawTable], report: IngestReport, note: Warn) -> None:
    con.execute(f"create schema if not exists warehouse.{RAW}")
    for table in RAW_TABLES:
        columns = ", ".join(f"{sql_text.name(column.name)} {column.type}" for column in table.columns)
        con.execute(
            f"create table if not exists warehouse.{RAW}.{table.name} ({columns}, ingested_at timestamp)"
        )
    con.execute(f"use warehouse.{RAW}")
    now = datetime.now(UTC).replace(tzinfo=None)
    for table in tables:
        covered = [season for name, season in report.rows if name == table.name and season]
        _note_shrunk(con, table, covered, report, note)
        staged = f"memory.staged.{table.name}"
        replaced = [f"{table.season} in ({sql_text.texts(covered)})"] if covered else []
        if table.entity:
            replaced.append(f"{table.entity} in (select {table.entity} from {staged})")
        con.execute(f"delete from {table.name} where {' or '.join(replaced) or 'false'}")
        con.execute(
            f"insert into {table.name} by name select *, ?::timestamp as ingested_at from {staged}",
            [now],
        )


def _note_shrunk(
    con: duckdb.DuckDBPyConnection,
    table: RawTable,
    covered: list[str],
    report: IngestReport,
    note: Warn,
) -> None:
    """A file that holds part of a season replaces all of it: say so."""
    if not covered:
        return
    stored = con.execute(
        f"select {table.season}, count(*) from {table.name} "
        f"where {table.season} in ({sql_text.texts(covered)}) group by 1 order by 1"
    ).fetchall()
    for season, before in stored:
        after = report.rows[table.name, season]
        if after < before:
            note(
                f"{table.file}: {season} now has {after:,} rows, {before:,} were stored before; "
                "a file replaces each season that it covers"
            )


def _refuse_unknown_games(con: duckdb.DuckDBPyConnection, tables: list[RawTable]) -> None:
    """Every box score and shot must have its game, also when games were replaced after it."""
    for table in (PLAYER_BOX, TEAM_BOX, SHOTS):
        who = "team_abbreviation" if table is TEAM_BOX else "player_id"
        orphans = con.execute(
            f"select count(*), min((game_id, {who}::varchar)), "
            f"bool_or(game_id in (select game_id from memory.staged.{table.name})) "
            f"from {table.name} anti join games using (game_id)"
        ).fetchone()
        count, example, is_in_file = orphans
        if count:
            where = table.file if is_in_file else f"{RAW}.{table.name}, as stored before,"
            raise UserError(
                f"{where} has {count:,} rows whose column game_id is in no row of {GAMES.file} "
                f"nor stored; e.g. {sql_text.pairs(('game_id', who), example)}. {UNCHANGED} "
                f"Add these games to {GAMES.file}, then run ingest again."
            )
