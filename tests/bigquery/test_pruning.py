"""Every read of a partitioned table is bounded by constants, within the season: nothing scans history."""

import re
from datetime import date

import pytest

from tests.bigquery.analyzer import Script, analyze
from tests.bigquery.conftest import WINDOW
from tests.python import workers_queries

# What looks at all of history, and why it must: a view that is looked through, or a script of its own.
ALL_OF_HISTORY = {
    "nba_precompute.phase4_coverage": "whether a date is done is asked of every date there is",
    "coverage_by_processor": "a question about all seasons, asked by hand",
    "error_by_tier": "a question about all seasons, asked by hand",
    "phase3_by_season": "a question about all seasons, asked by hand",
    "why_no_row": "a question about all seasons, asked by hand",
}
# The same where the warehouse has Phase 3 itself, and its own tables are partitioned, too.
ALL_OF_THEIR_HISTORY = ALL_OF_HISTORY | {
    "nba_staging.stg_nba__player_names": "a player has one name and id, judged over all games there are",
    "nba_staging.stg_nba__schedule": "the calendar: when a season opens, and when a team played before",
    "nba_intermediate.int_expected_dates": "which dates should have rows, the games before them say",
    "nba_intermediate.int_input_hashes": "whether a date is stale is asked of every date there is",
    "nba_intermediate.phase3_preflight": "what a source has at all is known from all of its games",
    "a test of staging or coverage": "these look at all rows there are",
}
STAGING_TEST = re.compile(
    "(unique|never_null|accepted_values|within_range)_.*(stg_nba__|int_|phase3_preflight)"
)


def _too_much(read) -> bool:
    start = date.fromisoformat(WINDOW["start"])
    opening = date(start.year - (start.month < 10), 10, 1)
    return not (read.low and read.high) or not (str(opening) <= read.low <= read.high <= WINDOW["end"])


def test_nothing_scans_history(project, phase3):
    known_reasons = ALL_OF_THEIR_HISTORY if phase3 == "external" else ALL_OF_HISTORY
    found, reasons = [], set()
    for script in project.scripts:
        name = script.id.split(".")[2]
        if script.kind == "test" and STAGING_TEST.match(name):
            name = "a test of staging or coverage"
        for statement in project.statements[script.id]:
            for read in filter(_too_much, statement.reads):
                excuses = [known for known in (name, *read.via) if known in known_reasons]
                if excuses:
                    reasons.add(excuses[-1])
                else:
                    found.append(f"{script.id}: {read}")
    assert not found, "\n".join(found)
    assert reasons == set(known_reasons)


def test_every_partitioned_table_is_read(project):
    """What is not looked at cannot be found wanting."""
    reads = {
        read.table
        for statements in project.statements.values()
        for statement in statements
        for read in statement.reads
    }
    assert reads >= {
        "nba_analytics.player_game_summary",
        "nba_analytics.team_defense_game_summary",
        "nba_analytics.team_offense_game_summary",
        "nba_analytics.upcoming_player_game_context",
        "nba_precompute.ml_feature_store",
        "nba_precompute.phase4_exclusions",
        "nba_precompute.player_composite_factors",
        "nba_precompute.player_daily_cache",
        "nba_precompute.player_shot_zone_analysis",
        "nba_precompute.team_defense_zone_analysis",
    }


def test_the_old_platforms_worker_reads_one_day(project):
    """The views rename the column that the tables are partitioned by."""
    for name in workers_queries.QUERIES:
        (statement,) = project.by_hand[name]
        assert [(read.low, read.high) for read in statement.reads] == [("2022-01-14", "2022-01-14")], name


DAYS = """
    create table facts.days (team string, game_date date, points int64) partition by game_date;
    create table facts.months (team string, game_date date, points int64)
    partition by date_trunc(game_date, month);
    create table facts.teams (team string, game_date date);
    create view facts.plain as select team, game_date as day, points from facts.days;
    create view facts.newest as
        select * from facts.days where true
        qualify row_number() over (partition by team order by points) = 1;
    create view facts.newest_of_day as
        select * from facts.days where true
        qualify row_number() over (partition by team, game_date order by points) = 1;
    create view facts.totals as
        select game_date, sum(points) as points, max(game_date) as newest from facts.days group by game_date;
    create view facts.both as
        select game_date, points from facts.days union all select game_date, points from facts.months;
    create view facts.with_teams as
        select days.*, months.game_date as other_date from facts.days left join facts.months using (team);
"""
JANUARY = ("2022-01-01", "2022-01-31")
NOTHING = (None, None)
IN_JANUARY = "between date '2022-01-01' and date '2022-01-31'"

# What is read, and the days it must look at: of days, of months.
READS = {
    f"select * from facts.days where game_date {IN_JANUARY}": [JANUARY],
    "select * from facts.days": [NOTHING],
    "select * from facts.days where team = 'BOS'": [NOTHING],
    "select * from facts.days where game_date >= '2022-01-01' and game_date < '2022-02-01'": [JANUARY],
    "select * from facts.days where '2022-01-01' <= game_date and date '2022-01-31' >= game_date": [JANUARY],
    "select * from facts.days where game_date > '2021-12-31'": [("2022-01-01", None)],
    "select * from facts.days where game_date in ('2022-01-31', '2022-01-01', '2022-01-03')": [JANUARY],
    "select * from facts.days where game_date = '2022-01-01'": [("2022-01-01", "2022-01-01")],
    "select * from facts.days where game_date = '2022-01-01' or game_date = '2022-01-31'": [JANUARY],
    "select * from facts.days where game_date = '2022-01-01' or team = 'BOS'": [NOTHING],
    f"select * from facts.days where not game_date {IN_JANUARY}": [NOTHING],
    # not constant when the query is compiled
    "select * from facts.days where game_date >= (select max(game_date) from facts.teams)": [NOTHING],
    "select * from facts.days where date_add(game_date, interval 1 day) = '2022-01-02'": [NOTHING],
    # through views
    f"select * from facts.plain where day {IN_JANUARY}": [JANUARY],
    "select * from facts.plain": [NOTHING],
    f"select * from (select team, day as d from facts.plain) where d {IN_JANUARY} order by team": [JANUARY],
    f"select * from facts.newest_of_day where game_date {IN_JANUARY}": [JANUARY],
    f"select * from facts.newest where game_date {IN_JANUARY}": [NOTHING],
    f"select * from facts.totals where game_date {IN_JANUARY}": [JANUARY],
    f"select * from facts.totals where newest {IN_JANUARY}": [NOTHING],
    f"select * from facts.both where game_date {IN_JANUARY}": [JANUARY, JANUARY],
    f"select * from (select * from facts.plain limit 10) where day {IN_JANUARY}": [NOTHING],
    # joins
    f"select * from facts.with_teams where game_date {IN_JANUARY}": [JANUARY, NOTHING],
    f"select * from facts.with_teams where other_date {IN_JANUARY}": [NOTHING, NOTHING],
    "select * from facts.days as d left join facts.months as m "
    f"on d.team = m.team and m.game_date {IN_JANUARY} and d.game_date {IN_JANUARY}": [NOTHING, JANUARY],
    "select * from facts.days as d inner join facts.months as m "
    f"on d.team = m.team and m.game_date {IN_JANUARY} and d.game_date {IN_JANUARY}": [JANUARY, JANUARY],
    "select * from facts.days as d full join facts.months as m on d.team = m.team "
    f"where d.game_date {IN_JANUARY}": [NOTHING, NOTHING],
    # each use of a `with` query by itself
    f"with d as (select * from facts.days) select * from d where game_date {IN_JANUARY}": [JANUARY],
    "with d as (select * from facts.days), e as (select * from d) "
    f"select team from e where game_date {IN_JANUARY} union all select team from d": [JANUARY, NOTHING],
    # subqueries
    "select * from facts.teams where team in (select team from facts.days)": [NOTHING],
    f"select (select max(team) from facts.days where game_date {IN_JANUARY}) as t": [JANUARY],
    "select * from facts.teams as t where exists (select 1 from facts.days where team = t.team)": [NOTHING],
    # statements that write
    f"create table facts.copy as select * from facts.days where game_date {IN_JANUARY}": [JANUARY],
    "insert into facts.teams select team, game_date from facts.days": [NOTHING],
    f"delete from facts.days where game_date {IN_JANUARY}": [JANUARY],
    "delete from facts.days where team = 'BOS'": [NOTHING],
    "merge into facts.days as d using (select 1 as one) as s on false "
    "when not matched by source and d.game_date in ('2022-01-01', '2022-01-31') then delete": [JANUARY],
    "merge into facts.days as d using (select 1 as one) as s on false "
    "when not matched by source and d.team = 'BOS' then delete": [NOTHING],
    "merge into facts.days as d using (select 'BOS' as team) as s on d.team = s.team "
    "when matched then delete": [NOTHING],
    f"update facts.days set points = 1 where game_date {IN_JANUARY}": [JANUARY],
    "create view facts.harmless as select * from facts.days": [],
}


@pytest.fixture(scope="module")
def planted(bigquery_python):
    return analyze(bigquery_python, [Script("days", DAYS), *(Script(sql, sql) for sql in READS)])


@pytest.mark.parametrize("sql", READS)
def test_what_must_be_read(planted, sql):
    (statement,) = planted[sql]
    assert statement.error is None
    reads = sorted(statement.reads, key=lambda read: read.table)
    assert [(read.low, read.high) for read in reads] == READS[sql]


def test_views_on_the_way_are_named(planted):
    (statement,) = planted["select * from facts.plain"]
    assert [read.via for read in statement.reads] == [("facts.plain",)]


def test_an_unbounded_read_is_too_much(planted):
    """The judgement on the project's own statements is one that can fail."""
    judged = {sql: [_too_much(read) for read in planted[sql][0].reads] for sql in READS}
    assert judged["select * from facts.days"] == [True]
    assert judged["select * from facts.days where game_date > '2021-12-31'"] == [True]
    assert judged["select * from facts.plain"] == [True]
    # January ends after the window does
    assert judged[f"select * from facts.days where game_date {IN_JANUARY}"] == [True]
    assert judged["select * from facts.days where game_date = '2022-01-01'"] == [False]
