"""A variable that cannot be what was meant is named before anything happens, and so is an absent package."""

import subprocess
import sys

import duckdb
import pytest

from orchestrator.core import clock, project
from orchestrator.core.environment import VARIABLES, check_environment
from orchestrator.core.errors import UsageError, UserError
from orchestrator.warehouse.targets import warehouse_of
from tests.python.warehouses import PROJECT, dbt_here, orchestrate, succeed

WRONG = [
    ("NBA_DUCKDB_MEMORY", "abc", "512MB"),
    ("NBA_DUCKDB_MEMORY", "512", "512MB"),
    ("NBA_DUCKDB_THREADS", "0", "a number of threads"),
    ("NBA_DUCKDB_THREADS", "many", "a number of threads"),
    ("NBA_DUCKDB_PATH", str(PROJECT), "the warehouse's file"),
    ("NBA_DUCKDB_PATH", "main.duckdb", "the warehouse's file"),
    ("NBA_DUCKDB_PATH", "/srv/nba_raw.duckdb", "named after a dataset"),
    ("NBA_PHASE3", "there", "`external`"),
    ("NBA_PHASE5_VIEW", "yes", "`true`"),
    ("NBA_PHASE5_DATASET", "nba-predictions", "a dataset's name"),
    ("NBA_PHASE5_VIEW_NAME", "a.b", "a view's name"),
    ("NBA_STATS_PAUSE", "slow", "seconds"),
    ("NBA_STATS_PAUSE", "-1", "seconds"),
    ("NBA_TARGET", "snowflake", "emulator"),
    ("NBA_TIMEZONE", "EDT", "America/New_York"),
    ("NBA_TIMEZONE", "america/new_york", "America/New_York"),
    *((dataset, wrong, "nba_raw") for dataset in project.DATASETS for wrong in ("nba-raw", "2raw", "a.b")),
]
RIGHT = [
    ("NBA_DUCKDB_MEMORY", "2 GiB"),
    ("NBA_DUCKDB_THREADS", "16"),
    ("NBA_DUCKDB_PATH", "elsewhere/nba.duckdb"),
    ("NBA_DUCKDB_PATH", "main/nba.duckdb"),
    ("NBA_PHASE3", "external"),
    ("NBA_PHASE3", "warehouse"),
    ("NBA_PHASE3", "built"),
    ("NBA_PHASE5_VIEW", "True"),
    ("NBA_PHASE5_VIEW", "false"),
    ("NBA_PHASE5_VIEW_NAME", "ml_feature_store_next"),
    ("NBA_STATS_PAUSE", "1.5"),
    ("NBA_TARGET", "emulator"),
    ("NBA_TIMEZONE", "Europe/Berlin"),
    ("NBA_RAW_DATASET", "raw_2"),
]
SIZES = [
    "512MB", "1GB", "1.5gb", ".5GB", "5.GB", "10MiB", "10mib", "1G", "1k", "1t", "100bytes", "7b",
    "1kilobytes", "5 GB", " 5GB ", "80%", "100%", "none", "-1", "abc", "512", "1.5.5GB", "5XB", "+5GB",
    "5M_B", "120%", "5PB", "1ti", "1,5GB", "unlimited", "GB", "5GB5",
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "said"), WRONG)
def test_a_wrong_value_is_named(monkeypatch, name, text, said):
    monkeypatch.setenv(name, text)
    with pytest.raises(UsageError) as raised:
        check_environment()
    assert str(raised.value).startswith(f"{name} is {text!r}: set it to ")
    assert said in str(raised.value)


@pytest.mark.parametrize("name", VARIABLES)
@pytest.mark.parametrize("text", ["", " "])
def test_an_empty_value_is_named(monkeypatch, name, text):
    monkeypatch.setenv(name, text)
    with pytest.raises(UsageError, match=f"^{name} is empty: set it to "):
        check_environment()


@pytest.mark.parametrize(("name", "text"), RIGHT)
def test_a_right_value_is_taken(monkeypatch, name, text):
    monkeypatch.setenv(name, text)
    check_environment()


def test_all_wrong_ones_are_named_at_once(monkeypatch):
    monkeypatch.setenv("NBA_TIMEZONE", "EDT")
    monkeypatch.setenv("NBA_PHASE3", "")
    with pytest.raises(UsageError, match=r"NBA_PHASE3 is empty(.|\n)*NBA_TIMEZONE is 'EDT'"):
        check_environment()


@pytest.mark.parametrize("text", SIZES)
def test_a_size_is_what_duckdb_takes_for_one(text):
    try:
        duckdb.connect(config={"memory_limit": text}).close()
    except duckdb.Error:
        taken = False
    else:
        taken = True
    assert bool(VARIABLES["NBA_DUCKDB_MEMORY"].accepts(text)) is taken


def test_the_defaults_are_right():
    assert clock.is_time_zone(clock.DEFAULT)
    assert all(VARIABLES[name].accepts(default) for name, default in project.DATASETS.items())


def test_every_command_looks_first_and_help_does_not(tmp_path):
    warehouse = tmp_path / "nba.duckdb"
    for command in (
        ("status",),
        ("demo",),
        ("ingest", "--from", "nowhere"),
        ("backfill", "--start", "2024-01-10"),
    ):
        said = orchestrate(warehouse, *command, NBA_DUCKDB_MEMORY="abc")
        assert (said.returncode, said.stdout) == (2, "")
        assert said.stderr.startswith("error: NBA_DUCKDB_MEMORY is 'abc': set it to a size with its unit, ")
    assert not any(tmp_path.iterdir())
    succeed(orchestrate(warehouse, "backfill", "--help", NBA_DUCKDB_MEMORY="abc"))


def test_looking_is_light():
    code = "import orchestrate, sys; orchestrate.check_environment(); print(*sys.modules)"
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert not {"duckdb", "dbt", "apprise", "rich"} & set(said.stdout.split())


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("NBA_TIMEZONE", "EDT", "NBA_TIMEZONE is 'EDT', which is not a time zone"),
        ("NBA_REFERENCE_DATASET", "nba-reference", "NBA_REFERENCE_DATASET is 'nba-reference'"),
        ("NBA_REFERENCE_DATASET", "", "NBA_REFERENCE_DATASET is empty"),
        ("NBA_PHASE5_VIEW_NAME", "a.b", "NBA_PHASE5_VIEW_NAME is 'a.b': set it to a view's name"),
    ],
)
def test_plain_dbt_names_what_it_can(demo_built, monkeypatch, name, text, said):
    monkeypatch.setenv(name, text)
    error, lines = dbt_here(demo_built, "run", "--select", "+team_defense_zone_analysis")
    assert said in error
    assert not any("START sql" in line for line in lines)


# --- BigQuery's packages -------------------------------------------------------------------------


@pytest.mark.parametrize("package", ["google.cloud.bigquery", "dbt.adapters.bigquery"])
def test_a_target_whose_packages_are_absent_names_the_install_line(monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    for target in ("bigquery", "emulator"):
        with pytest.raises(UserError, match=r"pip install -r requirements-bigquery\.txt") as raised:
            warehouse_of(target)
        assert package in str(raised.value)


@pytest.mark.parametrize("command", [("status",), ("backfill",), ("plan", "--state"), ("upload",)])
def test_no_command_ends_in_a_traceback_without_them(tmp_path, command):
    """In a Python that has none of Google's packages."""
    blocked = (
        "import sys\n"
        "class Blocked:\n"
        "    @staticmethod\n"
        "    def find_spec(name, path=None, target=None):\n"
        "        if name.split('.')[0] == 'google' or name.startswith('dbt.adapters.bigquery'):\n"
        "            raise ModuleNotFoundError(name, name=name)\n"
        "sys.meta_path.insert(0, Blocked)\n"
        "import orchestrate\n"
        "orchestrate.main()\n"
    )
    target = ("--to" if command == ("upload",) else "--target", "bigquery")
    said = subprocess.run(
        [sys.executable, "-c", blocked, *command, *target],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr.startswith("error: BigQuery's packages are not installed (")
    assert "pip install -r requirements-bigquery.txt" in said.stderr


def test_the_former_name_of_upload_still_works(tmp_path):
    now, before = (
        orchestrate(tmp_path / "none.duckdb", name, "--to", "duckdb") for name in ("upload", "publish")
    )
    note, _, rest = before.stderr.partition("\n")
    assert note == "note: `publish` is now called `upload`; the next version drops the old name"
    assert (before.returncode, before.stdout, rest) == (now.returncode, now.stdout, now.stderr)
    assert "publish" not in orchestrate(tmp_path / "none.duckdb", "--help").stdout
