"""The registries that SQL and Python share: vars of dbt_project.yml, explained there."""

from __future__ import annotations

from typing import NamedTuple

import yaml

from orchestrator.core.errors import UserError
from orchestrator.core.project import PROJECT_DIR

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml's is ten times faster, where it is there


def _vars() -> dict:
    try:
        text = (PROJECT_DIR / "dbt_project.yml").read_text(encoding="utf-8")
        return yaml.load(text, Loader=_LOADER)["vars"]
    except FileNotFoundError:
        raise UserError(
            "dbt_project.yml is missing. Nothing was changed. Restore it from the project's repository."
        ) from None
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise UserError(f"dbt_project.yml cannot be read: {error}. Nothing was changed.") from None


class Phase4Table(NamedTuple):
    """A public table and the short name people know its processor by."""

    processor: str
    table: str


class CoverageState(NamedTuple):
    """One entry of the registry of states."""

    name: str
    mark: str
    """The character that stands for it in a calendar."""
    style: str
    """Its colour there, as rich writes it."""
    meaning: str
    work: str | None = None
    """`missing`, `failed` or `stale`; None when there is nothing to do."""


_VARS = _vars()
_TABLES = _VARS["phase4_tables"]

PHASE4_TABLES = tuple(
    Phase4Table(entry["processor"], name) for name, entry in _TABLES.items() if "candidates" in entry
)
"""The feature tables, in the order they are made."""

ALL_TABLES = tuple(_TABLES)
"""Everything that has receipts: the feature tables and their exclusions."""

(EXCLUSIONS,) = (name for name, entry in _TABLES.items() if "candidates" not in entry)

STAMPS: tuple[str, ...] = tuple(_VARS["stamp_columns"])
"""Columns that say which code made a row, and when: no part of what it says."""

KEYS: dict[str, tuple[str, ...]] = {
    name: ("analysis_date", *(["table_name"] if name == EXCLUSIONS else []), entry["entity"])
    for name, entry in _TABLES.items()
}
"""The columns of each table's key."""

MADE_FROM = {name: tuple(entry["made_from"]) for name, entry in _TABLES.items() if "made_from" in entry}
"""Which Phase 4 tables each is made from, directly or not: they can only be built together."""

GAMES_NEEDED: dict[str, int] = {
    name: entry["games_needed"] for name, entry in _TABLES.items() if "games_needed" in entry
}
"""Games this season from which on a candidate has rows, where there is a minimum."""

CANDIDATES: dict[str, str] = {
    name: entry["candidates"] for name, entry in _TABLES.items() if "candidates" in entry
}
"""Who could have a row: `teams`, `players` or `participants`."""

ZONE_GAMES_TEAM: int = _VARS["min_zone_games_team"]
"""Games with shot data from which on a team's zone columns are known."""

ZONE_GAMES_PLAYER: int = _VARS["min_zone_games_player"]
"""The same for a player's."""

COVERAGE_STATES = tuple(CoverageState(name, **entry) for name, entry in _VARS["coverage_states"].items())
"""From the best to the worst."""
