"""Run dbt or orchestrate.py with Python models run in that process instead of being submitted to Dataproc.

`python tests/bigquery/submit_locally.py dbt build ...` or `... orchestrate.py backfill ...`. The model is the
code that dbt compiled; what it reads comes through the BigQuery client and what it returns goes back the same
way. In between are DuckDB relations where a cluster has Spark DataFrames: the model is written for both
(test_spark.py runs it on Spark).
"""

from __future__ import annotations

import io
import runpy
import sys
from pathlib import Path
from typing import Any

import duckdb
from dbt.adapters.base import PythonJobHelper, PythonSubmissionResult
from dbt.adapters.bigquery import BigQueryAdapter
from dbt.adapters.bigquery.clients import create_bigquery_client
from google.cloud import bigquery


class LocalSubmission(PythonJobHelper):
    """What dbt hands a compiled Python model to."""

    def __init__(self, parsed_model: dict[str, Any], credentials: Any) -> None:
        self._model = parsed_model
        self._client = create_bigquery_client(credentials)
        self._duckdb = duckdb.connect()

    def submit(self, compiled_code: str) -> PythonSubmissionResult:
        """Run the model and store what it returns."""
        code: dict[str, Any] = {"__name__": self._model["name"]}
        # `compiled_code` is the same with a Spark session around it.
        exec(compile(self._model["compiled_code"], self._model["path"], "exec"), code)
        self._store(code["model"](code["dbtObj"](self._load), self._duckdb))
        return PythonSubmissionResult(run_id="local", compiled_code=compiled_code)

    def _load(self, table: str) -> duckdb.DuckDBPyRelation:
        rows = self._client.query_and_wait(f"select * from `{table}`")
        return self._duckdb.from_arrow(rows.to_arrow(create_bqstorage_client=False))

    def _store(self, relation: duckdb.DuckDBPyRelation) -> None:
        import pyarrow.parquet

        file = io.BytesIO()
        pyarrow.parquet.write_table(relation.to_arrow_table(), file)
        self._client.load_table_from_file(
            file,
            ".".join(self._model[part] for part in ("database", "schema", "alias")),
            rewind=True,
            job_config=bigquery.LoadJobConfig(
                source_format=bigquery.SourceFormat.PARQUET,
                write_disposition=bigquery.WriteDisposition.WRITE_TRUNCATE,
            ),
        ).result()


# In the adapter's place of this name: whatever submission_method a model has.
python_submission_helpers = property(
    lambda _: dict.fromkeys(("cluster", "serverless", "bigframes"), LocalSubmission)
)


def main() -> None:
    """Run the program that the arguments name."""
    program, *arguments = sys.argv[1:]
    BigQueryAdapter.python_submission_helpers = python_submission_helpers
    if program == "dbt":
        from dbt.cli.main import cli

        cli(arguments)
    sys.argv = [program, *arguments]
    sys.path[0] = str(Path(program).resolve().parent)
    runpy.run_path(program, run_name="__main__")


if __name__ == "__main__":
    main()
