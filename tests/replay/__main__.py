"""Replay: does a season that arrives day by day end as one that was loaded at once?

    python -m tests.replay [--season 2023-24] [--from DATE] [--to DATE] [--files DIR] [--keep DIR]

Each morning yesterday's games arrive, with tonight's schedule; one ingest and one backfill follow, and what
they planned, said and left is held against the calendar. Two box scores are late, a game is postponed, one
box score is corrected, players are traded. In the end everything is built at once and compared. Exit
status 0: no morning and no row was unlike what it must be.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from orchestrator.core.errors import UserError
from orchestrator.core.project import PROJECT_DIR
from tests.replay.accidents import DAY
from tests.replay.nights import Season
from tests.replay.replaying import Replay


def main() -> int:
    options = _options()
    files = options.files or Path(os.environ.get("NBA_REAL_DATA") or PROJECT_DIR.parent / "shared" / "nba")
    if not (files / "games.parquet").is_file():
        raise UserError(f"no games.parquet in {files}: give --files, or set NBA_REAL_DATA")
    if options.keep and options.keep.exists():
        raise UserError(f"{options.keep} is there already: give --keep a folder that is not")
    season = Season(files, options.season)
    if not season.games:
        raise UserError(f"no games of {options.season} in {files}: --season is written as 2023-24")
    # An empty warehouse takes no games without box scores: the opening night must be over.
    first = max(options.first or date.min, season.first_day + DAY)
    last = min(options.last or date.max, season.last_day)
    began, cpu = time.monotonic(), time.process_time()
    with TemporaryDirectory(prefix="nba-replay-") as scratch:
        replay = Replay(season, options.keep or Path(scratch), first, last)
        print("\n".join([f"{season.name}, the mornings {first}..{last + DAY}", *replay.accidents.lines()]))
        troubles = 0
        for morning in replay.mornings():
            troubles += len(morning.troubles)
            print(morning, flush=True)
        different = replay.compare()
    print("\n".join(different))
    seen = ", ".join(f"{count:,} {what}" for what, count in replay.checks.seen.items())
    verdict = "DIFFERENT" if troubles or different else "EQUAL"
    print(
        f"{verdict}: {troubles} troubles in the mornings, {len(different)} in the end; seen: {seen}; "
        f"{time.monotonic() - began:.0f} s, {time.process_time() - cpu:.0f} s of CPU"
    )
    return 0 if verdict == "EQUAL" else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.replay", description=__doc__.splitlines()[0])
    parser.add_argument("--season", default="2023-24")
    parser.add_argument(
        "--from",
        dest="first",
        type=date.fromisoformat,
        metavar="DATE",
        help="first morning; all before comes at once",
    )
    parser.add_argument("--to", dest="last", type=date.fromisoformat, metavar="DATE", help="last games")
    parser.add_argument("--files", type=Path, metavar="DIR", help="real files; default: NBA_REAL_DATA")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="a new folder for what is made")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except UserError as error:
        sys.exit(f"error: {error}")
