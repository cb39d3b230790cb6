"""The training set, and the files that leave: right, whole at any moment, and named by what they hold."""

from __future__ import annotations

import json
import shutil
import threading
from pathlib import Path

import duckdb
import filelock
import pytest

from tests.python.warehouses import change, copy_of, orchestrate, parsed, query, succeed

LAST = "2023-24"


def export(warehouse: Path, folder: Path, *more: object) -> str:
    """Export, and return what was said."""
    return succeed(orchestrate(warehouse, "export", "--to", folder, *more)).stderr


def name_of(folder: Path) -> str:
    return json.loads((folder / "manifest.json").read_text())["hash"]


def rows_of(folder: Path, table: str = "training_set") -> list[tuple]:
    return duckdb.sql(f"from '{folder}/{table}/*.parquet' order by all").fetchall()


@pytest.fixture(scope="module")
def exported(demo_built, tmp_path_factory) -> tuple[Path, Path]:
    """A warehouse whose training set was made, and all its files."""
    folder = tmp_path_factory.mktemp("exported")
    warehouse = copy_of(demo_built, folder)
    export(warehouse, folder / "files", "--what", "all")
    return warehouse, folder / "files"


@pytest.fixture
def changed(exported, tmp_path) -> tuple[Path, Path]:
    """Copies of both, to be changed."""
    warehouse, files = exported
    (tmp_path / "w").mkdir()
    return copy_of(warehouse, tmp_path / "w"), Path(shutil.copytree(files, tmp_path / "files"))


# --- the training set ---------------------------------------------------------------------------


KEYS = {
    "training_set": ("row_id",),
    "int_player_results": ("game_id", "universal_player_id"),
    "int_closing_lines": ("game_id", "team_abbr"),
    "int_player_lines": ("game_id", "universal_player_id", "market"),
}


def test_one_row_per_key_and_never_null_where_the_docs_say_so(bets, changed, tmp_path):
    warehouse, _ = changed
    bets("('A', 20.5, -110, -110, -5)", "('A', 21.5, -110, -110, -5)")
    nodes = parsed(tmp_path)["nodes"]
    for name, key in KEYS.items():
        columns = nodes[f"model.nba_phase4.{name}"]["columns"].values()
        filled = [column["name"] for column in columns if column["description"].endswith("Never NULL.")]
        assert set(filled) >= set(key) - {"team_abbr"}, name
        nulls = " + ".join(f"count(*) - count({column})" for column in filled)
        [(rows, distinct, lost)] = query(
            warehouse,
            f"select count(*), count(distinct ({', '.join(key)})), {nulls} from nba_training.{name}",
        )
        assert (rows > 0, distinct, lost) == (True, rows, 0), name


def test_labels_are_the_box_scores(exported):
    warehouse, _ = exported
    ((rows, wrong, lost),) = query(
        warehouse,
        """
        select
            count(*),
            count(*) filter (
                actual_points is distinct from pts
                or actual_rebounds is distinct from coalesce(oreb + dreb, reb)
                or actual_assists is distinct from ast or actual_minutes is distinct from min
                or points_rebounds_assists is distinct from pts + coalesce(oreb + dreb, reb) + ast
            ),
            (select count(*) from nba_precompute.ml_feature_store join nba_raw.player_box as box
                on ml_feature_store.game_id = box.game_id
                and universal_player_id = box.player_id::varchar
                where min > 0 or fga > 0 or pts > 0) - count(*)
        from nba_training.training_set
        join nba_raw.player_box as box
            on training_set.game_id = box.game_id and universal_player_id = box.player_id::varchar
        """,
    )
    assert rows > 10_000
    assert (wrong, lost) == (0, 0)


def test_spreads_are_from_the_players_side(exported):
    warehouse, _ = exported
    found = query(
        warehouse,
        """
        select distinct is_home, sign(closing_spread) = sign(if(is_home, 1, -1) * home_spread)
        from nba_training.training_set join nba_staging.stg_nba__betting_lines using (game_id)
        where home_spread <> 0 order by 1
        """,
    )
    assert found == [(False, True), (True, True)]


def test_nothing_of_the_training_set_reaches_a_feature(tmp_path):
    nodes = parsed(tmp_path)["nodes"]
    in_training = {id for id, node in nodes.items() if "training" in node.get("tags", ())}
    assert len(in_training) == 4
    props = "source.nba_phase4.nba_raw.player_props"
    for id, node in nodes.items():
        if node["resource_type"] == "model" and id not in in_training:
            assert not {*in_training, props} & set(node["depends_on"]["nodes"]), id


QUOTES = """
insert into nba_raw.player_props by name
select
    game_date, {name} as player_name, {market} as market, bookmaker, line, over_price, under_price,
    {home} as home_team, null::timestamp as commence_time, tip + to_minutes(minutes) as quoted_at
from (
    select game_date, timezone('UTC', timezone('America/New_York', game_date + tip_et::time)) as tip
    from nba_raw.games where game_id = '{game}'
), (values {quotes}) as quotes (bookmaker, line, over_price, under_price, minutes)
"""


@pytest.fixture
def bets(changed):
    """Put bets on a player into the warehouse, and return what the training set says of him."""
    warehouse, _ = changed
    [(game, player, name, home)] = query(
        warehouse,
        f"""
        select any_value(game_id), universal_player_id, any_value(player_full_name), any_value(team_name)
        from nba_training.training_set
        join nba_staging.stg_nba__players using (universal_player_id)
        join nba_staging.stg_nba__games using (game_id)
        join nba_reference.nba_teams on home_team_abbr = nba_teams.team_abbr
        where training_set.season_year = {LAST[:4]} group by 2 order by 2 limit 1
        """,
    )
    change(warehouse, f"update nba_raw.games set tip_et = '19:30:00' where game_id = '{game}'")

    def put(*quotes: str, name: str = f"'{name}'", market: str = "'points'", home: str = f"'{home}'"):
        filled = QUOTES.format(name=name, market=market, home=home, game=game, quotes=", ".join(quotes))
        change(warehouse, filled)
        return query(
            warehouse,
            f"""
            select
                points_line, points_line_bookmaker_count, points_over_price, points_under_price,
                points_line_bookmakers, points_lines_by_bookmaker, points_rebounds_assists_line
            from nba_training.training_set where game_id = '{game}' and universal_player_id = '{player}'
            """,
        )[0]

    put.printed = name
    return put


def test_the_line_is_the_median_of_the_bookmakers_last_ones(bets):
    found = bets(
        "('B', 20.5, -110, -112, -300)",
        "('B', 21.5, -105, -115, -30)",  # his last line
        "('A', 19.5, -120, 100, -5)",
        "('C', 21.5, 102, -130, -5)",
    )
    assert found == (21.5, 3, 102, -115, ["A", "B", "C"], [19.5, 21.5, 21.5], None)


def test_a_line_between_two_bookmakers_has_no_price(bets):
    assert bets("('A', 19.5, -120, 100, -5)", "('B', 20.5, -110, -110, -5)") == (
        20.0, 2, None, None, ["A", "B"], [19.5, 20.5], None,
    )  # fmt: skip


def test_a_bookmaker_with_several_lines_has_their_median(bets):
    found = bets("('A', 30.5, 400, null, -5)", "('A', 20.5, -110, -110, -5)", "('A', 10.5, -500, null, -5)")
    assert found == (20.5, 1, -110, -110, ["A"], [20.5], None)


def test_a_bet_taken_during_the_game_does_not_count(bets):
    # The ball goes up ten minutes after the scheduled time.
    assert bets("('A', 20.5, -110, -110, 9)", "('A', 35.5, -110, -110, 10)")[0] == 20.5
    assert bets("('B', 35.5, -110, -110, 90)")[1] == 1


def test_markets_are_apart(bets):
    bets("('A', 20.5, -110, -110, -5)", market="'player_points'")
    found = bets("('A', 33.5, -110, -110, -5)", market="'points_rebounds_assists'")
    assert (found[0], found[-1]) == (20.5, 33.5)
    assert bets("('B', 5.5, -110, -110, -5)", market="'rebounds'")[1] == 1


def test_a_name_is_found_however_it_is_printed_but_not_at_another_game(bets):
    quote = "('A', 20.5, -110, -110, -5)"
    name = bets.printed.replace("'", "''")
    assert bets(quote, home="'Nobodys Team'", name="'Somebody Else'")[0] is None
    assert bets(quote, home="(select max(team_name) from nba_reference.nba_teams)")[0] is None
    assert bets(quote, name=f"upper('{name} Jr.')", home="null")[0] == 20.5


# --- files --------------------------------------------------------------------------------------


def test_files_hold_the_warehouses_rows(exported):
    warehouse, files = exported
    assert [path.name for path in (files / "training_set").iterdir()] == [f"{LAST}.parquet"]
    assert rows_of(files) == query(warehouse, "from nba_training.training_set order by all")
    store = "from nba_precompute.ml_feature_store order by all"
    assert rows_of(files, "ml_feature_store") == query(warehouse, store)
    dates = query(warehouse, "select distinct analysis_date::varchar from nba_precompute.ml_feature_store")
    assert {path.stem for path in (files / "ml_feature_store").iterdir()} == {day for (day,) in dates}
    manifest = json.loads((files / "manifest.json").read_text())
    assert sum(one["rows"] for one in manifest["files"].values()) == len(rows_of(files)) + len(
        rows_of(files, "ml_feature_store")
    )
    assert manifest["columns"]["training_set"]["row_id"] == "VARCHAR"
    assert manifest["feature_versions"] == ["v1_baseline_25"]
    assert manifest["labels"]["results"] == "nba_raw.player_box"


def test_only_what_changed_is_written_and_the_hash_names_the_rows(changed, tmp_path):
    warehouse, files = changed
    assert "0 files written (0 rows)" in export(warehouse, files, "--what", "all")
    before, then = name_of(files), rows_of(files)
    # Built again, the rows are the same, so that nothing is written.
    succeed(orchestrate(warehouse, "backfill", "--yes", "--season", LAST, "--only", "all"))
    assert "0 files written (0 rows)" in export(warehouse, files, "--what", "all")
    export(warehouse, tmp_path / "elsewhere", "--what", "all")
    assert name_of(tmp_path / "elsewhere") == before
    [(game, day)] = query(
        warehouse,
        f"select game_id, analysis_date from nba_training.training_set "
        f"where season_year = {LAST[:4]} order by analysis_date desc, game_id limit 1",
    )
    change(warehouse, f"update nba_raw.player_box set ast = ast + 1 where game_id = '{game}'")
    said = succeed(orchestrate(warehouse, "backfill", "--yes", "--export", files)).stderr
    assert name_of(files) != before
    stale = query(
        warehouse, f"select count(distinct analysis_date) from nba_precompute.ml_feature_store "
        f"where analysis_date > '{day}'"
    )  # fmt: skip
    assert stale == [(0,)]  # it was the last date: no feature knows the game
    assert "1 file written" in said
    assert rows_of(files) != then
    done = succeed(orchestrate(warehouse, "export", "--to", files, "--at", before[:10]))
    restored = files / "at" / before[:12]
    assert str(restored) in done.stderr
    assert rows_of(restored) == then
    assert name_of(restored) == before


def test_what_a_killed_export_or_a_bad_disk_left_is_mended(changed):
    warehouse, files = changed
    before = name_of(files)
    place = files / "training_set" / f"{LAST}.parquet"
    then = rows_of(files)
    # Another version is in its place, and the manifest does not say so.
    other = "format parquet, kv_metadata {content_hash: 'another'}"
    duckdb.sql(f"copy (select * from '{place}' limit 9) to '{files / 'old'}' ({other})")
    (files / "old").replace(place)
    assert "1 file written" in export(warehouse, files)
    assert rows_of(files) == then
    place.write_bytes(b"PAR1 damaged")
    assert "1 file written" in export(warehouse, files)
    assert rows_of(files) == then
    assert name_of(files) == before


def test_a_reader_never_sees_half_a_file_nor_none(changed):
    warehouse, files = changed
    place = files / "training_set" / f"{LAST}.parquet"
    counts, troubles, over = set(), [], threading.Event()

    def read() -> None:
        with duckdb.connect() as con:
            while not over.is_set():
                try:
                    counts.add(con.execute(f"select count(*) from '{place}'").fetchone())
                except duckdb.Error as error:
                    troubles.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for _ in range(3):
            duckdb.sql(f"copy (select * from '{place}' limit 9) to '{files / 'old'}' (format parquet)")
            (files / "old").replace(place)
            export(warehouse, files)
    finally:
        over.set()
        reader.join()
    assert troubles == []
    assert len(counts) == 2


def test_a_file_whose_rows_are_gone_goes_too_but_of_the_asked_season_only(changed):
    warehouse, files = changed
    day = "2024-01-10"
    earlier = "2022-23"
    change(warehouse, f"delete from nba_precompute.ml_feature_store where analysis_date = '{day}'")
    change(warehouse, f"update nba_precompute.ml_feature_store set season_year = {earlier[:4]}")
    assert "removed" not in export(warehouse, files, "--what", "ml_feature_store", "--season", earlier)
    assert (files / "ml_feature_store" / f"{day}.parquet").exists()  # it is one of 2023-24
    change(warehouse, f"update nba_precompute.ml_feature_store set season_year = {LAST[:4]}")
    said = export(warehouse, files, "--what", "ml_feature_store")
    assert "0 files written (0 rows)" in said
    assert "1 file removed" in said
    assert not (files / "ml_feature_store" / f"{day}.parquet").exists()
    assert (files / "training_set" / f"{LAST}.parquet").exists()


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        (["--what", "features"], "'features' cannot be exported: choose from training-set"),
        (["--season", "2023"], "is not a season"),
        (["--season", "1999-00"], "there are no rows to export: choose another season"),
        (["--at", "zzz"], "no export in"),
    ],
)
def test_a_mistake_is_a_message(exported, given, complaint):
    warehouse, files = exported
    done = orchestrate(warehouse, "export", "--to", files, *given)
    assert done.returncode in (1, 2)
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr


def test_nothing_to_export_says_the_next_step(demo_raw, tmp_path):
    done = orchestrate(demo_raw, "export", "--to", tmp_path)
    assert (done.returncode, "run `python orchestrate.py backfill` first" in done.stderr) == (1, True)


def test_two_exports_into_one_folder_do_not_meet(exported, tmp_path):
    warehouse, _ = exported
    with filelock.FileLock(tmp_path / ".export.lock"):
        done = orchestrate(warehouse, "export", "--to", tmp_path)
    assert done.returncode != 0
    assert "another export writes to" in done.stderr
