"""Each feature once more: its value from what was known, and the formula in words with the player's numbers.

The names, defaults and sources are those of seeds/feature_catalogue.csv; a feature that has no formula here
is shown as it is stored, and not compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import NamedTuple

from orchestrator.core.registry import GAMES_NEEDED, ZONE_GAMES_PLAYER, ZONE_GAMES_TEAM
from orchestrator.explain.games import ZONES, Known, PlayedGame

KINDS = {"regular": "regular season", "play_in": "play-in", "playoffs": "playoffs"}
"""Season types as people write them."""

PDC = "player_daily_cache"
PSZA = "player_shot_zone_analysis"
TDZA = "team_defense_zone_analysis"
PCF = "player_composite_factors"


class Answer(NamedTuple):
    """A feature's value and where it comes from."""

    value: float | None
    """None where unknown."""
    words: str
    is_fallback: bool = False
    """Is it from Phase 3, because the Phase 4 table has no row?"""


Formula = Callable[[Known], Answer]


class Feature(NamedTuple):
    """A row of the catalogue."""

    index: int
    name: str
    source: str
    table: str | None
    default: float
    unit: str
    is_required: bool
    description: str

    @classmethod
    def of(cls, row: dict[str, str]) -> Feature:
        """Read it from the seed's text."""
        return cls(
            int(row["feature_index"]),
            row["feature_name"],
            row["source"],
            row["source_table"] or None,
            float(row["default_value"]),
            row["unit"],
            row["is_required"] == "true",
            row["description"],
        )


def source_of(feature: Feature, answer: Answer) -> str:
    """Return what feature_sources says of it."""
    if answer.value is None:
        return "default"
    return "phase3" if answer.is_fallback else feature.source


# --- form ------------------------------------------------------------------------------------------


def _too_few(known: Known, needed: int) -> Answer:
    return Answer(None, f"it needs {needed} active games this season; he has {len(known.games)}")


def _mean(values: Sequence[float | None], what: str, mean: float | None) -> str:
    """Write a mean out: all its terms if they are few."""
    there = [value for value in values if value is not None]
    lost = len(values) - len(there)
    unknown = f"; unknown in {lost} of {len(values)}" if lost else ""
    if mean is None:
        return f"{what} are known in {len(there)} of {len(values)} games, fewer than half"
    if len(there) <= 10:
        return f"({' + '.join(map(number, there))}) / {len(there)} {what}{unknown}"
    return f"{number(sum(there))} / {len(there)} {what}{unknown}"


def _points(known: Known, games: Sequence[PlayedGame], fallback: bool) -> Answer:
    """Take the mean of points; before the cache has a row only features with a fallback know it."""
    needed = GAMES_NEEDED[PDC]
    early = not known.has_enough(PDC)
    if not games:
        return Answer(None, "he has no active game this season yet")
    if early and not fallback:
        return _too_few(known, needed)
    mean = known.points(games)
    words = _mean([game.box.points for game in games], "points a game", mean)
    return Answer(mean, f"{words}, all his games so far" if early else words, early)


def _points_avg_last_5(known: Known) -> Answer:
    return _points(known, known.last_5, fallback=False)


def _points_avg_last_10(known: Known) -> Answer:
    return _points(known, known.last_10, fallback=True)


def _points_avg_season(known: Known) -> Answer:
    return _points(known, known.games, fallback=True)


def _points_std_last_10(known: Known) -> Answer:
    if not known.has_enough(PDC):
        return _too_few(known, GAMES_NEEDED[PDC])
    values = [game.box.points for game in known.last_10 if game.box.points is not None]
    if known.points_std is None:
        return Answer(None, f"points are known in {len(values)} of {len(known.last_10)} games")
    squares, total, n = sum(x * x for x in values), sum(values), len(values)
    return Answer(
        known.points_std,
        f"square root of ({n} x {number(squares)} - {number(total)} x {number(total)}) / ({n} x {n - 1}): "
        f"{number(squares)} is the sum of the squares of {', '.join(map(number, values))}",
    )


def _games_in_last_7_days(known: Known) -> Answer:
    gap = known.gap_in_last_days(7)
    if gap:
        return Answer(None, f"{gap} has no box score, so he may have played then")
    games = known.in_last_days(7)
    words = f"{len(games)} from {_span(known, 7)}" + (f": {_dates(games)}" if games else "")
    return Answer(len(games), words, not known.has_enough(PDC))


def _recent_trend(known: Known) -> Answer:
    if len(known.games) < 5:
        return _too_few(known, 5)
    newest, before = known.games[:2], known.games[2:5]
    a, b = known.points(newest), known.points(before)
    if a is None or b is None:
        return Answer(None, "points are unknown in more than half of the newest 2 or of the 3 games before")
    change = round(a - b, 9)
    return Answer(
        _step(change, 2, 5),
        f"newest 2 ({_numbers(newest)}) less the 3 before ({_numbers(before)}): {number(a)} - {number(b)} = "
        f"{number(change)} points; 2 and 5 are the steps",
    )


def _minutes_change(known: Known) -> Answer:
    recent, season = known.minutes(known.last_10), known.minutes(known.games)
    if not recent or not season:
        return Answer(None, "his mean minutes are 0 or unknown: " + _missing_minutes(known))
    change = round((recent - season) / season, 9)
    return Answer(
        _step(change, 0.10, 0.20),
        f"last {n_games(len(known.last_10))} {number(recent)} minutes, season {number(season)}: "
        f"{number(100 * change)} %; 10 % and 20 % are the steps",
    )


def _missing_minutes(known: Known) -> str:
    there = sum(game.box.minutes is not None for game in known.last_10)
    return f"known in {there} of his last {n_games(len(known.last_10))}"


def _pct_free_throw(known: Known) -> Answer:
    games = [game for game in known.last_10 if game.box.ft_makes is not None]
    made = sum(game.box.ft_makes or 0 for game in games)
    points = sum(game.box.points or 0 for game in games)
    if len(games) < 5:
        return Answer(
            None,
            f"free throws are known in {len(games)} of his last {n_games(len(known.last_10))}; 5 are needed",
        )
    if points <= 0:
        return Answer(None, f"he scored no point in the {len(games)} games with free throws known")
    share = made / points
    return Answer(
        min(share, 0.5),
        f"{made} free throws made of {points} points in the last {len(games)} games with both known"
        + ("; at most 0.5" if share > 0.5 else ""),
    )


# --- fitness ---------------------------------------------------------------------------------------


def fatigue_parts(known: Known) -> list[tuple[int, str]]:
    """Return what is added to 100, with the reason (contract 4.3). Age is not in raw files."""
    parts = []
    games, minutes, each = known.games_in(7), known.minutes_in(7), known.minutes_per_game_in(7)
    pairs = known.back_to_backs
    if known.back_to_back:
        parts.append((-15, "he played yesterday"))
    elif known.days_rest is not None and known.days_rest >= 3:
        parts.append((5, f"{known.days_rest} days since his last game"))
    if games is not None and games >= 4:
        parts.append((-10, f"{games} games in 7 days"))
    if minutes is not None and minutes > 240:
        parts.append((-10, f"{number(minutes)} minutes in 7 days, over 240"))
    if each is not None and each > 35:
        parts.append((-8, f"{number(each)} minutes a game in 7 days, over 35"))
    if pairs:
        times = f"{pairs} back-to-back{'' if pairs == 1 else 's'} in 14 days"
        parts.append((-12 if pairs >= 2 else -5, times))
    return parts


def _fatigue_score(known: Known) -> Answer:
    parts = fatigue_parts(known)
    score = 100 + sum(points for points, _ in parts)
    said = "".join(f", {'+' if points > 0 else '-'}{abs(points)} ({why})" for points, why in parts)
    gap = known.gap_since_last_game or known.gap_in_last_days(14)
    return Answer(
        max(0, min(100, score)),
        f"100{said or ', nothing to add or take away'}"
        + ("; at most 100" if score > 100 else "")
        + (f"; {gap} has no box score, so what it may have changed counts nothing" if gap else ""),
    )


def _rest_advantage(known: Known) -> Answer:
    mine, theirs = known.days_rest, known.opponent_days_rest
    if mine is None:
        gap = known.gap_since_last_game
        return Answer(None, f"{gap} has no box score" if gap else "he has no active game this season yet")
    if theirs is None:
        return Answer(None, f"{known.opponent} has had no game this season")
    own = f"{mine} day{'' if mine == 1 else 's'} since his last game ({known.last_day})"
    other = known.opponent_last.game.day if known.opponent_last else None
    return Answer(
        clamped(mine - theirs, 2),
        f"{own}, {theirs} since {known.opponent}'s ({other})" + _limit(mine - theirs, 2),
    )


def _back_to_back(known: Known) -> Answer:
    if known.back_to_back is None:
        return Answer(None, f"{known.gap_in_last_days(1)}, yesterday, has no box score")
    last = f"his last game was on {known.last_day}" if known.last_day else "he has not played this season"
    return Answer(float(known.back_to_back), last)


def _injury_risk(known: Known) -> Answer:
    if known.status is None:
        since = f" since his last game ({known.last_day})" if known.last_day else " this season"
        return Answer(None, f"no transaction on him{since}")
    word, day, team = known.status
    return Answer(
        {"available": 0.0, "questionable": 2.0, "out": 3.0}[word],
        f"{word} by {team}'s transaction of {day}, his newest since his last game",
    )


# --- the matchup -----------------------------------------------------------------------------------


def _zones_unknown(known: Known) -> str:
    if not known.has_enough(PSZA):
        return f"it needs {GAMES_NEEDED[PSZA]} active games this season; he has {len(known.games)}"
    if len(known.zone_games) < ZONE_GAMES_PLAYER:
        return f"{len(known.zone_games)} of his last 10 games have shot data; {ZONE_GAMES_PLAYER} are needed"
    return "he took no shot in his last 10 games"


def _opponent_unknown(known: Known) -> str:
    needed, there = GAMES_NEEDED[TDZA], len(known.opponent_defence)
    if there < needed:
        return f"{known.opponent} has {n_games(there)} this season; {needed} are needed"
    return (
        f"{len(known.opponent_zone_games)} of {known.opponent}'s last 15 games have shot data; "
        f"{ZONE_GAMES_TEAM} are needed"
    )


NAMES = {"paint": "paint", "mid_range": "mid_range", "perimeter": "three_pt"}
"""The column's name of each zone that can be a player's first."""


def raw_mismatch(known: Known) -> float | None:
    """Return the zone matchup before the boost and the limit."""
    if known.primary_zone is None:
        return None
    if known.primary_zone == "balanced":
        total = 0.0
        for zone in ZONES:
            d, rate = known.against_league(zone), known.zone_rate(zone)
            if d is None or rate is None:
                return None
            total += d * rate
        return total / 100
    zone = NAMES[known.primary_zone]
    d, rate = known.against_league(zone), known.zone_rate(zone)
    return None if d is None or rate is None else d * min(rate / 50, 1)


def _shot_zone_mismatch_score(known: Known) -> Answer:
    if known.primary_zone is None:
        return Answer(None, "his zones are unknown: " + _zones_unknown(known))
    raw = raw_mismatch(known)
    if raw is None:
        return Answer(None, "the opponent's zones are unknown: " + _opponent_unknown(known))
    zones = ZONES if known.primary_zone == "balanced" else (NAMES[known.primary_zone],)
    allows = "; ".join(
        f"{known.opponent} allows {number(100 * (known.allowed_pct(zone) or 0))} % in {zone}, the league "
        f"{number(100 * known.league.pct[zone])}{'' if known.league.is_measured else ' (usual)'}, "
        f"he takes {number(known.zone_rate(zone) or 0)} % of his shots there"
        for zone in zones
    )
    how = (
        "sum of difference x share"
        if known.primary_zone == "balanced"
        else "difference x his share / 50 (at most 1)"
    )
    boosted = raw * 1.2 if abs(raw) > 5 else raw
    return Answer(
        clamped(boosted, 10),
        f"his zone is {known.primary_zone}; {allows}; {how} = {number(raw)}"
        + (f"; over 5, so x 1.2 = {number(boosted)}" if abs(raw) > 5 else "")
        + _limit(boosted, 10),
    )


def _pace_score(known: Known) -> Answer:
    own, other = known.team_pace, known.opponent_pace_last_10
    if own is None or other is None:
        who = known.team if own is None else known.opponent
        return Answer(None, f"the pace of {who}'s last 10 games is unknown")
    value = (other - own) / 2
    return Answer(
        clamped(value, 3),
        f"({known.opponent}'s last {len(known.opponent_last_10)} {number(other)} - {known.team}'s last "
        f"{len(known.team_last_10)} {number(own)}) / 2 = {number(value)}" + _limit(value, 3),
    )


def _usage_spike_score(known: Known) -> Answer:
    return Answer(0.0, "raw files project no usage, so nothing can spike")


def _opponent_def_rating(known: Known) -> Answer:
    return _opponent(known, [game.rating_allowed for game in known.opponent_last_15], "points per 100")


def _opponent_pace(known: Known) -> Answer:
    return _opponent(known, [game.pace for game in known.opponent_last_15], "possessions per 48 minutes")


def _opponent(known: Known, values: Sequence[float | None], what: str) -> Answer:
    if not known.opponent_is_known:
        return Answer(None, _opponent_unknown(known))
    there = [value for value in values if value is not None]
    if 2 * len(there) < len(values) or not there:
        return Answer(None, f"known in {len(there)} of {known.opponent}'s last 15 games")
    total = sum(there)
    return Answer(
        total / len(there),
        f"{number(total)} / {len(there)}, {what} in {known.opponent}'s last {n_games(len(values))}",
    )


def _team(known: Known, value: float | None, values: Iterable[float | None], what: str) -> Answer:
    there = [value for value in values if value is not None]
    window = f"{known.team}'s last {n_games(len(known.team_last_10))}"
    if value is None:
        return Answer(None, f"known in {len(there)} of {window}")
    words = f"{number(sum(there))} / {len(there)}, {what} in {window}"
    return Answer(value, words, not known.has_enough(PDC))


def _team_pace(known: Known) -> Answer:
    values = (game.pace for game in known.team_last_10)
    return _team(known, known.team_pace, values, "possessions per 48 minutes")


def _team_off_rating(known: Known) -> Answer:
    return _team(known, known.team_rating, (game.rating for game in known.team_last_10), "points per 100")


def _team_win_pct(known: Known) -> Answer:
    if len(known.wins) < 5:
        return Answer(None, f"{known.team} has {n_games(len(known.wins))} this season; 5 are needed")
    won = sum(known.wins)
    return Answer(won / len(known.wins), f"{known.team} won {won} of {n_games(len(known.wins))} this season")


def _home_away(known: Known) -> Answer:
    if known.side is None:
        return Answer(None, "he has no game")
    game = known.side.game
    return Answer(float(known.side.is_home), f"{game.away} plays at {game.home}")


def _playoff_game(known: Known) -> Answer:
    if known.side is None:
        return Answer(None, "he has no game")
    kind = known.side.game.season_type
    return Answer(float(kind == "playoffs"), f"season type of the game: {KINDS[kind]}")


# --- his zones -------------------------------------------------------------------------------------


def _share(zone: str) -> Formula:
    def formula(known: Known) -> Answer:
        rate = known.zone_rate(zone)
        if rate is None:
            return Answer(None, _zones_unknown(known))
        shots = " + ".join(
            f"{game.zones and getattr(game.zones, f'{zone}_attempts')}" for game in known.zone_games
        )
        return Answer(
            rate / 100,
            f"{known.zone_count(zone, 'attempts')} ({shots}) of {known.zone_attempts} shots in his last 10 "
            f"games; {len(known.zone_games)} of them have shot data",
        )

    return formula


FORMULAS: dict[str, Formula] = {
    "points_avg_last_5": _points_avg_last_5,
    "points_avg_last_10": _points_avg_last_10,
    "points_avg_season": _points_avg_season,
    "points_std_last_10": _points_std_last_10,
    "games_in_last_7_days": _games_in_last_7_days,
    "fatigue_score": _fatigue_score,
    "shot_zone_mismatch_score": _shot_zone_mismatch_score,
    "pace_score": _pace_score,
    "usage_spike_score": _usage_spike_score,
    "rest_advantage": _rest_advantage,
    "injury_risk": _injury_risk,
    "recent_trend": _recent_trend,
    "minutes_change": _minutes_change,
    "opponent_def_rating": _opponent_def_rating,
    "opponent_pace": _opponent_pace,
    "home_away": _home_away,
    "back_to_back": _back_to_back,
    "playoff_game": _playoff_game,
    "pct_paint": _share("paint"),
    "pct_mid_range": _share("mid_range"),
    "pct_three": _share("three_pt"),
    "pct_free_throw": _pct_free_throw,
    "team_pace": _team_pace,
    "team_off_rating": _team_off_rating,
    "team_win_pct": _team_win_pct,
}


# --- numbers and words -----------------------------------------------------------------------------


def clamped(value: float, most: float) -> float:
    """Keep a value within [-most, most]."""
    return max(-most, min(most, value))


def _limit(value: float, most: float) -> str:
    return f"; at most {most}" if value > most else f"; at least -{most}" if value < -most else ""


def _step(change: float, small: float, large: float) -> float:
    size = 2 if abs(change) >= large else 1 if abs(change) >= small else 0
    return float(size if change >= 0 else -size)


def n_games(count: int) -> str:
    """Count games in words."""
    return f"{count} game{'' if count == 1 else 's'}"


def number(value: float) -> str:
    """Write a number for reading, up to three decimals."""
    return f"{value:,.3f}".rstrip("0").rstrip(".") if value % 1 else f"{value:,.0f}"


def _numbers(games: Sequence[PlayedGame]) -> str:
    return ", ".join("unknown" if game.box.points is None else number(game.box.points) for game in games)


def _dates(games: Sequence[PlayedGame]) -> str:
    return ", ".join(str(game.day) for game in games)


def _span(known: Known, days: int) -> str:
    return f"{known.day.day - timedelta(days)} to {known.day.day - timedelta(1)}"
