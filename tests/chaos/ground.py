"""The ground that chaos is made on: raw data, undisturbed builds, and commands that can be killed."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from orchestrator.warehouse.duckdb_file import DuckDBFile
from tests.chaos.truth import State, look
from tests.python.warehouses import PROJECT, TABLES

# A late correction: one player's game, well into the season, so that early dates stay and later ones change.
CORRECTION = """
    update nba_raw.player_box set pts = pts + 1, fgm = fgm + 1, fga = fga + 2
    where (game_id, player_id) in (
        select game_id, player_id from nba_raw.player_box
        where min > 20 and pts is not null
        order by abs(game_date - (select min(game_date) + 110 from nba_raw.player_box)), game_id, player_id
        limit 20
    )
"""
LIMIT_SECONDS = 600


@dataclass
class Ended:
    """How a command came out."""

    code: int
    out: str
    err: str
    seconds: float

    @property
    def text(self) -> str:
        return self.out + self.err

    @property
    def traceback(self) -> bool:
        return "Traceback" in self.text

    def last_words(self) -> str:
        """Return the line that says what went wrong."""
        lines = [line.strip() for line in self.err.splitlines() if line.strip()]
        errors = [line for line in lines if "error" in line.lower() or "stopped" in line]
        return (errors or lines or ["nothing"])[0][:220]


@dataclass
class Ground:
    """A folder to work in, raw data, and what undisturbed backfills make of them."""

    folder: Path
    raw: Path
    built: Path
    started: int = 0
    _corrected: tuple[Path, State] | None = None
    _truth: State | None = field(default=None, repr=False)

    @property
    def truth(self) -> State:
        """What an undisturbed backfill gives."""
        if self._truth is None:
            self._truth = look(self.built)
        return self._truth

    def corrected(self) -> tuple[Path, State]:
        """Return the build with its raw data corrected afterwards, and what a backfill makes of that."""
        if self._corrected is None:
            stale = self.copy(self.built, "corrected-raw")
            with duckdb.connect(str(stale)) as connection:
                connection.execute(CORRECTION)
            finished = self.copy(stale, "corrected-built")
            ended = run(finished, "backfill")
            assert ended.code == 0, ended.text
            self._corrected = stale, look(finished)
        return self._corrected

    def copy(self, warehouse: Path, name: str = "") -> Path:
        """Copy a warehouse into a folder of its own; the file keeps its name."""
        self.started += 1
        folder = self.folder / (name or f"try-{self.started}")
        folder.mkdir(parents=True)
        return Path(shutil.copy(warehouse, folder / warehouse.name))

    @contextmanager
    def trial(self, warehouse: Path) -> Iterator[Path]:
        """Lend a copy of a warehouse, thrown away afterwards."""
        copy = self.copy(warehouse)
        yield copy
        shutil.rmtree(copy.parent)

    def emptied(self) -> Path:
        """Copy the finished build without a row in its tables: as unbuilt as the raw data, views made."""
        copy = self.copy(self.built)
        with duckdb.connect(str(copy)) as connection:
            for table in {table for table, _ in self.truth.held} | {"receipts"}:
                connection.execute(f"delete from nba_precompute.{table}")
        return copy


def make_ground(folder: Path, source: Path | None, season: str = "2022-23") -> Ground:
    """Load a season, of files or of the demo league, and build it undisturbed."""
    raw = folder / "raw" / "nba.duckdb"
    raw.parent.mkdir(parents=True)
    load = ("ingest", "--from", source, "--season", season) if source else ("demo", "--seasons", 1)
    ended = run(raw, *load)
    assert ended.code == 0, ended.text
    built = folder / "built" / raw.name
    built.parent.mkdir()
    shutil.copy(raw, built)
    ended = run(built, "backfill")
    assert ended.code == 0, ended.text
    return Ground(folder, raw, built)


# --- commands ------------------------------------------------------------------------------------


def start(
    warehouse: Path,
    *arguments: object,
    program: tuple = ("orchestrate.py",),
    before: Callable[[], None] | None = None,
) -> subprocess.Popen:
    """Start a command in a process group of its own; what it says goes to files beside the warehouse."""

    def prepared() -> None:
        # A shell starts what goes on in the background deaf to Ctrl-C, and so would be whatever that starts.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        if before:
            before()

    words = [sys.executable, *(str(part) for part in (PROJECT / program[0], *program[1:], *arguments))]
    with (
        warehouse.with_name("out.txt").open("w") as out,
        warehouse.with_name("err.txt").open("w") as err,
    ):
        return subprocess.Popen(
            words,
            cwd=PROJECT,
            env=os.environ | {"NBA_DUCKDB_PATH": str(warehouse)},
            stdout=out,
            stderr=err,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=prepared,  # noqa: PLW1509 - nothing here has threads
        )


def finish(process: subprocess.Popen, warehouse: Path, since: float) -> Ended:
    """Wait for a command and read what it said."""
    try:
        code = process.wait(LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        kill(process)
        code = process.wait()
    return Ended(
        code,
        warehouse.with_name("out.txt").read_text(errors="replace"),
        warehouse.with_name("err.txt").read_text(errors="replace"),
        time.monotonic() - since,
    )


def run(warehouse: Path, *arguments: object, **more) -> Ended:
    """Run a command to its end."""
    since = time.monotonic()
    return finish(start(warehouse, *arguments, **more), warehouse, since)


def kill(process: subprocess.Popen, number: int = signal.SIGKILL) -> bool:
    """Send a signal to a command's process group; False when it had ended by itself."""
    if process.poll() is not None:
        return False
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return False
    return True


def wait_for(process: subprocess.Popen, condition: Callable[[], bool], seconds: float = 120) -> bool:
    """Wait until something is so; False when the command ended first."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        if process.poll() is not None:
            return False
        time.sleep(0.02)
    return False


# --- what a run left of itself -------------------------------------------------------------------


def last_run(warehouse: Path) -> dict | None:
    """Return the newest run of the progress file with the number of its windows by state."""
    path = DuckDBFile(warehouse).state_folder / "progress.sqlite"
    if not path.exists():
        return None
    try:
        with closing(sqlite3.connect(path)) as db:
            db.row_factory = sqlite3.Row
            runs = db.execute("select * from runs order by rowid desc limit 1").fetchall()
            if not runs:
                return None
            windows = db.execute(
                "select state, count(*) from windows where run_id = ? group by state", (runs[0]["run_id"],)
            ).fetchall()
    except sqlite3.Error:
        return None
    return {**dict(runs[0]), "windows": dict(map(tuple, windows))}


def phase(warehouse: Path, pid: int) -> str:
    """Say what a killed run was doing, by what it had written."""
    found = last_run(warehouse)
    if found is None or found["pid"] != pid:
        return "start, or taking the lock"
    if found["total_dates"] is None:
        return "looking, importing dbt, making views"
    if not found["current"]:
        return "planned, before the first model"
    first, _, last = found["current"].partition("..")
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        ((tables,),) = connection.execute(
            "select count(distinct table_name) from nba_precompute.receipts "
            "where built_at >= cast(? as timestamp) and analysis_date between ? and ?",
            [found["started_at"][:19], first, last],
        ).fetchall()
    if tables == 0:
        return "models of Phase 3, running windows"
    return "among the Phase 4 tables" if tables < len(TABLES) else "after a window's tables"
