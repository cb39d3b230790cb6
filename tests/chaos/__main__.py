"""Chaos: is a backfill still right, whatever is done to it?

    python -m tests.chaos [--kills 200] [--seed N] [--from DIR [--season 2022-23]]
        [--skip-faults] [--only-fault NAME] [--damage]

Makes a season of the demo league (or loads --from DIR), builds it undisturbed once, and then kills backfills
at random moments, checking the warehouse after each kill and when it is finished. The other faults follow, a
line each. Exit status 0: no date inconsistent, no row lost, none doubled, all faults came out as they should.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.chaos.faults import FAULTS
from tests.chaos.ground import make_ground
from tests.chaos.kills import Killing, throw_away_rows


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=None, help="the same seed kills at the same moments")
    parser.add_argument("--from", dest="source", type=Path, metavar="DIR", help="files; default: demo league")
    parser.add_argument("--season", default="2022-23", help="of these files")
    parser.add_argument("--skip-faults", action="store_true", help="kills only")
    parser.add_argument(
        "--only-fault", action="append", metavar="NAME", help="only this one; may be repeated"
    )
    parser.add_argument("--damage", action="store_true", help="damage rows after each kill: must be noticed")
    options = parser.parse_args()
    seed = random.randrange(10_000) if options.seed is None else options.seed
    began = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - began:7.1f} s  {text}", flush=True)

    ok = True
    with TemporaryDirectory(prefix="nba-chaos-") as scratch:
        ground = make_ground(Path(scratch), options.source, options.season)
        say(f"seed {seed}; undisturbed: {sum(held.rows for held in ground.truth.held.values()):,} rows")
        if options.kills and not options.only_fault:
            damage = {"sabotage": throw_away_rows} if options.damage else {}
            tally = Killing(ground, seed, say, **damage).until(options.kills)
            print("\n".join(tally.lines()))
            print("\n".join(tally.troubles[:20]), flush=True)
            ok = tally.ok
        for fault in () if options.skip_faults else FAULTS:
            if options.only_fault and fault.__name__ not in options.only_fault:
                continue
            try:
                result = fault(ground, random.Random(seed))
            except Exception as error:
                result = (False, f"{type(error).__name__}: {error}")
            passed, what = result
            ok = ok and passed
            say(f"{'ok  ' if passed else 'FAIL'} {fault.__name__.replace('_', ' ')}: {what}")
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
