"""Today's date where the games are played, so that dbt and the orchestrator end on the same date."""

from __future__ import annotations

import os
from datetime import date, datetime

import pytz  # what dbt gives its macros: one database of time zones for both

DEFAULT = "America/New_York"


def time_zone() -> str:
    """Return the name of the zone whose day counts: NBA_TIMEZONE, or US Eastern, as the schedule has it."""
    return os.environ.get("NBA_TIMEZONE", DEFAULT)


def is_time_zone(name: str) -> bool:
    """Tell whether there is a zone of exactly this name."""
    return name in pytz.all_timezones_set


def today() -> date:
    """Return today's date in that zone (as macros/windows.sql does)."""
    return datetime.now(pytz.timezone(time_zone())).date()
