"""What turns stale: exactly the dates whose inputs changed, and never too few of them."""

import re
import shutil
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.python.warehouses import (
    PROJECT,
    TABLES,
    build,
    change,
    copy_of,
    dbt_failures,
    orchestrate,
    query,
    succeed,
    window,
)

READS_TEAM_BOX = set(TABLES) - {"player_shot_zone_analysis"}
READS_SHOTS = set(TABLES) - {"phase4_exclusions"}
READS_THE_DAY = {"player_composite_factors", "player_daily_cache", "ml_feature_store", "phase4_exclusions"}
READS_TRANSACTIONS = {"player_composite_factors", "ml_feature_store"}
CHRISTMAS = date(2022, 12, 25)


def states(warehouse, where="true"):
    """Return the state and reason of every (table, date)."""
    rows = query(
        warehouse,
        "select table_name, analysis_date, state, state_reason "
        f"from nba_precompute.phase4_coverage where {where}",
    )
    return {(table, day): (state, reason) for table, day, state, reason in rows}


def to_build(warehouse, where="true"):
    """Return the (table, date)s that are not as they should be."""
    return {
        key for key, (state, _) in states(warehouse, where).items() if state not in ("done", "not_expected")
    }


def done(warehouse, where, tables=TABLES):
    """Return the (table, date)s that are done."""
    return {
        key for key, (state, _) in states(warehouse, where).items() if key[0] in tables and state == "done"
    }


def value(warehouse, sql):
    """Return the only value of the only row."""
    ((only,),) = query(warehouse, sql)
    return only


# --- one correction, real data ------------------------------------------------------------------------------


@pytest.mark.real
def test_a_corrected_box_score_turns_the_later_dates_of_its_season_stale(real_built, tmp_path):
    warehouse = copy_of(real_built, tmp_path)
    before = to_build(warehouse)  # the season that was not built
    later = done(warehouse, f"season_year = 2022 and analysis_date > date '{CHRISTMAS}'")
    assert {table for table, _ in later} == set(TABLES)

    correct = "update nba_raw.player_box set pts = pts {} 1 where game_date = date '2022-12-25' and {}"
    who = "player_id = (select min(player_id) from nba_raw.player_box where game_date = date '2022-12-25')"
    change(warehouse, correct.format("+", who))
    assert to_build(warehouse) - before == later
    assert {reason for key, (_, reason) in states(warehouse).items() if key in later} == {"inputs_changed"}

    change(warehouse, correct.format("-", who))
    assert to_build(warehouse) == before


@pytest.mark.real
def test_loading_files_again_turns_stale_what_they_correct(real_built, real_data, tmp_path):
    warehouse = copy_of(real_built, tmp_path / "warehouse")
    before = to_build(warehouse)
    later = done(warehouse, f"season_year = 2022 and analysis_date > date '{CHRISTMAS}'")
    succeed(orchestrate(warehouse, "ingest", "--from", real_data))
    assert to_build(warehouse) == before

    corrected = tmp_path / "corrected"
    corrected.mkdir()
    for file in real_data.glob("*.parquet"):
        (corrected / file.name).symlink_to(file)
    (corrected / "player_box.parquet").unlink()
    change(
        tmp_path / "scratch.duckdb",
        f"""
        copy (
            select * replace (if(row_number() over (
                partition by cast(game_date as date) = date '{CHRISTMAS}' order by game_id, player_id
            ) = 1 and cast(game_date as date) = date '{CHRISTMAS}', tov + 1, tov) as tov)
            from '{real_data / "player_box.parquet"}'
        ) to '{corrected / "player_box.parquet"}'
        """,
    )
    succeed(orchestrate(warehouse, "ingest", "--from", corrected))
    assert to_build(warehouse) - before == later


# --- one correction of each kind ----------------------------------------------------------------------------

DAY = date(2024, 1, 4)
A_GAME = f"(select min(game_id) from nba_raw.shots where game_date = date '{DAY}')"
A_PLAYER, A_SHOOTER = (
    f"game_id = {A_GAME} and player_id = "
    f"(select min(player_id) from nba_raw.{table} where game_id = {A_GAME})"
    for table in ("player_box", "shots")
)


@pytest.mark.parametrize(
    ("statement", "later", "that_day"),
    [
        (f"update nba_raw.player_box set min = min + 1 where {A_PLAYER}", set(TABLES), set()),
        (f"update nba_raw.team_box set fga = fga + 1 where game_id = {A_GAME}", READS_TEAM_BOX, set()),
        (f"update nba_raw.shots set shot_made = not shot_made where {A_SHOOTER}", READS_SHOTS, set()),
        (f"insert into nba_raw.shots from nba_raw.shots where {A_SHOOTER}", READS_SHOTS, set()),
        (f"delete from nba_raw.player_box where {A_PLAYER}", set(TABLES), READS_THE_DAY),
        (
            f"update nba_raw.games set home_team = away_team, away_team = home_team where game_id = {A_GAME}",
            set(TABLES),
            READS_THE_DAY,
        ),
        # Without a score, while later games have been played: it was never played.
        (
            f"update nba_raw.games set home_score = null where game_id = {A_GAME}",
            set(TABLES),
            READS_THE_DAY,
        ),
        # What informs a slate says nothing of a date that has been played.
        (f"update nba_raw.betting_lines set total_line = 1 where game_id = {A_GAME}", set(), set()),
        # Transactions are read for both.
        (
            "insert into nba_raw.injury_events (event_date, team_nickname, player_name, relinquished) "
            f"values (date '{DAY}' - 1, 'Celtics', 'Jan Novak', 'Jan Novak')",
            READS_TRANSACTIONS,
            READS_TRANSACTIONS,
        ),
        # Neither do scores, or the time of loading.
        (
            f"update nba_raw.games set home_score = 1, ingested_at = now() where game_id = {A_GAME}",
            set(),
            set(),
        ),
        (
            "insert into nba_raw.games (game_id, season, season_type, home_team, away_team, game_date, "
            f"ingested_at) values ('visit', '2023-24', 'preseason', 'BOS', 'MRA', date '{DAY}', now())",
            set(),
            {"phase4_exclusions"},
        ),
    ],
    ids=[
        "player box",
        "team box",
        "shot",
        "shots twice",
        "participant",
        "home and away",
        "unplayed",
        "line",
        "injuries",
        "score",
        "exhibition",
    ],
)
def test_a_correction_touches_the_tables_that_read_it(demo_built, tmp_path, statement, later, that_day):
    warehouse = copy_of(demo_built, tmp_path)
    expected = done(warehouse, f"analysis_date > date '{DAY}'", later)
    expected |= done(warehouse, f"analysis_date = date '{DAY}'", that_day)
    assert {table for table, _ in expected} == later | that_day
    change(warehouse, statement)
    assert to_build(warehouse) == expected


def test_a_date_without_games_is_left_behind_until_it_is_built_again(demo_built, tmp_path):
    warehouse = copy_of(demo_built, tmp_path)
    later = done(warehouse, f"analysis_date > date '{DAY}'")
    change(warehouse, f"update nba_raw.games set season_type = 'preseason' where game_date = date '{DAY}'")
    that_day = states(warehouse, f"analysis_date = date '{DAY}'")
    assert that_day == {(table, DAY): ("stale_inputs", "no_game_any_more") for table in TABLES}
    assert to_build(warehouse) == later | set(that_day)

    build(warehouse, DAY, DAY)
    assert states(warehouse, f"analysis_date = date '{DAY}'") == {}
    for table in (*TABLES, "receipts"):
        left = f"select count(*) from nba_precompute.{table} where analysis_date = date '{DAY}'"
        assert value(warehouse, left) == 0, table
    assert to_build(warehouse) == later


def test_a_game_moved_to_a_day_of_rest_makes_it_a_date_to_build(demo_built, tmp_path):
    warehouse = copy_of(demo_built, tmp_path)
    rest = value(
        warehouse,
        "select min(game_date) + 1 from nba_intermediate.int_game_dates where game_date > date '2023-11-15' "
        "and game_date + 1 not in (select game_date from nba_intermediate.int_game_dates)",
    )
    earlier = f"date '{rest}' - 1"
    later = done(warehouse, f"analysis_date > date '{rest}'")
    of_the_day = done(warehouse, f"analysis_date = {earlier}", READS_THE_DAY)
    change(
        warehouse,
        f"update nba_raw.games set game_date = date '{rest}' where game_id = "
        f"(select min(game_id) from nba_raw.games where game_date = {earlier})",
    )
    found = states(warehouse)
    assert {found[table, rest] for table in TABLES} == {("missing", "never_built")}
    assert to_build(warehouse) == later | of_the_day | {(table, rest) for table in TABLES}


def test_tonight_turns_stale_when_its_slate_changes_and_when_it_is_played(eight_weeks, tmp_path):
    warehouse = copy_of(eight_weeks, tmp_path)
    tonight = {(table, TONIGHT) for table in READS_THE_DAY}
    tomorrow = {(table, LAST_DAYS[2023]) for table in READS_TRANSACTIONS}
    game = f"(select min(game_id) from nba_raw.betting_lines where game_date = date '{TONIGHT}')"
    change(warehouse, f"update nba_raw.betting_lines set total_line = total_line + 1 where game_id = {game}")
    assert to_build(warehouse) == tonight
    change(warehouse, f"update nba_raw.betting_lines set total_line = total_line - 1 where game_id = {game}")
    assert to_build(warehouse) == set()

    change(
        warehouse,
        "insert into nba_raw.injury_events (event_date, team_nickname, player_name, ingested_at) "
        f"values (date '{TONIGHT}', 'Celtics', 'Max Muster', now())",  # after tip-off, for all we know
    )
    assert to_build(warehouse) == tomorrow
    build(warehouse, LAST_DAYS[2023], LAST_DAYS[2023], prepared=True)
    assert to_build(warehouse) == set()

    change(
        warehouse,
        f"update nba_raw.games set home_score = 100, away_score = 99 where game_date = date '{TONIGHT}'",
        *(
            f"insert into nba_raw.{table} from kept.raw_{table} where game_date = date '{TONIGHT}'"
            for table in ("player_box", "team_box", "shots")
        ),
    )
    assert to_build(warehouse) == tonight | {(table, LAST_DAYS[2023]) for table in TABLES}


# --- random corrections -------------------------------------------------------------------------------------

LAST_DAYS = {2022: date(2022, 12, 12), 2023: date(2023, 12, 18)}
TONIGHT = date(2023, 12, 17)  # two dates not played yet
GAME_TABLES = ("games", "player_box", "team_box", "shots", "betting_lines")
# The rows of staging that each table reads, as they were when it was built: what `kept` is for.
FACTS = {
    "player_games": """
        select box.* exclude (season_type), players.player_lookup
        from nba_staging.stg_nba__player_box box join nba_staging.stg_nba__players players using (player_id)
    """,
    "team_games": "select * exclude (season_type) from nba_staging.stg_nba__team_box",
    "shots": "select * exclude (shot_distance) from nba_staging.stg_nba__shots",
    "schedule": "select * exclude (home_score, away_score) from nba_staging.stg_nba__games",
}
FACTS_OF_THE_DAY = {
    "day_schedule": "select * exclude (home_score, away_score) from nba_staging.stg_nba__games",
    "participants": """
        select game_date, game_id, player_id, team_abbr, players.player_lookup
        from nba_staging.stg_nba__player_box join nba_staging.stg_nba__players players using (player_id)
    """,
    "lines": """
        select lines.* from nba_staging.stg_nba__betting_lines lines
        where game_date in (select game_date from nba_staging.stg_nba__games where not is_final)
    """,
    "injuries": """
        select distinct dates.game_date, events.*
        from nba_staging.stg_nba__injury_events events
        join nba_intermediate.int_game_dates dates
            on events.event_date between make_date(dates.season_year, 10, 1) and dates.game_date - 1
    """,
    "exhibitions": """
        select team_abbr, exhibitions.game_date as exhibition_date, min(dates.game_date) as game_date
        from nba_staging.stg_nba__non_nba_teams exhibitions
        join nba_intermediate.int_game_dates dates on exhibitions.game_date <= dates.game_date
        group by all
    """,
    "calendar": "select game_date, is_bootstrap from nba_intermediate.int_game_dates",
}
READERS = {
    "player_games": set(TABLES),
    "team_games": READS_TEAM_BOX,
    "shots": READS_SHOTS,
    "schedule": set(TABLES),
    "day_schedule": READS_THE_DAY,
    "participants": READS_THE_DAY,
    "lines": READS_THE_DAY,
    "injuries": READS_TRANSACTIONS,
    "exhibitions": {"phase4_exclusions"},
    "calendar": set(TABLES),
}


@pytest.fixture(scope="module")
def eight_weeks(tmp_path_factory) -> Path:
    """Two demo seasons of eight weeks, built, the last two dates yet to be played; what was read is kept."""
    warehouse = tmp_path_factory.mktemp("eight_weeks") / "nba.duckdb"
    succeed(orchestrate(warehouse, "demo", "--seasons", "2"))
    kept = " or ".join(
        f"game_date between date '{year}-10-01' and date '{last}'" for year, last in LAST_DAYS.items()
    )
    change(
        warehouse,
        *(f"delete from nba_raw.{table} where not ({kept})" for table in GAME_TABLES),
        "create schema kept",
        "create macro kept.nth(ids, n) as list_sort(ids)[1 + n % greatest(len(ids), 1)]",
        *(
            f"create table kept.raw_{table} as from nba_raw.{table} where game_date >= date '{TONIGHT}'"
            for table in GAME_TABLES
        ),
        *(
            f"delete from nba_raw.{table} where game_date >= date '{TONIGHT}'"
            for table in ("player_box", "team_box", "shots")
        ),
        f"update nba_raw.games set home_score = null, away_score = null where game_date >= date '{TONIGHT}'",
    )
    build(warehouse, "2022-10-01", "2024-06-30")
    assert to_build(warehouse) == set()
    change(
        warehouse,
        *(f"create table kept.{fact} as {sql}" for fact, sql in (FACTS | FACTS_OF_THE_DAY).items()),
        *(f"create table kept.{table} as from nba_precompute.{table}" for table in TABLES),
        "checkpoint",
    )
    return warehouse


def moved(game_id, days):
    return f"update nba_raw.games set game_date = game_date + {days} where game_id = '{game_id}'"


def nth(table, game_id, n):
    """SQL for one player of a game, whoever is the n-th of them, round and round."""
    return f"game_id = '{game_id}' and player_id = {player_of(table, game_id, n)}"


def player_of(table, game_id, n):
    players = f"from nba_raw.{table} where game_id = '{game_id}'"
    return f"(select kept.nth(list(distinct player_id), {n}) {players})"


# Corrections: how they read, and their SQL given a game, a number and another number.
CORRECTIONS = {
    "points": lambda g, n, m: [f"update nba_raw.player_box set pts = {m} where {nth('player_box', g, n)}"],
    "minutes": lambda g, n, m: [f"update nba_raw.player_box set min = {m} where {nth('player_box', g, n)}"],
    "minutes unknown": lambda g, n, m: [
        f"update nba_raw.player_box set min = null where {nth('player_box', g, n)}"
    ],
    "did not play": lambda g, n, m: [
        f"update nba_raw.player_box set min = 0, fga = 0, pts = 0 where {nth('player_box', g, n)}"
    ],
    "shots flipped": lambda g, n, m: [
        f"update nba_raw.shots set shot_made = not shot_made where {nth('shots', g, n)}"
    ],
    "shots from elsewhere": lambda g, n, m: [
        f"update nba_raw.shots set shot_distance = {m} where {nth('shots', g, n)}"
    ],
    "shots twice": lambda g, n, m: [
        f"insert into nba_raw.shots from nba_raw.shots where {nth('shots', g, n)}"
    ],
    "shots of somebody else": lambda g, n, m: [
        f"update nba_raw.shots set player_id = (select max(player_id) from nba_raw.shots "
        f"where game_id = '{g}') where {nth('shots', g, n)}"
    ],
    "no shots": lambda g, n, m: [f"delete from nba_raw.shots where game_id = '{g}'"],
    "player gone": lambda g, n, m: [f"delete from nba_raw.player_box where {nth('player_box', g, n)}"],
    "players gone": lambda g, n, m: [f"delete from nba_raw.player_box where game_id = '{g}'"],
    "player was somebody else": lambda g, n, m: [
        f"update nba_raw.player_box set player_id = 1, player_name = 'Max Muster' "
        f"where {nth('player_box', g, n)}"
    ],
    "player renumbered": lambda g, n, m: [
        f"update nba_raw.{table} set player_id = 1 where player_id = {player_of('player_box', g, n)}"
        for table in ("shots", "players", "player_box")
    ],
    "player of the other team": lambda g, n, m: [
        f"update nba_raw.player_box set team_abbreviation = "
        f"(select if(home_team = team_abbreviation, away_team, home_team) from nba_raw.games "
        f"where game_id = '{g}') where {nth('player_box', g, n)}"
    ],
    "team box": lambda g, n, m: [
        f"update nba_raw.team_box set fga = fga + {m}, min = 265 where game_id = '{g}'"
    ],
    "team box gone": lambda g, n, m: [
        f"delete from nba_raw.team_box where game_id = '{g}' and is_home = {bool(n % 2)}"
    ],
    "winner": lambda g, n, m: [
        f"update nba_raw.team_box set wl = if(wl = 'W', 'L', 'W') where game_id = '{g}'"
    ],
    "home and away": lambda g, n, m: [
        f"update nba_raw.games set home_team = away_team, away_team = home_team where game_id = '{g}'"
    ],
    "season type": lambda g, n, m: [
        f"update nba_raw.games set season_type = '{('preseason', 'playoffs', 'play_in')[n % 3]}' "
        f"where game_id = '{g}'"
    ],
    "moved": lambda g, n, m: [moved(g, n % 9 - 4)],
    "moved to the day of rest": lambda g, n, m: [
        f"update nba_raw.games set game_date = date '{('2022-11-08', '2022-11-24')[n % 2]}' "
        f"where game_id = '{g}' and season = '2022-23'"
    ],
    "game gone": lambda g, n, m: [
        f"delete from nba_raw.{table} where game_id = '{g}'" for table in GAME_TABLES
    ],
    "day gone": lambda g, n, m: [
        f"delete from nba_raw.{table} where game_date = "
        f"(select game_date from kept.schedule where game_id = '{g}')"
        for table in GAME_TABLES
    ],
    "unplayed": lambda g, n, m: [
        f"update nba_raw.games set home_score = null, away_score = null where game_id = '{g}'"
    ],
    "played tonight": lambda g, n, m: [
        f"insert into nba_raw.{table} from kept.raw_{table} where game_id = "
        f"(select min(game_id) from kept.raw_games)"
        for table in ("player_box", "team_box", "shots")
    ]
    + ["update nba_raw.games set home_score = 99, away_score = 98 where game_id = "
       "(select min(game_id) from kept.raw_games)"],
    "namesake": lambda g, n, m: [
        "insert into nba_raw.players (player_id, player_name, ingested_at) "
        f"select 2, any_value(player_name), any_value(ingested_at) from nba_raw.player_box "
        f"where {nth('player_box', g, n)}"
    ],
    "renamed": lambda g, n, m: [
        f"update nba_raw.players set player_name = 'Max Muster' where player_id in "
        f"(select player_id from nba_raw.player_box where {nth('player_box', g, n)})"
    ],
    "injury": lambda g, n, m: [
        f"insert into nba_raw.injury_events select * replace (date '2023-12-16' as event_date) "
        f"from nba_raw.injury_events where event_date > '2023-10-01' order by player_name limit 1 offset {n}"
    ],
    "line": lambda g, n, m: [
        f"update nba_raw.betting_lines set total_line = 200 + {m} where game_id = '{g}'"
    ],
    "exhibition": lambda g, n, m: [
        f"update nba_raw.games set away_team = 'MRA' where game_id = '{g}'"
    ],
}  # fmt: skip


def apply(warehouse, corrections, games):
    for kind, game, n, m in corrections:
        change(warehouse, *CORRECTIONS[kind](games[game % len(games)], n, m))


def dates_that_differ(warehouse, fact, sql):
    """Return the dates on which the rows of a fact are others than when the tables were built."""
    old, new = f"select * from kept.{fact}", sql
    return {
        day
        for (day,) in query(
            warehouse,
            f"select distinct game_date from ((({old}) except all ({new})) union all "
            f"(({new}) except all ({old})))",
        )
    }


def season(day):
    return day.year if day.month >= 10 else day.year - 1


def what_changed(warehouse):
    """Return the (table, date)s with a changed input, by comparing the inputs themselves, hashes aside."""
    days = {day for (day,) in query(warehouse, "select game_date from nba_intermediate.int_game_dates")}
    before = {day for (day,) in query(warehouse, "select game_date from kept.calendar")}
    found = {(table, day) for table in TABLES for day in before - days}
    for fact, sql in FACTS.items():
        changed = dates_that_differ(warehouse, fact, sql)
        later = {day for day in days if any(day > c and season(day) == season(c) for c in changed)}
        found |= {(table, day) for table in READERS[fact] for day in later}
    for fact, sql in FACTS_OF_THE_DAY.items():
        found |= {
            (table, day) for table in READERS[fact] for day in dates_that_differ(warehouse, fact, sql) & days
        }
    return found


def rows_that_differ(warehouse):
    """Return the (table, date)s whose rows are others than those that were kept, stamps aside."""
    found = set()
    for table in TABLES:
        old, new = (
            f"select * exclude (logic_version, built_at) from {schema}.{table}"
            for schema in ("kept", "nba_precompute")
        )
        found |= {
            (table, day)
            for (day,) in query(
                warehouse,
                f"select distinct analysis_date from ((({old}) except all ({new})) union all "
                f"(({new}) except all ({old})))",
            )
        }
    return found


@st.composite
def some_corrections(draw):
    one_correction = st.tuples(
        st.sampled_from(sorted(CORRECTIONS)), st.integers(0, 2000), st.integers(0, 30), st.integers(0, 40)
    )
    return draw(st.lists(one_correction, min_size=1, max_size=3))


def check_corrections(original, folder, corrections):
    """Correct the inputs, note what turns stale, build it all anew and look at what has changed."""
    warehouse = copy_of(original, folder)
    games = [
        game
        for (game,) in query(
            warehouse,
            "select game_id from nba_raw.games where season_type = 'regular' order by game_date, game_id",
        )
    ]
    apply(warehouse, corrections, games)
    stale = to_build(warehouse)
    matters = set(
        query(
            warehouse,
            "select table_name, analysis_date from nba_precompute.phase4_coverage "
            "where is_expected or row_count > 0 or current_input_hash is null",
        )
    )
    assert stale == what_changed(warehouse) & matters

    build(warehouse, "2022-10-01", "2024-06-30", prepared=True)
    missed = rows_that_differ(warehouse) - stale
    assert missed == set()
    assert to_build(warehouse) == set()


@settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(some_corrections())
def test_no_date_is_missed_and_none_turns_stale_in_vain(eight_weeks, tmp_path, corrections):
    check_corrections(eight_weeks, tmp_path, corrections)


# --- content, logic, and who keeps it true ------------------------------------------------------------------


def contents(warehouse, where="true"):
    """Return the content hash of every (table, date) that was built."""
    rows = query(
        warehouse,
        f"select table_name, analysis_date, content_hash from nba_precompute.receipts where {where}",
    )
    return {(table, day): content for table, day, content in rows}


def invoke(warehouse, project, command, node, *arguments):
    """Run dbt for one node in this process, in any copy of the project, and return the node."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NBA_DUCKDB_PATH", str(warehouse))
        patch.chdir(project)
        result = dbtRunner().invoke(
            [
                *(command, "--select", node, *arguments),
                *("--log-level", "none", "--log-path", str(warehouse.parent)),
                *("--target-path", str(warehouse.parent / "target")),
            ]
        )
        DuckDBConnectionManager.close_all_connections()
    assert result.exception is None, result.exception
    return next(done.node for done in result.result.results if done.node.name == node)


def test_builds_of_the_same_inputs_have_the_same_content_hashes(eight_weeks, tmp_path):
    warehouse = copy_of(eight_weeks, tmp_path)
    span = "analysis_date between date '2023-11-20' and date '2023-12-03'"
    one_run = f"select count(distinct run_id) from nba_precompute.receipts where {span}"
    build(warehouse, "2023-11-20", "2023-11-26", prepared=True)
    build(warehouse, "2023-11-27", "2023-12-03", prepared=True)
    assert value(warehouse, one_run) == 2
    assert value(eight_weeks, one_run) == 1
    assert len(contents(warehouse, span)) > 60
    assert contents(warehouse) == contents(eight_weeks)
    assert len(set(contents(warehouse, span).values())) > 60  # no constant


def test_a_content_hash_notices_every_change_of_the_rows(eight_weeks, tmp_path):
    warehouse = copy_of(eight_weeks, tmp_path)
    change(
        warehouse,
        "update nba_precompute.player_daily_cache set points_avg_last_5 = points_avg_last_5 + 1e-6 "
        "where analysis_date = date '2023-12-01' and player_lookup = (select min(player_lookup) "
        "from nba_precompute.player_daily_cache where analysis_date = date '2023-12-01')",
        # The same row twice more: an exclusive or of hashes would not see it.
        *2 * [
            "insert into nba_precompute.ml_feature_store select any_value(columns(*)) from "
            "(from nba_precompute.ml_feature_store where analysis_date = date '2023-12-02' limit 1)"
        ],
        "update nba_precompute.ml_feature_store set features = list_reverse(features) "
        "where analysis_date = date '2023-12-03'",
        "delete from nba_precompute.phase4_exclusions where analysis_date = date '2023-10-24'",
        # Two players exchange a value: sums of columns would not see it.
        """
        update nba_precompute.player_composite_factors
        set fatigue_score = case player_lookup
            when low_name then high when high_name then low else fatigue_score end
        from (
            select arg_min(player_lookup, fatigue_score) as low_name, min(fatigue_score) as low,
                arg_max(player_lookup, fatigue_score) as high_name, max(fatigue_score) as high
            from nba_precompute.player_composite_factors where analysis_date = date '2023-12-04'
        )
        where analysis_date = date '2023-12-04'
        """,
        "update nba_precompute.team_defense_zone_analysis set calculation_notes = '' "
        "where analysis_date = date '2023-12-05'",
        # Stamps are no content.
        "update nba_precompute.team_defense_zone_analysis set built_at = now(), logic_version = 'another' "
        "where analysis_date = date '2023-12-06'",
    )  # fmt: skip
    test = invoke(
        warehouse,
        PROJECT,
        *("test", "content_hashes_match_the_tables", "--store-failures"),
        *window("2023-10-01", "2023-12-31"),
    )
    failures = query(warehouse, f"select table_name, analysis_date from {test.relation_name}")
    assert set(failures) == {
        ("player_daily_cache", date(2023, 12, 1)),
        ("ml_feature_store", date(2023, 12, 2)),
        ("ml_feature_store", date(2023, 12, 3)),
        ("phase4_exclusions", date(2023, 10, 24)),
        ("player_composite_factors", date(2023, 12, 4)),
        ("team_defense_zone_analysis", date(2023, 12, 5)),
    }


class Copy:
    """A copy of the project, to edit."""

    def __init__(self, folder):
        self.folder = folder / "project"
        shutil.copytree(
            PROJECT,
            self.folder,
            ignore=shutil.ignore_patterns(".*", "target", "logs", "python", "*.duckdb*"),
        )
        self.warehouse = folder / "nba.duckdb"
        self.original = self.versions()

    def versions(self):
        """Return the logic version of each table."""
        model = invoke(self.warehouse, self.folder, "compile", "int_logic_versions")
        return dict(re.findall(r"'(\w+)' as table_name,\s+'(\w+)' as logic_version", model.compiled_code))

    def changed_by(self, *edits):
        """Edit files, say which tables have another logic version now, and undo the edits."""
        texts = {}
        for file, old, new in edits:
            path = self.folder / file
            text = path.read_text()
            texts.setdefault(path, text)
            assert old in text, (file, old)
            path.write_text(text.replace(old, new))
        versions = self.versions()
        for path, text in texts.items():
            path.write_text(text)
        assert versions.keys() == set(TABLES)
        return {table for table in TABLES if versions[table] != self.original[table]}


def test_the_logic_version_follows_the_logic_and_not_its_layout(tmp_path):
    copy = Copy(tmp_path)
    zones = "models/phase4/player_shot_zone_analysis.sql"
    python = "models/ml/int_ml_features.py"
    from_zones_on = {
        "player_shot_zone_analysis",
        "player_composite_factors",
        "player_daily_cache",
        "ml_feature_store",
    }
    assert len(set(copy.original.values())) == len(TABLES)

    layout = copy.changed_by(
        (zones, "games_played_season >= 15 and", "games_played_season>=15 -- it's 15\n\n and /* ' */"),
        (zones, "select *", "select\n    *"),
        (zones, "with\n", "{# 'one' #}with\n"),
        ("macros/dialect.sql", "{% macro clamp", "{#- that's new -#}\n\n{%- macro clamp"),
        ("macros/dialect.sql", "case when {{ x }} <", "case  when {{x}}<"),
        ("models/staging/stg_nba__games.sql", "    select * from", "    select *\n    from"),
        (python, "import narwhals as nw\n", "import narwhals as nw  # the API\n\n\n# more\n"),
        (python, '"""Keep a value', '"""Do keep a value'),
        (python, "def clamped(expr, low, high)", "def clamped(\n    expr, low,  # ]\n    high\n)"),
        ("macros/receipts.sql", "create table if not exists", "create  or replace table"),  # makes no numbers
    )
    assert layout == set()

    assert copy.changed_by((zones, ">= 35 then 'mid_range'", ">= 36 then 'mid_range'")) == from_zones_on
    assert copy.changed_by((zones, "'balanced'", "'balanced '")) == from_zones_on
    # clamp is called by the zones and what comes after them, by neither the teams nor the exclusions.
    clamp = ("macros/dialect.sql", "when {{ x }} < {{ low }}", "when {{ x }} <= {{ low }}")
    assert copy.changed_by(clamp) == from_zones_on
    assert copy.changed_by((python, "nw.lit(2.0)", "nw.lit(2.5)")) == {"ml_feature_store"}
    # A dispatched macro of an ancestor, and a var.
    pace = ("macros/dialect.sql", "decimal(38, 18)", "decimal(38, 17)")
    assert copy.changed_by(pace) == set(TABLES)
    games = ("dbt_project.yml", "min_zone_games_team: 10", "min_zone_games_team: 11")
    assert copy.changed_by(games) == {
        "team_defense_zone_analysis",
        "player_composite_factors",
        "ml_feature_store",
    }


def test_plain_dbt_finishes_the_dates_of_its_window(eight_weeks, tmp_path):
    warehouse = copy_of(eight_weeks, tmp_path)
    change(warehouse, "update nba_raw.player_box set pts = pts + 1 where game_date = date '2023-11-20'")
    stale = to_build(warehouse)
    assert stale
    assert min(day for _, day in stale) > date(2023, 11, 20)
    assert dbt_failures(warehouse, "run", *window("2023-11-15", "2023-11-30")) == []
    assert to_build(warehouse) == {(table, day) for table, day in stale if day > date(2023, 11, 30)}


def test_receipts_of_an_older_version_count_as_stale(eight_weeks, tmp_path):
    warehouse = copy_of(eight_weeks, tmp_path)
    built = done(warehouse, "true")
    change(
        warehouse,
        *(f"alter table nba_precompute.receipts drop {column}" for column in ("content_hash", "input_hash")),
        "drop view nba_precompute.phase4_coverage",
        "drop table nba_precompute.failures",
    )
    build(warehouse, "2023-12-01", "2023-12-10")
    again = done(warehouse, "analysis_date between date '2023-12-01' and date '2023-12-10'")
    assert len(again) == 9 * len(TABLES)  # no game on the 9th
    found = states(warehouse)
    assert {key for key in built if found[key] == ("stale_inputs", "inputs_changed")} == built - again
    build(warehouse, "2022-10-01", "2024-06-30")
    assert to_build(warehouse) == set()
    assert contents(warehouse) == contents(eight_weeks)
