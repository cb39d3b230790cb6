"""`ingest` and the warehouse it writes to: locked, foreign, full, or none."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from orchestrator.core.errors import UserError
from tests.python.raw_league import FILES, load, query, stored, write_files
from tests.python.warehouses import PROJECT, copy_of, orchestrate, succeed

# --- the warehouse ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["games", "shots"])
def test_a_refused_load_leaves_no_new_warehouse(files, warehouse, name):
    """Found bad while reading (no games), and found bad inside the transaction (stray shots)."""
    bad = {"games": "from games limit 0", "shots": "select * replace ('x' as game_id) from shots"}
    with pytest.raises(UserError):
        load(write_files(files, **{name: bad[name]}), warehouse)
    assert not list(warehouse.parent.glob("*"))


def test_other_schemas_of_the_warehouse_are_left_alone(files, warehouse):
    warehouse.parent.mkdir(parents=True)
    with duckdb.connect(str(warehouse)) as con:
        con.execute("create schema other; create table other.mine as select 1 as a")
    load(write_files(files), warehouse)
    assert query(warehouse, "from other.mine") == [(1,)]


def test_a_warehouse_in_use_names_the_process(files, warehouse):
    load(write_files(files), warehouse)
    hold = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(warehouse)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        holder.stdout.readline()
        with pytest.raises(UserError, match=f"Another process .PID {holder.pid}. has it open"):
            load(files, warehouse)
        holder.communicate(b"\n")
    load(files, warehouse)


def test_a_warehouse_open_in_this_process_is_refused(files, warehouse):
    load(write_files(files), warehouse)
    with (
        duckdb.connect(str(warehouse)),
        pytest.raises(UserError, match="This process has it open too: close that connection"),
    ):
        load(files, warehouse)


@pytest.mark.parametrize("content", [b"", b"not a database " * 1000, b"SQLite format 3\0" * 300])
def test_a_file_that_is_no_database_is_refused_and_kept(files, tmp_path, content):
    warehouse = tmp_path / "notes.txt"
    warehouse.write_bytes(content)
    with pytest.raises(UserError, match="not a DuckDB database: give another path"):
        load(write_files(files), warehouse)
    assert warehouse.read_bytes() == content


def test_a_folder_is_no_warehouse(files, tmp_path):
    with pytest.raises(UserError, match="It is a folder"):
        load(write_files(files), tmp_path)


def test_a_warehouse_that_cannot_be_made_is_refused(files, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="Cannot write to the warehouse"):
        load(write_files(files), tmp_path / "file" / "nba.duckdb")


@pytest.mark.skipif(os.getuid() == 0, reason="root may write anywhere")
def test_a_warehouse_without_permission_is_refused(files, warehouse):
    load(write_files(files), warehouse)
    warehouse.chmod(0o444)
    with pytest.raises(UserError, match="Ask for the right to write there"):
        load(files, warehouse)


def test_a_stored_table_of_another_shape_is_refused(files, warehouse):
    warehouse.parent.mkdir(parents=True)
    with duckdb.connect(str(warehouse)) as con:
        con.execute("create schema nba_raw; create table nba_raw.shots as select 1 as a")
    before = stored(warehouse)
    with pytest.raises(UserError, match="tables of another shape: rename these first"):
        load(write_files(files), warehouse)
    assert stored(warehouse) == before


FILL = """
import resource, sys
from pathlib import Path
from orchestrator.core.errors import UserError
from orchestrator.raw.load import ingest
limit = int(sys.argv[3])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    ingest(Path(sys.argv[1]), Path(sys.argv[2]), warn=print)
except UserError as error:
    print(error)
"""


def test_a_full_disk_changes_nothing(files, warehouse):
    """A limit on the size of files stands in for the disk."""
    load(write_files(files), warehouse)
    before = stored(warehouse)
    for path in (warehouse, warehouse.with_name("new")):
        run = subprocess.run(
            [sys.executable, "-c", FILL, str(files), str(path), "9000"],
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=True,
        )
        assert "Cannot write to the warehouse" in run.stdout
    assert stored(warehouse) == before
    assert not list(warehouse.parent.glob("new*"))
    load(files, warehouse)
    assert os.listdir(warehouse.parent) == [warehouse.name]


# --- the command line -------------------------------------------------------------------------


def test_a_check_exits_1_with_all_faults_and_0_without(files, warehouse):
    write_files(files, games="select * replace (-1 as home_score, 'Friendly' as season_type) from games")
    result = orchestrate(warehouse, "ingest", "--from", files, "--check")
    assert result.returncode == 1
    assert "Would be loaded" in result.stdout
    assert "2 faults would stop the load" in result.stderr
    assert "'Friendly'" in result.stderr
    assert "negative" in result.stderr
    result = succeed(orchestrate(warehouse, "ingest", "--from", write_files(files), "--check"))
    assert "these files can be loaded" in result.stderr
    assert not warehouse.parent.exists()


def test_faults_are_one_message_and_no_traceback(files, warehouse):
    write_files(files, games="select * replace (-1 as home_score, 'Friendly' as season_type) from games")
    result = orchestrate(warehouse, "ingest", "--from", files)
    assert result.returncode == 1
    assert "error: The files have 2 faults. Nothing was changed." in result.stderr
    assert "Traceback" not in result.stderr
    assert not list(warehouse.parent.glob("*"))


def test_whole_seasons_want_a_yes_where_nobody_can_be_asked(demo_raw, tmp_path):
    warehouse = copy_of(demo_raw, tmp_path)
    files = tmp_path / "files"
    files.mkdir()
    night = "game_date::date = '2023-12-13'"
    with duckdb.connect(str(warehouse), read_only=True) as con:
        for name, table in FILES.items():
            if name not in ("injuries", "players"):
                con.execute(
                    f"copy (select * exclude (ingested_at) from nba_raw.{table.name} where {night}) "
                    f"to '{files}/{name}.parquet' (format parquet)"
                )
    before = stored(warehouse)
    result = orchestrate(warehouse, "ingest", "--from", files, "--replace-season")
    assert result.returncode == 1
    assert "would be removed with the replaced seasons. Nothing was changed. Give --yes" in result.stderr
    assert "games.parquet covers 2023-24 but lacks 1," in result.stderr
    assert stored(warehouse) == before
    succeed(orchestrate(warehouse, "ingest", "--from", files))
    assert query(warehouse, "select count(*) from nba_raw.shots") == [(len(before["shots"]),)]
    succeed(orchestrate(warehouse, "ingest", "--from", files, "--replace-season", "--yes"))
    assert query(warehouse, "select distinct game_date::varchar from nba_raw.games") == [("2023-12-13",)]


def wait_until_it_listens(process: subprocess.Popen) -> None:
    """Wait until a process handles SIGTERM; on a busy machine Python takes seconds to start."""
    status = Path(f"/proc/{process.pid}/status")
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        caught = re.search(r"SigCgt:\s*(\w+)", status.read_text())
        if caught and int(caught[1], 16) >> (signal.SIGTERM - 1) & 1:
            return
        time.sleep(0.02)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
@pytest.mark.parametrize("existing", [False, True], ids=["a new file", "a file with data"])
@pytest.mark.parametrize("command", ["ingest", "demo"])
def test_a_signal_ends_a_load_and_leaves_nothing(demo_raw, real_data, tmp_path, command, existing, number):
    """At moments all over the load: whenever it says that it stopped, nothing is left of it."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    stopped = 0
    for delay in (0.1, 0.6, 1.2):
        warehouse = tmp_path / f"{delay}" / "nba.duckdb"
        if existing:
            copy_of(demo_raw, warehouse.parent)
            before = stored(warehouse)
        arguments = ["ingest", "--from", real_data] if command == "ingest" else ["demo", "--seasons", "2"]
        process = subprocess.Popen(
            [sys.executable, PROJECT / "orchestrate.py", *arguments],
            env=os.environ | {"NBA_DUCKDB_PATH": str(warehouse), "TMPDIR": str(scratch)},
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        wait_until_it_listens(process)
        time.sleep(delay)
        process.send_signal(number)
        _, said = process.communicate(timeout=120)
        assert "Traceback" not in said
        assert list(scratch.iterdir()) == []
        if process.returncode == 128 + number:
            stopped += 1
            assert said.splitlines()[-1].startswith(
                f"error: stopped by {number.name}: the warehouse is unchanged"
            )
            assert (stored(warehouse) == before) if existing else not list(warehouse.parent.glob("*"))
    assert stopped
