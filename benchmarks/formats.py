"""How long does `ingest` take for the files that people have, and does it give the same rows?

    python benchmarks/formats.py [--from DIR] [--seasons 20] [--pairs 5] [--only shapes|lines|seasons|plain]
        [--shape NAME ...]

shapes: three seasons are written in each known shape (tests/shapes) and ingested, each into a new warehouse.
What comes back is compared with what our own files give, except for columns that the shape does not have.

lines: likewise for bookmakers' lines on players' points, in the shape of the-odds-api, a file per day.

seasons: many seasons of the demo league in hoopR's shape, ingested one by one into one warehouse.

plain: `ingest` of our own files against a process that only makes a table of each file, paired, so that a
slow moment of the machine meets both.

Times are of whole processes. Without --from the demo league of three seasons stands for the real data.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))  # run as a script

from benchmarks.backfill import Taken, taken  # noqa: E402
from demo import write_league  # noqa: E402
from tests.shapes.hoopr import HOOPR_FILES  # noqa: E402
from tests.shapes.lines import different_lines, write_lines  # noqa: E402
from tests.shapes.shape import TABLES, Shape, differences, real_rows, write_own_files  # noqa: E402
from tests.shapes.stats import SHAPES  # noqa: E402

OWN = Shape(write_own_files, {})
ALL_SHAPES = SHAPES | {"hoopR": HOOPR_FILES}
PARTS = ("shapes", "lines", "seasons", "plain")
SEASONS = ("2021-22", "2022-23", "2023-24")
# Of play-in games, exhibitions and finals of the NBA Cup there are no box scores.
WITH_BOX_SCORES = "delete from games where game_id not in (select game_id from team_box)"
PLAIN = """
import sys, duckdb
database, *files = sys.argv[1:]
with duckdb.connect(database) as con:
    for number, file in enumerate(files):
        con.execute(f"create table t{number} as from '{file}'")
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--from", dest="raw_dir", type=Path, metavar="DIR")
    parser.add_argument("--seasons", type=int, default=20, help="of the demo league, in hoopR's shape")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--only", choices=PARTS)
    parser.add_argument("--shape", action="append", choices=ALL_SHAPES, help="only this one; may be repeated")
    options = parser.parse_args()
    parts = [options.only] if options.only else list(PARTS)
    same = True
    with TemporaryDirectory(prefix="nba-benchmark-") as name:
        scratch = Path(name)
        raw_dir = options.raw_dir or scratch / "demo"
        if not options.raw_dir and parts != ["seasons"]:
            apart(write_league, raw_dir, len(SEASONS))
        if "shapes" in parts:
            same = compare_shapes(raw_dir, options.shape or list(ALL_SHAPES), scratch)
        if "lines" in parts:
            if (raw_dir / "player_props.parquet").is_file():
                same = compare_lines(raw_dir, scratch) and same
            else:
                print("no lines: the demo league has none")
        if "seasons" in parts:
            season_by_season(options.seasons, scratch)
        if "plain" in parts:
            against_plain_tables(raw_dir, options.pairs, scratch)
    sys.exit(not same)


def apart(function: Callable, *arguments: Any) -> Any:
    """Call a function in a process of its own: Linux counts what a parent holds as its child's peak."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def ingest(folder: Path, warehouse: Path) -> Taken:
    return taken([PROJECT / "orchestrate.py", "ingest", "--from", folder], warehouse)


def write(name: str, raw_dir: Path, folder: Path, seasons: tuple[str, ...] = SEASONS) -> None:
    """Write the games of some seasons that have box scores, in a shape or as our own files."""
    folder.mkdir()
    listed = ", ".join(f"'{season}'" for season in seasons)
    with real_rows(raw_dir, f"season in ({listed})") as con:
        con.execute(WITH_BOX_SCORES)
        ALL_SHAPES.get(name, OWN).write(con, folder)


def unlike(name: str, direct: Path, warehouse: Path) -> list[str]:
    return differences(direct, warehouse, ALL_SHAPES[name])


def compare_shapes(raw_dir: Path, names: list[str], scratch: Path) -> bool:
    """Print a line per shape; tell whether all gave the rows of our own files."""
    own, direct = scratch / "own", scratch / "direct.duckdb"
    apart(write, "own", raw_dir, own)
    ingest(own, direct)  # warms up
    direct.unlink()
    say("our own files", ingest(own, direct), direct)
    same = True
    for name in names:
        folder, warehouse = scratch / "shape", scratch / "shape.duckdb"
        apart(write, name, raw_dir, folder)
        needed = ingest(folder, warehouse)
        found = apart(unlike, name, direct, warehouse)
        say(name, needed, warehouse, "different" if found else "the same")
        print("".join(f"    {difference}\n" for difference in found), end="", flush=True)
        same = same and not found
        shutil.rmtree(folder)
        warehouse.unlink()
    return same


def compare_lines(raw_dir: Path, scratch: Path) -> bool:
    """Print the time of loading all lines on points from events; tell whether our own file gives the same."""
    own, events = scratch / "own_lines", scratch / "events"
    own.mkdir()
    events.mkdir()
    apart(write_lines, raw_dir, own, events)
    shutil.copy(raw_dir / "games.parquet", own)
    direct, warehouse = scratch / "own_lines.duckdb", scratch / "events.duckdb"
    ingest(raw_dir, direct)
    shutil.copy(direct, warehouse)
    ingest(own, direct)
    needed = ingest(events, warehouse)
    differing = apart(different_lines, direct, warehouse)
    verdict = f"{differing:,} lines differ" if differing else "the same"
    print(
        f"{'the-odds-api':16} {needed.seconds:6.1f} s ({needed.cpu:5.1f} s of CPU) {needed.mb:6.0f} MB "
        f"{len(list(events.iterdir())):,} files  {verdict}",
        flush=True,
    )
    return not differing


def say(name: str, needed: Taken, warehouse: Path, verdict: str = "") -> None:
    with duckdb.connect(str(warehouse), read_only=True) as con:
        counts = [con.execute(f"select count(*) from nba_raw.{table}").fetchone()[0] for table in TABLES]
    print(
        f"{name:16} {needed.seconds:6.1f} s ({needed.cpu:5.1f} s of CPU) {needed.mb:6.0f} MB "
        f"{sum(counts):9,} rows  {verdict}",
        flush=True,
    )


def season_by_season(count: int, scratch: Path) -> None:
    """Print the time and the memory of each season's ingest, and the first against the last."""
    league, warehouse = scratch / "league", scratch / "seasons.duckdb"
    apart(write_league, league, count)
    with duckdb.connect() as con:
        found = con.execute(f"select distinct season from '{league / 'games.parquet'}' order by 1").fetchall()
    needed = []
    for (season,) in found:
        folder = scratch / season
        apart(write, "hoopR", league, folder, (season,))
        needed.append(ingest(folder, warehouse))
        say(season, needed[-1], warehouse)
        shutil.rmtree(folder)
    some = max(1, count // 4)
    for what in Taken._fields:
        first, last = (
            statistics.median(getattr(one, what) for one in part) for part in (needed[:some], needed[-some:])
        )
        print(f"{what}: median of the first {some} seasons {first:.1f}, of the last {some} {last:.1f}")


def against_plain_tables(raw_dir: Path, pairs: int, scratch: Path) -> None:
    """Print how many times as long `ingest` takes as making a table of each file."""
    (script := scratch / "plain.py").write_text(PLAIN)
    sides: dict[str, list[Taken]] = {"plain": [], "ingest": []}
    for number in range(pairs + 1):  # the first pair warms up
        plain, full = scratch / f"plain{number}.duckdb", scratch / f"ingest{number}.duckdb"
        pair = taken([script, plain, *sorted(raw_dir.glob("*.parquet"))], plain), ingest(raw_dir, full)
        plain.unlink()
        full.unlink()
        if number:
            for side, one in zip(sides, pair, strict=True):
                sides[side].append(one)
            print(f"pair {number}: plain {pair[0].seconds:.2f} s, ingest {pair[1].seconds:.2f} s", flush=True)
    for what in Taken._fields:
        plain, full = ([getattr(one, what) for one in found] for found in sides.values())
        ratios = [one / other for one, other in zip(full, plain, strict=True)]
        print(
            f"{what}: median ratio {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}; "
            f"ingest {statistics.median(full):.2f}, plain {statistics.median(plain):.2f})"
        )


if __name__ == "__main__":
    main()
