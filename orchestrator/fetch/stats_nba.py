"""Seasons from stats.nba.com through nba_api, and shots from shufinskiy's archives where they have them.

stats.nba.com blocks the addresses of cloud providers and slows down whoever asks often: one question at a
time, with a pause, and a longer one when it refuses. What it says of a season that is over is asked once.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import requests

from orchestrator.core.errors import UserError
from orchestrator.core.seasons import season_name
from orchestrator.fetch.download import (
    PASSING,
    Fetched,
    PassingError,
    RemoteFile,
    again,
    download,
    plain,
    session,
)
from orchestrator.fetch.progress import Progress

VARIABLE = "NBA_STATS_URL"
ADDRESS = "https://stats.nba.com/stats"
SHOTS_VARIABLE = "NBA_SHOTS_URL"
SHOTS_ADDRESS = "https://github.com/shufinskiy/nba_data/raw/main/datasets"
PAUSE_VARIABLE = "NBA_STATS_PAUSE"
PAUSE = 0.6
"""Seconds between two questions; with less, users of nba_api report refusals."""
TIMEOUT = 45
FIRST_SEASON = 1996
SEASON_TYPES = {"regular": "Regular Season", "playin": "PlayIn", "playoffs": "Playoffs"}
ARCHIVES = {"regular": "shotdetail_{}.tar.xz", "playoffs": "shotdetail_po_{}.tar.xz"}
CUP_FINAL = "006"
"""How the ids of NBA Cup finals begin. They are in no season type's log, only in the schedule."""
FINAL = 3
"""The status of a game that is over."""


def fetch(season: int, folder: Path, progress: Progress, *, is_over: bool) -> list[Fetched]:
    """Fetch a season's answers into a folder; UserError when one cannot be had."""
    folder.mkdir(parents=True, exist_ok=True)
    with session() as connection:
        return list(_Season(season, folder, progress, connection, is_over).fetch())


class _Season:
    def __init__(
        self, season: int, folder: Path, progress: Progress, connection: requests.Session, is_over: bool
    ):
        try:
            from nba_api.stats.endpoints import (
                boxscoretraditionalv3,
                leaguegamelog,
                scheduleleaguev2,
                shotchartdetail,
            )
            from nba_api.stats.library.http import NBAStatsHTTP
        except ModuleNotFoundError:
            raise UserError(
                "--source nba needs nba_api: install it with `.venv/bin/pip install nba_api~=1.12`"
            ) from None
        self._box_score = boxscoretraditionalv3.BoxScoreTraditionalV3
        self._log = leaguegamelog.LeagueGameLog
        self._schedule = scheduleleaguev2.ScheduleLeagueV2
        self._shot_chart = shotchartdetail.ShotChartDetail
        self._http = NBAStatsHTTP
        self._http.base_url = os.environ.get(VARIABLE, ADDRESS).rstrip("/") + "/{endpoint}"
        self._http.set_session(connection)
        self._pause = float(os.environ.get(PAUSE_VARIABLE, PAUSE))
        self._asked_at = 0.0
        self._season, self._name = season, season_name(season)
        self._folder, self._progress, self._connection = folder, progress, connection
        self._is_over = is_over

    def fetch(self) -> Iterator[Fetched]:
        yield self._ask("schedule.json", self._schedule, season=self._name)
        for game in self._cup_finals():
            yield self._ask(f"box_score_{game}.json", self._box_score, game_id=game)
        for short, type_ in SEASON_TYPES.items():
            for side, letter in (("players", "P"), ("teams", "T")):
                yield self._ask(
                    f"{side}_{short}.json",
                    self._log,
                    season=self._name,
                    season_type_all_star=type_,
                    player_or_team_abbreviation=letter,
                )
            yield from self._shots(short, type_)

    def _shots(self, short: str, type_: str) -> Iterator[Fetched]:
        """A season that is over is one archive; else a question per team that played."""
        if self._is_over and short in ARCHIVES:
            name = ARCHIVES[short].format(self._season)
            address = os.environ.get(SHOTS_VARIABLE, SHOTS_ADDRESS).rstrip("/")
            file = RemoteFile(f"{address}/{name}", self._folder / name, "shotchartdetail", may_be_absent=True)
            if found := download(file, self._connection, self._progress):
                yield found
                return
            self._progress.note(f"{name} is not there: asking stats.nba.com for each team's shots")
        for team in self._teams(short):
            yield self._ask(
                f"shots_{short}_{team}.json",
                self._shot_chart,
                team_id=team,
                player_id=0,
                season_nullable=self._name,
                season_type_all_star=type_,
                context_measure_simple="FGA",
            )

    def _teams(self, short: str) -> list[int]:
        """Return the teams of a season type's log."""
        (log,) = json.loads((self._folder / f"teams_{short}.json").read_text())["resultSets"]
        place = log["headers"].index("TEAM_ID")
        return sorted({row[place] for row in log["rowSet"]})

    def _cup_finals(self) -> list[str]:
        dates = json.loads((self._folder / "schedule.json").read_text())["leagueSchedule"]["gameDates"]
        return [
            game["gameId"]
            for day in dates
            for game in day["games"]
            if game["gameId"].startswith(CUP_FINAL) and game["gameStatus"] == FINAL
        ]

    def _ask(self, name: str, endpoint: Callable[..., Any], **parameters: Any) -> Fetched:
        """Ask for a file's content, unless it is here and cannot have changed."""
        path = self._folder / name
        if path.exists() and self._is_over and _written_after(path, self._season):
            return Fetched(path, _rows(json.loads(path.read_text())), 0)
        question = endpoint(**parameters, get_request=False)
        try:
            text = again(self._progress, name)(lambda: self._answer(name, question))
        except PassingError as error:
            raise UserError(
                f"stats.nba.com does not answer for {name}: {error}. It blocks the addresses of cloud "
                "providers: run this at home, or through a proxy (HTTPS_PROXY), or take "
                "--source sportsdataverse. What is here stays: the next run goes on from it."
            ) from None
        part = path.with_name(f"{name}.part")
        part.write_text(text)
        part.replace(path)
        return Fetched(path, _rows(json.loads(text)), len(text.encode()))

    def _answer(self, name: str, question: Any) -> str:
        time.sleep(max(0.0, self._asked_at + self._pause - time.monotonic()))
        self._progress.file(name, None, 0)
        try:
            answer = self._http().send_api_request(
                endpoint=question.endpoint, parameters=question.parameters, timeout=TIMEOUT
            )
        except requests.RequestException as error:
            raise PassingError(plain(error)) from None
        finally:
            self._asked_at = time.monotonic()
        status, text = answer._status_code, answer.get_response()
        if status in PASSING:
            raise PassingError(f"stats.nba.com answers {status}")
        if status != requests.codes.ok or not answer.valid_json():
            what = f"{status}" if status != requests.codes.ok else "something that is not JSON"
            raise UserError(f"stats.nba.com answers {name} with {what}: {' '.join(text[:80].split())}")
        found = answer.get_dict()
        if not {"resultSets", "leagueSchedule", "boxScoreTraditional"} & set(found):
            raise UserError(f"stats.nba.com has changed its answer for {name}: it has {', '.join(found)}.")
        self._progress.bytes(len(text))
        return text


def _written_after(path: Path, season: int) -> bool:
    """Tell whether a file is from after its season, which ends in June (2020: in October)."""
    written = datetime.fromtimestamp(path.stat().st_mtime, UTC).date()
    return written >= date(season + 1, 11, 1)


def _rows(answer: dict[str, Any]) -> int:
    if "leagueSchedule" in answer:
        return sum(len(day["games"]) for day in answer["leagueSchedule"]["gameDates"])
    return sum(len(one["rowSet"]) for one in answer.get("resultSets", [])) or 1
