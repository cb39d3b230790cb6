"""The Python model on Spark gives DuckDB's rows: the script that dbt submits, run on PySpark in local mode.

Real rows, from the first date of a season that has any, where much is unknown yet; and rows with what history
never has (a status known before tip-off, zero minutes), made from real ones.
"""

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests.bigquery.submissions import ENVIRONMENT
from tests.python.warehouses import PROJECT, build, orchestrate, succeed

HERE = Path(__file__).parent
MODEL = PROJECT / "models" / "intermediate" / "int_ml_features.py"
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


@pytest.fixture(scope="module")
def warehouse(real_data, tmp_path_factory) -> Path:
    """A warehouse with the first weeks of a season."""
    warehouse = tmp_path_factory.mktemp("first_weeks") / "nba.duckdb"
    succeed(orchestrate(warehouse, "ingest", "--from", real_data, "--season", "2021-22"))
    build(warehouse, *WINDOW)
    return warehouse


@pytest.fixture(scope="module")
def results(bigquery_python, warehouse, submissions, tmp_path_factory) -> Iterator[duckdb.DuckDBPyConnection]:
    """The tables `on_duckdb` and `on_spark`; lookups with a slash are those that history never has."""
    if not shutil.which("java"):
        pytest.skip("NO JAVA on PATH: the Python model is not run on Spark (Java 17 does)")
    project, folder = ENVIRONMENT["NBA_BIGQUERY_PROJECT"], tmp_path_factory.mktemp("bigquery")
    with duckdb.connect() as connection:
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
        for table, rows in ((INPUTS, "inputs"), (CATALOGUE, CATALOGUE)):
            connection.execute(f"copy (from {rows}) to '{folder / project}.{table}' (format parquet)")

        run_on_spark(bigquery_python, submissions["serverless"]["script"], folder)
        connection.execute(f"create temp table on_spark as from '{folder / project}.{FEATURES}/*.parquet'")
        never = model_on_duckdb(connection, "(from inputs where player_lookup like '%/%')")
        connection.execute(f"create temp table on_duckdb as from {FEATURES} union all from never")
        del never
        yield connection


def run_on_spark(python: Path, script: str, folder: Path) -> None:
    (folder / "script.py").write_text(script)
    done = subprocess.run(
        [python, HERE / "run_on_spark.py", folder / "script.py", folder],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"SPARK_LOCAL_IP": "127.0.0.1"},
    )
    assert done.returncode == 0, done.stdout + done.stderr


def model_on_duckdb(connection: duckdb.DuckDBPyConnection, inputs: str) -> duckdb.DuckDBPyRelation:
    spec = importlib.util.spec_from_file_location("int_ml_features", MODEL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    relations = {"int_ml_feature_inputs": inputs, "feature_catalogue": CATALOGUE}

    class Dbt:
        def config(self, **_: object) -> None: ...

        def ref(self, name: str) -> duckdb.DuckDBPyRelation:
            return connection.sql(f"from {relations[name]}")

    return module.model(Dbt(), None)


def differences(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Columns whose values differ, with how often and the first: doubles by more than 1e-9 of their size."""
    found = []
    for column, kind in connection.execute(
        "select column_name, column_type from (describe on_duckdb)"
    ).fetchall():
        one, other = f"on_duckdb.{column}", f"on_spark.{column}"
        differs = f"{one} is distinct from {other}"
        if kind == "DOUBLE":
            size = f"greatest(abs({one}), abs({other}))"
            differs = f"({differs}) and coalesce(abs({one} - {other}) > 1e-9 * {size}, true)"
        rows = connection.execute(
            f"select analysis_date, player_lookup, {one}, {other} from on_duckdb "
            f"join on_spark using (analysis_date, player_lookup) where {differs} order by all"
        ).fetchall()
        if rows:
            found.append(f"{column}: {len(rows)} rows, the first {rows[0]}")
    return found


def test_the_rows_have_what_may_go_wrong(results):
    """What follows would hold of no rows, and of rows that are all alike."""
    rows, dates, unknown = results.execute(
        "select count(*), count(distinct analysis_date), count(distinct default_feature_count) from on_duckdb"
    ).fetchone()
    assert rows > 5000
    assert dates == 28
    assert unknown > 5
    features = [name for (name,) in results.execute(f"select feature_name from {CATALOGUE}").fetchall()]
    assert len(features) == 25
    for name in features:
        values, nulls = results.execute(
            f"select count(distinct {name}), count(*) - count({name}) from on_spark"
        ).fetchone()
        assert values > 1 or name == "usage_spike_score", name  # history has no projections: it is 0
        assert nulls > 0, name


def test_same_columns_and_types(results):
    """Whole numbers are whole, dates are dates; in the same order, too."""
    on_duckdb, on_spark = (
        results.execute(f"select column_name, column_type from (describe {table})").fetchall()
        for table in ("on_duckdb", "on_spark")
    )
    assert on_spark == on_duckdb
    assert dict(on_spark)["season_year"] == dict(on_spark)["default_feature_count"] == "BIGINT"


def test_same_keys(results):
    on_duckdb, on_spark = (
        results.execute(f"select analysis_date, player_lookup from {table} order by all").fetchall()
        for table in ("on_duckdb", "on_spark")
    )
    assert on_spark == on_duckdb


def test_same_values(results):
    assert differences(results) == []
