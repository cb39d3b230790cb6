"""How the old platform's prediction worker reads its feature store, in SQL that both engines take."""

COLUMNS = (
    "features, feature_names, feature_quality_score, data_source, expected_games_count, actual_games_count, "
    "completeness_percentage, missing_games_count, is_production_ready, data_quality_issues, "
    "backfill_bootstrap_mode, processing_decision_reason"
)
STORE = "nba_predictions.ml_feature_store_v2"

# What the old store has of what people select; the worker reads the ones above.
OLD_COLUMNS = {
    "player_lookup": "VARCHAR",
    "universal_player_id": "VARCHAR",
    "game_date": "DATE",
    "game_id": "VARCHAR",
    "features": "DOUBLE[]",
    "feature_names": "VARCHAR[]",
    "feature_count": "BIGINT",
    "feature_version": "VARCHAR",
    "feature_quality_score": "DOUBLE",
    "opponent_team_abbr": "VARCHAR",
    "is_home": "BOOLEAN",
    "days_rest": "BIGINT",
    "data_source": "VARCHAR",
    "expected_games_count": "BIGINT",
    "actual_games_count": "BIGINT",
    "completeness_percentage": "DOUBLE",
    "missing_games_count": "BIGINT",
    "is_production_ready": "BOOLEAN",
    "data_quality_issues": "VARCHAR[]",
    "backfill_bootstrap_mode": "BOOLEAN",
    "processing_decision_reason": "VARCHAR",
    "created_at": "TIMESTAMP",
}


def one_player(player: str, day: str) -> str:
    """Return the query for one player of a date."""
    return f"""
SELECT {COLUMNS}
FROM {STORE}
WHERE player_lookup = '{player}' AND game_date = '{day}' AND feature_version = 'v1_baseline_25'
LIMIT 1
"""


def players_of_a_date(players: list[str], day: str) -> str:
    """Return the query for a list of players of one date."""
    return f"""
SELECT player_lookup, {COLUMNS}
FROM {STORE}
WHERE player_lookup IN ({", ".join(f"'{player}'" for player in players)})
    AND game_date = '{day}' AND feature_version = 'v1_baseline_25'
"""


def as_the_worker_takes_it(row: tuple) -> dict[str, float]:
    """Return the features by name, as the worker makes them of a row, or fail where it would."""
    features, names, score, *_ = row
    found = {name: float(value) for name, value in zip(names, features, strict=True)}
    assert len(found) == 25
    assert 0 <= float(score) <= 100
    return found


# On some day that the analyzer's window has.
QUERIES = {
    "the worker, one player": one_player("stephencurry", "2022-01-14"),
    "the worker, players of a date": players_of_a_date(["stephencurry", "lebronjames"], "2022-01-14"),
    "cache by cache_date": (
        "SELECT player_lookup, points_avg_last_5 FROM nba_predictions.player_daily_cache_by_cache_date "
        "WHERE cache_date = '2022-01-14'"
    ),
    "factors by game_date": (
        "SELECT player_lookup, fatigue_score FROM nba_predictions.player_composite_factors_by_game_date "
        "WHERE game_date = '2022-01-14'"
    ),
}
