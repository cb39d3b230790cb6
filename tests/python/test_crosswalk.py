"""A second source with ids of its own: each game and each player is in the store once, under one id."""

from pathlib import Path

import duckdb
import pytest

from orchestrator.core import seeds
from orchestrator.core.errors import UserError
from orchestrator.raw.load import ingest
from tests.python.raw_league import assert_refused, good_file, load, only, query, stored, write_files
from tests.shapes.hoopr import ABSENT, OWN, make, write

# --- the small league, and the same from another source -------------------------------------------

TABLES = ("games", "player_box", "team_box", "shots")
FIRST, SECOND, THIRD = "92100001", "92100002", "92200001"


def other(folder: Path, *changes: str, games: tuple[str, ...] = (FIRST, SECOND, THIRD)) -> Path:
    """Write games of the small league as another source: games 92100001..., players 70, 80, 90 and 100."""
    write_files(folder, **only())
    with duckdb.connect() as con:
        for name in TABLES:
            path = folder / f"{name}.parquet"
            path.write_bytes(good_file(name))
            con.execute(f"create table {name} as from '{path}'")
            con.execute(f"update {name} set game_id = '9' || right(game_id, 7)")
            con.execute(f"delete from {name} where game_id not in {(*games, '')}")
        con.execute("alter table games add column source varchar; update games set source = 'other'")
        for name in ("player_box", "shots"):
            con.execute(f"update {name} set player_id = 60 + 10 * player_id")
        for change in changes:
            con.execute(change)
        for name in TABLES:
            con.execute(f"copy {name} to '{folder / name}.parquet' (format parquet)")
    return folder


def everywhere(change: str, tables: tuple[str, ...] = TABLES) -> str:
    return "; ".join(f"update {name} {change}" for name in tables)


def without(folder: Path, *tables: str) -> Path:
    for name in tables:
        (folder / f"{name}.parquet").unlink()
    return folder


def crosswalk(warehouse: Path, columns: str, where: str = "true") -> list[tuple]:
    return query(warehouse, f"select {columns} from nba_raw.crosswalk where {where} order by source_id::int")


def ids(warehouse: Path, where: str = "true") -> list[int]:
    found = query(
        warehouse,
        f"select distinct player_id from nba_raw.player_box where {where} "
        f"union select distinct player_id from nba_raw.shots where {where} order by all",
    )
    return [player for (player,) in found]


def test_a_second_source_gives_every_game_and_player_once(files, full_warehouse):
    before = stored(full_warehouse, without="ingested_at")
    said: list[str] = []
    assert load(other(files), full_warehouse, inform=said.append).warnings == []
    assert "3 games and 4 players of other are stored under other ids" in said[-1]
    assert crosswalk(full_warehouse, "kind, source, source_id, id, status, common_games") == [
        *[("player", "other", f"{60 + 10 * n}", f"{n}", "same", 3) for n in (1, 2, 3, 4)],
        ("game", "other", FIRST, "0022100001", "same", None),
        ("game", "other", SECOND, "0022100002", "same", None),
        ("game", "other", THIRD, "0022200001", "same", None),
    ]
    after = stored(full_warehouse, without="ingested_at")
    assert query(full_warehouse, "select distinct source from nba_raw.games") == [("other",)]
    for table in set(before) - {"games"}:
        assert after[table] == before[table], table


def test_the_same_source_needs_no_crosswalk(files, full_warehouse):
    load(write_files(files), full_warehouse)
    assert "crosswalk" not in stored(full_warehouse)


def test_the_newer_load_replaces_the_rows_of_a_common_game(files, full_warehouse):
    load(other(files, "update player_box set ast = 7 where player_id = 70"), full_warehouse)
    assert query(
        full_warehouse, "select player_id, count(*) from nba_raw.player_box where ast = 7 group by 1"
    ) == [(1, 3)]


def test_who_was_recognised_is_known_in_games_that_only_the_second_source_has(files, full_warehouse):
    load(other(files), full_warehouse)
    new = everywhere("set game_id = '92200002', game_date = date '2022-10-20'")
    assert load(other(files, new, games=(THIRD,)), full_warehouse).warnings == []
    assert ids(full_warehouse, "game_id = '92200002'") == [1, 2, 3, 4]
    assert query(full_warehouse, "select count(*), count(distinct game_date) from nba_raw.games") == [(4, 4)]


@pytest.mark.parametrize("name", ["player_box", "team_box", "shots"])
def test_one_file_alone_is_read_with_the_stored_pairs(files, full_warehouse, name):
    load(other(files), full_warehouse)
    before = stored(full_warehouse, without="ingested_at")
    without(other(files), *(set(TABLES) - {name}))
    assert load(files, full_warehouse).warnings == []
    assert stored(full_warehouse, without="ingested_at") == before


def test_lines_under_ids_of_the_second_source_reach_its_games(files, full_warehouse):
    load(other(files), full_warehouse)
    line = f"select * replace ('{FIRST}' as game_id, 'b' as source) from odds where game_id = '0022100001'"
    assert load(write_files(files, **only(odds=line)), full_warehouse).warnings == []
    lines = "select source from nba_raw.betting_lines where game_id = '0022100001' order by all"
    assert query(full_warehouse, lines) == [("b",), ("book",)]


@pytest.mark.parametrize("lacking", [(), ("games",)])
def test_the_first_source_is_still_itself_after_the_second(files, full_warehouse, lacking):
    before = stored(full_warehouse, without="ingested_at")
    load(other(files), full_warehouse)
    assert load(without(write_files(files), *lacking), full_warehouse).warnings == []
    after = stored(full_warehouse, without="ingested_at")
    assert len(after.pop("crosswalk")) == 7
    for table in set(before) - set(lacking):
        assert after[table] == before[table], table


def test_a_game_that_the_second_source_had_first_keeps_its_id(files, full_warehouse):
    load(other(files), full_warehouse)
    new = everywhere("set game_id = '92200002', game_date = date '2022-10-20'")
    load(other(files, new, games=(THIRD,)), full_warehouse)
    new = "'0022200002' as game_id, '2022-10-20' as game_date"
    rows = f"select * replace ({new}) from {{}} where game_id = '0022200001'"
    write_files(files, **only(**{name: rows.format(name) for name in TABLES}))
    assert load(files, full_warehouse).warnings == []
    assert query(full_warehouse, "select game_id from nba_raw.games where game_date = '2022-10-20'") == [
        ("92200002",)
    ]
    assert ids(full_warehouse) == [1, 2, 3, 4]
    assert crosswalk(full_warehouse, "source, id", "source = ''") == [("", "92200002")]


def test_check_says_the_same_and_stores_nothing(files, full_warehouse):
    before = stored(full_warehouse)
    said: list[str] = []
    report = load(other(files), full_warehouse, only_check=True, inform=said.append)
    assert (report.faults, report.warnings) == ([], [])
    assert "3 games and 4 players of other" in said[-1]
    assert stored(full_warehouse) == before


def test_a_load_that_is_interrupted_leaves_no_crosswalk(files, full_warehouse):
    def interrupt() -> None:
        raise KeyboardInterrupt

    before = stored(full_warehouse)
    with pytest.raises(KeyboardInterrupt):
        load(other(files), full_warehouse, before_commit=interrupt)
    assert stored(full_warehouse) == before


def test_a_fault_elsewhere_does_not_make_the_games_look_double(files, full_warehouse):
    bad = "update player_box set pts = -1 where player_id = 70"
    assert_refused(other(files, bad), full_warehouse, "column pts: 3 of 12 values are negative")


# --- games ----------------------------------------------------------------------------------------


def test_a_game_of_tonight_is_stored_once(files, full_warehouse):
    """No check of played games would notice one that has no score yet."""
    load(
        without(other(files, "update games set home_score = null, away_score = null"), *TABLES[1:]),
        full_warehouse,
    )
    assert query(full_warehouse, "select count(*) from nba_raw.games") == [(3,)]


def test_home_and_away_may_be_swapped(files, full_warehouse):
    """On neutral courts sources differ; two teams meet once a day."""
    swap = (
        "update games set home_team = away_team, away_team = home_team, home_score = away_score, "
        f"away_score = home_score where game_id = '{FIRST}'"
    )
    [warning] = load(other(files, swap), full_warehouse).warnings
    assert "1 games have home and away the other way round than stored; e.g. game 0022100001" in warning
    assert query(full_warehouse, "select count(*), count(distinct game_date) from nba_raw.games") == [(3, 3)]


A_DAY_OFF = f"set game_date = date '2022-01-06' where game_id = '{SECOND}'"


def test_a_game_that_is_stored_a_day_off_is_refused(files, full_warehouse):
    assert_refused(
        other(files, everywhere(A_DAY_OFF)),
        full_warehouse,
        "1 games of another source are stored a day off under another id",
        f"game {SECOND} LAL-BOS of 2022-01-06, but stored game 0022100002 is of 2022-01-05",
        "Correct the date: in UTC",
    )


def test_another_id_in_the_same_source_is_not_matched(files, full_warehouse):
    """One source's own ids are two games: as before there was a crosswalk."""
    change = "update games set source = null"
    assert_refused(other(files, change), full_warehouse, "a team plays twice on a day")


def test_a_game_a_day_off_with_another_score_is_another_game(files, full_warehouse):
    change = everywhere(A_DAY_OFF), f"update games set home_score = 11 where game_id = '{SECOND}'"
    assert load(other(files, *change), full_warehouse).warnings == []
    assert query(full_warehouse, "select count(*) from nba_raw.games") == [(4,)]


def test_a_game_a_day_off_without_a_score_is_listed(files, full_warehouse):
    change = everywhere(A_DAY_OFF), f"update games set home_score = null where game_id = '{SECOND}'"
    [warning] = load(other(files, *change), full_warehouse).warnings
    assert "stored a day off under another id" in warning
    assert "they are loaded as other games" in warning


def test_a_team_that_would_play_twice_on_a_day_is_refused(files, full_warehouse):
    assert_refused(
        other(files, f"update games set away_team = 'NYK' where game_id = '{FIRST}'"),
        full_warehouse,
        "1 times a team plays twice on a day; e.g. BOS on 2021-10-19: games 0022100001 and 92100001",
    )


def test_two_sources_in_one_folder_are_refused(files, warehouse, tmp_path):
    second = other(files)
    for name in TABLES:
        ours = tmp_path / f"{name}.parquet"
        ours.write_bytes(good_file(name))
        both = f"from '{ours}' union all by name from '{second / name}.parquet'"
        duckdb.sql(f"copy ({both}) to '{second / name}.parquet' (format parquet)")
    with pytest.raises(UserError) as error:
        load(files, warehouse)
    assert "3 games stand in it twice, from two sources; e.g. games 0022100001 and 92100001" in str(
        error.value
    )
    assert "Load one source after the other" in str(error.value)
    assert not warehouse.exists()


def test_one_stored_game_that_is_two_in_the_files_is_refused(files, full_warehouse):
    again = "insert into games select * replace ('9x' as game_id, null as home_score) from games limit 1"
    assert_refused(
        other(files, again), full_warehouse, "2 times a game of another source is not one stored game"
    )


# --- players --------------------------------------------------------------------------------------

TWINS = "update player_box set player_name = 'A Twin' where team_abbreviation = 'BOS'"


def store_twins(folder: Path, warehouse: Path, change: str = "pts") -> None:
    """Store two players of one name, team and points."""
    twins = f"select * replace (if(player_id < 3, 'A Twin', player_name) as player_name, {change} as pts) "
    load(write_files(folder, player_box=f"{twins} from player_box"), warehouse)


def test_two_of_one_name_team_and_points_are_listed_and_not_merged(files, full_warehouse):
    store_twins(files, full_warehouse)
    [warning] = load(other(files, TWINS), full_warehouse).warnings
    assert "2 players of another source may be stored under another id, and keep their own" in warning
    assert "A Twin (70) has the name of A Twin (1), A Twin (2)" in warning
    assert crosswalk(full_warehouse, "source_id, id, candidates", "status = 'unsure'") == [
        ("70", "70", ["1", "2"]),
        ("80", "80", ["1", "2"]),
    ]
    assert ids(full_warehouse) == [3, 4, 70, 80]
    # Once is enough, also when one of them is a game's only one.
    one = [f"delete from {name} where player_id = 80" for name in ("player_box", "shots")]
    assert "may be stored" not in " ".join(load(other(files, TWINS, *one), full_warehouse).warnings)
    other(files, TWINS)
    assert load(files, full_warehouse).warnings == []
    assert ids(full_warehouse) == [3, 4, 70, 80]


def test_points_of_one_game_tell_two_of_one_name_apart(files, full_warehouse):
    store_twins(files, full_warehouse, "if(player_id = 2 and game_id = '0022100001', 9, pts)")
    points = f"update player_box set pts = 9 where player_id = 80 and game_id = '{FIRST}'"
    assert load(other(files, TWINS, points), full_warehouse).warnings == []
    assert ids(full_warehouse) == [1, 2, 3, 4]
    assert crosswalk(full_warehouse, "source_id, id", "source_id in ('70', '80')") == [
        ("70", "1"),
        ("80", "2"),
    ]


def test_points_that_mostly_differ_make_a_name_doubtful(files, full_warehouse):
    change = f"update player_box set pts = 20 where player_id = 70 and game_id <> '{FIRST}'"
    [warning] = load(other(files, change), full_warehouse).warnings
    assert "e.g. Player 1 (70) has the name of Player 1 (1)" in warning


def test_a_stored_game_under_both_ids_is_refused(files, full_warehouse):
    again = (
        f"insert into games select * replace ('0022100001' as game_id) from games where game_id = '{FIRST}'"
    )
    assert_refused(
        other(files, again),
        full_warehouse,
        "games.parquet: 1 rows stand in it under two ids of one; e.g. game_id 0022100001",
        "nba_raw.crosswalk says which ids are one",
    )


def test_the_stored_id_of_a_recognised_player_is_not_his_second(files, full_warehouse):
    """It is a number of the source's own, whose ever it may be."""
    load(other(files), full_warehouse)
    again = f"insert into player_box select * replace (1 as player_id) from player_box where {ONE}"
    assert_refused(other(files, again), full_warehouse, "1 player ids are those of others in the store")


ONE = f"player_id = 70 and game_id = '{FIRST}'"


def test_doubtful_players_are_refused_where_a_game_would_have_both_ids(files, full_warehouse):
    """The stored shots stay, of players whom the new box score has under other ids."""
    store_twins(files, full_warehouse)
    assert_refused(
        without(other(files, TWINS), "shots"),
        full_warehouse,
        "12 times a game would have a player under two ids",
        "e.g. game 0022100001: A Twin has the id 70 of other, and has the name of A Twin (1), A Twin (2)",
        "seeds/player_aliases.csv",
    )


NICKNAME = "update player_box set player_name = 'Nick Name' where player_id = 70"


def test_a_nickname_is_listed_and_an_alias_makes_him_one(files, full_warehouse, monkeypatch):
    new = everywhere(f"set game_id = '92200009', game_date = date '2022-12-31' where game_id = '{THIRD}'")
    [warning] = load(other(files, NICKNAME, new), full_warehouse).warnings
    assert "e.g. Nick Name (70) has the numbers of Player 1 (1)" in warning
    assert "nba_raw.crosswalk lists them" in warning
    assert ids(full_warehouse, "season = '2021-22'") == [2, 3, 4, 70]
    alias = {"printed_name": "Nick Name", "player_name": "Player 1"}
    rows = seeds.rows
    monkeypatch.setattr(
        seeds, "rows", lambda seed: [*rows(seed), alias] if seed == "player_aliases" else rows(seed)
    )
    # Any load of that source: his rows in other games follow.
    assert load(other(files, NICKNAME, games=(FIRST,)), full_warehouse).warnings == []
    assert ids(full_warehouse) == [1, 2, 3, 4]
    assert crosswalk(full_warehouse, "id, status", "source_id = '70'") == [("1", "same")]
    assert query(full_warehouse, "select count(*) from nba_raw.player_box where player_id = 1") == [(4,)]


def test_who_was_in_no_common_game_is_listed_and_recognised_in_a_later_one(files, full_warehouse):
    new = everywhere(f"set game_id = '92200009', game_date = date '2022-12-31' where game_id = '{THIRD}'")
    absent = [
        f"delete from {name} where player_id = 70 and game_id <> '92200009'"
        for name in ("player_box", "shots")
    ]
    report = load(other(files, new, *absent), full_warehouse)
    assert any(
        "Player 1 (70) has the name of, but no common game with, Player 1 (1)" in w for w in report.warnings
    )
    assert ids(full_warehouse, "game_id = '92200009'") == [2, 3, 4, 70]
    load(write_files(files), full_warehouse)
    assert load(other(files, games=(SECOND,)), full_warehouse).warnings == []
    assert ids(full_warehouse) == [1, 2, 3, 4]


def test_who_is_known_by_a_profile_alone_is_listed(files, full_warehouse):
    profile = "select 5 as player_id, 'A Rookie' as player_name, 'G' as position"
    load(write_files(files, **only(players=profile)), full_warehouse)
    new = everywhere(f"set game_id = '92200009', game_date = date '2022-12-31' where game_id = '{THIRD}'")
    rookie = f"update player_box set player_id = 75, player_name = 'A Rookie' where player_id = 70 and {LATE}"
    shots = f"update shots set player_id = 75 where player_id = 70 and {LATE}"
    [warning] = load(other(files, new, rookie, shots), full_warehouse).warnings
    assert "A Rookie (75) has the name of, but no common game with, A Rookie (5)" in warning


LATE = "game_id = '92200009'"


def test_a_new_player_keeps_the_id_of_his_source(files, full_warehouse):
    rookie = f"update player_box set player_name = 'A Rookie' where player_id = 70 and game_id = '{THIRD}'"
    change = [
        rookie.replace("set", "set player_id = 75,"),
        f"update shots set player_id = 75 where player_id = 70 and game_id = '{THIRD}'",
        everywhere(f"set game_id = '92200009', game_date = date '2022-12-31' where game_id = '{THIRD}'"),
    ]
    assert load(other(files, *change), full_warehouse).warnings == []
    assert ids(full_warehouse, "game_id = '92200009'") == [2, 3, 4, 75]
    assert crosswalk(full_warehouse, "id, status, name", "source_id = '75'") == [("75", "own", "A Rookie")]


def test_an_id_that_is_somebody_elses_is_refused(files, full_warehouse):
    rookie = "update player_box set player_name = 'A Rookie', player_id = 3 "
    rookie += f"where player_id = 70 and game_id = '{THIRD}'"
    change = (
        rookie,
        everywhere(f"set game_id = '92200009', game_date = date '2022-12-31' where game_id = '{THIRD}'"),
    )
    assert_refused(
        other(files, *change),
        full_warehouse,
        "1 player ids are those of others in the store",
        "3 is A Rookie in the files of other and Player 3 in the store",
    )


def test_the_stored_id_of_another_makes_nobody_known(files, full_warehouse):
    """A new player whose number in the second source is the store's of one that it calls otherwise."""
    load(other(files), full_warehouse)
    new = everywhere("set game_id = '92200002', game_date = date '2022-10-20'")
    rookie = "update player_box set player_name = 'A Rookie', player_id = 1 where player_id = 70"
    shots = "update shots set player_id = 1 where player_id = 70"
    assert_refused(
        other(files, new, rookie, shots, games=(THIRD,)),
        full_warehouse,
        "1 player ids are those of others in the store",
        "1 is A Rookie in the files of other and Player 1 in the store",
    )


CROSS = everywhere("set player_id = 5 - (player_id - 60) // 10", ("player_box", "shots"))


def test_ids_that_cross_are_translated(files, full_warehouse):
    """Numbers of the second source that the first has given to others."""
    before = stored(full_warehouse, without="ingested_at")
    assert load(other(files, CROSS), full_warehouse).warnings == []
    after = stored(full_warehouse, without="ingested_at")
    assert after["player_box"] == before["player_box"]
    assert after["shots"] == before["shots"]
    assert load(files, full_warehouse).warnings == []
    assert stored(full_warehouse, without="ingested_at") == after


def test_names_are_compared_as_the_models_do_and_stay_as_stored(files, full_warehouse):
    """player_lookup is made from the newest name."""
    box = (
        "select * replace (if(player_id = 1, 'Luka Dončić Jr.', player_name) as player_name) from player_box"
    )
    load(write_files(files, player_box=box), full_warehouse)
    change = "update player_box set player_name = 'luka doncic' where player_id = 70"
    assert load(other(files, change), full_warehouse).warnings == []
    assert query(
        full_warehouse, "select distinct player_name from nba_raw.player_box where player_id = 1"
    ) == [("Luka Dončić Jr.",)]


def test_a_second_source_without_a_common_game_is_refused(files, full_warehouse):
    new = everywhere(f"set game_id = '92200009', game_date = date '2022-12-31' where game_id = '{THIRD}'")
    assert_refused(
        other(files, new, games=(THIRD,)),
        full_warehouse,
        "4 players are stored under other ids, and the files of other have no game in common",
        "together with some games that are stored also",
    )


def test_profiles_follow_the_games_beside_them(files, full_warehouse):
    folder = other(files)
    rows = "select 60 + 10 * n as player_id, 'Player ' || n as player_name, 'C' as position "
    rows += "from range(1, 5) as t (n)"
    duckdb.sql(f"copy ({rows}) to '{folder}/players.parquet' (format parquet)")
    assert load(folder, full_warehouse).warnings == []
    assert query(full_warehouse, "select player_id, position from nba_raw.players order by all") == [
        (n, "C") for n in (1, 2, 3, 4)
    ]


@pytest.mark.parametrize("changes", [(), (CROSS,)], ids=["other ids", "ids that cross"])
def test_profiles_of_the_first_source_beside_games_of_the_second_stay_as_they_are(
    files, full_warehouse, changes
):
    positions = "select * replace (case player_id when 1 then 'C' when 2 then 'F' else 'G' end as position) "
    load(write_files(files, **only(players=positions + "from players")), full_warehouse)
    before = stored(full_warehouse, without="ingested_at")["players"]
    profiles = (files / "players.parquet").read_bytes()
    (other(files, *changes) / "players.parquet").write_bytes(profiles)
    for _ in range(2):
        assert load(files, full_warehouse).warnings == []
    assert stored(full_warehouse, without="ingested_at")["players"] == before


def test_a_real_league_in_place_of_the_demo_takes_its_crosswalk_away(files, full_warehouse):
    load(other(files), full_warehouse)
    with duckdb.connect(str(full_warehouse)) as con:
        con.execute("update nba_raw.games set source = 'demo'")
    load(write_files(files), full_warehouse)
    assert "crosswalk" not in stored(full_warehouse)


# --- real rows ------------------------------------------------------------------------------------


@pytest.mark.real
def test_real_rows_of_hoopr_join_those_of_the_league(real_data, tmp_path):
    """A fortnight from the league, then hoopR's from its middle on; compared with all from the league."""
    con = duckdb.connect()
    con.execute("set timezone = 'UTC'")
    read = "from '{}.parquet' where game_date::date between '{}' and '{}' and {}"
    counts = "left(game_id, 3) in ('002', '006')"
    for name in ABSENT:
        con.execute(
            f"create table {name} as {read.format(real_data / name, '2023-12-05', '2023-12-20', counts)}"
        )
    make(con)
    con.execute("update player_box_hoopr set athlete_id = athlete_id * 7 + 1")
    con.execute("update pbp set athlete_id_1 = athlete_id_1 * 7 + 1")
    (espn := tmp_path / "espn").mkdir()
    write(con, espn)
    for folder, last in (("before", "2023-12-14"), ("all", "2023-12-20")):
        (tmp_path / folder).mkdir()
        for name in ABSENT:
            rows = read.format(real_data / name, "2023-11-20", last, counts)
            con.execute(f"copy ({rows}) to '{tmp_path / folder / name}.parquet' (format parquet)")
        load(tmp_path / folder, tmp_path / f"{folder}.duckdb")
    mixed = tmp_path / "before.duckdb"
    warnings: list[str] = []
    ingest(espn, mixed, warn=warnings.append)

    found = "select status, count(*) from nba_raw.crosswalk where kind = '{}' group by all order by all"
    [(status, games)] = query(mixed, found.format("game"))
    assert (status, games > 50) == ("same", True)
    players = dict(query(mixed, found.format("player")))
    assert players["same"] > 390
    assert set(players) <= {"same", "own", "unsure"}
    assert (
        query(
            mixed,
            "select * from nba_raw.crosswalk "
            "where kind = 'player' and status = 'same' and source_id::int <> id::int * 7 + 1",
        )
        == []
    )
    con.execute(
        f"attach '{tmp_path}/all.duckdb' as league (read_only); attach '{mixed}' as mixed (read_only)"
    )
    # Who was in no common game has his own id.
    con.execute(
        "create table own as "
        "select source_id::bigint as own from mixed.nba_raw.crosswalk where status <> 'same'"
    )
    for table, columns in (
        ("games", "game_date, home_team, away_team, home_score, away_score, season_type"),
        ("player_box", "game_date, player_id, pts, fgm, fga, fg3m, oreb, ast, tov, pf, plus_minus"),
        ("team_box", "game_date, team_abbreviation, pts, fgm, fga, tov"),
        ("shots", "game_date, player_id, team, shot_made, shot_type, period"),
    ):
        assert not OWN[table] & set(columns.split(", "))
        own = columns.replace(
            "player_id", "if(player_id in (from own), (player_id - 1) // 7, player_id) as player_id"
        )
        one, other_ = (
            f"select {columns} from league.nba_raw.{table}",
            f"select {own} from mixed.nba_raw.{table}",
        )
        for more, less in ((one, other_), (other_, one)):
            assert con.execute(f"{more} except all {less} limit 3").fetchall() == [], table
