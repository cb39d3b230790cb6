"""Print the query that the Python model sends BigQuery when it gets BigQuery DataFrames.

`python write_bigframes_query.py MODEL FOLDER PROJECT`, where FOLDER has the tables that the model refers to,
as Parquet files of their full names. Run by the Python that has Ibis. BigFrames itself, 450 MB, is left out:
the model asks its frames for their types, their rows and their SQL, which is what these give.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from typing import Any

import pyarrow
from pyarrow import parquet

# What BigFrames calls the types of a table's columns.
DTYPES = {
    pyarrow.bool_(): "boolean",
    pyarrow.date32(): "date32[day][pyarrow]",
    pyarrow.float64(): "Float64",
    pyarrow.int64(): "Int64",
    pyarrow.string(): "string",
}


class Frame:
    """A table as the model sees it."""

    def __init__(self, file: Path) -> None:
        self._table = parquet.read_table(file)
        self.dtypes = {field.name: DTYPES[field.type] for field in self._table.schema}
        self.sql = f"SELECT * FROM `{file.name.replace('.', '`.`')}`"

    def to_arrow(self) -> pyarrow.Table:
        return self._table

    def to_gbq(self) -> None:
        """Is what the model knows such frames by."""


class Dbt:
    """What dbt gives the model."""

    def __init__(self, folder: Path, project: str) -> None:
        self._folder, self._project = folder, project

    def config(self, **_: Any) -> None:
        """Is dbt's business."""

    def ref(self, name: str) -> Frame:
        (file,) = self._folder.glob(f"{self._project}.*.{name}")
        return Frame(file)


class Session:
    """BigQuery, which returns what it is asked."""

    def read_gbq_query(self, query: str) -> str:
        return query


def main() -> None:
    """Print it."""
    model, folder, project = sys.argv[1:]
    print(runpy.run_path(model)["model"](Dbt(Path(folder), project), Session()))


if __name__ == "__main__":
    main()
