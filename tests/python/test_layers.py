"""What the project says of its models: the folders are layers, and few tables are for people."""

import pytest

from orchestrator.core.registry import ALL_TABLES
from tests.python.warehouses import PROJECT, parsed, query

# Seeds and sources come first. What differs by where Phase 3 comes from lies in from_raw and from_external,
# each in a folder named after its layer.
LAYERS = (
    "staging",
    "calendar",
    "fingerprints",
    "phase3",
    "windows",
    "participants",
    "phase4",
    "ml",
    "coverage",
    "preflight",
    "training",
    "phase5",
)


def layer_of(path: str) -> int:
    """Return which layer a model's file (from models/ on) belongs to, 0 and up."""
    folders = path.split("/")[:-1]
    assert len(folders) == (2 if folders[0] in ("from_raw", "from_external") else 1), path
    return LAYERS.index(folders[-1])


# What people read, and what therefore changes with notice only. All else is private: dbt refuses whoever
# reads it from outside of the project's group.
PUBLIC = {*ALL_TABLES, "phase4_coverage", "phase3_preflight", "training_set"}
# Where the warehouse has Phase 3 itself, ours is a copy of what the run may read: people have the original.
PUBLIC_IF_BUILT = {
    "player_game_summary",
    "team_defense_game_summary",
    "team_offense_game_summary",
    "upcoming_player_game_context",
}


def edges_that_run_back(models: dict[str, tuple[str, list[str]]]) -> list[str]:
    """Return the edges from a later layer to an earlier one; `models` maps an id to its file and parents."""
    return [
        f"{path} reads {models[parent][0]}"
        for path, parents in models.values()
        for parent in parents
        if parent in models and layer_of(models[parent][0]) > layer_of(path)
    ]


@pytest.fixture(scope="module", params=["built", "external"])
def phase3(request):
    return request.param


@pytest.fixture(scope="module")
def manifest(phase3, tmp_path_factory):
    return parsed(tmp_path_factory.mktemp(phase3), NBA_PHASE3=phase3)


@pytest.fixture(scope="module")
def models(manifest):
    return {id: node for id, node in manifest["nodes"].items() if node["resource_type"] == "model"}


def test_no_model_reads_a_later_layer(models):
    assert len(models) > 40
    edges = {id: (model["path"], model["depends_on"]["nodes"]) for id, model in models.items()}
    assert edges_that_run_back(edges) == []


def test_an_edge_that_runs_back_is_seen():
    models = {"a": ("from_raw/staging/a.sql", ["b"]), "b": ("calendar/b.sql", ["a"])}
    assert edges_that_run_back(models) == ["from_raw/staging/a.sql reads calendar/b.sql"]


def test_every_folder_is_a_layer():
    assert PROJECT.joinpath("models").is_dir()
    for file in [*PROJECT.glob("models/**/*.sql"), *PROJECT.glob("models/**/*.py")]:
        layer_of(str(file.relative_to(PROJECT / "models")))


def test_only_what_people_read_is_public(models, phase3):
    public = {model["name"] for model in models.values() if model["access"] == "public"}
    assert public == (PUBLIC | PUBLIC_IF_BUILT if phase3 == "built" else PUBLIC)
    assert {model["access"] for model in models.values()} == {"public", "private"}


def test_the_database_itself_says_what_the_public_tables_hold(demo_built):
    asked = "select table_name, comment from {} where schema_name in ('nba_analytics', 'nba_precompute')"
    described = {name for name, comment in query(demo_built, asked.format("duckdb_tables()")) if comment}
    views = {"phase4_coverage", "phase3_preflight", "training_set"}
    assert described == (PUBLIC | PUBLIC_IF_BUILT) - views
    silent = {name for name, comment in query(demo_built, asked.format("duckdb_columns()")) if not comment}
    assert not silent & described


def test_every_model_has_an_owner(manifest, models):
    owners = {group["name"]: group["owner"] for group in manifest["groups"].values()}
    assert all(owners[model["group"]]["name"] for model in models.values())


def test_exposures_say_who_reads_the_tables(manifest, models):
    exposures = manifest["exposures"].values()
    read = {id for exposure in exposures for id in exposure["depends_on"]["nodes"]}
    assert (
        {"phase4_coverage", "ml_feature_store"}
        <= {models[id]["name"] for id in read & models.keys()}
        <= PUBLIC
    )
    for exposure in exposures:
        assert all((exposure["owner"]["name"], exposure["maturity"], exposure["description"]))
        assert (PROJECT / exposure["config"]["meta"]["page"]).exists()
