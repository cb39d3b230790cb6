"""The registries of dbt_project.yml hold everything that they list, and nothing else."""

import re

import pytest

from orchestrator.core.registry import (
    ALL_TABLES,
    COVERAGE_STATES,
    EXCLUSIONS,
    MADE_FROM,
    PHASE4_TABLES,
    _vars,
)
from tests.python.warehouses import PROJECT, parsed

TABLES = _vars()["phase4_tables"]
REASONS = _vars()["coverage_reasons"]
FEATURE_TABLES = [entry.table for entry in PHASE4_TABLES]


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    return parsed(tmp_path_factory.mktemp("manifest"))


def node(manifest, table):
    return manifest["nodes"][f"model.nba_phase4.{table}"]


def test_every_table_with_receipts_is_registered(manifest):
    with_receipts = {
        model["name"]
        for model in manifest["nodes"].values()
        if model["resource_type"] == "model"
        and any("write_receipts" in hook["sql"] for hook in model["config"]["post-hook"])
    }
    assert with_receipts == set(ALL_TABLES)
    assert EXCLUSIONS in TABLES


def test_tables_are_made_from_what_is_registered(manifest):
    def ancestors(id, seen):
        for parent in manifest["nodes"].get(id, {}).get("depends_on", {}).get("nodes", []):
            if parent not in seen:
                seen.add(parent)
                ancestors(parent, seen)
        return seen

    for table in ALL_TABLES:
        found = {id.split(".")[-1] for id in ancestors(f"model.nba_phase4.{table}", set())} & set(ALL_TABLES)
        assert set(MADE_FROM.get(table, ())) == found, table
        # In the order they are made.
        assert all(ALL_TABLES.index(parent) < ALL_TABLES.index(table) for parent in found)


def test_every_table_has_its_key_and_the_tests_of_its_kind(manifest):
    for table, entry in TABLES.items():
        columns = node(manifest, table)["columns"]
        assert {"analysis_date", entry["entity"], "season_year"} <= set(columns), table
        tests = {
            test["test_metadata"]["name"]
            for test in manifest["nodes"].values()
            if test["resource_type"] == "test"
            and test.get("attached_node") == f"model.nba_phase4.{table}"
            and test["test_metadata"]
        }
        assert "unique_key" in tests, table
        if table in FEATURE_TABLES:
            assert {"has_every_expected_date", "has_no_unexpected_date", "accounts_for_everyone"} <= tests, (
                table
            )


def test_minimums_are_the_contracts():
    minimums = {table: entry["games_needed"] for table, entry in TABLES.items() if "games_needed" in entry}
    contract = {
        "team_defense_zone_analysis": 15,  # 4.1
        "player_shot_zone_analysis": 10,  # 4.2
        "player_daily_cache": 5,  # 4.4
    }
    assert minimums.items() >= contract.items()
    assert {entry.get("candidates") for entry in TABLES.values()} == {
        None,
        "teams",
        "players",
        "participants",
    }


def test_every_table_reads_facts_that_there_are():
    macro = (PROJECT / "macros" / "input_hashes.sql").read_text()
    (known,) = re.findall(r"(?s)\nknown as \((.*?\n)    from game_dates", macro)
    facts = set(re.findall(r"as (\w+),?\n", known)) | set(re.findall(r"\.(\w+),?\n", known))
    for table, entry in TABLES.items():
        read = entry["reads"] + entry.get("reads_of_day", [])
        assert set(read) <= facts, table
        assert len(read) == len(set(read)), table
        # Without the games played so far, a correction of them would go unnoticed.
        assert {"player_games", "schedule"} <= set(entry["reads"]), table


def test_states_and_reasons_belong_together():
    names = [state.name for state in COVERAGE_STATES]
    assert set(REASONS.values()) == set(names) - {"done", "scheduled"}
    assert len({state.mark for state in COVERAGE_STATES}) == len(names)
    assert all(state.meaning.startswith(f"`{state.name}`: ") for state in COVERAGE_STATES)


def test_the_ladder_gives_no_reason_that_is_not_registered():
    macro = (PROJECT / "macros" / "coverage.sql").read_text()
    (ladder,) = re.findall(r"(?s)\njudged as \((.*?)\n\),", macro)
    expected = (PROJECT / "models" / "coverage" / "int_expected_dates.sql").read_text()
    given = set(re.findall(r"then '(\w+)'", ladder)) | set(re.findall(r"then '(\w+)'\n", expected))
    assert given | {"error", "skipped"} == set(REASONS)  # two more are kinds of failures
