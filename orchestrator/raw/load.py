"""Loads raw Parquet files into `nba_raw`, all or nothing.

Files are read and checked in memory, against each other and against what is stored; only when nothing is
wrong is anything written, in one transaction.
"""

import re
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from orchestrator.core import seeds, sql_text
from orchestrator.core.errors import UserError
from orchestrator.core.project import ANALYTICS, INTERMEDIATE, PRECOMPUTE, RAW, REFERENCE
from orchestrator.core.seasons import start_year
from orchestrator.raw.checks import check_load
from orchestrator.raw.conversion import converted
from orchestrator.raw.crosswalk import TABLE as CROSSWALK
from orchestrator.raw.crosswalk import Crosswalk
from orchestrator.raw.faults import UNCHANGED, Faults
from orchestrator.raw.files import Rows, Staging, Warn, only_row
from orchestrator.raw.oddities import note_oddities
from orchestrator.raw.tables import GAMES, RAW_TABLES, RawTable
from orchestrator.raw.words import TeamCodes

# Replacing whole seasons may remove this many stored games (or days of transactions) without asking.
FEW = 3

# Games that are of no demo league.
IS_OTHER = "source is distinct from 'demo'"


@dataclass
class IngestReport:
    """The result of a load."""

    rows: Rows = field(default_factory=dict)
    """By (table, season), season None for `players`."""
    warnings: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    """The faults of a check; empty after a load."""


@dataclass(frozen=True)
class How:
    """Options of a load."""

    seasons: Sequence[str] = ()
    """Only these are read, checked and replaced; empty for all."""
    whole_seasons: bool = False
    """Replace the seasons that a file covers, instead of the games it holds."""
    mappings: Sequence[Path] = ()
    """The user's own mappings, which go before the known formats."""
    inform: Callable[[str], None] = lambda what: None
    """Told as what each file is read, where that had to be recognised, and which games and players were."""
    only_check: bool = False
    """Change nothing, not even to make a new file."""
    may_remove: Callable[[str], bool] = lambda what: False
    """Asked before more than a few stored games are removed with their seasons."""
    before_commit: Callable[[], None] = lambda: None
    """Called just before the commit."""


def ingest(source: Path, warehouse: Path, how: How | None = None, *, warn: Warn) -> IngestReport:
    """Load the files of a folder into the warehouse, replacing the games that they hold.

    On a `UserError` the warehouse is as it was before. `warn` hears of each oddity that is not an error, as
    it is found.
    """
    how = how or How()
    asked = _asked_seasons(how.seasons)
    report = IngestReport()

    def note(message: str) -> None:
        report.warnings.append(message)
        warn(message)

    with TemporaryDirectory(prefix="nba-ingest-") as spill, duckdb.connect() as con:
        source = converted(source, Path(spill), how.mappings, note=note, inform=how.inform)
        present = [table for table in RAW_TABLES if (source / table.file).is_file()]
        # Fifty seasons of shots do not fit into a laptop's memory: what does not fit goes to disk.
        con.execute(f"set memory_limit = '1GB'; set temp_directory = '{spill}'")
        con.execute("create schema staged; create schema stored; create schema after")
        faults = Faults()
        staging = Staging(con, asked, TeamCodes(), faults, note)
        staged = [table for table in present if staging.stage(table, source / table.file)]
        report.rows = staging.rows
        _refuse_absent_seasons(staging, staged)
        with _attached(con, warehouse, read_only=how.only_check):
            crosswalk = Crosswalk(staging, staged, how.inform)
            load = _Load(staging, staged, how.whole_seasons, crosswalk)
            load.look(present)
            crosswalk.check()
            check_load(staging, staged)
            if not faults.messages:
                load.note_changes(how)
                note_oddities(staging)
            if how.only_check:
                report.faults = faults.messages
                return report
            faults.refuse()
            con.execute("begin")
            load.write()
            _add_seeds(con)
            how.before_commit()
            con.execute("commit")
    return report


# --- what was asked ---------------------------------------------------------------------------


def _asked_seasons(seasons: Sequence[str]) -> list[str]:
    for season in seasons:
        start_year(season)
    return sorted(set(seasons))


def _refuse_absent_seasons(staging: Staging, staged: list[RawTable]) -> None:
    """Refuse a requested season that no file has; games are checked elsewhere."""
    found = {season for _, season in staging.rows}
    if GAMES not in staged and (absent := [season for season in staging.asked if season not in found]):
        staging.faults.add(
            GAMES, (), f"no file has rows of {', '.join(absent)}", "Ask for a season that they have"
        )


# --- the warehouse ------------------------------------------------------------------------------


@contextmanager
def _attached(con: duckdb.DuckDBPyConnection, warehouse: Path, *, read_only: bool) -> Generator[None]:
    """Attach the warehouse as `warehouse`; any error leaves it unchanged.

    Where there is none, `read_only` attaches an empty one in memory.
    """
    existed = warehouse.exists()
    try:
        if not read_only:
            warehouse.parent.mkdir(parents=True, exist_ok=True)
        path = str(warehouse) if existed or not read_only else ":memory:"
        options = "type duckdb, read_only" if existed and read_only else "type duckdb"
        con.execute(f"attach {sql_text.text(path)} as warehouse ({options})")
        yield
    except BaseException as error:
        con.close()  # rolls back
        someone_made_it = any(sign in str(error) for sign in (LOCKED, ATTACHED))
        if not existed and not read_only and not someone_made_it:
            for leftover in (warehouse, warehouse.with_name(warehouse.name + ".wal")):
                with suppress(OSError):
                    leftover.unlink()
        if isinstance(error, duckdb.Error | OSError):
            raise _warehouse_error(error, warehouse, "read" if read_only else "write to") from error
        raise


def _add_seeds(con: duckdb.DuckDBPyConnection) -> None:
    """Add the seeds that a new warehouse lacks, so that `dbt run` can follow.

    They are what `dbt seed` makes, without its seconds; dbt replaces them when it prepares a backfill.
    """
    con.execute(f"create schema if not exists warehouse.{REFERENCE}")
    there = {
        name
        for (name,) in con.execute(
            "select table_name from duckdb_tables() "
            f"where database_name = 'warehouse' and schema_name = {sql_text.text(REFERENCE)}"
        ).fetchall()
    }
    if there.issuperset(path.stem for path in seeds.paths()):
        return
    types = seeds.types()
    for path in seeds.paths():
        if path.stem not in there:
            con.execute(
                f"create table warehouse.{REFERENCE}.{path.stem} as "
                f"from read_csv({sql_text.text(str(path))}, header = true, columns = {types[path.stem]})"
            )


# What DuckDB says when another process, or this one, has the file open.
LOCKED, ATTACHED = "Could not set lock", "already attached"


def _warehouse_error(error: Exception, warehouse: Path, what: str) -> UserError:
    reason = sql_text.reason(error)
    holder = re.search(r"PID (\d+)", reason)
    advice = {
        LOCKED: f"Another process{f' ({holder[0]})' if holder else ''} has it open: "
        "wait until it ends, or close it",
        ATTACHED: "This process has it open too: close that connection",
        "not a valid DuckDB": "It is not a DuckDB database: give another path, or move it away",
        "Is a directory": "It is a folder: give the path of a file",
        "Permission denied": "Ask for the right to write there, or give another path",
        "Binder Error": f"Its {RAW} has tables of another shape: rename these first",
        "No space left": "The disk is full: free some space",
    }
    next_step = next((text for sign, text in advice.items() if sign in reason), "Fix that")
    return UserError(
        f"Cannot {what} the warehouse {warehouse}: {reason}. {UNCHANGED} {next_step}, then run ingest again."
    )


class _Load:
    """The step from the stored rows to the new ones."""

    def __init__(self, staging: Staging, staged: list[RawTable], whole_seasons: bool, crosswalk: Crosswalk):
        self._con, self._faults, self._note = staging.con, staging.faults, staging.note
        self._rows = staging.rows
        self._staged = staged
        self._whole_seasons = whole_seasons
        self._crosswalk = crosswalk
        self._takes_over = False
        """The warehouse holds only a demo league, and the files are real: replace everything."""

    def look(self, present: list[RawTable]) -> None:
        """Make the views `stored` and `after`, and the tables of games that this load touches, and moves."""
        for table in RAW_TABLES:
            self._make_stored(table)
        needed = [table for table in RAW_TABLES if table.is_needed]
        for table in needed:
            if table not in present and not self._has_games():
                self._faults.add(
                    table,
                    (),
                    f"{table.file} is missing: a warehouse without games needs "
                    f"{', '.join(other.file for other in needed)}",
                    "Add it to the folder",
                )
        self._takes_over = self._one(
            f"select exists (from stored.games) and not exists (from stored.games where {IS_OTHER}) "
            f"and exists (from staged.games where {IS_OTHER})"
        )[0]
        if self._takes_over:  # do not compare it with the files: their games only share its ids
            for table in RAW_TABLES:
                self._con.execute(
                    f"create or replace view stored.{table.name} as from staged.{table.name} where false"
                )
        else:
            self._crosswalk.apply()
        with_games = [table for table in self._staged if table.has_season_column]
        touched = " union ".join(f"select game_id from staged.{table.name}" for table in with_games)
        self._con.execute(
            f"create table staged.touched_games as {touched or 'select null::varchar as game_id'}"
        )
        self._con.execute(
            "create table staged.moved_games as select games.game_id, games.game_date, games.season, "
            "stored.game_date as old_date from staged.games join stored.games as stored using (game_id) "
            "where games.game_date <> stored.game_date or games.season <> stored.season"
        )
        self._some_moved = self._one("select count(*) from staged.moved_games")[0] > 0
        for table in RAW_TABLES:
            kept = f"select * from stored.{table.name} where not {self._is_replaced(table)}"
            if not self._one(f"select exists ({kept})")[0]:  # common, and skipping the union saves time
                self._con.execute(f"create view after.{table.name} as from staged.{table.name}")
                continue
            if self._follows_games(table):
                kept = (
                    "select kept.* replace (coalesce(moved.game_date, kept.game_date) as game_date, "
                    f"coalesce(moved.season, kept.season) as season) from ({kept}) as kept "
                    "left join staged.moved_games as moved using (game_id)"
                )
            self._con.execute(
                f"create view after.{table.name} as {kept} union all by name from staged.{table.name}"
            )
        self._con.execute("use memory.after")

    def note_changes(self, how: How) -> None:
        """Warn of notable changes; ask before more than a few stored games are removed."""
        if self._takes_over:
            self._note("the stored demo league is removed, with everything built from it")
        for table in RAW_TABLES:
            if table in self._staged:
                self._note_fewer_rows(table)
            elif table.is_read and not self._one(f"select exists (from after.{table.name})")[0]:
                self._note(f"{table.file} is missing and {RAW}.{table.name} is empty: {table.without}")
        if self._some_moved:
            count, game, old, new = self._one(
                "select count(*), min(game_id), arg_min(old_date, game_id), arg_min(game_date, game_id) "
                "from staged.moved_games"
            )
            self._note(
                f"{count:,} stored games get another date or season; e.g. game {game} from {old} to {new}; "
                "their box scores, shots and lines follow"
            )
        if self._whole_seasons:
            removed = self._removed()
            if removed > FEW:
                what = f"{removed:,} stored games or days that no file has"
                if not how.only_check and not how.may_remove(what):
                    raise UserError(
                        f"{what} would be removed with the replaced seasons. {UNCHANGED} Give --yes if this "
                        "is intended; without --replace-season a file replaces only the games it holds."
                    )

    def write(self) -> None:
        """Replace what the files hold."""
        con = self._con
        con.execute(f"create schema if not exists warehouse.{RAW}")
        now = datetime.now(UTC).replace(tzinfo=None)
        if self._takes_over:
            for dataset in (PRECOMPUTE, INTERMEDIATE, ANALYTICS):
                con.execute(f"drop schema if exists warehouse.{dataset} cascade")
            con.execute(f"drop table if exists warehouse.{RAW}.{CROSSWALK}")
        for table in RAW_TABLES:
            path = f"warehouse.{RAW}.{table.name}"
            there = self._columns_there(table)
            if not there:
                columns = ", ".join(f"{sql_text.name(column.name)} {column.type}" for column in table.columns)
                con.execute(f"create table {path} ({columns}, ingested_at timestamp)")
            for column in table.columns:
                if there and column.name not in there:  # one that files may lack: see _make_stored
                    con.execute(f"alter table {path} add column {sql_text.name(column.name)} {column.type}")
            if there and (table in self._staged or self._takes_over):
                con.execute(f"delete from {path} where {self._is_replaced(table)}")
            if self._follows_games(table):
                con.execute(
                    f"update {path} as kept set game_date = moved.game_date, season = moved.season "
                    "from staged.moved_games as moved where kept.game_id = moved.game_id"
                )
            if table in self._staged:
                con.execute(
                    f"insert into {path} by name "
                    f"select *, ?::timestamp as ingested_at from staged.{table.name}",
                    [now],
                )
        self._crosswalk.write(now)

    # --- pieces ---------------------------------------------------------------------------------

    def _make_stored(self, table: RawTable) -> None:
        """Make the view of the stored rows and, where there is no file, an empty table of staged rows."""
        there = self._columns_there(table)
        columns = ", ".join(
            sql_text.name(column.name)
            if column.name in there or (there and column.required)
            else f"null::{column.type} as {sql_text.name(column.name)}"
            for column in table.columns
        )
        source = f"from warehouse.{RAW}.{table.name}" if there else "where false"
        self._con.execute(f"create view stored.{table.name} as select {columns} {source}")
        self._con.execute(
            f"create table if not exists staged.{table.name} as from stored.{table.name} limit 0"
        )

    def _columns_there(self, table: RawTable) -> set[str]:
        found = self._con.execute(
            "select column_name from duckdb_columns() "
            f"where database_name = 'warehouse' and schema_name = '{RAW}' and table_name = '{table.name}'"
        ).fetchall()
        return {name for (name,) in found}

    def _has_games(self) -> bool:
        return self._one("select exists (from stored.games)")[0]

    def _covered(self, table: RawTable) -> list[str]:
        """The seasons of a file."""
        return [season for name, season in self._rows if name == table.name and season]

    def _is_replaced(self, table: RawTable) -> str:
        """SQL for being a stored row that this load replaces."""
        if self._takes_over:
            return "true"
        part = f"({', '.join(table.part)})"
        replaced = f"{part} in (select {part} from staged.{table.name})"
        covered = self._covered(table) if self._whole_seasons else []
        if covered:
            replaced = f"({replaced} or {table.season} in ({sql_text.texts(covered)}))"
        return replaced

    def _follows_games(self, table: RawTable) -> bool:
        """Whether some of its stored rows are of games that move."""
        return self._some_moved and table.has_season_column and table is not GAMES

    def _note_fewer_rows(self, table: RawTable) -> None:
        """Warn of a file with part of a game, as it replaces the whole game."""
        if table.key == table.part or not self._columns_there(table):
            return
        part = ", ".join(table.part)
        count, example, after, before = self._one(
            f"""
            with fewer as (
                select {part}, now.rows as after, before.rows as before
                from (select {part}, count(*) as rows from staged.{table.name} group by all) as now
                join (
                    select {part}, count(*) as rows from stored.{table.name}
                    where ({part}) in (select ({part}) from staged.{table.name})
                    group by all
                ) as before using ({part})
                where now.rows < before.rows
            )
            select
                count(*), min(({part})), arg_min(after, ({part})), arg_min(before, ({part}))
            from fewer
            """
        )
        if count:
            self._note(
                f"{table.file}: fewer rows than stored for {count:,} {table.part_noun}s; "
                f"e.g. {table.part_noun} {_shown(example)} has {after:,} instead of {before:,}; "
                f"a file replaces each {table.part_noun} it holds"
            )

    def _removed(self) -> int:
        """Warn of what is removed with the seasons; return how many games and days."""
        games: set[str] = set()
        days: set[object] = set()
        for table in self._staged:
            if not (covered := self._covered(table)):
                continue
            part = ", ".join(table.part)
            found = self._con.execute(
                f"select {table.season} as season, count(*), list(distinct {table.part[0]}) "
                f"from stored.{table.name} anti join staged.{table.name} using ({part}) "
                f"where {table.season} in ({sql_text.texts(covered)}) group by 1 order by 1"
            ).fetchall()
            for season, rows, parts in found:
                noun = "games" if table.has_season_column else "days"
                self._note(
                    f"{table.file} covers {season} but lacks {len(parts):,} stored {noun}: "
                    f"{rows:,} rows are removed; e.g. {min(parts)}"
                )
                (games if noun == "games" else days).update(parts)
        return len(games) + len(days)

    def _one(self, query: str) -> tuple:
        return only_row(self._con.execute(query))


def _shown(part: object) -> str:
    return ", ".join(map(str, part)) if isinstance(part, tuple) else str(part)
