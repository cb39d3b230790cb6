"""One player on one date: his rows, what they were made from, and whether raw rows give the same numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from orchestrator.core import seeds
from orchestrator.core.errors import UserError
from orchestrator.core.project import PRECOMPUTE, phase3_is_external
from orchestrator.core.registry import EXCLUSIONS
from orchestrator.core.seasons import season_name, season_of
from orchestrator.explain import names, raw_rows, tables
from orchestrator.explain.as_of import known, season_on, the_day
from orchestrator.explain.features import FORMULAS, Answer, Feature, source_of
from orchestrator.explain.games import Known, PlayedGame, Side, TeamGame
from orchestrator.explain.quality import Quality, quality, recent_holes, what_would_change_it
from orchestrator.explain.tables import MLFS, Difference, TableRow
from orchestrator.state import coverage

if TYPE_CHECKING:
    from orchestrator.explain.names import Player
    from orchestrator.warehouse.base import Connection, Warehouse


@dataclass(frozen=True)
class ExplainedFeature:
    """One feature of the row, and where it comes from."""

    feature: Feature
    value: float | None
    """As stored; worked out from raw rows where there is no row. None: unknown."""
    in_vector: float
    """With the default where it is unknown."""
    source: str
    words: str
    is_recomputed: bool
    differs: bool

    def as_json(self) -> dict:
        """Return it as JSON-ready data."""
        return {
            "index": self.feature.index,
            "name": self.feature.name,
            "value": self.value,
            "in_vector": self.in_vector,
            "source": self.source,
            "source_table": self.feature.table,
            "is_default": self.source == "default",
            "is_required": self.feature.is_required,
            "unit": self.feature.unit,
            "explanation": self.words,
            "is_recomputed": self.is_recomputed,
            "differs": self.differs,
        }


@dataclass(frozen=True)
class Explanation:
    """The whole answer."""

    player: Player
    day: date
    season: int
    known: Known | None
    """None where there are no raw rows (an external Phase 3)."""
    rows: list[TableRow]
    features: list[ExplainedFeature]
    """Empty when he does not take part on the date."""
    compared: int
    differences: list[Difference]
    states: dict[str, str]
    """What the coverage says of the date's tables, where that explains a difference or an absent row."""
    changes: list[str]
    """What would make the row ready, or unready."""

    @property
    def row(self) -> dict[str, Any] | None:
        """The row of ml_feature_store."""
        return _row_of(self.rows)

    @property
    def about_the_date(self) -> str:
        """Say why he takes part on the date, or not."""
        if self.known:
            return tables.about_the_date(self.known)
        if self.row:
            at = "against" if self.row["is_home"] else "at"
            return f"{self.row['team_abbr']} {at} {self.row['opponent_team_abbr']}."
        why = next(row.why for row in self.rows if row.table == MLFS)
        return f"{why[0].upper()}{why[1:]}."

    @property
    def verdict(self) -> str:
        """Say the result in three sentences at most."""
        found = sum(row.stored is not None for row in self.rows)
        said = f"He has rows in {found} of {len(self.rows)} tables."
        if self.known is None:
            said += " Nothing was recomputed: with an external Phase 3 there are no raw rows."
        elif self.differences:
            number = len(self.differences)
            verb = "differs" if number == 1 else "differ"
            said += f" {number} of {self.compared} numbers {verb} from the raw rows!"
        elif self.compared:
            said += f" All {self.compared} numbers agree with the raw rows."
        if any(row.reason == "never_built" for row in self.rows):
            said += " The date is not built yet: `orchestrate.py backfill` does it."
        if self.row and not self.differences:
            said += " Ready for use." if self.row["is_production_ready"] else " Not ready for use."
        return said

    def windows(self) -> dict[str, Sequence[PlayedGame | TeamGame]]:
        """Return which games each window holds, newest first."""
        if self.known is None:
            return {}
        found: dict[str, Sequence[PlayedGame | TeamGame]] = {
            "player_last_5": self.known.last_5,
            "player_newest_2": self.known.games[:2],
            "player_prior_3": self.known.games[2:5],
            "player_last_10": self.known.last_10,
            "player_last_10_with_shots": self.known.zone_games,
            "player_last_7_days": self.known.in_last_days(7),
            "player_last_14_days": self.known.in_last_days(14),
            "player_season": self.known.games,
            "team_last_10": self.known.team_last_10,
            "opponent_last_10": self.known.opponent_last_10,
            "opponent_last_15": self.known.opponent_last_15,
            "opponent_last_15_with_shots": self.known.opponent_zone_games,
        }
        if self.known.opponent is None:
            found = {name: games for name, games in found.items() if not name.startswith("opponent")}
        return found

    def as_json(self) -> dict:
        """Return the answer as JSON-ready data (the shape is in docs/json.md)."""
        known, row = self.known, self.row
        return {
            "player": {
                "universal_player_id": self.player.player_id,
                "player_lookup": self.player.lookup,
                "name": self.player.name,
            },
            "date": str(self.day),
            "season": season_name(self.season),
            "about_the_date": self.about_the_date,
            "verdict": self.verdict,
            "team": known.team if known else row and row["team_abbr"],
            "opponent": known.opponent if known else row and row["opponent_team_abbr"],
            "recomputed": known is not None,
            "compared": self.compared,
            "differences": [
                {
                    "table": found.table,
                    "column": found.column,
                    "stored": _plain(found.stored),
                    "recomputed": _plain(found.recomputed),
                }
                for found in self.differences
            ],
            "tables": [
                {
                    "table": own.table,
                    "processor": own.processor,
                    "entity": own.entity,
                    "has_row": own.stored is not None,
                    "reason": own.reason,
                    "why": own.why,
                    "state": self.states.get(own.table),
                    **{
                        name: _plain((own.receipt or {}).get(name))
                        for name in ("content_hash", "input_hash", "logic_version", "built_at")
                    },
                }
                for own in self.rows
            ],
            "player_games": [_player_game(game) for game in known.games] if known else [],
            "team_games": [_team_game(game) for game in known.team_last_10] if known else [],
            "opponent_games": [
                {**_team_game(game), "zones_allowed": game.zones and game.zones._asdict()}
                for game in (known.opponent_games[:15] if known and known.opponent else ())
            ],
            "windows": {
                name: [game.side.game.game_id for game in games] for name, games in self.windows().items()
            },
            "features": [feature.as_json() for feature in self.features],
            "quality": row
            and {
                **{name: _plain(row[name]) for name in QUALITY},
                "what_would_change_it": self.changes,
            },
        }


QUALITY = (
    *("feature_version", "feature_quality_score", "quality_tier", "is_production_ready", "data_source"),
    *("default_feature_count", "expected_games_count", "actual_games_count", "missing_games_count"),
    *("completeness_percentage", "data_quality_issues", "player_status", "context_source"),
)


def explain(warehouse: Warehouse, text: str, day: date) -> Explanation:
    """Explain a player's rows of a date; UserError when no single player is meant, or nothing can be read."""
    if warehouse.target != "duckdb":
        raise UserError(
            f"explain reads only a DuckDB warehouse, not {warehouse}: "
            "run it where the raw files were loaded, with `--target duckdb`"
        )
    with warehouse.reading() as connection:
        coverage.check_raw(warehouse, connection)
        if phase3_is_external():
            return _as_stored(connection, text, day)
        schedule = raw_rows.games(connection)
        season = season_on(schedule, day)
        players = names.everybody(connection)
        player = names.find(connection, players, text, day, season)
        return explained(connection, player, players, schedule, day, season)


def explained(
    connection: Connection,
    player: Player,
    players: Sequence[Player],
    schedule: Sequence[raw_rows.Game],
    day: date,
    season: int,
) -> Explanation:
    """Explain one player, from raw rows and from what is stored."""
    namesakes = [
        other.player_id
        for other in players
        if other.stem == player.stem and other.player_id != player.player_id
    ]
    facts = known(connection, player, namesakes, schedule, the_day(schedule, day, season))
    rows = tables.read(connection, player, day, facts)
    stored = _row_of(rows)
    catalogue = _catalogue()
    answers: dict[str, Answer] = {}
    sources: dict[str, str] = {}
    found: Quality | None = None
    if facts.is_participant and not facts.day.is_bootstrap:
        answers = {f.name: FORMULAS[f.name](facts) for f in catalogue if f.name in FORMULAS}
        sources = {
            f.name: source_of(f, answers[f.name]) if f.name in answers else _source_in(stored, place)
            for place, f in enumerate(catalogue)
        }
        found = quality(facts, catalogue, sources, answers)
    comparison = tables.compare(
        rows,
        tables.Recomputed(facts, catalogue, answers, sources, found),
        exclusions_are_built=_is_built(connection, EXCLUSIONS, day),
    )
    wrong = {column.split(", ")[-1] for table, column, *_ in comparison.differences if table == MLFS}
    unsettled = comparison.differences or any(row.reason == "never_built" for row in rows)
    words = {f.name: answers[f.name].words if f.name in answers else f.description for f in catalogue}
    return Explanation(
        player=player,
        day=day,
        season=season,
        known=facts,
        rows=rows,
        features=[
            _feature(
                feature,
                stored,
                answers.get(feature.name),
                _source_in(stored, place) if stored else sources[feature.name],
                feature.name in wrong,
            )
            for place, feature in enumerate(catalogue if answers else ())
        ],
        compared=comparison.count,
        differences=comparison.differences,
        states=_states(connection, day) if unsettled else {},
        changes=what_would_change_it(stored, catalogue, words, recent_holes(facts)) if stored else [],
    )


def _as_stored(connection: Connection, text: str, day: date) -> Explanation:
    """Explain what is stored where there are no raw rows to recompute it from."""
    player = names.find(connection, names.everybody(connection), text, day, season_of(day))
    rows = tables.read(connection, player, day, None)
    stored, catalogue = _row_of(rows), _catalogue()
    words = {feature.name: feature.description for feature in catalogue}
    return Explanation(
        player=player,
        day=day,
        season=stored["season_year"] if stored else season_of(day),
        known=None,
        rows=rows,
        features=[
            _feature(feature, stored, None, _source_in(stored, place), differs=False)
            for place, feature in enumerate(catalogue if stored else ())
        ],
        compared=0,
        differences=[],
        states={},
        changes=what_would_change_it(stored, catalogue, words, ()) if stored else [],
    )


def _row_of(rows: Sequence[TableRow]) -> dict[str, Any] | None:
    return next(row.stored for row in rows if row.table == MLFS)


def _catalogue() -> list[Feature]:
    return sorted(map(Feature.of, seeds.rows("feature_catalogue")), key=lambda feature: feature.index)


def _source_in(stored: dict[str, Any] | None, place: int) -> str:
    found = (stored or {}).get("feature_sources") or ()
    return found[place] if place < len(found) else "default"


def _feature(
    feature: Feature, stored: dict[str, Any] | None, answer: Answer | None, source: str, differs: bool
) -> ExplainedFeature:
    """Show a feature as stored; where there is no row, as it would be."""
    value = stored.get(feature.name) if stored else answer.value if answer else None
    return ExplainedFeature(
        feature,
        value,
        feature.default if value is None else value,
        source,
        answer.words if answer else f"{feature.description} (as stored, not recomputed)",
        answer is not None,
        differs,
    )


def _is_built(connection: Connection, table: str, day: date) -> bool:
    return connection.has_table(PRECOMPUTE, "receipts") and bool(
        connection.rows(
            f"select 1 from {PRECOMPUTE}.receipts where table_name = ? and analysis_date = ?", [table, day]
        )
    )


def _states(connection: Connection, day: date) -> dict[str, str]:
    """Return what the coverage says of the date: that a date is stale explains a difference."""
    if not coverage.is_there(connection):
        return {}
    rows = connection.rows(
        f"select table_name, state from {PRECOMPUTE}.phase4_coverage where analysis_date = ?", [day]
    )
    return dict(rows)


def _about(side: Side) -> dict:
    return {
        "game_id": side.game.game_id,
        "date": str(side.game.day),
        "season_type": side.game.season_type,
        "team": side.team,
        "opponent": side.opponent,
        "is_home": side.is_home,
    }


def _player_game(game: PlayedGame) -> dict:
    numbers = {name: value for name, value in game.box._asdict().items() if name not in ("game_id", "team")}
    zones = None if game.zones is None else game.zones._asdict()
    return {**_about(game.side), **numbers, "usage_rate": game.usage, "zones": zones}


def _team_game(game: TeamGame) -> dict:
    return {
        **_about(game.side),
        "won": game.own.won if game.own else None,
        "pace": game.pace,
        "offensive_rating": game.rating,
        "defensive_rating": game.rating_allowed,
    }


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, date | datetime):
        return str(value)
    return value
