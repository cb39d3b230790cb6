"""Where things are: the project's folder, the warehouse file, the names of the tables."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

PROJECT_DIR = Path(__file__).resolve().parent.parent


class Phase4Table(NamedTuple):
    """A public table and the short name people know its processor by."""

    processor: str
    table: str


PHASE4_TABLES = (
    Phase4Table("TDZA", "team_defense_zone_analysis"),
    Phase4Table("PSZA", "player_shot_zone_analysis"),
    Phase4Table("PCF", "player_composite_factors"),
    Phase4Table("PDC", "player_daily_cache"),
    Phase4Table("MLFS", "ml_feature_store"),
)
EXCLUSIONS = "phase4_exclusions"
ALL_TABLES = (*(entry.table for entry in PHASE4_TABLES), EXCLUSIONS)

# Which Phase 4 tables each is made from, directly or not: they can only be built together.
MADE_FROM = {
    "player_composite_factors": ("team_defense_zone_analysis", "player_shot_zone_analysis"),
    "player_daily_cache": ("player_shot_zone_analysis",),
    "ml_feature_store": tuple(entry.table for entry in PHASE4_TABLES[:4]),
}


def warehouse_path() -> Path:
    """Return the DuckDB file: NBA_DUCKDB_PATH, or nba.duckdb in the project (as profiles.yml has it)."""
    return PROJECT_DIR / os.environ.get("NBA_DUCKDB_PATH", "nba.duckdb")
