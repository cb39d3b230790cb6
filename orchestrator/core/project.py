"""Where things are: the project's folder, the warehouse file, the names of the datasets."""

from __future__ import annotations

import os
import re
from pathlib import Path

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
    "NBA_TRAINING_DATASET": "nba_training",
}
RAW, STAGING, ANALYTICS, INTERMEDIATE, PRECOMPUTE, REFERENCE, TRAINING = (
    os.environ.get(variable, default) for variable, default in DATASETS.items()
)

# The same for the views of models/phase5, which are made only where they are asked for.
PHASE5_DATASET_VARIABLE, PHASE5_NAME_VARIABLE = "NBA_PHASE5_DATASET", "NBA_PHASE5_VIEW_NAME"
PHASE5_DATASET = os.environ.get(PHASE5_DATASET_VARIABLE, "nba_predictions")
PHASE5_VIEWS = frozenset(
    {
        os.environ.get(PHASE5_NAME_VARIABLE, "ml_feature_store_v2"),
        "player_composite_factors_by_game_date",
        "player_daily_cache_by_cache_date",
    }
)

SETTINGS = "NBA_PHASE3|NBA_PHASE5|NBA_[A-Z0-9]+_DATASET$"

PHASE3_TABLES = (
    "player_game_summary",
    "team_offense_game_summary",
    "team_defense_game_summary",
    "upcoming_player_game_context",
)


def phase3_is_external() -> bool:
    """Tell whether Phase 3 is read from existing tables (NBA_PHASE3), not built from raw data."""
    return os.environ.get("NBA_PHASE3") == "external"


def phase5_is_on() -> bool:
    """Tell whether the views for readers of the old platform's tables are made (NBA_PHASE5_VIEW)."""
    return os.environ.get("NBA_PHASE5_VIEW", "").lower() == "true"


def settings() -> dict[str, str]:
    """Return the variables that decide which models run, and on which tables."""
    return {name: os.environ[name] for name in sorted(os.environ) if re.match(SETTINGS, name)}


def warehouse_path() -> Path:
    """Return the DuckDB file: NBA_DUCKDB_PATH, or nba.duckdb in the project (as profiles.yml has it)."""
    return PROJECT_DIR / os.environ.get("NBA_DUCKDB_PATH", "nba.duckdb")
