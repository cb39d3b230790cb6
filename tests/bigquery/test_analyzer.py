"""Every statement of the project passes GoogleSQL's own analyzer, the whole DAG from declared schemas."""

import pytest

from tests.bigquery.analyzer import HERE, Script, analyze
from tests.bigquery.conftest import ASKED
from tests.python.warehouses import PROJECT

GAMES = Script(
    "games",
    "create table facts.games (game_id int64, name string, points float64, known bool, game_date date, "
    "played_at timestamp, xs array<float64>)",
)


def _pairs() -> list[tuple[str, str]]:
    _title, *blocks = (HERE / "duckdb_only.txt").read_text().split("\n\n")
    return [tuple(block.strip().split("\n")) for block in blocks]


def test_what_people_ask_by_hand_passes(project):
    errors = {
        name: [statement.error for statement in statements] for name, statements in project.by_hand.items()
    }
    assert errors == {name: [None] for name in ASKED}


def test_every_statement_passes(project):
    refused = [
        f"{script.id}: {statement.error}\n{statement.sql}"
        for script in project.scripts
        for statement in project.statements[script.id]
        if statement.error
    ]
    assert not refused, "\n\n".join(refused)


# What is switched off where Phase 3 comes from the one or the other.
OFF = {
    "built": "models/from_external/",
    "external": "models/from_raw/",
}


def test_nothing_is_left_out(project, phase3):
    """Every file that holds SQL for the warehouse is among what was analyzed."""
    analyzed = {(script.kind, script.id.split(".")[2]) for script in project.scripts}
    files = {
        (kind, path.stem)
        for kind, folder, pattern in (
            ("model", "models", "*.sql"),
            ("model", "models", "*.py"),
            ("test", "tests", "*.sql"),
            ("analysis", "analyses", "*.sql"),
            ("seed", "seeds", "*.csv"),
        )
        for path in (PROJECT / folder).rglob(pattern)
        if path.parent.name != "generic"
        and "materialized='ephemeral'" not in path.read_text()  # analyzed within its readers
        and not str(path.relative_to(PROJECT)).startswith(OFF[phase3])
    }
    assert files - analyzed == set()
    hooks = [script for script in project.scripts if script.kind == "hook"]
    assert {name for script in hooks for name in ("receipts", "failures") if name in script.sql} == {
        "receipts",
        "failures",
    }
    # Of each generic test, what uses it.
    for path in (PROJECT / "tests" / "generic").glob("*.sql"):
        assert any(kind == "test" and name.startswith(path.stem) for kind, name in analyzed), path


def test_contracts_hold(project):
    """What a contract promises is what the analyzer finds, names and types."""
    promised = {script.id: script.declared for script in project.scripts if script.declared}
    assert len(promised) >= 6
    for model, columns in promised.items():
        (statement,) = project.statements[model]
        types = {
            name: {"BOOLEAN": "BOOL"}.get(type_.upper(), type_.upper()) for name, type_ in columns.items()
        }
        assert list(statement.columns.items()) == list(types.items()), model


@pytest.fixture(scope="module")
def refusals(bigquery_python) -> dict[str, list]:
    statements = [sql for pair in _pairs() for sql in pair]
    return analyze(bigquery_python, [GAMES, *(Script(sql, sql) for sql in dict.fromkeys(statements))])


@pytest.mark.parametrize(("duckdb", "googlesql"), _pairs(), ids=lambda sql: sql[:40])
def test_what_only_duckdb_takes_is_refused(refusals, duckdb, googlesql):
    """And not for some other reason: the same said in GoogleSQL passes."""
    assert refusals[duckdb][0].error
    assert [statement.error for statement in refusals[googlesql]] == [None]


def test_the_control_file_is_one_of_pairs():
    assert len(_pairs()) >= 15
    assert all(first != second for first, second in _pairs())


@pytest.fixture(scope="module")
def script_statements(bigquery_python):
    """What dbt sends may be several statements, with variables."""
    tables = """
        create table facts.days (game_id int64, game_date date) partition by game_date;
        create table if not exists facts.days (other int64); -- it does: nothing changes
        alter table facts.days add column if not exists name string;
    """
    overwrite = """
        declare replaced array<date>;
        declare two int64 default 2;
        create or replace table facts.days__dbt_tmp partition by game_date as (select * from facts.days);
        set (replaced) = (select as struct array_agg(distinct game_date) from facts.days__dbt_tmp);
        merge into facts.days as dest using (select * from facts.days__dbt_tmp) as source on false
        when not matched by source and dest.game_date in unnest(replaced) then delete
        when not matched then insert (game_id, game_date, name) values (game_id, game_date, name);
        select two + game_id from facts.days;
        drop table if exists facts.days__dbt_tmp;
    """
    return analyze(
        bigquery_python,
        [
            Script("tables", tables),
            Script("overwrite", overwrite),
            Script("dropped", "select * from facts.days__dbt_tmp"),
            Script("variables are a script's own", "select two"),
            Script("wrong in the middle", "select 1; select name + 1 from facts.days; select 2"),
            Script("text", "select 'a;b -- c' as name, 1 as /* ; */ one; select 2"),
        ],
    )


def test_statements_of_a_script_are_taken_one_by_one(script_statements):
    kinds = [statement.kind or statement.error for statement in script_statements["overwrite"]]
    assert kinds == ["Query", "Query", "CreateTableAsSelect", "Query", "Merge", "Query", "Drop"]
    first, _second = script_statements["text"]
    assert first.columns == {"name": "STRING", "one": "INT64"}


def test_the_catalog_follows_what_statements_do(script_statements):
    assert [statement.error for statement in script_statements["tables"]] == [None] * 3
    assert "not found" in script_statements["dropped"][0].error
    assert "Unrecognized name" in script_statements["variables are a script's own"][0].error


def test_what_is_wrong_ends_a_script(script_statements):
    first, second = script_statements["wrong in the middle"]
    assert first.error is None
    assert "No matching signature" in second.error
