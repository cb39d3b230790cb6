"""The raw rows that one player's features on one date rest on, read by plain SQL.

Neither the models nor their macros are used: this is the other side of the comparison.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from orchestrator.core.project import RAW, REFERENCE
from orchestrator.core.seasons import first_day, season_of

if TYPE_CHECKING:
    from orchestrator.explain.names import Player
    from orchestrator.warehouse.base import Connection

COUNTS = ("regular", "play_in", "playoffs")
"""Season types whose games count (contract R3)."""


class Game(NamedTuple):
    """One game of the schedule between any two teams."""

    game_id: str
    day: date
    season: int
    season_type: str
    home: str
    away: str
    home_score: int | None
    away_score: int | None
    is_called_off: bool
    is_nba: bool
    """Are both teams among the 30?"""

    @property
    def counts(self) -> bool:
        """Does it count (contract R3)?"""
        return self.is_nba and self.season_type in COUNTS

    @property
    def is_final(self) -> bool:
        """Are both scores known, and not both 0 (contract R15)?"""
        return (
            self.home_score is not None
            and self.away_score is not None
            and (self.home_score, self.away_score) != (0, 0)
        )


class PlayerBox(NamedTuple):
    """The player's row in one box score."""

    game_id: str
    team: str
    minutes: float | None
    points: int | None
    fg_makes: int | None
    fg_attempts: int | None
    three_makes: int | None
    three_attempts: int | None
    ft_makes: int | None
    ft_attempts: int | None
    offensive_rebounds: int | None
    defensive_rebounds: int | None
    rebounds: int | None
    assists: int | None
    steals: int | None
    blocks: int | None
    turnovers: int | None
    fouls: int | None
    plus_minus: int | None

    @property
    def is_active(self) -> bool:
        """Did he take part (contract R6)?"""
        if any(value is not None and value > 0 for value in (self.minutes, self.fg_attempts, self.points)):
            return True
        counts = (
            *(self.ft_attempts, self.offensive_rebounds, self.defensive_rebounds, self.rebounds),
            *(self.assists, self.steals, self.blocks, self.turnovers, self.fouls),
        )
        return self.minutes is None and (
            any(value is not None and value > 0 for value in counts)
            or (self.plus_minus is not None and self.plus_minus != 0)
        )


class TeamBox(NamedTuple):
    """A team's row in one box score."""

    game_id: str
    team: str
    minutes: float | None
    points: int | None
    fg_attempts: int | None
    ft_attempts: int | None
    offensive_rebounds: int | None
    turnovers: float | None
    won: bool | None


class Zones(NamedTuple):
    """Shots by zone; None where the box score does not say how many threes there were."""

    paint_makes: int
    paint_attempts: int
    mid_range_makes: int
    mid_range_attempts: int
    three_pt_makes: int | None
    three_pt_attempts: int | None


class Transaction(NamedTuple):
    """A player went on or off the injured list."""

    day: date
    team: str | None
    folded: str
    acquired: str | None
    notes: str | None


def games(connection: Connection) -> list[Game]:
    """Return the whole schedule, the games that do not count included, oldest first."""
    rows = connection.rows(f"""
        select
            game_id, game_date, try_cast(substr(season, 1, 4) as int), season_type, home_team, away_team,
            home_score, away_score,
            coalesce(regexp_matches(lower(game_status), 'postponed|cancel|^ppd$'), false),
            home_team in (select team_abbr from {REFERENCE}.nba_teams)
            and away_team in (select team_abbr from {REFERENCE}.nba_teams)
        from {RAW}.games
        qualify row_number() over (partition by game_id order by ingested_at desc) = 1
        order by game_date, game_id
    """)
    return [
        Game(game_id, day, season_of(day) if season is None else season, *others)
        for game_id, day, season, *others in rows
    ]


def teams_with_box(connection: Connection, game_ids: Iterable[str]) -> set[tuple[str, str]]:
    """Return (game, team) of every box score that has rows of players."""
    rows = connection.rows(
        f"""
        select distinct game_id, team from (
            select game_id, team_abbreviation as team from {RAW}.player_box
            where game_id in (select unnest(?))
            qualify row_number() over (partition by game_id, player_id order by ingested_at desc) = 1
        )
        """,
        [list(game_ids)],
    )
    return {(game_id, team) for game_id, team in rows}


def player_boxes(connection: Connection, player: Player) -> list[PlayerBox]:
    """Return all box-score rows of the player."""
    rows = connection.rows(
        f"""
        select
            game_id, team_abbreviation, min, pts, fgm, fga, fg3m, fg3a, ftm, fta, oreb, dreb, reb, ast, stl,
            blk, tov, pf, plus_minus
        from {RAW}.player_box
        where cast(player_id as varchar) = ?
        qualify row_number() over (partition by game_id order by ingested_at desc) = 1
        """,
        [player.player_id],
    )
    return [PlayerBox(*row) for row in rows]


def team_boxes(connection: Connection, game_ids: Iterable[str]) -> dict[tuple[str, str], TeamBox]:
    """Return the teams' rows of these games. Minutes below 120 are the game's, a fifth of the players'."""
    rows = connection.rows(
        f"""
        select
            game_id, team_abbreviation, if(min < 120, 5 * min, min), pts, fga, fta, oreb, tov, wl = 'W'
        from {RAW}.team_box
        where game_id in (select unnest(?))
        qualify row_number() over (partition by game_id, team_abbreviation order by ingested_at desc) = 1
        """,
        [list(game_ids)],
    )
    return {(row[0], row[1]): TeamBox(*row) for row in rows}


_BY_ZONE = """
    count_if(shot_made and not is_three and shot_distance <= 8) as paint_makes,
    count_if(not is_three and shot_distance <= 8) as paint_attempts,
    count_if(shot_made and not is_three and shot_distance > 8) as mid_range_makes,
    count_if(not is_three and shot_distance > 8) as mid_range_attempts
"""


def games_with_shots(connection: Connection, game_ids: Iterable[str]) -> set[str]:
    """Return which of these games have any shots."""
    rows = connection.rows(
        f"select distinct game_id from {RAW}.shots where game_id in (select unnest(?))", [list(game_ids)]
    )
    return {game_id for (game_id,) in rows}


def player_zones(connection: Connection, player: Player, game_ids: Iterable[str]) -> dict[str, tuple]:
    """Return the player's two-pointers by zone in the games in which he took a shot."""
    rows = connection.rows(
        f"""
        select game_id, {_BY_ZONE}
        from (select *, shot_type = '3PT Field Goal' as is_three from {RAW}.shots)
        where cast(player_id as varchar) = ? and game_id in (select unnest(?))
        group by game_id
        """,
        [player.player_id, list(game_ids)],
    )
    return {game_id: tuple(counts) for game_id, *counts in rows}


def team_zones(connection: Connection, game_ids: Iterable[str]) -> dict[tuple[str, str], Zones]:
    """Return the shots of each team's players in the games that have any, threes from the box score."""
    rows = connection.rows(
        f"""
        with wanted as (
            select unnest(?) as game_id
        ),
        shots as (
            select game_id, player_id, {_BY_ZONE}
            from (select *, shot_type = '3PT Field Goal' as is_three from {RAW}.shots)
            where game_id in (from wanted)
            group by game_id, player_id
        ),
        boxes as (
            select * from {RAW}.player_box
            where game_id in (select game_id from shots)
            qualify row_number() over (partition by game_id, player_id order by ingested_at desc) = 1
        )
        select
            game_id, team_abbreviation,
            coalesce(sum(paint_makes), 0)::int, coalesce(sum(paint_attempts), 0)::int,
            coalesce(sum(mid_range_makes), 0)::int, coalesce(sum(mid_range_attempts), 0)::int,
            sum(fg3m)::int, sum(fg3a)::int
        from boxes left join shots using (game_id, player_id)
        group by game_id, team_abbreviation
        """,
        [list(game_ids)],
    )
    return {(game_id, team): Zones(*counts) for game_id, team, *counts in rows}


def transactions(connection: Connection, player: Player, season: int, before: date) -> list[Transaction]:
    """Return the season's transactions on anybody of the player's name, suffixes aside, newest first."""
    rows = connection.rows(
        f"""
        select event_date, team_abbr, folded(name), nullif(trim(acquired), ''), notes
        from (
            select events.*, teams.team_abbr, coalesce(aliases.player_name, events.player_name) as name
            from {RAW}.injury_events as events
            left join {REFERENCE}.nba_teams as teams on events.team_nickname = teams.nickname
            left join {REFERENCE}.player_aliases as aliases
                on folded(events.player_name) = folded(aliases.printed_name)
            where events.event_date >= ? and events.event_date < ?
        )
        where without_suffix(name) = ?
        order by event_date desc
        """,
        [first_day(season), before, player.stem],
    )
    return [Transaction(*row) for row in rows]


def teams_of_namesakes(connection: Connection, namesakes: Iterable[str], game_ids: Iterable[str]) -> set[str]:
    """Return the teams for which players (by id) have a row in these games."""
    rows = connection.rows(
        f"select distinct team_abbreviation from {RAW}.player_box "
        "where cast(player_id as varchar) in (select unnest(?)) and game_id in (select unnest(?))",
        [list(namesakes), list(game_ids)],
    )
    return {team for (team,) in rows}
