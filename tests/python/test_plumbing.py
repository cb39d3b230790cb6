"""What strangers expect of a repository holds together: workflow, hooks, templates, make targets."""

from __future__ import annotations

import json
import re
import subprocess

import pytest
import yaml

from tests.python.warehouses import PROJECT

GITHUB = PROJECT / ".github"
MAKE = re.compile(r"\bmake ([a-z][a-z-]*)")


def workflow() -> dict:
    return yaml.safe_load((GITHUB / "workflows" / "ci.yml").read_text())


def steps() -> list[dict]:
    return [step for job in workflow()["jobs"].values() for step in job["steps"]]


def targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):", (PROJECT / "Makefile").read_text(), re.MULTILINE))


def tracked(*patterns: str) -> list[str]:
    found = subprocess.run(
        ["git", "ls-files", "--", *patterns], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    if found.returncode:
        pytest.skip(f"NO GIT CHECKOUT: {found.stderr.strip()}")
    return found.stdout.split()


def test_yaml_parses():
    paths = tracked("*.yml", "*.yaml")
    assert paths
    for path in paths:
        yaml.safe_load((PROJECT / path).read_text())


def test_the_workflow_runs_what_must_pass_before_a_change_lands():
    in_workflow = {name for step in steps() for name in MAKE.findall(step.get("run", ""))}
    assert in_workflow == set(MAKE.findall((PROJECT / ".ci" / "run").read_text()))


@pytest.mark.parametrize(
    "path",
    [
        ".github/workflows/ci.yml",
        ".ci/run",
        ".devcontainer/devcontainer.json",
        "CONTRIBUTING.md",
        "README.md",
    ],
)
def test_make_targets_exist(path):
    text = (PROJECT / path).read_text()
    if path.endswith(".md"):  # only what is written as code: prose makes other things, too
        text = "\n".join(re.findall(r"`make [^`]+`|^make .+", text, re.MULTILINE))
    called = set(MAKE.findall(text))
    assert called
    assert called <= targets(), called - targets()


def test_the_workflow_knows_the_oldest_and_the_newest_python():
    (oldest,) = re.findall(
        r'^requires-python = ">=([\d.]+)"', (PROJECT / "pyproject.toml").read_text(), re.MULTILINE
    )
    versions = workflow()["jobs"]["test"]["strategy"]["matrix"]["python"]
    assert versions[0] == oldest
    assert all(isinstance(version, str) for version in versions), "3.10 unquoted would be 3.1"


def test_actions_are_pinned_to_a_major_version():
    used = [step["uses"] for step in steps() if "uses" in step]
    assert used
    for action in used:
        assert re.fullmatch(r"actions/[a-z-]+@v\d+", action), action


def test_hooks_have_the_versions_of_the_development_tools():
    pins = dict(
        re.findall(r"^([\w.-]+)==(\S+)", (PROJECT / "requirements-dev.txt").read_text(), re.MULTILINE)
    )
    repos = yaml.safe_load((PROJECT / ".pre-commit-config.yaml").read_text())["repos"]
    revs = {repo["repo"].rsplit("/")[-1]: repo["rev"] for repo in repos if repo["repo"] != "local"}
    assert revs["ruff-pre-commit"] == f"v{pins['ruff']}"
    assert revs["typos"] == f"v{pins['typos']}"


def test_local_hooks_run_tools_that_are_installed():
    repos = yaml.safe_load((PROJECT / ".pre-commit-config.yaml").read_text())["repos"]
    entries = [hook["entry"] for repo in repos if repo["repo"] == "local" for hook in repo["hooks"]]
    assert entries
    for entry in entries:
        assert (PROJECT / entry.split()[0]).is_file(), entry


def test_the_bug_form_asks_for_what_we_need():
    fields = yaml.safe_load((GITHUB / "ISSUE_TEMPLATE" / "bug.yml").read_text())["body"]
    required = {field["id"] for field in fields if field.get("validations", {}).get("required")}
    assert required >= {"what", "command", "version", "target", "status"}


def test_the_dev_container_has_the_oldest_python():
    container = json.loads((PROJECT / ".devcontainer" / "devcontainer.json").read_text())
    (oldest,) = re.findall(
        r'^requires-python = ">=([\d.]+)"', (PROJECT / "pyproject.toml").read_text(), re.MULTILINE
    )
    assert container["image"].startswith(f"python:{oldest}-")


def test_the_licence_is_the_one_that_is_declared():
    assert 'license = "Apache-2.0"' in (PROJECT / "pyproject.toml").read_text()
    assert "Apache License\n" in (PROJECT / "LICENSE").read_text()
