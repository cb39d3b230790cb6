"""How complete a feature row is, what is wrong with it, whether it is ready, and what would change that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.explain.features import Answer, Feature
from orchestrator.explain.games import Known

POINTS = {"phase4": 100, "calculated": 100, "phase3": 75, "default": 40}
TIERS = ((95, "gold"), (85, "silver"), (70, "bronze"), (50, "poor"))
READY_FROM = 70


@dataclass(frozen=True)
class Quality:
    """What ml_feature_store says of the row itself, worked out again."""

    default_feature_count: int
    feature_quality_score: float
    quality_tier: str
    is_production_ready: bool
    data_source: str
    expected_games_count: int
    actual_games_count: int
    missing_games_count: int
    completeness_percentage: float | None
    data_quality_issues: list[str]


def quality(
    known: Known, features: Sequence[Feature], sources: dict[str, str], answers: dict[str, Answer]
) -> Quality:
    """Score a row from the sources of its features (contract 4.5)."""
    found = [sources[feature.name] for feature in features]
    total = len(found)
    score = sum(POINTS[source] for source in found) / total
    required = sum(f.is_required and sources[f.name] == "default" for f in features)
    if required >= 4:
        score = min(score, 49.0)
    elif required:
        score = min(score, 69.0)
    expected = len(known.team_final_games)
    missing = sum(side.game.is_final for side in known.gaps)
    unknown = {name for name, answer in answers.items() if answer.value is None}
    issues = sorted(name for name, holds in _issues(known, unknown).items() if holds)
    phase4, phase3 = found.count("phase4"), found.count("phase3")
    if "default" not in found and not phase3:
        origin = "phase4"
    elif 2 * phase4 >= total:
        origin = "phase4_partial"
    else:
        origin = "phase3" if 2 * phase3 >= total else "mixed"
    return Quality(
        found.count("default"),
        score,
        next((tier for least, tier in TIERS if score >= least), "critical"),
        score >= READY_FROM and not recent_holes(known) and "player_out" not in issues,
        origin,
        expected,
        expected - missing,
        missing,
        100 * (expected - missing) / expected if expected else None,
        issues,
    )


def recent_holes(known: Known) -> list[str]:
    """Name the late box scores among the team's last 10 games, which make a row unfit for use."""
    last_10 = known.team_final_games[-10:]
    return [str(side) for side in known.holes if side in last_10]


def _issues(known: Known, unknown: set[str]) -> dict[str, bool]:
    minutes = (known.minutes(known.last_10), known.minutes(known.games))
    return {
        "missing_box_score": any(side.game.is_final for side in known.gaps),
        "player_out": known.status is not None and known.status.word in ("out", "doubtful"),
        "no_season_form": len(known.games) < 5,
        "no_shot_data": bool(unknown & {"pct_paint", "pct_mid_range", "pct_three"}),
        "no_minutes": bool(known.games) and None in minutes,
        "opponent_unknown": bool(unknown & {"opponent_def_rating", "opponent_pace"}),
    }


def what_would_change_it(
    row: dict, features: Sequence[Feature], words: dict[str, str], holes: Sequence[str]
) -> list[str]:
    """Say what keeps a stored row from being ready, or what would make it unready."""
    lacking = [
        feature.name
        for feature, source in zip(features, row["feature_sources"], strict=False)
        if feature.is_required and source == "default"
    ]
    if row["is_production_ready"]:
        required = sum(feature.is_required for feature in features)
        return [
            f"It would not be with one of the {required} required features unknown, with a late box score "
            f"among {row['team_abbr']}'s last 10 games, or with the player out or doubtful."
        ]
    said = [f"{name} must become known: {words[name]}." for name in lacking]
    if not lacking and row["feature_quality_score"] < READY_FROM:
        said.append(f"The score must reach {READY_FROM}: fewer features may be defaults.")
    said += [f"Load the box score of {hole}, or wait for ten later games." for hole in holes]
    if "player_out" in row["data_quality_issues"]:
        said.append(f"He is {row['player_status']}: he must play, or be taken off the list, before the date.")
    return said or ["A late box score among the team's last 10 games must be loaded."]
