"""A backfill isolates what cannot be built, retries what passes, and believes the database alone."""

import json
import signal
from datetime import date, timedelta

import pytest

from orchestrator.core.errors import BusyError
from orchestrator.plan.request import Request
from orchestrator.run.backfill import Settings
from orchestrator.run.listeners import Listener
from orchestrator.state import coverage
from tests.python.paper import FAR, Notes, PaperDbt, cells_of, run, write_warehouse

TDZA, PSZA, PCF = "team_defense_zone_analysis", "player_shot_zone_analysis", "player_composite_factors"
PDC, MLFS, EXCLUSIONS = "player_daily_cache", "ml_feature_store", "phase4_exclusions"
DAYS = [date(2021, 12, 1) + timedelta(days=number) for number in range(8)]
NEXT_SEASON = [date(2022, 12, 1) + timedelta(days=number) for number in range(4)]


@pytest.fixture
def league(tmp_path):
    """Eight dates of which nothing is built, and a dbt that can be told to fail."""
    return PaperDbt(write_warehouse(tmp_path / "nba.duckdb", cells_of(DAYS)))


def states(dbt):
    with dbt.file.reading() as connection:
        return {(cell.table, cell.day): cell.state for cell in coverage.read(connection)}


def failed(dbt):
    return {key for key, state in states(dbt).items() if state == "failed"}


@pytest.mark.parametrize("bad", [DAYS[0], DAYS[4], DAYS[-1]], ids=["first", "middle", "last"])
def test_a_bad_date_ends_up_alone_and_everything_else_lands(league, bad):
    league.bad = {(PSZA, bad)}
    outcome = run(league)
    downstream = {PCF, PDC, MLFS}
    assert failed(league) == {(table, bad) for table in {PSZA, *downstream}}
    assert {state for key, state in states(league).items() if key not in failed(league)} == {"done"}
    kinds = {failure.table: failure.kind for failure in outcome.failures}
    assert kinds == {PSZA: "error"} | dict.fromkeys(downstream, "skipped")
    assert all("CHECK constraint failed" in failure.error for failure in outcome.failures)
    assert {failure.sql_path for failure in outcome.failures} == {f"target/{PSZA}.sql"}
    assert {f.retry_command for f in outcome.failures} == {f"python orchestrate.py retry --dates {bad}"}
    assert (outcome.state, outcome.exit_code, outcome.stopped_by) == ("failed", 1, None)
    assert outcome.dates == 7
    assert len(league.built) <= 7  # 8, 4 + 4, 2 + 2, 1 + 1
    with league.file.reading() as db:
        rows = db.rows("select distinct error, sql_path, retry_command from nba_precompute.failures")
        assert len(rows) == 1


def test_what_failed_is_named_after_what_it_needs(league):
    league.bad = {(TDZA, DAYS[2]), (PSZA, DAYS[2])}
    outcome = run(league)
    blamed = {failure.table: failure.error.split(":")[0] for failure in outcome.failures}
    assert blamed == {TDZA: TDZA, PSZA: PSZA, PCF: TDZA, PDC: PSZA, MLFS: TDZA}


def test_a_failed_date_is_built_once_it_can_be_and_forgotten(league):
    league.bad = {(MLFS, DAYS[3])}
    assert run(league).exit_code == 1
    assert run(league).exit_code == 1  # it is tried again, as often as somebody asks
    assert failed(league) == {(MLFS, DAYS[3])}
    league.bad = set()
    attempts = len(league.built)
    outcome = run(league, Request(end=FAR, only="failed"))
    assert [str(window) for window, _ in league.built[attempts:]] == [f"{DAYS[3]}..{DAYS[3]}"]
    assert outcome.exit_code == 0
    assert set(states(league).values()) == {"done"}
    with league.file.reading() as db:
        assert db.rows("select count(*) from nba_precompute.failures") == [(0,)]


def test_only_missing_leaves_failed_dates_alone(league):
    league.bad = {(MLFS, DAYS[3])}
    run(league)
    assert run(league, Request(end=FAR, only="missing")).state == "nothing to do"
    assert run(league, Request(end=FAR, only="missing-and-failed")).state == "failed"


def test_fail_fast_stops_at_the_first(league):
    league.bad = {(TDZA, DAYS[1]), (TDZA, DAYS[6])}
    outcome = run(league, Request(end=FAR, window=1), settings=Settings(max_failures=1))
    assert outcome.state == "stopped"
    assert "--max-failures 1" in outcome.stopped_by
    assert "6 dates skipped" in outcome.stopped_by
    assert {day for _, day in failed(league)} == {DAYS[1]}
    assert states(league)[TDZA, DAYS[7]] == "missing"
    assert outcome.exit_code == 1


def test_max_failures(league):
    league.bad = {(TDZA, day) for day in DAYS}
    outcome = run(league, settings=Settings(max_failures=3))
    assert {day for _, day in failed(league)} == set(DAYS[:3])
    assert outcome.state == "stopped"
    # As many as there are is not too many: nothing was left to try.
    league.bad = {(TDZA, day) for day in DAYS[:3]}
    outcome = run(league, settings=Settings(max_failures=3), request=Request(end=DAYS[2]))
    assert (outcome.state, outcome.stopped_by) == ("failed", None)


LOCKED = 'IO Error: Could not set lock on file "nba.duckdb": Conflicting lock is held in python (PID 1)'
BUSY = "429 POST https://bigquery.googleapis.com/bigquery/v2/projects/x/jobs: Too Many Requests"


@pytest.mark.parametrize("said", [BUSY, LOCKED])
def test_what_passes_is_tried_again(league, said):
    league.says = [said, said]
    notes = Notes()
    outcome = run(league, listener=notes)
    assert outcome.exit_code == 0
    assert [window.dates for window, _ in league.built] == [8, 8, 8]
    assert len(notes.of("retrying")) == 2
    assert not notes.of("halved")
    assert set(states(league).values()) == {"done"}


def test_patience_ends(league):
    league.says = [BUSY] * 5
    outcome = run(league)
    assert [window.dates for window, _ in league.built][:6] == [8, 8, 8, 8, 8, 4]
    assert outcome.exit_code == 0  # by then it had passed


@pytest.mark.parametrize(
    "said", ["Conversion Error: Could not convert string '429' to INT32", "Out of Memory Error: no block"]
)
def test_what_does_not_pass_is_not_tried_again(league, said):
    league.says = [said]
    notes = Notes()
    run(league, listener=notes)
    assert not notes.of("retrying")
    assert [window.dates for window, _ in league.built] == [8, 4, 4]


def test_a_warehouse_that_somebody_has_open_is_waited_for(league, monkeypatch):
    opened = []

    def busy_twice(*arguments, **more):
        opened.append(1)
        if len(opened) <= 2:
            raise BusyError("in use")
        return survey(*arguments, **more)

    from orchestrator.plan.survey import survey

    monkeypatch.setattr("orchestrator.run.lookout.survey", busy_twice)
    notes = Notes()
    assert run(league, listener=notes).exit_code == 0
    assert len(notes.of("retrying")) == 2


def test_broken_code_is_not_halved_and_a_full_disk_stops_everything(league):
    league.says = ['Binder Error: Referenced column "nope" not found in FROM clause!']
    outcome = run(league, Request(end=FAR, window=4))
    assert [window.dates for window, _ in league.built] == [4, 4]
    assert {day for _, day in failed(league)} == set(DAYS[:4])
    assert outcome.state == "failed"

    league.says = ['IO Error: Could not write file "x": No space left on device']
    outcome = run(league, Request(end=FAR, only="all", window=4))
    assert len(league.built) == 3
    assert (outcome.state, outcome.exit_code) == ("stopped", 1)
    assert "No space left" in outcome.stopped_by
    assert len(failed(league)) == 4 * 6  # no date is to blame for a full disk


def test_a_run_that_succeeds_without_the_rows_has_failed(league):
    league.empty = {(PSZA, DAYS[2])}
    outcome = run(league)
    assert failed(league) == {(PSZA, DAYS[2])}
    (failure,) = outcome.failures
    assert failure.kind == "no_rows_came"
    assert "succeeded" in failure.error
    assert (outcome.state, outcome.exit_code) == ("failed", 1)
    assert outcome.dates == 7  # the others of the window are there
    assert outcome.rows == 7 * 5 * 2


def test_a_season_whose_history_is_broken_is_not_halved_to_the_end(tmp_path):
    days = DAYS + NEXT_SEASON
    dbt = PaperDbt(write_warehouse(tmp_path / "nba.duckdb", cells_of(days)))
    dbt.bad_history = DAYS[2]
    outcome = run(dbt)
    # What comes before it, and the next season, do not read it.
    assert {day for _, day in failed(dbt)} == set(DAYS[2:])
    assert {states(dbt)[MLFS, day] for day in [*DAYS[:2], *NEXT_SEASON]} == {"done"}
    assert {failure.kind for failure in outcome.failures} == {"skipped"}
    assert len(dbt.built) <= 11
    assert outcome.dates == 6


def test_dates_that_leave_the_schedule_while_they_are_built(tmp_path):
    gone = NEXT_SEASON[0]
    cells = cells_of(DAYS[:3], tables=(TDZA,)) + cells_of([gone], "stale_inputs", tables=(TDZA,))
    dbt = PaperDbt(write_warehouse(tmp_path / "nba.duckdb", cells))
    dbt.bad = {(TDZA, DAYS[0])}

    def vanish(window):
        import duckdb

        with duckdb.connect(str(dbt.warehouse)) as db:
            db.execute("delete from paper.schedule where analysis_date = ?", [gone])

    dbt.before = vanish
    outcome = run(dbt)
    assert failed(dbt) == {(TDZA, DAYS[0])}
    assert outcome.dates == 3


def test_context_that_was_computed_from_history_is_counted(league):
    outcome = run(league, Request(end=DAYS[4]))
    assert outcome.context_rows == {"history": 10}
    assert outcome.as_json()["context_rows"] == {"history": 10}
    assert run(league, Request(end=FAR, tables=(TDZA,))).context_rows == {}


def interrupt(*signals_by_attempt):
    """Send signals before the attempts, by number."""
    attempts = iter(signals_by_attempt)

    def send(window):
        for number in next(attempts, ()):
            signal.raise_signal(number)

    return send


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_first_signal_finishes_the_window_in_hand(league, number, code):
    league.before = interrupt((), (number,))
    notes = Notes()
    outcome = run(league, Request(end=FAR, window=2), listener=notes)
    assert (outcome.state, outcome.exit_code, outcome.dates) == ("interrupted", code, 4)
    assert [name for name, _ in notes.of("interrupted")] == [signal.Signals(number).name]
    done = {day for (_, day), state in states(league).items() if state == "done"}
    assert done == set(DAYS[:4])
    assert signal.getsignal(number) in (signal.default_int_handler, signal.SIG_DFL)
    assert run(league, Request(end=FAR, window=2)).dates == 4  # a second run goes on


def test_the_second_signal_cancels_the_window_in_hand(league, monkeypatch):
    monkeypatch.setattr("orchestrator.core.interrupts.ECHO_SECONDS", -1)
    league.before = interrupt((), (signal.SIGINT, signal.SIGINT))
    outcome = run(league, Request(end=FAR, window=2))
    assert (outcome.state, outcome.exit_code, outcome.dates) == ("interrupted", 130, 2)
    assert "twice" in outcome.stopped_by
    assert not failed(league)  # nobody's fault


def test_one_signal_that_comes_twice_at_once_is_one_wish(league):
    """As `timeout` sends it, to the process and to its group; another signal is another wish."""
    league.before = interrupt((), (signal.SIGTERM, signal.SIGTERM))
    outcome = run(league, Request(end=FAR, window=2))
    assert (outcome.exit_code, outcome.dates) == (143, 4)
    league.before = interrupt((signal.SIGTERM, signal.SIGINT))
    assert "twice" in run(league, Request(end=FAR, window=2)).stopped_by


def test_signals_after_the_end_change_nothing(league, monkeypatch):
    """However often: the run has been told to stop, has stopped and is saying so."""
    monkeypatch.setattr("orchestrator.core.interrupts.ECHO_SECONDS", -1)

    class Impatient(Listener):
        def ended(self, outcome):
            for _ in range(3):
                signal.raise_signal(signal.SIGINT)

    league.before = interrupt((), (signal.SIGINT,))
    outcome = run(league, Request(end=FAR, window=2), listener=Impatient())
    assert (outcome.state, outcome.exit_code, outcome.dates) == ("interrupted", 130, 4)
    assert "twice" not in outcome.stopped_by


def test_a_signal_ends_the_waiting(league):
    league.says = [BUSY] * 20
    league.before = interrupt((), (signal.SIGTERM,))
    outcome = run(league, Request(end=FAR, window=1))
    assert outcome.exit_code == 143
    assert len(league.built) <= 3


def test_a_signal_that_the_shell_had_ignored_stays_ignored(league):
    """As nohup does: a run in the background outlives the terminal."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        league.before = interrupt((signal.SIGHUP,))
        assert run(league, Request(end=FAR, window=4)).dates == 8
    finally:
        signal.signal(signal.SIGHUP, before)


def test_signals_before_anything_is_there(league, monkeypatch):
    with league.file.reading() as db:
        assert db.rows("select 1")
    import duckdb

    with duckdb.connect(str(league.warehouse)) as db:
        db.execute("drop view nba_precompute.phase4_coverage")

    def prepare():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(league, "prepare", prepare)
    monkeypatch.setattr("orchestrator.core.interrupts.ECHO_SECONDS", -1)
    outcome = run(league)
    assert (outcome.state, outcome.exit_code) == ("interrupted", 130)


def test_a_signal_in_the_last_window_changes_nothing(league):
    league.before = interrupt((signal.SIGINT,))
    assert run(league).state == "finished"
    league.bad = {(MLFS, DAYS[0])}
    league.before = interrupt((signal.SIGINT,))
    outcome = run(league, Request(end=DAYS[0], only="all"))
    assert (outcome.state, outcome.exit_code, outcome.stopped_by) == ("failed", 1, None)


def test_whoever_declines_gets_nothing_built(league):
    seen = []
    outcome = run(league, confirm=lambda plan: seen.append(plan.dates))
    assert seen == [8]
    assert (outcome.state, outcome.exit_code) == ("declined", 0)
    assert not league.built


def test_the_outcome_as_json(league):
    league.bad = {(MLFS, DAYS[0])}
    found = json.loads(json.dumps(run(league).as_json()))
    assert found["state"] == "failed"
    assert (found["dates_planned"], found["dates_landed"], found["exit_code"]) == (8, 7, 1)
    assert found["failed"] == [
        {
            "table": MLFS,
            "date": str(DAYS[0]),
            "kind": "error",
            "error": f"{MLFS}: Constraint Error: CHECK constraint failed on table {MLFS}",
            "sql_path": f"target/{MLFS}.sql",
            "retry": f"python orchestrate.py retry --dates {DAYS[0]}",
        }
    ]
    assert {line["processor"]: line["status"] for line in found["coverage"]["phase4"]}["MLFS"] == "1 failed"
