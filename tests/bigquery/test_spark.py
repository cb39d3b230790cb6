"""The Python model on Spark gives DuckDB's rows: the script that dbt submits, on PySpark in local mode."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.bigquery.python_model import CATALOGUE, FEATURES, INPUTS, differences
from tests.bigquery.submissions import ENVIRONMENT


@pytest.fixture(scope="module")
def on_spark(bigquery_python, python_model, submissions, tmp_path_factory) -> str:
    """The table of what Spark makes of the rows."""
    if not shutil.which("java"):
        pytest.skip("NO JAVA on PATH: the Python model is not run on Spark (Java 17 does)")
    folder = tmp_path_factory.mktemp("bigquery")
    project = folder / ENVIRONMENT["NBA_BIGQUERY_PROJECT"]
    python_model.execute(f"copy inputs to '{project}.{INPUTS}' (format parquet)")
    python_model.execute(f"copy {CATALOGUE} to '{project}.{CATALOGUE}' (format parquet)")
    run(bigquery_python, submissions["serverless"]["script"], folder)
    python_model.execute(f"create temp table on_spark as from '{project}.{FEATURES}/*.parquet'")
    return "on_spark"


def run(python: Path, script: str, folder: Path) -> None:
    (folder / "script.py").write_text(script)
    done = subprocess.run(
        [python, Path(__file__).parent / "run_on_spark.py", folder / "script.py", folder],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"SPARK_LOCAL_IP": "127.0.0.1"},
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_rows_have_what_may_go_wrong(python_model):
    """What follows would hold of no rows, and of rows that are all alike."""
    rows, dates, unknown = python_model.execute(
        "select count(*), count(distinct analysis_date), count(distinct default_feature_count) from on_duckdb"
    ).fetchone()
    assert rows > 5000
    assert dates == 28
    assert unknown > 5
    features = [name for (name,) in python_model.execute(f"select feature_name from {CATALOGUE}").fetchall()]
    assert features
    for name in features:
        values, nulls = python_model.execute(
            f"select count(distinct {name}), count(*) - count({name}) from on_duckdb"
        ).fetchone()
        assert values > 1 or name == "usage_spike_score", name  # history has no projections: it is 0
        assert nulls > 0, name


def test_spark_gives_the_rows_of_duckdb(python_model, on_spark):
    assert differences(python_model, on_spark) == []
