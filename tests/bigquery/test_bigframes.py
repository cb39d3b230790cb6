"""The Python model on BigQuery DataFrames is one query: GoogleSQL accepts it, and it gives DuckDB's rows."""

import subprocess
from pathlib import Path

import pytest
from google.cloud import bigquery

from tests.bigquery.analyzer import Script, analyze
from tests.bigquery.compile_project import TYPES
from tests.bigquery.python_model import CATALOGUE, MODEL, differences

DATASET = "python_model"


@pytest.fixture(scope="module")
def tables(emulator, python_model, tmp_path_factory) -> Path:
    """The folder of the tables that the model reads, as Parquet files of their full names."""
    folder = tmp_path_factory.mktemp("bigframes")
    for table, rows in (("int_ml_feature_inputs", "inputs"), ("feature_catalogue", CATALOGUE)):
        python_model.execute(
            f"copy (from {rows}) to '{folder / emulator.project}.{DATASET}.{table}' (format parquet)"
        )
    return folder


@pytest.fixture(scope="module")
def query(bigquery_python, emulator, tables) -> str:
    """The query."""
    program = Path(__file__).parent / "write_bigframes_query.py"
    done = subprocess.run(
        [bigquery_python, program, MODEL, tables, emulator.project],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_googlesql_accepts_it(bigquery_python, python_model, query):
    columns = python_model.execute("select column_name, column_type from (describe inputs)").fetchall()
    declared = ", ".join(f"{name} {TYPES[kind]}" for name, kind in columns)
    table = f"create table `local-project`.{DATASET}.int_ml_feature_inputs ({declared})"
    answers = analyze(bigquery_python, [Script("inputs", table), Script("query", query)])
    (statement,) = answers["query"]
    assert statement.error is None
    expected = python_model.execute("select column_name, column_type from (describe on_duckdb)").fetchall()
    types = {name: kind.lower() for name, kind in statement.columns.items()}
    assert types == {name: TYPES[kind] for name, kind in expected}


def test_it_gives_the_rows_of_duckdb(emulator, python_model, tables, query):
    emulator.client.create_dataset(DATASET)
    for file in tables.iterdir():
        with file.open("rb") as parquet:
            emulator.client.load_table_from_file(
                parquet, file.name, job_config=bigquery.LoadJobConfig(source_format="PARQUET")
            ).result()
    rows = emulator.client.query_and_wait(query).to_arrow(create_bqstorage_client=False)
    python_model.register("arrow", rows)
    python_model.execute("create temp table on_bigframes as from arrow")
    assert differences(python_model, "on_bigframes") == []
