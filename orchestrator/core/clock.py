"""Which day it is where the games are played: dbt's window and the orchestrator's end on the same date."""

from __future__ import annotations

import os
from datetime import date, datetime

import pytz  # what dbt gives its macros: one database of time zones for both

DEFAULT = "America/New_York"


def time_zone() -> str:
    """Return the name of the zone whose day counts: NBA_TIMEZONE, or US Eastern, as the schedule has it."""
    return os.environ.get("NBA_TIMEZONE", DEFAULT)


def is_time_zone(name: str) -> bool:
    """Tell whether there is such a zone, written just so."""
    return name in pytz.all_timezones_set


def today() -> date:
    """Return the date of now, wherever this machine is (macros/windows.sql has the same)."""
    return datetime.now(pytz.timezone(time_zone())).date()
