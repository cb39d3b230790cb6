"""Fixtures shared by the tests of BigQuery without BigQuery."""

from pathlib import Path

import pytest

from tests.python.warehouses import PROJECT

ENVIRONMENT = PROJECT / ".venv-bigquery"


@pytest.fixture(scope="session")
def bigquery_python() -> Path:
    """The Python that has emulator, analyzer and Spark; tests that need it skip where it is absent."""
    if not (ENVIRONMENT / ".installed").is_file():
        pytest.skip(f"NO {ENVIRONMENT}: run `make setup-bigquery`, which needs Python 3.13")
    return ENVIRONMENT / "bin" / "python"
