"""A warehouse that has Phase 3 already: its tables, however they are, give the same Phase 4."""

import json
import re
import shutil
from datetime import date
from pathlib import Path

import duckdb
import pytest

from tests.python.old_platform import (
    WHAT_THE_OLD_SOURCE_KNOWS,
    WHAT_THE_OLD_SOURCE_LACKS,
    create_tables,
    write_old_warehouse,
)
from tests.python.peoples_queries import BY_GAME_DATE, COVERAGE, PHASE3, WHERE_IT_STANDS
from tests.python.warehouses import (
    TABLES,
    change,
    copy_of,
    dbt,
    orchestrate,
    query,
    succeed,
    window,
)

THERE = {"NBA_PHASE3": "external"}
KEYS = dict.fromkeys(TABLES, "player_lookup") | {
    "team_defense_zone_analysis": "team_abbr",
    "phase4_exclusions": "table_name, entity_id",
}
# What may differ, and why; the rest is equal.
KNOWN_ONLY_THERE = {
    # who passed, who blocked and what the paint was worth
    "team_defense_zone_analysis": {
        "paint_points_allowed_per_game",
        "paint_blocks_per_game",
        "mid_range_blocks_per_game",
        "three_pt_blocks_per_game",
    },
    "player_shot_zone_analysis": {"assisted_rate_last_10", "unassisted_rate_last_10"},
    "player_daily_cache": {"assisted_rate_last_10"},
    # that the participants were known before the game
    "player_composite_factors": {"context_source"},
    "ml_feature_store": {"context_source"},
    "phase4_exclusions": set(),
}


@pytest.fixture(scope="module")
def three_seasons(real_data, tmp_path_factory) -> Path:
    """Seasons with a gap in shot data and with a cup final, as little known as the old source knows them."""
    warehouse = tmp_path_factory.mktemp("three_seasons") / "nba.duckdb"
    seasons = ("--season", "2021-22", "--season", "2022-23", "--season", "2023-24")
    succeed(orchestrate(warehouse, "ingest", "--from", real_data, *seasons))
    change(warehouse, *WHAT_THE_OLD_SOURCE_KNOWS, *WHAT_THE_OLD_SOURCE_LACKS)
    succeed(orchestrate(warehouse, "backfill"))
    return warehouse


@pytest.fixture(scope="module")
def old(three_seasons, tmp_path_factory) -> Path:
    """The same games as the old platform has them, Phase 4 built. Do not change it."""
    warehouse = write_old_warehouse(three_seasons, tmp_path_factory.mktemp("old") / "nba.duckdb")
    done = succeed(orchestrate(warehouse, "backfill", **THERE))
    # Minutes that nobody knows keep nothing out, and are said once for each span.
    assert "skipped" not in done.stderr
    unknown = re.findall(r"minutes_played of player_game_summary unknown on .*?(\S+\.\.\S+);", done.stderr)
    assert unknown == ["2021-10-19..2022-06-16", "2022-10-18..2022-10-31"]
    return warehouse


def different_columns(left: Path, right: Path, table: str) -> dict[str, int]:
    """Count the rows of each column that is not the same, doubles at 1e-9; rows only one has are `rows`."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{left}' as a (read_only)")
        connection.execute(f"attach '{right}' as b (read_only)")
        connection.execute(
            "create view ids as select game_id, strftime(game_date, '%Y%m%d') || '_' || away_team || '_' || "
            "home_team as new_id from a.nba_raw.games"
        )
        both = (
            f"from a.nba_precompute.{table} as a full join b.nba_precompute.{table} as b "
            f"using (analysis_date, {KEYS[table]})"
        )
        columns = dict(
            connection.execute(
                "select column_name, data_type from duckdb_columns() where database_name = 'a' "
                f"and schema_name = 'nba_precompute' and table_name = '{table}' "
                "and column_name not in ('logic_version', 'built_at')"
            ).fetchall()
        )
        counts = {"rows": "a.season_year is null or b.season_year is null"}
        for name, type_ in columns.items():
            if name in ("analysis_date", *KEYS[table].split(", ")):
                continue
            one = (
                f"(select new_id from ids where ids.game_id = a.{name})" if name == "game_id" else f"a.{name}"
            )
            counts[name] = f"{one} is distinct from b.{name}"
            if type_ == "DOUBLE":
                counts[name] += f" and not coalesce({_close(one, f'b.{name}')}, false)"
            elif type_ == "DOUBLE[]":
                counts[name] += (
                    f" and not list_bool_and([{_close('x[1]', 'x[2]')} for x in list_zip({one}, b.{name})])"
                )
        counted = ", ".join(f'count(*) filter ({sql}) as "{name}"' for name, sql in counts.items())
        found = connection.execute(f"select {counted} {both}")
        names = [column[0] for column in found.description]
        return {name: count for name, count in zip(names, found.fetchone(), strict=True) if count}


def _close(one: str, other: str) -> str:
    return f"abs({one} - {other}) <= 1e-9 * greatest(1, abs({one}))"


@pytest.mark.real
@pytest.mark.parametrize("table", TABLES)
def test_the_same_rows_come_of_it(three_seasons, old, table):
    assert set(different_columns(three_seasons, old, table)) == KNOWN_ONLY_THERE[table]


@pytest.mark.real
def test_what_only_their_phase_3_knows_is_carried(old):
    """Half of everyone's field goals, rounded down, came after a pass; every game has 3, 2 and 1 blocks."""
    ((rows, wrong),) = query(
        old,
        """
        with games as (
            select
                player_id as universal_player_id, fg_makes,
                row_number() over (partition by player_id order by game_date desc) as place
            from nba_staging.stg_nba__player_box
            where (minutes_played > 0 or points > 0 or fg_attempts > 0 or (minutes_played is null and (
                offensive_rebounds + defensive_rebounds + assists + steals + blocks + turnovers
                + personal_fouls + ft_attempts > 0 or plus_minus <> 0
            ))) and game_date < date '2021-12-25' and season_year = 2021
        ),
        rates as (
            select universal_player_id, 100.0 * sum(fg_makes // 2) / nullif(sum(fg_makes), 0) as assisted
            from games where place <= 10 group by universal_player_id having count(*) = 10
        )
        select count(*), count(*) filter (abs(assisted - assisted_rate_last_10) > 1e-9)
        from nba_precompute.player_shot_zone_analysis
        inner join rates using (universal_player_id)
        where analysis_date = date '2021-12-25' and assisted is not null
        """,
    )
    assert rows > 250
    assert wrong == 0
    assert query(
        old,
        "select distinct paint_blocks_per_game, mid_range_blocks_per_game, three_pt_blocks_per_game, "
        "abs(paint_points_allowed_per_game - 2 * paint_pct_allowed_last_15 * "
        "paint_attempts_allowed_per_game) < 1e-9 from nba_precompute.team_defense_zone_analysis "
        "where paint_pct_allowed_last_15 is not null",
    ) == [(3.0, 2.0, 1.0, True)]


@pytest.mark.real
def test_nothing_of_theirs_is_written_to(old):
    assert query(
        old,
        "select table_name, table_type from information_schema.tables where table_schema = 'nba_analytics' "
        "order by table_name",
    ) == [
        ("player_game_summary", "BASE TABLE"),
        ("team_defense_game_summary", "BASE TABLE"),
        ("team_offense_game_summary", "BASE TABLE"),
        ("upcoming_player_game_context", "BASE TABLE"),
    ]


@pytest.mark.real
def test_the_projects_own_tests_pass(old):
    week = window("2022-01-10", "2022-01-16")
    succeed(dbt(old, "test", *week, "--exclude-resource-type", "unit_test", **THERE))


@pytest.mark.real
def test_what_people_ask_by_hand_is_answered(old, three_seasons):
    # Without bootstrap and play-in: 537 dates up to 2024-04-15, and 44 of the playoffs after that.
    dates, rows = 537 + 44, 76_861
    assert query(old, COVERAGE) == query(three_seasons, COVERAGE)
    assert query(old, COVERAGE)[2::2] == [("PCF", dates, rows), ("MLFS", dates, rows)]
    assert query(old, WHERE_IT_STANDS) == [(dates, date(2024, 6, 17))]
    assert query(old, BY_GAME_DATE) == [("PCF", dates), ("MLFS", dates)]
    # Theirs has exhibitions, too; of what was built here the raw box scores say how many dates there are.
    assert [table for table, *_ in query(old, PHASE3)] == [
        table for table, *_ in query(three_seasons, PHASE3)
    ]
    built = {table: tuple(dates) for table, *dates in query(three_seasons, PHASE3)}
    for table, box in (
        ("player_game_summary", "player_box"),
        ("team_offense_game_summary", "team_box"),
        ("team_defense_game_summary", "team_box"),
    ):
        seasons = query(
            three_seasons,
            f"select games.season, count(distinct games.game_date) from nba_raw.{box} "
            "inner join nba_raw.games using (game_id) "
            "where games.season_type in ('regular', 'play_in', 'playoffs') group by 1 order by 1",
        )
        assert built[table] == tuple(dates for _, dates in seasons), table


# --- minutes that nobody knows ------------------------------------------------------------------------------


@pytest.mark.real
def test_without_minutes_nearly_all_rows_are_ready_for_use(old):
    """What a forecast rests on is known: at least nine in ten rows after November, each season by itself."""
    shares = query(
        old,
        "select season_year, avg(is_production_ready::int) from nba_precompute.ml_feature_store "
        "where month(analysis_date) not in (10, 11) group by season_year order by season_year",
    )
    assert [season for season, _ in shares] == [2021, 2022, 2023]
    assert all(share >= 0.9 for _, share in shares), shares
    ((unknown,),) = query(
        old,
        "select avg(list_contains(data_quality_issues, 'no_minutes')::int) "
        "from nba_precompute.ml_feature_store where season_year = 2021 and month(analysis_date) = 3",
    )
    assert unknown > 0.99


@pytest.mark.real
def test_no_mean_is_of_fewer_than_half_its_games(old):
    """Counted anew: where there is a mean of minutes, at least half the games have some, else not."""
    ((means, too_few, unknown, enough),) = query(
        old,
        """
        with games as (
            select
                *,
                row_number() over (
                    partition by season_year, player_id order by game_date, game_id
                ) as place
            from nba_staging.stg_nba__player_box
            where minutes_played > 0 or points > 0 or fg_attempts > 0 or (minutes_played is null and (
                ft_attempts > 0 or offensive_rebounds > 0 or defensive_rebounds > 0 or assists > 0
                or steals > 0 or blocks > 0 or turnovers > 0 or personal_fouls > 0 or plus_minus <> 0
            ))
        ),
        counted as (
            select
                analysis_date, universal_player_id, minutes_avg_last_10,
                max(place) as newest,
                list({'place': place, 'known': minutes_played is not null}) as gs
            from nba_precompute.player_daily_cache as cache
            inner join games
                on games.player_id = universal_player_id and games.season_year = cache.season_year
                and games.game_date < analysis_date
            where day(analysis_date) = 15
            group by all
        ),
        known as (
            select
                minutes_avg_last_10, least(newest, 10) as games,
                len(list_filter(gs, lambda g: g.place > newest - 10 and g.known)) as known
            from counted
        )
        select
            count(minutes_avg_last_10),
            count(*) filter (minutes_avg_last_10 is not null and 2 * known < games),
            count(*) filter (minutes_avg_last_10 is null),
            count(*) filter (minutes_avg_last_10 is null and 2 * known >= games)
        from known
        """,
    )
    assert means > 1_000
    assert unknown > 500
    assert too_few == enough == 0


@pytest.mark.real
def test_each_season_says_how_much_of_it_is_known(old):
    lines = json.loads(succeed(orchestrate(old, "status", "--json", **THERE)).stdout)["season_shares"]
    assert [line["season"] for line in lines] == ["2021-22", "2022-23", "2023-24"]
    minutes = [line["minutes_share"] for line in lines]
    assert minutes[0] < 0.01
    assert 0.9 < minutes[1] < 0.96
    assert minutes[2] > 0.999
    assert all(line["ready_share"] > 0.8 for line in lines)


# --- a correction, real data --------------------------------------------------------------------------------

CHRISTMAS = date(2021, 12, 25)
CORRECTED = "insert into nba_analytics.{0} by name select * replace (now() as processed_at, {1}) "
CORRECTED += "from nba_analytics.{0} where game_date = date '2021-12-25' and {2} "
CORRECTED += "qualify row_number() over (order by processed_at desc, created_at desc, {3}) = 1"


def to_build(warehouse: Path) -> set[tuple[str, date]]:
    """Return the (table, date)s that are not as they should be."""
    return set(
        query(
            warehouse,
            "select table_name, analysis_date from nba_precompute.phase4_coverage "
            "where state not in ('done', 'not_expected')",
        )
    )


@pytest.mark.real
@pytest.mark.parametrize(
    ("table", "value", "who", "tables"),
    [
        ("player_game_summary", "points + 1 as points", "player_lookup = 'lebronjames'", TABLES),
        (
            "team_offense_game_summary",
            "fg_attempts + 1 as fg_attempts",
            "team_abbr = 'LAL'",
            set(TABLES) - {"player_shot_zone_analysis"},
        ),
        (
            "team_defense_game_summary",
            "blocks_paint + 1 as blocks_paint",
            "defending_team_abbr = 'LAL'",
            set(TABLES) - {"player_shot_zone_analysis"},
        ),
    ],
)
def test_a_corrected_row_turns_the_later_dates_of_its_season_stale(old, tmp_path, table, value, who, tables):
    warehouse = copy_of(old, tmp_path)
    assert to_build(warehouse) == set()
    later = query(
        warehouse,
        "select distinct table_name, analysis_date from nba_precompute.phase4_coverage where state = 'done' "
        f"and season_year = 2021 and analysis_date > date '{CHRISTMAS}'",
    )
    change(warehouse, CORRECTED.format(table, value, who, who.split(" =")[0]))
    assert to_build(warehouse) == {(name, day) for name, day in later if name in tables}


@pytest.mark.real
def test_what_was_known_before_the_game_makes_only_its_date_stale(old, tmp_path):
    warehouse = copy_of(old, tmp_path)
    change(
        warehouse,
        "update nba_analytics.upcoming_player_game_context set days_rest = days_rest + 1 "
        "where game_date = date '2022-01-05'",
    )
    assert to_build(warehouse) == {
        (table, date(2022, 1, 5))
        for table in (
            "player_composite_factors",
            "player_daily_cache",
            "ml_feature_store",
            "phase4_exclusions",
        )
    }


# --- bad inputs ---------------------------------------------------------------------------------------------


@pytest.mark.real
def test_preflight_names_what_would_make_wrong_numbers(old, tmp_path):
    warehouse = copy_of(old, tmp_path)
    blocked = "from nba_intermediate.phase3_preflight where severity = 'block'"
    assert query(warehouse, f"select * {blocked}") == []
    change(
        warehouse,
        "delete from nba_analytics.team_offense_game_summary where game_date = date '2022-01-05' "
        "and team_abbr = 'MIL'",
        "insert into nba_analytics.player_game_summary by name select * replace (points + 1 as points) "
        "from nba_analytics.player_game_summary where game_date = date '2022-01-07' and player_lookup = "
        "(select max(player_lookup) from nba_analytics.player_game_summary "
        "where game_date = date '2022-01-07')",
        "insert into nba_analytics.player_game_summary by name "
        "select * replace (date '2021-12-24' as game_date) from nba_analytics.player_game_summary "
        "where game_date = date '2022-01-08' and team_abbr = 'MIA'",
    )
    blocks = dict(query(warehouse, f"select check_name, game_date || ' ' || detail {blocked}"))
    assert set(blocks) == {"one_sided_box", "ambiguous_rows", "box_of_unknown_game"}
    assert blocks["one_sided_box"].startswith(
        "2022-01-05 game 20220105_TOR_MIL: team_offense_game_summary has TOR"
    )
    assert "rows of" in blocks["ambiguous_rows"]
    assert "in player_game_summary, equally new and not equal" in blocks["ambiguous_rows"]
    assert blocks["box_of_unknown_game"].startswith(
        "2021-12-24 MIA of 2021-12-24: in player_game_summary and not"
    )


def test_what_is_missing_is_named(tmp_path):
    warehouse = tmp_path / "nba.duckdb"
    change(warehouse, "create schema nba_analytics")
    done = orchestrate(warehouse, "plan", **THERE)
    assert done.returncode != 0
    assert "nba_analytics.player_game_summary, " in done.stderr
    assert "nba_raw.nbac_schedule are not in the warehouse" in done.stderr
    assert "NBA_ANALYTICS_DATASET" in done.stderr
    assert "Traceback" not in done.stderr
    done = dbt(
        warehouse, "run", "--select", "+ml_feature_store", *window("2022-01-10", "2022-01-16"), **THERE
    )
    assert done.returncode != 0
    assert "nba_raw.nbac_schedule are not in this warehouse" in done.stdout
    assert "docs/own-phase3.md" in done.stdout


def test_another_word_is_refused(tmp_path):
    warehouse = tmp_path / "nba.duckdb"
    with duckdb.connect(str(warehouse)) as connection:
        create_tables(connection)
    done = dbt(warehouse, "run", *window("2022-01-10", "2022-01-16"), NBA_PHASE3="mine")
    assert done.returncode != 0
    assert "phase3 is 'mine': write `built`" in done.stdout


def test_the_old_word_still_works(tmp_path):
    warehouse = tmp_path / "nba.duckdb"
    with duckdb.connect(str(warehouse)) as connection:
        create_tables(connection)
    done = succeed(orchestrate(warehouse, "status", NBA_PHASE3="warehouse"))
    assert "NBA_PHASE3=warehouse is now called `external`" in done.stderr
    old = {"NBA_PHASE3": "warehouse"}
    succeed(dbt(warehouse, "seed", **old))
    done = succeed(dbt(warehouse, "run", "--select", "+phase3_preflight", **old))
    assert "phase3 `warehouse` is now called `external`" in done.stdout
    assert query(warehouse, "select count(*) from nba_staging.stg_nba__player_names") == [(0,)]


def test_units_of_this_way(tmp_path):
    """dbt's own unit tests of models/from_external, on tables without rows."""
    warehouse = tmp_path / "nba.duckdb"
    with duckdb.connect(str(warehouse)) as connection:
        create_tables(connection)
    kinds = ("--resource-type", "seed", "--resource-type", "model")
    succeed(dbt(warehouse, "build", *kinds, *window("2022-01-10", "2022-01-16"), **THERE))
    done = succeed(dbt(warehouse, "test", "--select", "test_type:unit", **THERE))
    assert re.search(r"PASS=1[0-9] .* ERROR=0", done.stdout), done.stdout  # eight, and the hooks


# --- names --------------------------------------------------------------------------------------------------


def test_datasets_may_have_other_names(demo_built, tmp_path):
    names = {
        f"NBA_{name}_DATASET": f"other_{name.lower()}"
        for name in ("RAW", "STAGING", "ANALYTICS", "INTERMEDIATE", "PRECOMPUTE", "REFERENCE")
    }
    warehouse = tmp_path / "nba.duckdb"
    succeed(orchestrate(warehouse, "demo", "--seasons", "1", **names))
    ((first, last),) = query(
        demo_built, "select min(analysis_date), max(analysis_date) from nba_precompute.receipts"
    )
    succeed(orchestrate(warehouse, "backfill", "--start", first, "--end", last, **names))
    assert query(warehouse, "select count(*) from other_precompute.ml_feature_store") == query(
        demo_built, "select count(*) from nba_precompute.ml_feature_store"
    )
    schemas = query(warehouse, "select distinct table_schema from information_schema.tables order by 1")
    assert [schema for (schema,) in schemas] == sorted(names.values())
    assert "complete" in succeed(orchestrate(warehouse, "status", **names)).stdout
    shutil.rmtree(tmp_path)
