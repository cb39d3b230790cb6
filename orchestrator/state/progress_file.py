"""The progress file: what a backfill is doing, readable while DuckDB is locked.

SQLite, in the state folder beside the warehouse. It is a convenience, never the truth: if a write fails (full
disk, deleted folder) or a read finds nothing, the command goes on without it.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from statistics import linear_regression
from typing import TYPE_CHECKING, Any

from orchestrator.core.fingerprint import project_files
from orchestrator.core.windows import Window
from orchestrator.state.coverage import Cell, Phase3Coverage, SeasonShares
from orchestrator.state.pace import Pace
from orchestrator.state.run_state import RunState, WindowState

if TYPE_CHECKING:
    from orchestrator.warehouse.base import Warehouse

WAREHOUSE = "warehouse"
PROGRESS_FILE = "progress file"

SCHEMA = """
create table if not exists runs (
    run_id text primary key, pid integer, command text, resume text, started_at text, ended_at text,
    state text, selection text, total_dates integer, done_dates integer default 0, rows integer default 0,
    current text, eta_seconds real, tables text, updated_at real, outcome text, log text
);
create table if not exists windows (
    run_id text, start text, end text, dates integer, tables text, state text, rows integer, seconds real
);
create table if not exists cells (
    table_name text, day text, season integer, state text, reason text, rows integer, expected integer,
    error text, sql_path text, retry text, primary key (table_name, day)
);
create table if not exists snapshot (key text primary key, value text);
"""
INSERT_PLANNED = "insert into windows (run_id, start, end, dates, tables, state) values (?, ?, ?, ?, ?, ?)"
KEPT_RUNS = 50
WINDOW_IN_DATES = 500
"""The fixed cost of a window, in dates: measured, 3 s against 5 ms for a date."""


class ProgressFile:
    """One warehouse's progress file; created when first written to."""

    def __init__(self, warehouse: Warehouse):
        self._warehouse = warehouse
        self.path = warehouse.state_folder / "progress.sqlite"

    # --- writing ---------------------------------------------------------------------------------

    def begin(self, run_id: str, *, pid: int, command: str, resume: str, selection: dict, log: Path) -> None:
        """Note that a run has begun, before it has planned anything."""
        self._write(
            lambda db: (
                db.execute(
                    "insert or replace into runs (run_id, pid, command, resume, started_at, state, "
                    "selection, updated_at, log) values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        run_id,
                        pid,
                        command,
                        resume,
                        _now(),
                        RunState.RUNNING,
                        json.dumps(selection),
                        time.time(),
                        str(log),
                    ),
                ),
                db.execute(
                    "delete from runs where run_id not in "
                    "(select run_id from runs order by rowid desc limit ?)",
                    (KEPT_RUNS,),
                ),
                db.execute("delete from windows where run_id not in (select run_id from runs)"),
            )
        )

    def planned(self, run_id: str, windows: Sequence[tuple[Window, Sequence[str]]]) -> None:
        """Note what the run is going to build."""
        self._write(
            lambda db: (
                db.execute(
                    "update runs set total_dates = ?, updated_at = ? where run_id = ?",
                    (sum(window.dates for window, _ in windows), time.time(), run_id),
                ),
                db.executemany(INSERT_PLANNED, [_planned(run_id, *planned) for planned in windows]),
            )
        )

    def advanced(self, run_id: str, window: Window, pace: Pace) -> None:
        """Note how far the run has come."""
        self._write(
            lambda db: db.execute(
                "update runs set current = ?, done_dates = ?, rows = ?, eta_seconds = ?, tables = ?, "
                "updated_at = ? where run_id = ?",
                (
                    str(window),
                    int(pace.dates_done),
                    pace.rows,
                    pace.eta_seconds,
                    json.dumps({name: own._asdict() for name, own in pace.tables.items()}),
                    time.time(),
                    run_id,
                ),
            )
        )

    def finished(
        self,
        run_id: str,
        window: Window,
        tables: Sequence[str],
        state: WindowState,
        rows: int,
        seconds: float,
    ) -> None:
        """Note that a window has succeeded or failed."""
        self._write(
            lambda db: (
                db.execute(
                    "delete from windows where run_id = ? and start = ? and end = ?",
                    (run_id, str(window.start), str(window.end)),
                ),
                db.execute(
                    "insert into windows values (?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        run_id,
                        str(window.start),
                        str(window.end),
                        window.dates,
                        json.dumps(list(tables)),
                        state,
                        rows,
                        seconds,
                    ),
                ),
            )
        )

    def replaced(self, run_id: str, window: Window, halves: Sequence[tuple[Window, Sequence[str]]]) -> None:
        """Note that a window is tried again in pieces."""
        self._write(
            lambda db: (
                db.execute(
                    "delete from windows where run_id = ? and start = ? and end = ?",
                    (run_id, str(window.start), str(window.end)),
                ),
                db.executemany(INSERT_PLANNED, [_planned(run_id, *half) for half in halves]),
            )
        )

    def ended(self, run_id: str, state: RunState, outcome: dict) -> None:
        """Note how the run came out."""
        self._write(
            lambda db: db.execute(
                "update runs set state = ?, ended_at = ?, outcome = ?, eta_seconds = null, updated_at = ? "
                "where run_id = ?",
                (state, _now(), json.dumps(outcome), time.time(), run_id),
            )
        )

    def save_cells(
        self,
        cells: Iterable[Cell] | None,
        phase3: Sequence[Phase3Coverage] | None = None,
        shares: Sequence[SeasonShares] = (),
        proven: Mapping[str, int] | None = None,
    ) -> None:
        """Keep the state of every (table, date), and the warehouse's fingerprint; None: as before."""
        rows = None if cells is None else [(cell.table, str(cell.day), *cell[2:]) for cell in cells]

        def write(db: sqlite3.Connection) -> None:
            if rows is not None:
                db.execute("delete from cells")
                db.executemany("insert into cells values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
            now = self._warehouse.fingerprint()
            kept = {"taken_at": time.time(), "warehouse": now, "files": project_files()}
            if phase3 is not None:
                kept |= {
                    "phase3": [asdict(line) for line in phase3],
                    "shares": [asdict(line) for line in shares],
                    "proven": dict(proven or {}),
                    "phase3_warehouse": now,
                }
            db.executemany(
                "insert or replace into snapshot values (?, ?)",
                [(key, json.dumps(value)) for key, value in kept.items()],
            )

        self._write(write)

    # --- reading ---------------------------------------------------------------------------------

    def last_run(self) -> dict | None:
        """Return the newest run; None when there is none."""
        found = self._read("select * from runs order by rowid desc limit 1")
        return _decoded(found[0]) if found else None

    def windows(self, run_id: str) -> list[dict]:
        """Return a run's windows and the state of each."""
        found = self._read("select * from windows where run_id = ? order by rowid", (run_id,))
        return [_decoded(row) for row in found]

    def cells(self) -> list[Cell]:
        """Return every (table, date) as last read from the warehouse; empty when nothing is known."""
        return [
            Cell(
                row["table_name"],
                date.fromisoformat(row["day"]),
                row["season"],
                row["state"],
                row["reason"],
                row["rows"],
                bool(row["expected"]),
                row["error"],
                row["sql_path"],
                row["retry"],
            )
            for row in self._read("select * from cells order by day, table_name")
        ]

    def snapshot(self) -> dict[str, Any]:
        """Return when and from which warehouse the cells were read, and Phase 3's lines; empty if unknown."""
        return {row["key"]: json.loads(row["value"]) for row in self._read("select * from snapshot")}

    def is_fresh(self) -> bool:
        """Tell whether the cells are those of today's warehouse and project."""
        kept = self.snapshot()
        return (
            kept.get("warehouse") is not None
            and kept["warehouse"] == kept.get("phase3_warehouse") == self._warehouse.fingerprint()
            and kept.get("files") == project_files()
        )

    def estimate(self, windows: Sequence[Window]) -> float | None:
        """Return the seconds these windows should take, by the newest measured; None without one."""
        measured = [
            (row["dates"], row["seconds"])
            for row in self._read(
                "select dates, seconds from windows where state = ? and seconds is not null "
                "order by rowid desc limit 40",
                (WindowState.SUCCEEDED,),
            )
        ]
        if not measured or not windows:
            return None
        # Windows of one size do not reveal the fixed cost of a window: assume the usual one.
        per_date = sum(s for _, s in measured) / sum(d + WINDOW_IN_DATES for d, _ in measured)
        per_window = WINDOW_IN_DATES * per_date
        if len({dates for dates, _ in measured}) > 1:
            slope, intercept = linear_regression(*zip(*measured, strict=True))
            if slope >= 0 and intercept >= 0:
                per_window, per_date = intercept, slope
        return sum(per_window + per_date * window.dates for window in windows)

    # --- the file --------------------------------------------------------------------------------

    def _write(self, change: Callable[[sqlite3.Connection], object]) -> None:
        for attempt in (1, 2):
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                with closing(sqlite3.connect(self.path, timeout=2)) as db:
                    db.execute("pragma synchronous = off")
                    with db:
                        db.executescript(SCHEMA)
                        change(db)
                return
            except sqlite3.DatabaseError as error:
                # Not a database, or one of another version: start a new file.
                outdated = "no such column" in str(error) or "has no column" in str(error)
                if attempt == 2 or (isinstance(error, sqlite3.OperationalError) and not outdated):
                    return
                self._discard()
            except OSError:
                return

    def _discard(self) -> None:
        with suppress(OSError):
            self.path.unlink(missing_ok=True)

    def _read(self, sql: str, parameters: tuple = ()) -> list[sqlite3.Row]:
        if not self.path.exists():
            return []
        try:
            with closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=2)) as db:
                db.row_factory = sqlite3.Row
                return db.execute(sql, parameters).fetchall()
        except (sqlite3.Error, OSError):
            return []


def _planned(run_id: str, window: Window, tables: Sequence[str]) -> tuple:
    return (
        run_id,
        str(window.start),
        str(window.end),
        window.dates,
        json.dumps(list(tables)),
        WindowState.PLANNED,
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _decoded(row: sqlite3.Row) -> dict:
    found = dict(row)
    for name in ("selection", "outcome", "tables"):
        if found.get(name):
            found[name] = json.loads(found[name])
    return found
