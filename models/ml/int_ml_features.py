"""The ML feature logic: derived features, fallbacks, defaults and quality, written once for both engines.

It uses Narwhals expressions: they run unchanged on a DuckDB relation and on a Spark DataFrame, and through
Ibis as a query on BigQuery. The file imports nothing of the project, because a cluster cannot, and reads no
var, because its input is already limited to the window. The seed `feature_catalogue` lists the features,
their order, their defaults and which are required.

For each feature the output has three columns: `<name>` (NULL where unknown), `<name>_filled` (the default
where unknown) and `<name>_source` (phase4, phase3, calculated or default). For each data quality issue it has
a boolean column, `issue_<name>`.
"""

import narwhals as nw

SCORE = {"phase4": 100, "calculated": 100, "phase3": 75, "default": 40}
UNLIKELY = ["doubtful", "out"]
"""Statuses of players who are not expected to play."""


def clamped(expr, low, high):
    """Keep a value within [low, high]; NULL stays NULL."""
    return (
        nw.when(expr < low)
        .then(nw.lit(float(low)))
        .when(expr > high)
        .then(nw.lit(float(high)))
        .otherwise(expr)
    )


def stepped(expr, small, large):
    """Score a signed change: 2 or -2 from `large` on, 1 or -1 from `small` on, else 0; NULL stays NULL.

    The change is rounded first: 24 to 26.4 minutes is exactly .10, but as doubles it falls just short.
    """
    expr = expr.round(9)
    return (
        nw.when(expr >= large)
        .then(nw.lit(2.0))
        .when(expr >= small)
        .then(nw.lit(1.0))
        .when(expr <= -large)
        .then(nw.lit(-2.0))
        .when(expr <= -small)
        .then(nw.lit(-1.0))
        .when(~expr.is_null())
        .then(nw.lit(0.0))
    )


def flag(expr):
    """Turn true into 1.0 and false into 0.0; NULL stays NULL."""
    return nw.when(expr).then(nw.lit(1.0)).when(~expr).then(nw.lit(0.0))


def status():
    """Return the player's pre-tip status in lower case; NULL where unknown."""
    return nw.col("player_status").str.to_lowercase()


def true_where(condition):
    """Turn NULL into false: true only where the condition holds."""
    return nw.when(condition).then(nw.lit(True)).otherwise(nw.lit(False))


def issues():
    """Return the data quality issues of a row by name, as booleans that are never NULL (contract 4.5)."""
    col = nw.col
    minutes_unknown = col("minutes_avg_last_10").is_null() | col("minutes_avg_season").is_null()
    zones = ("pct_paint", "pct_mid_range", "pct_three")
    return {
        "missing_box_score": true_where(col("team_games_missing") > 0),
        "no_minutes": true_where(minutes_unknown & (col("games_played_season") > 0)),
        "no_season_form": true_where(col("games_played_season") < 5),
        "no_shot_data": true_where(nw.any_horizontal(*(col(z).is_null() for z in zones), ignore_nulls=False)),
        "opponent_unknown": true_where(col("opponent_def_rating").is_null() | col("opponent_pace").is_null()),
        "player_out": true_where(status().is_in(UNLIKELY)),
    }


def calculated_features():
    """Return the calculated features by name, NULL where an input is unknown (contract section 6)."""
    col = nw.col
    minutes_known = (col("minutes_avg_last_10") > 0) & (col("minutes_avg_season") > 0)
    free_throws_known = (col("ft_known_games_last_10") >= 5) & (col("points_with_ft_known_last_10") > 0)
    return {
        "rest_advantage": clamped((col("days_rest") - col("opponent_days_rest")).cast(nw.Float64), -2, 2),
        "injury_risk": nw.when(status() == "available")
        .then(nw.lit(0.0))
        .when(status() == "probable")
        .then(nw.lit(1.0))
        .when(status() == "questionable")
        .then(nw.lit(2.0))
        .when(status().is_in(UNLIKELY))
        .then(nw.lit(3.0)),
        "recent_trend": nw.when(col("games_played_season") >= 5).then(
            stepped(col("points_avg_newest_2") - col("points_avg_prior_3"), 2.0, 5.0)
        ),
        "minutes_change": nw.when(minutes_known).then(
            stepped(
                (col("minutes_avg_last_10") - col("minutes_avg_season")) / col("minutes_avg_season"),
                0.10,
                0.20,
            )
        ),
        "home_away": flag(col("is_home")),
        "back_to_back": flag(col("back_to_back")),
        "playoff_game": flag(col("season_type") == "playoffs"),
        "pct_free_throw": nw.when(free_throws_known).then(
            clamped(
                col("ft_makes_last_10").cast(nw.Float64)
                / col("points_with_ft_known_last_10").cast(nw.Float64),
                0,
                0.5,
            )
        ),
        "team_win_pct": nw.when(col("team_games_played_season") >= 5).then(
            col("team_wins_season").cast(nw.Float64) / col("team_games_played_season").cast(nw.Float64)
        ),
    }


def ml_features(inputs, catalogue):
    """Turn the window's inputs into features.

    `inputs` is a Narwhals frame over int_ml_feature_inputs, `catalogue` the rows of feature_catalogue in
    order of feature_index.
    """
    calculated = calculated_features()
    names = [feature["feature_name"] for feature in catalogue]
    context = ["analysis_date", "player_lookup", "universal_player_id", "game_id", "team_abbr"]
    context += ["opponent_team_abbr", "season_year", "is_home", "days_rest", "player_status"]
    context += ["context_source", "newest_source_game_date"]
    found = {f"issue_{name}": condition for name, condition in issues().items()}
    expected, missing = nw.col("team_games_expected"), nw.col("team_games_missing")
    completeness = {
        "expected_games_count": expected,
        "actual_games_count": expected - missing,
        "missing_games_count": missing,
        "completeness_percentage": nw.when(expected > 0).then(
            nw.lit(100.0) * (expected - missing).cast(nw.Float64) / expected.cast(nw.Float64)
        ),
    }

    values, sources = {}, {}
    for feature in catalogue:
        name = feature["feature_name"]
        own = calculated[name] if feature["source"] == "calculated" else nw.col(name).cast(nw.Float64)
        source = nw.when(~own.is_null()).then(nw.lit(feature["source"]))
        if feature["fallback"]:
            fallback = nw.col(f"{name}_fallback").cast(nw.Float64)
            values[name] = nw.coalesce(own, fallback)
            source = source.when(~fallback.is_null()).then(nw.lit("phase3"))
        else:
            values[name] = own
        sources[name] = source.otherwise(nw.lit("default"))

    sourced = inputs.select(
        *context,
        *(values[name].alias(f"{name}_value") for name in names),
        *(sources[name].alias(f"{name}_source") for name in names),
        *(value.alias(name) for name, value in (completeness | found).items()),
        "has_hole_in_last_10_games",
    )

    def count_of(source, only=names):
        return nw.sum_horizontal(
            *(
                nw.when(nw.col(f"{name}_source") == source).then(nw.lit(1)).otherwise(nw.lit(0))
                for name in only
            )
        ).cast(nw.Int64)

    required = [feature["feature_name"] for feature in catalogue if feature["is_required"]]
    counted = sourced.with_columns(
        **{f"{source}_count": count_of(source) for source in SCORE},
        required_default_count=count_of("default", required),
    )

    total = len(names)
    score = sum(points * nw.col(f"{source}_count") for source, points in SCORE.items()) / float(total)
    scored = counted.with_columns(
        feature_quality_score=nw.when((nw.col("required_default_count") >= 4) & (score > 49.0))
        .then(nw.lit(49.0))
        .when((nw.col("required_default_count") >= 1) & (score > 69.0))
        .then(nw.lit(69.0))
        .otherwise(score),
        data_source=nw.when((nw.col("default_count") == 0) & (nw.col("phase3_count") == 0))
        .then(nw.lit("phase4"))
        .when(nw.col("phase4_count") * 2 >= total)
        .then(nw.lit("phase4_partial"))
        .when(nw.col("phase3_count") * 2 >= total)
        .then(nw.lit("phase3"))
        .otherwise(nw.lit("mixed")),
    )

    quality = nw.col("feature_quality_score")
    return scored.select(
        *context,
        *(nw.col(f"{name}_value").alias(name) for name in names),
        *(
            nw.coalesce(nw.col(f"{name}_value"), nw.lit(float(feature["default_value"]))).alias(
                f"{name}_filled"
            )
            for name, feature in zip(names, catalogue, strict=True)
        ),
        *(f"{name}_source" for name in names),
        nw.col("default_count").alias("default_feature_count"),
        nw.lit(catalogue[0]["feature_version"]).alias("feature_version"),
        quality,
        nw.when(quality >= 95)
        .then(nw.lit("gold"))
        .when(quality >= 85)
        .then(nw.lit("silver"))
        .when(quality >= 70)
        .then(nw.lit("bronze"))
        .when(quality >= 50)
        .then(nw.lit("poor"))
        .otherwise(nw.lit("critical"))
        .alias("quality_tier"),
        ((quality >= 70) & ~nw.col("has_hole_in_last_10_games") & ~nw.col("issue_player_out")).alias(
            "is_production_ready"
        ),
        "data_source",
        *completeness,
        *found,
    )


def rows_of(relation):
    """Return the rows of a small relation as dicts. Narwhals' collect() would need pyarrow on DuckDB."""
    if hasattr(relation, "to_gbq"):  # BigFrames
        return relation.to_arrow().to_pylist()
    rows = relation.fetchall() if hasattr(relation, "fetchall") else relation.collect()
    return [dict(zip(relation.columns, row, strict=True)) for row in rows]


def query_of(inputs, catalogue):
    """Return the feature logic as BigQuery SQL. Narwhals cannot use BigFrames, but it can use Ibis."""
    import ibis  # only here: neither DuckDB nor Spark needs it

    types = {
        "Float64": "float64",
        "Int64": "int64",
        "boolean": "boolean",
        "date32[day][pyarrow]": "date",
        "string": "string",
    }
    schema = {name: types[str(dtype)] for name, dtype in inputs.dtypes.items()}
    features = ml_features(nw.from_native(ibis.table(schema, name="inputs")), catalogue).to_native()
    return f"with inputs as ({inputs.sql}) select * from ({ibis.to_sql(features, dialect='bigquery')})"


def model(dbt, session):
    """Run the feature logic on the window's inputs (dbt calls this)."""
    dbt.config(materialized="table")
    catalogue = sorted(rows_of(dbt.ref("feature_catalogue")), key=lambda row: row["feature_index"])
    inputs = dbt.ref("int_ml_feature_inputs")
    if hasattr(inputs, "to_gbq"):  # BigFrames
        return session.read_gbq_query(query_of(inputs, catalogue))
    return ml_features(nw.from_native(inputs), catalogue).to_native()
