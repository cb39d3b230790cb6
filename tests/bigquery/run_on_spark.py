"""Run the script that dbt submits to Dataproc, on Spark in this process: `run_on_spark.py SCRIPT FOLDER`.

Only BigQuery's connector is replaced: a table is a Parquet file or folder of its full name in FOLDER. The
session is made first, so that the script's own `getOrCreate` gets it. Run by the Python that has PySpark.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrameReader, DataFrameWriter, SparkSession

# A few thousand rows on two cores: most of the time is the JVM's, so it compiles quickly rather than well.
SETTINGS = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "1g",
    "spark.sql.shuffle.partitions": "2",
    "spark.ui.enabled": "false",
}


def replace_connector(folder: Path) -> None:
    """Let `format("bigquery")` mean the Parquet files of a folder, for as long as this process lives."""
    for owner, transfer in ((DataFrameReader, "load"), (DataFrameWriter, "save")):
        of_format, at_path = owner.format, getattr(owner, transfer)

        def format_(self: Any, source: str, of_format: Any = of_format) -> Any:
            assert source == "bigquery", source
            return of_format(self, "parquet")

        def transfer_(self: Any, table: str, at_path: Any = at_path) -> Any:
            return at_path(self, str(folder / table))

        owner.format = format_
        setattr(owner, transfer, transfer_)


def main() -> None:
    """Run it."""
    script, folder = map(Path, sys.argv[1:])
    builder = SparkSession.builder.master("local[2]")
    for name, value in SETTINGS.items():
        builder = builder.config(name, value)
    builder.getOrCreate()
    replace_connector(folder)
    runpy.run_path(str(script), run_name="__main__")


if __name__ == "__main__":
    main()
