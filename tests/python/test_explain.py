"""`explain`: who is meant, what is said, and that a wrong number cannot hide."""

from __future__ import annotations

import json
import random
import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from orchestrate import app, main
from orchestrator.core import seeds
from orchestrator.core.errors import UserError
from orchestrator.core.registry import PHASE4_TABLES
from orchestrator.explain import names, raw_rows
from orchestrator.explain.as_of import season_on
from orchestrator.explain.explain import Explanation, explain, explained
from orchestrator.explain.features import FORMULAS
from orchestrator.explain.text import WIDTH, lines
from orchestrator.warehouse.bigquery_project import BigQueryProject
from orchestrator.warehouse.duckdb_file import DuckDBFile
from tests.python.warehouses import PROJECT, build, change, copy_of, orchestrate, query

NOT_RECOMPUTED: set[str] = set()
"""Features of the catalogue that explain shows only as stored."""
DAY = date(2024, 1, 7)


def said(found: Explanation) -> str:
    return "\n".join(line.text for line in lines(found))


def ask(warehouse: Path, who: str, day: date | str) -> Explanation:
    return explain(DuckDBFile(warehouse), who, date.fromisoformat(str(day)))


@pytest.fixture(scope="module")
def someone(demo_built) -> str:
    """A player with rows everywhere on DAY whose opponent and zones are known."""
    found = query(
        demo_built,
        f"select player_lookup from nba_precompute.ml_feature_store where analysis_date = '{DAY}' "
        "and is_production_ready and shot_zone_mismatch_score is not null order by player_lookup limit 1",
    )
    return found[0][0]


def check_many(warehouse: Path, number: int, seed: int, until: date = date.max) -> int:
    """Compare pairs of player and date, most of them with rows; return how many values were compared."""
    chance, compared = random.Random(seed), 0
    with DuckDBFile(warehouse).reading() as connection:
        schedule = raw_rows.games(connection)
        players = names.everybody(connection)
        by_id = {player.player_id: player for player in players}
        rows = connection.rows(
            "select universal_player_id, analysis_date from nba_precompute.ml_feature_store "
            "where analysis_date <= ? order by all",
            [until],
        )
        days = sorted({game.day for game in schedule if game.day <= until})
        pairs = chance.sample(rows, number * 2 // 3)
        pairs += [(chance.choice(players).player_id, chance.choice(days)) for _ in range(number // 3)]
        for player_id, day in pairs:
            player = by_id[player_id]
            found = explained(connection, player, players, schedule, day, season_on(schedule, day))
            assert not found.differences, (player.name, day, found.differences[:3])
            compared += found.compared
    return compared


# --- the numbers -----------------------------------------------------------------------------------


def test_every_feature_of_the_catalogue_is_recomputed():
    """A new feature is shown as stored: give it a formula in explain/features.py, or name it above."""
    catalogue = {row["feature_name"] for row in seeds.rows("feature_catalogue")}
    assert catalogue - FORMULAS.keys() == NOT_RECOMPUTED
    assert FORMULAS.keys() <= catalogue


def test_a_feature_without_a_formula_is_shown_as_it_is_stored(demo_built, someone, monkeypatch):
    monkeypatch.delitem(FORMULAS, "pace_score")
    found = ask(demo_built, someone, DAY)
    (feature,) = (own for own in found.features if own.feature.name == "pace_score")
    assert (feature.is_recomputed, feature.source) == (False, "phase4")
    assert "as stored, not recomputed" in said(found)
    assert not found.differences


def test_the_demo_leagues_numbers_are_those_of_its_raw_rows(demo_built):
    assert check_many(demo_built, 36, seed=3) > 3_000


def test_real_numbers_are_those_of_the_raw_rows(real_built):
    assert check_many(real_built, 9, seed=5, until=date(2024, 4, 15)) > 1_000


def test_late_box_scores_a_slate_and_unknown_minutes_are_recomputed_alike(demo_built, tmp_path):
    warehouse = copy_of(demo_built, tmp_path)
    first, last = date(2024, 2, 6), date(2024, 2, 7)
    late = (
        "(select min(game_id) from nba_raw.games where season_type = 'regular' and game_date = '2024-02-05')"
    )
    change(
        warehouse,
        f"delete from nba_raw.player_box where game_id = {late}",
        "update nba_raw.player_box set min = null where player_id % 3 = 0 and game_date < '2024-02-05'",
        f"delete from nba_raw.games where game_date > '{last}'",
        *(
            f"delete from nba_raw.{table} where game_date >= '{last}'"
            for table in ("player_box", "team_box", "shots")
        ),
        f"update nba_raw.games set home_score = null, away_score = null where game_date = '{last}'",
    )
    build(warehouse, first, last)
    with DuckDBFile(warehouse).reading() as connection:
        rows = connection.rows(
            "select analysis_date, context_source, 'missing_box_score' in data_quality_issues, "
            "min(player_lookup) from nba_precompute.ml_feature_store where analysis_date between ? and ? "
            "group by all order by all",
            [first, last],
        )
    assert {("upcoming", False), ("history", True)} <= {(source, late) for _, source, late, _ in rows}
    for day, source, is_late, lookup in rows:
        found = ask(warehouse, lookup, day)
        assert not found.differences, (lookup, day, found.differences[:3])
        assert ("is expected to play" in said(found)) == (source == "upcoming")
        assert ("has no box score" in said(found)) == is_late


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("'player_out' in data_quality_issues", "He is out: he must play, or be taken off the list"),
        (
            "few.games_found = 3",
            "points_avg_last_5 must become known: it needs 5 active games this season; he has 3",
        ),
    ],
)
def test_it_says_what_would_make_a_row_ready(demo_built, where, words):
    ((lookup, day), *_) = query(
        demo_built,
        f"""
        select store.player_lookup, store.analysis_date
        from nba_precompute.ml_feature_store as store
        left join nba_precompute.phase4_exclusions as few on
            few.entity_id = store.player_lookup and few.analysis_date = store.analysis_date
            and few.table_name = 'player_daily_cache'
        where not is_production_ready and {where} order by 2, 1 limit 1
        """,
    )
    found = ask(demo_built, lookup, day)
    assert "Not ready for use." in found.verdict
    assert words in " ".join(found.changes)
    assert not found.differences


# --- a wrong number is named ------------------------------------------------------------------------

WRONG = [
    ("ml_feature_store", "points_avg_last_5 = points_avg_last_5 + 0.001", "points_avg_last_5"),
    ("ml_feature_store", "features = [0.0]", "features[0], points_avg_last_5"),
    ("ml_feature_store", "feature_sources = ['default']", "feature_sources[0], points_avg_last_5"),
    ("ml_feature_store", "is_production_ready = false", "is_production_ready"),
    ("ml_feature_store", "data_quality_issues = ['player_out']", "data_quality_issues"),
    ("player_daily_cache", "points_std_last_10 = null", "points_std_last_10"),
    ("player_composite_factors", "fatigue_score = fatigue_score - 5", "fatigue_score"),
    ("player_shot_zone_analysis", "paint_rate_last_10 = paint_rate_last_10 * 1.0001", "paint_rate_last_10"),
]  # fmt: skip


@pytest.fixture(scope="module")
def wrong(demo_built, someone, tmp_path_factory) -> Explanation:
    """What is said of a row in which every one of WRONG is wrong."""
    warehouse = copy_of(demo_built, tmp_path_factory.mktemp("wrong"))
    whose = f"where player_lookup = '{someone}' and analysis_date = '{DAY}'"
    change(warehouse, *(f"update nba_precompute.{table} set {change} {whose}" for table, change, _ in WRONG))
    return ask(warehouse, someone, DAY)


@pytest.mark.parametrize(("table", "column"), [(table, column) for table, _, column in WRONG])
def test_a_wrong_number_is_named(wrong, table, column):
    assert (table, column) in {(own.table, own.column) for own in wrong.differences}


def test_the_verdict_counts_what_is_wrong(wrong):
    text = said(wrong).splitlines()
    assert f"{len(wrong.differences)} of {wrong.compared} numbers differ" in " ".join(text[1:4])
    assert "this is an error" in said(wrong)


def test_a_lost_row_is_named_and_a_row_too_many(demo_built, someone, tmp_path):
    warehouse = copy_of(demo_built, tmp_path)
    whose = f"where player_lookup = '{someone}' and analysis_date = '{DAY}'"
    change(
        warehouse,
        f"delete from nba_precompute.player_daily_cache {whose}",
        f"insert into nba_precompute.ml_feature_store from nba_precompute.ml_feature_store {whose}",
    )
    found = {(own.table, own.stored, own.recomputed) for own in ask(warehouse, someone, DAY).differences}
    assert found == {("player_daily_cache", 0, 1), ("ml_feature_store", 2, 1)}


def test_a_lost_exclusion_is_named(demo_built, tmp_path):
    (table, entity, day), *_ = query(
        demo_built,
        "select table_name, entity_id, analysis_date from nba_precompute.phase4_exclusions "
        "where reason = 'insufficient_games' and table_name = 'player_shot_zone_analysis' "
        "order by all limit 1",
    )
    warehouse = copy_of(demo_built, tmp_path)
    assert not ask(warehouse, entity, day).differences
    change(warehouse, f"delete from nba_precompute.phase4_exclusions where entity_id = '{entity}'")
    (reason, *_) = ask(warehouse, entity, day).differences
    assert (reason.table, reason.column) == ("phase4_exclusions", f"reason for {table}")


def test_a_corrected_box_score_makes_the_row_differ_and_the_date_is_called_stale(
    demo_built, someone, tmp_path
):
    warehouse = copy_of(demo_built, tmp_path)
    last = ask(warehouse, someone, DAY).known.games[0]
    change(
        warehouse,
        f"update nba_raw.player_box set pts = pts + 7 where game_id = '{last.box.game_id}' and player_id = "
        f"(select player_id from nba_staging.stg_nba__players where player_lookup = '{someone}')",
    )
    found = ask(warehouse, someone, DAY)
    assert "points_avg_last_5" in {own.column for own in found.differences}
    assert f"`orchestrate.py backfill --dates {DAY}`" in said(found).replace("\n  ", " ")


# --- who is meant -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def people(good_warehouse, tmp_path_factory) -> Path:
    """Four players of the tiny league under names that people get wrong, and more without a game."""
    path = tmp_path_factory.mktemp("people") / "people.duckdb"
    path.write_bytes(good_warehouse)
    change(
        path,
        "update nba_raw.player_box set player_name = null",
        "delete from nba_raw.players",
        """
        insert into nba_raw.players (player_id, player_name) values
            (1, 'Nikola Jokić'), (2, 'Jimmy Butler III'), (3, 'Jalen Williams'), (4, 'Jalen Williams'),
            (5, 'Luka Dončić'), (6, 'Luka Garza'), (7, 'Shai Gilgeous-Alexander'), (8, 'Herbert Jones'),
            (9, 'D''Angelo Russell')
        """,
    )
    return path


@pytest.mark.parametrize(
    ("typed", "id"),
    [
        ("Jokic", "1"), ("NIKOLA JOKIĆ", "1"), ("nikolajokic", "1"), (" nikola  jokic ", "1"),
        ("Jimmy Butler", "2"), ("jimmy butler iii", "2"), ("Jimmy Butler Jr.", "2"), ("butler", "2"),
        ("jalenwilliams_4", "4"), ("3", "3"), ("gilgeous alexander", "7"), ("Gilgeous", "7"),
        ("Herb Jones", "8"), ("d angelo russell", "9"), ("Russell", "9"),
    ],
)  # fmt: skip
def test_a_name_as_people_type_it(people, typed, id):
    assert ask(people, typed, "2022-01-05").player.player_id == id


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("Jalen Williams", ["may be 2 players", "jalenwilliams_3", "LAL, 2 games in 2021-22"]),
        ("luka", ["may be 2 players", "Luka Dončić", "Luka Garza"]),
        ("Jocik", ["did you mean Nikola Jokić"]),
        ("Xyzzy Qwerty", ["no name comes near"]),
        ("", ["no player is called ''"]),
        ("'; drop table", ["no player is called"]),
        ("鈴木", ["no player is called"]),
    ],
)
def test_a_name_that_is_not_one_player(people, typed, words):
    with pytest.raises(UserError) as error:
        ask(people, typed, "2022-01-05")
    for word in words:
        assert word in str(error.value)


# --- which dates ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "reason", "words"),
    [
        ("2023-10-30", "bootstrap", "Day 7 of the season"),
        ("2024-02-18", "no_game", "only games that do not count (all-star)"),
        ("2023-07-01", "no_game", "outside the schedule, which goes from 2023-10-24"),
        ("2031-01-01", "no_game", "outside the schedule"),
        ("2024-04-17", "no_player_data", "(play-in) have no box scores"),
    ],
)
def test_a_date_on_which_nobody_has_a_row(demo_built, someone, day, reason, words):
    found = ask(demo_built, someone, day)
    assert words in found.about_the_date
    assert {row.reason for row in found.rows if row.table == "ml_feature_store"} == {reason}
    assert not found.differences
    assert "he has rows in" in said(found).replace("\n", " ").lower()


def test_a_date_off_his_teams_schedule_and_a_game_he_missed(demo_built):
    rows = query(
        demo_built,
        f"""
        with last as (
            select universal_player_id, arg_max(team_abbr, game_date) as team
            from nba_analytics.player_game_summary where game_date < '{DAY}' group by all
        ),
        playing as (
            select unnest([home_team, away_team]) as team from nba_raw.games where game_date = '{DAY}'
        )
        select team in (from playing) as plays, min(player_lookup)
        from nba_precompute.player_shot_zone_analysis join last using (universal_player_id)
        where analysis_date = '{DAY}' and universal_player_id not in (
            select universal_player_id from nba_precompute.ml_feature_store where analysis_date = '{DAY}'
        )
        group by all
        """,
    )
    found = {plays: ask(demo_built, lookup, DAY) for plays, lookup in rows}
    assert "He did not play: the box score of" in found[True].about_the_date
    assert f"has no game on {DAY}" in found[False].about_the_date
    assert [row.table for row in found[True].rows if row.stored][-1] == "player_shot_zone_analysis"
    assert not found[True].differences + found[False].differences


@pytest.mark.parametrize(
    ("who", "day", "rows", "words"),
    [
        ("Stephen Curry", "2022-02-20", 0, "only games that do not count"),
        ("James Harden", "2022-02-25", 5, "PHI at MIN"),  # traded: his games are BKN's
        ("jimmy butler", "2022-03-02", 5, "zones are unknown"),  # January 2022 lacks shots
    ],
)
def test_real_cases(real_built, who, day, rows, words):
    found = ask(real_built, who, day)
    assert not found.differences
    assert words in said(found).replace("\n     ", " ")
    assert sum(row.stored is not None for row in found.rows) == rows


def test_the_pages_example_is_what_is_printed(real_built):
    page = (PROJECT / "docs" / "explain.md").read_text()
    example = re.findall(r"^```\n(.*?)^```", page, re.MULTILINE | re.DOTALL)[-1].splitlines()
    printed = said(ask(real_built, "Nikola Jokic", "2023-12-02")).splitlines()
    stamps = [line for line in example if line.startswith("        built ")]
    assert len(stamps) == len(PHASE4_TABLES)
    assert [line for line in example if line not in (*printed, *stamps, "...")] == []


# --- as a command -----------------------------------------------------------------------------------


def test_the_text_is_80_columns_wide_and_begins_with_the_verdict(demo_built, someone):
    text = said(ask(demo_built, someone, DAY)).splitlines()
    assert max(map(len, text)) <= WIDTH
    assert text[1].startswith(f"He has rows in {len(PHASE4_TABLES)} of {len(PHASE4_TABLES)} tables.")
    order = [text.index(word) for word in ("TABLES", "FEATURES", "QUALITY")]
    assert order == sorted(order)


def test_the_command_prints_and_exits_by_the_verdict(demo_built, someone, tmp_path):
    good = orchestrate(demo_built, "explain", someone, DAY)
    assert (good.returncode, good.stderr) == (0, "")
    assert "\x1b" not in good.stdout
    warehouse = copy_of(demo_built, tmp_path)
    change(
        warehouse,
        "update nba_precompute.ml_feature_store set team_pace = team_pace + 1 "
        f"where player_lookup = '{someone}' and analysis_date = '{DAY}'",
    )
    bad = orchestrate(warehouse, "explain", someone, DAY, "--json")
    assert bad.returncode == 1
    assert [own["column"] for own in json.loads(bad.stdout)["differences"]] == ["team_pace"]


def test_a_mistake_is_a_message(demo_built, monkeypatch, capsys):
    monkeypatch.setenv("NBA_DUCKDB_PATH", str(demo_built))
    monkeypatch.setattr("sys.argv", ["orchestrate.py", "explain", "nobody at all", str(DAY)])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 1
    assert capsys.readouterr().err.startswith("error: no player is called 'nobody at all'")
    assert CliRunner().invoke(app, ["explain", "Jokic", "soon"]).exit_code == 2


def test_before_anything_is_built_it_says_what_would_be(demo_raw, someone):
    found = ask(demo_raw, someone, DAY)
    assert (found.compared, found.differences) == (0, [])
    assert {row.reason for row in found.rows} == {"never_built"}
    assert len(found.features) == len(FORMULAS)
    assert "as they would be" in said(found)


def test_bigquery_is_refused_with_a_message():
    with pytest.raises(UserError, match="only a DuckDB warehouse"):
        explain(BigQueryProject("bigquery"), "Jokic", DAY)


def test_with_an_external_phase_3_the_stored_row_is_shown(demo_built, someone, tmp_path, monkeypatch):
    warehouse = copy_of(demo_built, tmp_path)
    change(
        warehouse,
        "create table players as from nba_staging.stg_nba__players",
        "drop schema nba_staging cascade",
        "drop schema nba_raw cascade",
        "create schema nba_staging",
        "create schema nba_raw",
        "create table nba_staging.stg_nba__players as from players",
        "create table nba_raw.nbac_schedule (game_id varchar)",
    )
    monkeypatch.setenv("NBA_PHASE3", "external")
    found = ask(warehouse, someone, DAY)
    assert "Nothing was recomputed" in found.verdict
    assert len(found.features) == len(FORMULAS)
    assert max(len(line.text) for line in lines(found)) <= WIDTH
    off = ask(warehouse, someone, DAY + timedelta(300))
    assert off.verdict.startswith("He has rows in 0 of 5")
