"""Where things are: the project's folder, the warehouse file, the names of the tables."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple

PROJECT_DIR = Path(__file__).resolve().parents[2]

TARGETS = ("duckdb", "bigquery", "emulator")
"""Of profiles.yml."""


# Variables that name the datasets, with their defaults, as dbt_project.yml has them.
DATASETS = {
    "NBA_RAW_DATASET": "nba_raw",
    "NBA_STAGING_DATASET": "nba_staging",
    "NBA_ANALYTICS_DATASET": "nba_analytics",
    "NBA_INTERMEDIATE_DATASET": "nba_intermediate",
    "NBA_PRECOMPUTE_DATASET": "nba_precompute",
    "NBA_REFERENCE_DATASET": "nba_reference",
}
RAW, STAGING, ANALYTICS, INTERMEDIATE, PRECOMPUTE, REFERENCE = (
    os.environ.get(variable, default) for variable, default in DATASETS.items()
)

SETTINGS = "NBA_PHASE3|NBA_[A-Z0-9]+_DATASET$"

PHASE3_TABLES = (
    "player_game_summary",
    "team_offense_game_summary",
    "team_defense_game_summary",
    "upcoming_player_game_context",
)


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


def phase3_is_external() -> bool:
    """Tell whether Phase 3 is read from tables that are there (NBA_PHASE3), not built from raw data."""
    return os.environ.get("NBA_PHASE3") == "external"


def settings() -> dict[str, str]:
    """Return the environment that decides which models run and over which tables."""
    return {name: os.environ[name] for name in sorted(os.environ) if re.match(SETTINGS, name)}


def warehouse_path() -> Path:
    """Return the DuckDB file: NBA_DUCKDB_PATH, or nba.duckdb in the project (as profiles.yml has it)."""
    return PROJECT_DIR / os.environ.get("NBA_DUCKDB_PATH", "nba.duckdb")
