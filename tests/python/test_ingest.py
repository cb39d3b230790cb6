"""`ingest` loads all or nothing, replaces what the files hold, and can be run again."""

import duckdb
import pytest

from orchestrator.core.errors import UsageError, UserError
from orchestrator.raw.tables import RAW_TABLES
from tests.python.raw_league import FILES, assert_refused, load, only, query, stored, write_files

# --- what is good -----------------------------------------------------------------------------


def test_valid_files_load_without_a_warning(files, warehouse):
    report = load(write_files(files), warehouse)
    assert report.warnings == []
    assert report.rows == {
        ("games", "2021-22"): 2,
        ("games", "2022-23"): 1,
        ("player_box", "2021-22"): 8,
        ("player_box", "2022-23"): 4,
        ("team_box", "2021-22"): 4,
        ("team_box", "2022-23"): 2,
        ("shots", "2021-22"): 24,
        ("shots", "2022-23"): 12,
        ("betting_lines", "2021-22"): 2,
        ("betting_lines", "2022-23"): 1,
        ("injury_events", "2021-22"): 2,
        ("injury_events", "2022-23"): 1,
        ("players", None): 4,
        ("player_props", "2021-22"): 8,
        ("player_props", "2022-23"): 4,
    }


def test_columns_are_stored_in_declared_types_with_a_stamp(files, warehouse):
    load(write_files(files), warehouse)
    for table in RAW_TABLES:
        found = query(
            warehouse,
            "select column_name, data_type from duckdb_columns() "
            f"where schema_name = 'nba_raw' and table_name = '{table.name}' order by column_index",
        )
        declared = [(column.name, column.type) for column in table.columns]
        assert found == [*declared, ("ingested_at", "TIMESTAMP")]
    assert query(
        warehouse,
        "select abs(date_diff('second', max(ingested_at), now()::timestamptz at time zone 'UTC'))"
        " < 60, count(distinct ingested_at) from nba_raw.games",
    ) == [(True, 1)]
    # In the file: text, a whole DOUBLE, and a column that the file does not have.
    assert query(
        warehouse,
        "select distinct game_date, tov, plus_minus, team_name from nba_raw.team_box "
        "where game_id = '0022100001'",
    ) == [(duckdb.execute("select date '2021-10-19'").fetchall()[0][0], 4, -9.2, None)]


@pytest.mark.parametrize(
    "date",
    [
        "game_date::timestamp",
        "game_date::varchar",
        "game_date || 'T00:00:00'",
        "game_date || ' 00:00:00.000'",
    ],
)
def test_dates_arrive_in_several_forms(files, warehouse, date):
    load(write_files(files), warehouse)
    before = stored(warehouse, without="ingested_at")
    write_files(files, games=f"select * replace ({date} as game_date) from games")
    load(files, warehouse)
    assert stored(warehouse, without="ingested_at") == before


@pytest.mark.parametrize("type_", ["tinyint", "uinteger", "hugeint", "double", "decimal(9, 2)"])
def test_whole_numbers_arrive_in_any_numeric_type(files, warehouse, type_):
    write_files(files, player_box=f"select * replace (pts::{type_} as pts) from player_box")
    assert load(files, warehouse).warnings == []
    assert query(warehouse, "select sum(pts) from nba_raw.player_box") == [(54,)]


def test_column_names_may_be_capitals_and_a_path_may_have_any_character(tmp_path, warehouse):
    capitals = "select player_id as PLAYER_ID, player_name as Player_Name, position from players"
    # Read as a pattern, the first path would also mean the second.
    write_files(tmp_path / "it's a season=1 folder", players="from players limit 1")
    files = write_files(tmp_path / "it's [a] season=1 *", players=capitals)
    report = load(files, warehouse)
    assert report.warnings == []
    assert report.rows["players", None] == 4


def test_again_changes_nothing_but_the_stamp(files, warehouse):
    first = load(write_files(files), warehouse)
    before = stored(warehouse, without="ingested_at")
    stamp = query(warehouse, "select max(ingested_at) from nba_raw.shots")
    assert load(files, warehouse) == first
    assert stored(warehouse, without="ingested_at") == before
    assert query(warehouse, "select min(ingested_at) from nba_raw.shots") > stamp


def test_equal_shots_are_kept(files, warehouse):
    """Two tip-ins in a second are two rows that look the same; the box score counts both."""
    load(write_files(files), warehouse)
    assert query(warehouse, "select count(*) from nba_raw.shots") == [(36,)]
    assert query(warehouse, "select count(*) from (select distinct * from nba_raw.shots)") == [(24,)]


# --- seasons ----------------------------------------------------------------------------------


def test_only_the_asked_season_is_read_and_replaced(files, warehouse):
    load(write_files(files), warehouse)
    # 2021-22 has a fault in it, which is none of our business when 2022-23 is asked for.
    write_files(
        files,
        player_box="""
            select * replace (
                if(season = '2021-22', 0.5, ast + 1) as ast,
                if(season = '2021-22', null, player_name) as player_name
            ) from player_box
        """,
        injuries="select * replace ('hip' as notes) from injuries",
    )
    report = load(files, warehouse, "2022-23", "2022-23")
    assert report.warnings == []
    assert {season for _, season in report.rows} == {"2022-23", None}
    assert query(
        warehouse, "select season, ast, count(*) from nba_raw.player_box group by all order by all"
    ) == [("2021-22", 3, 8), ("2022-23", 4, 4)]
    assert query(
        warehouse, "select notes, count(*) from nba_raw.injury_events group by all order by all"
    ) == [("hip", 1), ("knee", 2)]


def test_one_season_loads_into_a_new_warehouse(files, warehouse):
    report = load(write_files(files), warehouse, "2021-22")
    assert report.rows["injury_events", "2021-22"] == 2
    assert query(warehouse, "select distinct season from nba_raw.shots") == [("2021-22",)]


def test_a_game_moved_to_another_season_is_not_stored_twice(files, warehouse):
    write_files(files, shots="select * replace ('2022-23' as season) from shots")
    load(files, warehouse)
    load(write_files(files), warehouse, "2021-22")
    assert query(warehouse, "select season, count(*) from nba_raw.shots group by all order by all") == [
        ("2021-22", 24),
        ("2022-23", 12),
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"shots": "from shots where season = '2021-22'"},
        {"injuries": "from injuries where event_date < '2022-10-01'"},
    ],
)
def test_an_asked_season_that_a_file_lacks_leaves_what_is_stored(files, warehouse, change):
    load(write_files(files), warehouse)
    before = stored(warehouse, without="ingested_at")
    [warning] = load(write_files(files, **change), warehouse, "2022-23").warnings
    assert f"{next(iter(change))}.parquet has no rows of 2022-23" in warning
    assert stored(warehouse, without="ingested_at") == before


def test_an_asked_season_without_games_is_refused(files, full_warehouse):
    assert_refused(
        write_files(files),
        full_warehouse,
        "games.parquet",
        "no games of 2019-20",
        "2021-22, 2022-23",
        seasons=("2021-22", "2019-20"),
    )


@pytest.mark.parametrize("season", ["2021", "2021-23", "21-22", "2021-2022", " 2021-22", "2021_22"])
def test_a_malformed_season_is_a_usage_error(files, warehouse, season):
    with pytest.raises(UsageError, match="like 2021-22") as error:
        load(write_files(files), warehouse, season)
    assert error.value.exit_code == 2
    assert repr(season) in str(error.value)
    assert not warehouse.exists()


def test_the_turn_of_the_century_is_a_season(files, warehouse):
    with pytest.raises(UserError, match="no games of 1999-00") as error:
        load(write_files(files), warehouse, "1999-00")
    assert error.value.exit_code == 1


def test_players_are_replaced_one_by_one(files, warehouse):
    load(write_files(files), warehouse)
    write_files(
        files,
        players="select 4::bigint as player_id, 'New' as player_name, null as position"
        " union all select 5, 'Rookie', 'C'",
    )
    load(files, warehouse)
    assert query(warehouse, "select player_id, player_name from nba_raw.players order by all") == [
        (1, "Player 1"),
        (2, "Player 2"),
        (3, "Player 3"),
        (4, "New"),
        (5, "Rookie"),
    ]


# --- pieces -----------------------------------------------------------------------------------

NIGHT = {
    name: f"from {name} where game_id = '0022100002'"
    for name in ("games", "player_box", "team_box", "shots", "odds")
} | {"injuries": None, "players": None}


def night(**changes: str | None) -> dict[str, str | None]:
    """One night's files: those of game 0022100002, some of them changed."""
    return NIGHT | {
        name: query and f"select * from ({query}) where game_id = '0022100002'"
        for name, query in changes.items()
    }


def test_one_night_replaces_its_game_and_nothing_else(files, full_warehouse):
    others = "from nba_raw.{} where game_id <> '0022100002' order by all"
    tables = ("games", "player_box", "team_box", "shots", "betting_lines")
    before = [query(full_warehouse, others.format(table)) for table in tables]
    rest = [query(full_warehouse, f"from nba_raw.{table}") for table in ("injury_events", "players")]
    changes = night(player_box="select * replace (7 as ast) from player_box")
    assert load(write_files(files, **changes), full_warehouse).warnings == []
    assert [query(full_warehouse, others.format(table)) for table in tables] == before
    assert [query(full_warehouse, f"from nba_raw.{table}") for table in ("injury_events", "players")] == rest
    assert query(full_warehouse, "select distinct game_id, ast from nba_raw.player_box order by all") == [
        ("0022100001", 3),
        ("0022100002", 7),
        ("0022200001", 3),
    ]
    assert query(full_warehouse, "select count(*) from nba_raw.player_box") == [(12,)]


def test_files_in_any_pieces_come_to_the_same_as_all_at_once(files, warehouse, tmp_path):
    load(write_files(files), warehouse)
    pieces = tmp_path / "pieces.duckdb"
    for where in ("season = '2022-23'", "game_date = '2021-10-19'", "game_date = '2022-01-05'"):
        changes = {
            name: f"from {name} where {where}"
            for name in ("games", "player_box", "team_box", "shots", "odds")
        }
        load(write_files(files, **changes, injuries=None, players=None), pieces)
    load(write_files(files, **only(injuries="from injuries", players="from players")), pieces)
    assert stored(pieces, without="ingested_at") == stored(warehouse, without="ingested_at")


@pytest.mark.parametrize("name", ["games", "player_box", "team_box", "shots", "odds", "injuries", "players"])
def test_one_file_alone_is_enough_where_its_games_are_stored(files, full_warehouse, name):
    before = stored(full_warehouse, without="ingested_at")
    alone = only(**{name: f"from {name}"})
    report = load(write_files(files, **alone), full_warehouse)
    assert report.warnings == []
    assert {table for table, _ in report.rows} == {FILES[name].name}
    assert stored(full_warehouse, without="ingested_at") == before


def test_box_scores_alone_make_a_warehouse(files, warehouse):
    write_files(files, shots=None, odds=None, injuries=None, players=None)
    warnings = load(files, warehouse).warnings
    assert [warning.split(",")[0].split(" is ")[0] for warning in warnings] == [
        "shots.parquet", "odds.parquet", "injuries.parquet", "players.parquet",
    ]  # fmt: skip
    for table in ("shots", "betting_lines", "injury_events", "players"):
        assert query(warehouse, f"select count(*) from nba_raw.{table}") == [(0,)]


def test_lines_are_replaced_by_game_and_source(files, full_warehouse):
    line = "select * replace (200.5 as total_line, {source} as source) from odds where game_id = '0022100001'"
    load(write_files(files, **only(odds=line.format(source="'other'"))), full_warehouse)
    lines = "select source, total_line from nba_raw.betting_lines where game_id = '0022100001' order by all"
    assert query(full_warehouse, lines) == [("book", 220.5), ("other", 200.5)]
    load(write_files(files, **only(odds=line.format(source="source"))), full_warehouse)
    assert query(full_warehouse, lines) == [("book", 200.5), ("other", 200.5)]


def test_bets_on_players_are_replaced_by_day_bookmaker_and_market(files, full_warehouse):
    bets = "select * replace ({} as bookmaker) from player_props where game_date = '2021-10-19' limit 1"
    assert (
        load(write_files(files, **only(player_props=bets.format("'other'"))), full_warehouse).warnings == []
    )
    count = "select bookmaker, count(*) from nba_raw.player_props group by all order by all"
    assert query(full_warehouse, count) == [("book", 12), ("other", 1)]
    [warning] = load(write_files(files, **only(player_props=bets.format("'book'"))), full_warehouse).warnings
    assert "e.g. day, bookmaker and market 2021-10-19, book, points has 1 instead of 4" in warning
    assert query(full_warehouse, count) == [("book", 9), ("other", 1)]
    assert query(full_warehouse, "select distinct quoted_at::varchar from nba_raw.player_props order by 1")[
        0
    ] == ("2021-10-19 22:00:00",)


def test_transactions_are_replaced_by_day(files, full_warehouse):
    """A day of one season says nothing about the others, nor about other days of that season."""
    write_files(
        files,
        **only(injuries="select * replace ('hip' as notes) from injuries where event_date = '2022-09-30'"),
    )
    load(files, full_warehouse)
    assert query(
        full_warehouse, "select event_date::varchar, notes from nba_raw.injury_events order by all"
    ) == [("2021-10-01", "knee"), ("2022-09-30", "hip"), ("2022-10-01", "knee")]


def test_a_part_of_a_game_is_noted(files, full_warehouse):
    part = night(player_box="from player_box where player_id <> 4")
    warning, *_ = load(write_files(files, **part), full_warehouse).warnings
    assert "player_box.parquet: fewer rows than stored for 1 games" in warning
    assert "e.g. game 0022100002 has 3 instead of 4" in warning


def test_a_game_that_moves_takes_what_is_stored_along(files, full_warehouse):
    """A game that was postponed and is played: the schedule is loaded first, with the new date."""
    moved = "select * replace ('2022-02-03' as game_date) from games where game_id = '0022100002'"
    [warning] = load(write_files(files, **only(games=moved)), full_warehouse).warnings
    assert (
        "1 stored games get another date or season; e.g. game 0022100002 from 2022-01-05 to 2022-02-03"
        in warning
    )
    for table in ("games", "player_box", "team_box", "shots", "betting_lines"):
        assert query(
            full_warehouse, f"select distinct game_id, game_date::varchar from nba_raw.{table} order by all"
        ) == [("0022100001", "2021-10-19"), ("0022100002", "2022-02-03"), ("0022200001", "2022-10-18")]


def test_the_same_game_under_another_id_is_refused(files, full_warehouse):
    again = "select * replace ('derived:1' as game_id) from {} where game_id = '0022100002'"
    write_files(files, **only(games=again.format("games")))
    assert_refused(
        files,
        full_warehouse,
        "games.parquet: 2 times a team plays twice on a day",
        "BOS on 2022-01-05: games 0022100002 and derived:1",
        "Game 0022100002 is stored already",
        "--replace-season",
    )


def test_a_game_yet_to_be_played_may_share_a_day(files, full_warehouse):
    """A postponed game may stay in the schedule under its old date."""
    again = "select * replace ('ppd' as game_id, null as home_score) from games where game_id = '0022100002'"
    load(write_files(files, **only(games=again)), full_warehouse)
    assert query(full_warehouse, "select count(*) from nba_raw.games") == [(4,)]


@pytest.mark.parametrize("name", ["games", "player_box", "team_box"])
def test_an_empty_warehouse_needs_games_and_box_scores(files, warehouse, name):
    write_files(files, **{name: None})
    with pytest.raises(UserError, match=f"{name}.parquet is missing: a warehouse without games needs"):
        load(files, warehouse)
    assert not list(warehouse.parent.glob("*"))


def test_a_folder_without_any_file_is_refused(files, full_warehouse):
    write_files(files, **only())
    assert_refused(files, full_warehouse, "has no file that can be read", "games.parquet, player_box")


def test_a_file_of_another_name_is_said(files, full_warehouse):
    write_files(files, **only(players="from players"))
    (files / "shot.parquet").write_bytes(b"")
    [warning] = load(files, full_warehouse).warnings
    assert "ignored beside the raw files: shot.parquet" in warning
    assert "shot.parquet" in warning


def test_the_status_of_a_game_is_kept(files, warehouse):
    status = "select *, if(game_id = '0022100002', 'Postponed', ' ') as game_status from games"
    load(write_files(files, games=status), warehouse)
    assert query(warehouse, "select game_id, game_status from nba_raw.games order by all") == [
        ("0022100001", None),
        ("0022100002", "Postponed"),
        ("0022200001", None),
    ]


def test_a_warehouse_from_before_a_column_gets_it(files, full_warehouse):
    with duckdb.connect(str(full_warehouse)) as con:
        con.execute("alter table nba_raw.games drop column game_status")
    night_of = night(games="select *, 'cancelled' as game_status from games")
    load(
        write_files(
            files,
            **night_of,
        ),
        full_warehouse,
        only_check=True,
    )
    load(write_files(files, **night_of), full_warehouse)
    assert query(
        full_warehouse, "select game_status, count(*) from nba_raw.games group by all order by all"
    ) == [
        ("cancelled", 1),
        (None, 2),
    ]


# --- whole seasons ----------------------------------------------------------------------------


def test_whole_seasons_are_replaced_when_told(files, full_warehouse):
    write_files(
        files,
        shots="select * replace (9 as shot_distance) from shots where season = '2022-23'",
        odds="from odds where game_id <> '0022100001'",
        injuries="select * replace ('hip' as notes) from injuries where event_date = '2021-10-01'",
    )
    report = load(files, full_warehouse, whole_seasons=True)
    assert [warning.split(";")[0] for warning in report.warnings] == [
        "odds.parquet covers 2021-22 but lacks 1 stored games: 1 rows are removed",
        "injuries.parquet covers 2021-22 but lacks 1 stored days: 1 rows are removed",
    ]
    assert query(
        full_warehouse, "select season, shot_distance, count(*) from nba_raw.shots group by all order by all"
    ) == [("2021-22", 5, 24), ("2022-23", 9, 12)]
    assert query(full_warehouse, "select game_id from nba_raw.betting_lines order by all") == [
        ("0022100002",),
        ("0022200001",),
    ]
    assert query(
        full_warehouse, "select event_date::varchar, notes from nba_raw.injury_events order by all"
    ) == [("2021-10-01", "hip"), ("2022-10-01", "knee")]


def test_more_than_a_few_games_vanish_only_when_meant(files, warehouse):
    """The season has five games, and the next file but one of them."""
    many = (
        "select * replace (game_id || m as game_id, game_date::date + m::int as game_date) "
        "from {}, range(5) as r (m)"
    )
    names = ("games", "player_box", "team_box", "shots", "odds")
    season = {
        name: f"select * exclude (m) from ({many.format(name)}) where season = '2022-23'" for name in names
    }
    season["team_box"] = season["team_box"].replace(
        "game_date::date + m::int", "(game_date::date + m::int)::varchar"
    )
    load(write_files(files, **season), warehouse)
    one = {name: f"from ({query}) where game_id = '00222000010'" for name, query in season.items()}
    write_files(files, **one)
    asked = []
    assert_refused(
        files,
        warehouse,
        "4 stored games or days that no file has would be removed",
        "Give --yes",
        whole_seasons=True,
        may_remove=asked.append,
    )
    assert asked == ["4 stored games or days that no file has"]
    load(files, warehouse, whole_seasons=True, may_remove=lambda what: True)
    assert query(warehouse, "select game_id from nba_raw.games") == [("00222000010",)]


def test_games_may_not_vanish_under_stored_box_scores(files, full_warehouse):
    only_new = {n: f"from {n} where season = '2022-23'" for n in ("player_box", "team_box", "shots")}
    write_files(files, games="from games where game_id <> '0022100001'", **only_new)
    assert_refused(
        files,
        full_warehouse,
        "nba_raw.player_box, as stored before, has 4 rows",
        "nba_raw.shots, as stored before, has 12 rows",
        faults=3,
        whole_seasons=True,
    )


# --- only looking -----------------------------------------------------------------------------


def test_a_check_says_the_same_and_changes_nothing(files, warehouse, full_warehouse):
    write_files(files, games="select * replace (11 as home_score) from games")
    report = load(files, warehouse, only_check=True)
    assert report.faults == []
    assert not warehouse.parent.exists()
    content = full_warehouse.read_bytes()
    assert load(files, full_warehouse, only_check=True) == report
    assert full_warehouse.read_bytes() == content
    assert load(files, full_warehouse) == report


def test_a_check_finds_all_faults(files, full_warehouse):
    write_files(
        files,
        games="select * replace (-1 as home_score) from games",
        odds="select * exclude (source) from odds",
    )
    report = load(files, full_warehouse, only_check=True)
    assert [fault.split(":")[0].split(" lacks ")[0] for fault in report.faults] == [
        "games.parquet",
        "odds.parquet",
    ]
    assert report.rows["games", "2022-23"] == 1


# --- the real files ---------------------------------------------------------------------------


@pytest.mark.real
def test_real_files_load_whole(real_data, warehouse):
    report = load(real_data, warehouse)
    for table in RAW_TABLES:
        file = str(real_data / table.file).replace("'", "''")
        [(in_file,)] = duckdb.execute(f"select count(*) from read_parquet('{file}')").fetchall()
        [(in_table,)] = query(warehouse, f"select count(*) from nba_raw.{table.name}")
        assert in_table == in_file
        assert sum(rows for (name, _), rows in report.rows.items() if name == table.name) == in_file
    shots, spreads, names = report.warnings
    # One attempt given to a team-mate; that four teams' shots disagree, the preflight says.
    assert shots.startswith("2 player-games whose shots the box score gives to a team-mate, or to nobody")
    assert spreads.startswith("114 games whose betting sources disagree about the sign of the spread")
    assert names.startswith("29 of 11,445 injury transactions name no known player")


@pytest.mark.real
def test_real_files_load_one_season_again(real_data, warehouse):
    load(real_data, warehouse)
    totals = "select season, count(*), sum(pts), sum(hash(game_id)) from nba_raw.player_box group by 1"
    before = query(warehouse, totals + " order by 1")
    load(real_data, warehouse, "2022-23")
    assert query(warehouse, totals + " order by 1") == before
    stamps = "select season from nba_raw.shots group by 1 having max(ingested_at) ="
    newest = query(warehouse, f"{stamps} (select max(ingested_at) from nba_raw.shots)")
    assert newest == [("2022-23",)]
