"""The shapes of stats.nba.com, nba_api and Kaggle: the inverse of the formats."""

import gzip
import json
import sqlite3
import tarfile
import zipfile
from contextlib import closing
from pathlib import Path

from tests.shapes.shape import Connection, Shape

V3 = {
    "fgm": "fieldGoalsMade",
    "fga": "fieldGoalsAttempted",
    "fg3m": "threePointersMade",
    "fg3a": "threePointersAttempted",
    "ftm": "freeThrowsMade",
    "fta": "freeThrowsAttempted",
    "oreb": "reboundsOffensive",
    "dreb": "reboundsDefensive",
    "reb": "reboundsTotal",
    "ast": "assists",
    "stl": "steals",
    "blk": "blocks",
    "tov": "turnovers",
    "pf": "foulsPersonal",
    "pts": "points",
}
BOX = ", ".join(V3)
BOX_V2 = BOX.replace("tov", 'tov as "TO"')
CAMEL = ", ".join(f"{ours}::varchar as {theirs}" for ours, theirs in V3.items())

LOG_OF_PLAYERS = f"""
    select
        '2' || season[:4] as SEASON_ID, player_id as PLAYER_ID, player_name as PLAYER_NAME,
        team_id as TEAM_ID, team_abbreviation as TEAM_ABBREVIATION, ltrim(game_id, '0') as GAME_ID,
        game_date as GAME_DATE, team_abbreviation || if(is_home, ' vs. ', ' @ ') || opponent as MATCHUP,
        wl as WL, min as MIN, {BOX}, plus_minus as PLUS_MINUS
    from player_box
"""
LOG_OF_TEAMS = f"""
    select
        '2' || season[:4] as SEASON_ID, team_id as TEAM_ID, team_abbreviation as TEAM_ABBREVIATION,
        team_name as TEAM_NAME, ltrim(game_id, '0') as GAME_ID, game_date as GAME_DATE, matchup as MATCHUP,
        wl as WL, min as MIN, {BOX}, plus_minus as PLUS_MINUS
    from team_box
"""
SHOT_CHART = """
    select
        'Shot Chart Detail' as GRID_TYPE, ltrim(game_id, '0') as GAME_ID, 1 as GAME_EVENT_ID,
        player_id as PLAYER_ID, player_name as PLAYER_NAME, team_id as TEAM_ID, '' as TEAM_NAME,
        period as PERIOD, minutes_remaining as MINUTES_REMAINING,
        seconds_remaining as SECONDS_REMAINING,
        action_type as ACTION_TYPE, shot_type as SHOT_TYPE, zone_basic as SHOT_ZONE_BASIC,
        zone_area as SHOT_ZONE_AREA, zone_range as SHOT_ZONE_RANGE, shot_distance as SHOT_DISTANCE,
        loc_x as LOC_X, loc_y as LOC_Y, shot_made::int as SHOT_MADE_FLAG,
        strftime(game_date, '%Y%m%d') as GAME_DATE,
        home_team as HTM, away_team as VTM
    from shots
"""
# Who did not play is in a box score, too; the log has only those who did.
V2_PLAYERS = f"""
    select
        game_id as GAME_ID, team_id as TEAM_ID, team_abbreviation as TEAM_ABBREVIATION, '' as TEAM_CITY,
        player_id as PLAYER_ID, player_name as PLAYER_NAME, '' as START_POSITION, '' as COMMENT,
        min || '.000000:00' as MIN, {BOX_V2}, plus_minus as PLUS_MINUS
    from player_box
    union all by name
    select distinct game_id as GAME_ID, 1 as TEAM_ID, 'BOS' as TEAM_ABBREVIATION, 9 as PLAYER_ID,
        'Nobody' as PLAYER_NAME, 'DNP - Coach''s Decision' as COMMENT
    from player_box
"""
V2_TEAMS = f"""
    select
        game_id as GAME_ID, team_id as TEAM_ID, team_name as TEAM_NAME,
        team_abbreviation as TEAM_ABBREVIATION, '' as TEAM_CITY, min::int || ':00' as MIN, {BOX_V2},
        plus_minus as PLUS_MINUS
    from team_box
"""
V2_BENCH = V2_TEAMS.replace("from team_box", ", 'Bench' as STARTERS_BENCH from team_box")
V3_PLAYERS = f"""
    select
        game_id as "gameId", team_id as "teamId", team_abbreviation as "teamTricode", player_id as "personId",
        split_part(player_name, ' ', 1) as "firstName",
        player_name[strpos(player_name, ' ') + 1:] as "familyName",
        '' as comment, min || ':00' as minutes, {CAMEL}, plus_minus as "plusMinusPoints"
    from player_box
    union all by name
    select distinct game_id as "gameId", 1 as "teamId", 'BOS' as "teamTricode", 9 as "personId",
        'No' as "firstName", 'Body' as "familyName", 'DND - Injury/Illness' as comment
    from player_box
"""
V3_TEAMS = f"""
    select
        game_id as "gameId", team_id as "teamId", '' as "teamCity", team_name as "teamName",
        team_abbreviation as "teamTricode", min::int || ':00' as minutes, {CAMEL},
        plus_minus as "plusMinusPoints"
    from team_box
"""
SCHEDULE = """
    select
        game_id as "gameId", 3 as "gameStatus", 'Final' as "gameStatusText", 'N' as "postponedStatus",
        game_date || 'T00:00:00Z' as "gameDateEst",
        game_date || 'T' || nullif(tip_et, '') || 'Z' as "gameDateTimeEst",
        label as "gameLabel", arena as "arenaName", arena_city as "arenaCity",
        home_team_id as "homeTeam_teamId", '' as "homeTeam_teamCity", home_team_name as "homeTeam_teamName",
        home_team as "homeTeam_teamTricode", home_score as "homeTeam_score",
        away_team_id as "awayTeam_teamId", '' as "awayTeam_teamCity", away_team_name as "awayTeam_teamName",
        away_team as "awayTeam_teamTricode", away_score as "awayTeam_score"
    from games
"""
KAGGLE_PLAYERS = f"""
    select
        split_part(player_name, ' ', 1) as "firstName",
        player_name[strpos(player_name, ' ') + 1:] as "lastName",
        player_id as "personId", ltrim(game_id, '0') as "gameId", game_date || ' 22:30:00' as "gameDate",
        '' as "playerteamCity", own.team_name as "playerteamName", '' as "opponentteamCity",
        other.team_name as "opponentteamName", (wl = 'W')::int as win, is_home::int as home,
        min || '.0' as "numMinutes", {CAMEL}, plus_minus as "plusMinusPoints"
    from player_box
    join team_names as own on own.team_abbreviation = player_box.team_abbreviation
    join team_names as other on other.team_abbreviation = opponent
"""
KAGGLE_TEAMS = f"""
    select
        ltrim(game_id, '0') as "gameId", game_date || 'T22:30:00-05:00' as "gameDateTimeEst",
        '' as "teamCity", team_box.team_name as "teamName",
        team_box.team_id as "teamId", other.team_id as "opponentTeamId",
        is_home::int as home, (wl = 'W')::int as win, pts as "teamScore", 0 as "opponentScore",
        {CAMEL.replace("pts::varchar as points", 'min as "numMinutes"')}, plus_minus as "plusMinusPoints"
    from team_box join team_names as other on other.team_abbreviation = opponent_abbreviation
"""
KAGGLE_GAMES = """
    select
        ltrim(game_id, '0') as "gameId", game_date || ' 22:30:00' as "gameDateTimeEst", '' as "hometeamCity",
        home_team_name as "hometeamName", home_team_id as "hometeamId", '' as "awayteamCity",
        away_team_name as "awayteamName", away_team_id as "awayteamId", home_score as "homeScore",
        away_score as "awayScore", label as "gameLabel"
    from games
"""

# wyattowalsh's table `game` has the two box scores of a game in one row.
OF_A_TEAM = ["team_id", "team_abbreviation", "team_name", "matchup", "wl", *V3, "plus_minus"]
SIDES = ", ".join(f"{side}.{name} as {name}_{side}" for side in ("home", "away") for name in OF_A_TEAM)
WYATTOWALSH = f"""
    select
        if(games.season_type = 'playoffs', '4', '2') || games.season[:4] as season_id,
        games.game_id, games.game_date || ' 00:00:00' as game_date, home.min::int as min,
        if(games.season_type = 'playoffs', 'Playoffs', 'Regular Season') as season_type, {SIDES}
    from games
    join team_box as home on home.game_id = games.game_id and home.team_abbreviation = home_team
    join team_box as away on away.game_id = games.game_id and away.team_abbreviation = away_team
"""
BALLDONTLIE_GAMES = """
    select
        ltrim(game_id, '0')::int as id, game_date as date, season[:4]::int as season, 'Final' as status,
        season_type = 'playoffs' as postseason, home_score as home_team_score,
        away_score as visitor_team_score, {'full_name': home_team_name} as home_team,
        {'full_name': away_team_name} as visitor_team
    from games
"""
BALLDONTLIE_STATS = f"""
    select
        row_number() over () as id, min::int::varchar as min, {BOX.replace("tov", "tov as turnover")},
        plus_minus,
        {{
            'id': player_id, 'first_name': split_part(player_name, ' ', 1),
            'last_name': player_name[strpos(player_name, ' ') + 1:]
        }} as player,
        {{'id': team_id, 'full_name': team_name}} as team,
        {{
            'id': ltrim(game_id, '0')::int, 'date': games.game_date, 'season': games.season[:4]::int,
            'home_team_id': home_team_id, 'visitor_team_id': away_team_id,
            'home_team_score': home_score, 'visitor_team_score': away_score
        }} as game
    from player_box
    join games using (game_id)
    join team_names using (team_id)
"""

# The columns that a form does not have: NULL by nature.
OF_GAMES = {"home_is_nba", "away_is_nba", "has_player_box", "has_shots", "source"}
OF_LOGS = {
    "games": OF_GAMES | {"tip_et", "arena", "arena_city", "label", "game_status"},
    "player_box": {"fg_pct", "fg3_pct", "ft_pct", "is_home", "season_type", "opponent", "source"},
    "team_box": {"is_home", "season_type", "opponent_abbreviation", "source"},
    "shots": {"opponent", "zone_group", "source"},
}
OF_BOXES_AND_SCHEDULE = OF_LOGS | {"games": OF_GAMES, "team_box": OF_LOGS["team_box"] | {"matchup"}}
OF_KAGGLE = {
    "games": OF_GAMES | {"tip_et", "arena", "arena_city", "game_status"},
    "player_box": {"fg_pct", "fg3_pct", "ft_pct", "season_type", "team_id", "source"},
    "team_box": {"season_type", "matchup", "source"},
}
OF_WYATTOWALSH = OF_LOGS | {"team_box": {"season_type", "source"}}
OF_BALLDONTLIE = {
    "games": OF_LOGS["games"] - {"source", "game_status"} | {"home_team_id", "away_team_id"},
    "player_box": OF_LOGS["player_box"] - {"source"} | {"team_id"},
    "team_box": OF_LOGS["team_box"] - {"source"} | {"team_id", "team_name", "matchup", "plus_minus"},
}
SAYS_FINAL = {"games": {"game_status"}}  # our files say nothing, a schedule says Final
# A player with neither minutes nor anything counted cannot be told from one who did not play.
COUNTED = " + ".join(f"coalesce({name}, 0)" for name in V3)
PLAYED = {"player_box": f"not (min = 0 and {COUNTED} = 0)"}
PLAYED_OR_WAS_ON_COURT = {"player_box": f"not (min = 0 and {COUNTED} = 0 and plus_minus = 0)"}


def csv(con: Connection, sql: str, path: Path) -> Path:
    con.execute(f"copy ({sql}) to '{path}' (format csv, header)")
    return path


def sqlite(con: Connection, sql: str, path: Path, table: str) -> None:
    found = con.execute(sql)
    names = ", ".join(name for name, *_ in found.description)
    with closing(sqlite3.connect(path)) as file, file:
        file.execute(f"create table {table} ({names})")
        places = ", ".join("?" for _ in found.description)
        while rows := found.fetchmany(10_000):
            file.executemany(f"insert into {table} values ({places})", rows)


def dicts(con: Connection, sql: str) -> list[dict]:
    found = con.execute(sql)
    names = [name for name, *_ in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def by(rows: list[dict], *keys: str) -> dict[tuple, list[dict]]:
    """Return the rows by the values of some columns."""
    found: dict[tuple, list[dict]] = {}
    for row in rows:
        found.setdefault(tuple(row[key] for key in keys), []).append(row)
    return found


def result_set(name: str, rows: list[dict]) -> dict:
    return {
        "name": name,
        "headers": [key.upper() for key in rows[0]],
        "rowSet": [list(row.values()) for row in rows],
    }


def as_json(value: object) -> str:
    return json.dumps(value, default=str)


def as_csv(con, files):
    for name, sql in (("players", LOG_OF_PLAYERS), ("teams", LOG_OF_TEAMS), ("shots", SHOT_CHART)):
        csv(con, sql, files / f"{name}.csv")


def as_result_sets(con, files):
    """What stats.nba.com answers for a season."""
    for name, sql in (("players", LOG_OF_PLAYERS), ("teams", LOG_OF_TEAMS), ("shots", SHOT_CHART)):
        for (season,) in con.execute("select distinct season from games").fetchall():
            if rows := dicts(con, f"{sql} where season = '{season}'"):
                answer = {"resource": name, "parameters": {}, "resultSets": [result_set(name, rows)]}
                (files / f"{name}_{season}.json").write_text(as_json(answer))


def as_gzip(con, files):
    as_csv(con, files)
    for path in list(files.iterdir()):
        Path(f"{path}.gz").write_bytes(gzip.compress(path.read_bytes(), 1))
        path.unlink()


def as_zip(con, files):
    as_csv(con, files)
    paths = list(files.iterdir())
    with zipfile.ZipFile(files / "all.zip", "w") as archive:
        for path in paths:
            archive.write(path, f"folder/{path.name}")
            path.unlink()


def as_tar(con, files):
    as_csv(con, files)
    paths = list(files.iterdir())
    with tarfile.open(files / "all.tar.xz", "w:xz", preset=0) as archive:
        for path in paths:
            archive.add(path, path.name)
            path.unlink()


def as_parquet(con, files):
    for name, sql in (
        ("log of players", LOG_OF_PLAYERS),
        ("log of teams", LOG_OF_TEAMS),
        ("chart", SHOT_CHART),
    ):
        con.execute(f"copy ({sql}) to '{files / name}.parquet'")


def as_v2_of_each_game(con, files):
    """What stats.nba.com answers for a game, and the log of teams, whose rows go before the answer's."""
    csv(con, LOG_OF_TEAMS, files / "teams.csv")
    csv(con, SHOT_CHART, files / "shots.csv")
    sets = {
        name: by(dicts(con, sql), "GAME_ID")
        for name, sql in (
            ("PlayerStats", V2_PLAYERS),
            ("TeamStats", V2_TEAMS),
            ("TeamStarterBenchStats", V2_BENCH),
        )
    }
    for game in sets["TeamStats"]:
        answer = {"resultSets": [result_set(name, games[game]) for name, games in sets.items()]}
        (files / f"{game[0]}.json").write_text(as_json(answer))


def as_v2_frames(con, files):
    as_schedule_frame(con, files)
    csv(con, V2_PLAYERS, files / "players.csv")
    csv(con, V2_TEAMS, files / "teams.csv")


def as_v3_of_each_game(con, files):
    """What stats.nba.com answers for a game, and the schedule."""
    dates: dict[str, list] = {}
    for row in dicts(con, SCHEDULE):
        game: dict = {}
        for key, value in row.items():
            side, _, name = key.rpartition("_")
            (game.setdefault(side, {}) if side else game)[name] = value
        dates.setdefault(row["gameDateEst"], []).append(game)
    days = [{"gameDate": day, "games": games} for day, games in dates.items()]
    (files / "schedule.json").write_text(
        as_json({"leagueSchedule": {"seasonYear": "2024-25", "gameDates": days}})
    )
    csv(con, SHOT_CHART, files / "shots.csv")
    players = by(dicts(con, V3_PLAYERS), "gameId", "teamTricode")
    teams = by(dicts(con, V3_TEAMS), "gameId", "teamTricode")
    for game, home, away in con.execute("select game_id, home_team, away_team from games").fetchall():
        box: dict = {"gameId": game}
        for side, code in (("homeTeam", home), ("awayTeam", away)):
            [team], own = teams[game, code], players[game, code]
            box[side] = team | {"players": [row | {"statistics": row} for row in own], "statistics": team}
        (files / f"{game}.json").write_text(as_json({"meta": {}, "boxScoreTraditional": box}))


def as_v3_frames(con, files):
    as_schedule_frame(con, files)
    csv(con, V3_PLAYERS, files / "players.csv")
    csv(con, V3_TEAMS, files / "teams.csv")


def as_schedule_frame(con, files):
    csv(con, SCHEDULE, files / "schedule.csv")


def as_kaggle(con, files):
    csv(con, KAGGLE_GAMES, files / "Games.csv")
    csv(con, KAGGLE_PLAYERS, files / "PlayerStatistics.csv")
    csv(con, KAGGLE_TEAMS, files / "TeamStatistics.csv")


def as_wyattowalsh(con, files):
    """His nba.sqlite, with a table that nobody reads, and the log of players that it lacks."""
    sqlite(con, WYATTOWALSH, files / "nba.sqlite", "game")
    sqlite(con, "select 1 as eventnum, 'x' as homedescription", files / "nba.sqlite", "play_by_play")
    csv(con, LOG_OF_PLAYERS, files / "players.csv")
    csv(con, SHOT_CHART, files / "shots.csv")


def as_balldontlie(con, files):
    con.execute(f"copy ({BALLDONTLIE_GAMES}) to '{files / 'games.json'}' (array true)")
    con.execute(f"copy ({BALLDONTLIE_STATS}) to '{files / 'stats.json'}' (array true)")


def without_shots(absent: dict[str, set[str]]) -> dict[str, set[str]]:
    return {table: columns for table, columns in absent.items() if table != "shots"}


SHAPES = {
    "csv": Shape(as_csv, OF_LOGS),
    "resultSets": Shape(as_result_sets, OF_LOGS),
    "gzip": Shape(as_gzip, OF_LOGS),
    "zip": Shape(as_zip, OF_LOGS),
    "tar.xz": Shape(as_tar, OF_LOGS),
    "parquet": Shape(as_parquet, OF_LOGS),
    "V2 of each game": Shape(as_v2_of_each_game, OF_LOGS),
    "V2 frames": Shape(as_v2_frames, without_shots(OF_BOXES_AND_SCHEDULE), SAYS_FINAL),
    "V3 of each game": Shape(as_v3_of_each_game, OF_BOXES_AND_SCHEDULE, SAYS_FINAL),
    "V3 frames": Shape(as_v3_frames, without_shots(OF_BOXES_AND_SCHEDULE), SAYS_FINAL),
    "eoinamoore": Shape(as_kaggle, OF_KAGGLE, known=PLAYED_OR_WAS_ON_COURT),
    # A game has one number of minutes there; with us the two teams' differ by rounding.
    "wyattowalsh": Shape(as_wyattowalsh, OF_WYATTOWALSH, {"team_box": {"min"}}),
    "balldontlie": Shape(
        as_balldontlie,
        OF_BALLDONTLIE,
        {"games": {"source", "game_status"}, "player_box": {"source"}, "team_box": {"source", "min"}},
        PLAYED,
        # The sums of players are unknown where theirs are, as the real data's are in playoffs.
        comparable={"team_box": "ltrim(game_id, '0') like '2%'"},
        game_id="ltrim(game_id, '0')",
    ),
}
