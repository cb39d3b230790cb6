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
from orchestrator.explain.arithmetic import mean_of_known, plus, ratio, sum_of_known, times
from orchestrator.explain.as_of import SLATE_DAYS
from orchestrator.explain.features import (
    KINDS,
    NAMES,
    PCF,
    PDC,
    PSZA,
    TDZA,
    Answer,
    Feature,
    n_games,
)
from orchestrator.explain.games import BOOTSTRAP_DAYS, ZONES, Known, Side
from orchestrator.explain.quality import Quality

if TYPE_CHECKING:
    from orchestrator.explain.names import Player
    from orchestrator.warehouse.base import Connection

MLFS = "ml_feature_store"
ROW = "(the row itself)"
EXCLUDED = ("bootstrap", "insufficient_games", "no_player_data")
"""Reasons for which phase4_exclusions has an entry."""


NOBODY = {
    "no_game": "the date has no game that counts",
    "bootstrap": f"no table has rows in the first {BOOTSTRAP_DAYS} days of a season",
    "no_player_data": "the date's games have no box scores",
    "not_a_participant": "he does not take part on the date",
}
"""Why a date has no row, whatever his games."""


class Expected(NamedTuple):
    """Should a table have a row, and why (not)?"""

    reason: str | None
    """None: a row; else why there is none, a reason of phase4_exclusions or one of ours (docs/json.md)."""
    why: str
    games: int | None = None
    """Games found, where it needs some."""


@dataclass(frozen=True)
class TableRow:
    """One table's answer."""

    processor: str
    table: str
    entity: str | None
    """Whose row it is: the player's, or in team_defense_zone_analysis the opponent's."""
    stored: dict[str, Any] | None
    """The row; None without one."""
    count: int
    """Rows with the key; more than one is an error."""
    exclusion: dict[str, Any] | None
    """What phase4_exclusions says."""
    receipt: dict[str, Any] | None
    """None when the date was never built."""
    reason: str | None
    """Why there is no row; None when there is one."""
    why: str


class Difference(NamedTuple):
    """A stored number that the raw rows do not give."""

    table: str
    column: str
    stored: Any
    recomputed: Any


def expected(known: Known, table: str) -> Expected:
    """Say whether a table should have a row for the date (contract 4 and 5)."""
    who, needed = CANDIDATES[table], GAMES_NEEDED.get(table, 0)
    reason = _why_nobody(known, who)
    if reason:
        return Expected(reason, NOBODY[reason])
    if who == "teams":
        found, whose = len(known.opponent_defence), known.defender
    else:
        found, whose = len(known.games), "he"
    if whose is None or (who == "players" and not found):
        return Expected("no_active_game", "he has no active game this season before the date")
    if not needed:
        return Expected(None, "he takes part", found)
    reason = "insufficient_games" if found < needed else None
    return Expected(reason, f"{whose} has {n_games(found)}; {needed} are needed", found)


def _why_nobody(known: Known, who: str) -> str | None:
    """Return the key of NOBODY that applies, if one does."""
    if not known.day.games:
        return "no_game"
    if known.day.is_bootstrap:
        return "bootstrap"
    if who == "participants" and not known.has_participants:
        return "no_player_data"
    return "not_a_participant" if who == "participants" and not known.is_participant else None


def about_the_date(known: Known) -> str:
    """Say in a sentence why he takes part on the date, or does not."""
    day = known.day
    if not day.games:
        return _no_game(known)
    if day.is_bootstrap:
        return f"Day {(day.number or 0) + 1} of the season: no table has rows in the first {BOOTSTRAP_DAYS}."
    if not known.has_participants:
        return f"The games of {day.day} ({KINDS[day.games[0].season_type]}) have no box scores."
    return _absent(known) if known.side is None else _present(known, known.side)


def _present(known: Known, side: Side) -> str:
    how = "the box score has him" if known.context_source == "history" else "he is expected to play"
    at = "against" if side.is_home else "at"
    return f"{side.team} {at} {side.opponent}, {KINDS[side.game.season_type]}: {how}."


def _absent(known: Known) -> str:
    day = known.day.day
    if known.team is None:
        seen = known.seen
        where = (
            f"his box scores are from {seen[0]} to {seen[1]}" if seen else "the data have no box score of his"
        )
        return f"{known.player.name} has played no game this season up to {day}: {where}."
    since = f"his last game was on {known.last_day}" if known.last_day else "he has not played this season"
    if known.opponent is None:
        return f"{known.team}, his last team, has no game on {day} ({since})."
    game = next(game for game in known.day.games if known.team in (game.home, game.away))
    if known.is_awaited:
        return (
            f"{game.away}-{game.home} has no box score yet, and he is not expected: {since}, "
            f"over {SLATE_DAYS} days ago."
        )
    return f"He did not play: the box score of {game.away}-{game.home} has no row of him ({since})."


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

    def records(table: str, where: str, *values: object) -> list[dict[str, Any]]:
        if table not in there:
            return []
        return connection.records(
            f"select * from {PRECOMPUTE}.{table} where analysis_date = ? and {where}", [day, *values]
        )

    mine = {
        table: records(table, "universal_player_id = ?", player.player_id)
        for _, table in PHASE4_TABLES
        if CANDIDATES[table] != "teams"
    }
    # Without raw rows, his own row names the opponent.
    opponents = [row["opponent_team_abbr"] for row in mine[MLFS]]
    defender = known.defender if known else next(iter(opponents), None)
    mine[TDZA] = records(TDZA, "team_abbr = ?", defender) if defender else []
    receipts = {row["table_name"]: row for row in records("receipts", "true")}
    excluded = {
        row["table_name"]: row
        for row in records(EXCLUSIONS, "entity_id in (?, ?, '*')", player.lookup, defender or "*")
    }
    found = []
    for processor, table in PHASE4_TABLES:
        rows, receipt, exclusion = mine[table], receipts.get(table), excluded.get(table)
        wanted = expected(known, table) if known else _as_stored(exclusion, bool(rows), receipt is not None)
        reason, why = wanted.reason, wanted.why
        if not rows and reason is None:
            reason = "no_row" if receipt else "never_built"
            why += ", but no row was stored" if receipt else ", but the date was never built"
        entity = defender if CANDIDATES[table] == "teams" else player.lookup
        stored = rows[0] if rows else None
        found.append(
            TableRow(
                processor, table, entity, stored, len(rows), exclusion, receipt, None if rows else reason, why
            )
        )
    return found


def _as_stored(exclusion: dict[str, Any] | None, has_row: bool, is_built: bool) -> Expected:
    """Say what the stored rows alone tell."""
    if has_row:
        return Expected(None, "as stored")
    if exclusion is None:
        return Expected("not_a_candidate", NOT_A_CANDIDATE if is_built else NOTHING_BUILT)
    return Expected(exclusion["reason"], f"phase4_exclusions says {exclusion['reason'].replace('_', ' ')}")


NOT_A_CANDIDATE = "neither a row nor an exclusion, so he could not have had a row"
NOTHING_BUILT = "nothing was built for the date, or it has no game that counts"


# --- comparing -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Recomputed:
    """What the raw rows give."""

    known: Known
    features: Sequence[Feature]
    answers: dict[str, Answer]
    """By feature; those without a formula are not in it, and no feature is when he does not take part."""
    sources: dict[str, str]
    quality: Quality | None


class Comparison:
    """Counts what is compared, and keeps what differs."""

    def __init__(self) -> None:
        self.differences: list[Difference] = []
        self.count = 0

    def compare(self, table: str, column: str, stored: Any, recomputed: Any) -> None:
        """Compare one value."""
        self.count += 1
        if not same(stored, recomputed):
            self.differences.append(Difference(table, column, stored, recomputed))


def compare(rows: Sequence[TableRow], recomputed: Recomputed, exclusions_are_built: bool) -> Comparison:
    """Compare what is stored of the date with what the raw rows give; what was never built is left out."""
    found = Comparison()
    for row in rows:
        if row.receipt is None:
            continue
        wanted = expected(recomputed.known, row.table)
        found.compare(row.table, ROW, row.count, 0 if wanted.reason else 1)
        if exclusions_are_built:
            excluded = row.exclusion or {}
            reason = wanted.reason if wanted.reason in EXCLUDED else None
            found.compare(EXCLUSIONS, f"reason for {row.table}", excluded.get("reason"), reason)
            if reason == "insufficient_games":
                found.compare(EXCLUSIONS, f"games for {row.table}", excluded.get("games_found"), wanted.games)
        if row.stored and not wanted.reason:
            for column, value in _values(row.table, recomputed).items():
                found.compare(row.table, column, row.stored.get(column, "no such column"), value)
            if row.table == MLFS:
                _compare_vector(found, row.stored, recomputed)
    return found


def _compare_vector(found: Comparison, stored: dict[str, Any], recomputed: Recomputed) -> None:
    for place, feature in enumerate(recomputed.features):
        if feature.name in recomputed.answers:
            value = recomputed.answers[feature.name].value
            vector = feature.default if value is None else value
            source = recomputed.sources[feature.name]
            found.compare(MLFS, f"features[{place}], {feature.name}", _at(stored, "features", place), vector)
            found.compare(
                MLFS,
                f"feature_sources[{place}], {feature.name}",
                _at(stored, "feature_sources", place),
                source,
            )


def _at(stored: dict, column: str, place: int) -> Any:
    values = stored.get(column) or ()
    return values[place] if place < len(values) else None


def _values(table: str, recomputed: Recomputed) -> dict[str, Any]:
    """Return what a table's row should hold, by column."""
    known = recomputed.known
    if table == TDZA:
        return _defence(known)
    if table == PSZA:
        return _zones(known)
    if table == PDC:
        return _cache(known)
    if table == PCF:
        return _factors(known, recomputed.answers)
    side = known.side
    return {
        **{name: answer.value for name, answer in recomputed.answers.items()},
        **(vars(recomputed.quality) if recomputed.quality else {}),
        "game_id": side and side.game.game_id,
        "team_abbr": known.team,
        "opponent_team_abbr": known.opponent,
        "is_home": side and side.is_home,
        "days_rest": known.days_rest,
        "player_status": known.status and known.status.word,
        "context_source": known.context_source,
        "season_year": known.day.season,
        "newest_source_game_date": known.newest,
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
        "opponent_points_per_game": mean_of_known(
            game.other.points if game.other else None for game in games
        ),
        "zone_games_in_sample": zone_games,
        "league_average_source": "measured" if known.league.is_measured else "constant",
        "data_quality_tier": "high" if zone_games >= 15 else "medium" if zone_games >= 10 else "low",
        "newest_source_game_date": known.newest_of_opponent,
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
    trend = {
        name: sum_of_known(getattr(game.zones, name) for game in known.trend_games)
        for name in ("paint_makes", "paint_attempts", "mid_range_attempts", "three_pt_attempts")
    }
    of_20 = sum(game.zones is not None for game in known.games[:20])
    found: dict[str, Any] = {
        "total_shots_last_10": (known.zone_attempts or None) if there else None,
        "zone_games_in_sample_10": games,
        "games_in_sample_20": min(len(known.games), 20),
        "primary_scoring_zone": known.primary_zone,
        "data_quality_tier": "high" if games >= 10 else "medium" if games >= ZONE_GAMES_PLAYER else "low",
        "sample_quality_10": _sample_quality(games, 10, 7, 5),
        "sample_quality_20": _sample_quality(of_20, 20, 14, 10) if len(known.games) >= 15 else None,
        "paint_rate_last_20": times(
            100, ratio(trend["paint_attempts"], plus(*(trend[f"{zone}_attempts"] for zone in ZONES)))
        ),
        "paint_pct_last_20": ratio(trend["paint_makes"], trend["paint_attempts"]),
        "newest_source_game_date": known.last_day,
    }
    for zone in ZONES:
        attempts = known.zone_count(zone, "attempts") if there else None
        found |= {
            f"{zone}_rate_last_10": known.zone_rate(zone),
            f"{zone}_pct_last_10": ratio(known.zone_count(zone, "makes"), attempts),
            f"{zone}_attempts_per_game": ratio(attempts, games),
        }
    return found


def _sample_quality(games: int, excellent: int, good: int, limited: int) -> str:
    if games >= excellent:
        return "excellent"
    return "good" if games >= good else "limited" if games >= limited else "insufficient"


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
        "newest_source_game_date": known.newest_of_context,
    }


def _factors(known: Known, answers: dict[str, Answer]) -> dict[str, Any]:
    scores = {
        name: answers[name].value
        for name in ("fatigue_score", "shot_zone_mismatch_score", "pace_score", "usage_spike_score")
        if name in answers
    }
    total = sum((value - 100) / 20 if name == "fatigue_score" else value
                for name, value in scores.items() if value is not None)  # fmt: skip
    pace = known.opponent_pace_last_10
    differential = None if pace is None or known.team_pace is None else pace - known.team_pace
    opponent_zones = all(known.against_league(zone) is not None for zone in ZONES)
    parts = {
        "days_rest": known.days_rest,
        "projected_usage_rate": None,
        "pace_differential": differential,
        "player_shot_zone": known.primary_zone,
        "team_defense_zone": opponent_zones or None,
    }
    missing = [name for name, part in parts.items() if part is None]
    return {
        **_workload(known),
        **scores,
        "team_abbr": known.team,
        "opponent_team_abbr": known.opponent,
        "game_id": known.side and known.side.game.game_id,
        **({"total_composite_adjustment": total} if len(scores) == 4 else {}),
        "days_rest": known.days_rest,
        "back_to_back": known.back_to_back,
        "opponent_pace_last_10": pace,
        "pace_differential": differential,
        "avg_usage_rate_last_7_days": known.usage_in_last_7,
        "player_status": known.status and known.status.word,
        "context_source": known.context_source,
        "data_completeness_pct": 20.0 * (len(parts) - len(missing)),
        "missing_data_fields": ",".join(missing),
        "newest_source_game_date": known.newest,
    }


def same(stored: Any, recomputed: Any) -> bool:
    """Compare two values; doubles at nine digits, as their sums may be added in another order."""
    if isinstance(stored, list | tuple) and isinstance(recomputed, list | tuple):
        return len(stored) == len(recomputed) and all(map(same, stored, recomputed))
    numbers = (int, float)
    if isinstance(stored, numbers) and isinstance(recomputed, numbers):
        return abs(stored - recomputed) <= 1e-9 * max(1.0, abs(stored), abs(recomputed))
    return stored == recomputed
