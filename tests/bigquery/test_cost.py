"""The arithmetic of docs/cost.md: widths, columns and days, against what was worked out by hand."""

from __future__ import annotations

import re

import duckdb
import pytest

from benchmarks.bigquery_cost import (
    MARKS,
    MIB,
    Bytes,
    Sizes,
    billed,
    bytes_of,
    bytes_of_scripts,
    season_to_date,
    size_of,
    with_made,
    written,
)
from orchestrator.core.project import PHASE5_VIEWS
from tests.bigquery.analyzer import Script, analyze
from tests.bigquery.conftest import WINDOW
from tests.python.warehouses import PROJECT

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


# --- docs/cost.md ----------------------------------------------------------------------------------


class NoBytes(Sizes):
    """Tables of which only their names are known: statements can be counted, bytes cannot."""

    def __init__(self) -> None:
        self.rows = {}

    def has(self, table: str) -> bool:
        return table.startswith("nba_")

    def columns(self, table: str) -> tuple[str, ...]:
        return ()

    def read(self, table, columns, low, high) -> int:
        return 0


def table_under(title: str) -> dict[str, list[str]]:
    """Return the rows of the page's table below a title, by their first cell."""
    text = (PROJECT / "docs" / "cost.md").read_text()
    section = re.search(rf"^## {title}.*?\n(.*?)(?=^## |^<!--|\Z)", text, re.MULTILINE | re.DOTALL)[1]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines()]
    return {row[0]: row[1:] for row in rows if len(row) > 1}


@pytest.mark.parametrize("phase3", ["built"], indirect=True)
def test_the_page_counts_todays_statements(project):
    """A run of everything takes minutes; a model, hook or test that came or went shows here."""
    # The views for Phase 5 are off by default, as on the page.
    scripts = [script for script in project.scripts if not any(view in script.id for view in PHASE5_VIEWS)]
    found = bytes_of_scripts(scripts, project.statements, WINDOW, NoBytes())
    # Which tables are written only a warehouse says; they come and go with the models that read.
    found.pop("models, writing")
    cells = table_under("A daily run")
    on_page = {kind: int(cells[kind][0].replace(",", "")) for kind in found}
    counted = {kind: size.statements for kind, size in found.items()}
    assert on_page == counted, "docs/cost.md is of other models: run `make docs-pages`"


def test_the_page_has_the_rows_of_the_real_data(real_data):
    page = table_under("Rows")
    for name in ("games", "player_box", "team_box", "shots"):
        ((rows,),) = duckdb.sql(f"select count(*) from '{real_data / name}.parquet'").fetchall()
        assert page[f"`nba_raw.{name}`"][0] == f"{rows:,}"


def test_only_what_was_made_is_replaced():
    text = f"before\n{MARKS[0]}\nold\n{MARKS[1]}\nafter\n"
    once = with_made(text, "new\n")
    assert once == f"before\n{MARKS[0]}\n\nnew\n\n{MARKS[1]}\nafter\n"
    assert with_made(once, "new") == once
    with pytest.raises(SystemExit, match="once each"):
        with_made("no marks", "new")
