"""What is exported: the parts of each table, and the hash of what each part holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from orchestrator.core import sql_text
from orchestrator.core.errors import UserError
from orchestrator.core.project import PRECOMPUTE
from orchestrator.core.seasons import season_name
from orchestrator.export.source import FEATURE_STORE, RELATIONS, TRAINING_SET, Source

CHOICES = {
    "training-set": (TRAINING_SET,),
    "ml_feature_store": (FEATURE_STORE,),
    "all": (TRAINING_SET, FEATURE_STORE),
}


@dataclass(frozen=True)
class Part:
    """The rows of one file."""

    table: str
    name: str
    """A season such as 2023-24, or a date."""
    season: int
    content_hash: str
    """Equal for equal rows, on any machine; the time of building does not count."""
    rows: int

    @property
    def path(self) -> str:
        """Where it goes, from the folder of the export."""
        return f"{self.table}/{self.name}.parquet"

    @property
    def sql(self) -> str:
        """The query for its rows, in a fixed order."""
        where = f"season_year = {self.season}"
        if self.table == FEATURE_STORE:
            where = f"analysis_date = date {sql_text.text(self.name)}"
        return (
            f"select * from {RELATIONS[self.table]} where {where} order by analysis_date, universal_player_id"
        )


def seasons_of(training_set: str, run: Callable[[str], list[tuple]]) -> list[tuple]:
    """Return each season of the training set, the hash of its rows and their number.

    `run` takes DuckDB's SQL. The hash covers doubles to nine decimals: engines add up in other orders.
    """
    rounded = {
        "DOUBLE": "round({}, 9) + 0.0",  # -0.0 is 0
        "DOUBLE[]": "list_transform({}, lambda x: round(x, 9) + 0.0)",
    }
    described = run(f"describe from {training_set}")
    row = ", ".join(rounded.get(column_type, "{}").format(name) for name, column_type, *_ in described)
    return run(
        f"select season_year, md5(string_agg(md5(row({row})::varchar), '' order by row_id)), count(*) "
        f"from {training_set} group by 1 order by 1"
    )


def parts(source: Source, tables: Sequence[str], seasons: Sequence[int]) -> list[Part]:
    """Return the parts of these tables, of these seasons or of all; UserError when nothing was built."""
    found: list[Part] = []
    if FEATURE_STORE in tables:
        found += [
            Part(FEATURE_STORE, str(day), season, content_hash, rows)
            for day, season, content_hash, rows in source.connection.rows(
                "select receipts.analysis_date, min(store.season_year), "
                # A receipt of an old version has no hash.
                "max(coalesce(receipts.content_hash, cast(receipts.built_at as string))), count(*) "
                f"from {PRECOMPUTE}.receipts as receipts "
                f"inner join {RELATIONS[FEATURE_STORE]} as store using (analysis_date) "
                f"where receipts.table_name = '{FEATURE_STORE}' group by 1 order by 1"
            )
        ]
    if TRAINING_SET in tables:
        found += [
            Part(TRAINING_SET, season_name(season), season, content_hash, rows)
            for season, content_hash, rows in seasons_of(RELATIONS[TRAINING_SET], source.about_training_set)
        ]
    chosen = [part for part in found if not seasons or part.season in seasons]
    if not chosen:
        raise UserError(
            "there are no rows to export: choose another season, or run the backfill first "
            "(`python orchestrate.py status` shows what is built)"
        )
    return chosen
