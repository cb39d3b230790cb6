"""Fetches seasons from a source into a folder for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.core.clock import today
from orchestrator.core.errors import UsageError, UserError
from orchestrator.core.seasons import first_day, season_name, season_of, start_year
from orchestrator.fetch import sportsdataverse, stats_nba
from orchestrator.fetch.download import Fetched
from orchestrator.fetch.progress import Progress

SOURCES = {"sportsdataverse": sportsdataverse, "nba": stats_nba}
CURRENT = "current"


@dataclass
class Season:
    """A season that is here."""

    name: str
    folder: Path
    files: list[Fetched] = field(default_factory=list)


def asked(source: str, seasons: Sequence[str]) -> list[int]:
    """Return the start years of the seasons that are asked for; UsageError for one that cannot be had."""
    if source not in SOURCES:
        raise UsageError(f"there is no source {source!r}: choose from {', '.join(SOURCES)}")
    if not seasons:
        raise UsageError("say which season: --season 2023-24, or --season current; it may be repeated")
    now = season_of(today())
    years = [now if season == CURRENT else start_year(season) for season in seasons]
    first = SOURCES[source].FIRST_SEASON
    for year in years:
        if year < first:
            raise UsageError(f"{source} begins with {season_name(first)}: it has no {season_name(year)}.")
        if year > now:
            raise UsageError(f"{season_name(year)} has not begun: a season counts from {first_day(year)}.")
    return sorted(set(years))


def fetch(source: str, year: int, to: Path, progress: Progress) -> Season:
    """Fetch a season into a folder of its own; UserError when a file cannot be had."""
    season = Season(season_name(year), to / source / season_name(year))
    # Results of a season change until it ends in June, and its files a little longer.
    is_over = year < season_of(today())
    try:
        season.files = SOURCES[source].fetch(year, season.folder, progress, is_over=is_over)
    except OSError as error:
        raise UserError(
            f"{error.filename or season.folder} cannot be written: {error.strerror}. "
            "Choose another folder with --to, or free some space."
        ) from None
    return season
