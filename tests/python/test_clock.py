"""Today is the day of the games, US Eastern: the same for Python and dbt, wherever the machine stands."""

import json
import os
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta

import pytest
import pytz
from typer.testing import CliRunner

from orchestrate import app
from orchestrator.core import clock
from orchestrator.core.registry import ALL_TABLES
from orchestrator.core.seasons import season_of
from orchestrator.plan.preview import plan_now
from orchestrator.plan.request import Request
from orchestrator.show.gaps import gaps
from orchestrator.show.markdown import progress_log
from orchestrator.show.status import status
from orchestrator.state import coverage
from orchestrator.state.coverage import Cell
from tests.python.paper import PaperDbt, cells_of, run, write_warehouse
from tests.python.warehouses import PROJECT, dbt_here

MLFS = "ml_feature_store"
TODAY = date(2021, 12, 3)
DAYS = [TODAY + timedelta(days=number) for number in range(-2, 4)]


def at(moment):
    """Return a class of times for which it is then."""

    class Then(datetime):
        @classmethod
        def now(cls, tz=None):
            return moment.astimezone(tz)

    return Then


@pytest.fixture
def mid_season(tmp_path, monkeypatch):
    """Six game dates, of which the third is today's and nothing is built."""
    monkeypatch.setattr(clock, "datetime", at(datetime(2021, 12, 4, 3, 0, tzinfo=UTC)))
    dbt = PaperDbt(write_warehouse(tmp_path / "nba.duckdb", cells_of(DAYS)))
    monkeypatch.setenv("NBA_DUCKDB_PATH", str(dbt.warehouse))
    return dbt


@pytest.mark.parametrize(
    ("moment", "zone", "day"),
    [
        ("2022-01-11 04:59", None, "2022-01-10"),
        ("2022-01-11 05:00", None, "2022-01-11"),
        ("2022-07-11 03:59", None, "2022-07-10"),
        ("2022-07-11 04:00", None, "2022-07-11"),
        ("2022-01-11 04:59", "UTC", "2022-01-11"),
        ("2022-01-11 15:00", "Asia/Tokyo", "2022-01-12"),
    ],
)
def test_the_day_is_that_of_the_games(monkeypatch, moment, zone, day):
    monkeypatch.setattr(clock, "datetime", at(datetime.fromisoformat(moment).replace(tzinfo=UTC)))
    if zone:
        monkeypatch.setenv("NBA_TIMEZONE", zone)
    assert str(clock.today()) == day


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="this system takes no TZ")
@pytest.mark.parametrize("machine", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_the_machines_own_zone_changes_nothing(machine):
    code = "from orchestrator.core.clock import today; print(today())"
    environment = os.environ | {"TZ": machine}
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, env=environment, capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == str(datetime.now(pytz.timezone("America/New_York")).date())


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", None])
def test_dbt_has_the_same_day(demo_raw, tmp_path, monkeypatch, zone):
    """25 hours lie between the two: there is no moment at which they agree."""
    if zone:
        monkeypatch.setenv("NBA_TIMEZONE", zone)
    inline = "select '{{ window_start() }}..{{ window_end() }}' as answer"
    error, said = dbt_here(demo_raw, "show", "--inline", inline, "--output", "json")
    assert not error
    assert any(f"{clock.today() - timedelta(days=6)}..{clock.today()}" in line for line in said), said


# --- mid-season ----------------------------------------------------------------------------------


def test_what_is_to_come_is_missing_nowhere(mid_season):
    run(mid_season, Request())
    found = status(mid_season.file)
    line = next(line for line in found.as_json()["phase4"] if line["table"] == MLFS)
    assert (line["dates"], line["expected"], line["status"]) == (3, 3, "complete")
    assert line["states"] == {"done": 3, "scheduled": 3}
    assert found.as_json()["complete"] is True
    assert (found.as_json()["today"], found.as_json()["scheduled_dates"]) == (str(TODAY), 3)
    assert gaps(mid_season.file, make_runner=mid_season.made).spans == []
    assert plan_now(mid_season.file, Request(), make_runner=mid_season.made).plan.dates == 0
    assert f"| MLFS | {MLFS} | 3 | 3 | 6 | complete |" in progress_log(found)


def test_the_commands_agree_on_what_is_due(mid_season):
    run(mid_season, Request(end=DAYS[0]))
    line = next(line for line in status(mid_season.file).as_json()["phase4"] if line["table"] == MLFS)
    missing = line["states"]["missing"]
    assert missing == 2
    assert missing == sum(
        span.dates for span in gaps(mid_season.file, make_runner=mid_season.made).spans if span.table == MLFS
    )
    assert missing == sum(
        span.dates
        for span in plan_now(mid_season.file, Request(), make_runner=mid_season.made).plan.build
        if span.table == MLFS
    )
    assert f"| MLFS | {MLFS} | 1 | 3 | 2 | 2 missing |" in progress_log(status(mid_season.file))


def test_what_is_to_come_is_said_once(mid_season):
    run(mid_season, Request())
    said = CliRunner().invoke(app, ["status"]).stdout
    assert said.count("scheduled after today (2021-12-03, America/New_York): 3 game dates") == 1
    assert "missing" not in said.replace("o missing", "")  # but for the calendar's legend
    assert "Scheduled after today (2021-12-03" in progress_log(status(mid_season.file))


def test_what_was_built_ahead_counts_as_done(mid_season):
    run(mid_season, Request(end=DAYS[3]))
    line = next(line for line in status(mid_season.file).as_json()["phase4"] if line["table"] == MLFS)
    assert line["states"] == {"done": 4, "scheduled": 2}
    assert status(mid_season.file).scheduled_dates == 2


def test_gaps_of_days_to_come_only_when_asked(mid_season):
    run(mid_season, Request())
    assert {span.dates for span in gaps(mid_season.file, DAYS[-1], mid_season.made).spans} == {3}


def test_a_season_to_come_is_scheduled_and_not_complete():
    day = date(2022, 12, 1)
    cells = [Cell(table, day, season_of(day), "missing", "never_built", 0, True) for table in ALL_TABLES]
    assert {line.status for line in coverage.summary(coverage.as_of(TODAY, cells)).phase4} == {"scheduled"}


def test_one_request_has_one_today(monkeypatch):
    """A run past midnight ends on the day on which it began."""
    request = Request()
    monkeypatch.setattr(clock, "datetime", at(datetime(2021, 12, 4, 4, 59, tzinfo=UTC)))
    assert request.until == TODAY
    monkeypatch.setattr(clock, "datetime", at(datetime(2021, 12, 4, 5, 0, tzinfo=UTC)))
    assert request.until == TODAY
    assert Request().until == TODAY + timedelta(days=1)


def test_status_in_json_is_json(mid_season):
    assert json.loads(CliRunner().invoke(app, ["status", "--json"]).stdout)["today"] == str(TODAY)
