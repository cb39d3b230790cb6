"""What is known of a run beside the warehouse: the lock, the progress file, status, resume."""

import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta

import duckdb
import pytest

from orchestrator.core.errors import BusyError, HeldError, UserError
from orchestrator.core.windows import Window
from orchestrator.plan.preview import plan_from_state, plan_now
from orchestrator.plan.request import Request
from orchestrator.run.backfill import Settings
from orchestrator.run.resume import unfinished_request
from orchestrator.show.gaps import gaps
from orchestrator.show.status import status
from orchestrator.state import lock
from orchestrator.state.progress_file import ProgressFile
from tests.python.paper import FAR, PaperDbt, cells_of, run, write_warehouse

TDZA, MLFS = "team_defense_zone_analysis", "ml_feature_store"
DAYS = [date(2021, 12, 1) + timedelta(days=number) for number in range(6)]


@pytest.fixture
def league(tmp_path):
    return PaperDbt(write_warehouse(tmp_path / "nba.duckdb", cells_of(DAYS)))


@contextmanager
def elsewhere(code, *arguments):
    """Run Python in another process that says a line when it is ready, and ends with the block."""
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"{code}; print('ready', flush=True); import time; time.sleep(60)",
            *arguments,
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def opened(warehouse):
    return elsewhere("import sys, duckdb; db = duckdb.connect(sys.argv[1])", str(warehouse))


def holding(warehouse):
    code = (
        "import sys; from pathlib import Path; from orchestrator.warehouse.duckdb_file import DuckDBFile; "
        "from orchestrator.state.lock import held; "
        "sys.argv[1:] = ['backfill', '--only', 'all', sys.argv[1]]; "
        "lock = held(DuckDBFile(Path(sys.argv[-1]))); lock.__enter__()"
    )
    return elsewhere(code, str(warehouse))


# --- the lock ------------------------------------------------------------------------------------


def test_a_second_backfill_is_told_who_holds_the_warehouse(league, monkeypatch):
    monkeypatch.setattr(lock, "PATIENCE_SECONDS", 0.05)
    with holding(league.warehouse) as process:
        assert lock.is_held(league.file)
        with pytest.raises(HeldError) as raised:
            run(league)
        assert raised.value.exit_code == 3
        text = str(raised.value)
        assert f"pid {process.pid}, since 20" in text
        assert f"`python orchestrate.py backfill --only all {league.warehouse}`" in text
        assert not league.built
        assert ProgressFile(league.file).last_run() is None  # nor is it a run
    assert not lock.is_held(league.file)  # the process was killed: its lock is nobody's
    assert lock.holder(league.file)["pid"] == process.pid
    assert run(league).state == "finished"
    assert lock.holder(league.file) is None


@pytest.mark.parametrize("text", ["", "{}", "[]", '"x"', '{"pid": 1}', "\0\1"])
def test_a_holder_that_cannot_be_read(league, monkeypatch, text):
    monkeypatch.setattr(lock, "PATIENCE_SECONDS", 0.05)
    with lock.held(league.file):
        league.warehouse.with_name("nba.duckdb.lock.holder").write_text(text)
        with pytest.raises(HeldError, match="is unknown"), lock.held(league.file):
            pass


def test_the_lock_is_let_go_whatever_happens(league):
    def broken(plan):
        raise RuntimeError("a bug")

    with pytest.raises(RuntimeError, match="a bug"):
        run(league, confirm=broken)
    assert not lock.is_held(league.file)
    last = ProgressFile(league.file).last_run()
    assert (last["state"], last["outcome"]["stopped_by"]) == ("stopped", "a bug")


# --- the progress file ---------------------------------------------------------------------------


def test_a_run_is_kept_with_its_windows(league):
    league.bad = {(MLFS, DAYS[2])}
    outcome = run(league, Request(end=FAR, window=3))
    progress = ProgressFile(league.file)
    last = progress.last_run()
    assert (last["run_id"], last["pid"], last["state"]) == (outcome.run.run_id, os.getpid(), "failed")
    assert (last["total_dates"], last["done_dates"], last["rows"]) == (6, 6, outcome.rows)
    assert last["outcome"] == outcome.as_json()
    windows = {(w["start"], w["end"]): w["state"] for w in progress.windows(outcome.run.run_id)}
    assert windows == {
        (str(DAYS[0]), str(DAYS[0])): "landed",
        (str(DAYS[1]), str(DAYS[1])): "landed",
        (str(DAYS[2]), str(DAYS[2])): "failed",
        (str(DAYS[3]), str(DAYS[5])): "landed",
    }
    log = outcome.run.log.read_text()
    assert f"resume with: {outcome.run.resume_command}" in log
    assert f"failed {MLFS} {DAYS[2]} (error): {MLFS}: Constraint Error" in log
    assert all(line[:2] == "20" and line[19] == "." for line in log.splitlines())  # each with its time


def test_estimates_come_from_what_was_measured(league):
    progress = ProgressFile(league.file)

    def measured(*pairs):
        for number, (dates, seconds) in enumerate(pairs):
            window = Window(DAYS[0], DAYS[0] + timedelta(days=number), dates)
            progress.finished("r", window, (TDZA,), "landed", 10, seconds)

    def asked(*dates):
        return progress.estimate([Window(DAYS[0], DAYS[1], number) for number in dates])

    assert asked(10) is None
    measured((1, 5.01))
    assert asked(500) == pytest.approx(10.0)  # a night takes 5 s, but 500 nights at once not 42 minutes
    measured((1, 5.01), (1, 5.01))
    assert asked(500) == pytest.approx(10.0)
    measured(*40 * [(100, 10.0)])  # the newest 40 count
    assert asked(50) == pytest.approx(10.0 / 600 * 550)
    measured(*20 * [(100, 10.0), (200, 15.0)])  # 5 s a window and 50 ms a date
    assert asked(300) == pytest.approx(20.0)
    assert asked(100, 100) == pytest.approx(20.0)
    assert asked() is None
    progress.finished("r", Window(DAYS[1], DAYS[2], 500), (TDZA,), "failed", 0, 1.0)
    assert asked(300) == pytest.approx(20.0)  # what failed measures nothing


@pytest.mark.parametrize("damage", ["gone", "garbage", "another version", "a folder"])
def test_a_state_folder_that_is_lost_costs_nothing(league, damage):
    assert run(league, Request(end=DAYS[2])).dates == 3
    progress = ProgressFile(league.file)
    if damage == "gone":
        shutil.rmtree(league.file.state_folder)
    elif damage == "garbage":
        progress.path.write_bytes(os.urandom(5000))
    elif damage == "another version":
        import sqlite3

        progress.path.unlink()
        with sqlite3.connect(progress.path) as db:
            db.execute("create table runs (id int)")
            db.execute("create table cells (id int)")
    else:
        progress.path.unlink()
        progress.path.mkdir()
    assert len(status(league.file).cells) == len(DAYS) * 6
    assert plan_now(league.file, Request(end=FAR)).plan.dates == 3
    outcome = run(league)
    assert (outcome.state, outcome.dates) == ("finished", 3)
    assert ProgressFile(league.file).last_run() is None or damage != "a folder"


def test_a_run_that_could_not_look_forgets_nothing(league):
    run(league, Request(end=DAYS[2]))
    known = ProgressFile(league.file).cells()
    with opened(league.warehouse), pytest.raises(BusyError, match="in use"):
        run(league)
    assert ProgressFile(league.file).cells() == known
    found = status(league.file)
    assert found.cells == known
    assert "in use" in found.last_run["outcome"]["stopped_by"]


# --- status --------------------------------------------------------------------------------------


def test_status_answers_from_the_progress_file_while_the_warehouse_is_locked(league):
    with opened(league.warehouse), pytest.raises(BusyError):
        status(league.file)  # nobody has looked before
    run(league, Request(end=DAYS[3]))
    before = status(league.file)
    assert (before.source, before.age_seconds) == ("warehouse", 0)
    os.utime(league.warehouse)  # somebody is writing
    with opened(league.warehouse):
        found = status(league.file)
        planned = plan_from_state(league.file, Request(end=FAR))
    assert found.source == "progress file"
    assert 0 < found.age_seconds < 60
    assert found.cells == before.cells
    assert planned.plan.dates == 2
    assert 0 < planned.age_seconds < 60
    assert "s old" in planned.remark
    assert planned.as_json()["windows"] == plan_now(league.file, Request(end=FAR)).as_json()["windows"]


def test_plan_from_state_without_one(league):
    with pytest.raises(UserError, match="no progress file"):
        plan_from_state(league.file, Request())


def test_status_knows_what_others_did_to_the_warehouse(league):
    run(league)
    assert not status(league.file).failed
    with duckdb.connect(str(league.warehouse)) as db:
        db.execute("delete from nba_precompute.receipts where analysis_date = ?", [DAYS[0]])
    assert {cell.state for cell in status(league.file).cells if cell.day == DAYS[0]} == {"missing"}


def test_status_knows_a_run_that_runs_and_one_that_was_cut_off(league):
    seen = []
    league.before = lambda window: seen.append(status(league.file))
    run(league, Request(end=FAR, window=2))
    assert [found.running for found in seen] == [True] * 3
    assert seen[-1].as_json()["running"]["dates_done"] == 4
    assert seen[-1].as_json()["running"]["eta_seconds"] > 0
    assert [sum(cell.state == "done" for cell in found.cells) for found in seen] == [0, 12, 24]
    assert not status(league.file).running
    with lock.held(league.file):
        assert status(league.file).running  # also where the progress file knows all there is
        os.utime(league.warehouse)
        assert status(league.file).source == "progress file"  # not from the warehouse, though it is free
    ProgressFile(league.file).begin("cut", pid=1, command="c", resume="r", selection={}, log=league.warehouse)
    found = status(league.file)
    assert (found.running, found.killed) == (False, True)
    assert found.as_json()["last_run"]["killed"] is True


def test_the_status_as_json(league):
    league.bad = {(MLFS, DAYS[2])}
    run(league, Request(end=DAYS[4]))
    with duckdb.connect(str(league.warehouse)) as db:
        db.execute(
            "update nba_precompute.receipts set stale = 'stale_inputs' where analysis_date = ?", [DAYS[0]]
        )
    found = json.loads(json.dumps(status(league.file).as_json()))
    assert [(f["table"], f["date"], f["kind"]) for f in found["failed"]] == [(MLFS, str(DAYS[2]), "error")]
    assert found["failed"][0]["retry"] == f"python orchestrate.py retry --dates {DAYS[2]}"
    assert {(s["table"], s["start"], s["dates"]) for s in found["stale"]} >= {(TDZA, str(DAYS[0]), 1)}
    lines = {line["processor"]: line for line in found["phase4"]}
    assert lines["MLFS"]["status"] == "1 failed, 1 missing, 1 stale inputs"
    assert lines["MLFS"]["states"] == {"done": 3, "stale_inputs": 1, "missing": 1, "failed": 1}
    assert found["seasons"]["2021-22"]["phase4"] == found["phase4"]
    assert found["complete"] is False
    assert found["running"] is None
    assert found["last_run"]["state"] == "failed"


def test_gaps_are_ranges_and_end_when_told(league):
    run(league, Request(end=DAYS[1]))
    found = [span for span in gaps(league.file, DAYS[4]).spans if span.table == MLFS]
    assert [(span.start, span.end, span.dates, span.state) for span in found] == [
        (DAYS[2], DAYS[4], 3, "missing")
    ]
    assert gaps(league.file, DAYS[1]).spans == []


# --- resume --------------------------------------------------------------------------------------


def test_resume_without_a_run(league):
    with pytest.raises(UserError, match="no run to resume"):
        unfinished_request(league.file)


def test_resume_asks_for_the_same_again(league):
    request = Request(DAYS[0], DAYS[4], (DAYS[0], DAYS[1], DAYS[3]), (2021,), (TDZA, MLFS), "missing", 2)
    run(league, request)
    assert unfinished_request(league.file) == request
    assert run(league, unfinished_request(league.file)).state == "nothing to do"


def test_a_request_is_kept_whole_whatever_its_fields():
    @dataclass(frozen=True)
    class Later(Request):
        limit: int | None = None
        days_off: tuple[date, ...] = ()

    full = Later(DAYS[0], DAYS[4], tuple(DAYS[:2]), (2021, 2022), (TDZA,), "all", 7, 3, (DAYS[5],))
    for request in (full, Later(), Request(), Request(start=DAYS[0], only="stale")):
        kept = json.loads(json.dumps(request.to_json()))
        assert type(request).from_json(kept) == request
    assert Later.from_json(json.loads(json.dumps(Request(end=DAYS[1]).to_json()))) == Later(end=DAYS[1])
    assert Request.from_json(full.to_json()).dates == tuple(DAYS[:2])  # and what is unknown is ignored


def test_resume_reads_what_an_earlier_version_kept(league):
    selection = {
        "start": str(DAYS[0]),
        "end": None,
        "dates": [str(DAYS[1])],
        "seasons": ["2021"],
        "tables": [TDZA, MLFS],
        "only": None,
        "window": 2,
    }
    ProgressFile(league.file).begin(
        "old", pid=1, command="c", resume="r", selection=selection, log=league.warehouse
    )
    assert unfinished_request(league.file) == Request(
        DAYS[0], None, (DAYS[1],), (2021,), (TDZA, MLFS), None, 2
    )


def test_resume_of_a_run_that_rebuilds_takes_what_it_had_not_come_to(league):
    run(league)
    league.bad = {(TDZA, DAYS[1])}
    everything = Request(end=FAR, only="all", window=1)
    outcome = run(league, everything, settings=Settings(max_failures=1))
    assert outcome.run.resume_command == "python orchestrate.py resume"
    request = unfinished_request(league.file)
    assert request.dates == tuple(DAYS[1:])
    assert request.only == "all"
    league.bad = set()
    attempts = len(league.built)
    assert run(league, request).dates == 5
    assert [window.start for window, _ in league.built[attempts:]] == DAYS[1:]
    assert unfinished_request(league.file) is None


def test_resume_of_what_was_declined_before_it_began(league):
    run(league, Request(end=FAR, only="all"), confirm=lambda plan: False)
    assert unfinished_request(league.file).dates == tuple(DAYS)
