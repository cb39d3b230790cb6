"""All other faults: each is done to a backfill, and the next one has to finish as if nothing had been.

A fault returns whether it came out as it should, and one line of what it gave.
"""

from __future__ import annotations

import hashlib
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb

from orchestrator.warehouse.duckdb_file import DuckDBFile
from tests.chaos.ground import Ended, Ground, finish, kill, last_run, run, start, wait_for
from tests.chaos.truth import State, judge, look
from tests.python.warehouses import PROJECT, TABLES

Result = tuple[bool, str]
MEGABYTE = 1 << 20
POISONED = "player_daily_cache"
NEEDS_POISONED = "ml_feature_store"
"""Made from the poisoned table, so skipped with it."""


ONCE, TWICE, TERM = (signal.SIGINT,), (signal.SIGINT, signal.SIGINT), (signal.SIGTERM,)


# --- signals -------------------------------------------------------------------------------------


def sigint_once(ground: Ground, rng: random.Random) -> Result:
    """The window in hand finishes, exit 130, the way to resume."""
    return _signalled(ground, rng, [(ONCE, 130, delay) for delay in (1.2, 2.5, 5, 8)])


def sigint_twice(ground: Ground, rng: random.Random) -> Result:
    """Cancelled: exit 130, and nothing half done."""
    return _signalled(ground, rng, [(TWICE, 130, delay) for delay in (1.2, 3, 5, 7)])


def sigterm_once(ground: Ground, rng: random.Random) -> Result:
    """As with SIGINT, and 143."""
    return _signalled(ground, rng, [(TERM, 143, delay) for delay in (1.2, 3, 6)])


def one_of_each_signal(ground: Ground, rng: random.Random) -> Result:
    """The three of them on one warehouse: for CI."""
    return _signalled(ground, rng, [(TWICE, 130, 1), (TERM, 143, 1.5), (ONCE, 130, 3)])


def sigint_before_anything(ground: Ground, rng: random.Random) -> Result:
    """In the first moments nobody owns the signals yet (Python is starting): it ends, nothing is done."""
    return _signalled(ground, rng, [(ONCE, 130, delay) for delay in (0.15, 0.3, 0.5)], exactly=False)


def _signalled(
    ground: Ground,
    rng: random.Random,
    attempts: list[tuple[tuple[signal.Signals, ...], int, float]],
    exactly: bool = True,
) -> Result:
    """Each attempt is the signals, the exit status they should give, and the seconds to wait, about.

    A run may be over before its signal comes; that all of them are would mean that signals do nothing.
    """
    ok, stopped, gave = True, False, []
    with ground.trial(ground.raw) as warehouse:
        for signals, code, delay in attempts:
            since = time.monotonic()
            process = start(warehouse, "backfill", "--window", 60)
            if exactly:
                _wait_for_signals(process, warehouse)
            time.sleep(delay * rng.uniform(0.8, 1.2))
            sent = True
            for number in signals:
                sent = sent and kill(process, number)
                time.sleep(0.4)
            ended = finish(process, warehouse, since)
            verdict = judge(look(warehouse), [ground.truth], may_be_absent=True)
            right = verdict.ok and not (exactly and ended.traceback)
            if sent and exactly and ended.code != 0:
                right = right and ended.code == code and "resume with" in ended.err
            elif sent and not exactly:
                right = right and ended.code in (130, -signal.SIGINT, 0)
            succeeded = (last_run(warehouse) or {"windows": {}})["windows"].get("landed", 0)
            gave.append(f"exit {ended.code} after {ended.seconds:.1f} s, {succeeded} windows succeeded")
            if not right:
                why = "a traceback" if ended.traceback else ended.last_words()
                gave.append(f"WRONG: {verdict}, expected {code}: {why}\n{ended.err[-2000:]}")
            ok, stopped = ok and right, stopped or ended.code != 0
        finished, text = _finishes(ground, warehouse)
    return ok and stopped and finished, "; ".join([*gave, text])


def _wait_for_signals(process: subprocess.Popen, warehouse: Path) -> None:
    """Wait until the run has told the progress file of itself: from then on the signals are its own."""
    wait_for(process, lambda: (last_run(warehouse) or {}).get("pid") == process.pid)


# --- the disk ------------------------------------------------------------------------------------


def disk_full_by_file_size(ground: Ground, rng: random.Random, shares: tuple[float, ...] = ()) -> Result:
    """No file may grow beyond a size: between that of the raw data and that of the finished warehouse."""
    small, large = ground.raw.stat().st_size, ground.built.stat().st_size
    ok, gave = True, []
    with ground.trial(ground.raw) as warehouse:
        for share in shares or (0.02, 0.3, 0.6, 0.9):
            size = int(small + share * (large - small))
            ended = run(warehouse, "backfill", "--window", 60, before=lambda size=size: _limit(size))
            verdict = judge(look(warehouse), [ground.truth], may_be_absent=True)
            right = verdict.ok and not ended.traceback
            right = right and (ended.code == 0 or (ended.code == 1 and "File too large" in ended.err))
            ok = ok and right
            gave.append(f"{size / MEGABYTE:.0f} MB: exit {ended.code}, {ended.last_words()}")
            if not right:
                gave.append(f"WRONG: {verdict}")
        finished, text = _finishes(ground, warehouse)
    return ok and finished, "; ".join([*gave, text])


def _limit(size: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def disk_full_for_real(ground: Ground, rng: random.Random) -> Result:
    """A small file system, where root may mount one."""
    folder = ground.folder / "small-disk"
    folder.mkdir(exist_ok=True)
    size = (ground.raw.stat().st_size + ground.built.stat().st_size) // 2
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if not mounted or mounted.returncode:
        return True, "skipped: no right to mount a file system"
    try:
        warehouse = Path(shutil.copy(ground.raw, folder / ground.raw.name))
        ended = run(warehouse, "backfill", "--window", 60)
        verdict = judge(look(warehouse), [ground.truth], may_be_absent=True)
        with ground.trial(warehouse) as elsewhere:
            finished, text = _finishes(ground, elsewhere)
    finally:
        subprocess.run(["umount", str(folder)], check=False)
    right = verdict.ok and not ended.traceback and ended.code == 1 and "make room" in ended.err
    return right and finished, (
        f"{size / MEGABYTE:.0f} MB: exit {ended.code}, {ended.last_words()}; {verdict}; with room: {text}"
    )


# --- files that go -------------------------------------------------------------------------------


def state_folder_deleted(ground: Ground, rng: random.Random) -> Result:
    """Before, during and after a run: nothing is missed."""
    with ground.trial(ground.raw) as warehouse:
        folder = DuckDBFile(warehouse).state_folder
        since = time.monotonic()
        process = start(warehouse, "backfill", "--window", 100)
        deleted = 0
        while process.poll() is None:
            time.sleep(rng.uniform(0.2, 0.8))
            if folder.exists():
                shutil.rmtree(folder, ignore_errors=True)
                deleted += 1
        ended = finish(process, warehouse, since)
        shutil.rmtree(folder, ignore_errors=True)
        same, text = _finishes(ground, warehouse)
        shutil.rmtree(folder, ignore_errors=True)
        status = run(warehouse, "status")
    right = ended.code == 0 and not ended.traceback and status.code == 0 and "complete" in status.out
    return right and same, (
        f"deleted {deleted} times while it ran: exit {ended.code}; then {text}; status: exit {status.code}"
    )


def lock_file_deleted(ground: Ground, rng: random.Random) -> Result:
    """The lock's file goes while a run holds it, and a second run comes: DuckDB's own lock is left."""
    with ground.trial(ground.raw) as warehouse:
        since = time.monotonic()
        first = start(warehouse, "backfill", "--window", 100)
        _wait_for_signals(first, warehouse)
        DuckDBFile(warehouse).lock_path.unlink(missing_ok=True)
        second = subprocess.Popen(  # its own output, not to mix with the first one's
            first.args,
            cwd=Path(first.args[1]).parent,
            env=os.environ | {"NBA_DUCKDB_PATH": str(warehouse)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        ended = finish(first, warehouse, since)
        _, words = second.communicate(timeout=600)
        verdict = judge(look(warehouse), [ground.truth], may_be_absent=True)
        same, text = _finishes(ground, warehouse)
    right = verdict.ok and not ended.traceback and "Traceback" not in words
    return right and same, (
        f"first: exit {ended.code} ({ended.last_words()}), second: exit {second.returncode} "
        f"({_error_line(words)}); {verdict}; {text}"
    )


def lock_left_by_a_killed_run(ground: Ground, rng: random.Random) -> Result:
    """The operating system drops the lock with its holder: nobody is stopped by the file."""
    with ground.trial(ground.raw) as warehouse:
        process = start(warehouse, "backfill", "--window", 100)
        _wait_for_signals(process, warehouse)
        time.sleep(rng.uniform(0, 2))
        kill(process)
        process.wait()
        left = DuckDBFile(warehouse).lock_path.exists()
        status = run(warehouse, "status")
        same, text = _finishes(ground, warehouse)
    return left and same and status.code == 0, f"lock file left: {left}; status: exit {status.code}; {text}"


# --- two at once ---------------------------------------------------------------------------------


def two_at_once(ground: Ground, rng: random.Random, times: int = 10) -> Result:
    """Exactly one works; the other says who does and exits 3."""
    codes, wrong = [], []
    with ground.trial(ground.built) as warehouse:
        command = ("backfill", "--only", "all", "--start", "2024-02-01", "--end", "2024-02-03")
        if not any(day == date(2024, 2, 1) for _, day in ground.truth.held):
            middle = _game_dates(ground)[len(_game_dates(ground)) // 2]
            command = ("backfill", "--only", "all", "--dates", str(middle))
        for _ in range(times):
            both = [_apart(warehouse, number, command) for number in (1, 2)]
            ended = []
            for process in both:
                out, err = process.communicate(timeout=300)
                ended.append(Ended(process.returncode, out, err, 0.0))
            codes.append(tuple(sorted(entry.code for entry in ended)))
            winner = both[0].pid if ended[0].code == 0 else both[1].pid
            loser = next((entry for entry in ended if entry.code == 3), None)
            if codes[-1] != (0, 3) or loser is None or f"pid {winner}" not in loser.err:
                wrong.append(" / ".join(entry.last_words() for entry in ended))
        verdict = judge(look(warehouse), [ground.truth], may_be_absent=False)
    return not wrong and verdict.ok, (
        f"{times} times, exits {sorted(set(codes))}, the loser named the winner's pid "
        f"{times - len(wrong)} times; {verdict}" + (f"; WRONG: {wrong[0]}" if wrong else "")
    )


def _apart(warehouse: Path, number: int, command: tuple) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, str(PROJECT / "orchestrate.py"), *command],
        cwd=PROJECT,
        env=os.environ | {"NBA_DUCKDB_PATH": str(warehouse)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
    )


# --- clocks --------------------------------------------------------------------------------------


def clock_jumped_back(ground: Ground, rng: random.Random) -> Result:
    """What is there was stamped a year from now: it stays finished, and is built again when asked."""
    with ground.trial(ground.built) as warehouse:
        with duckdb.connect(str(warehouse)) as connection:
            for table in (*TABLES, "receipts"):
                connection.execute(
                    f"update nba_precompute.{table} set built_at = built_at + interval 400 days"
                )
        nothing = run(warehouse, "backfill")
        with duckdb.connect(str(warehouse)) as connection:
            connection.execute(
                "delete from nba_precompute.receipts where analysis_date = "
                "(select max(analysis_date) - 60 from nba_precompute.receipts)"
            )
        again = run(warehouse, "backfill", "--only", "all", "--window", 120)
        verdict = judge(look(warehouse), [ground.truth], may_be_absent=False)
    right = nothing.code == 0 and "nothing to do" in nothing.err and again.code == 0 and verdict.ok
    return right, (
        f"receipts of the future: exit {nothing.code}, {nothing.last_words()}; rebuilt: exit {again.code}, "
        f"{verdict}"
    )


def clock_behind(ground: Ground, rng: random.Random) -> Result:
    """A whole run under a clock that is behind what is stored (needs faketime)."""
    program = shutil.which("faketime")
    if not program:
        return True, "skipped: faketime is not installed"
    with ground.trial(ground.built) as warehouse:
        environment = os.environ | {"NBA_DUCKDB_PATH": str(warehouse)}
        command = [program, "-f", "-30d", sys.executable, str(PROJECT / "orchestrate.py"), "backfill"]
        done = subprocess.run(
            [*command, "--only", "all", "--window", "120"],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        verdict = judge(look(warehouse), [ground.truth], may_be_absent=False)
    return done.returncode == 0 and verdict.ok, f"30 days back: exit {done.returncode}; {verdict}"


# --- poison --------------------------------------------------------------------------------------


def poisoned_date_first(ground: Ground, rng: random.Random) -> Result:
    """The first date of the window cannot be written."""
    return _poisoned(ground, _some_dates(ground, 12), 0)


def poisoned_date_in_the_middle(ground: Ground, rng: random.Random, dates: int = 12) -> Result:
    """A date amid the window cannot be written."""
    return _poisoned(ground, _some_dates(ground, dates), dates // 2)


def poisoned_date_last(ground: Ground, rng: random.Random) -> Result:
    """The last date of the window cannot be written."""
    return _poisoned(ground, _some_dates(ground, 12), 11)


def _poisoned(ground: Ground, days: list[date], position: int) -> Result:
    poison = days[position]
    span = ("--start", days[0], "--end", days[-1])
    warehouse = ground.emptied()
    _refuse(warehouse, poison)
    ended = run(warehouse, "backfill", *span)
    found = look(warehouse)
    cut = _within(ground.truth, days)
    expected = State(
        cut.warehouse,
        {key: held for key, held in cut.held.items() if key not in _of(poison)},
    )
    verdict = judge(_within(found, days), [expected], may_be_absent=False)
    failed = _failures(warehouse)
    right = (
        ended.code == 1
        and not ended.traceback
        and verdict.ok
        and failed == {(POISONED, poison, "error"), (NEEDS_POISONED, poison, "skipped")}
        and "retry with" in ended.err
    )
    again = run(warehouse, "retry")
    _allow(warehouse)
    repaired = run(warehouse, "retry")
    after = judge(_within(look(warehouse), days), [cut], may_be_absent=False)
    right = right and again.code == 1 and repaired.code == 0 and after.ok and not _failures(warehouse)
    shutil.rmtree(warehouse.parent)
    kinds = ", ".join(f"{table} {kind}" for table, _, kind in sorted(failed))
    return right, (
        f"{len(days)} dates, {poison} refused: exit {ended.code} after {ended.seconds:.0f} s, failed: "
        f"{len({day for _, day, _ in failed})} date ({kinds}), the others {verdict}; "
        f"retry: exit {again.code}; cause gone, retry: exit {repaired.code}, {after}"
    )


def _of(poison: date) -> set[tuple[str, date]]:
    return {(POISONED, poison), (NEEDS_POISONED, poison)}


def _refuse(warehouse: Path, day: date) -> None:
    """Make a table anew with a constraint that this date breaks."""
    with duckdb.connect(str(warehouse)) as connection:
        ((sql,),) = connection.execute(
            "select sql from duckdb_tables() where schema_name = 'nba_precompute' and table_name = ?",
            [POISONED],
        ).fetchall()
        connection.execute(f"drop table nba_precompute.{POISONED}")
        body, _, _ = sql.rpartition(")")
        connection.execute(f"{body}, check (analysis_date <> date '{day}'))")


def _allow(warehouse: Path) -> None:
    with duckdb.connect(str(warehouse)) as connection:
        ((sql,),) = connection.execute(
            "select sql from duckdb_tables() where schema_name = 'nba_precompute' and table_name = ?",
            [POISONED],
        ).fetchall()
        at = sql.upper().index(", CHECK")
        connection.execute(f"alter table nba_precompute.{POISONED} rename to poisoned")
        connection.execute(sql[:at] + ")")
        connection.execute(f"insert into nba_precompute.{POISONED} from nba_precompute.poisoned")
        connection.execute("drop table nba_precompute.poisoned")


def poison_in_history(ground: Ground, rng: random.Random) -> Result:
    """A raw value that no later date of its season can be computed with; the next season can."""
    two = ground.folder / "two-seasons" / "nba.duckdb"
    two.parent.mkdir()
    made = run(two, "demo", "--seasons", 2)
    assert made.code == 0, made.text
    clean = ground.copy(two, "two-seasons-built")
    assert run(clean, "backfill").code == 0
    truth = look(clean)
    with duckdb.connect(str(two)) as connection:
        ((game, player, poison, points),) = connection.execute(
            "select game_id, player_id, game_date, pts from nba_raw.player_box where game_date = "
            "(select min(game_date) + 90 from nba_raw.player_box) "
            "and min > 20 and pts is not null order by all limit 1"
        ).fetchall()
        connection.execute(
            "update nba_raw.player_box set pts = 4000000000 where game_id = ? and player_id = ?",
            [game, player],  # its square is no 64-bit number
        )
    ended = run(two, "backfill", "--skip-preflight")
    found = look(two)
    season = min(day.year for _, day in truth.held)
    early = {key for key in truth.held if key[1] < poison}
    other = {key for key in truth.held if (key[1].year, key[1].month) >= (season + 1, 10)}
    spared = State(clean, {key: truth.held[key] for key in early | other})
    verdict = judge(_only(found, set(spared.held)), [spared], may_be_absent=False)
    failed = _failures(two)
    text = (
        f"season 1 poisoned on {poison}: exit {ended.code} after {ended.seconds:.0f} s, "
        f"{ended.text.count('trying it in halves')} halvings, {len({day for _, day, _ in failed})} dates "
        f"failed, {min((day for _, day, _ in failed), default=None)} to "
        f"{max((day for _, day, _ in failed), default=None)}; earlier dates and season 2 {verdict}"
    )
    with duckdb.connect(str(two)) as connection:
        connection.execute(
            "update nba_raw.player_box set pts = ? where game_id = ? and player_id = ?",
            [points, game, player],
        )
    repaired = run(two, "backfill")
    after = judge(look(two), [truth], may_be_absent=False)
    right = ended.code == 1 and not ended.traceback and verdict.ok and failed
    right = right and repaired.code == 0 and after.ok
    return bool(right), f"{text}; repaired: exit {repaired.code}, {after}"


# --- what is no warehouse ------------------------------------------------------------------------


def file_truncated(ground: Ground, rng: random.Random, times: int = 4) -> Result:
    """A clear error, exit 1, and the file as it was."""

    def cut(warehouse: Path) -> None:
        os.truncate(warehouse, rng.randrange(1, warehouse.stat().st_size))

    return _damaged(ground, [cut] * times)


def file_header_zeroed(ground: Ground, rng: random.Random) -> Result:
    """The first pages are zeros."""

    def zero(warehouse: Path) -> None:
        with warehouse.open("r+b") as file:
            file.write(bytes(12288))

    return _damaged(ground, [zero])


def file_is_text(ground: Ground, rng: random.Random) -> Result:
    """Somebody put another file there."""
    return _damaged(ground, [lambda warehouse: warehouse.write_text("not a database\n" * 2000)])


def _damaged(ground: Ground, damages: list[Callable[[Path], object]]) -> Result:
    ok, gave = True, []
    for damage in damages:
        with ground.trial(ground.built) as warehouse:
            damage(warehouse)
            before = _digest(warehouse)
            size = warehouse.stat().st_size
            ended = run(warehouse, "backfill")
            status = run(warehouse, "status")
            same = _digest(warehouse) == before
            right = ended.code == 1 and status.code == 1 and same
            right = right and not ended.traceback and not status.traceback
            ok = ok and right
            words = ended.last_words().replace(str(warehouse), "FILE")
            gave.append(
                f"{size / MEGABYTE:.1f} MB: exit {ended.code}, status {status.code}, file "
                f"{'untouched' if same else 'CHANGED'}{', TRACEBACK' if ended.traceback else ''}: {words}"
            )
    return ok, "; ".join(gave)


def wal_deleted_after_a_kill(ground: Ground, rng: random.Random, times: int = 3) -> Result:
    """What was committed and not yet in the file is gone: the next run builds it."""
    return _wal(ground, rng, times, lambda wal: wal.unlink())


def wal_truncated_after_a_kill(ground: Ground, rng: random.Random, times: int = 3) -> Result:
    """A power cut in the middle of a write."""
    return _wal(ground, rng, times, lambda wal: os.truncate(wal, rng.randrange(1, wal.stat().st_size)))


def _wal(ground: Ground, rng: random.Random, times: int, damage: Callable[[Path], object]) -> Result:
    ok, gave = True, []
    for _ in range(times):
        with ground.trial(ground.raw) as warehouse:
            wal = warehouse.with_name(f"{warehouse.name}.wal")
            process = start(warehouse, "backfill", "--window", 100)
            _wait_for_signals(process, warehouse)
            wait_for(process, lambda: (last_run(warehouse) or {}).get("current") is not None)
            time.sleep(rng.uniform(0.2, 5))
            wait_for(process, lambda wal=wal: wal.exists() and wal.stat().st_size > 100, 20)
            kill(process)
            process.wait()
            size = wal.stat().st_size if wal.exists() else 0
            if size:
                damage(wal)
            ended = run(warehouse, "backfill")
            verdict = judge(look(warehouse), [ground.truth], may_be_absent=False)
            right = verdict.ok and ended.code == 0 and not ended.traceback
            ok = ok and right
            gave.append(f"log of {size / 1024:.0f} KB: next exit {ended.code}, {verdict}")
            if not right:
                gave.append(f"WRONG: {ended.last_words()}")
    return ok, "; ".join(gave)


# --- shared --------------------------------------------------------------------------------------


def _finishes(ground: Ground, warehouse: Path) -> tuple[bool, str]:
    ended = run(warehouse, "backfill")
    state = look(warehouse)
    verdict = judge(state, [ground.truth], may_be_absent=False)
    ok = ended.code == 0 and verdict.ok and not state.leftovers
    return ok, f"the next backfill: exit {ended.code}, {'equal' if verdict.ok else verdict}"


def _game_dates(ground: Ground) -> list[date]:
    return sorted({day for table, day in ground.truth.held if table == NEEDS_POISONED})


def _some_dates(ground: Ground, number: int) -> list[date]:
    """Return dates in a row, amid the season, on which every table has rows."""
    days = [
        day
        for day in _game_dates(ground)
        if all(ground.truth.of(table, day).rows for table in TABLES if table != "phase4_exclusions")
    ]
    middle = len(days) // 2
    return days[middle : middle + number]


def _within(state: State, days: list[date]) -> State:
    return State(
        state.warehouse,
        {(table, day): held for (table, day), held in state.held.items() if days[0] <= day <= days[-1]},
    )


def _only(state: State, keys: set) -> State:
    return State(state.warehouse, {key: held for key, held in state.held.items() if key in keys})


def _failures(warehouse: Path) -> set[tuple[str, date, str]]:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return set(
            connection.execute(
                "select table_name, analysis_date, kind from nba_precompute.failures"
            ).fetchall()
        )


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _error_line(text: str) -> str:
    lines = [line for line in text.splitlines() if "error" in line.lower() or "dates" in line]
    return (lines or text.splitlines() or ["nothing"])[0][:160]


FAULTS = (
    sigint_before_anything,
    sigint_once,
    sigint_twice,
    sigterm_once,
    disk_full_by_file_size,
    disk_full_for_real,
    state_folder_deleted,
    lock_file_deleted,
    lock_left_by_a_killed_run,
    two_at_once,
    clock_jumped_back,
    clock_behind,
    poisoned_date_first,
    poisoned_date_in_the_middle,
    poisoned_date_last,
    poison_in_history,
    file_truncated,
    file_header_zeroed,
    file_is_text,
    wal_deleted_after_a_kill,
    wal_truncated_after_a_kill,
)
