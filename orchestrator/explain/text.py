"""The explanation as text for people, 80 columns wide: the verdict, tables, games, features, quality."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import NamedTuple

from orchestrator.explain.explain import ExplainedFeature, Explanation
from orchestrator.explain.features import n_games, number
from orchestrator.explain.games import Known, PlayedGame, TeamGame

WIDTH = 80
SHOWN = 12
"""Of differences; all are in the JSON."""


class Line(NamedTuple):
    """A line, and its style as rich writes it."""

    text: str
    style: str = ""


def lines(found: Explanation) -> Iterator[Line]:
    """Return the whole text."""
    yield from _verdict(found)
    yield from _tables(found)
    if found.known and found.known.games:
        yield from _own_games(found.known)
    if found.known and found.known.is_participant:
        yield from _team_games(found.known)
    if found.known and found.known.opponent and found.known.opponent_last_15:
        yield from _opponent_games(found.known)
    if found.features:
        yield from _heading("FEATURES" if found.row else "FEATURES as they would be: no row is stored")
        for feature in found.features:
            yield from _feature(feature)
    yield from _quality(found)


def _verdict(found: Explanation) -> Iterator[Line]:
    yield Line(f"{found.player.name} ({found.player.lookup}), {found.day}", "bold")
    if found.differences:
        style = "bold red"
    else:
        style = "green" if found.row and found.row["is_production_ready"] else "yellow"
    yield from _wrapped(found.verdict, style=style)
    yield from _wrapped(found.about_the_date)
    for own in found.differences[:SHOWN]:
        yield from _wrapped(
            f"{own.table}, {own.column}: stored {_value(own.stored)}, the raw rows give "
            f"{_value(own.recomputed)}",
            indent=2,
            style="red",
        )
    if len(found.differences) > SHOWN:
        yield Line(f"  and {len(found.differences) - SHOWN} more (--json has them all)", "red")
    stale = [table for table, state in found.states.items() if state.startswith("stale")]
    if found.differences and stale:
        yield from _wrapped(
            f"Stale since inputs or code have changed: {', '.join(stale)}. Build the date again: "
            f"`orchestrate.py backfill --dates {found.day}`",
            indent=2,
        )
    elif found.differences and found.states:
        yield from _wrapped(
            "The coverage calls the date's tables done. Unless the project's code has changed since "
            "(`orchestrate.py plan` compares it), this is an error. Build the date again: "
            f"`orchestrate.py backfill --dates {found.day} --only all`. "
            "If the number still differs, report it.",
            indent=2,
        )


def _tables(found: Explanation) -> Iterator[Line]:
    yield from _heading("TABLES")
    for own in found.rows:
        whose = f" ({own.entity})" if own.entity and own.entity != found.player.lookup else ""
        mark = "row " if own.stored else "none"
        yield from _wrapped(
            f"{mark}  {own.table}{whose}: {own.why}",
            indent=2,
            hang=8,
            style="" if own.stored else "yellow",
        )
        if own.receipt:
            built = str(own.receipt["built_at"])[:19]
            yield Line(f"        built {built} UTC, content hash {own.receipt['content_hash']}", "dim")


# --- games -----------------------------------------------------------------------------------------


def _own_games(known: Known) -> Iterator[Line]:
    yield from _heading(f"HIS GAMES before {known.day.day}, newest first (- is unknown)")
    yield Line("      date       team  opp   min pts    fg    ft usage  paint    mid  three", "dim")
    shown = known.games[: max(10, len(known.in_last_days(14)))]
    for place, game in enumerate(shown, 1):
        box, zones = game.box, game.zones
        yield Line(
            f"{place:>4}  {game.day} {game.side.team:<4} {_opponent(game):>4} {_short(box.minutes):>5} "
            f"{_short(box.points):>3} {_of(box.fg_makes, box.fg_attempts):>5} "
            f"{_of(box.ft_makes, box.ft_attempts):>5} {_tenths(game.usage):>5} "
            + (
                f"{_of(zones.paint_makes, zones.paint_attempts):>6} "
                f"{_of(zones.mid_range_makes, zones.mid_range_attempts):>6} "
                if zones
                else f"{'-':>6} {'-':>6} "
            )
            + f"{_of(box.three_makes, box.three_attempts):>6}"
        )
    if len(known.games) > len(shown):
        rest = known.games[len(shown) :]
        yield Line(f"      and {len(rest)} more, back to {rest[-1].day} (--json has them all)", "dim")
    yield from _wrapped(_windows(known), indent=2)


def _windows(known: Known) -> str:
    """Say which of the numbered games each window holds."""
    place = {id(game): number for number, game in enumerate(known.games, 1)}

    def held(games: Sequence[PlayedGame]) -> str:
        return _ranges([place[id(game)] for game in games])

    return (
        f"Windows: last 5: {held(known.last_5)}; newest 2: {held(known.games[:2])}, the 3 before: "
        f"{held(known.games[2:5])}; last 10: {held(known.last_10)}, with shot data: "
        f"{held(known.zone_games)}; last 7 days: {held(known.in_last_days(7))}; last 14 days: "
        f"{held(known.in_last_days(14))}; season: {held(known.games)}."
    )


def _ranges(numbers: Sequence[int]) -> str:
    """Write 1, 2, 3, 5 as 1-3, 5."""
    parts: list[list[int]] = []
    for this in numbers:
        if parts and parts[-1][-1] == this - 1:
            parts[-1].append(this)
        else:
            parts.append([this])
    return ", ".join(f"{part[0]}-{part[-1]}" if len(part) > 1 else str(part[0]) for part in parts) or "none"


def _team_games(known: Known) -> Iterator[Line]:
    if known.team_last_10:
        yield from _heading(f"{known.team}'s last {n_games(len(known.team_last_10))}")
        yield Line("  date        opp       pace  rating", "dim")
    for game in known.team_last_10:
        won = "-" if game.own is None or game.own.won is None else "W" if game.own.won else "L"
        yield Line(
            f"  {game.day} {_opponent(game):>4}  {won}  {_tenths(game.pace):>6} {_tenths(game.rating):>7}"
        )
    for side in known.gaps:
        yield Line(f"  {side} has no box score", "yellow")


def _opponent_games(known: Known) -> Iterator[Line]:
    last_15 = known.opponent_last_15
    yield from _heading(f"What {known.opponent} allowed in its last {n_games(len(last_15))}")
    yield Line("  date        opp    pace  rating   paint     mid   three", "dim")
    for game in last_15:
        zones = game.zones
        shots = (
            f"{_of(zones.paint_makes, zones.paint_attempts):>7} "
            f"{_of(zones.mid_range_makes, zones.mid_range_attempts):>7} "
            f"{_of(zones.three_pt_makes, zones.three_pt_attempts):>7}"
            if zones
            else f"{'-':>7} {'-':>7} {'-':>7}"
        )
        pace, rating = _tenths(game.pace), _tenths(game.rating_allowed)
        yield Line(f"  {game.day} {_opponent(game):>4} {pace:>7} {rating:>7} {shots}")
    league = known.league
    pct = ", ".join(f"{zone} {100 * value:.1f} %" for zone, value in league.pct.items())
    how = f"mean of {league.teams} teams over 30 days" if league.is_measured else "the usual, too little data"
    yield from _wrapped(f"The league: {pct} ({how}).", indent=2)


def _opponent(game: PlayedGame | TeamGame) -> str:
    return f"{'' if game.side.is_home else '@'}{game.side.opponent}"


# --- features and quality --------------------------------------------------------------------------


def _feature(found: ExplainedFeature) -> Iterator[Line]:
    feature = found.feature
    value = "unknown" if found.value is None else number(found.value)
    style = "red" if found.differs else "yellow" if found.source == "default" else "bold"
    required = ", required" if feature.is_required else ""
    yield Line(f"{feature.index:>4} {feature.name:<25} {value:>9} {feature.unit}{required}", style)
    if found.source == "default":
        source = f"default {number(feature.default)}"
    elif found.source == "phase4":
        source = f"{found.source} ({feature.table})"
    else:
        source = found.source
    yield from _wrapped(f"{source}: {found.words}", indent=5)


def _quality(found: Explanation) -> Iterator[Line]:
    row = found.row
    if not row:
        return
    yield from _heading("QUALITY")
    ready = "ready" if row["is_production_ready"] else "not ready"
    defaults = row["default_feature_count"]
    yield from _wrapped(
        f"Score {number(row['feature_quality_score'])}, {row['quality_tier']}, {ready}; "
        f"{defaults} default{'' if defaults == 1 else 's'}; data source {row['data_source']}; "
        f"{row['feature_version']}; context from {row['context_source']}.",
        indent=2,
    )
    percent = row["completeness_percentage"]
    yield from _wrapped(
        f"{row['team_abbr']}'s games this season before the date: {row['expected_games_count']} played, "
        f"{row['actual_games_count']} with a box score"
        + (f" ({number(percent)} %)." if percent is not None else "."),
        indent=2,
    )
    yield from _wrapped(f"Issues: {', '.join(row['data_quality_issues']) or 'none'}.", indent=2)
    for said in found.changes:
        yield from _wrapped(said, indent=2, hang=4)


# --- words -----------------------------------------------------------------------------------------


def _heading(text: str) -> Iterator[Line]:
    yield Line("")
    yield Line(text, "bold")


def _wrapped(text: str, indent: int = 0, hang: int | None = None, style: str = "") -> Iterator[Line]:
    own = wrap(
        text.replace(" %", "\N{NO-BREAK SPACE}%"),
        WIDTH,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent if hang is None else hang),
        break_on_hyphens=False,
    )
    yield from (Line(line.replace("\N{NO-BREAK SPACE}", " "), style) for line in own)


def _value(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.12g}"
    return "nothing" if value is None else str(value)


def _short(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}" if value % 1 else f"{value:.0f}"


def _tenths(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def _of(makes: int | None, attempts: int | None) -> str:
    return "-" if makes is None or attempts is None else f"{makes}/{attempts}"
