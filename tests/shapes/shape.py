"""Real rows in the shapes that people have: what tests and benchmarks share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from orchestrator.raw.tables import RAW_TABLES

TABLES = {table.name: table for table in RAW_TABLES[:4]}
"""The raw tables that shapes give: games, box scores and shots."""

Connection = duckdb.DuckDBPyConnection


@dataclass(frozen=True)
class Shape:
    """A way to write the rows of the raw tables, and what comes back from it."""

    write: Callable[[Connection, Path], None]
    """Writes the rows of a connection (see `real_rows`) into a folder."""
    absent: Mapping[str, set[str]]
    """The columns that it does not have, by table that it gives: NULL by nature."""
    own: Mapping[str, set[str]] = field(default_factory=dict)
    """The columns in which it says something else, by table."""
    known: Mapping[str, str] = field(default_factory=dict)
    """SQL for the rows that it can tell, by table; all if absent."""
    comparable: Mapping[str, str] = field(default_factory=dict)
    """SQL for the rows that can be the same, in both; all if absent."""
    game_id: str = "game_id"
    """SQL for its id of a game, over ours."""


def real_rows(folder: Path, where: str) -> Connection:
    """Return the raw rows of the real data that meet a condition, as tables, and the teams' names."""
    con = duckdb.connect()
    con.execute("set timezone = 'UTC'; set enable_progress_bar = false")
    for name in TABLES:
        con.execute(f"create table {name} as from '{folder / name}.parquet' where {where}")
    con.execute(
        "create table team_names as select distinct team_abbreviation, team_name, team_id from team_box"
    )
    return con


def write_own_files(con: Connection, folder: Path) -> None:
    """Write the rows as our own files."""
    for name in TABLES:
        con.execute(f"copy {name} to '{folder / name}.parquet'")


def differences(direct: Path, warehouse: Path, shape: Shape) -> list[str]:
    """Compare what was loaded from a shape with what was loaded from our own files; say how they differ."""
    found = []
    with duckdb.connect() as con:
        con.execute("set enable_progress_bar = false")
        con.execute(f"attach '{direct}' as direct (read_only); attach '{warehouse}' as shaped (read_only)")
        for name, absent in shape.absent.items():
            columns = {column.name for column in TABLES[name].columns}
            held = sorted(columns - absent - shape.own.get(name, set()))
            both = shape.comparable.get(name, "true")
            known = f"{both} and {shape.known.get(name, 'true')}"

            def unlike(
                columns: list[str], name: str = name, both: str = both, known: str = known
            ) -> tuple[str, str]:
                """Return SQL for the rows that only our files give, and those that only the shape gives."""
                theirs = ", ".join(columns)
                ours = theirs.replace("game_id", f"{shape.game_id} as game_id")
                direct = f"(select {ours} from direct.nba_raw.{name} where {known})"
                shaped = f"(select {theirs} from shaped.nba_raw.{name} where {both})"
                return f"{direct} except all {shaped}", f"{shaped} except all {direct}"

            for what, sql in zip(("lacks", "has too many"), unlike(held), strict=True):
                count, row = con.execute(f"select count(*), any_value(t) from ({sql}) as t").fetchone()
                if count:
                    found.append(f"{name} {what}: {count:,} rows, such as {row}")
            if found:
                wrong = [column for column in held if con.execute(unlike(["game_id", column])[0]).fetchone()]
                found.append(f"{name} differs in {', '.join(wrong)}")
            counts = ", ".join(f"count({column})" for column in sorted(absent))
            if any(con.execute(f"select {counts or 0} from shaped.nba_raw.{name}").fetchone()):
                found.append(f"{name} has values in {', '.join(sorted(absent))}")
    return found
