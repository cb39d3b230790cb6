"""What people ask of the tables by hand, in SQL that both engines take: it must go on working as it is."""

COVERAGE = """
SELECT 'TDZA' AS processor, COUNT(DISTINCT analysis_date) AS dates, COUNT(*) AS row_count
FROM nba_precompute.team_defense_zone_analysis WHERE analysis_date >= '2021-10-01'
UNION ALL
SELECT 'PSZA', COUNT(DISTINCT analysis_date), COUNT(*)
FROM nba_precompute.player_shot_zone_analysis WHERE analysis_date >= '2021-10-01'
UNION ALL
SELECT 'PCF', COUNT(DISTINCT analysis_date), COUNT(*)
FROM nba_precompute.player_composite_factors WHERE analysis_date >= '2021-10-01'
UNION ALL
SELECT 'PDC', COUNT(DISTINCT cache_date), COUNT(*)
FROM nba_precompute.player_daily_cache WHERE cache_date >= '2021-10-01'
UNION ALL
SELECT 'MLFS', COUNT(DISTINCT analysis_date), COUNT(*)
FROM nba_precompute.ml_feature_store WHERE analysis_date >= '2021-10-01'
"""

WHERE_IT_STANDS = """
SELECT COUNT(DISTINCT analysis_date) AS dates_completed, MAX(analysis_date) AS latest_date
FROM nba_precompute.ml_feature_store
WHERE analysis_date >= '2021-10-01'
"""

BY_GAME_DATE = """
SELECT 'PCF' AS processor, COUNT(DISTINCT game_date) AS dates FROM nba_precompute.player_composite_factors
WHERE game_date >= '2021-10-01'
UNION ALL
SELECT 'MLFS', COUNT(DISTINCT game_date) FROM nba_precompute.ml_feature_store WHERE game_date >= '2021-10-01'
"""

PHASE3 = "\nUNION ALL\n".join(
    f"""
SELECT
    '{table}' AS table_name,
    COUNT(DISTINCT CASE WHEN game_date BETWEEN '2021-10-19' AND '2022-06-20' THEN game_date END) AS s2021_22,
    COUNT(DISTINCT CASE WHEN game_date BETWEEN '2022-10-18' AND '2023-06-20' THEN game_date END) AS s2022_23,
    COUNT(DISTINCT CASE WHEN game_date BETWEEN '2023-10-24' AND '2024-06-20' THEN game_date END) AS s2023_24
FROM nba_analytics.{table}
WHERE game_date >= '2021-10-01'
""".strip()
    for table in (
        "player_game_summary",
        "team_defense_game_summary",
        "team_offense_game_summary",
        "upcoming_player_game_context",
    )
)

QUERIES = {
    "coverage": COVERAGE,
    "where it stands": WHERE_IT_STANDS,
    "by game date": BY_GAME_DATE,
    "phase 3": PHASE3,
}
