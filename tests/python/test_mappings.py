"""Mappings say how files are read; a wrong one, or a wrong file, is refused before anything is loaded."""

import gzip
import zipfile
from pathlib import Path

import duckdb
import pytest

from orchestrator.core.errors import UserError
from orchestrator.raw.conversion import explained
from orchestrator.raw.load import How, ingest
from orchestrator.raw.mapping import formats, read
from tests.python.warehouses import orchestrate, query, succeed

BOX = "FGM,FGA,FG3M,FG3A,FTM,FTA,OREB,DREB,REB,AST,STL,BLK,TOV,PF,PTS,PLUS_MINUS"
GAME = "GAME_ID,GAME_DATE,MATCHUP,WL,MIN"
TEAMS = f"""SEASON_ID,TEAM_ID,TEAM_ABBREVIATION,TEAM_NAME,{GAME},{BOX}
22018,1610612744,GSW,Golden State Warriors,21800002,2018-10-16,GSW vs. OKC,W,240,\
42,95,7,26,17,18,17,41,58,28,7,7,21,29,108,8
22018,1610612760,OKC,Oklahoma City Thunder,21800002,2018-10-16,OKC @ GSW,L,240,\
33,91,10,37,24,37,16,29,45,21,12,6,15,21,100,-8
"""
HEADER = f"SEASON_ID,PLAYER_ID,PLAYER_NAME,TEAM_ID,TEAM_ABBREVIATION,{GAME},{BOX}\n"
PLAYERS = HEADER + "".join(
    f"22018,{player},Player {player},{team},{abbreviation},21800002,2018-10-16,{matchup},{result},{minutes},"
    f"8,16,1,4,3,4,1,7,8,5,1,1,4,5,20,{margin:+d}\n"
    for player, team, abbreviation, matchup, result, minutes, margin in (
        (201939, 1610612744, "GSW", "GSW vs. OKC", "W", "34:12", 8),
        (201566, 1610612760, "OKC", "OKC @ GSW", "L", "PT30M00.00S", -8),
    )
)
MAPPING = """
columns: [player, gid]
tables:
  player_box:
    columns: {game_id: game_id_of(gid), player_id: id_of(player)}
"""


@pytest.fixture
def logs(tmp_path) -> Path:
    (folder := tmp_path / "logs").mkdir()
    (folder / "players.csv").write_text(PLAYERS)
    (folder / "teams.csv").write_text(TEAMS)
    return folder


def load(source: Path, warehouse: Path, *mappings: Path) -> list[str]:
    """Load a source; return what was said of its files."""
    said: list[str] = []
    ingest(source, warehouse, How(mappings=mappings, inform=said.append), warn=lambda what: None)
    return said


def refused(source: Path, *mappings: Path) -> str:
    """Return the message with which a source is refused; no warehouse has been made."""
    warehouse = source.parent / "refused.duckdb"
    with pytest.raises(UserError) as error:
        load(source, warehouse, *mappings)
    assert not warehouse.exists()
    return str(error.value)


def test_two_logs_give_games_and_both_box_scores(logs, tmp_path):
    said = load(logs, warehouse := tmp_path / "nba.duckdb")
    assert [line.split(":")[0] for line in said] == ["players.csv", "teams.csv"]
    games = (
        "select game_id, season, season_type, home_team, away_team, home_score, away_score from nba_raw.games"
    )
    assert query(warehouse, games) == [("0021800002", "2018-19", "regular", "GSW", "OKC", 108, 100)]
    box = "select player_id, team_abbreviation, min, pts, plus_minus from nba_raw.player_box order by min"
    assert query(warehouse, box) == [(201566, "OKC", 30.0, 20, -8), (201939, "GSW", 34.2, 20, 8)]
    assert query(warehouse, "select count(*), sum(pts) from nba_raw.team_box") == [(2, 208)]


def test_games_follow_from_players_where_no_team_log_has_them(logs, tmp_path):
    with (logs / "players.csv").open("a") as file:
        file.write(
            PLAYERS.removeprefix(HEADER).replace("21800002", "21800003").replace("2018-10-16", "2018-10-18")
        )
    load(logs, warehouse := tmp_path / "nba.duckdb")
    games = "select game_id, home_score, home_team_name is null from nba_raw.games order by game_id"
    assert query(warehouse, games) == [("0021800002", 108, False), ("0021800003", 20, True)]


def test_an_archive_and_compressed_files_are_read(logs, tmp_path):
    (logs / "players.csv.gz").write_bytes(gzip.compress((logs / "players.csv").read_bytes()))
    with zipfile.ZipFile(tmp_path / "logs.zip", "w") as archive:
        archive.write(logs / "players.csv.gz", "in/players.csv.gz")
        archive.write(logs / "teams.csv", "teams.csv")
    load(tmp_path / "logs.zip", warehouse := tmp_path / "nba.duckdb")
    assert query(warehouse, "select count(*) from nba_raw.player_box") == [(2,)]


def test_own_files_go_before_known_formats(logs, tmp_path):
    duckdb.sql("select '0021800002' as game_id").write_parquet(str(logs / "games.parquet"))
    assert "lacks column" in refused(logs)


def test_a_value_that_no_conversion_knows_is_named(logs):
    (logs / "players.csv").write_text(PLAYERS.replace("34:12", "34m"))
    message = refused(logs)
    assert "players.csv, read as LeagueGameLog of players" in message
    assert "does not give player_box.min: '34m' is not a number of minutes. Nothing was changed" in message
    assert "Nothing was changed" in message


def test_an_unknown_file_is_refused_with_its_columns_and_the_next_step(tmp_path):
    (tmp_path / "mine.csv").write_text("player,gid\n1,21800002\n")
    message = refused(tmp_path / "mine.csv")
    assert "no format fits the columns of mine.csv: player, gid" in message
    assert "--mapping" in message


def test_a_damaged_file_is_refused(logs):
    (logs / "shots.json").write_text('{"resultSets": [')
    assert "shots.json cannot be read as json" in refused(logs)


def test_a_damaged_archive_is_refused(tmp_path):
    (tmp_path / "logs.zip").write_bytes(b"<html>not found</html>")
    assert "logs.zip cannot be unpacked" in refused(tmp_path / "logs.zip")


def test_a_folder_without_files_is_refused(tmp_path):
    (empty := tmp_path / "empty").mkdir()
    assert "has no file that can be read" in refused(empty)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("tables:", "table:"), "has no table"),
        (("player_box:", "players_box:"), "has no players_box"),
        (("game_id: game_id_of(gid), ", ""), "lacks game_id, the key"),
        (("player_id: id_of(player)", "player_id: id_of(player), points: pts"), "has no points"),
        (("columns: [player, gid]", "columns: player"), "must be a list"),
        (("columns: [player, gid]", "columns: ["), "is not YAML"),
    ],
)
def test_a_wrong_mapping_is_refused(tmp_path, change, said):
    (mapping := tmp_path / "mine.yml").write_text(MAPPING.replace(*change))
    with pytest.raises(UserError, match=said) as error:
        read(mapping)
    assert "mine.yml" in str(error.value)


def test_the_users_mapping_goes_before_the_formats(logs, tmp_path):
    (mapping := tmp_path / "mine.yml").write_text(MAPPING.replace("[player, gid]", "[player_id, game_id]"))
    (players,) = [one for one in explained(logs, [mapping]).recognised if one.sheet.name == "players.csv"]
    assert players.mapping.name == "mine"


def test_explain_prints_files_columns_and_what_is_missing_and_loads_nothing(logs, tmp_path):
    warehouse = tmp_path / "nba.duckdb"
    said = succeed(orchestrate(warehouse, "ingest", "--from", str(logs), "--explain")).stdout
    for part in ("players.csv: LeagueGameLog of players", "minutes_of(min)", "no file gives shots"):
        assert part in said
    assert not warehouse.exists()


def test_every_format_reads_and_names_a_source():
    assert len(formats()) >= 5
    assert all(mapping.columns and mapping.title != mapping.name for mapping in formats())
