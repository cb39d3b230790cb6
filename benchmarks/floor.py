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

RAW_TABLES = {
    "games": "game_status varchar",
    "player_box": "reb bigint",
    "team_box": "game_id varchar",
    "shots": "game_id varchar, player_id bigint, game_date date, shot_type varchar, "
    "shot_distance bigint, shot_made boolean",
    "injuries": "event_date date, team_nickname varchar, player_name varchar, acquired varchar, notes varchar",
    "players": "player_id bigint, player_name varchar",
}
"""The files, with what the script reads of them and they may lack: columns, or all of it."""


def build(raw_dir: Path, database: Path, start: str, end: str) -> None:
    """Write all Phase 4 tables for the game dates in [start, end] to `database`."""
    first, last = date.fromisoformat(start), date.fromisoformat(end)
    if first > last:
        raise ValueError(f"the window starts ({start}) after it ends ({end})")
    with duckdb.connect(str(database)) as connection:
        connection.execute("set variable seeds_dir = ?", [str(SEEDS)])
        connection.execute("set variable start_date = ?", [first])
        connection.execute("set variable end_date = ?", [last])
        for table, columns in RAW_TABLES.items():
            _view(connection, table, columns, raw_dir / f"{table}.parquet")
        connection.execute(SCRIPT.read_text())


def _view(connection: duckdb.DuckDBPyConnection, table: str, columns: str, file: Path) -> None:
    """Make the view `raw_<table>` of a file; what the file lacks is NULL or, if there is no file, nothing."""
    connection.execute(f"create temp table no_{table} ({columns})")
    rows = f"from no_{table}"
    if file.exists():
        rows += f" union all by name from read_parquet('{file}')"
    connection.execute(f"create temp view raw_{table} as {rows}")


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
