"""Where and when each shot of a box score was taken."""

from __future__ import annotations

import numpy as np

PAINT, MID_RANGE, THREE = range(3)

_ACTIONS = {
    PAINT: "Driving Layup Shot|Layup Shot|Cutting Dunk Shot|Driving Floating Jump Shot|Hook Shot",
    MID_RANGE: "Pullup Jump shot|Jump Shot|Fadeaway Jump Shot|Turnaround Jump Shot|Step Back Jump shot",
    THREE: "Jump Shot|Jump Shot|Jump Shot|Pullup Jump shot|Step Back Jump shot",
}
_ACTION = np.array([text.split("|") for text in _ACTIONS.values()], dtype=object)
_TYPE = np.array(["2PT Field Goal", "2PT Field Goal", "3PT Field Goal"], dtype=object)
_HEAVE_ODDS = 0.005  # of missed threes
_MISLABELLED_ODDS = 0.002  # of the shortest threes


def shot_columns(
    rng: np.random.Generator, attempts: np.ndarray, makes: np.ndarray, game: np.ndarray, overtimes
) -> dict[str, np.ndarray]:
    """Shots of player-games, in order of game and clock.

    `attempts` and `makes` are (player-game, zone); `game` and `overtimes` are by player-game. The
    column `player_game` says whose shot it was; the others are named as in the file.
    """
    count = attempts.ravel()
    player_game, zone = np.divmod(np.repeat(np.arange(count.size), count), 3)
    nth = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    made = nth < np.repeat(makes.ravel(), count)

    length = 60 * (48 + 5 * overtimes[player_game])  # seconds
    elapsed = (rng.random(len(zone)) * length).astype(int)
    order = np.lexsort((elapsed, game[player_game]))
    player_game, zone, made, elapsed = (v[order] for v in (player_game, zone, made, elapsed))

    heave = (zone == THREE) & ~made & (rng.random(len(zone)) < _HEAVE_ODDS)
    x, y = _locations(rng, zone, heave)
    distance = (np.hypot(x, y) / 10).astype(int)
    in_overtime = elapsed >= 48 * 60
    period = np.where(in_overtime, 5 + (elapsed - 48 * 60) // 300, 1 + elapsed // 720)
    left = np.where(in_overtime, 299 - (elapsed - 48 * 60) % 300, 719 - elapsed % 720)
    return {
        "player_game": player_game,
        "period": period,
        "minutes_remaining": left // 60,
        "seconds_remaining": left % 60,
        "action_type": _ACTION[zone, rng.integers(0, _ACTION.shape[1], len(zone))],
        "shot_type": _TYPE[zone],
        **_zone_labels(rng, zone, x, y, distance),
        "shot_distance": distance,
        "loc_x": x,
        "loc_y": y,
        "shot_made": made,
    }


def _locations(rng: np.random.Generator, zone: np.ndarray, heave: np.ndarray):
    """Tenths of a foot from the hoop, y towards midcourt.

    Paint is up to 8 ft, mid-range from 9 ft to the line, threes behind it: the corners (22 ft)
    or above the break (23.75 ft).
    """
    count = len(zone)
    chance = rng.random(count)
    close = np.where(rng.random(count) < 0.62, 3.9 * np.sqrt(chance), 4.0 + 4.8 * chance)
    beyond = 23.9 + np.minimum(rng.exponential(1.5, count), 8.0)
    feet = np.select([zone == PAINT, zone == MID_RANGE], [close, 9.1 + 12.7 * chance], beyond)
    # Keep what is far from the hoop inside the court, and above-the-break threes above the break.
    lowest = np.select([feet < 5, zone == MID_RANGE, zone == PAINT], [-0.6, -0.12, -0.3], 0.4)
    angle = rng.uniform(lowest, np.pi - lowest)
    x, y = 10 * feet * np.cos(angle), 10 * feet * np.sin(angle)

    corner = (zone == THREE) & (rng.random(count) < 0.25)
    side = np.where(rng.random(count) < 0.5, -1, 1)
    x = np.where(corner, side * rng.uniform(222, 245, count), np.clip(x, -248, 248))
    y = np.where(corner, rng.uniform(-45, 87, count), y)
    x = np.where(heave, rng.uniform(-200, 200, count), x)
    y = np.where(heave, rng.uniform(430, 800, count), y)
    return np.rint(x).astype(int), np.rint(y).astype(int)


def _zone_labels(rng, zone, x, y, distance) -> dict[str, np.ndarray]:
    """The league's own labels, which follow the floor: its paint reaches to the foul line."""
    three = zone == THREE
    backcourt = three & (y > 420)
    corner = three & (y < 88)
    basic = np.select(
        [backcourt, corner & (x < 0), corner, three, distance < 4, (np.abs(x) <= 80) & (y <= 138)],
        _texts(
            "Backcourt|Left Corner 3|Right Corner 3|Above the Break 3|Restricted Area|In The Paint (Non-RA)"
        ),
        "Mid-Range",
    )
    group = np.select([three, basic == "Mid-Range"], _texts("three|mid_range"), "paint")
    # The real labels contradict the shot type now and then; readers must go by the type.
    wrong = three & (distance <= 23) & (rng.random(len(zone)) < _MISLABELLED_ODDS)
    basic[wrong], group[wrong] = "Mid-Range", "mid_range"

    degrees = np.degrees(np.arctan2(x, np.maximum(y, 1)))  # 0 straight out, negative to the left
    wing = (distance >= 16) & ((np.abs(degrees) < 60) | (three & ~corner))
    area = np.select(
        [
            backcourt,
            (distance < 8) | (np.abs(degrees) < 18),
            wing & (degrees < 0),
            wing,
            degrees < 0,
        ],
        _texts("Back Court|Center|Left Side Center|Right Side Center|Left Side"),
        "Right Side",
    )
    reach = np.select(
        [backcourt, three & ~wrong, distance < 8, distance < 16],
        _texts("Back Court Shot|24+ ft.|Less Than 8 ft.|8-16 ft."),
        "16-24 ft.",
    )
    return {"zone_basic": basic, "zone_area": area, "zone_range": reach, "zone_group": group}


def _texts(names: str) -> list[np.ndarray]:
    """Labels as object arrays, so that columns hold references instead of wide characters."""
    return [np.array(name, dtype=object) for name in names.split("|")]
