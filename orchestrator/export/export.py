"""Exports the training set and the feature store as files, for readers that need nothing of ours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from orchestrator.core.errors import UsageError, UserError
from orchestrator.core.project import PRECOMPUTE
from orchestrator.core.seasons import start_year
from orchestrator.dbt.runner import Runner
from orchestrator.export.files import Exported, views_are_current, write
from orchestrator.export.parts import CHOICES, parts
from orchestrator.export.source import FEATURE_STORE, TRAINING_SET, opened
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

    UsageError for what cannot be exported; UserError when nothing is built, or the folder cannot be written;
    BusyError when the warehouse or the folder is in use.
    """
    if what not in CHOICES:
        raise UsageError(f"{what!r} cannot be exported: choose from {', '.join(CHOICES)}")
    years = [start_year(season) for season in seasons]
    tables = CHOICES[what]
    with warehouse.reading() as connection:
        if not connection.has_table(PRECOMPUTE, FEATURE_STORE):
            raise UserError("nothing is built yet: run `python orchestrate.py backfill` first")
        is_current = TRAINING_SET not in tables or views_are_current(connection, folder)
    if not is_current:
        with held(warehouse):
            made = make_runner(warehouse).make_training_views()
        if not made.success:
            raise UserError("the training set could not be made:\n  " + "\n  ".join(map(str, made.failures)))
    with opened(warehouse, tables, years) as source:
        return write(source, folder, parts(source, tables, years), tables, years)
