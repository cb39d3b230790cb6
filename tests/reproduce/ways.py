"""The ways to build: each gives the environment, the windows and their order, and maybe another Python."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.compare.comparing import What, compare, write_snapshot
from tests.python.warehouses import PROJECT, TABLES, copy_of, orchestrate, query, succeed

HALF_A_SEASON = 60
"""Game dates, more or less, of the ranges that are built in another order than the calendar's."""
LITTLE = "128MB"


@dataclass(frozen=True)
class Way:
    """How to build everything."""

    name: str
    ranges: Sequence[tuple[str, str]] = ()
    """One backfill each, in this order; without any, one backfill of everything."""
    options: Sequence[str] = ()
    environment: dict[str, str] = field(default_factory=dict)
    python: Path = Path(sys.executable)


@dataclass
class Built:
    """A warehouse that was built in some way."""

    snapshot: Path
    hash: str = ""
    rows: int = 0
    spilled: int = 0
    """Most bytes that DuckDB had in temporary files at once."""
    trouble: str | None = None

    def difference_from(self, own: Path, first: Path) -> str:
        """Say `equal`, or which tables differ on how many dates."""
        found = compare(str(first), str(own), What())
        return (
            "equal"
            if found.is_equal
            else "DIFFERENT: "
            + ", ".join(
                f"{one.table} on {len(one.differing)} dates" for one in found.tables if not one.is_equal
            )
        )


def load(folder: Path, source: Path | None, seasons: Sequence[str]) -> Path:
    """Load the raw data once: every way starts from a copy."""
    folder.mkdir()
    warehouse = folder / "nba.duckdb"
    if source:
        chosen = [word for season in seasons for word in ("--season", season)]
        succeed(orchestrate(warehouse, "ingest", "--from", source, *chosen))
    else:
        succeed(orchestrate(warehouse, "demo", "--seasons", "1"))
    return warehouse


def days_of(raw: Path) -> list[str]:
    """Return the dates with a box score."""
    return [
        day for (day,) in query(raw, "select distinct game_date::varchar from nba_raw.player_box order by 1")
    ]


def ways(days: Sequence[str], python: Path | None, *, small: bool) -> list[Way]:
    """Return the other ways than the usual one."""
    ranges = [
        (days[place], days[min(place + HALF_A_SEASON, len(days)) - 1])
        for place in range(0, len(days), HALF_A_SEASON)
    ]
    shuffled = random.Random(7).sample(ranges, len(ranges))
    found = [
        Way("one thread", environment={"NBA_DUCKDB_THREADS": "1"}),
        Way("two threads", environment={"NBA_DUCKDB_THREADS": "2"}),
        Way("eight threads", environment={"NBA_DUCKDB_THREADS": "8"}),
        Way("windows of 25 dates", options=("--window", "25")),
        Way("windows of 7 dates", options=("--window", "7")),
        Way("ranges backwards", ranges[::-1]),
        Way("ranges shuffled, windows of 25", shuffled, ("--window", "25")),
        Way(f"{LITTLE} of memory", environment={"NBA_DUCKDB_MEMORY": LITTLE}),
        Way(
            f"{LITTLE}, one thread, backwards",
            ranges[::-1],
            environment={"NBA_DUCKDB_MEMORY": LITTLE, "NBA_DUCKDB_THREADS": "1"},
        ),
    ]
    if small:
        halves = [(days[0], days[len(days) // 2]), (days[len(days) // 2 + 1], days[-1])]
        return [
            Way(
                f"{LITTLE}, one thread, backwards" + (f", {_version(python)}" if python else ""),
                halves[::-1],
                environment={"NBA_DUCKDB_MEMORY": LITTLE, "NBA_DUCKDB_THREADS": "1"},
                python=python or Path(sys.executable),
            )
        ]
    if python:
        found.append(Way(f"by {_version(python)}", python=python))
    return found


def build(raw: Path, folder: Path, way: Way) -> Built:
    """Build everything in a copy of the raw warehouse, and write its snapshot."""
    for old in folder.glob("nba.duckdb*"):
        if old.is_file():
            old.unlink()
    warehouse = copy_of(raw, folder)
    built = Built(folder / "snapshot.json")
    with _Watch(folder / "nba.duckdb.tmp") as watch:
        for start, end in way.ranges or [("", "")]:
            bounds = ["--start", start, "--end", end] if start else []
            done = subprocess.run(
                [str(way.python), str(PROJECT / "orchestrate.py"), "backfill", *bounds, *way.options],
                env=os.environ | {"NBA_DUCKDB_PATH": str(warehouse)} | way.environment,
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                lines = [line for line in done.stderr.splitlines() if "Error" in line or "error" in line]
                built.trouble = (lines or done.stderr.splitlines() or ["nothing was said"])[0][:200]
                return built
    built.spilled = watch.most
    built.hash = write_snapshot(str(warehouse), built.snapshot)
    built.rows = sum(
        query(warehouse, f"select count(*) from nba_precompute.{table}")[0][0] for table in TABLES
    )
    return built


class _Watch:
    """Notes how large a folder gets while something runs."""

    def __init__(self, folder: Path):
        self.most = 0
        self._folder = folder
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> _Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(0.05):
            try:
                self.most = max(self.most, sum(file.stat().st_size for file in self._folder.glob("*")))
            except OSError:  # it went while we looked
                continue


def _version(python: Path) -> str:
    asked = "import sys; print('Python %d.%d' % sys.version_info[:2])"
    return subprocess.run(
        [str(python), "-c", asked], capture_output=True, text=True, check=True
    ).stdout.strip()
