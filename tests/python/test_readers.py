"""The contract for readers is what the models have, and no change of it goes without a version."""

import re

import pytest

from tests.python import readers_page
from tests.python.warehouses import PROJECT, parsed
from tests.python.workers_queries import OLD_COLUMNS


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    return parsed(tmp_path_factory.mktemp("manifest"), **readers_page.ON)


@pytest.fixture(scope="module")
def page():
    return readers_page.PAGE.read_text()


def test_the_columns_are_those_of_the_models(manifest, page):
    assert page == readers_page.with_columns(page, manifest), f"run: {readers_page.REWRITE}"


def test_another_contract_has_another_version(manifest, page):
    (title,) = re.findall(r"^# .*reader contract (\d+\.\d+)$", page, re.MULTILINE)
    version, newest = list(readers_page.fingerprints(page).items())[-1]
    assert version == title
    assert readers_page.fingerprint(manifest) == newest, (
        "columns or types have changed: docs/readers.md needs another version with this fingerprint"
    )


def test_a_changed_type_changes_the_fingerprint(manifest):
    before = readers_page.fingerprint(manifest)
    column = manifest["nodes"]["model.nba_phase4.player_daily_cache"]["columns"]["points_avg_season"]
    was, column["data_type"] = column["data_type"], "numeric"
    try:
        assert readers_page.fingerprint(manifest) != before
    finally:
        column["data_type"] = was


def test_the_view_promises_the_old_columns(manifest):
    assert list(readers_page.columns_of(manifest)["ml_feature_store_v2"]) == list(OLD_COLUMNS)


def test_every_column_is_described(manifest):
    for table in readers_page.TABLES:
        for column in manifest["nodes"][f"model.nba_phase4.{table}"]["columns"].values():
            assert column["data_type"], (table, column["name"])
            assert "NULL" in column["description"] or table == "phase4_exclusions", (table, column["name"])


def test_the_views_are_public_and_for_readers_only(manifest):
    views = {
        node["name"]: node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["path"].startswith("phase5/")
    }
    assert len(views) == 3
    for node in views.values():
        assert (node["access"], node["config"]["materialized"]) == ("public", "view")
        # dbt-bigquery would drop a table in its place.
        assert node["config"]["full_refresh"] is False
        assert not manifest["child_map"][node["unique_id"]] or all(
            child.startswith("test.") for child in manifest["child_map"][node["unique_id"]]
        )


def test_exposures_point_at_the_contract(manifest):
    pages = {
        exposure["name"]: exposure["config"]["meta"]["page"] for exposure in manifest["exposures"].values()
    }
    assert {name for name, page in pages.items() if page == "docs/readers.md"} == {
        "model_training",
        "predictions",
        "questions_by_hand",
    }
    assert (PROJECT / "docs" / "readers.md").is_file()
