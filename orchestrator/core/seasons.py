"""The season rule: how seasons are written, and which one a date belongs to (contract R2)."""

import re
from datetime import date

from orchestrator.core.errors import UsageError

FIRST_MONTH = 10  # October and later belong to the season that starts in that year


def season_name(year: int) -> str:
    """Name a season by its start year: 2021 is 2021-22."""
    return f"{year}-{(year + 1) % 100:02d}"


def season_of(day: date) -> int:
    """Return the start year of the season that a date belongs to."""
    return day.year if day.month >= FIRST_MONTH else day.year - 1


def first_day(year: int) -> date:
    """Return the first day of the season that starts in a year."""
    return date(year, FIRST_MONTH, 1)


def season_sql(column: str) -> str:
    """Return DuckDB's SQL for the name of the season that a date column belongs to."""
    year = f"year({column} - interval {FIRST_MONTH - 1} months)"
    return f"printf('%d-%02d', {year}, ({year} + 1) % 100)"


def is_season(text: str | None) -> bool:
    """Tell whether the text has the form of '2021-22'."""
    match = re.fullmatch(r"(\d{4})-\d{2}", text or "", re.ASCII)
    return match is not None and text == season_name(int(match[1]))


def start_year(text: str) -> int:
    """Return the start year of '2021-22'; UsageError for anything else."""
    if not is_season(text):
        raise UsageError(f"{text!r} is not a season. Write it like 2021-22.")
    return int(text[:4])
