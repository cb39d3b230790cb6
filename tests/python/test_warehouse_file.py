"""A warehouse file that is locked is not one that is damaged, and who has it open is named."""

import os
import subprocess
import sys
from contextlib import contextmanager
from datetime import date, timedelta

import duckdb
import pytest

from orchestrator.core.errors import BusyError, UserError
from orchestrator.core.windows import Window
from orchestrator.plan.preview import plan_from_state
from orchestrator.plan.request import Request
from orchestrator.show.gaps import gaps
from orchestrator.show.markdown import progress_log
from orchestrator.show.one_date import show
from orchestrator.show.status import status
from orchestrator.state.progress_file import ProgressFile
from tests.python.paper import FAR, Notes, PaperDbt, cells_of, run, write_warehouse
from tests.python.warehouses import copy_of, dbt_here, orchestrate, runner

MLFS = "ml_feature_store"
DAYS = [date(2021, 12, 1) + timedelta(days=number) for number in range(4)]


@pytest.fixture
def league(tmp_path):
    """A finished warehouse that the progress file knows."""
    league = PaperDbt(write_warehouse(tmp_path / "nba.duckdb", cells_of(DAYS)))
    assert run(league).exit_code == 0
    return league


@contextmanager
def open_elsewhere(path, *, read_only):
    """Have another process open the file; yields its process id."""
    code = f"import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only={read_only})"
    code += "; print(1); sys.stdin.read()"
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert process.stdout.readline()
        yield process.pid
    finally:
        process.communicate()


def cut_short(path):
    path.write_bytes(path.read_bytes()[:5000])


def cut_in_half(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def zeroed(path):
    path.write_bytes(bytes(path.stat().st_size))


def headers_zeroed(path):
    content = path.read_bytes()
    path.write_bytes(content[:4096] + bytes(8192) + content[12288:])


def blocks_zeroed(path):
    path.write_bytes(path.read_bytes()[:12288] + bytes(path.stat().st_size - 12288))


def text(path):
    path.write_text("could not set lock on block\n" * 500)


def emptied(path):
    path.write_bytes(b"")


DAMAGES = [cut_short, cut_in_half, zeroed, headers_zeroed, blocks_zeroed, text, emptied]
ANSWERS = {
    "status": status,
    "gaps": gaps,
    "plan --state": lambda file: plan_from_state(file, Request()),
    "show": lambda file: show(file, MLFS, DAYS[0]),
    "backfill": lambda file: run(PaperDbt(file.path)),
}


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
@pytest.mark.parametrize("command", ANSWERS)
def test_a_damaged_file_is_no_locked_one_and_nobody_answers_for_it(league, damage, command):
    damage(league.warehouse)
    if damage is cut_in_half and command == "plan --state":
        return  # it can be opened, what is lost shows when it is read, and this command reads nothing
    answer = ANSWERS[command]
    with pytest.raises(UserError, match="damaged") as raised:
        answer(league.file)
    assert not isinstance(raised.value, BusyError)
    assert str(league.warehouse) in str(raised.value)
    assert "backup" in str(raised.value)


def test_a_file_that_is_gone_is_answered_for_by_nobody(league):
    league.warehouse.unlink()
    for answer in ANSWERS.values():
        with pytest.raises(UserError, match="there is no warehouse"):
            answer(league.file)


def test_who_writes_keeps_everybody_out_and_is_named(league):
    with open_elsewhere(league.warehouse, read_only=False) as pid:
        for opened in (league.file.reading, league.file.writing):
            with pytest.raises(BusyError, match=f"in use by another process, pid {pid} "), opened():
                pass


def test_who_reads_keeps_only_writers_out_and_is_named(league):
    with open_elsewhere(league.warehouse, read_only=True) as pid:
        with league.file.reading():
            pass
        with pytest.raises(BusyError, match=f"in use by another process, pid {pid} "), league.file.writing():
            pass


@pytest.mark.parametrize(
    ("said", "who"),
    [
        (
            'IO Error: Could not set lock on file "/w/nba.duckdb": Conflicting lock is held in '
            "/usr/bin/python3.11 (PID 6161). However, you would be able to open it in read-only mode.",
            "pid 6161 (/usr/bin/python3.11)",
        ),
        ('IO Error: Could not set lock on file "/w/nba.duckdb": Resource temporarily unavailable', None),
        (
            'IO Error: Cannot open file "c:\\nba.duckdb": The process cannot access the file because '
            "it is being used by another process.\n\n"
            "File is already open in \nC:\\Program Files\\duckdb.exe (PID 77)",
            "pid 77 (C:\\Program Files\\duckdb.exe)",
        ),
    ],
)
def test_a_lock_is_told_by_the_engines_own_words(league, said, who):
    told = str(league.file.busy(said))
    assert "in use by another process" in told
    assert who is None or who in told


@pytest.mark.parametrize(
    "said",
    [
        "Out of Memory Error: failed to allocate a block of size 256.0 KiB",
        "Corrupt database file: computed checksum 1 does not match stored checksum 0 in block at location 4",
        "Conversion Error: Could not convert string 'could not set lock on file' to INT32",
    ],
)
def test_other_words_are_no_lock(league, said):
    assert league.file.busy(said) is None


# --- answers from an old state say so ------------------------------------------------------------


def changed_and_locked(league):
    """Have somebody write to the warehouse, and still at it."""
    os.utime(league.warehouse)
    return open_elsewhere(league.warehouse, read_only=False)


def test_gaps_of_an_old_state_say_how_old(league, monkeypatch):
    monkeypatch.setenv("NBA_DUCKDB_PATH", str(league.warehouse))
    assert gaps(league.file).as_json() | {"until": None} == {
        "source": "warehouse", "age_seconds": 0.0, "until": None, "ranges": []
    }  # fmt: skip
    with changed_and_locked(league):
        found = gaps(league.file).as_json()
        said = orchestrate(league.warehouse, "gaps")
    assert (found["source"], found["ranges"]) == ("progress file", [])
    assert found["age_seconds"] > 0
    assert said.returncode == 0
    assert "from the progress file, " in said.stderr
    assert "s old" in said.stderr


def test_plan_and_progress_log_of_an_old_state_say_so(league):
    with changed_and_locked(league):
        planned = plan_from_state(league.file, Request(end=FAR))
        found = status(league.file)
    assert planned.as_json()["source"] == "progress file"
    assert "progress file" in planned.remark
    assert found.remark.startswith("the warehouse is in use: this is from the progress file")
    assert "progress file" in progress_log(found)


def test_an_old_state_of_other_code_says_that_too(league, monkeypatch):
    monkeypatch.setattr("orchestrator.show.status.project_files", lambda: "others")
    monkeypatch.setattr("orchestrator.state.progress_file.project_files", lambda: "others")
    with changed_and_locked(league):
        found = status(league.file)
    assert found.code_changed
    assert "code has changed" in found.remark


def test_phase3_of_before_is_not_passed_off_as_todays(league):
    """What a run says of the cells while it runs is not yet a word about Phase 3."""
    progress = ProgressFile(league.file)
    assert progress.is_fresh()
    os.utime(league.warehouse)
    progress.save_cells(progress.cells())
    assert not progress.is_fresh()


# --- a backfill and dbt on a file that somebody reads ------------------------------------------------


def test_a_lock_ends_the_run_and_blames_no_date(league):
    with duckdb.connect(str(league.warehouse)) as db:
        db.execute("delete from nba_precompute.receipts")
    league.built.clear()
    notes = Notes()
    league.says = [
        'IO Error: Could not set lock on file "nba.duckdb": Conflicting lock is held in python (PID 42). x'
    ] * 5
    outcome = run(league, Request(end=FAR, window=2), listener=notes)
    assert (outcome.state, outcome.exit_code, outcome.failures) == ("stopped", 1, [])
    assert "in use by another process, pid 42 (python)" in outcome.stopped_by
    assert "\n" not in outcome.stopped_by
    assert len(league.built) == 5  # as often as one waits for anything, and no halves
    assert len(notes.of("retrying")) == 4
    assert "in use" in notes.of("retrying")[0][1]
    assert run(league).exit_code == 0


def test_a_reader_keeps_dbt_out_and_is_named(demo_built, tmp_path):
    warehouse = copy_of(demo_built, tmp_path)
    window = Window(date(2024, 1, 10), date(2024, 1, 11), 2)
    with open_elsewhere(warehouse, read_only=True) as pid:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("NBA_DUCKDB_PATH", str(warehouse))
            for command in (runner().prepare, lambda: runner().build(window)):
                with pytest.raises(BusyError, match=f"in use by another process, pid {pid} "):
                    command()
        error, said = dbt_here(warehouse, "run", "--select", "+team_defense_zone_analysis")
    assert f"(PID {pid})" in error
    assert not any("START sql" in line for line in said)  # it is no model's failure


def test_preparing_a_locked_warehouse_is_told_as_the_lock(demo_built, tmp_path):
    """The views are to be made anew, and dbt cannot write."""
    warehouse = copy_of(demo_built, tmp_path)
    with duckdb.connect(str(warehouse)) as db:
        db.execute("drop view nba_precompute.phase4_coverage")
    with open_elsewhere(warehouse, read_only=True) as pid:
        said = orchestrate(warehouse, "plan")
    assert said.returncode == 1
    assert said.stderr.startswith(
        f"error: the warehouse {warehouse} is in use by another process, pid {pid} "
    )
