"""Seasons: how they are written, and which one a date belongs to."""

import re
from datetime import date


def season_name(year: int) -> str:
    """Name a season by its start year: 2021 is 2021-22."""
    return f"{year}-{(year + 1) % 100:02d}"


def season_of(day: date) -> int:
    """Return the season a date belongs to, by its start year (contract R2)."""
    return day.year if day.month >= 10 else day.year - 1


def is_season(text: str | None) -> bool:
    """Tell whether the text has the form of '2021-22'."""
    match = re.fullmatch(r"(\d{4})-(\d{2})", text or "", re.ASCII)
    return match is not None and (int(match[1]) + 1) % 100 == int(match[2])
