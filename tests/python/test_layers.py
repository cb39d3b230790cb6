"""The folders of models/ are layers: a model reads those of its own layer and of layers above it."""

import json

import pytest

from tests.python.warehouses import PROJECT, dbt, succeed

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
)


def layer_of(path: str) -> int:
    """Return which layer a model's file (from models/ on) belongs to, 0 and up."""
    folders = path.split("/")[:-1]
    assert len(folders) == (2 if folders[0] in ("from_raw", "from_external") else 1), path
    return LAYERS.index(folders[-1])


def edges_that_run_back(models: dict[str, tuple[str, list[str]]]) -> list[str]:
    """Return the edges from a later layer to an earlier one; `models` maps an id to its file and parents."""
    return [
        f"{path} reads {models[parent][0]}"
        for path, parents in models.values()
        for parent in parents
        if parent in models and layer_of(models[parent][0]) > layer_of(path)
    ]


@pytest.mark.parametrize("phase3", ["built", "external"])
def test_no_model_reads_a_later_layer(phase3, tmp_path):
    succeed(dbt(tmp_path / "none.duckdb", "parse", "--target-path", tmp_path, NBA_PHASE3=phase3))
    nodes = json.loads((tmp_path / "manifest.json").read_text())["nodes"]
    models = {
        id: (node["path"], node["depends_on"]["nodes"])
        for id, node in nodes.items()
        if node["resource_type"] == "model"
    }
    assert len(models) > 40
    assert edges_that_run_back(models) == []


def test_an_edge_that_runs_back_is_seen():
    models = {"a": ("from_raw/staging/a.sql", ["b"]), "b": ("calendar/b.sql", ["a"])}
    assert edges_that_run_back(models) == ["from_raw/staging/a.sql reads calendar/b.sql"]


def test_every_folder_is_a_layer():
    assert PROJECT.joinpath("models").is_dir()
    for file in [*PROJECT.glob("models/**/*.sql"), *PROJECT.glob("models/**/*.py")]:
        layer_of(str(file.relative_to(PROJECT / "models")))
