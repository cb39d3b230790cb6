"""Who plays: rosters that trades split, absences, rest, and each game's rotation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demo.league import Population
from demo.schedule import Slate

ROTATION = 13  # most players of a team in one game
TRADES = 18  # swaps a season, one player for one

_SIZES = np.arange(8, ROTATION + 1)
_SIZE_ODDS = np.array([0.05, 0.23, 0.30, 0.17, 0.13, 0.12])
_MOST_ABSENCES = 6  # a player and season
_LONGEST_ABSENCE = 85  # days, about forty games
_HEAD_START = 20  # days before opening night, for those who miss it
_FOREVER = np.datetime64("2999-12-31")
_TEAM_STEP = 10_000_000  # more than any date counted in days

_REASON_TEXTS = """
sprained left ankle;sprained right ankle;illness;sore left knee;sore right knee;back spasms;
strained left hamstring;strained right calf;sore lower back;left hip injury;concussion;
bruised right quadriceps;left foot injury;right shoulder injury;strained groin;broken nose
"""
_REASONS = np.array([text.strip() for text in _REASON_TEXTS.split(";")], dtype=object)


@dataclass(frozen=True)
class Rosters:
    """One season's spells, a player's stretch with a team, and when each player is unavailable."""

    player: np.ndarray
    team: np.ndarray
    first: np.ndarray  # dates, inclusive
    last: np.ndarray
    by_team: np.ndarray  # (30, most spells of a team) of spell numbers, -1 where there are no more
    out_from: np.ndarray  # (player, absence) dates, inclusive; they do not overlap
    out_until: np.ndarray


def build(rng: np.random.Generator, population: Population, dates: np.ndarray) -> Rosters:
    """Rosters and absences of a season whose regular games are on `dates`."""
    player = np.flatnonzero(population.team >= 0)
    team = population.team[player]
    first = np.full(len(player), dates[0] - 60)
    last = np.full(len(player), _FOREVER)

    # Trades: neighbours in ability change places, so that both still have a part to play.
    ranked = np.argsort(-population.ability[player], kind="stable")
    step = len(ranked) // TRADES
    pick = ranked[step * np.arange(TRADES) + rng.integers(0, step - 3, TRADES)]
    rank_of = np.argsort(ranked)
    other = ranked[rank_of[pick] + rng.integers(1, 3, TRADES)]
    swapped = team[pick] != team[other]
    pick, other = pick[swapped], other[swapped]
    # Between mid-December and the deadline, nine weeks before the season ends.
    when = dates[rng.integers(50, 106, len(pick))]
    movers, moved_to = np.concatenate([pick, other]), np.concatenate([team[other], team[pick]])
    on = np.concatenate([when, when])
    last[movers] = on - 1

    player = np.concatenate([player, player[movers]])
    team = np.concatenate([team, moved_to])
    first = np.concatenate([first, on])
    last = np.concatenate([last, np.full(len(movers), _FOREVER)])
    out_from, out_until = _absences(rng, len(population.team), dates[0])
    return Rosters(player, team, first, last, _by_team(team), out_from, out_until)


def _absences(rng: np.random.Generator, players: int, start: np.datetime64):
    shape = (players, _MOST_ABSENCES)
    healthy = rng.exponential(48.0, shape) + 2
    missed = np.minimum(np.exp(1.3 + 1.1 * rng.standard_normal(shape)), _LONGEST_ABSENCE)
    until = np.cumsum(healthy + missed, axis=1)
    start = start - _HEAD_START
    return start + (until - missed).astype(int), start + until.astype(int)


def _by_team(team: np.ndarray) -> np.ndarray:
    order = np.argsort(team, kind="stable")
    count = np.bincount(team, minlength=30)
    seat = np.arange(len(team)) - np.repeat(np.cumsum(count) - count, count)
    table = np.full((30, count.max()), -1)
    table[team[order], seat] = order
    return table


@dataclass(frozen=True)
class _Candidates:
    """Every (box row, spell of that row's team): whether with the team, and absent by which."""

    player: np.ndarray  # (row, candidate)
    rostered: np.ndarray  # (row, candidate)
    out: np.ndarray  # (row, candidate, absence)


def _candidates(rosters: Rosters, slate: Slate) -> _Candidates:
    spell = rosters.by_team[slate.row_team]
    day = slate.row_day[:, None]
    player = rosters.player[spell]
    rostered = (spell >= 0) & (rosters.first[spell] <= day) & (day <= rosters.last[spell])
    out = (rosters.out_from[player] <= day[:, :, None]) & (day[:, :, None] <= rosters.out_until[player])
    return _Candidates(player, rostered, out)


def choose(
    rng: np.random.Generator,
    rosters: Rosters,
    population: Population,
    slate: Slate,
    second_night: np.ndarray,
) -> np.ndarray:
    """Players by box row, those who will play most first; (row, ROTATION), -1 for nobody."""
    candidates = _candidates(rosters, slate)
    player = candidates.player
    veteran = (population.age >= 33) | (population.ability > 1.8)
    rests = second_night[:, None] & veteran[player] & (rng.random(player.shape) < 0.25)
    can_play = candidates.rostered & ~candidates.out.any(axis=-1) & ~rests
    form = population.ability[player] + 0.35 * rng.standard_normal(player.shape)
    order = np.argsort(np.where(can_play, -form, np.inf), axis=1, kind="stable")[:, :ROTATION]
    size = rng.choice(_SIZES, len(player), p=_SIZE_ODDS)
    size = np.minimum(size, can_play.sum(axis=1))
    return np.where(np.arange(ROTATION) < size[:, None], np.take_along_axis(player, order, axis=1), -1)


@dataclass(frozen=True)
class InjuryEvents:
    """Moves on and off the injured list, by date."""

    day: np.ndarray
    player: np.ndarray
    team: np.ndarray
    activated: np.ndarray  # False: placed on the list
    notes: np.ndarray
    days_out: np.ndarray  # NaN where placed


def injury_events(rng: np.random.Generator, rosters: Rosters, slate: Slate) -> InjuryEvents:
    """The absences that cost games: placed on the day of the first, back for the next one."""
    candidates = _candidates(rosters, slate)
    missed = candidates.rostered[:, :, None] & candidates.out
    row, seat, absence = np.nonzero(missed)
    key = candidates.player[row, seat] * _MOST_ABSENCES + absence
    key, at = np.unique(key, return_index=True)  # rows are in order of date: the first one missed
    player, absence = np.divmod(key, _MOST_ABSENCES)
    placed, team = slate.row_day[row[at]], slate.row_team[row[at]]

    until = rosters.out_until[player, absence]
    back, back_team = _next_game(rosters, slate, player, until)
    returned = back != _FOREVER
    count = len(player)
    reason = rng.choice(_REASONS, count)
    day_to_day = ((until - placed).astype(int) < 8) & (rng.random(count) < 0.4)
    placed_notes = np.where(day_to_day, reason + " (DTD)", "placed on IL with " + reason)
    back_notes = np.where(day_to_day, "returned to lineup", "activated from IL").astype(object)
    days_out = (back - placed).astype(float)

    day = np.concatenate([placed, back[returned]])
    order = np.argsort(day, kind="stable")
    return InjuryEvents(
        day=day[order],
        player=np.concatenate([player, player[returned]])[order],
        team=np.concatenate([team, back_team[returned]])[order],
        activated=(np.arange(len(day)) >= count)[order],
        notes=np.concatenate([placed_notes, back_notes[returned]])[order],
        days_out=np.concatenate([np.full(count, np.nan), days_out[returned]])[order],
    )


def _next_game(rosters: Rosters, slate: Slate, player: np.ndarray, after: np.ndarray):
    """Date and team of each player's next game after a date; `_FOREVER` where there is none."""
    best = np.full(len(player), _FOREVER)
    team = np.full(len(player), -1)
    # Games by team, then date, as one sorted number, closed by a team that never plays.
    games = np.sort(slate.row_team * _TEAM_STEP + slate.row_day.astype(int))
    games = np.append(games, 30 * _TEAM_STEP)
    spells = np.argsort(rosters.player, kind="stable")
    start = np.searchsorted(rosters.player[spells], player)
    for nth in range(2):  # a player has one spell, or two when traded
        spell = spells[np.minimum(start + nth, len(spells) - 1)]
        mine = rosters.player[spell] == player
        earliest = np.maximum(after + 1, rosters.first[spell])
        found = games[np.searchsorted(games, rosters.team[spell] * _TEAM_STEP + earliest.astype(int))]
        day = (found % _TEAM_STEP).astype("datetime64[D]")
        better = mine & (found // _TEAM_STEP == rosters.team[spell])
        better &= (day <= rosters.last[spell]) & (day < best)
        best = np.where(better, day, best)
        team = np.where(better, rosters.team[spell], team)
    return best, team
