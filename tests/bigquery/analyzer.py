"""Ask GoogleSQL's analyzer, which runs in the environment of Python 3.13, from the project's own Python."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Script:
    """Some SQL and what it belongs to."""

    id: str
    sql: str
    kind: str = "script"
    """source, seed, model, test, analysis or hook."""
    declared: dict[str, str] = field(default_factory=dict)
    """Columns and types that a contract promises."""


@dataclass(frozen=True)
class Read:
    """A read of a table."""

    table: str
    column: str | None
    """What it is partitioned by, if it is."""
    low: str | None
    """The first day it must look at, as far as constants say."""
    high: str | None
    via: tuple[str, ...]
    """The views in between, outermost first."""
    needs: tuple[str, ...] = ()
    """The columns of which something is needed."""


@dataclass(frozen=True)
class Statement:
    """What the analyzer says of a statement."""

    sql: str
    error: str | None = None
    kind: str | None = None
    columns: dict[str, str] = field(default_factory=dict)
    reads: tuple[Read, ...] = ()
    """Of partitioned tables."""
    whole: tuple[Read, ...] = ()
    """Of tables without partitions."""


def analyze(
    python: Path, scripts: list[Script], project: str = "local-project"
) -> dict[str, list[Statement]]:
    """Analyze scripts in order: each sees what those before it created, and nothing else.

    A statement that does not pass ends its script. `python` is that of the fixture `bigquery_python`.
    """
    answers = _call(
        [python, HERE / "googlesql.py"],
        {"project": project, "scripts": [{"id": script.id, "sql": script.sql} for script in scripts]},
    )
    return {
        answer["id"]: [
            Statement(**statement | {kind: _reads(statement.get(kind, ())) for kind in ("reads", "whole")})
            for statement in answer["statements"]
        ]
        for answer in answers
    }


def compiled(variables: dict[str, str]) -> list[Script]:
    """Compile the project for BigQuery: declared sources, seeds, models in their order, the rest."""
    return [
        Script(**script)
        for script in _call([sys.executable, HERE / "compile_project.py"], {"vars": variables})
    ]


def _reads(reads: list[dict[str, Any]]) -> tuple[Read, ...]:
    return tuple(Read(**read | {"via": tuple(read["via"]), "needs": tuple(read["needs"])}) for read in reads)


def _call(command: list[Path | str], request: Any) -> Any:
    """Run a program that takes one JSON file and writes another."""
    with tempfile.TemporaryDirectory() as folder:
        question, answer = Path(folder) / "question.json", Path(folder) / "answer.json"
        question.write_text(json.dumps(request))
        done = subprocess.run([*command, question, answer], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(answer.read_text())
