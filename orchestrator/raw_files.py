"""One raw Parquet file on its way in: read, checked, converted to the types that are stored."""

import glob
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from orchestrator import sql_text
from orchestrator.errors import UserError
from orchestrator.raw_tables import GAMES, Column, RawTable

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


def is_season(text: str | None) -> bool:
    """Tell whether the text has the form of '2021-22'."""
    match = re.fullmatch(r"(\d{4})-(\d{2})", text or "", re.ASCII)
    return match is not None and (int(match[1]) + 1) % 100 == int(match[2])


def stage(
    con: duckdb.DuckDBPyConnection, table: RawTable, path: Path, asked: list[str], note: Warn
) -> dict[tuple[str, str | None], int]:
    """Read a file into `staged.<table>`, checked and in stored types; return rows per season."""
    try:
        return _File(con, table, path).stage(asked, note)
    except duckdb.Error as error:
        raise UserError(
            f"{table.file} cannot be read as Parquet: {sql_text.reason(error)}. {UNCHANGED} "
            "It may be damaged or cut short: fetch it again, then run ingest again."
        ) from error


class _File:
    """One Parquet file on its way to its table."""

    def __init__(self, con: duckdb.DuckDBPyConnection, table: RawTable, path: Path):
        self.con = con
        self.table = table
        # Neither wildcards nor key=value folders in the path mean anything here.
        name = sql_text.text(glob.escape(str(path)))
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
        scope = f"season in ({sql_text.texts(asked)})" if asked and found else "true"
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
        """Return SQL for the column in its stored type, NULL for a value that does not fit it."""
        null = f"null::{column.type}"
        if column.name not in self.types:
            return null
        name, found = sql_text.name(column.name), self.types[column.name]
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
            if not is_season(season):
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
            name, new = sql_text.name(column.name), converted[column.name]
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
                    f"select {sql_text.name(column.name)}::varchar, file_row_number + 1 from {self.rows} "
                    f"where {scope} and ({is_fault}) order by 2 limit 1"
                )
                raise self._error(
                    f"{self.table.file}: column {column.name}: {count:,} of {total:,} values "
                    f"{complaint}; e.g. {'NULL' if value is None else repr(value)} in row {row}"
                )

    def _load(self, converted: dict[str, str], asked: list[str]) -> None:
        columns = ", ".join(f"{new} as {sql_text.name(name)}" for name, new in converted.items())
        scope = f"{self.table.season} in ({sql_text.texts(asked)})" if asked and self.table.season else "1"
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
                f"{sql_text.pairs(self.table.key, clash)}; they differ in column {differing}"
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
