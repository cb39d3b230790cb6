"""Loads the raw Parquet files into `nba_raw`, all or nothing.

Files are read and checked in memory first, so that a bad file never opens the warehouse; what
passes is written in one transaction, and checked there against what was stored before.
"""

import csv
import glob
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from orchestrator.errors import UsageError, UserError
from orchestrator.raw_tables import GAMES, PLAYER_BOX, RAW_TABLES, SHOTS, TEAM_BOX, Column, RawTable

SEEDS = Path(__file__).resolve().parent.parent / "seeds"

FIRST_YEAR = 1946  # the league's first season
UNCHANGED = "Nothing was changed."
CORRECT_AND_RETRY = f"{UNCHANGED} Correct the file, then run ingest again."

INTEGERS = {
    *("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"),
    *("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"),
}
FRACTIONS = {"FLOAT", "DOUBLE", "DECIMAL"}
# Not TIMESTAMP WITH TIME ZONE: its calendar day depends on who is looking.
TIMESTAMPS = {"TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"}
ISO_DATE = r"\d{4}-\d{2}-\d{2}([T ][0-9:.]*)?"

Warn = Callable[[str], None]


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
            note(f"{table.file} is not there; nba_raw.{table.name} keeps what it has")

    with TemporaryDirectory(prefix="nba-ingest-") as spill, duckdb.connect() as con:
        # Fifty seasons of shots do not fit into a laptop's memory: what does not fit goes to disk.
        con.execute(f"set memory_limit = '1GB'; set temp_directory = '{spill}'")
        con.execute("create schema staged")
        for table in tables:
            report.rows |= _stage(con, table, source / table.file, asked, note)
        _create_loaded_seasons(con, report)
        with _transaction(con, warehouse):
            _write(con, tables, report, note)
            _refuse_unknown_games(con, tables)
            _note_contradictions(con, note)
    return report


# --- what was asked ---------------------------------------------------------------------------


def _is_season(text: str | None) -> bool:
    """Whether the text has the form of '2021-22'."""
    match = re.fullmatch(r"(\d{4})-(\d{2})", text or "", re.ASCII)
    return match is not None and (int(match[1]) + 1) % 100 == int(match[2])


def _asked_seasons(seasons: Sequence[str]) -> list[str]:
    for season in seasons:
        if not _is_season(season):
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


# --- one file, into memory --------------------------------------------------------------------


def _stage(
    con: duckdb.DuckDBPyConnection, table: RawTable, path: Path, asked: list[str], note: Warn
) -> dict[tuple[str, str | None], int]:
    """Read a file into `staged.<table>`, checked and in stored types; return rows per season."""
    try:
        return _File(con, table, path).stage(asked, note)
    except duckdb.Error as error:
        raise UserError(
            f"{table.file} cannot be read as Parquet: {_reason(error)}. {UNCHANGED} "
            "It may be damaged or cut short: fetch it again, then run ingest again."
        ) from error


class _File:
    """One Parquet file on its way to its table."""

    def __init__(self, con: duckdb.DuckDBPyConnection, table: RawTable, path: Path):
        self.con = con
        self.table = table
        # Neither wildcards nor key=value folders in the path mean anything here.
        name = _text(glob.escape(str(path)))
        self.rows = f"read_parquet({name}, hive_partitioning = false, file_row_number = true)"
        self.types: dict[str, str] = {
            name.lower(): type_ for name, type_, *_ in con.execute(f"describe from {self.rows}").fetchall()
        }
        del self.types["file_row_number"]

    def stage(self, asked: list[str], note: Warn) -> dict[tuple[str, str | None], int]:
        if not self._one(f"select count(*) from {self.rows}")[0]:
            raise self._error(f"{self.table.file} is empty: it has columns but no rows")
        self._check_column_names(note)
        converted = {column.name: self._conversion(column) for column in self.table.columns}
        found = self._check_seasons(asked) if self.table.has_season_column else []
        scope = f"season in ({_texts(asked)})" if asked and found else "true"
        self._check_values(converted, scope)
        self._load(converted, asked)
        self._collapse_duplicates(note)
        rows = self._rows_per_season()
        for season in asked:
            if self.table.season and (self.table.name, season) not in rows:
                note(f"{self.table.file} has no rows of {season}; what was stored of it stays")
        return rows

    def _check_column_names(self, note: Warn) -> None:
        required = [column.name for column in self.table.columns if column.required]
        if missing := [name for name in required if name not in self.types]:
            raise self._error(
                f"{self.table.file} lacks column {', '.join(missing)}; it has e.g. "
                f"{', '.join(list(self.types)[:5])}"
            )
        known = {column.name for column in self.table.columns}
        if unknown := [name for name in self.types if name not in known]:
            note(f"{self.table.file}: {len(unknown)} unknown columns ignored: {', '.join(unknown)}")

    def _conversion(self, column: Column) -> str:
        """SQL for the column in its stored type, NULL for a value that does not fit it."""
        null = f"null::{column.type}"
        if column.name not in self.types:
            return null
        name, found = _name(column.name), self.types[column.name]
        if conversion := _conversion(name, found, column.type):
            return conversion
        # A column of nothing but NULLs has whatever type its writer thought of. Of the others,
        # show a value that could not be meant right, where there is one.
        example = self.con.execute(
            f"select {name}::varchar, file_row_number + 1 from {self.rows} "
            f"where {name} is not null "
            f"order by try_cast({name}::varchar as {column.type}) is not null, 2 limit 1"
        ).fetchone()
        if example is None:
            return null
        raise self._error(
            f"{self.table.file}: column {column.name} is {found}, not {_expected(column)}; "
            f"e.g. {example[0]!r} in row {example[1]}"
        )

    def _check_seasons(self, asked: list[str]) -> list[str]:
        """Return the seasons of the file, each of the right form; games must have those asked."""
        found = self.con.execute(
            f"select season, min(file_row_number) + 1 from {self.rows} group by 1 order by 2"
        ).fetchall()
        for season, row in found:
            if not _is_season(season):
                raise self._error(
                    f"{self.table.file}: column season must be like '2021-22'; e.g. {season!r} in row {row}"
                )
        names = sorted(season for season, _ in found)
        if self.table is GAMES and (absent := [s for s in asked if s not in names]):
            raise UserError(
                f"{self.table.file} has no games of {', '.join(absent)}; it has "
                f"{', '.join(names)}. {UNCHANGED} Ask for one of these."
            )
        return names

    def _check_values(self, converted: dict[str, str], scope: str) -> None:
        """Refuse values that do not fit their column, and NULL (or blank text) in a key."""
        faults: list[tuple[Column, str, str]] = []
        for column in self.table.columns:
            if column.name not in self.types:
                continue
            name, new = _name(column.name), converted[column.name]
            if new.startswith("case"):
                does_not_fit = f"{name} is not null and ({new}) is null"
                faults.append((column, does_not_fit, f"are not {_expected(column)}"))
            if not column.nullable:
                blank = f"trim({new}) = ''" if column.type == "VARCHAR" else "false"
                faults.append((column, f"{name} is null or {blank}", "are missing"))
        counts = ", ".join(f"count(*) filter ({is_fault})" for _, is_fault, _ in faults)
        total, *wrong = self._one(f"select count(*), {counts} from {self.rows} where {scope}")
        for (column, is_fault, complaint), count in zip(faults, wrong, strict=True):
            if count:
                value, row = self._one(
                    f"select {_name(column.name)}::varchar, file_row_number + 1 from {self.rows} "
                    f"where {scope} and ({is_fault}) order by 2 limit 1"
                )
                raise self._error(
                    f"{self.table.file}: column {column.name}: {count:,} of {total:,} values "
                    f"{complaint}; e.g. {'NULL' if value is None else repr(value)} in row {row}"
                )

    def _load(self, converted: dict[str, str], asked: list[str]) -> None:
        columns = ", ".join(f"{new} as {_name(name)}" for name, new in converted.items())
        scope = f"{self.table.season} in ({_texts(asked)})" if asked and self.table.season else "1"
        self.con.execute(
            f"create table staged.{self.table.name} as "
            f"with converted as (select {columns} from {self.rows}) "
            f"select * from converted where {scope}"
        )

    def _collapse_duplicates(self, note: Warn) -> None:
        """Keep one of equal rows; rows that share a key and differ elsewhere are an error."""
        if not self.table.key:
            return
        staged, keys = f"staged.{self.table.name}", ", ".join(self.table.key)
        extra = self._one(f"select count(*) - count(distinct ({keys})) from {staged}")[0]
        if not extra:
            return
        clash = self.con.execute(
            f"select {keys} from (select distinct * from {staged}) "
            "group by all having count(*) > 1 order by all limit 1"
        ).fetchone()
        if clash:
            same_key = " and ".join(f"{name} = ?" for name in self.table.key)
            one, other = self.con.execute(
                f"select distinct * from {staged} where {same_key} order by all limit 2", clash
            ).fetchall()
            differing = next(
                f"{column.name} ({a!s} and {b!s})"
                for column, a, b in zip(self.table.columns, one, other, strict=True)
                if a != b
            )
            raise self._error(
                f"{self.table.file}: several rows with different values for "
                f"{_pairs(self.table.key, clash)}; they differ in column {differing}"
            )
        self.con.execute(f"create or replace table {staged} as select distinct * from {staged}")
        note(f"{self.table.file}: {extra:,} repeated rows left out (equal in every column)")

    def _rows_per_season(self) -> dict[tuple[str, str | None], int]:
        rows = self.con.execute(
            f"select {self.table.season or 'null'}, count(*) from staged.{self.table.name} "
            "group by 1 order by 1"
        ).fetchall()
        return {(self.table.name, season): count for season, count in rows}

    def _one(self, query: str) -> tuple:
        return self.con.execute(query).fetchone()

    def _error(self, what: str) -> UserError:
        return UserError(f"{what}. {CORRECT_AND_RETRY}")


def _conversion(name: str, found: str, wanted: str) -> str | None:
    """SQL that turns a column of one type into another; None when it holds something else."""
    sql = None
    match wanted, found.partition("(")[0]:
        case ("VARCHAR", "VARCHAR" | "ENUM") | ("BOOLEAN", "BOOLEAN"):
            sql = f"{name}::{wanted}"
        case "BIGINT", family if family in INTEGERS | FRACTIONS:
            whole = f"try_cast({name} as bigint)"  # rounds, hence the comparison
            sql = f"case when {whole} = {name} then {whole} end"
        case "DOUBLE", family if family in INTEGERS | FRACTIONS:
            sql = f"case when isfinite({name}::double) then {name}::double end"
        case "DATE", family if family in {"DATE"} | TIMESTAMPS:
            sql = _in_range(f"try_cast({name} as date)")
        case "DATE", "VARCHAR":
            iso = f"case when regexp_full_match({name}, '{ISO_DATE}') then {name}[:10] end"
            sql = _in_range(f"try_cast({iso} as date)")
    return sql


def _in_range(date: str) -> str:
    first, last = f"{FIRST_YEAR}-01-01", f"{_next_year()}-12-31"
    return f"case when {date} between date '{first}' and date '{last}' then {date} end"


def _expected(column: Column) -> str:
    return {
        "VARCHAR": "text",
        "BOOLEAN": "true or false",
        "BIGINT": "whole numbers",
        "DOUBLE": "finite numbers",
        "DATE": f"dates (YYYY-MM-DD) from {FIRST_YEAR} to {_next_year()}",
    }[column.type]


def _next_year() -> int:
    return datetime.now(UTC).year + 1


# --- everything, into the warehouse -----------------------------------------------------------


@contextmanager
def _transaction(con: duckdb.DuckDBPyConnection, warehouse: Path) -> Iterator[None]:
    """Attach the warehouse as `warehouse`, in one transaction: kept at the end, or none of it."""
    existed = warehouse.exists()
    try:
        warehouse.parent.mkdir(parents=True, exist_ok=True)
        con.execute(f"attach {_text(str(warehouse))} as warehouse (type duckdb)")
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
    reason = _reason(error)
    holder = re.search(r"PID (\d+)", reason)
    advice = {
        LOCKED: f"Another process{f' ({holder[0]})' if holder else ''} has it open: "
        "wait until it ends, or close it",
        ATTACHED: "This process has it open too: close that connection",
        "not a valid DuckDB": "It is not a DuckDB database: give another path, or move it away",
        "Is a directory": "It is a folder: give the path of a file",
        "Permission denied": "Ask for the right to write there, or give another path",
        "Binder Error": "Its nba_raw has tables of another shape: drop these first",
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
    con.execute("create schema if not exists warehouse.nba_raw")
    for table in RAW_TABLES:
        columns = ", ".join(f"{_name(column.name)} {column.type}" for column in table.columns)
        con.execute(
            f"create table if not exists warehouse.nba_raw.{table.name} ({columns}, ingested_at timestamp)"
        )
    con.execute("use warehouse.nba_raw")
    now = datetime.now(UTC).replace(tzinfo=None)
    for table in tables:
        covered = [season for name, season in report.rows if name == table.name and season]
        _note_shrunk(con, table, covered, report, note)
        staged = f"memory.staged.{table.name}"
        replaced = [f"{table.season} in ({_texts(covered)})"] if covered else []
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
        f"where {table.season} in ({_texts(covered)}) group by 1 order by 1"
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
            where = table.file if is_in_file else f"nba_raw.{table.name}, as stored before,"
            raise UserError(
                f"{where} has {count:,} rows whose column game_id is in no row of {GAMES.file} "
                f"nor stored; e.g. {_pairs(('game_id', who), example)}. {UNCHANGED} "
                f"Add these games to {GAMES.file}, then run ingest again."
            )


# --- oddities that are not errors -------------------------------------------------------------

# Each query gives one text per oddity, as column `example`; it sees the seasons of this load.
_SCOPE = """
    loaded as (
        select games.* from games semi join memory.staged.loaded_seasons using (season)
    ),
    sides as (
        select game_id, home_team as team, home_score as score from loaded
        union all
        select game_id, away_team as team, away_score as score from loaded
    ),
    boxes as (
        select game_id, team_abbreviation as team, pts, 'players' as who from player_box
        union all
        select game_id, team_abbreviation as team, pts, 'team box' as who from team_box
    ),
    team_points as (
        select game_id, team, who, sum(pts) as points
        from boxes group by all having count(*) = count(pts)
    )
"""

_CONTRADICTIONS = {
    "points of a box score that do not sum to the score of the game": """
        select format('game {} {}: {} {}, score {}', game_id, team, who, points, score) as example
        from team_points join sides using (game_id, team) where points <> score
    """,
    "games with a box score and no final score": """
        select format('game {} of {}', game_id, game_date) as example
        from loaded semi join boxes using (game_id)
        where home_score is null or away_score is null
    """,
    "teams with a box score in a game they are not part of": """
        select format('game {} {}', game_id, team) as example
        from (select distinct game_id, team from boxes)
        semi join loaded using (game_id)
        anti join sides using (game_id, team)
    """,
    "player-games whose shots do not agree with the box score": """
        select
            format(
                'game {} player {}: made {} of {} by shots, {} by the box score',
                game_id, player_id, coalesce(made, 0), coalesce(taken, 0),
                case
                    when player_name is null then 'no row'
                    else concat(coalesce(fgm::varchar, '?'), ' of ', coalesce(fga::varchar, '?'))
                end
            ) as example
        from (
            select game_id, player_id, count(*) as taken, count(*) filter (shot_made) as made
            from shots group by all
        ) as taken_shots
        full join player_box using (game_id, player_id)
        where
            game_id in (select game_id from shots semi join loaded using (game_id))
            and (
                coalesce(made, 0) <> fgm
                or coalesce(taken, 0) <> fga
                or player_name is null
            )
    """,
    "lines for a game that is not in games": """
        select format('game {} from {}', game_id, source) as example
        from betting_lines
        semi join memory.staged.loaded_seasons using (season)
        anti join games using (game_id)
    """,
    "games dated outside their season": """
        select format('game {} of {} in {}', game_id, game_date, season) as example
        from loaded
        where game_date not between
            make_date(season[:4]::int, 9, 1) and make_date(season[:4]::int + 1, 10, 31)
    """,
    "games of a season_type that is not known, and so count as nothing": """
        select format('game {}: {}', game_id, season_type) as example
        from loaded
        where season_type not in
            ('preseason', 'regular', 'all_star', 'play_in', 'playoffs', 'cup_final')
    """,
    "shots of a shot_type that is not known, and so belong to no zone": """
        select format('game {} player {}: {}', game_id, player_id, shot_type) as example
        from shots semi join loaded using (game_id)
        where shot_type not in ('2PT Field Goal', '3PT Field Goal')
    """,
} | {
    f"rows of {table} whose game_date or season is not that of the game": f"""
        select
            format(
                'game {{}}: {{}} in {{}}, but {{}} in {{}} in games',
                game_id, rows.game_date, rows.season, loaded.game_date, loaded.season
            ) as example
        from {table} as rows join loaded using (game_id)
        where rows.game_date <> loaded.game_date or rows.season <> loaded.season
    """
    for table in ("player_box", "team_box", "shots", "betting_lines")
}


def _note_contradictions(con: duckdb.DuckDBPyConnection, note: Warn) -> None:
    for what, query in _CONTRADICTIONS.items():
        count, example = con.execute(f"with {_SCOPE} select count(*), min(example) from ({query})").fetchone()
        if count:
            note(f"{count:,} {what}; e.g. {example}")
    _note_unknown_codes(con, note)


def _note_unknown_codes(con: duckdb.DuckDBPyConnection, note: Warn) -> None:
    """Codes that are neither a team nor on the list of those known not to be one."""
    known: list[str] = []
    for seed in ("nba_teams.csv", "non_nba_teams.csv"):
        try:
            with (SEEDS / seed).open(encoding="utf-8", newline="") as lines:
                known += [row["team_abbr"] for row in csv.DictReader(lines)]
        except FileNotFoundError:
            note(f"seeds/{seed} is not there, so team codes were not checked")
            return
    codes, games, example = con.execute(
        f"""
        with {_SCOPE}
        select list(distinct team order by team), count(distinct game_id), min(game_id)
        from sides where team not in ({_texts(known)})
        """
    ).fetchone()
    if games:
        note(
            f"{games:,} games with a team code that no seed has, left out like other games of "
            f"non-NBA teams: {', '.join(codes)}; e.g. game {example}. If it belongs to the "
            "league's exhibitions, add it to seeds/non_nba_teams.csv"
        )


# --- SQL text ---------------------------------------------------------------------------------


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _texts(values: Sequence[str]) -> str:
    return ", ".join(_text(value) for value in values)


def _name(column: str) -> str:
    return f'"{column}"'


def _pairs(names: Sequence[str], values: Sequence[object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in zip(names, values, strict=True))


def _reason(error: Exception) -> str:
    return str(error).strip().split("\n")[0].rstrip(".")
