"""A season from stats.nba.com, as a server on this machine answers it, from the real rows of a fortnight."""

from __future__ import annotations

import json
import os
import tarfile
import time
from datetime import date
from types import SimpleNamespace

import pytest

from orchestrator.core.errors import UserError
from orchestrator.fetch import seasons, stats_nba
from orchestrator.fetch.download import ATTEMPTS
from orchestrator.fetch.progress import Progress
from tests.python import test_formats
from tests.python.raw_league import query
from tests.python.warehouses import orchestrate, succeed
from tests.python.web import Fault, serving
from tests.shapes import stats as shapes

pytest.importorskip("nba_api")
pytestmark = pytest.mark.real

fortnight, direct = test_formats.fortnight, test_formats.direct  # fixtures

REGULAR = "Regular Season"
CUP_FINAL = "0062400001"


class Stats:
    """Answers as stats.nba.com does."""

    def __init__(self, con):
        self.con = con
        self.known: dict[tuple[str, bool], bytes] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []

    def __call__(self, path: str, parameters: dict[str, str]) -> bytes | None:
        if not path.startswith("/stats/"):
            return None
        endpoint = path.rpartition("/")[2]
        self.asked.append((endpoint, parameters))
        if endpoint == "leaguegamelog":
            sql = {"P": shapes.LOG_OF_PLAYERS, "T": shapes.LOG_OF_TEAMS}[parameters["PlayerOrTeam"]]
            return self.rows(sql, parameters)
        if endpoint == "shotchartdetail":
            return self.rows(f"from ({shapes.SHOT_CHART}) where TEAM_ID = {parameters['TeamID']}", parameters)
        if endpoint == "scheduleleaguev2":
            return self.schedule()
        return None

    def rows(self, sql: str, parameters: dict[str, str]) -> bytes:
        is_regular = parameters["SeasonType"] == REGULAR
        if (sql, is_regular) not in self.known:
            found = shapes.result_set("LeagueGameLog", shapes.dicts(self.con, sql))
            if not is_regular:
                found["rowSet"] = []
            self.known[sql, is_regular] = shapes.as_json({"resultSets": [found]}).encode()
        return self.known[sql, is_regular]

    def schedule(self) -> bytes:
        return json.dumps({"leagueSchedule": {"seasonYear": "2024-25", "gameDates": []}}).encode()


@pytest.fixture(scope="module")
def stats(fortnight) -> Stats:
    return Stats(fortnight)


@pytest.fixture
def web(stats):
    stats.asked.clear()
    with serving() as found:
        found.answer = stats
        yield found


@pytest.fixture
def there(web) -> dict[str, str]:
    """The variables that point to the server."""
    return {
        stats_nba.VARIABLE: f"{web.address}/stats",
        stats_nba.SHOTS_VARIABLE: f"{web.address}/shots",
        stats_nba.PAUSE_VARIABLE: "0",
    }


@pytest.fixture
def here(there, monkeypatch):
    """The same for this process, in which waits take no time."""
    for name, value in there.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("tenacity.nap.time", SimpleNamespace(sleep=lambda seconds: None))


def test_a_season_comes_and_is_loaded(web, stats, there, direct, warehouse, tmp_path):
    command = ["fetch", "--source", "nba", "--season", "2024-25", "--to", tmp_path, "--ingest"]
    done = succeed(orchestrate(warehouse, *command, **there))
    assert "shotdetail_2024.tar.xz is not there: asking stats.nba.com for each team's shots" in done.stderr
    for table in ("games", "player_box", "team_box", "shots"):
        held = "count(*), count(distinct game_id), hash(list(game_id order by game_id))"
        rows = f"select {held} from nba_raw.{table}"
        assert query(warehouse, rows) == query(direct, rows), table
    (points,) = query(direct, "select sum(pts), sum(min) from nba_raw.player_box")
    assert query(warehouse, "select sum(pts), sum(min) from nba_raw.player_box") == [points]
    # A schedule, the logs of players and teams of three types of season, the shots of 30 teams.
    questions = [endpoint for endpoint, _ in stats.asked]
    assert len(questions) == 1 + 2 * 3 + 30
    stats.asked.clear()
    done = succeed(orchestrate(warehouse, *command, **there))
    assert "0 new (0 bytes), 37 unchanged" in done.stderr
    assert stats.asked == []


def test_the_current_season_is_asked_again(web, stats, here, tmp_path, monkeypatch):
    monkeypatch.setattr(seasons, "today", lambda: date(2025, 1, 2))
    for _ in range(2):
        stats.asked.clear()
        seasons.fetch("nba", 2024, tmp_path, Progress())
        assert len(stats.asked) == 1 + 2 * 3 + 30
    # No archive is taken: it may be older than last night's games.
    assert not any("shotdetail_2024" in path for path, _ in web.asked)


def test_what_was_written_before_a_season_ended_is_asked_again(web, stats, here, tmp_path):
    seasons.fetch("nba", 2024, tmp_path, Progress())
    stats.asked.clear()
    log = tmp_path / "nba" / "2024-25" / "players_regular.json"
    in_season = time.mktime((2025, 1, 2, 0, 0, 0, 0, 0, 0))
    os.utime(log, (in_season, in_season))
    seasons.fetch("nba", 2024, tmp_path, Progress())
    assert [(endpoint, given["PlayerOrTeam"], given["SeasonType"]) for endpoint, given in stats.asked] == [
        ("leaguegamelog", "P", REGULAR)
    ]


def test_shots_of_a_season_that_is_over_are_one_archive(web, stats, here, fortnight, tmp_path):
    (archive := tmp_path / "archive").mkdir()
    shapes.csv(fortnight, shapes.SHOT_CHART, archive / "shotdetail_2024.csv")
    with tarfile.open(tmp_path / "shots.tar.xz", "w:xz", preset=0) as made:
        made.add(archive / "shotdetail_2024.csv", "shotdetail_2024.csv")
    web.files["/shots/shotdetail_2024.tar.xz"] = (tmp_path / "shots.tar.xz").read_bytes()
    found = seasons.fetch("nba", 2024, tmp_path, Progress())
    assert [file.path.name for file in found.files if "shot" in file.path.name] == ["shotdetail_2024.tar.xz"]
    ((expected,),) = fortnight.execute("select count(*) from shots").fetchall()
    assert found.files[3].rows == expected
    assert "shotchartdetail" not in {endpoint for endpoint, _ in stats.asked}


def test_the_box_score_of_a_cup_final_is_asked_for(web, stats, here, tmp_path):
    final = {"gameId": CUP_FINAL, "gameStatus": 3}
    later = {"gameId": "0062400002", "gameStatus": 1}
    days = {"leagueSchedule": {"gameDates": [{"games": [final, later]}]}}
    web.files["/stats/scheduleleaguev2"] = json.dumps(days).encode()
    web.files["/stats/boxscoretraditionalv3"] = json.dumps({"boxScoreTraditional": {}}).encode()
    found = seasons.fetch("nba", 2024, tmp_path, Progress())
    assert [file.path.name for file in found.files][:3] == [
        "schedule.json",
        f"box_score_{CUP_FINAL}.json",
        "players_regular.json",
    ]


def test_questions_are_apart(web, stats, here, tmp_path, monkeypatch):
    monkeypatch.setenv(stats_nba.PAUSE_VARIABLE, "0.7")
    waits: list[float] = []
    monkeypatch.setattr(stats_nba, "time", SimpleNamespace(sleep=waits.append, monotonic=time.monotonic))
    seasons.fetch("nba", 2024, tmp_path, Progress())
    assert waits[0] == 0
    assert len(waits) == 37
    assert all(0.3 < wait <= 0.7 for wait in waits[1:])


def test_a_server_that_refuses_is_asked_a_few_times_and_what_is_here_stays(web, stats, here, tmp_path):
    web.faults["/stats/leaguegamelog"] = [Fault(429)]
    seasons.fetch("nba", 2024, tmp_path / "passing", Progress())
    web.asked.clear()
    web.faults["/stats/leaguegamelog"] = [Fault(429)] * 50
    with pytest.raises(UserError, match=r"players_regular.json: stats.nba.com answers 429. It blocks"):
        seasons.fetch("nba", 2024, tmp_path, Progress())
    assert len([path for path, _ in web.asked if path == "/stats/leaguegamelog"]) == ATTEMPTS
    assert (tmp_path / "nba" / "2024-25" / "schedule.json").exists()


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"<html>Access Denied</html>", "with something that is not JSON: <html>Access Denied"),
        (b'{"message": "moved"}', "has changed its answer for schedule.json: it has message"),
    ],
)
def test_an_answer_of_another_kind_is_an_error(web, stats, here, tmp_path, content, complaint):
    web.files["/stats/scheduleleaguev2"] = content
    with pytest.raises(UserError, match=complaint):
        seasons.fetch("nba", 2024, tmp_path, Progress())
    assert not (tmp_path / "nba" / "2024-25" / "schedule.json").exists()
