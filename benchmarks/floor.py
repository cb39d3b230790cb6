"""Build the Phase 4 tables with one plain DuckDB script: the speed floor of the benchmark.

python benchmarks/floor.py --from DIR --database FILE --start 2021-10-19 --end 2024-04-15
"""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

import duckdb

SCRIPT = Path(__file__).with_suffix(".sql")


def build(raw_dir: Path, database: Path, start: str, end: str) -> None:
    """Write all Phase 4 tables for the game dates in [start, end] to `database`."""
    first, last = date.fromisoformat(start), date.fromisoformat(end)
    if first > last:
        raise ValueError(f"the window starts ({start}) after it ends ({end})")
    with duckdb.connect(str(database)) as connection:
        connection.execute("set variable raw_dir = ?", [str(raw_dir)])
        connection.execute("set variable start_date = ?", [first])
        connection.execute("set variable end_date = ?", [last])
        connection.execute(SCRIPT.read_text())


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
