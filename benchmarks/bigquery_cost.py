"""What would this cost on BigQuery? Bytes per daily run and per backfill, from real rows; prints Markdown.

    python benchmarks/bigquery_cost.py --from DIR [--price-per-tib 6.25] [--leagues 100] [--page docs/cost.md]

Builds a DuckDB warehouse window by window, and measures each column of each table in BigQuery's logical
sizes. Which columns and days each statement reads is what GoogleSQL's analyzer says of the statements that
dbt compiles for BigQuery (tests/bigquery), so this takes the environment of `make setup-bigquery`.
docs/cost.md holds what `make docs-pages` writes there (--page), and says what the arithmetic assumes.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import duckdb

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))  # run as a script

from demo import write_league  # noqa: E402
from orchestrator.core import sql_text  # noqa: E402
from orchestrator.core.seasons import first_day, season_of  # noqa: E402
from tests.bigquery.analyzer import Read, Script, Statement, analyze, compiled  # noqa: E402

ANALYZER = PROJECT / ".venv-bigquery" / "bin" / "python"
MIB, TIB = 2**20, 2**40
MINIMUM = 10 * MIB
"""Of each table that a query refers to."""
LOOK = "a look at phase4_coverage"
WRITTEN = ("nba_analytics.", "nba_precompute.")
MARKS = ("<!-- made by `make docs-pages` -->", "<!-- the end of what was made -->")


# --- sizes -----------------------------------------------------------------------------------------


def size_of(column: str, type_: str) -> str:
    """SQL for the bytes of a value as BigQuery counts them; a NULL has none."""
    if type_.endswith("[]"):
        return f"coalesce(list_sum(list_transform({column}, lambda e: {size_of('e', type_[:-2])})), 0)"
    if type_ == "VARCHAR":
        return f"coalesce(2 + strlen({column}), 0)"
    width = 1 if type_ == "BOOLEAN" else 16 if type_.startswith("DECIMAL") else 8
    return f"case when {column} is null then 0 else {width} end"


class Sizes:
    """Bytes of each column of each table, by day where there is one."""

    def __init__(self, warehouse: Path):
        self.rows: dict[str, int] = {}
        self._by_day: dict[str, dict[str, dict[str | None, int]]] = {}
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            tables: dict[str, dict[str, str]] = defaultdict(dict)
            for schema, table, column, type_ in connection.execute(
                "select c.schema_name, c.table_name, c.column_name, c.data_type from duckdb_columns() as c "
                "inner join duckdb_tables() as t using (schema_name, table_name) where not t.internal "
                "order by c.column_index"
            ).fetchall():
                tables[f"{schema}.{table}"][column] = type_
            for table, columns in tables.items():
                self._measure(connection, table, columns)

    def _measure(self, connection: duckdb.DuckDBPyConnection, table: str, columns: dict[str, str]) -> None:
        day = next((name for name in ("analysis_date", "game_date") if name in columns), None)
        sums = ", ".join(f"sum({size_of(sql_text.name(name), type_)})" for name, type_ in columns.items())
        found = connection.execute(
            f"select {f'{day}::varchar' if day else 'null'}, count(*), {sums} from {table} group by 1"
        ).fetchall()
        self.rows[table] = sum(rows for _, rows, *_ in found)
        self._by_day[table] = {
            name: {when: int(sizes[number]) for when, _, *sizes in found}
            for number, name in enumerate(columns)
        }

    def read(self, table: str, columns: Iterable[str], low: str | None, high: str | None) -> int:
        """Bytes of these columns between two days, both included; None: no bound."""
        return sum(
            size
            for name in columns
            for when, size in self._by_day[table][name].items()
            if (not low or (when or "") >= low) and (not high or (when or "~") <= high)
        )

    def columns(self, table: str) -> tuple[str, ...]:
        """All columns of a table."""
        return tuple(self._by_day[table])

    def total(self, table: str) -> int:
        """All bytes of a table."""
        return self.read(table, self.columns(table), None, None)

    def has(self, table: str) -> bool:
        """Tell whether the warehouse has a table."""
        return table in self._by_day


# --- statements ------------------------------------------------------------------------------------


class Bytes(NamedTuple):
    """What a statement, or many, process and are billed for."""

    statements: int = 0
    processed: int = 0
    billed: int = 0

    def plus(self, other: Bytes) -> Bytes:
        """Both."""
        return Bytes(*(one + another for one, another in zip(self, other, strict=True)))

    def times(self, factor: int) -> Bytes:
        """As often as that."""
        return Bytes(*(one * factor for one in self))


def billed(tables: Iterable[int]) -> int:
    """Round each table's bytes up to the MiB, and to ten of them."""
    return sum(max(MINIMUM, math.ceil(size / MIB) * MIB) for size in tables)


def bytes_of(statement: Statement, sizes: Sizes) -> Bytes:
    """Bytes of one statement. A table that it reads twice counts once, with the days and columns of both."""
    changes = statement.kind in ("Delete", "Update", "Merge")
    by_table: dict[str, list[Read]] = defaultdict(list)
    for read in (*statement.reads, *statement.whole):
        by_table[read.table].append(read)
    found = []
    for table, reads in by_table.items():
        if not sizes.has(table):
            continue  # a temporary table, or one that another warehouse has
        columns = sizes.columns(table) if changes else {name for read in reads for name in read.needs}
        lows, highs = [read.low for read in reads], [read.high for read in reads]
        low = None if None in lows else min(lows)
        high = None if None in highs else max(highs)
        found.append(sizes.read(table, columns, low, high))
    if not found:
        return Bytes()
    return Bytes(1, sum(found), billed(found))


def written(table: str, reads: dict[str, str], sizes: Sizes) -> Bytes:
    """Bytes of replacing a window: the new rows are read once more, and the old ones, as large, deleted."""
    rows = sizes.read(table, sizes.columns(table), reads["start"], reads["end"])
    return Bytes(1, 2 * rows, billed([rows, rows]))


def bytes_of_run(window: dict[str, str], sizes: Sizes) -> dict[str, Bytes]:
    """Bytes of all that a run of a window sends, by kind."""
    scripts = [*compiled(window), Script("look", "select * from nba_precompute.phase4_coverage", LOOK)]
    return bytes_of_scripts(scripts, analyze(ANALYZER, scripts), window, sizes)


def bytes_of_scripts(
    scripts: Sequence[Script], answers: dict[str, list[Statement]], window: dict[str, str], sizes: Sizes
) -> dict[str, Bytes]:
    """Bytes of compiled and analyzed scripts, by kind."""
    names = {"model": "models, reading", "hook": "hooks: receipts and checks", "test": "data tests"}
    found: dict[str, Bytes] = defaultdict(Bytes)
    for script in scripts:
        kind = names.get(script.kind, script.kind)
        if kind not in (*names.values(), LOOK):
            continue
        for statement in answers[script.id]:
            if statement.error:
                sys.exit(f"{script.id}: {statement.error}")
            found[kind] = found[kind].plus(bytes_of(statement, sizes))
        table = ".".join(script.id.split(".")[-1:])
        for dataset in WRITTEN:
            if script.kind == "model" and "partition by" in script.sql[:400] and sizes.has(dataset + table):
                dates = window if dataset == "nba_precompute." else season_to_date(window)
                found["models, writing"] = found["models, writing"].plus(
                    written(dataset + table, dates, sizes)
                )
    return dict(found)


def season_to_date(window: dict[str, str]) -> dict[str, str]:
    """What the models of Phase 3 replace: from the first of October before the window (in_history)."""
    return {"start": str(first_day(season_of(date.fromisoformat(window["start"])))), "end": window["end"]}


# --- the page --------------------------------------------------------------------------------------


@dataclass
class Prices:
    """What a byte costs, in USD."""

    per_tib: float
    storage_per_gib: float

    def of(self, size: int) -> str:
        """The price of bytes read."""
        return f"{size / TIB * self.per_tib:,.4f}"


@dataclass
class Page:
    """Markdown, as it is found."""

    prices: Prices
    lines: list[str] = field(default_factory=list)

    def sizes(self, sizes: Sizes) -> None:
        """Add the widths of rows."""
        self.lines += ["## Rows", "", "| table | rows | bytes a row | MiB |", "|---|--:|--:|--:|"]
        for table in sorted(sizes.rows):
            if table.split(".")[0] in ("nba_raw", "nba_analytics", "nba_precompute") and sizes.rows[table]:
                size, rows = sizes.total(table), sizes.rows[table]
                self.lines.append(f"| `{table}` | {rows:,} | {size / rows:,.0f} | {size / MIB:,.1f} |")
        self.lines.append("")

    def run(self, title: str, found: dict[str, Bytes]) -> Bytes:
        """Add what a run reads, and its sum without tests."""
        self.lines += [
            f"## {title}",
            "",
            "| | statements | processed, MiB | billed, MiB | USD |",
            "|---|--:|--:|--:|--:|",
        ]
        total = Bytes()
        for kind in sorted(found, key=lambda kind: (kind == "data tests", kind)):
            self._row(kind, found[kind])
            if kind != "data tests":
                total = total.plus(found[kind])
        self._row("**all but the tests**", total)
        self.lines.append("")
        return total

    def _row(self, title: str, found: Bytes) -> None:
        self.lines.append(
            f"| {title} | {found.statements:,} | {found.processed / MIB:,.0f} | {found.billed / MIB:,.0f} "
            f"| {self.prices.of(found.billed)} |"
        )

    def leagues(self, number: int, daily: Bytes, backfill: Bytes) -> None:
        """Add many leagues, each in datasets of its own."""
        self.lines += [
            f"## {number} leagues",
            "",
            f"| | one league, USD | {number} leagues, USD | TiB billed |",
            "|---|--:|--:|--:|",
        ]
        for title, found in (
            ("a day", daily), ("a month of 30 days", daily.times(30)), ("a backfill", backfill)
        ):  # fmt: skip
            all_of_them = found.times(number)
            self.lines.append(
                f"| {title} | {self.prices.of(found.billed)} | {self.prices.of(all_of_them.billed)} "
                f"| {all_of_them.billed / TIB:,.3f} |"
            )
        self.lines.append("")

    def storage(self, sizes: Sizes, leagues: int) -> None:
        """Add what lies there."""
        kept = sum(
            sizes.total(table) for table in sizes.rows if not table.startswith(("nba_intermediate.", "main."))
        )
        month = kept / 2**30 * self.prices.storage_per_gib
        self.lines += [
            f"Storage: {kept / MIB:,.0f} MiB, {month:,.4f} USD a month; "
            f"{leagues} leagues: {leagues * month:,.2f} USD.",
            "",
        ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--from", dest="raw_dir", type=Path, metavar="DIR", help="default: the demo league")
    parser.add_argument("--price-per-tib", type=float, default=6.25, help="USD, on demand")
    parser.add_argument("--storage-price", type=float, default=0.02, help="USD per GiB and month, active")
    parser.add_argument("--leagues", type=int, default=100)
    parser.add_argument("--page", type=Path, metavar="FILE", help="write it there, between the page's marks")
    options = parser.parse_args()
    if not ANALYZER.exists():
        sys.exit("the analyzer is not installed: run `make setup-bigquery`")
    with TemporaryDirectory(prefix="nba-cost-") as scratch:
        made = "\n".join(run(options, Path(scratch)).lines)
    if options.page:
        options.page.write_text(with_made(options.page.read_text(), made))
    else:
        print(made)


def with_made(text: str, made: str) -> str:
    """Replace what stands between a page's two marks."""
    if [text.count(mark) for mark in MARKS] != [1, 1]:
        sys.exit(f"the page must have these lines once each: {' and '.join(MARKS)}")
    before, rest = text.split(MARKS[0])
    return f"{before}{MARKS[0]}\n\n{made.strip()}\n\n{MARKS[1]}{rest.split(MARKS[1])[1]}"


def run(options: argparse.Namespace, scratch: Path) -> Page:
    page = Page(Prices(options.price_per_tib, options.storage_price))
    warehouse = scratch / "nba.duckdb"
    raw_dir = options.raw_dir
    if raw_dir is None:
        raw_dir = scratch / "raw"
        raw_dir.mkdir()
        write_league(raw_dir, 3, 7)
    orchestrate(warehouse, "ingest", "--from", str(raw_dir))
    windows = json.loads(orchestrate(warehouse, "plan", "--json"))["windows"]
    backfill: dict[str, Bytes] = defaultdict(Bytes)
    for window in windows:
        dates = {"start": window["start"], "end": window["end"]}
        sizes = built(warehouse, dates)
        for kind, found in bytes_of_run(dates, sizes).items():
            backfill[kind] = backfill[kind].plus(found)
    day = {"start": windows[-1]["end"], "end": windows[-1]["end"]}
    sizes = built(warehouse, day)
    page.sizes(sizes)
    daily = page.run(f"A daily run, {day['end']}", bytes_of_run(day, sizes))
    whole = page.run(
        f"A backfill, {windows[0]['start']} to {windows[-1]['end']}, in {len(windows)} windows", backfill
    )
    page.leagues(options.leagues, daily, whole)
    page.storage(sizes, options.leagues)
    return page


def built(warehouse: Path, window: dict[str, str]) -> Sizes:
    """Build a window, and measure: the intermediate tables hold what that run made."""
    orchestrate(
        warehouse, "backfill", "--only", "all", "--start", window["start"], "--end", window["end"], "--yes"
    )
    return Sizes(warehouse)


def orchestrate(warehouse: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, PROJECT / "orchestrate.py", *arguments],
        env=os.environ | {"NBA_DUCKDB_PATH": str(warehouse), "NBA_TARGET": "duckdb"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    return done.stdout


if __name__ == "__main__":
    main()
