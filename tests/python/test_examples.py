"""The examples for schedulers call commands that exist, and cron's lines do in a shell what the page says."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.main import get_command

from orchestrate import app
from tests.python.test_docs import documented
from tests.python.warehouses import PROJECT

EXAMPLES = PROJECT / "examples"
COMMANDS = get_command(app).commands
# What the stub prints, and how its command ends.
STUB = """#!/bin/sh
printf '%s\\n' "$PWD" "$NBA_DUCKDB_PATH" "$*" >> "$CALLS"
echo progress
echo trouble >&2
exit "$CODE"
"""


def refuse_unknown(words: list[str]) -> None:
    """Check a command line of orchestrate.py, from the command on."""
    command, *rest = words
    assert command in COMMANDS, command
    known = {option for parameter in COMMANDS[command].params for option in parameter.opts}
    assert {word for word in rest if word.startswith("--")} <= known, words


def calls_in(path: Path) -> list[list[str]]:
    """Return the arguments of each call of the example's own `orchestrate`."""
    tree = ast.parse(path.read_text())
    return [
        [argument.value for argument in node.args]
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", None) == "orchestrate"
    ]


def test_airflow_calls_commands_that_exist():
    calls = calls_in(EXAMPLES / "airflow" / "dag.py")
    assert len(calls) == 2
    for _task, arguments in calls:
        refuse_unknown(arguments.split())


def test_dagster_calls_commands_that_exist():
    calls = calls_in(EXAMPLES / "dagster" / "definitions.py")
    assert len(calls) == 3
    for arguments in calls:
        refuse_unknown([*arguments, "--json"])


def test_dagster_reads_fields_that_the_json_has():
    tree = ast.parse((EXAMPLES / "dagster" / "definitions.py").read_text())
    read = {
        node.slice.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant)
    } - {0}
    assert "ranges" in read
    fields = {
        name for command in ("backfill", "gaps", "plan") for path in documented(command) for name in path
    }
    assert read <= fields, read - fields


def lines_of_cron() -> list[str]:
    """Return the commands of the crontab, without their five fields of time."""
    lines = (EXAMPLES / "cron" / "crontab").read_text().splitlines()
    return [line.split(maxsplit=5)[5] for line in lines if re.match(r"[\d*]", line)]


def test_the_crontab_loads_builds_and_looks():
    commands = [re.search(r"orchestrate\.py (\w+)", line)[1] for line in lines_of_cron()]
    assert commands == ["fetch", "backfill", "gaps"]


@pytest.mark.parametrize("code", [0, 1, 3])
@pytest.mark.parametrize("line", lines_of_cron())
def test_lines_of_the_crontab_in_a_shell(line, code, tmp_path):
    if "timeout" in line and not shutil.which("timeout"):
        pytest.skip("NO `timeout` on this machine: cron's page is written for Linux")
    python = tmp_path / "phase4" / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(STUB)
    python.chmod(0o755)
    shutil.copy(EXAMPLES / "cron" / "quietly", tmp_path)
    done = subprocess.run(
        ["/bin/sh", "-c", line.replace("/srv/nba", str(tmp_path))],
        env=os.environ
        | {"NBA_DUCKDB_PATH": "the warehouse", "CALLS": str(tmp_path / "calls"), "CODE": str(code)},
        capture_output=True,
        text=True,
        check=False,
    )
    said = f"progress\ntrouble\nexit status {code}\n" if code else ""
    assert (done.returncode, done.stdout, done.stderr) == (code, said, "")
    folder, warehouse, call = (tmp_path / "calls").read_text().splitlines()
    assert (folder, warehouse) == (str(tmp_path / "phase4"), "the warehouse")
    script, *words = call.split()
    assert script == "orchestrate.py"
    refuse_unknown(words)


@pytest.mark.parametrize("name", ["cron", "airflow", "dagster"])
def test_each_example_is_on_its_page(name):
    page = (PROJECT / "docs" / f"{name}.md").read_text()
    files = [path for path in (EXAMPLES / name).iterdir() if path.is_file()]
    assert files
    for path in files:
        assert f"(../examples/{name}/{path.name})" in page, path
