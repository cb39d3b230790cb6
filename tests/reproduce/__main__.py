"""Reproduce: do the same inputs and code give the same rows, however they are built?

    python -m tests.reproduce [--from DIR [--season 2022-23 ...]] [--python PROGRAM] [--small]
        [--only NAME] [--snapshot FILE]

Loads a season of the demo league (or --from DIR) once and builds it as a backfill does. Then it builds the
same data again and again, with other numbers of threads, sizes and orders of windows, with little memory, and
under another Python that has the project's packages. It compares the hashes of all tables and dates.
Exit status 0: all are equal.

Another machine should come to the same hash; --snapshot keeps all hashes, to compare there.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.reproduce.ways import Way, build, days_of, load, ways


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.reproduce", description=__doc__.splitlines()[0])
    parser.add_argument("--from", dest="source", type=Path, metavar="DIR", help="files; default: demo league")
    parser.add_argument("--season", action="append", default=[], help="of these files; may be repeated")
    parser.add_argument("--python", type=Path, metavar="PROGRAM", help="another Python with the packages")
    parser.add_argument("--small", action="store_true", help="one other build, with all that matters at once")
    parser.add_argument("--only", action="append", metavar="NAME", help="only this way; may be repeated")
    parser.add_argument("--snapshot", type=Path, metavar="FILE", help="keep the hashes here")
    options = parser.parse_args()
    with TemporaryDirectory(prefix="nba-reproduce-") as scratch:
        folder = Path(scratch)
        raw = load(folder / "raw", options.source, options.season)
        chosen = ways(days_of(raw), options.python, small=options.small)
        if options.only:
            chosen = [way for way in chosen if way.name in options.only]
        print(f"{'built':<44} {'time':>7} {'spilled':>9}  {'hash':<12}  rows", flush=True)
        first = _one(raw, folder, Way("as a backfill does"), None)
        if first is None:
            return 1
        found = [_one(raw, folder, way, first) for way in chosen]
        if options.snapshot:
            shutil.copy(first, options.snapshot)
    return 0 if all(found) else 1


def _one(raw: Path, folder: Path, way: Way, first: Path | None) -> Path | None:
    """Build in one way and print how it came out; return the snapshot, or None if it is another."""
    began = time.monotonic()
    built = build(raw, folder / "built", way)
    seconds = time.monotonic() - began
    spilled = f"{built.spilled / 2**20:,.0f} MiB" if built.spilled else ""
    if built.trouble:
        print(f"{way.name:<44} {seconds:>5.0f} s {spilled:>9}  FAILED: {built.trouble}", flush=True)
        return None
    kept = built.snapshot.rename(folder / f"{way.name}.json")
    difference = built.difference_from(kept, first) if first else f"{built.rows:,}"
    print(f"{way.name:<44} {seconds:>5.0f} s {spilled:>9}  {built.hash[:12]}  {difference}", flush=True)
    return kept if first is None or difference == "equal" else None


if __name__ == "__main__":
    sys.exit(main())
