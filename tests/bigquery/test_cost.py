"""The arithmetic of docs/cost.md: widths, columns and days, against what was worked out by hand."""

from __future__ import annotations

import duckdb
import pytest

from benchmarks.bigquery_cost import MIB, Bytes, Sizes, billed, bytes_of, season_to_date, size_of, written
from tests.bigquery.analyzer import Script, analyze

# https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#data_type_sizes
WIDTHS = [
    ("BIGINT", "7", 8),
    ("INTEGER", "7", 8),  # BigQuery has INT64 only
    ("DOUBLE", "0.5", 8),
    ("DATE", "'2022-01-10'", 8),
    ("TIMESTAMP", "'2022-01-10 12:00:00'", 8),
    ("BOOLEAN", "true", 1),
    ("DECIMAL(38,18)", "0.5", 16),
    ("VARCHAR", "''", 2),
    ("VARCHAR", "'BOS'", 2 + 3),
    ("VARCHAR", "'Dončić'", 2 + 8),  # two letters of two bytes
    ("BIGINT[]", "[1, 2, 3]", 24),
    ("DOUBLE[]", "[]", 0),
    ("VARCHAR[]", "['a', 'bc']", 3 + 4),
    ("DOUBLE[]", "[0.5, null]", 8),
    *((type_, "null", 0) for type_ in ("BIGINT", "BOOLEAN", "VARCHAR", "DATE", "DECIMAL(38,18)", "BIGINT[]")),
]


@pytest.mark.parametrize(("type_", "value", "width"), WIDTHS)
def test_widths(type_, value, width):
    found = duckdb.sql(f"select {size_of('x', type_)} from (select {value}::{type_} as x)").fetchall()
    assert found == [(width,)]


def test_a_table_has_its_minimum_and_is_rounded_up():
    assert billed([0]) == 10 * MIB
    assert billed([10 * MIB + 1]) == 11 * MIB
    assert billed([1, 1, 20 * MIB]) == 40 * MIB
    assert billed([]) == 0


def test_phase_3_is_replaced_from_october_on():
    assert season_to_date({"start": "2022-01-10", "end": "2022-01-16"}) == {
        "start": "2021-10-01",
        "end": "2022-01-16",
    }
    assert season_to_date({"start": "2021-10-19", "end": "2021-10-19"})["start"] == "2021-10-01"


# Three days of two rows; a row is 5 (team) + 8 (day) + 8 (points) + 1 (won) = 22 bytes.
ROWS = """
    create schema facts;
    create table facts.days (team varchar, game_date date, points bigint, won boolean);
    insert into facts.days
    select team, day::date, 100, true
    from
        (values ('BOS'), ('LAL')) as t (team),
        (values ('2022-01-01'), ('2022-01-02'), ('2022-01-03')) as d (day);
    create table facts.teams (team varchar, city varchar);
    insert into facts.teams values ('BOS', 'Boston'), ('LAL', null);
"""
DECLARED = """
    create table facts.days (team string, game_date date, points int64, won bool) partition by game_date;
    create table facts.teams (team string, city string);
    create view facts.wins as
        with everything as (select * from facts.days), ranked as (
            select *, row_number() over (partition by team, game_date order by points) as nth from everything
        )
        select team, game_date as day, won, nth from ranked where won;
"""
DAY = "game_date = '2022-01-02'"
# Bytes, by hand: of the columns that are needed, on the days that are looked at.
READS = {
    "select * from facts.days": 6 * 22,
    "select points from facts.days": 6 * 8,
    "select count(*) from facts.days": 0,
    f"select points from facts.days where {DAY}": 2 * (8 + 8),
    # what only the view knows of is not read; what it filters by is
    "select team from facts.wins": 6 * (5 + 1),
    "select day from facts.wins where day = '2022-01-02'": 2 * (8 + 1),
    "select nth from facts.wins": 6 * 22,
    "select 1 from facts.wins": 6 * 1,
    "with d as (select * from facts.days) select max(points) from d group by team": 6 * (8 + 5),
    "select a.points from (select team, points from facts.days) as a "
    "inner join facts.teams as b on a.team = b.team": 6 * (8 + 5) + 2 * 5,
    "select city from facts.teams": 2 + 6,
    "select x from (select points as x, won from facts.days union all select 1, true)": 6 * 8,
    "select x from (select points as x, won from facts.days union distinct select 1, true)": 6 * (8 + 1),
    "select points from facts.days where team in (select team from facts.teams)": 6 * (8 + 5) + 2 * 5,
    # read twice, it counts once: both columns, and both days
    f"select (select max(points) from facts.days where {DAY}), "
    "(select max(team) from facts.days where game_date = '2022-01-01')": 4 * (8 + 8 + 5),
    # what is changed counts in all of its columns
    f"delete from facts.days where {DAY}": 2 * 22,
    "create view facts.harmless as select * from facts.days": 0,
}


@pytest.fixture(scope="module")
def sizes(tmp_path_factory) -> Sizes:
    warehouse = tmp_path_factory.mktemp("cost") / "nba.duckdb"
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(ROWS)
    return Sizes(warehouse)


@pytest.fixture(scope="module")
def statements(bigquery_python):
    return analyze(bigquery_python, [Script("tables", DECLARED), *(Script(sql, sql) for sql in READS)])


@pytest.mark.parametrize("sql", READS)
def test_bytes_by_hand(sizes, statements, sql):
    (statement,) = statements[sql]
    assert statement.error is None
    assert bytes_of(statement, sizes).processed == READS[sql]


def test_every_table_referred_to_is_billed(sizes, statements):
    both = "select points from facts.days where team in (select team from facts.teams)"
    assert bytes_of(statements[both][0], sizes).billed == 20 * MIB
    counted = bytes_of(statements["select count(*) from facts.days"][0], sizes)
    assert counted == Bytes(1, 0, 10 * MIB)


def test_replacing_reads_the_new_rows_and_the_old(sizes):
    window = {"start": "2022-01-02", "end": "2022-01-03"}
    assert written("facts.days", window, sizes) == Bytes(1, 2 * 4 * 22, 20 * MIB)
