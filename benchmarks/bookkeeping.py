"""What do planning and bookkeeping cost? A backfill against the same models without any, paired in one run.

    python benchmarks/bookkeeping.py [--from DIR] [--start D --end D] [--pairs 5]

The bare side is a copy of the project without receipts, hashes, coverage and preflight, whose models dbt
builds in one window, called by the same runner. Each pair starts both on a fresh warehouse that holds the raw
data. Process start, both imports (command line, dbt) and the parsed project are included on both sides.
CPU time (user and system) is given beside wall time: on a machine that others use it is the steadier one.
Without --from the demo league of three seasons is used.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))  # run as a script

from demo import write_league  # noqa: E402

BARE_RUN = """
import sys
from datetime import date
import orchestrate, orchestrator.cli.console  # both sides have a command line
from orchestrator.dbt.runner import Runner
from orchestrator.warehouse.targets import duckdb_file
from orchestrator.core.windows import Window
runner = Runner(duckdb_file())
runner.parse()
results = [runner.prepare(), runner.build(Window(*map(date.fromisoformat, sys.argv[1:]), 0))]
sys.exit("\\n".join(str(failure) for result in results for failure in result.failures) or 0)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--from", dest="raw_dir", type=Path, metavar="DIR")
    parser.add_argument("--start", type=date.fromisoformat, default=date(2021, 10, 1))
    parser.add_argument("--end", type=date.fromisoformat, default=date(2024, 4, 15))
    parser.add_argument("--pairs", type=int, default=5)
    options = parser.parse_args()
    with TemporaryDirectory(prefix="nba-benchmark-") as scratch:
        run(options, Path(scratch))


def run(options: argparse.Namespace, scratch: Path) -> None:
    raw_dir = options.raw_dir
    if raw_dir is None:
        raw_dir = scratch / "raw"
        raw_dir.mkdir()
        write_league(raw_dir, 3)
    raw, warehouse = scratch / "raw.duckdb" / "nba.duckdb", scratch / "nba.duckdb"
    raw.parent.mkdir()
    bare = bare_project(scratch / "bare")
    call(PROJECT, raw, ["orchestrate.py", "ingest", "--from", raw_dir])

    span = [options.start, options.end]
    sides = {
        "bare": (bare, ["-c", BARE_RUN, *span]),
        "backfill": (PROJECT, ["orchestrate.py", "backfill", "--start", span[0], "--end", span[1]]),
    }
    taken: dict[str, list[Taken]] = {name: [] for name in sides}
    for number in range(options.pairs + 1):  # the first pair warms up
        for name, (project, command) in sides.items():
            for leftover in scratch.glob("nba.duckdb*"):
                shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
            shutil.copy(raw, warehouse)
            found = call(project, warehouse, command)
            if number:
                taken[name].append(found)
        if number:
            print(f"pair {number}: bare {taken['bare'][-1]}, backfill {taken['backfill'][-1]}", flush=True)
    project, command = sides["backfill"]
    again = [call(project, warehouse, command).wall for _ in range(3)]

    for kind in Taken._fields:
        bare_seconds, seconds = ([getattr(one, kind) for one in taken[side]] for side in sides)
        shares = [100 * (1 - plain / full) for plain, full in zip(bare_seconds, seconds, strict=True)]
        print(
            f"median, {kind}: planning and bookkeeping {statistics.median(shares):.1f} % of the backfill "
            f"({min(shares):.1f} to {max(shares):.1f}; backfill {statistics.median(seconds):.2f} s, "
            f"bare {statistics.median(bare_seconds):.2f} s)"
        )
    print(f"nothing to do: {statistics.median(again):.2f} s")


def bare_project(folder: Path) -> Path:
    """Copy the project without what keeps the books."""
    shutil.copytree(
        PROJECT,
        folder,
        ignore=shutil.ignore_patterns(".git", ".venv", "target", "logs", "*.duckdb*", ".*cache"),
    )
    settings = folder / "dbt_project.yml"
    text = settings.read_text()
    for line in (
        '  - "{{ create_bookkeeping() }}"\n',
        '      +pre-hook: "{{ withdraw_receipts() }}"\n',
        '      +post-hook: "{{ write_receipts() }}"\n',
    ):
        text = cut(text, line)
    text = text.replace("    coverage:\n", "    coverage:\n      +enabled: false\n")
    settings.write_text(text)
    waiting = 0
    for model in (folder / "models" / "phase3").glob("*.sql"):
        lines = model.read_text().splitlines(keepends=True)
        kept = [line for line in lines if "int_window_input_hashes" not in line]
        waiting += len(lines) - len(kept)
        model.write_text("".join(kept))
    if not waiting:
        sys.exit("no Phase 3 model waits for int_window_input_hashes any more: adapt bare_project")
    return folder


def cut(text: str, line: str) -> str:
    if line not in text:
        sys.exit(f"{line.strip()} is not in dbt_project.yml any more: adapt bare_project")
    return text.replace(line, "")


class Taken(NamedTuple):
    """Seconds of a whole process."""

    wall: float
    cpu: float

    def __str__(self) -> str:
        return f"{self.wall:.2f} s (cpu {self.cpu:.2f} s)"


def call(project: Path, warehouse: Path, command: list) -> Taken:
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    result = subprocess.run(
        [sys.executable, *map(str, command)],
        cwd=project,
        env=os.environ | {"NBA_DUCKDB_PATH": str(warehouse)},
        capture_output=True,
        text=True,
        check=False,
    )
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if result.returncode != 0:
        sys.exit(f"{command} failed:\n{result.stdout}{result.stderr}")
    return Taken(wall, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)


if __name__ == "__main__":
    main()
