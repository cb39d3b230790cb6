"""What does not exist is not done: contradictions, dates without games, seasons that nobody loaded."""

import json
from datetime import date, timedelta

import pytest

from orchestrator.core import clock
from orchestrator.core.errors import UsageError, UserError
from tests.python.paper import PaperDbt, cells_of, command, run, write_warehouse

DAYS = [date(2021, 12, 1), date(2021, 12, 2), date(2021, 12, 5), date(2022, 12, 1)]
TOMORROW = clock.today() + timedelta(days=1)


@pytest.fixture
def league(tmp_path, monkeypatch):
    dbt = PaperDbt(write_warehouse(tmp_path / "nba.duckdb", cells_of(DAYS)))
    monkeypatch.setenv("NBA_DUCKDB_PATH", str(dbt.warehouse))
    return dbt


def refused(kind, result, *said):
    """Check that a command failed with this kind of error, and no other."""
    assert type(result.exception) is kind, result.output
    for words in said:
        assert words in str(result.exception)
    assert result.stdout == ""


EVERYWHERE = pytest.mark.parametrize("name", ["plan", "backfill", "retry"])
CONTRADICTIONS = [
    (("--season", "2021-22", "--dates", "2023-01-10"), "--dates 2023-01-10 is in 2022-23"),
    (("--start", "2022-01-01", "--dates", "2021-12-01"), "--dates 2021-12-01 is not from 2022-01-01 on"),
    (("--end", "2021-12-01", "--dates", "2021-12-01,2021-12-05"), "--dates 2021-12-05 is not up to"),
    (("--season", "2021-22", "--start", "2023-01-01"), "--season 2021-22 is not from 2023-01-01 on"),
    (("--season", "2022-23", "--end", "2022-06-30"), "--season 2022-23 is not up to 2022-06-30"),
    (("--start", TOMORROW), "is after today"),
    (("--dates", ""), "--dates is empty"),
    (("--dates", " "), "--dates is empty"),
    (("--dates", "2021-12-01,"), "2022-01-10,2022-01-12"),
]
ABSENT = [
    (
        ("--dates", "2021-12-03"),
        "no game that counts on 2021-12-03: the nearest are 2021-12-02 and 2021-12-05",
    ),
    (("--dates", "2021-12-01,2021-12-04"), "on 2021-12-04"),
    (("--dates", "2030-12-04"), "its last is 2022-12-01"),
    (("--season", "2019-20"), "in 2019-20; it has 2021-22, 2022-23"),
    (("--season", "2021-22", "--season", "2019-20"), "in 2019-20"),
    (("--start", "2021-12-03", "--end", "2021-12-04"), "the nearest are 2021-12-02 and 2021-12-05"),
    (("--start", "2024-01-01"), "its last is 2022-12-01"),
    (("--end", "2020-01-01"), "its first is 2021-12-01"),
    (
        ("--season", "2021-22", "--start", "2022-05-01", "--end", "2022-06-01"),
        "no game that counts in 2021-22",
    ),
]


@EVERYWHERE
@pytest.mark.parametrize(("given", "said"), CONTRADICTIONS)
def test_what_cannot_be_is_a_usage_error_before_anybody_looks(league, name, given, said):
    league.warehouse.unlink()
    refused(UsageError, command(league, name, *given), said)


@EVERYWHERE
@pytest.mark.parametrize(("given", "said"), ABSENT)
def test_what_is_not_there_is_not_done(league, name, given, said):
    refused(UserError, command(league, name, *given), said)
    assert not league.built


def test_what_is_not_there_is_not_answered_from_the_progress_file_either(league):
    run(league)
    refused(UserError, command(league, "plan", "--state", "--season", "2019-20"), "2019-20")


def test_gaps_up_to_a_day_before_all_games(league):
    refused(UserError, command(league, "gaps", "--end", "2020-01-01"), "its first is 2021-12-01")


def test_show_names_the_nearest(league):
    refused(
        UserError, command(league, "show", "MLFS", "2021-12-03"), "the nearest are 2021-12-02 and 2021-12-05"
    )


def test_a_season_may_have_run_into_october(league):
    """2019-20 did, and 2020-10-11 is in it by the schedule alone."""
    result = command(league, "plan", "--season", "2019-20", "--dates", "2020-10-11")
    assert not isinstance(result.exception, UsageError)


def test_a_date_that_is_named_may_be_to_come(league):
    write_warehouse(league.warehouse, cells_of([*DAYS, TOMORROW]))
    assert json.loads(command(league, "plan", "--dates", TOMORROW, "--json").stdout)["dates"] == 1
    assert json.loads(command(league, "plan", "--json").stdout)["dates"] == len(DAYS)


@pytest.mark.parametrize("days", [[TOMORROW], []], ids=["all to come", "an empty schedule"])
def test_the_nightly_run_has_nothing_to_do_where_there_is_nothing_yet(league, days):
    write_warehouse(league.warehouse, cells_of(days))
    result = command(league, "backfill")
    assert result.exit_code == 0
    assert f"nothing to do: the schedule has no game that counts up to {clock.today()}" in result.stderr


def test_the_nightly_run_has_nothing_to_do_on_a_day_without_games(league):
    run(league)
    result = command(league, "backfill")
    assert result.exit_code == 0
    assert "everything you asked for is built" in result.stderr
