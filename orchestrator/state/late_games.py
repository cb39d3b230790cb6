"""Late box scores, the most common accident of a night, and the rows that wait for them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from orchestrator.core.project import INTERMEDIATE, PRECOMPUTE, STAGING

if TYPE_CHECKING:
    from orchestrator.warehouse.base import Connection


class LateGame(NamedTuple):
    """A game with a final score and no box score, and the rows that are not ready because of it."""

    home: str
    away: str
    day: date
    rows: int
    """Rows of its teams in ml_feature_store that are not ready, on the dates that were looked at."""
    first: date | None
    """First and last date of these rows; None without rows."""
    last: date | None

    def __str__(self) -> str:
        """Say it in one line."""
        text = f"{self.home}-{self.away} {self.day}: no box score yet"
        if not self.rows:
            return text
        dates = f"{self.first}" if self.first == self.last else f"{self.first}..{self.last}"
        return f"{text}; {self.rows} row{'' if self.rows == 1 else 's'} of {dates} not ready"

    def as_json(self) -> dict:
        """Return it as JSON-ready data (the shape is in docs/json.md)."""
        return {
            "game": f"{self.home}-{self.away}",
            "date": str(self.day),
            "rows_not_ready": self.rows,
            "first_not_ready": self.first and str(self.first),
            "last_not_ready": self.last and str(self.last),
        }


def late_games(connection: Connection, start: date, end: date) -> list[LateGame]:
    """Return the games without a box score in [start, end], or earlier ones that affect it; oldest first."""
    if not connection.has_table(INTERMEDIATE, "int_box_score_gaps") or not connection.has_table(
        PRECOMPUTE, "ml_feature_store"
    ):
        return []
    rows = connection.rows(
        "select games.home_team_abbr, games.away_team_abbr, gaps.game_date, count(features.player_lookup), "
        "min(features.analysis_date), max(features.analysis_date) "
        f"from {INTERMEDIATE}.int_box_score_gaps as gaps "
        f"inner join {STAGING}.stg_nba__games as games on gaps.game_id = games.game_id "
        f"left join {PRECOMPUTE}.ml_feature_store as features "
        "on gaps.team_abbr = features.team_abbr and gaps.season_year = features.season_year "
        "and gaps.game_date < features.analysis_date and features.missing_games_count > 0 "
        "and not features.is_production_ready and features.analysis_date between ? and ? "
        "where gaps.is_final and gaps.is_on_slate and gaps.game_date <= ? "
        "group by games.game_id, games.home_team_abbr, games.away_team_abbr, gaps.game_date "
        "having count(features.player_lookup) > 0 or gaps.game_date >= ? "
        "order by gaps.game_date, games.home_team_abbr",
        [start, end, end, start],
    )
    return [LateGame(*row) for row in rows]
