"""`ingest` reads the files that people have, and gives the same rows whatever the form."""

import json
from pathlib import Path

import duckdb
import pytest

from orchestrator.core.errors import UserError
from orchestrator.raw.conversion import prepare
from orchestrator.raw.mapping import formats
from tests.python.raw_league import load, query
from tests.python.warehouses import copy_of
from tests.shapes.lines import different_lines, write_lines
from tests.shapes.shape import Connection, differences, real_rows, write_own_files
from tests.shapes.stats import SHAPES

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


def test_of_many_box_scores_the_wrong_one_is_named(samples, files, full_warehouse):
    """Files of a game each are converted together."""
    files.mkdir()
    box = (samples / "nba_api_boxscoretraditionalv3.json").read_text()
    games = [f"00225001{number}" for number in range(65, 70)]
    for game in games:
        (files / f"{game}.json").write_text(box.replace("0022500165", game))
    (files / "schedule.json").write_text(
        schedule(
            *(
                (game, f"2025-11-{day:02d}", 3, "Final", "N", "TOR", 128, "MIL", 100)
                for day, game in enumerate(games, start=4)
            )
        )
    )
    assert rows_of(load(files, full_warehouse)) == {"games": 5, "player_box": 35, "team_box": 10}
    (files / f"{games[2]}.json").write_text(box.replace("0022500165", games[2]).replace("21:26", "21 min"))
    with pytest.raises(
        UserError, match=f"^{games[2]}.json, read as .* does not give player_box: '21 min' is not"
    ):
        load(files, full_warehouse)


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


def test_an_answer_may_be_larger_than_json_usually_is(files, full_warehouse):
    """DuckDB takes objects of up to 16 MB; the shots of a season are more."""
    files.mkdir()
    header, *rows = (
        line.split(",") for line in LOG.format("TOR", "TOR vs. MIL", "MIL", "MIL @ TOR").splitlines()
    )
    answer = {"parameters": "x" * 2**24, "resultSets": [{"name": "a", "headers": header, "rowSet": rows}]}
    (files / "log.json").write_text(json.dumps(answer))
    assert rows_of(load(files, full_warehouse)) == {"games": 1, "team_box": 2}


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


# --- real rows in every shape -------------------------------------------------------------------

FROM, TO = "2024-12-08", "2024-12-21"  # two games on a neutral court


@pytest.fixture(scope="module")
def fortnight(real_data) -> Connection:
    """The raw rows of a fortnight of the regular season, as tables."""
    con = real_rows(real_data, f"game_date between '{FROM}' and '{TO}'")
    con.execute("delete from games where season_type <> 'regular'")
    return con


@pytest.fixture(scope="module")
def direct(fortnight, tmp_path_factory) -> Path:
    """A warehouse with the rows as our own files hold them."""
    folder = tmp_path_factory.mktemp("direct")
    (files := folder / "files").mkdir()
    write_own_files(fortnight, files)
    load(files, folder / "nba.duckdb")
    return folder / "nba.duckdb"


@pytest.mark.real
@pytest.mark.parametrize("name", SHAPES)
def test_the_same_rows_in_any_shape_come_to_the_same(fortnight, direct, files, warehouse, name):
    shape = SHAPES[name]
    files.mkdir()
    shape.write(fortnight, files)
    load(files, warehouse)
    assert differences(direct, warehouse, shape) == []
    for table in shape.absent:
        assert query(warehouse, f"select count(*) > 50 from nba_raw.{table}") == [(True,)], table
    if "game_status" not in shape.absent["games"]:
        assert query(warehouse, "select distinct game_status from nba_raw.games") == [("Final",)]


@pytest.mark.real
def test_lines_of_the_odds_api_are_those_of_our_own_file(real_data, direct, tmp_path):
    folders = [tmp_path / "own", tmp_path / "events"]
    warehouses = [folder / "nba.duckdb" for folder in folders]
    for folder in folders:
        folder.mkdir()
        copy_of(direct, folder)
    write_lines(real_data, *folders, where="game_date < date '2024-11-05'")
    for folder, warehouse in zip(folders, warehouses, strict=True):
        load(folder, warehouse)
    assert query(warehouses[1], "select count(*) > 1000 from nba_raw.player_props") == [(True,)]
    assert different_lines(*warehouses) == 0
