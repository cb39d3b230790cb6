"""Gathers what was known of a player before a date, never a game of the date itself or later (R1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

from orchestrator.core.seasons import season_of
from orchestrator.explain import raw_rows
from orchestrator.explain.arithmetic import plus, ratio, sum_of_known, times
from orchestrator.explain.games import (
    ZONES,
    Day,
    Known,
    League,
    PlayedGame,
    Side,
    Status,
    TeamGame,
    true_attempts,
)
from orchestrator.explain.raw_rows import Game, PlayerBox, TeamBox, Zones

if TYPE_CHECKING:
    from orchestrator.explain.names import Player
    from orchestrator.warehouse.base import Connection

_Own = tuple[Side, PlayerBox]
"""One of his box-score rows, with its game."""
SLATE_DAYS = 30
"""A player is expected on a slate when his last game is not older."""
USUAL_PCT = {"paint": 0.580, "mid_range": 0.410, "three_pt": 0.355}
"""What stands for the league where too few teams have shot data (contract 4.1)."""


def the_day(schedule: Sequence[Game], day: date, season: int) -> Day:
    """Say what the date is by the schedule."""
    counting = [game for game in schedule if game.counts]
    played = _played(counting)
    days = sorted({game.day for game in played})
    own = [game for game in played if game.season == season]
    opening = min((game.day for game in own if game.season_type == "regular"), default=None) or min(
        (game.day for game in own), default=None
    )
    return Day(
        day,
        season,
        tuple(game for game in played if game.day == day),
        tuple(game for game in schedule if game.day == day and not game.counts),
        tuple(game for game in counting if game.day == day and game not in played),
        opening,
        max((known for known in days if known < day), default=None),
        min((known for known in days if known > day), default=None),
        days[0] if days else None,
        days[-1] if days else None,
    )


def season_on(schedule: Iterable[Game], day: date) -> int:
    """Return the season a date belongs to: that of its games, else by the month (contract R2)."""
    seasons = [game.season for game in schedule if game.counts and game.day == day]
    return max(seasons) if seasons else season_of(day)


def known(
    connection: Connection, player: Player, namesakes: Sequence[str], schedule: Sequence[Game], day: Day
) -> Known:
    """Read what was known of the player before the date; `namesakes` are the ids of others of his name."""
    today = day.day
    counting = {game.game_id: game for game in schedule if game.counts}
    season = {
        game.game_id: game
        for game in _played([*counting.values()])
        if game.season == day.season and game.day <= today
    }
    earlier = [game for game in season.values() if game.day < today]
    earlier.sort(key=lambda game: (game.day, game.game_id))
    boxed = raw_rows.teams_with_box(connection, season)
    first_box = _first_boxes(season, boxed)

    rows = raw_rows.player_boxes(connection, player)
    seen = sorted(counting[row.game_id].day for row in rows if row.game_id in counting)
    own: list[_Own] = [
        (Side(season[row.game_id], row.team), row)
        for row in rows
        if row.game_id in season and row.team in (season[row.game_id].home, season[row.game_id].away)
    ]
    own.sort(key=lambda pair: (pair[0].game.day, pair[0].game.game_id), reverse=True)
    active = [(side, row) for side, row in own if side.game.day < today and row.is_active]
    last = active[0][0] if active else None

    sides_today = [Side(game, team) for game in day.games for team in (game.home, game.away)]
    slate = [side for side in sides_today if _is_on_slate(side, boxed, first_box)]
    side, source = _participation([side for side, _ in own if side.game.day == today], slate, last, today)
    team, opponent = _teams(side, last or (own[0][0] if own else None), sides_today)

    team_sides = _games_of(team, earlier)
    opponent_sides = _games_of(opponent or team, earlier)
    gaps = [side for side in team_sides if (side.game.game_id, side.team) not in boxed]
    last_30 = {game.game_id for game in earlier if game.day >= today - timedelta(30)}
    mine = {side.game.game_id for side, _ in active}
    team_rows = raw_rows.team_boxes(
        connection, last_30 | mine | {side.game.game_id for side in (*team_sides, *opponent_sides)}
    )
    defended = [side for side in opponent_sides if (side.game.game_id, side.opponent) in team_rows][-15:]
    zones = raw_rows.team_zones(connection, last_30 | {side.game.game_id for side in defended})

    def of_team(side: Side) -> TeamGame:
        game_id = side.game.game_id
        return TeamGame(
            side,
            team_rows.get((game_id, side.team)),
            team_rows.get((game_id, side.opponent)),
            zones.get((game_id, side.opponent)),
        )

    return Known(
        player=player,
        day=day,
        games=_played_games(connection, player, active, team_rows),
        side=side,
        context_source=source,
        own_games=[game for game in map(of_team, reversed(team_sides)) if game.own],
        opponent_games=[of_team(side) for side in reversed(opponent_sides)],
        opponent_last=opponent_sides[-1] if opponent_sides else None,
        team_final_games=[side for side in team_sides if side.game.is_final],
        gaps=gaps,
        holes=[
            side
            for side in gaps
            if side.game.is_final and first_box.get(side.game.season_type, today) < today
        ],
        status=_status(connection, player, namesakes, day, side, last, [game.game_id for game in earlier]),
        league=_league(last_30, season, zones, team_rows),
        team=team,
        opponent=opponent,
        has_participants=bool(slate) or any((side.game.game_id, side.team) in boxed for side in sides_today),
        is_awaited=any(side.team == team for side in slate),
        seen=(seen[0], seen[-1]) if seen else None,
    )


def _games_of(team: str | None, games: Iterable[Game]) -> list[Side]:
    return [Side(game, team) for game in games if team and team in (game.home, game.away)]


def _played_games(
    connection: Connection,
    player: Player,
    active: Sequence[_Own],
    team_rows: Mapping[tuple[str, str], TeamBox],
) -> list[PlayedGame]:
    """Add usage and zones to his games."""
    game_ids = [row.game_id for _, row in active]
    with_shots = raw_rows.games_with_shots(connection, game_ids)
    shots = raw_rows.player_zones(connection, player, game_ids)

    def zones(row: PlayerBox) -> Zones | None:
        if row.game_id not in with_shots:
            return None
        paint_makes, paint, mid_range_makes, mid_range = shots.get(row.game_id, (0, 0, 0, 0))
        return Zones(paint_makes, paint, mid_range_makes, mid_range, row.three_makes, row.three_attempts)

    return [
        PlayedGame(side, row, _usage(row, team_rows.get((row.game_id, row.team))), zones(row))
        for side, row in active
    ]


def _played(games: Sequence[Game]) -> list[Game]:
    """Leave out games that were not played and will not be (contract R15)."""
    newest = max((game.day for game in games if game.is_final), default=None)
    return [
        game
        for game in games
        if game.is_final or not (game.is_called_off or (newest is not None and game.day < newest))
    ]


def _first_boxes(season: Mapping[str, Game], boxed: set[tuple[str, str]]) -> dict[str, date]:
    """Return the date of the first box score of each kind of game."""
    first: dict[str, date] = {}
    for game_id, _ in boxed:
        game = season[game_id]
        first[game.season_type] = min(first.get(game.season_type, game.day), game.day)
    return first


def _is_on_slate(side: Side, boxed: set[tuple[str, str]], first_box: dict[str, date]) -> bool:
    """Do the expected players of this game stand for those who played (contract R15)?"""
    game = side.game
    if not game.is_final:
        return True
    return (game.game_id, side.team) not in boxed and first_box.get(game.season_type, date.max) <= game.day


def _participation(
    rows: Sequence[Side], slate: Sequence[Side], newest: Side | None, today: date
) -> tuple[Side | None, str | None]:
    """Return his game on the date, and how it is known."""
    expected = None
    if newest and newest.game.day >= today - timedelta(SLATE_DAYS):
        mine = [side for side in slate if side.team == newest.team]
        expected = max(mine, key=lambda side: side.game.game_id, default=None)
    seen = max(rows, key=lambda side: side.game.game_id, default=None)
    # Facts from before the game win, unless a box score shows him in another one.
    if expected and (seen is None or seen.game.game_id == expected.game.game_id):
        return expected, "upcoming"
    return (seen, "history") if seen else (None, None)


def _teams(
    side: Side | None, last: Side | None, sides_today: Sequence[Side]
) -> tuple[str | None, str | None]:
    """Return his team and its opponent on the date; where he does not play, those of his last team."""
    if side:
        return side.team, side.opponent
    if last is None:
        return None, None
    return last.team, next((own.opponent for own in sides_today if own.team == last.team), None)


def _status(
    connection: Connection,
    player: Player,
    namesakes: Sequence[str],
    day: Day,
    side: Side | None,
    last: Side | None,
    game_ids: Sequence[str],
) -> Status | None:
    """Return the newest transaction since his last game that is about him (contract 4.3)."""
    if side is None:
        return None
    teams = {side.team, last.team} if last else {side.team}
    events = [
        event
        for event in raw_rows.transactions(connection, player, day.season, day.day)
        if event.team in teams and (last is None or event.day > last.game.day)
    ]
    # A name that differs by its suffix is his if the team has had nobody else of it this season.
    crowded: set[str] = set()
    if any(event.folded != player.folded for event in events):
        crowded = raw_rows.teams_of_namesakes(connection, namesakes, game_ids)
    found = [
        Status(
            "available" if event.acquired else "questionable" if "(DTD)" in (event.notes or "") else "out",
            event.day,
            event.team or "",
        )
        for event in events
        if event.folded == player.folded or event.team not in crowded
    ]
    # Of two on one day the more cautious counts.
    caution = ("out", "questionable", "available")
    return max(found, key=lambda status: (status.day, -caution.index(status.word)), default=None)


def _league(
    last_30: set[str],
    season: Mapping[str, Game],
    zones: Mapping[tuple[str, str], Zones],
    rows: Mapping[tuple[str, str], TeamBox],
) -> League:
    """Return the league's shooting by zone: the mean of the teams with 10 games, if those are 10 at least."""
    allowed: dict[str, list[Zones]] = {}
    newest: dict[str, date] = {}
    for (game_id, team), shots in zones.items():
        if game_id in last_30 and (game_id, team) in rows:
            side = Side(season[game_id], team)
            allowed.setdefault(side.opponent, []).append(shots)
            newest[side.opponent] = max(side.game.day, newest.get(side.opponent, side.game.day))
    of_team = {team: games for team, games in allowed.items() if len(games) >= 10}
    qualified = list(of_team.values())
    if len(qualified) < 10:
        return League(USUAL_PCT, len(qualified), is_measured=False, newest=None)
    pct = {}
    for zone in ZONES:
        teams = [
            ratio(
                sum_of_known(getattr(game, f"{zone}_makes") for game in games),
                sum_of_known(getattr(game, f"{zone}_attempts") for game in games),
            )
            for games in qualified
        ]
        shares = [share for share in teams if share is not None]
        pct[zone] = sum(shares) / len(shares) if shares else USUAL_PCT[zone]
    return League(pct, len(qualified), is_measured=True, newest=max(newest[team] for team in of_team))


def _usage(player: PlayerBox, team: TeamBox | None) -> float | None:
    if team is None or team.minutes is None:
        return None
    own = plus(true_attempts(player), player.turnovers)
    whole = plus(true_attempts(team), team.turnovers)
    if own is None or whole is None or player.minutes is None:
        return None
    return times(100, ratio(own * team.minutes / 5, player.minutes * whole))
