"""A season as it arrives: each morning's folder of files, cut from the real ones, with accidents.

On the morning of a day the games of the day before arrive, played, and the games of the day itself, to be
played. What is meant to go wrong is decided beforehand (`Accidents`).
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb

from tests.replay.accidents import DAY, Accidents, Game, Trade

OF_GAMES = ("games", "player_box", "team_box", "shots", "odds")
COUNTING = "season_type in ('regular', 'play_in', 'playoffs')"
# As contract R6 has it; no player of these box scores has unknown minutes.
ACTIVE = '("min" > 0 or fga > 0 or pts > 0)'


class Season:
    """The real files of one season; every question to them is asked here, none to a warehouse."""

    def __init__(self, files: Path, season: str):
        self.name = season
        self.con = duckdb.connect()
        for table in OF_GAMES:
            self.con.execute(
                f"create table {table} as select * from read_parquet('{files}/{table}.parquet') "
                f"where season = '{season}' order by game_date, game_id"
            )
        first, last = date(int(season[:4]), 10, 1), date(int(season[:4]) + 1, 9, 30)
        self.con.execute(
            f"create table injuries as select * from read_parquet('{files}/injuries.parquet') "
            "where event_date between ? and ?",
            [first, last],
        )
        self.con.execute(f"create table players as select * from read_parquet('{files}/players.parquet')")
        self.games = [
            Game(*row)
            for row in self.con.execute(
                f"select game_id, game_date, home_team, away_team, season_type from games where {COUNTING} "
                "order by game_date, game_id"
            ).fetchall()
        ]
        self.has_box = {game for (game,) in self._rows("select distinct game_id from player_box")}

    @property
    def first_day(self) -> date:
        """Opening night."""
        return min(game.day for game in self.games if game.kind == "regular")

    @property
    def last_day(self) -> date:
        """The last date with a game that counts."""
        return max(game.day for game in self.games)

    def first_enough(self) -> dict[str, date]:
        """Return, by table, the first date after which somebody has the games that a row takes."""
        games_of_players = (
            "select game_date::date as day, row_number() over (partition by player_id order by game_date) "
            f"as games from player_box where {ACTIVE}"
        )
        games_of_teams = (
            "select game_date::date as day, row_number() over (partition by team_abbreviation "
            "order by game_date::date) as games from team_box where season_type <> 'preseason'"
        )
        return {
            table: self._rows(f"select min(day) from ({games}) where games = {needed}")[0][0]
            for table, games, needed in (
                ("team_defense_zone_analysis", games_of_teams, 15),
                ("player_shot_zone_analysis", games_of_players, 10),
                ("player_daily_cache", games_of_players, 5),
            )
        }

    def trades(self, first: date, last: date) -> list[Trade]:
        """Return the first games of players for a new team in [first, last], oldest first."""
        rows = self._rows(
            f"""
            with appearances as (
                select
                    player_id::varchar as player, player_name, game_id, game_date::date as day,
                    team_abbreviation as team,
                    lag(team_abbreviation) over newest_last as old_team,
                    lag(game_date::date) over newest_last as previous_day,
                    count(*) over before as games_before,
                    avg(pts) over last_5 as points_avg_last_5
                from player_box where {ACTIVE}
                window
                    newest_last as (partition by player_id order by game_date, game_id),
                    before as (newest_last rows between unbounded preceding and 1 preceding),
                    last_5 as (newest_last rows between 5 preceding and 1 preceding)
            )
            select player, player_name, game_id, day, old_team, team, previous_day, games_before,
                points_avg_last_5
            from appearances
            where team <> old_team and day between '{first}' and '{last}'
            order by day, player_name
            """
        )
        return [Trade(*row) for row in rows]

    def free_throws(self, game: Game) -> list[tuple[int, int]]:
        """Return (player, free throws made) of the home team, those with minutes, most first."""
        return self._rows(
            "select player_id, ftm from player_box where game_id = ? and team_abbreviation = ? "
            'and "min" > 0 and ftm is not null order by ftm desc, player_id',
            [game.game_id, game.home],
        )

    def _rows(self, sql: str, values: list | None = None) -> list[tuple]:
        return self.con.execute(sql, values or []).fetchall()


class Nights:
    """Writes the folder of each morning."""

    def __init__(self, season: Season, accidents: Accidents, folder: Path, first: date, last: date):
        self._season = season
        self._accidents = accidents
        self._folder = folder
        self._first, self._last = first, last
        season.con.execute(
            "create or replace table boxes as select game_id, game_date + 1 as arrives from games"
        )
        for game, arrives in accidents.late:
            season.con.execute("update boxes set arrives = ? where game_id = ?", [arrives, game.game_id])

    def everything(self) -> Path:
        """Write all files with all that is known in the end, everything right."""
        last = self._last
        return self._write(
            "everything",
            {
                **{table: f"from {table} where game_date::date <= '{last}'" for table in OF_GAMES},
                "injuries": f"from injuries where event_date <= '{last}'",
                "players": "from players",
            },
        )

    def morning(self, day: date) -> Path | None:
        """Write what arrives on a morning, on the first one all that came before, too; None if nothing."""
        is_first = day == self._first
        here = f"<= '{day}'" if is_first else f"= '{day}'"
        yesterday = f"<= '{day - DAY}'" if is_first else f"= '{day - DAY}'"
        boxes = f"game_id in (select game_id from boxes where arrives {here})"
        games = f"from games where game_date {yesterday}"
        if day <= self._last:
            games += f" union all by name ({self._slate(day)})"
        files = {
            "games": games,
            "player_box": self._player_box(day, boxes),
            "team_box": f"from team_box where {boxes}",
            "shots": f"from shots where {boxes}",
            "odds": f"from odds where game_date {yesterday}",
            "injuries": f"from injuries where event_date {yesterday}",
            "players": f"from players where {is_first}",
        }
        return self._write(str(day), files)

    def _player_box(self, day: date, boxes: str) -> str:
        """The box scores of a morning; the one that gets corrected is wrong at first."""
        correction = self._accidents.correction
        corrected = f"game_id = '{correction.game.game_id}'"
        if day == correction.arrives:
            return f"from player_box where {boxes} or {corrected}"
        off = (
            f"case when not {corrected} then 0 when player_id = {correction.scorer} then -2 "
            f"when player_id = {correction.credited} then 2 else 0 end"
        )
        wrong = ", ".join(f"{column} + {off} as {column}" for column in ("pts", "ftm", "fta"))
        return f"select * replace ({wrong}) from player_box where {boxes}"

    def _slate(self, day: date) -> str:
        """The games of a day as they are announced."""
        postponed = self._accidents.postponed
        announced = f"game_date = '{day}'"
        if day == postponed.announced:
            announced = f"({announced} or game_id = '{postponed.game.game_id}')"
        return (
            f"select * replace (date '{day}' as game_date, null as home_score, null as away_score, "
            f"false as has_player_box, false as has_shots) from games where {announced}"
        )

    def _write(self, name: str, files: dict[str, str]) -> Path | None:
        """Write the files that have rows: a file without any is refused, as one that was cut short."""
        folder = self._folder / name
        folder.mkdir(parents=True)
        for file, query in files.items():
            con = self._season.con
            if con.execute(f"select exists ({query})").fetchone()[0]:
                con.execute(f"copy ({query}) to '{folder / file}.parquet' (format parquet)")
        return folder if any(folder.iterdir()) else None
