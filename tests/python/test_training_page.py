"""The examples of docs/training.md, run as they stand on two real seasons."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import duckdb
import pytest

from tests.python.warehouses import PROJECT, copy_of, orchestrate, succeed

PAGE = (PROJECT / "docs" / "training.md").read_text(encoding="utf-8")
LIBRARY = re.compile(r"^(?:from|import) (pandas|polars|sklearn|lightgbm)", re.MULTILINE)
EXAMPLES = {LIBRARY.findall(code)[-1]: code for code in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)}

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def train(real_built, tmp_path_factory):
    """The folder that the page calls ../train."""
    folder = tmp_path_factory.mktemp("page")
    warehouse = copy_of(real_built, folder)
    seasons = ("--season", "2022-23", "--season", "2023-24")
    succeed(orchestrate(warehouse, "export", "--to", folder / "train", *seasons))
    return folder / "train"


def error_of(train, library: str) -> float:
    """Run an example in the folder that it is written for; return the last number that it prints."""
    (train.parent / "work").mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-c", EXAMPLES[library]],
        cwd=train.parent / "work",
        # Threads that spin while they wait would make a busy machine ten times slower.
        env=os.environ | {"OMP_WAIT_POLICY": "passive"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return float(done.stdout.split()[-1])


def mean_error(train, column: str) -> float:
    [(error,)] = duckdb.sql(
        f"select round(avg(abs(actual_points - {column})), 2) from '{train}/training_set/*.parquet' "
        "where season_year = 2023 and season_type = 'regular'"
    ).fetchall()
    return error


def test_a_mean_is_as_far_off_as_sql_says(train):
    assert error_of(train, "pandas") == mean_error(train, "points_avg_season")
    assert error_of(train, "polars") == mean_error(train, "points_avg_last_10")


@pytest.mark.parametrize("library", ["sklearn", "lightgbm"])
def test_a_model_is_better_than_the_mean(train, library):
    """And not by so much that it must know the result."""
    mean = mean_error(train, "points_avg_season")
    assert 0.8 * mean < error_of(train, library) < mean


def test_every_library_has_an_example():
    assert EXAMPLES.keys() == {"pandas", "polars", "sklearn", "lightgbm"}
