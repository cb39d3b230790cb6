"""Exports the training set and the feature store as files, for readers that need nothing of ours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from orchestrator.core.errors import UsageError, UserError
from orchestrator.core.seasons import start_year
from orchestrator.dbt.runner import Runner
from orchestrator.export.files import Exported, views_are_current, write
from orchestrator.export.parts import CHOICES, TRAINING_SET, parts
from orchestrator.state.lock import held
from orchestrator.warehouse.base import Warehouse


def export(
    warehouse: Warehouse,
    make_runner: Callable[[Warehouse], Runner],
    folder: Path,
    what: str,
    seasons: Sequence[str] = (),
) -> Exported:
    """Bring the files in a folder up to date with the warehouse; dbt makes the training set's views first.

    UserError when nothing is built, or the folder cannot be written; BusyError when the warehouse or the
    folder is in use.
    """
    years = check(warehouse, what, seasons)
    tables = CHOICES[what]
    if TRAINING_SET in tables:
        with warehouse.reading() as connection:
            is_current = views_are_current(connection, folder)
        if not is_current:
            with held(warehouse):
                made = make_runner(warehouse).make_training_views()
            if not made.success:
                raise UserError(
                    "the training set could not be made:\n  " + "\n  ".join(map(str, made.failures))
                )
    with warehouse.reading() as connection:
        return write(connection, folder, parts(connection, tables, years), tables, years)


def check(warehouse: Warehouse, what: str, seasons: Sequence[str] = ()) -> list[int]:
    """Return the start years of the seasons; UsageError for what cannot be exported."""
    if warehouse.target != "duckdb":
        raise UsageError("export reads a DuckDB warehouse; on BigQuery use EXPORT DATA (docs/training.md)")
    if what not in CHOICES:
        raise UsageError(f"{what!r} cannot be exported: choose from {', '.join(CHOICES)}")
    return [start_year(season) for season in seasons]
