"""`ingest` reads the files that people have, and gives the same rows whatever the form."""

import gzip
import json
import tarfile
import zipfile
from pathlib import Path

import duckdb
import pytest

from orchestrator.core.errors import UserError
from orchestrator.raw.conversion import prepare
from orchestrator.raw.mapping import formats
from orchestrator.raw.tables import RAW_TABLES
from tests.python.raw_league import load, query

# --- the conversions --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def conversions() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    prepare(con)
    return con


MEANINGS = [
    ("text_of", " a ", "a"),
    ("text_of", "  ", None),
    ("count_of", "12", 12),
    ("count_of", "12.0", 12),
    ("count_of", "+15", 15),
    ("count_of", "-3", -3),
    ("count_of", "", None),
    ("number_of", "-110", -110.0),
    ("number_of", "11.5", 11.5),
    ("number_of", " ", None),
    ("id_of", "1627742.0", 1627742),
    ("game_id_of", "22300061", "0022300061"),
    ("game_id_of", "0022300061", "0022300061"),
    ("game_id_of", "22300061.0", "0022300061"),
    ("game_id_of", "401584693x", "401584693x"),
    ("season_of", "2023-24", "2023-24"),
    ("season_of", "2023", "2023-24"),
    ("season_of", "22023", "2023-24"),
    ("season_of", "21999", "1999-00"),
    ("season_ending_in", "2000", "1999-00"),
    ("season_of_game", "22300061", "2023-24"),
    ("season_of_game", "0029900001", "1999-00"),
    ("season_of_game", "0024600001", "1946-47"),
    ("season_of_game", "0024500001", "2045-46"),
    ("season_of_game", "", None),
    ("season_type_of_game", "12300061", "preseason"),
    ("season_type_of_game", "0022300061", "regular"),
    ("season_type_of_game", "0032300001", "all_star"),
    ("season_type_of_game", "0042300101", "playoffs"),
    ("season_type_of_game", "0052300101", "play_in"),
    ("season_type_of_game", "0062300001", "cup_final"),
    ("date_of", "2023-11-01", "2023-11-01"),
    ("date_of", "20231101", "2023-11-01"),
    ("date_of", "11/01/2023", "2023-11-01"),
    ("date_of", "NOV 01, 2023", "2023-11-01"),
    ("date_of", "2023-11-01T00:00:00", "2023-11-01"),
    ("eastern_day_of", "2026-01-02T03:00:00Z", "2026-01-01"),
    ("eastern_day_of", "2026-01-02T03:00:00", "2026-01-01"),
    ("eastern_day_of", "2026-01-01T23:00:00-05:00", "2026-01-01"),
    ("eastern_day_of", "2026-07-02T04:30:00Z", "2026-07-02"),  # summer time
    ("day_of_eastern_time", "2024-10-22T23:30:00Z", "2024-10-22"),
    ("day_of_eastern_time", "2024-10-22 22:00:00", "2024-10-22"),
    ("day_of_eastern_time", "2024-10-22T22:00:00-04:00", "2024-10-22"),
    ("day_of_eastern_time", "2024-10-22", "2024-10-22"),
    ("day_of_eastern_time", "", None),
    ("instant_of", "2024-02-23T00:00:00Z", "2024-02-23 00:00:00"),
    ("instant_of", "2024-02-22T19:00:00-05:00", "2024-02-23 00:00:00"),
    ("instant_of", "2024-02-23 00:00:00", "2024-02-23 00:00:00"),
    ("eastern_time_of", "2026-01-02T03:00:00Z", "22:00:00"),
    ("eastern_time_of", "", None),
    ("is_home_of", "Home", True),
    ("is_home_of", "away", False),
    ("is_espn_nba_team", "30", True),
    ("is_espn_nba_team", "132375", False),
    ("minutes_of", "34:12", 34.2),
    ("minutes_of", "34.000000:12", 34.2),
    ("minutes_of", "PT34M12.00S", 34.2),
    ("minutes_of", "34.2", 34.2),
    ("minutes_of", "34", 34.0),
    ("minutes_of", "240:00", 240.0),
    ("minutes_of", "", None),
    ("minutes_and_seconds_of", "15.32", 15 + 32 / 60),
    ("minutes_and_seconds_of", "15.3", 15.5),
    ("minutes_and_seconds_of", "15", 15.0),
    ("minutes_of_seconds", "2064.0", 34.4),
    ("flag_of", "True", True),
    ("flag_of", "0", False),
    ("flag_of", "", None),
    ("team_of_name", "Los Angeles Clippers", "LAC"),
    ("team_of_name", "LA Clippers", "LAC"),
    ("team_of_name", "Trail Blazers", "POR"),
    ("team_of_name", "wizards", "WAS"),
    ("team_of_name", "New Orleans Hornets", "NOP"),
    ("team_of_name", "Charlotte Hornets", "CHA"),
    ("team_of_name", "Team Stephen", "Team Stephen"),
    ("team_of_name", "", None),
]


@pytest.mark.parametrize(("macro", "printed", "meant"), MEANINGS)
def test_what_is_printed_is_what_is_meant(conversions, macro, printed, meant):
    [(found,)] = conversions.execute(f"select {macro}(x) from (select ?::varchar as x)", [printed]).fetchall()
    found = str(found) if isinstance(meant, str) else found
    assert found == (pytest.approx(meant) if isinstance(meant, float) else meant)


@pytest.mark.parametrize(
    ("macro", "printed"),
    [
        ("count_of", "12.5"),
        ("count_of", "DNP"),
        ("count_of", "1e400"),
        ("number_of", "inf"),
        ("number_of", "N/A"),
        ("id_of", "jamesle01"),
        ("season_of", "23-24"),
        ("season_of_game", "derived:1"),
        ("season_of_game", "401584693"),
        ("season_type_of_game", "401584693"),
        ("date_of", "2023-11-01T19:30:00"),
        ("date_of", "2023-02-30"),
        ("date_of", "01.11.2023"),
        ("eastern_day_of", "tomorrow"),
        ("day_of_eastern_time", "2024-10-22T23:30:00+00:00"),
        ("day_of_eastern_time", "2024-10-22T23:30:00-08:00"),
        ("day_of_eastern_time", "10/22/2024"),
        ("instant_of", "soon"),
        ("eastern_time_of", "noon"),
        ("is_home_of", "neutral"),
        ("minutes_of", "34:75"),
        ("minutes_of", "DNP"),
        ("minutes_and_seconds_of", "30.75"),
        ("flag_of", "maybe"),
    ],
)
def test_what_nobody_can_know_is_refused_with_the_value(conversions, macro, printed):
    with pytest.raises(duckdb.Error) as error:
        conversions.execute(f"select {macro}(x) from (select ?::varchar as x)", [printed]).fetchall()
    assert printed in str(error.value)


def test_every_macro_has_an_example(conversions):
    ours = {
        name
        for (name,) in conversions.execute(
            "select distinct function_name from duckdb_functions() where not internal"
        ).fetchall()
    }
    # Parts of others, or of several columns: the formats that use them have tests.
    by_use = {
        "eastern_moment_of",
        "espn_season_type_of",
        "season_from",
        "day_of_game",
        "result_of",
        "result_of_team",
        "full_name_of",
        "id_of_name",
        "game_id_of_teams",
    }
    assert ours == {macro for macro, *_ in MEANINGS} | by_use


# --- the samples ------------------------------------------------------------------------------


def schedule(*games: tuple) -> str:
    """The league's schedule as JSON: (id, day, status, its text, postponed, home, score, away, score)."""
    sides = ("homeTeam", "awayTeam")
    listed = [
        {
            "gameId": game_id,
            "gameStatus": status,
            "gameStatusText": text,
            "postponedStatus": postponed,
            "gameDateEst": f"{day}T00:00:00Z",
            "gameDateTimeEst": f"{day}T23:30:00Z",
            "arenaName": "Garden",
        }
        | {
            side: {"teamTricode": team, "teamId": 0, "score": score}
            for side, team, score in zip(sides, teams[::2], teams[1::2], strict=True)
        }
        for game_id, day, status, text, postponed, *teams in games
    ]
    return json.dumps({"meta": {}, "leagueSchedule": {"gameDates": [{"gameDate": "x", "games": listed}]}})


# What each gives in a warehouse that has games already, or the one thing that it cannot give.
GIVES = {
    "balldontlie_games.json": {"games": 3},
    "nba_api_leaguegamelog_team.csv": {"games": 2, "team_box": 4},
    "the_odds_api_player_points.json": {"player_props": 3},
    "nba_api_boxscoretraditionalv3.json": "put the log of teams (LeagueGameLog) or the schedule",
    "shufinskiy_shotdetail_po_2023.csv": "shots.parquet has 5 rows whose game_id is neither in games.parquet",
    "wyattowalsh_game.csv": "have a code of no NBA team: HUS; e.g. game 0024600001",
    "bbref_scraper_2014_11_02.csv": "no format fits the columns of bbref_scraper_2014_11_02.csv",
    "kaggle_playerstatistics_derived.csv": "no format fits the columns of kaggle_playerst",
}


def rows_of(report) -> dict[str, int]:
    found: dict[str, int] = {}
    for (table, _), count in report.rows.items():
        found[table] = found.get(table, 0) + count
    return found


@pytest.mark.parametrize("name", GIVES)
def test_a_sample_loads_or_says_what_it_lacks(samples, full_warehouse, name):
    match GIVES[name]:
        case str(message):
            with pytest.raises(UserError) as error:
                load(samples / name, full_warehouse)
            assert message in str(error.value)
            assert "\n" not in str(error.value)
            assert "Nothing was changed" in str(error.value)
        case rows:
            assert rows_of(load(samples / name, full_warehouse)) == rows


def test_every_sample_is_tried(samples):
    assert {path.name for path in samples.iterdir()} - {"README.md"} == set(GIVES)


def test_games_of_balldontlie(samples, full_warehouse):
    load(samples / "balldontlie_games.json", full_warehouse)
    assert query(
        full_warehouse,
        "select game_id, game_date::varchar, season, home_team, away_team, home_score, away_score, "
        "game_status from nba_raw.games where source = 'balldontlie' order by game_date",
    ) == [
        ("1", "2026-01-01", "2025-26", "LAL", "BOS", 121, 119, "Final"),
        ("2", "2026-01-02", "2025-26", "LAL", "BOS", None, None, "postponed"),
        ("18446819", "2026-10-20", "2026-27", "OKC", "HOU", None, None, None),
    ]


def test_bets_on_players(samples, full_warehouse):
    load(samples / "the_odds_api_player_points.json", full_warehouse)
    assert query(
        full_warehouse,
        "select game_date::varchar, player_name, market, bookmaker, line, over_price, under_price, "
        "quoted_at::varchar from nba_raw.player_props where bookmaker = 'DraftKings' order by player_name",
    ) == [
        ("2024-02-22", "Caris LeVert", "points", "DraftKings", 11.5, -130, 100, "2024-02-22 23:55:07"),
        ("2024-02-22", "Darius Garland", "points", "DraftKings", 20.5, -110, -120, "2024-02-22 23:55:07"),
        ("2024-02-22", "Wendell Carter Jr.", "points", "DraftKings", 10.5, -135, 105, "2024-02-22 23:55:07"),
    ]


def test_a_box_score_takes_its_date_from_the_schedule_beside_it(samples, files, full_warehouse):
    files.mkdir()
    name = "nba_api_boxscoretraditionalv3.json"
    (files / name).write_text((samples / name).read_text())
    (files / "schedule.json").write_text(
        schedule(("0022500165", "2025-11-04", 3, "Final", "N", "TOR", 128, "MIL", 100))
    )
    assert rows_of(load(files, full_warehouse)) == {"games": 1, "player_box": 7, "team_box": 2}
    assert query(
        full_warehouse,
        "select game_date::varchar, season, team_abbreviation, wl, round(min, 3), pts, plus_minus "
        "from nba_raw.player_box where player_name = 'Gary Trent Jr.'",
    ) == [("2025-11-04", "2025-26", "MIL", "L", 21.433, 6, -7)]
    assert query(
        full_warehouse, "select wl, min, pts, team_id from nba_raw.team_box where team_abbreviation = 'TOR'"
    ) == [("W", 240, 128, 1610612761)]


def test_shots_of_a_game_that_is_beside_them(samples, files, full_warehouse):
    files.mkdir()
    name = "shufinskiy_shotdetail_po_2023.csv"
    (files / name).write_text((samples / name).read_text())
    (files / "schedule.json").write_text(
        schedule(("0042300101", "2024-04-21", 3, "Final", "N", "BOS", 114, "MIA", 94))
    )
    assert rows_of(load(files, full_warehouse)) == {"games": 1, "shots": 5}


def test_games_of_teams_of_today(samples, files, full_warehouse):
    """Nobody can know which team of today the Huskies of 1946 are; the rest loads."""
    files.mkdir()
    lines = (samples / "wyattowalsh_game.csv").read_text().splitlines()
    (files / "game.csv").write_text("\n".join(line for line in lines if "HUS" not in line))
    assert rows_of(load(files, full_warehouse)) == {"games": 3}


BBREF = """
title: box scores of basketball_reference_web_scraper
files: "bbref_*.csv"
header: false
tables:
  games: &games
    from: |
      select
          column02 as day,
          case when flag_of(column05) then column03 else column04 end as winner,
          column03 as own, column04 as other
      from source
      qualify row_number() over (partition by column02, least(own, other)) = 1
    columns:
      season: season_from(year(date_of(day) - interval 9 months))
      game_id: game_id_of_teams(date_of(day), least(own, other), greatest(own, other))
      game_date: date_of(day)
      season_type: "'regular'"
      home_team: greatest(own, other)
      away_team: least(own, other)
  player_box:
    columns:
      season: season_from(year(date_of(column02) - interval 9 months))
      game_id: game_id_of_teams(date_of(column02), least(column03, column04), greatest(column03, column04))
      game_date: date_of(column02)
      player_id: id_of_name(full_name_of(column00, column01))
      player_name: full_name_of(column00, column01)
      team_abbreviation: text_of(column03)
      wl: case when flag_of(column05) then 'W' else 'L' end
      min: minutes_of_seconds(column06)
      pts: count_of(column21)
"""


def test_a_file_without_a_header_loads_with_a_mapping(samples, full_warehouse, tmp_path):
    (mapping := tmp_path / "bbref.yml").write_text(BBREF)
    report = load(samples / "bbref_scraper_2014_11_02.csv", full_warehouse, mappings=[mapping])
    assert rows_of(report) == {"games": 4, "player_box": 6}
    assert query(
        full_warehouse,
        "select game_id, team_abbreviation, wl, min, pts from nba_raw.player_box "
        "where season = '2014-15' and player_name in ('Lance Stephenson', 'DeMarcus Cousins') order by pts",
    ) == [
        ("derived:2014-11-02:CHO@NYK", "CHA", "L", 2260 / 60, 14),
        ("derived:2014-11-02:LAC@SAC", "SAC", "L", 34.4, 34),
    ]


DERIVED = """
title: player statistics without ids
columns: [firstname, gamedate, playerteamname, opponentteamname, win, home, mp, pts, 3pm, tov]
tables:
  games:
    from: |
      select distinct
          date_of(gamedate) as day,
          team_of_name(case when flag_of(home) then playerteamname else opponentteamname end) as home_team,
          team_of_name(case when flag_of(home) then opponentteamname else playerteamname end) as away_team
      from source
    columns:
      season: season_from(year(day - interval 9 months))
      game_id: game_id_of_teams(day, away_team, home_team)
      game_date: day
      season_type: "'regular'"
      home_team: home_team
      away_team: away_team
  player_box:
    from: |
      select source.*, games.*
      from source
      inner join games
          on games.game_date = date_of(gamedate)
          and team_of_name(playerteamname) in (games.home_team, games.away_team)
    columns:
      season: season
      game_id: game_id
      game_date: game_date
      player_id: id_of_name(firstname)
      player_name: text_of(firstname)
      team_abbreviation: team_of_name(playerteamname)
      min: minutes_and_seconds_of(mp)
      pts: count_of(pts)
      fg3m: count_of("3pm")
"""


def test_a_file_without_ids_loads_with_a_mapping(samples, full_warehouse, tmp_path):
    (mapping := tmp_path / "derived.yml").write_text(DERIVED)
    report = load(samples / "kaggle_playerstatistics_derived.csv", full_warehouse, mappings=[mapping])
    assert rows_of(report) == {"games": 4, "player_box": 6}
    assert query(
        full_warehouse,
        "select game_id, team_abbreviation, round(min, 4), pts, fg3m from nba_raw.player_box "
        "where player_name = 'Svi Mykhailiuk'",
    ) == [("derived:2025-04-13:UTA@MIN", "UTA", 39.3833, 14, 4)]


# --- what no sample shows ---------------------------------------------------------------------


def test_tonights_slate_has_no_scores_and_a_place_without_teams_is_no_game(files, full_warehouse):
    files.mkdir()
    (files / "schedule.json").write_text(
        schedule(
            ("0022500200", "2025-11-10", 3, "Final", "N", "TOR", 128, "MIL", 100),
            ("0022500201", "2025-11-11", 2, "Q3 4:01", "N", "BOS", 70, "MIA", 60),
            ("0022500202", "2025-11-11", 1, "7:30 pm ET", "N", "NYK", 0, "CHI", 0),
            ("0022500203", "2025-11-11", 1, "PPD", "Y", "UTA", 0, "LAL", 0),
            ("0022501201", "2025-12-09", 1, "TBD", "N", None, 0, "", 0),
        )
    )
    warnings = load(files, full_warehouse).warnings
    assert "1 games whose teams are not yet known, left out; e.g. 0022501201" in " ".join(warnings)
    assert query(
        full_warehouse,
        "select game_id[-3:], game_date::varchar, tip_et, home_score, away_score, game_status, arena "
        "from nba_raw.games where season = '2025-26' order by all",
    ) == [
        ("200", "2025-11-10", "23:30:00", 128, 100, "Final", "Garden"),
        ("201", "2025-11-11", "23:30:00", None, None, "Q3 4:01", "Garden"),
        ("202", "2025-11-11", "23:30:00", None, None, "7:30 pm ET", "Garden"),
        ("203", "2025-11-11", "23:30:00", None, None, "postponed", "Garden"),
    ]


LOG = """SEASON_ID,TEAM_ID,TEAM_ABBREVIATION,TEAM_NAME,GAME_ID,GAME_DATE,MATCHUP,WL,MIN,FGM,FGA,\
FG3M,FG3A,FTM,FTA,OREB,DREB,REB,AST,STL,BLK,TOV,PF,PTS,PLUS_MINUS
22025,1,{0},a,22500200,2025-11-10,{1},W,240,1,1,1,1,1,1,1,1,2,1,1,1,1,1,128,28
22025,2,{2},b,22500200,2025-11-10,{3},L,240,1,1,1,1,1,1,1,1,2,1,1,1,1,1,100,-28
"""


@pytest.mark.parametrize(
    ("matchups", "home", "warns"),
    [
        (("TOR vs. MIL", "MIL @ TOR"), "TOR", False),
        (("MIL @ TOR", "MIL @ TOR"), "TOR", True),
        (("TOR @ MIL", "TOR @ MIL"), "MIL", True),
        (("TOR @ MIL", "MIL @ TOR"), "MIL", True),  # by the alphabet
    ],
)
def test_a_neutral_court_is_said(files, full_warehouse, matchups, home, warns):
    files.mkdir()
    (files / "log.csv").write_text(LOG.format("TOR", matchups[0], "MIL", matchups[1]))
    said = " ".join(load(files, full_warehouse).warnings)
    assert ('log.csv: 1 games in which both teams print "@"' in said) == warns
    assert ("e.g. 0022500200" in said) == warns
    games = "select home_team, home_score from nba_raw.games where season = '2025-26'"
    assert query(full_warehouse, games) == [(home, 128 if home == "TOR" else 100)]
    # A schedule beside it knows the home side, unless it is older than the game.
    for status, expected in ((3, [("TOR", 128)]), (1, [(home, 128 if home == "TOR" else 100)])):
        (files / "schedule.json").write_text(
            schedule(("0022500200", "2025-11-10", status, "?", "N", "TOR", 128, "MIL", 100))
        )
        load(files, full_warehouse)
        assert query(full_warehouse, games) == expected


def test_a_log_may_name_the_season_as_people_do(files, full_warehouse):
    """PlayerGameLogs and TeamGameLogs of nba_api have SEASON_YEAR where LeagueGameLog has SEASON_ID."""
    files.mkdir()
    log = LOG.format("TOR", "TOR vs. MIL", "MIL", "MIL @ TOR")
    (files / "log.csv").write_text(log.replace("SEASON_ID", "SEASON_YEAR").replace("\n22025,", "\n2025-26,"))
    assert rows_of(load(files, full_warehouse)) == {"games": 1, "team_box": 2}
    assert query(full_warehouse, "select season from nba_raw.games where game_id = '0022500200'") == [
        ("2025-26",)
    ]


def test_stats_of_balldontlie_alone_give_the_teams_too(files, full_warehouse):
    def stat(number: int, team: int, name: str, **more) -> dict:
        counts = "fgm fga fg3m fg3a ftm fta oreb dreb reb ast stl blk turnover pf pts"
        return dict.fromkeys(counts.split(), 0) | {
            "id": number,
            "player": {"id": number, "first_name": "Player", "last_name": str(number)},
            "team": {"id": team, "abbreviation": "?", "full_name": name},
            "game": {
                "id": 77, "date": "2025-11-10", "season": 2025, "home_team_id": 2, "visitor_team_id": 13,
                "home_team_score": 30, "visitor_team_score": 20,
            },
        } | more  # fmt: skip

    files.mkdir()
    stats = [
        stat(1, 2, "Boston Celtics", min="34:12", pts=20, turnover=2),
        stat(2, 2, "Boston Celtics", min="34", pts=10, turnover=1),
        stat(3, 2, "Boston Celtics", min=""),
        stat(4, 13, "LA Clippers", min="00", pts=20),
    ]
    games = {
        "id": 77, "date": "2025-11-10", "season": 2025, "status": "Final", "home_team_score": 30,
        "visitor_team_score": 20, "home_team": {"full_name": "Boston Celtics"},
        "visitor_team": {"full_name": "LA Clippers"},
    }  # fmt: skip
    (files / "stats.json").write_text(json.dumps({"data": stats, "meta": {"per_page": 25}}))
    (files / "games.json").write_text(json.dumps({"data": [games]}))
    assert rows_of(load(files, full_warehouse)) == {"games": 1, "player_box": 3, "team_box": 2}
    box = "select team_abbreviation, {} from nba_raw.{} where game_id = '77' order by all"
    assert query(full_warehouse, box.format("player_id, wl, min, pts", "player_box")) == [
        ("BOS", 1, "W", 34.2, 20), ("BOS", 2, "W", 34, 10), ("LAC", 4, "L", 0, 20),
    ]  # fmt: skip
    assert query(full_warehouse, box.format("pts, tov, plus_minus", "team_box")) == [
        ("BOS", 30, 3, None), ("LAC", 20, 0, None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("tables: {players: {columns: {player_id: a}}}", "fits any file"),
        ("{header: false, columns: [a], tables: {players: {columns: {player_id: a}}}}", "known by its name"),
        ("{columns: [a], oddities: [b], tables: {players: {columns: {player_id: a}}}}", "must be a mapping"),
    ],
)
def test_a_mapping_that_cannot_work_is_refused(files, full_warehouse, text, complaint):
    files.mkdir()
    (files / "a.csv").write_text("a\n1\n")
    (mapping := files / "m.yml").write_text(text)
    with pytest.raises(UserError, match=complaint):
        load(files, full_warehouse, mappings=[mapping])


def test_formats_are_told_apart():
    """The columns of one format are never all columns of another, unless the other asks for more."""
    for one in formats():
        assert len({len(other.columns) for other in formats() if set(one.columns) == set(other.columns)}) == 1
        same = [other for other in formats() if set(other.columns) == set(one.columns)]
        assert same == [one]


# --- real rows in every form --------------------------------------------------------------------

FROM, TO = "2024-12-08", "2024-12-21"  # two games on a neutral court

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
        game_date || 'T00:00:00Z' as "gameDateEst", game_date || 'T' || tip_et || 'Z' as "gameDateTimeEst",
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
STATUS = {"game_status"}  # the real files have none, a schedule says Final


@pytest.fixture(scope="module")
def fortnight(real_data, tmp_path_factory) -> duckdb.DuckDBPyConnection:
    """The raw rows of a fortnight of the regular season, as tables."""
    con = duckdb.connect()
    for file in ("games", "player_box", "team_box", "shots"):
        con.execute(
            f"create table {file} as from '{real_data / file}.parquet' "
            f"where game_date between '{FROM}' and '{TO}'"
        )
    con.execute("delete from games where season_type <> 'regular'")
    con.execute(
        "create table team_names as select distinct team_abbreviation, team_name, team_id from team_box"
    )
    return con


@pytest.fixture(scope="module")
def direct(fortnight, tmp_path_factory) -> Path:
    """A warehouse with the rows as our own files hold them."""
    folder = tmp_path_factory.mktemp("direct")
    (files := folder / "files").mkdir()
    for name in ("games", "player_box", "team_box", "shots"):
        fortnight.execute(f"copy {name} to '{files / name}.parquet'")
    load(files, folder / "nba.duckdb")
    return folder / "nba.duckdb"


def csv(con: duckdb.DuckDBPyConnection, sql: str, path: Path) -> Path:
    con.execute(f"copy ({sql}) to '{path}' (format csv, header)")
    return path


def dicts(con: duckdb.DuckDBPyConnection, sql: str) -> list[dict]:
    found = con.execute(sql)
    names = [name for name, *_ in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def result_set(con: duckdb.DuckDBPyConnection, name: str, sql: str) -> dict:
    rows = dicts(con, sql)
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
    for name, sql in (("players", LOG_OF_PLAYERS), ("teams", LOG_OF_TEAMS), ("shots", SHOT_CHART)):
        sets = [result_set(con, name, sql)]
        (files / f"{name}.json").write_text(as_json({"resource": name, "parameters": {}, "resultSets": sets}))


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
    for (game,) in con.execute("select game_id from games").fetchall():
        sets = [
            result_set(con, name, f"from ({sql}) where GAME_ID = '{game}'")
            for name, sql in (
                ("PlayerStats", V2_PLAYERS),
                ("TeamStats", V2_TEAMS),
                ("TeamStarterBenchStats", V2_BENCH),
            )
        ]
        (files / f"{game}.json").write_text(as_json({"resultSets": sets}))


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
    players, teams = dicts(con, V3_PLAYERS), dicts(con, V3_TEAMS)
    for game, home, away in con.execute("select game_id, home_team, away_team from games").fetchall():
        box: dict = {"gameId": game}
        for side, code in (("homeTeam", home), ("awayTeam", away)):
            [team] = [row for row in teams if (row["gameId"], row["teamTricode"]) == (game, code)]
            own = [row for row in players if (row["gameId"], row["teamTricode"]) == (game, code)]
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


FORMS = {
    "csv": (as_csv, OF_LOGS),
    "resultSets": (as_result_sets, OF_LOGS),
    "gzip": (as_gzip, OF_LOGS),
    "zip": (as_zip, OF_LOGS),
    "tar.xz": (as_tar, OF_LOGS),
    "parquet": (as_parquet, OF_LOGS),
    "V2 of each game": (as_v2_of_each_game, OF_LOGS),
    "V2 frames": (as_v2_frames, OF_BOXES_AND_SCHEDULE),
    "V3 of each game": (as_v3_of_each_game, OF_BOXES_AND_SCHEDULE),
    "V3 frames": (as_v3_frames, OF_BOXES_AND_SCHEDULE),
    "eoinamoore": (as_kaggle, OF_KAGGLE),
}
WITHOUT_SHOTS = {"V2 frames", "V3 frames", "eoinamoore"}
# A player with neither minutes nor anything counted cannot be told from one who did not play.
PLAYED = "where not (min = 0 and {} = 0 and plus_minus = 0)".format(" + ".join(V3))


@pytest.mark.real
@pytest.mark.parametrize("form", FORMS)
def test_the_same_rows_in_any_form_come_to_the_same(fortnight, direct, files, warehouse, form):
    write, lacks = FORMS[form]
    files.mkdir()
    write(fortnight, files)
    load(files, warehouse)
    for table in RAW_TABLES[:4]:
        if table.name == "shots" and form in WITHOUT_SHOTS:
            continue
        absent = lacks[table.name]
        held = ", ".join(column.name for column in table.columns if column.name not in absent | STATUS)
        where = PLAYED if form == "eoinamoore" and table.name == "player_box" else ""
        rows = f"select {held} from nba_raw.{table.name} {where} order by all"
        assert len(expected := query(direct, rows)) > 50
        assert query(warehouse, rows) == expected, table.name
        nulls = ", ".join(f"count({name})" for name in sorted(absent))
        assert set(query(warehouse, f"select {nulls} from nba_raw.{table.name}")[0]) == {0}, table.name
    if "game_status" not in lacks["games"]:
        assert query(warehouse, "select distinct game_status from nba_raw.games") == [("Final",)]
