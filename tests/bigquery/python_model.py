"""Rows for the Python model, what it makes of them on DuckDB, and what another engine must not differ in."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import duckdb

from tests.python.warehouses import PROJECT, build, orchestrate, succeed

MODEL = PROJECT / "models" / "ml" / "int_ml_features.py"
# The first weeks of a season that have rows, where much is unknown yet.
WINDOW = ("2021-11-02", "2021-11-30")
INPUTS, CATALOGUE = "nba_intermediate.int_ml_feature_inputs", "nba_reference.feature_catalogue"
FEATURES = "nba_intermediate.int_ml_features"

# A day's rows with what only tonight's slate and the playoffs have, with numbers that must not be divided by,
# and with nothing but their keys.
NEVER_IN_HISTORY = f"""
    select inputs.* replace (
        player_lookup || '/' || coalesce(status, 'unknown') as player_lookup,
        status as player_status,
        season_type_ as season_type,
        minutes as minutes_avg_season,
        points_with_ft_known_last_10 * free_throws as points_with_ft_known_last_10
    )
    from {INPUTS} as inputs, (
        values
            ('available', 'playoffs', 0.0, 1), ('probable', 'play_in', null, 0),
            ('questionable', 'playoffs', 20.0, 1), ('doubtful', 'regular', 30.0, null),
            ('out', null, 1e-3, 1), (null, 'playoffs', 1e9, 1)
    ) as never (status, season_type_, minutes, free_throws)
    where analysis_date = date '2021-11-15'
    union all by name
    select analysis_date, player_lookup || '/nothing' as player_lookup, universal_player_id, season_year
    from {INPUTS}
    where analysis_date = date '2021-11-15'
"""


def on_duckdb(real_data: Path, folder: Path) -> duckdb.DuckDBPyConnection:
    """Connect to the tables `inputs` and `on_duckdb`: what dbt built, and rows that history never has.

    The lookups of the latter have a slash.
    """
    warehouse = folder / "nba.duckdb"
    succeed(orchestrate(warehouse, "ingest", "--from", real_data, "--season", "2021-22"))
    build(warehouse, *WINDOW)
    connection = duckdb.connect()
    connection.execute(f"attach '{warehouse}' as nba (read_only); use nba")
    # Sums of whole numbers are INT64 on BigQuery, and HUGEINT, which Parquet does not have, on DuckDB.
    wide = connection.execute(
        f"select column_name from (describe {INPUTS}) where column_type = 'HUGEINT'"
    ).fetchall()
    as_int64 = ", ".join(f"{column}::bigint as {column}" for (column,) in wide)
    connection.execute(
        f"create temp table inputs as select * replace ({as_int64}) "
        f"from (from {INPUTS} union all {NEVER_IN_HISTORY})"
    )
    never = _model_on_duckdb(connection, "(from inputs where player_lookup like '%/%')")
    connection.execute(f"create temp table on_duckdb as from {FEATURES} union all from never")
    del never
    return connection


def _model_on_duckdb(connection: duckdb.DuckDBPyConnection, inputs: str) -> duckdb.DuckDBPyRelation:
    spec = importlib.util.spec_from_file_location("int_ml_features", MODEL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    relations = {"int_ml_feature_inputs": inputs, "feature_catalogue": CATALOGUE}

    class Dbt:
        def config(self, **_: object) -> None: ...

        def ref(self, name: str) -> duckdb.DuckDBPyRelation:
            return connection.sql(f"from {relations[name]}")

    return module.model(Dbt(), None)


def differences(connection: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    """Say in what a table is not `on_duckdb`: columns and their types, keys, values.

    Doubles may differ by 1e-9 of their size.
    """
    expected, found = (
        connection.execute(f"select column_name, column_type from (describe {name})").fetchall()
        for name in ("on_duckdb", table)
    )
    if found != expected:
        return [f"columns: {sorted({*found} ^ {*expected}) or 'in another order'}"]
    keys = "select analysis_date, player_lookup from"
    differing = {
        f"only in {one}": f"{keys} {one} except all {keys} {other} order by all"
        for one, other in ((table, "on_duckdb"), ("on_duckdb", table))
    }
    for column, kind in expected:
        one, other = f"on_duckdb.{column}", f"{table}.{column}"
        differs = f"{one} is distinct from {other}"
        if kind == "DOUBLE":
            size = f"greatest(abs({one}), abs({other}))"
            differs = f"({differs}) and coalesce(abs({one} - {other}) > 1e-9 * {size}, true)"
        differing[column] = (
            f"select analysis_date, player_lookup, {one}, {other} from on_duckdb "
            f"join {table} using (analysis_date, player_lookup) where {differs} order by all"
        )
    rows = {what: connection.execute(sql).fetchall() for what, sql in differing.items()}
    return [f"{what}: {len(some)} rows, the first {some[0]}" for what, some in rows.items() if some]
