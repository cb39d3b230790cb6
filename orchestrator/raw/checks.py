"""Checks a load as a whole: its files against each other and against what is stored.

The queries see three schemas: `staged` (what the files say), `stored` (what the warehouse has) and `after`
(what it will have).
"""

import duckdb

from orchestrator.core import sql_text
from orchestrator.core.project import RAW
from orchestrator.raw.faults import Faults
from orchestrator.raw.files import Staging, only_row
from orchestrator.raw.tables import GAMES, PLAYER_BOX, RAW_TABLES, SHOTS, TEAM_BOX, RawTable
from orchestrator.raw.words import COUNTING

_COUNTS = f"season_type in ({sql_text.texts(COUNTING)})"


def check_load(staging: Staging, staged: list[RawTable]) -> None:
    """Add what is wrong to the faults of the load."""
    con, faults = staging.con, staging.faults
    _check_codes(staging)
    if GAMES in staged and faults.sound(GAMES, "game_id", "game_date", "season", "season_type"):
        _check_days_of_two_seasons(con, faults)
        if faults.sound(GAMES, *(column.name for column in GAMES.columns)):
            _check_one_game_a_day(con, faults)
    if faults.sound(GAMES, "game_id"):
        for table in (PLAYER_BOX, TEAM_BOX, SHOTS):
            if faults.sound(table, "game_id"):
                _check_games_are_known(con, table, faults)


def _check_codes(staging: Staging) -> None:
    """A team that plays a game that counts must be one of the league's."""
    tables = {table.name: table for table in RAW_TABLES}
    for (name, column), codes in staging.unknown_codes.items():
        table = tables[name]
        if not (staging.faults.sound(table, "game_id") and staging.faults.sound(GAMES, "season_type")):
            continue
        rows = f"staged.{name}"
        if table is not GAMES:
            kinds = "(select game_id, season_type from after.games)"
            rows = f"(select game_id, {column} from {rows}) join {kinds} using (game_id)"
        count, found, game = only_row(
            staging.con.execute(
                f"select count(*), list(distinct {column} order by {column}), min(game_id) from {rows} "
                f"where {column} in ({sql_text.texts(codes)}) and {_COUNTS}"
            )
        )
        if count:
            staging.faults.add(
                table,
                [column],
                f"{table.file}: column {column}: {count:,} rows of games that count (regular season, "
                f"play-in, playoffs) have a code of no NBA team: {', '.join(found)}; e.g. game {game}",
                "Write the code that seeds/nba_teams.csv has; if it is another spelling of one, add it to "
                "seeds/team_aliases.csv",
            )


def _check_days_of_two_seasons(con: duckdb.DuckDBPyConnection, faults: Faults) -> None:
    """A date belongs to the season of its games (contract R2), hence to one."""
    days, day, seasons = only_row(
        con.execute(
            f"""
        with shared as (
            select game_date, list(distinct season order by season) as seasons
            from after.games
            where {_COUNTS} and game_date in (select game_date from staged.games)
            group by game_date
            having count(distinct season) > 1
        )
        select count(*), min(game_date), arg_min(seasons, game_date) from shared
        """
        )
    )
    if days:
        faults.add(
            GAMES,
            ["season"],
            f"{GAMES.file}: {days:,} days have games of two seasons; e.g. {day} of {' and '.join(seasons)}",
            "Correct the season or the date of these games",
        )


def _check_one_game_a_day(con: duckdb.DuckDBPyConnection, faults: Faults) -> None:
    """A team plays once a day: two games are one under two ids, or a wrong date."""
    count, day, team, games = only_row(
        con.execute(
            f"""
        with played as (
            select game_id, game_date, unnest([home_team, away_team]) as team
            from after.games
            where
                {_COUNTS}
                and home_score + away_score > 0
                and game_date in (select game_date from staged.games)
        ),
        twice as (
            select game_date, team, list(game_id order by game_id) as games
            from played
            group by all
            having count(*) > 1
        )
        select count(*), min(game_date), arg_min(team, (game_date, team)), arg_min(games, (game_date, team))
        from twice
        """
        )
    )
    if count:
        stored = con.execute(
            "select game_id from stored.games anti join staged.games using (game_id) "
            f"where game_id in ({sql_text.texts(games)})"
        ).fetchall()
        advice = "Keep the right one"
        if stored:
            advice = (
                f"Game {stored[0][0]} is stored already: if it is the same game, give it that id; if the "
                "file should replace what is stored, load it with --replace-season"
            )
        faults.add(
            GAMES,
            ["game_id", "game_date"],
            f"{GAMES.file}: {count:,} times a team plays twice on a day; e.g. {team} on {day}: games "
            f"{' and '.join(games)}",
            advice,
        )


def _check_games_are_known(con: duckdb.DuckDBPyConnection, table: RawTable, faults: Faults) -> None:
    """Every box score and shot must have its game, also when games were replaced after it.

    Stored ones had theirs: they lose it only where games leave, so that not all of history is read again.
    """
    orphans = con.execute(
        f"""
        with concerned as (
            select game_id from staged.{table.name}
            union
            from (select game_id from stored.games anti join after.games using (game_id))
            semi join after.{table.name} using (game_id)
        )
        from concerned anti join after.games using (game_id)
        """
    ).fetchall()
    if orphans:
        who = "team_abbreviation" if table is TEAM_BOX else "player_id"
        count, example, is_in_file = only_row(
            con.execute(
                f"select count(*), min((game_id, {who}::varchar)), "
                f"bool_or(game_id in (select game_id from staged.{table.name})) "
                f"from after.{table.name} where game_id in ({sql_text.texts([game for (game,) in orphans])})"
            )
        )
        where = table.file if is_in_file else f"{RAW}.{table.name}, as stored before,"
        faults.add(
            table,
            ["game_id"],
            f"{where} has {count:,} rows whose game_id is neither in {GAMES.file} "
            f"nor stored; e.g. {sql_text.pairs(('game_id', who), example)}",
            f"Add these games to {GAMES.file}",
        )
