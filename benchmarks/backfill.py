"""How close is the backfill to the floor? Cold backfills against one plain DuckDB script, paired in one run.

    python benchmarks/backfill.py [--from DIR] [--start D --end D] [--pairs 5] [--profile]

Each pair runs `benchmarks/floor.py` (raw Parquet to the same tables in one process, as fast as we could
write it) and `orchestrate.py backfill` on a fresh warehouse that holds the raw data, one after the other,
so that a slow moment of the machine meets both. Process start is included in both. Before timing, the two
are checked to give the same rows. Without --from the demo league of three seasons is used.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import duckdb

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))  # run as a script

from demo import write_league  # noqa: E402
from orchestrator.core.registry import ALL_TABLES, EXCLUSIONS  # noqa: E402

KEYS = {
    "team_defense_zone_analysis": ("analysis_date", "team_abbr"),
    EXCLUSIONS: ("table_name", "analysis_date", "entity_id"),
}
"""Of the tables whose rows are not one per player and date."""

ONLY_MODELS = {
    *("logic_version", "calculation_version", "cache_version", "built_at", "newest_source_game_date"),
    *("calculation_notes", "fatigue_context_json", "shot_zone_context_json"),
    *("pace_context_json", "usage_context_json", "feature_names"),
}
"""Stamps, text that repeats other columns, and a constant: the floor does without them."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--from", dest="raw_dir", type=Path, metavar="DIR")
    parser.add_argument("--seasons", type=int, default=3, help="of the demo league, without --from")
    parser.add_argument("--start", type=date.fromisoformat, default=date(2021, 10, 19))
    parser.add_argument("--end", type=date.fromisoformat, default=date(2024, 4, 15))
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--profile", action="store_true", help="also say where the time goes, per model")
    options = parser.parse_args()
    with TemporaryDirectory(prefix="nba-benchmark-") as scratch:
        run(options, Path(scratch))


def run(options: argparse.Namespace, scratch: Path) -> None:
    raw_dir = options.raw_dir
    if raw_dir is None:
        raw_dir = scratch / "raw"
        raw_dir.mkdir()
        write_league(raw_dir, options.seasons)
    span = ["--start", str(options.start), "--end", str(options.end)]

    raw = scratch / "raw.duckdb" / "nba.duckdb"
    raw.parent.mkdir()
    measure([PROJECT / "orchestrate.py", "ingest", "--from", raw_dir], raw)

    warehouse, floor = scratch / "nba.duckdb", scratch / "floor.duckdb"
    backfill_command = [PROJECT / "orchestrate.py", "backfill", *span]
    floor_command = [PROJECT / "benchmarks/floor.py", "--from", raw_dir, "--database", floor, *span]

    shutil.copy(raw, warehouse)
    measure(backfill_command, warehouse)  # also the warm-up
    measure(floor_command, warehouse)
    check_same_rows(warehouse, floor)

    pairs = []
    for number in range(1, options.pairs + 1):
        floor.unlink(missing_ok=True)
        warehouse.unlink()
        shutil.copy(raw, warehouse)
        floor_seconds, floor_mb = measure(floor_command, warehouse)
        seconds, mb = measure(backfill_command, warehouse)
        pairs.append((seconds / floor_seconds, seconds, mb, floor_seconds, floor_mb))
        print(
            f"pair {number}: backfill {seconds:.2f} s {mb:.0f} MB, floor {floor_seconds:.2f} s "
            f"{floor_mb:.0f} MB, ratio {seconds / floor_seconds:.2f}",
            flush=True,
        )
    ratio, seconds, mb, floor_seconds, floor_mb = (
        statistics.median(column) for column in zip(*pairs, strict=True)
    )
    print(
        f"median: ratio {ratio:.2f} (backfill {seconds:.2f} s, floor {floor_seconds:.2f} s), "
        f"peak {max(pair[2] for pair in pairs):.0f} MB (floor {floor_mb:.0f} MB)"
    )

    last = last_expected_date(warehouse)
    day = ["--start", last, "--end", last, "--only", "all"]
    one_day = [measure([PROJECT / "orchestrate.py", "backfill", *day], warehouse)[0] for _ in range(3)]
    again = [measure(backfill_command, warehouse)[0] for _ in range(3)]
    print(f"one day ({last}) again: {statistics.median(one_day):.2f} s")
    print(f"nothing to do: {statistics.median(again):.2f} s")
    if options.profile:
        profile(raw, scratch, options)


class Taken(NamedTuple):
    """What a whole process took."""

    seconds: float
    cpu: float
    """User and system; on a machine that others use it is steadier than the wall clock."""
    mb: float
    """Peak resident memory."""


def taken(command: list, warehouse: Path) -> Taken:
    """Run a process and measure it."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *map(str, command)],
        env=os.environ | {"NBA_DUCKDB_PATH": str(warehouse)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{output}")
    mb = usage.ru_maxrss / (1024 if sys.platform == "linux" else 1024**2)
    return Taken(time.perf_counter() - began, usage.ru_utime + usage.ru_stime, mb)


def measure(command: list, warehouse: Path) -> tuple[float, float]:
    """Return wall seconds and peak resident megabytes of a whole process."""
    found = taken(command, warehouse)
    return found.seconds, found.mb


def check_same_rows(warehouse: Path, floor: Path) -> None:
    """Stop unless the two have the same rows: every column but ONLY_MODELS, doubles to 1e-9."""
    with duckdb.connect() as con:
        con.execute(f"attach '{warehouse}' as built (read_only)")
        con.execute(f"attach '{floor}' as floor (read_only)")
        for table in ALL_TABLES:
            key = KEYS.get(table, ("analysis_date", "player_lookup"))
            columns = columns_of(con, "floor", table)
            unlike = columns_of(con, "built", table).keys() - ONLY_MODELS ^ columns.keys()
            if unlike:
                sys.exit(f"{table}: only the floor or only the models have {', '.join(sorted(unlike))}")
            measures = [name for name in columns if name not in key]
            tests = [f"count(*) filter (where {differs(name, columns[name])})" for name in measures]
            missing, *counts = con.execute(
                f"select count(*) filter (where (f.{key[0]} is null) != (b.{key[0]} is null)), "
                f"{', '.join(tests)} "
                f"from floor.main.{table} f full join built.nba_precompute.{table} b "
                f"on {' and '.join(f'f.{name} = b.{name}' for name in key)}"
            ).fetchone()
            wrong = {name: count for name, count in zip(measures, counts, strict=True) if count}
            if missing or wrong:
                sys.exit(f"{table} differs from the floor: {missing} keys missing, {wrong}")
    print(f"the backfill and the floor have the same rows in all {len(ALL_TABLES)} tables")


def columns_of(con: duckdb.DuckDBPyConnection, database: str, table: str) -> dict[str, str]:
    """Return the columns of a table and their types."""
    return dict(
        con.execute(
            "select column_name, data_type from duckdb_columns() where database_name = ? "
            "and schema_name in ('main', 'nba_precompute') and table_name = ?",
            [database, table],
        ).fetchall()
    )


def differs(name: str, kind: str) -> str:
    """Return SQL that is true where a column differs."""
    if kind == "DOUBLE":
        return (
            f"(f.{name} is null) != (b.{name} is null) "
            f"or abs(f.{name} - b.{name}) > 1e-9 * greatest(1, abs(f.{name}))"
        )
    if kind == "DOUBLE[]":
        # No element may be NULL: it counts as a whole point away.
        distance = (
            f"list_transform(list_zip(f.{name}, b.{name}), lambda pair: coalesce(abs(pair[1] - pair[2]), 1))"
        )
        return f"len(f.{name}) != len(b.{name}) or list_max({distance}) > 1e-9"
    return f"f.{name} is distinct from b.{name}"


def last_expected_date(warehouse: Path) -> str:
    """Return the newest date that has features."""
    with duckdb.connect(str(warehouse), read_only=True) as con:
        return str(
            con.execute("select max(analysis_date) from nba_precompute.ml_feature_store").fetchone()[0]
        )


def profile(raw: Path, scratch: Path, options: argparse.Namespace) -> None:
    """Print where a build spends its time, from dbt's own log of the models."""
    warehouse = scratch / "profile" / "nba.duckdb"
    warehouse.parent.mkdir()
    shutil.copy(raw, warehouse)
    environment = os.environ | {"NBA_DUCKDB_PATH": str(warehouse)}
    dbt = Path(sys.executable).parent / "dbt"
    began = time.perf_counter()
    subprocess.run([dbt, "--version"], capture_output=True, check=True)
    print(f"{time.perf_counter() - began:6.2f} s  import dbt (dbt --version)")
    subprocess.run([dbt, "seed", "--quiet"], cwd=PROJECT, env=environment, check=True)
    result = subprocess.run(
        [dbt, "run", "--threads", "1", "--vars", f"{{start: {options.start}, end: {options.end}}}"],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    plain = re.sub(r"\x1b\[[0-9;]*m", "", result.stdout)
    found = re.findall(r"OK created .* model \w+\.(\w+) .*\[.*in ([0-9.]+)s\]", plain)
    for model, seconds in sorted(found, key=lambda row: -float(row[1])):
        print(f"{float(seconds):6.2f} s  {model}")


if __name__ == "__main__":
    main()
