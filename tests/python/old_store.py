"""Tables of the old platform that have names of ours, a row in each: what a cut-over finds in the way."""

# By `dataset.table`, with types that both engines know: some of the columns that the old platform declares.
TABLES = {
    "nba_predictions.ml_feature_store_v2": (
        "player_lookup string, universal_player_id string, game_date date, game_id string, "
        "features {doubles}, feature_names {strings}, feature_count int64, feature_version string, "
        "feature_quality_score numeric, is_production_ready boolean, created_at timestamp",
        "'{player}', '{player}', date '{day}', '20240110_BOS_NYK', [12.5, 11.0], "
        "['points_avg_last_5', 'points_avg_last_10'], 2, 'v1_baseline_25', 80, true, "
        "timestamp '2025-12-14 06:00:00'",
    ),
    "nba_precompute.ml_feature_store": (
        "player_lookup string, game_date date, features {doubles}, created_at timestamp",
        "'{player}', date '{day}', [12.5, 11.0], timestamp '2025-12-14 06:00:00'",
    ),
    "nba_precompute.player_daily_cache": (
        "player_lookup string, universal_player_id string, cache_date date, points_avg_last_5 numeric, "
        "cache_version string, created_at timestamp, processed_at timestamp",
        "'{player}', '{player}', date '{day}', 12.5, 'v1', timestamp '2025-12-14 06:00:00', "
        "timestamp '2025-12-14 06:00:00'",
    ),
    # Has the key of ours, and most of the columns have its names.
    "nba_precompute.team_defense_zone_analysis": (
        "team_abbr string, analysis_date date, paint_pct_allowed_last_15 numeric, data_hash string",
        "'BOS', date '{day}', 0.5, 'abc'",
    ),
    "nba_analytics.player_game_summary": (
        "player_lookup string, game_id string, game_date date, points int64, processed_at timestamp",
        "'{player}', '20240110_BOS_NYK', date '{day}', 30, timestamp '2025-12-14 06:00:00'",
    ),
    "nba_reference.player_aliases": (
        "alias_lookup string, nba_canonical_lookup string",
        "'{player}', 'somebody'",
    ),
}


def statements(*, bigquery: bool, player: str, day: str) -> list[str]:
    """Return what makes the tables, a row in each."""
    types = {"doubles": "array<float64>" if bigquery else "double[]"}
    types["strings"] = "array<string>" if bigquery else "varchar[]"
    return [
        statement
        for table, (columns, values) in TABLES.items()
        for statement in (
            f"create schema if not exists {table.split('.')[0]}",
            f"create table {table} ({columns.format(**types)})",
            f"insert into {table} values ({values.format(player=player, day=day)})",
        )
    ]


def renames() -> list[str]:
    """Return the statements of the page that put the tables aside."""
    return [f"alter table {table} rename to {table.split('.')[1]}_old" for table in TABLES]
