"""Season files of sportsdataverse (hoopR), renewed nightly: a Parquet file per table, from 2001-02 on."""

from __future__ import annotations

import os
from pathlib import Path

from orchestrator.fetch.download import Fetched, RemoteFile, download, session
from orchestrator.fetch.progress import Progress

VARIABLE = "NBA_SPORTSDATAVERSE_URL"
ADDRESS = "https://github.com/sportsdataverse/sportsdataverse-data/releases/download"
FIRST_SEASON = 2001
# By the year in which a season ends. The schedule is there before the season's first game.
SCHEDULE = ("espn_nba_schedules/nba_schedule_{}.parquet", "hoopr_schedule")
OF_GAMES = (
    ("espn_nba_player_boxscores/player_box_{}.parquet", "hoopr_player_box"),
    ("espn_nba_team_boxscores/team_box_{}.parquet", "hoopr_team_box"),
    ("espn_nba_pbp/play_by_play_{}.parquet", "hoopr_pbp"),
)


def files(season: int, folder: Path, *, is_over: bool) -> list[RemoteFile]:
    """Return a season's files. Before its first game it has only a schedule."""
    address = os.environ.get(VARIABLE, ADDRESS).rstrip("/")
    return [
        RemoteFile(
            f"{address}/{path.format(season + 1)}",
            folder / Path(path.format(season + 1)).name,
            format_,
            may_be_absent=not is_over and (path, format_) != SCHEDULE,
        )
        for path, format_ in (SCHEDULE, *OF_GAMES)
    ]


def fetch(season: int, folder: Path, progress: Progress, *, is_over: bool) -> list[Fetched]:
    """Fetch a season's files into a folder; UserError when one cannot be had."""
    found = []
    with session() as connection:
        for file in files(season, folder, is_over=is_over):
            if one := download(file, connection, progress):
                found.append(one)
            else:
                progress.note(f"{file.path.name} is not there yet")
    return found
