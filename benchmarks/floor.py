"""Build the Phase 4 tables with one plain DuckDB script: the speed floor of the benchmark.

python benchmarks/floor.py --from DIR --database FILE --start 2021-10-19 --end 2024-04-15
"""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

import duckdb

SCRIPT = Path(__file__).with_suffix(".sql")
SEEDS = SCRIPT.parent.parent / "seeds"

REQUIRED = ("games", "player_box", "team_box")
MAY_LACK = {
    "games": "game_status varchar",
    "player_box": "reb bigint",
    "shots": "game_id varchar, player_id bigint, game_date date, shot_type varchar, "
    "shot_distance bigint, shot_made boolean",
    "injuries": "event_date date, team_nickname varchar, player_name varchar, acquired varchar, "
    "notes varchar",
    "players": "player_id bigint, player_name varchar",
}
"""Columns that the script reads and a folder need not have: some of a required file, all of another."""


def build(raw_dir: Path, database: Path, start: str, end: str) -> None:
    """Write all Phase 4 tables for the game dates in [start, end] to `database`."""
    first, last = date.fromisoformat(start), date.fromisoformat(end)
    if first > last:
        raise ValueError(f"the window starts ({start}) after it ends ({end})")
    with duckdb.connect(str(database)) as connection:
        connection.execute("set variable seeds_dir = ?", [str(SEEDS)])
        connection.execute("set variable start_date = ?", [first])
        connection.execute("set variable end_date = ?", [last])
        for table in dict.fromkeys([*REQUIRED, *MAY_LACK]):
            _view(connection, table, raw_dir / f"{table}.parquet")
        connection.execute(SCRIPT.read_text())


def _view(connection: duckdb.DuckDBPyConnection, table: str, file: Path) -> None:
    """Make the view `raw_<table>`: the rows of a file, NULL in the columns that it lacks."""
    parts = []
    if table in MAY_LACK:
        connection.execute(f"create temp table no_{table} ({MAY_LACK[table]})")
        parts.append(f"from no_{table}")
    if table in REQUIRED or file.exists():
        path = str(file).replace("'", "''")
        parts.append(f"from read_parquet('{path}')")
    connection.execute(f"create temp view raw_{table} as {' union all by name '.join(parts)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--from", dest="raw_dir", type=Path, required=True, metavar="DIR")
    parser.add_argument("--database", type=Path, required=True, metavar="FILE")
    parser.add_argument("--start", required=True, metavar="YYYY-MM-DD")
    parser.add_argument("--end", required=True, metavar="YYYY-MM-DD")
    options = parser.parse_args()
    build(options.raw_dir, options.database, options.start, options.end)


if __name__ == "__main__":
    main()
