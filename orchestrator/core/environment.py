"""Checks the environment variables before anything is done."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from orchestrator.core.clock import is_time_zone
from orchestrator.core.errors import UsageError
from orchestrator.core.project import (
    DATASETS,
    PHASE5_DATASET,
    PHASE5_DATASET_VARIABLE,
    PHASE5_NAME_VARIABLE,
    PROJECT_DIR,
    TARGETS,
    phase5_is_on,
)


class Variable(NamedTuple):
    """Which values a variable may have."""

    accepts: Callable[[str], object]
    write: str
    """How it is written, for the message."""


# As DuckDB reads it: a number with a unit, a percentage, or no limit.
_MEMORY = re.compile(
    r"\s*((\d+\.?\d*|\.\d+)\s*([kmgt](i?b)?|b|bytes?|(kilo|mega|giga|tera)bytes?)|(\d{1,2}|100)\s*%|none|-1)\s*",
    re.IGNORECASE,
)
_DATASET = Variable(
    re.compile(r"[A-Za-z_][A-Za-z0-9_]*").fullmatch,
    "a dataset's name: letters, digits and underscores, such as nba_raw",
)


def _taken_names() -> set[str]:
    """Return the names that DuckDB would confuse with the file's: it calls a database after its file."""
    return {
        "main",
        "temp",
        "system",
        *(os.environ.get(name, usual).lower() for name, usual in DATASETS.items()),
        *([PHASE5_DATASET.lower()] if phase5_is_on() else []),
    }


VARIABLES = {
    "NBA_DUCKDB_PATH": Variable(
        lambda text: not (PROJECT_DIR / text).is_dir() and Path(text).stem.lower() not in _taken_names(),
        "the path of the warehouse's file, such as /srv/nba/nba.duckdb, not named after a dataset nor "
        "main, temp or system",
    ),
    "NBA_DUCKDB_MEMORY": Variable(_MEMORY.fullmatch, "a size with its unit, such as 512MB or 2GB"),
    "NBA_DUCKDB_THREADS": Variable(re.compile(r"[1-9]\d*").fullmatch, "a number of threads, such as 4"),
    "NBA_PHASE3": Variable(
        ("built", "external").__contains__,
        "`built` (Phase 3 is built from raw data) or `external` (the database has it already)",
    ),
    "NBA_PHASE5_VIEW": Variable(
        lambda text: text.lower() in ("true", "false"),
        "`true` (views for the old platform's readers are made) or `false`",
    ),
    PHASE5_DATASET_VARIABLE: _DATASET,
    PHASE5_NAME_VARIABLE: Variable(
        _DATASET.accepts, "a view's name: letters, digits and underscores, such as ml_feature_store_v2"
    ),
    "NBA_STATS_PAUSE": Variable(re.compile(r"\d+(\.\d+)?").fullmatch, "a number of seconds, such as 0.6"),
    "NBA_TARGET": Variable(TARGETS.__contains__, f"one of {', '.join(TARGETS)}"),
    "NBA_TIMEZONE": Variable(is_time_zone, "a time zone such as America/New_York"),
    **dict.fromkeys(DATASETS, _DATASET),
}


def check_environment() -> list[str]:
    """Raise one UsageError that names every variable with an invalid value.

    Replace a deprecated value by the current one, also for dbt, and return what to say about it.
    """
    notes = []
    if os.environ.get("NBA_PHASE3") == "warehouse":
        os.environ["NBA_PHASE3"] = "external"
        notes.append("NBA_PHASE3=warehouse is now called `external`; the next version drops the old word")
    wrong = [
        f"{name} is {f'{os.environ[name]!r}' if os.environ[name].strip() else 'empty'}: "
        f"set it to {variable.write}, or unset it"
        for name, variable in VARIABLES.items()
        if name in os.environ and not (os.environ[name].strip() and variable.accepts(os.environ[name]))
    ]
    if wrong:
        raise UsageError("\n  ".join(wrong))
    return notes
