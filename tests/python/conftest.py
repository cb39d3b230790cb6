"""Fixtures shared by the Python tests."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import mkdtemp

import pytest
from filelock import FileLock

from orchestrator.core.interrupts import SIGNALS
from tests.python.raw_league import load, write_files
from tests.python.warehouses import PROJECT, copy_of, orchestrate, succeed

# Files that take half a minute or more, longest first: begun last, one would keep one core busy alone.
LONGEST = [
    "test_build.py", "test_chaos.py", "test_cases.py", "test_staleness.py", "test_own_phase3.py",
    "test_docs.py", "test_replay.py", "test_command_line.py", "test_explain.py", "test_damage.py",
    "test_verify.py",
]  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: (*LONGEST, item.path.name).index(item.path.name))


@pytest.fixture(scope="session", autouse=True)
def _ctrl_c_is_heard() -> None:
    """A shell that starts the tests in the background has them, and all they start, ignore it."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _signals_as_before() -> Iterator[None]:
    """An interrupted command ignores all further signals; the tests after it must not."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of the real files; tests that need it skip where it is absent."""
    folder = Path(os.environ.get("NBA_REAL_DATA") or PROJECT.parent / "shared" / "nba")
    if not (folder / "games.parquet").is_file():
        pytest.skip(f"NO REAL DATA in {folder}: set NBA_REAL_DATA to the folder of the files")
    return folder


@pytest.fixture(scope="session")
def samples() -> Path:
    """A few rows each of files that people have; tests that need it skip where it is absent."""
    folder = PROJECT.parent / "shared" / "samples"
    if not folder.is_dir():
        pytest.skip(f"NO SAMPLES in {folder}")
    return folder


@pytest.fixture(scope="session")
def real_raw(real_data, tmp_path_factory) -> Path:
    """A warehouse with all the real raw data and nothing built."""
    return made_once(
        tmp_path_factory, "real_raw", lambda new: succeed(orchestrate(new, "ingest", "--from", real_data))
    )


@pytest.fixture(scope="session")
def real_built(real_raw, tmp_path_factory) -> Path:
    """The real data, backfilled over the three seasons that people know the numbers of. Do not change it."""

    def make(new: Path) -> None:
        copy_of(real_raw, new.parent)
        succeed(orchestrate(new, "backfill", "--start", "2021-10-19", "--end", "2024-04-15"))

    return made_once(tmp_path_factory, "real_built", make)


@pytest.fixture(scope="session")
def demo_raw(tmp_path_factory) -> Path:
    """A warehouse with one season of the demo league and nothing built."""
    return made_once(
        tmp_path_factory, "demo_raw", lambda new: succeed(orchestrate(new, "demo", "--seasons", "1"))
    )


@pytest.fixture(scope="session")
def demo_built(demo_raw, tmp_path_factory) -> Path:
    """The demo season, backfilled. Do not change it."""

    def make(new: Path) -> None:
        copy_of(demo_raw, new.parent)
        succeed(orchestrate(new, "backfill"))

    return made_once(tmp_path_factory, "demo_built", make)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Where a test of loading writes its files."""
    return tmp_path / "files"


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    """A warehouse that is not there yet."""
    return tmp_path / "made" / "on demand" / "nba.duckdb"


@pytest.fixture(scope="session")
def good_warehouse(tmp_path_factory) -> bytes:
    folder = tmp_path_factory.mktemp("good")
    load(write_files(folder / "files"), folder / "nba.duckdb")
    return (folder / "nba.duckdb").read_bytes()


@pytest.fixture
def full_warehouse(tmp_path: Path, good_warehouse: bytes) -> Path:
    """A warehouse that has the valid files."""
    path = tmp_path / "full.duckdb"
    path.write_bytes(good_warehouse)
    return path


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Make a warehouse for all of pytest's workers, and give this one a copy to itself.

    DuckDB lets one process write or several read: on one file, tests of one worker would be in the way of
    another's.
    """
    made = shared_folder(factory, name, lambda folder: make(folder / "nba.duckdb"))
    return copy_of(made / "nba.duckdb", factory.getbasetemp() / name)


def shared_folder(factory: pytest.TempPathFactory, name: str, fill: Callable[[Path], object]) -> Path:
    """Fill a folder once for all of pytest's workers."""
    own = factory.getbasetemp()
    common = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    made = common / "made" / name
    made.parent.mkdir(exist_ok=True)
    with FileLock(made.with_suffix(".lock")):
        if not made.exists():
            begun = Path(mkdtemp(prefix=f"{name}-", dir=made.parent))
            fill(begun)
            begun.rename(made)
    return made
