"""The seven files: their columns, and how seasons of rows become one file each.

Every season is written as it is made and forgotten, so that memory does not grow with their
number; the parts are joined in the end and put in place in one step per file.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import duckdb
import numpy as np

Columns = dict[str, np.ndarray]

_BOX = "pts fgm fga fg3m fg3a ftm fta oreb dreb reb ast stl blk tov pf plus_minus"


def _typed(*groups: tuple[str, str]) -> dict[str, str]:
    return {name: type_ for type_, names in groups for name in names.split()}


# Column types by file, in the files' order.
TABLES = {
    "games": _typed(
        ("VARCHAR", "game_id"),
        ("DATE", "game_date"),
        ("VARCHAR", "tip_et season season_type"),
        ("BIGINT", "home_team_id"),
        ("VARCHAR", "home_team home_team_name"),
        ("BIGINT", "away_team_id"),
        ("VARCHAR", "away_team away_team_name"),
        ("SMALLINT", "home_score away_score"),
        ("BOOLEAN", "home_is_nba away_is_nba"),
        ("VARCHAR", "arena arena_city label"),
        ("BOOLEAN", "has_player_box has_shots"),
        ("VARCHAR", "source"),
    ),
    "player_box": _typed(
        ("VARCHAR", "season season_type game_id"),
        ("DATE", "game_date"),
        ("BIGINT", "player_id"),
        ("VARCHAR", "player_name"),
        ("BIGINT", "team_id"),
        ("VARCHAR", "team_abbreviation opponent"),
        ("BOOLEAN", "is_home"),
        ("VARCHAR", "wl"),
        ("SMALLINT", f"min {_BOX}"),
        ("VARCHAR", "source"),
        ("DOUBLE", "fg_pct fg3_pct ft_pct"),
    ),
    "team_box": _typed(
        ("VARCHAR", "season season_type game_id game_date"),  # the date is text in this file
        ("BIGINT", "team_id"),
        ("VARCHAR", "team_abbreviation team_name matchup wl"),
        ("DOUBLE", "min"),
        ("BIGINT", "pts fgm fga fg3m fg3a ftm fta oreb dreb reb ast stl blk"),
        ("DOUBLE", "tov"),
        ("BIGINT", "pf"),
        ("DOUBLE", "plus_minus"),
        ("BOOLEAN", "is_home"),
        ("VARCHAR", "opponent_abbreviation source"),
    ),
    "shots": _typed(
        ("VARCHAR", "season game_id"),
        ("DATE", "game_date"),
        ("BIGINT", "player_id"),
        ("VARCHAR", "player_name"),
        ("BIGINT", "team_id"),
        ("VARCHAR", "team home_team away_team"),
        ("SMALLINT", "period minutes_remaining seconds_remaining"),
        ("VARCHAR", "action_type shot_type zone_basic zone_area zone_range"),
        ("SMALLINT", "shot_distance loc_x loc_y"),
        ("BOOLEAN", "shot_made"),
        ("VARCHAR", "source zone_group opponent"),
    ),
    "odds": _typed(
        ("VARCHAR", "game_id season"),
        ("DATE", "game_date"),
        ("VARCHAR", "home_team away_team"),
        ("DOUBLE", "total_line ml_home ml_away"),
        ("VARCHAR", "source"),
        ("DOUBLE", "home_spread"),
    ),
    "injuries": _typed(
        ("DATE", "event_date"),
        ("VARCHAR", "team_nickname player_name acquired relinquished notes"),
        ("DOUBLE", "estimated_days_out"),
        ("VARCHAR", "source"),
    ),
    "players": _typed(
        ("BIGINT", "player_id"),
        ("VARCHAR", "player_name position_group position position_as_of"),
    ),
}


class LeagueFiles:
    """Collects rows season by season; `finish` puts the complete files into the folder."""

    def __init__(self, directory: Path):
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._parts: dict[str, list[str]] = {name: [] for name in TABLES}

    def __enter__(self) -> LeagueFiles:
        # Beside the final files, so that moving them into place is one step.
        self._work = tempfile.TemporaryDirectory(prefix=".league-", dir=self._directory)
        # One thread: with several, where row groups end depends on the machine.
        self._con = duckdb.connect(config={"memory_limit": "512MB", "threads": 1})
        self._con.execute("set temp_directory = ?", [self._work.name])
        return self

    def __exit__(self, *_error: object) -> None:
        self._con.close()
        self._work.cleanup()

    def add(self, table: str, columns: Columns) -> None:
        """Append rows; masked values and NaN become NULL, a single value fills its column."""
        rows = max(np.size(values) for values in columns.values())
        staged = {name: _column(values, rows) for name, values in columns.items()}
        chosen = ", ".join(f'"{name}"::{type_} as "{name}"' for name, type_ in TABLES[table].items())
        part = os.path.join(self._work.name, f"{table}-{len(self._parts[table]):03d}.parquet")
        self._con.register("staged", staged)
        self._write(f"select {chosen} from staged", part)
        self._con.unregister("staged")
        self._parts[table].append(part)

    def finish(self) -> None:
        """Join the seasons of every table and move the files into place."""
        for table, parts in self._parts.items():
            whole = os.path.join(self._work.name, f"{table}.parquet")
            listed = ", ".join(_text(part) for part in parts)
            self._write(f"select * from read_parquet([{listed}])", whole)
            os.replace(whole, self._directory / f"{table}.parquet")

    def _write(self, query: str, path: str) -> None:
        self._con.execute(f"copy ({query}) to {_text(path)} (format parquet, compression zstd)")


def _column(values, rows: int) -> np.ndarray:
    if np.ndim(values) == 0:
        kind = object if isinstance(values, str) else None
        return np.full(rows, values, dtype=kind)
    if values.dtype.kind == "M":
        return values.astype("datetime64[s]")  # the engine knows no arrays of whole days
    return values


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
