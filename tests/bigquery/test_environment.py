"""The environment that stands in for BigQuery holds what its requirements pin."""

import json
import subprocess

from tests.python.warehouses import PROJECT


def test_what_is_pinned_is_installed(bigquery_python):
    listed = subprocess.run(
        [bigquery_python, "-m", "pip", "list", "--format", "json", "--disable-pip-version-check"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    installed = {
        package["name"].lower().replace("_", "-"): package["version"] for package in json.loads(listed)
    }
    lines = (PROJECT / "requirements-bigquery-tests.txt").read_text().splitlines()
    pins = dict(line.split(" ;")[0].split("==") for line in lines)
    assert pins["duckdb"] == "1.5.5"
    assert {name: installed.get(name) for name in pins} == pins
