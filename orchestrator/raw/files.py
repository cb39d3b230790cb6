"""Reads one raw Parquet file, checks it, and converts it to the stored types."""

import glob
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import duckdb

from orchestrator.core import sql_text
from orchestrator.core.seasons import is_season
from orchestrator.raw.faults import Faults
from orchestrator.raw.tables import GAMES, Column, RawTable
from orchestrator.raw.words import TeamCodes

FIRST_YEAR = 1946  # the league's first season

INTEGERS = {
    *("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"),
    *("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"),
}
FRACTIONS = {"FLOAT", "DOUBLE", "DECIMAL"}
TEXTS = {"VARCHAR", "ENUM"}
TIMESTAMPS = {"TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"}
DAY = r"\d{4}-\d{2}-\d{2}"
ISO_DATE = rf"{DAY}([T ]00:00(:00(\.0+)?)?)?"  # midnight is how many writers write a date

WHICH_DAY = "Convert it to US Eastern time and write only the day: in UTC a late game falls on the next day"

Warn = Callable[[str], None]
Rows = dict[tuple[str, str | None], int]
"""Rows by (table, season); None for what belongs to no season."""


@dataclass
class Staging:
    """Where files are read to, and what is found in them."""

    con: duckdb.DuckDBPyConnection
    asked: list[str]
    """The only seasons that are read; empty for all."""
    codes: TeamCodes
    faults: Faults
    note: Warn
    rows: Rows = field(default_factory=dict)
    unknown_codes: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    """Team codes that are in no seed, by (table, column)."""

    def stage(self, table: RawTable, path: Path) -> bool:
        """Read a file into `staged.<table>`, in stored types; False when there is nothing to check."""
        try:
            return _File(self, table, path).stage()
        except duckdb.InterruptException:
            raise
        except duckdb.Error as error:
            self.faults.add_file(
                table,
                f"{table.file} cannot be read as Parquet: {sql_text.reason(error)}",
                "It may be damaged or cut short: fetch it again",
            )
            return False


class _Check(NamedTuple):
    """A condition that no value of a column may meet, in SQL over the rows of the file."""

    column: Column
    broken: str
    complaint: str
    advice: str = ""


class _File:
    """One Parquet file on its way to its table."""

    def __init__(self, staging: Staging, table: RawTable, path: Path):
        self.staging = staging
        self.con, self.faults, self.note = staging.con, staging.faults, staging.note
        self.table = table
        # Neither wildcards nor key=value folders in the path mean anything here.
        name = sql_text.text(glob.escape(str(path)))
        self.rows = f"read_parquet({name}, hive_partitioning = false, file_row_number = true)"
        described = self.con.execute(f"describe from {self.rows}").fetchall()
        self.types: dict[str, str] = {name.lower(): type_ for name, type_, *_ in described}
        del self.types["file_row_number"]
        self.scope = "true"
        self.checks: list[_Check] = []

    def stage(self) -> bool:
        if not self._one(f"select count(*) from {self.rows}")[0]:
            if self.table.is_needed:
                self.faults.add_file(self.table, f"{self.table.file} is empty: it has columns but no rows")
            else:
                self.note(f"{self.table.file} is empty; stored rows stay")
            return False
        self._check_column_names()
        if self.table.has_season_column and "season" in self.types:
            self._check_seasons()
        converted = {column.name: self._conversion(column) for column in self.table.columns}
        self._check_values()
        self._check_rules(converted)
        self._load(converted)
        self._collapse_duplicates()
        self._count_rows()
        return True

    def _check_column_names(self) -> None:
        required = [column.name for column in self.table.columns if column.required]
        if missing := [name for name in required if name not in self.types]:
            self.faults.add(
                self.table,
                missing,
                f"{self.table.file} lacks column {', '.join(missing)}; it has e.g. "
                f"{', '.join(list(self.types)[:5])}",
            )
        known = {column.name for column in self.table.columns}
        if unknown := [name for name in self.types if name not in known]:
            self.note(f"{self.table.file}: {len(unknown)} unknown columns ignored: {', '.join(unknown)}")

    def _check_seasons(self) -> None:
        """Each season must have the right form; those asked for must be among those of games."""
        if _family(self.types["season"]) not in TEXTS:
            return  # the conversion says so
        distinct = self.con.execute(f"select distinct season from {self.rows}").fetchall()
        found = [season for (season,) in distinct]
        if wrong := [season for season in found if not is_season(season)]:
            listed = sql_text.texts([season for season in wrong if season is not None])
            season, row = self._one(
                f"select season, file_row_number + 1 from {self.rows} "
                f"where season is null {f'or season in ({listed})' if listed else ''} order by 2 limit 1"
            )
            self.faults.add(
                self.table,
                ["season"],
                f"{self.table.file}: column season must be like '2021-22'; e.g. {season!r} in row {row}",
            )
            return
        asked = self.staging.asked
        if self.table is GAMES and (absent := [season for season in asked if season not in found]):
            self.faults.add(
                self.table,
                (),
                f"{self.table.file} has no games of {', '.join(absent)}; it has {', '.join(sorted(found))}",
                "Ask for one of these",
            )
        if asked:
            self.scope = f"season in ({sql_text.texts(asked)})"

    # --- the values of a column ---------------------------------------------------------------

    def _conversion(self, column: Column) -> str:
        """Return SQL for the column in its stored type, NULL for a value that does not fit it.

        Adds the checks of its values.
        """
        null = f"null::{column.type}"
        if column.name not in self.types:
            return null
        sql = self._text(column) if column.type == "VARCHAR" else self._value(column)
        if sql is None:
            self._refuse_type(column)
            return null
        if not column.nullable:
            name = sql_text.name(column.name)
            blank = f"or ({name}::varchar < '!' and trim({name}::varchar) = '')" * (column.type == "VARCHAR")
            self.checks.append(_Check(column, f"{name} is null {blank}", "are missing"))
        if column.never_negative:
            self.checks.append(_Check(column, f"({sql}) < 0", "are negative"))
        return sql

    def _text(self, column: Column) -> str | None:
        """Return the conversion of a column of text; None when the file has something else there."""
        name, family = sql_text.name(column.name), _family(self.types[column.name])
        text = f"{name}::varchar"
        if column.words and column.words.also_flags and family in {"BOOLEAN"} | INTEGERS | FRACTIONS:
            if family in FRACTIONS:  # 1.0 is how some writers write a 1 where others are NULL
                whole = f"try_cast({name} as bigint)"
                text = f"case when {whole} = {name} then {whole}::varchar else {text} end"
            return self._translated(column, text)
        if family not in TEXTS:
            return None
        if column.words or column.is_team:
            return self._translated(column, text)
        # Blank text sorts before '!': comparing is free where trimming every value is not.
        blank_as_null = f"case when {text} >= '!' or trim({text}) <> '' then {text} end"
        return blank_as_null if column.nullable else text

    def _value(self, column: Column) -> str | None:
        """Return the conversion of any other column; None when the file has something else there."""
        name, family = sql_text.name(column.name), _family(self.types[column.name])
        match column.type, family:
            case "BOOLEAN", "BOOLEAN":
                return name
            case "DATE", _ if family in {"DATE", *TIMESTAMPS, *TEXTS}:
                return self._date(column, family)
            case "TIMESTAMP", "TIMESTAMP WITH TIME ZONE":
                return f"{name} at time zone 'UTC'"
            case "TIMESTAMP", _ if family in TIMESTAMPS:
                return f"{name}::timestamp"
            case "BIGINT", _ if family in INTEGERS | FRACTIONS:
                whole = f"try_cast({name} as bigint)"  # rounds, hence the comparison
                sql = f"case when {whole} = {name} then {whole} end"
            case "DOUBLE", _ if family in INTEGERS | FRACTIONS:
                sql = f"case when isfinite({name}::double) then {name}::double end"
            case _:
                return None
        self._refuse_misfits(column, sql)
        return sql

    def _refuse_type(self, column: Column) -> None:
        """Refuse a column that holds something else; one of nothing but NULLs may have any type."""
        name, found = sql_text.name(column.name), self.types[column.name]
        # Show a value that cannot be converted, if there is one.
        example = self.con.execute(
            f"select {name}::varchar, file_row_number + 1 from {self.rows} "
            f"where {name} is not null "
            f"order by try_cast({name}::varchar as {column.type}) is not null, 2 limit 1"
        ).fetchone()
        if example:
            self.faults.add(
                self.table,
                [column.name],
                f"{self.table.file}: column {column.name} is {found}, not {_expected(column)}; "
                f"e.g. {example[0]!r} in row {example[1]}",
                WHICH_DAY if column.type == "DATE" and found.startswith("TIMESTAMP") else "",
            )

    def _refuse_misfits(self, column: Column, sql: str, *, but: str = "false") -> None:
        name = sql_text.name(column.name)
        broken = f"{name} is not null and ({sql}) is null and not ({but})"
        self.checks.append(_Check(column, broken, f"are not {_expected(column)}"))

    def _date(self, column: Column, family: str) -> str:
        name = sql_text.name(column.name)
        has_time = "false"
        if family in TEXTS:
            has_time = (
                f"regexp_full_match({name}, '{DAY}[T ].+') and not regexp_full_match({name}, '{ISO_DATE}')"
            )
            date = f"try_cast(case when regexp_full_match({name}, '{ISO_DATE}') then {name}[:10] end as date)"
        elif family in TIMESTAMPS:
            has_time = f"isfinite({name}) and {name} <> date_trunc('day', {name})"
            date = f"try_cast(case when not ({has_time}) then {name} end as date)"
        else:
            date = name
        first, last = f"{FIRST_YEAR}-01-01", f"{_next_year()}-12-31"
        sql = f"case when {date} between date '{first}' and date '{last}' then {date} end"
        if has_time != "false":
            self.checks.append(_Check(column, has_time, "have a time of day", WHICH_DAY))
        self._refuse_misfits(column, sql, but=has_time)
        return sql

    def _translated(self, column: Column, printed: str) -> str:
        """Return SQL for what is stored for the words, or team codes, of a column."""
        found = self.con.execute(
            f"select distinct {printed} from {self.rows} where {self.scope} and {printed} is not null"
        ).fetchall()
        words = sorted(word for (word,) in found if word.strip())
        blank = {word: None for (word,) in found if not word.strip()}
        if column.words:
            meanings = {word: column.words.meaning(word) for word in words}
            if unknown := [word for word, meaning in meanings.items() if meaning is None]:
                self.checks.append(
                    _Check(
                        column,
                        f"{printed} in ({sql_text.texts(unknown)})",
                        f"are not one of {column.words.allowed}",
                        f"Write one of these for {', '.join(map(repr, unknown[:5]))}"
                        + (f" and {len(unknown) - 5} more" if len(unknown) > 5 else ""),
                    )
                )
        else:
            codes = self.staging.codes
            meanings = {word: codes.meaning(word) for word in words}
            if unknown := sorted({code for code in meanings.values() if code not in codes.known}):
                self.staging.unknown_codes[self.table.name, column.name] = unknown
        return _replaced(printed, {word: to for word, to in (meanings | blank).items() if to != word})

    # --- all rows -------------------------------------------------------------------------------

    def _check_values(self) -> None:
        """Refuse values that do not fit their column, and NULL (or blank text) in a key."""
        if not self.checks:
            return
        counts = ", ".join(f"count(*) filter ({check.broken})" for check in self.checks)
        total, *wrong = self._one(f"select count(*), {counts} from {self.rows} where {self.scope}")
        for (column, broken, complaint, advice), count in zip(self.checks, wrong, strict=True):
            if not count:
                continue
            if column.name == "season" and not self.faults.sound(self.table, "season"):
                continue
            value, row = self._one(
                f"select {sql_text.name(column.name)}::varchar, file_row_number + 1 from {self.rows} "
                f"where {self.scope} and ({broken}) order by 2 limit 1"
            )
            self.faults.add(
                self.table,
                [column.name],
                f"{self.table.file}: column {column.name}: {count:,} of {total:,} values "
                f"{complaint}; e.g. {'NULL' if value is None else repr(value)} in row {row}",
                advice,
            )

    def _check_rules(self, converted: Mapping[str, str]) -> None:
        """Refuse rows whose columns contradict each other."""
        for rule in self.table.rules:
            if not self.faults.sound(self.table, *rule.columns):
                continue
            values = ", ".join(f"{converted[name]} as {sql_text.name(name)}" for name in rule.columns)
            example = ", ".join(f"{sql_text.name(name)}::varchar" for name in rule.columns)
            found = self.con.execute(
                f"select count(*) over (), file_row_number + 1, {example} "
                f"from (select {values}, file_row_number from {self.rows} where {self.scope}) "
                f"where {rule.broken} order by 2 limit 1"
            ).fetchone()
            if found:
                count, row, *shown = found
                self.faults.add(
                    self.table,
                    rule.columns,
                    f"{self.table.file}: {count:,} rows {rule.complaint}; e.g. "
                    f"{sql_text.pairs(rule.columns, shown)} in row {row}",
                    rule.advice,
                )

    def _load(self, converted: Mapping[str, str]) -> None:
        columns = ", ".join(f"{new} as {sql_text.name(name)}" for name, new in converted.items())
        asked = self.staging.asked
        scope = f"{self.table.season} in ({sql_text.texts(asked)})" if asked and self.table.season else "true"
        self.con.execute(
            f"create table staged.{self.table.name} as "
            f"with converted as (select {columns} from {self.rows}) "
            f"select * from converted where {scope}"
        )

    def _collapse_duplicates(self) -> None:
        """Keep one of equal rows; rows that share a key and differ elsewhere are a fault."""
        if not self.table.key or not self.faults.sound(self.table, *self.table.key):
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
            self.faults.add(
                self.table,
                self.table.key,
                f"{self.table.file}: several rows with different values for "
                f"{sql_text.pairs(self.table.key, clash)}; they differ in column {differing}",
                "Keep the right one",
            )
            return
        self.con.execute(f"create or replace table {staged} as select distinct * from {staged}")
        self.note(f"{self.table.file}: {extra:,} duplicate rows ignored (equal in every column)")

    def _count_rows(self) -> None:
        found = self.con.execute(
            f"select {self.table.season or 'null'}, count(*) from staged.{self.table.name} "
            "group by 1 order by 1"
        ).fetchall()
        self.staging.rows |= {(self.table.name, season): count for season, count in found}
        for season in self.staging.asked:
            if self.table.season and season not in {name for name, _ in found} and self.table is not GAMES:
                self.note(f"{self.table.file} has no rows of {season}; its stored rows stay")

    def _one(self, query: str) -> tuple:
        return only_row(self.con.execute(query))


def only_row(query: duckdb.DuckDBPyConnection) -> tuple:
    """Return the row of a query that always has one, such as an aggregate."""
    row = query.fetchone()
    assert row, "an aggregate has a row"
    return row


def _family(type_: str) -> str:
    return type_.partition("(")[0]


def _replaced(text: str, meanings: Mapping[str, str | None]) -> str:
    if not meanings:
        return text
    arms = " ".join(
        f"when {sql_text.text(word)} then {'null' if to is None else sql_text.text(to)}"
        for word, to in meanings.items()
    )
    return f"case {text} {arms} else {text} end"


def _expected(column: Column) -> str:
    return {
        "VARCHAR": "text",
        "BOOLEAN": "true or false",
        "BIGINT": "whole numbers",
        "DOUBLE": "finite numbers",
        "TIMESTAMP": "timestamps in UTC",
        "DATE": f"dates (YYYY-MM-DD) from {FIRST_YEAR} to {_next_year()}",
    }[column.type]


def _next_year() -> int:
    return datetime.now(UTC).year + 1
