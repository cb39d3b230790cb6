"""The digest: one a run, sent only when somebody should act; and what the command line prints where."""

import json
import threading
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from tenacity import wait_none

from orchestrator.core.errors import UsageError, UserError
from orchestrator.core.registry import ALL_TABLES, EXCLUSIONS
from orchestrator.core.seasons import season_of
from orchestrator.plan.request import Request
from orchestrator.run.digest import needs_a_person
from orchestrator.state.coverage import Cell
from tests.python.paper import FAR, PaperDbt, cells_of, command, run, write_warehouse
from tests.python.warehouses import change, orchestrate, query, succeed

TDZA, MLFS = "team_defense_zone_analysis", "ml_feature_store"
DAYS = [date(2021, 12, 1) + timedelta(days=number) for number in range(4)]
NO_ADDRESSES = ["nonsense", "nonsense://what", ""]


@pytest.fixture
def league(tmp_path, monkeypatch):
    dbt = PaperDbt(write_warehouse(tmp_path / "nba.duckdb", cells_of(DAYS)))
    monkeypatch.setenv("NBA_DUCKDB_PATH", str(dbt.warehouse))
    monkeypatch.delenv("NBA_NOTIFY", raising=False)
    monkeypatch.setattr("orchestrator.run.patience.wait_exponential_jitter", lambda **_: wait_none())
    return dbt


@pytest.fixture
def mailbox():
    """A server that keeps what is posted to it: (address, letters)."""
    letters = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            letters.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *arguments):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"json://127.0.0.1:{server.server_port}/digest", letters
    server.shutdown()
    server.server_close()


def test_a_failed_date_is_told_once(league, mailbox):
    address, letters = mailbox
    league.bad = {(TDZA, DAYS[1])}
    result = command(league, "backfill", "--notify", address, "--json")
    assert result.exit_code == 1
    (letter,) = letters
    assert letter["title"].startswith("NBA backfill: failed, 3 of 4 dates, 30 rows in ")
    assert letter["title"].endswith("; 1 date failed")
    assert json.loads(result.stdout)["dates_landed"] == 3
    lines, _, details = letter["message"].partition("\n\n")
    assert lines.count("\n") == 0
    assert f"failed: {DAYS[1]} (ml_feature_store, player_composite_factors, {TDZA})" in lines
    assert "CHECK constraint failed" in lines
    assert "python orchestrate.py retry" in lines
    assert json.loads(details)["failed_dates"] == 1


def test_nothing_is_told_of_a_run_that_went_well(league, mailbox):
    address, letters = mailbox
    assert command(league, "backfill", "--notify", address).exit_code == 0
    assert command(league, "backfill", "--notify", address).exit_code == 0  # nothing to do
    assert letters == []


def test_expected_emptiness_is_no_news(league, mailbox):
    address, letters = mailbox
    bootstrap = [
        Cell(table, day, season_of(day), "missing", None, 0, table == EXCLUSIONS)
        for year in (2020, 2021, 2022)
        for day in [date(year, 10, 20) + timedelta(days=number) for number in range(14)]
        for table in ALL_TABLES
    ]
    write_warehouse(league.warehouse, bootstrap)
    league.empty = {(cell.table, cell.day) for cell in bootstrap if cell.table != EXCLUSIONS}
    result = command(league, "backfill", "--notify", address, "--json")
    assert (result.exit_code, json.loads(result.stdout)["dates_landed"]) == (0, 42)
    assert letters == []


def test_stale_history_that_the_run_left_is_told(league, mailbox):
    address, letters = mailbox
    run(league)
    change(league.warehouse, "update nba_precompute.receipts set stale = 'stale_inputs'")
    assert command(league, "backfill", "--only", "missing", "--notify", address).exit_code == 0
    (letter,) = letters
    assert f"stale: 4 dates, {DAYS[0]}..{DAYS[3]}" in letter["message"]
    assert "--only stale" in letter["message"]
    assert letter["type"] == "warning"


def test_stale_dates_that_bad_inputs_keep_out_are_told_once(league, mailbox):
    address, letters = mailbox
    run(league)
    change(
        league.warehouse,
        "update nba_precompute.receipts set stale = 'stale_inputs'",
        f"insert into nba_intermediate.phase3_preflight values ('one_sided_box', 'block', "
        f"{season_of(DAYS[2])}, date '{DAYS[2]}', 1, 'game 7', date '{DAYS[2]}', date '{DAYS[3]}', null)",
    )
    assert command(league, "backfill", "--only", "missing", "--notify", address).exit_code == 0
    assert f"stale: 4 dates, {DAYS[0]}..{DAYS[3]}" in letters.pop()["message"]  # nothing was skipped yet
    assert command(league, "backfill", "--notify", address).exit_code == 1
    (letter,) = letters
    assert f"skipped 2 dates, {DAYS[2]}..{DAYS[3]}: one_sided_box" in letter["message"]
    assert "To fix it, load the game's team rows again" in letter["message"]
    assert "stale:" not in letter["message"]


def test_a_run_that_stopped_is_told(league, mailbox):
    address, letters = mailbox
    league.bad = {(TDZA, day) for day in DAYS}
    assert command(league, "backfill", "--fail-fast", "--notify", address).exit_code == 1
    (letter,) = letters
    assert "the run did not finish: --max-failures 1" in letter["message"]
    assert "python orchestrate.py" in letter["message"]


def test_a_run_that_broke_is_told(league, mailbox, monkeypatch):
    address, letters = mailbox

    def broken(*arguments, **more):
        raise UserError("the warehouse could not be read")

    monkeypatch.setattr("orchestrator.run.lookout.survey", broken)
    assert isinstance(command(league, "backfill", "--notify", address).exception, UserError)
    (letter,) = letters
    assert "the run did not finish: the warehouse could not be read" in letter["message"]


def test_the_address_may_come_from_the_environment(league, mailbox, monkeypatch):
    address, letters = mailbox
    monkeypatch.setenv("NBA_NOTIFY", address)
    league.bad = {(TDZA, DAYS[1])}
    command(league, "backfill")
    assert len(letters) == 1


@pytest.mark.parametrize("address", NO_ADDRESSES)
@pytest.mark.parametrize("command_line", [("backfill",), ("retry",), ("resume",)])
def test_what_is_no_address_is_refused_at_the_start(league, mailbox, address, command_line):
    working, _ = mailbox
    run(league, Request(end=DAYS[0]))
    attempts = len(league.built)
    error = command(league, *command_line, "--notify", working, "--notify", address).exception
    assert isinstance(error, UsageError)
    assert repr(address) in str(error)
    assert "json://host/path" in str(error)
    assert len(league.built) == attempts


def test_nor_is_an_address_from_the_environment_taken_untried(league, monkeypatch):
    monkeypatch.setenv("NBA_NOTIFY", "nonsense://user:secret@host")
    error = command(league, "backfill").exception
    assert isinstance(error, UsageError)
    assert "nonsense://" in str(error)
    assert "secret" not in str(error)
    assert not league.built


def test_a_notifier_that_does_not_answer_breaks_nothing(league, mailbox):
    address = "json://127.0.0.1:1/nobody"
    working, letters = mailbox
    league.bad = {(TDZA, DAYS[1])}
    result = command(league, "backfill", "--notify", address, "--notify", working, "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["dates_landed"] == 3
    assert "warning: " in result.stderr
    assert "Traceback" not in result.stderr
    assert len(letters) == 1  # the other address still hears of it
    states = query(league.warehouse, "select state, count(*) from nba_precompute.phase4_coverage group by 1")
    assert dict(states) == {"done": 21, "failed": 3}


def test_a_notifier_that_raises_breaks_nothing(league, monkeypatch):
    def broken(*arguments, **more):
        raise RuntimeError("no network")

    monkeypatch.setattr("apprise.Apprise.notify", broken)
    league.bad = {(TDZA, DAYS[1])}
    result = command(league, "backfill", "--notify", "json://127.0.0.1:1/x")
    assert result.exit_code == 1
    assert "could not be sent: no network" in result.stderr


def test_many_dates_are_summed_up(tmp_path):
    days = [date(2021, 12, 1) + timedelta(days=number) for number in range(30)]
    dbt = PaperDbt(write_warehouse(tmp_path / "nba.duckdb", cells_of(days, tables=(TDZA,))))
    dbt.says = ["Binder Error: no such column"]
    lines = needs_a_person(run(dbt))
    assert lines == [
        f"failed: 30 dates, {days[0]}..{days[-1]} ({TDZA}): Binder Error: no such column. "
        "Retry with: python orchestrate.py retry"
    ]


def test_three_bootstrap_seasons_of_the_demo_league_are_no_news(tmp_path, mailbox):
    address, letters = mailbox
    warehouse = tmp_path / "nba.duckdb"
    succeed(orchestrate(warehouse, "demo", "--seasons", "3"))
    change(
        warehouse,
        "create temp table opening as select season, min(game_date) as night from nba_raw.games "
        "where season_type = 'regular' group by season",
        "delete from nba_raw.games using opening "
        "where games.season = opening.season and game_date > night + 13",
        *(
            f"delete from nba_raw.{table} where game_id not in (select game_id from nba_raw.games)"
            for table in ("player_box", "team_box", "shots", "betting_lines")
        ),
    )
    result = succeed(orchestrate(warehouse, "backfill", "--notify", address, "--json"))
    found = json.loads(result.stdout)
    assert found["dates_landed"] > 3 * 10
    assert found["rows"] == 0
    assert {line["status"] for line in found["coverage"]["phase4"]} == {"complete"}
    assert letters == []


# --- what goes where -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ("plan",),
        ("plan", "--state"),
        ("backfill",),
        ("backfill", "--dry-run"),
        ("retry",),
        ("resume",),
        ("status",),
        ("gaps",),
    ],
)
def test_json_is_all_there_is_on_stdout(league, arguments):
    league.bad = {(TDZA, DAYS[1])}
    run(league, Request(end=DAYS[2]))
    result = command(league, *arguments, "--json")
    assert result.exit_code == (1 if arguments[-1] in ("backfill", "retry", "resume", "gaps") else 0)
    json.loads(result.stdout)
    if arguments[0] in ("backfill", "retry", "resume") and len(arguments) == 1:
        assert f"window 1/1 {DAYS[1]}..{DAYS[1]} failed" in result.stderr or "window 1/2" in result.stderr
        first = result.stderr.splitlines()[0]
        assert first[19:] == f"Z resume with: {first[34:]}"


def test_the_resume_line_comes_first_and_last_and_at_an_interrupt(league):
    import signal

    league.before = lambda window: signal.raise_signal(signal.SIGINT)
    result = command(league, "backfill", "--window", "1")
    assert result.exit_code == 130
    lines = result.stderr.splitlines()
    resume = [number for number, line in enumerate(lines) if "resume with: python orchestrate.py" in line]
    assert resume[0] == 0
    assert len(resume) == 3
    assert resume[-1] == len(lines) - 1
    assert "log: " in lines[1]


def test_the_summary_says_how_much_context_was_computed(league):
    assert "computed from history for 8 of 8 player rows" in command(league, "backfill").stderr


def test_dry_run_is_plan_and_builds_nothing(league):
    planned = command(league, "plan", "--start", DAYS[1], "--json")
    dry = command(league, "backfill", "--dry-run", "--start", DAYS[1], "--json")
    assert json.loads(dry.stdout) == json.loads(planned.stdout)
    assert json.loads(planned.stdout)["dates"] == 3
    assert command(league, "plan").stdout == command(league, "backfill", "--dry-run").stdout
    assert not league.built


def test_gaps_exits_0_without_any(league):
    assert command(league, "gaps").exit_code == 1
    run(league, Request(end=FAR))
    result = command(league, "gaps", "--json")
    assert (result.exit_code, json.loads(result.stdout)["ranges"]) == (0, [])


def test_show_and_progress_log(league):
    league.bad = {(MLFS, DAYS[2])}
    run(league)
    text = command(league, "progress-log").stdout
    assert "## 2021-22" in text
    assert f"| MLFS | {MLFS} | 3 | 4 | 6 | 1 failed |" in text
    assert f"| {MLFS} | {DAYS[2]} | {MLFS}: Constraint Error" in text
    assert "retry --dates" in text


def test_whoever_says_no_at_the_question(league, monkeypatch):
    import typer

    from orchestrator.cli import console

    monkeypatch.setattr(type(console.err), "is_terminal", True)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    progress = console.TerminalProgress()
    for answer in (lambda *a, **k: False, lambda *a, **k: (_ for _ in ()).throw(typer.Abort())):
        monkeypatch.setattr(typer, "confirm", answer)
        assert run(league, confirm=progress.confirm).state == "declined"
    assert not league.built
    assert console.TerminalProgress(assume_yes=True).confirm(run(league, confirm=lambda plan: False).plan)
