"""The player's rows in the five tables: which there should be, which are stored, and where the two differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from orchestrator.core.project import PRECOMPUTE
from orchestrator.core.registry import (
    CANDIDATES,
    EXCLUSIONS,
    GAMES_NEEDED,
    PHASE4_TABLES,
    ZONE_GAMES_PLAYER,
    ZONE_GAMES_TEAM,
)
from orchestrator.explain.features import (
    NAMES,
    PCF,
    PDC,
    PSZA,
    TDZA,
    Answer,
    Feature,
)
from orchestrator.explain.games import BOOTSTRAP_DAYS, SLATE_DAYS, ZONES, Known, mean_of_known, ratio
from orchestrator.explain.quality import Quality

if TYPE_CHECKING:
    from orchestrator.explain.names import Player
    from orchestrator.warehouse.base import Connection

MLFS = "ml_feature_store"
ROW = "(the row itself)"
EXCLUDED = ("bootstrap", "no_player_data", "insufficient_games")
"""Reasons for which phase4_exclusions has an entry."""


class Expected(NamedTuple):
    """Should a table have a row, and why (not)?"""

    reason: str | None
    """None: a row; else a reason of phase4_exclusions, or one of no_game, no_active_game, not_a_participant."""
    why: str
    games: int | None = None
    """Games found, where it needs some."""


@dataclass
class TableRow:
    """One table's answer."""

    processor: str
    table: str
    entity: str | None
    """Whose row it is: the player, or in team_defense_zone_analysis the opponent."""
    has_row: bool
    reason: str | None
    """Why there is none; None when there is one."""
    why: str
    receipt: dict[str, Any] | None
    stored: dict[str, Any] | None


class Difference(NamedTuple):
    """A stored number that the raw rows do not give."""

    table: str
    column: str
    stored: Any
    recomputed: Any


def expected(known: Known, table: str) -> Expected:
    """Say whether a table should have a row for the date (contract 4 and 5)."""
    day = known.day
    if not day.games:
        return Expected("no_game", about_the_date(known))
    if day.is_bootstrap:
        return Expected("bootstrap", about_the_date(known))
    who = CANDIDATES[table]
    needed = GAMES_NEEDED.get(table, 0)
    if who == "teams":
        if known.defender is None:
            return Expected("no_active_game", "he has played for no team this season before the date")
        found, whose = len(known.opponent_defence), known.defender
    else:
        found, whose = len(known.games), "he"
        if who == "participants" and not known.has_participants:
            return Expected("no_player_data", about_the_date(known))
        if who == "participants" and not known.is_participant:
            return Expected("not_a_participant", about_the_date(known))
        if who == "players" and not found:
            return Expected("no_active_game", "he has no active game this season before the date")
    if found < needed:
        return Expected("insufficient_games", f"{whose} has {found} games, and it needs {needed}", found)
    return Expected(None, f"{whose} has {found} games, and it needs {needed}" if needed else "he takes part", found)


def about_the_date(known: Known) -> str:
    """Say in a sentence why he takes part on the date, or does not."""
    day, name = known.day, known.player.name
    if not day.games:
        return _no_game(known)
    if day.is_bootstrap:
        return (
            f"Day {(day.number or 0) + 1} of the season: no table has rows in its first {BOOTSTRAP_DAYS} days."
        )
    if not known.has_participants:
        kind = day.games[0].season_type.replace("_", "-")
        return f"The {kind} games of {day.day} have no box scores."
    if known.side is not None:
        how = "the box score has him" if known.context_source == "history" else "he is expected to play"
        at = "at" if not known.side.is_home else "against"
        return f"{known.team} {at} {known.opponent}: {how}."
    if known.team is None:
        seen = f"his box scores in the data are from {known.seen[0]} to {known.seen[1]}" if known.seen else (
            "the data have no box score of him")  # fmt: skip
        return f"{name} has played no game this season up to {day.day}: {seen}."
    last = known.last_day
    since = f"his last game was on {last}" if last else "no active game this season before"
    if known.opponent is None:
        return f"{known.team}, his last team, has no game on {day.day} ({since})."
    game = next(game for game in day.games if known.team in (game.home, game.away))
    if game.is_final and not known.is_awaited:
        return f"He did not play: the box score of {game.away}-{game.home} has no row of him ({since})."
    return f"{game.away}-{game.home} has no box score yet, and he is not expected: {since}, over {SLATE_DAYS} days ago."


def _no_game(known: Known) -> str:
    day = known.day
    if day.first is None or day.last is None:
        return "The schedule is empty."
    if day.day < day.first or day.day > day.last:
        return f"{day.day} is outside the schedule, which goes from {day.first} to {day.last}."
    near = f"the nearest game dates are {day.before} and {day.after}"
    if day.not_played:
        games = ", ".join(f"{game.away}-{game.home}" for game in day.not_played)
        return f"The games of {day.day} were not played ({games}); {near}."
    if day.exhibitions:
        kinds = sorted({game.season_type.replace("_", "-") for game in day.exhibitions})
        return f"{day.day} has only games that do not count ({', '.join(kinds)}); {near}."
    return f"No game on {day.day}; {near}."


def read(connection: Connection, player: Player, day: date, known: Known | None) -> list[TableRow]:
    """Read his rows with their receipts, and say of each table why it has a row or none."""
    there = connection.tables_in(PRECOMPUTE)
    receipts = {
        row["table_name"]: row
        for row in (
            connection.records(f"select * from {PRECOMPUTE}.receipts where analysis_date = ?", [day])
            if "receipts" in there
            else []
        )
    }
    mine = {
        table: connection.records(
            f"select * from {PRECOMPUTE}.{table} where analysis_date = ? and universal_player_id = ?",
            [day, player.player_id],
        )
        for _, table in PHASE4_TABLES
        if CANDIDATES[table] != "teams" and table in there
    }
    if known:
        defender = known.defender
    else:  # the row itself names the opponent
        defender = next((row["opponent_team_abbr"] for row in mine.get(MLFS, [])), None)
    if TDZA in there and defender:
        mine[TDZA] = connection.records(
            f"select * from {PRECOMPUTE}.{TDZA} where analysis_date = ? and team_abbr = ?", [day, defender]
        )
    excluded = {
        row["table_name"]: row
        for row in (
            connection.records(
                f"select * from {PRECOMPUTE}.{EXCLUSIONS} where analysis_date = ? and entity_id in (?, ?, '*')",
                [day, player.lookup, defender or ""],
            )
            if EXCLUSIONS in there
            else []
        )
    }
    found = []
    for processor, table in PHASE4_TABLES:
        rows = mine.get(table, [])
        entity = defender if CANDIDATES[table] == "teams" else player.lookup
        wanted = expected(known, table) if known else _as_stored(excluded.get(table), bool(rows))
        reason, why = wanted.reason, wanted.why
        if not rows and reason is None:
            reason = "never_built" if table not in receipts else "no_row"
            why = (
                "not built yet: run `orchestrate.py backfill`"
                if table not in receipts
                else "the date is built, but has no row of his"
            )
        found.append(
            TableRow(
                processor,
                table,
                entity,
                bool(rows),
                None if rows else reason,
                why,
                receipts.get(table),
                {**rows[0], "(rows)": len(rows), "(excluded)": excluded.get(table)}
                if rows
                else {"(rows)": 0, "(excluded)": excluded.get(table)},
            )
        )
    return found


def _as_stored(exclusion: dict | None, has_row: bool) -> Expected:
    if has_row:
        return Expected(None, "the row is there")
    if exclusion is None:
        return Expected("not_a_candidate", "neither a row nor an exclusion: he could not have had one")
    return Expected(exclusion["reason"], f"phase4_exclusions: {exclusion['reason'].replace('_', ' ')}")


# --- comparing -------------------------------------------------------------------------------------


def differences(
    known: Known,
    rows: Sequence[TableRow],
    features: Sequence[Feature],
    answers: dict[str, Answer],
    sources: dict[str, str],
    quality: Quality | None,
    exclusions_are_built: bool,
) -> tuple[list[Difference], int]:
    """Compare what is stored with what the raw rows give; also return how many values were compared."""
    found: list[Difference] = []
    compared = 0

    def compare(table: str, column: str, stored: Any, recomputed: Any) -> None:
        nonlocal compared
        compared += 1
        if not same(stored, recomputed):
            found.append(Difference(table, column, stored, recomputed))

    for row in rows:
        if row.receipt is None:
            continue
        wanted = expected(known, row.table)
        stored = row.stored or {}
        compare(row.table, ROW, stored["(rows)"], 0 if wanted.reason else 1)
        if exclusions_are_built:
            excluded = stored["(excluded)"] or {}
            reason = wanted.reason if wanted.reason in EXCLUDED else None
            compare(EXCLUSIONS, f"reason for {row.table}", excluded.get("reason"), reason)
            if reason == "insufficient_games":
                compare(EXCLUSIONS, f"games for {row.table}", excluded.get("games_found"), wanted.games)
        if row.has_row and not wanted.reason:
            for column, value in values(known, row.table, features, answers, sources, quality).items():
                compare(row.table, column, stored.get(column, "no such column"), value)
            if row.table == MLFS:
                for place, feature in enumerate(features):
                    if feature.name not in answers:
                        continue
                    value = answers[feature.name].value
                    vector = feature.default if value is None else value
                    compare(MLFS, f"features[{place}], {feature.name}", _at(stored, "features", place), vector)
                    compare(
                        MLFS,
                        f"feature_sources[{place}], {feature.name}",
                        _at(stored, "feature_sources", place),
                        sources[feature.name],
                    )
    return found, compared


def _at(stored: dict, column: str, place: int) -> Any:
    values = stored.get(column) or ()
    return values[place] if place < len(values) else None


def values(
    known: Known,
    table: str,
    features: Sequence[Feature],
    answers: dict[str, Answer],
    sources: dict[str, str],
    quality: Quality | None,
) -> dict[str, Any]:
    """Return what a table's row should hold, by column."""
    if table == TDZA:
        return _defence(known)
    if table == PSZA:
        return _zones(known)
    if table == PDC:
        return _cache(known)
    if table == PCF:
        return _factors(known, answers)
    side = known.side
    return {
        **{f.name: answers[f.name].value for f in features if f.name in answers},
        **(vars(quality) if quality else {}),
        **{
            "game_id": side and side.game.game_id,
            "team_abbr": known.team,
            "opponent_team_abbr": known.opponent,
            "is_home": side and side.is_home,
            "days_rest": known.days_rest,
            "player_status": known.status and known.status.word,
            "context_source": known.context_source,
            "season_year": known.day.season,
        },
    }


def _defence(known: Known) -> dict[str, Any]:
    games = known.opponent_last_15
    zone_games = len(known.opponent_zone_games)
    there = zone_games >= ZONE_GAMES_TEAM
    against = {zone: known.against_league(zone) for zone in ZONES}
    ranked = [(value, name) for name, zone in NAMES_IN_ORDER if (value := against[zone]) is not None]
    found: dict[str, Any] = {
        "defensive_rating_last_15": mean_of_known(game.rating_allowed for game in games),
        "opponent_pace": mean_of_known(game.pace for game in games),
        "opponent_points_per_game": mean_of_known(game.other and game.other.points for game in games),
        "zone_games_in_sample": zone_games,
        "league_average_source": "measured" if known.league.is_measured else "constant",
        # min and max take the first of equals: the order of ties in contract 4.1.
        "strongest_zone": min(ranked, key=lambda pair: pair[0], default=(None, None))[1],
        "weakest_zone": max(ranked, key=lambda pair: pair[0], default=(None, None))[1],
    }
    for zone in ZONES:
        attempts = known.allowed(zone, "attempts") if there else None
        found |= {
            f"{zone}_pct_allowed_last_15": known.allowed_pct(zone),
            f"{zone}_attempts_allowed_per_game": ratio(attempts, zone_games),
            f"{zone}_defense_vs_league_avg": against[zone],
        }
    return found


NAMES_IN_ORDER = tuple(NAMES.items())


def _zones(known: Known) -> dict[str, Any]:
    there, games = known.zones_are_known, len(known.zone_games)
    found: dict[str, Any] = {
        "total_shots_last_10": (known.zone_attempts or None) if there else None,
        "zone_games_in_sample_10": games,
        "games_in_sample_20": min(len(known.games), 20),
        "primary_scoring_zone": known.primary_zone,
        "data_quality_tier": "high" if games >= 10 else "medium" if games >= ZONE_GAMES_PLAYER else "low",
    }
    for zone in ZONES:
        attempts = known.zone_count(zone, "attempts") if there else None
        found |= {
            f"{zone}_rate_last_10": known.zone_rate(zone),
            f"{zone}_pct_last_10": ratio(known.zone_count(zone, "makes"), attempts),
            f"{zone}_attempts_per_game": ratio(attempts, games),
        }
    return found


def _workload(known: Known) -> dict[str, Any]:
    return {
        "games_in_last_7_days": known.games_in(7),
        "minutes_in_last_7_days": known.minutes_in(7),
        "avg_minutes_per_game_last_7": known.minutes_per_game_in(7),
        "games_in_last_14_days": known.games_in(14),
        "minutes_in_last_14_days": known.minutes_in(14),
        "avg_minutes_per_game_last_14": known.minutes_per_game_in(14),
        "back_to_backs_last_14_days": known.back_to_backs,
        "team_pace_last_10": known.team_pace,
    }


def _cache(known: Known) -> dict[str, Any]:
    return {
        **_workload(known),
        "team_abbr": known.team,
        "points_avg_last_5": known.points(known.last_5),
        "points_avg_last_10": known.points(known.last_10),
        "points_avg_season": known.points(known.games),
        "points_std_last_10": known.points_std,
        "minutes_avg_last_10": known.minutes(known.last_10),
        "usage_rate_last_10": mean_of_known(game.usage for game in known.last_10),
        "ts_pct_last_10": mean_of_known(game.true_shooting for game in known.last_10),
        "player_usage_rate_season": mean_of_known(game.usage for game in known.games),
        "games_played_season": len(known.games),
        "team_off_rating_last_10": known.team_rating,
        "primary_scoring_zone": known.primary_zone,
        "paint_rate_last_10": known.zone_rate("paint"),
        "three_pt_rate_last_10": known.zone_rate("three_pt"),
        "shot_zone_data_available": known.zone_rate("paint") is not None,
        "early_season_flag": len(known.games) < 10,
    }


def _factors(known: Known, answers: dict[str, Answer]) -> dict[str, Any]:
    scores = {
        name: answers[name].value
        for name in ("fatigue_score", "shot_zone_mismatch_score", "pace_score", "usage_spike_score")
    }
    pace = known.opponent_pace_last_10
    differential = None if pace is None or known.team_pace is None else pace - known.team_pace
    opponent_zones = all(known.against_league(zone) is not None for zone in ZONES)
    parts = (known.days_rest, differential, known.primary_zone, opponent_zones or None)
    return {
        **_workload(known),
        **scores,
        "team_abbr": known.team,
        "opponent_team_abbr": known.opponent,
        "game_id": known.side and known.side.game.game_id,
        "total_composite_adjustment": ((scores["fatigue_score"] or 0) - 100) / 20
        + sum(score or 0 for name, score in scores.items() if name != "fatigue_score"),
        "days_rest": known.days_rest,
        "back_to_back": known.back_to_back,
        "opponent_pace_last_10": pace,
        "pace_differential": differential,
        "avg_usage_rate_last_7_days": known.usage_in_last_7,
        "player_status": known.status and known.status.word,
        "context_source": known.context_source,
        "data_completeness_pct": 20.0 * sum(part is not None for part in parts),
    }


def same(stored: Any, recomputed: Any) -> bool:
    """Compare two values; doubles at nine digits, as their sums may be added in another order."""
    if isinstance(stored, list | tuple) and isinstance(recomputed, list | tuple):
        return len(stored) == len(recomputed) and all(map(same, stored, recomputed))
    numbers = (int, float)
    if isinstance(stored, numbers) and isinstance(recomputed, numbers):
        return abs(stored - recomputed) <= 1e-9 * max(1.0, abs(stored), abs(recomputed))
    return stored == recomputed
