"""Downloads: whole, only what has changed, going on where they were cut, and never a wrong file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest

from orchestrator.core.errors import UsageError, UserError
from orchestrator.fetch import download as downloading
from orchestrator.fetch import seasons, sportsdataverse
from orchestrator.fetch.download import CHUNK, RemoteFile, download, session
from orchestrator.fetch.progress import Progress
from tests.python import test_formats_hoopr as formats_hoopr
from tests.python.raw_league import query
from tests.python.warehouses import PROJECT, orchestrate, succeed
from tests.python.web import Fault, serving
from tests.shapes import hoopr

fortnight, direct = formats_hoopr.fortnight, formats_hoopr.direct  # fixtures

PATH = "/espn_nba_player_boxscores/player_box_2024.parquet"
SECOND = "/espn_nba_schedules/nba_schedule_2024.parquet"


class Heard(Progress):
    """Remembers the notes."""

    def __init__(self):
        self.notes: list[str] = []

    def note(self, message: str) -> None:
        self.notes.append(message)


@pytest.fixture
def web():
    with serving() as found:
        yield found


@pytest.fixture
def naps(monkeypatch) -> list[float]:
    """Waits, which take no time here."""
    waits: list[float] = []
    monkeypatch.setattr("tenacity.nap.time", SimpleNamespace(sleep=waits.append))
    return waits


@pytest.fixture(scope="module")
def boxes(tmp_path_factory) -> list[bytes]:
    """Two versions of a small file, the second with more rows."""
    folder = tmp_path_factory.mktemp("boxes")
    with duckdb.connect() as con:
        con.execute(formats_hoopr.GAMES)
        for number in (1, 2):
            rows = f"select *, md5(i::varchar) as uid from player_box, range({number * 2000}) as r (i)"
            con.execute(f"copy ({rows}) to '{folder / str(number)}' (format parquet)")
    return [(folder / str(number)).read_bytes() for number in (1, 2)]


def one(web, folder: Path, path: str = PATH, **more) -> RemoteFile:
    return RemoteFile(web.address + path, folder / Path(path).name, "hoopr_player_box", **more)


def get(web, folder: Path, heard: Progress | None = None, **more):
    with session() as connection:
        return download(one(web, folder, **more), connection, heard or Progress())


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


KEPT = ["player_box_2024.parquet", "player_box_2024.parquet.about"]


def test_a_file_comes_once_and_again_when_it_has_changed(web, tmp_path, boxes):
    web.files[PATH] = boxes[0]
    first = get(web, tmp_path)
    assert (first.received, first.rows) == (len(boxes[0]), 6000)
    assert first.path.read_bytes() == boxes[0]
    assert get(web, tmp_path).received == 0
    web.files[PATH] = boxes[1]
    changed = get(web, tmp_path)
    assert (changed.received, changed.rows) == (len(boxes[1]), 12000)
    assert first.path.read_bytes() == boxes[1]
    assert left(tmp_path) == KEPT


def test_a_file_that_somebody_changed_comes_again(web, tmp_path, boxes):
    web.files[PATH] = boxes[0]
    path = get(web, tmp_path).path
    path.write_bytes(b"shorter")
    assert get(web, tmp_path).received == len(boxes[0])
    assert path.read_bytes() == boxes[0]


def test_a_cut_download_goes_on_where_it_was(web, tmp_path, boxes, naps):
    web.files[PATH] = boxes[0]
    web.faults[PATH] = [Fault(cut_after=2 * CHUNK), Fault(cut_after=CHUNK + 100)]
    heard = Heard()
    assert get(web, tmp_path, heard).path.read_bytes() == boxes[0]
    assert web.ranges(PATH) == [None, f"bytes={2 * CHUNK}-", f"bytes={3 * CHUNK}-"]
    assert len(heard.notes) == len(naps) == 2
    assert "the connection was cut; trying again in" in heard.notes[0]
    assert left(tmp_path) == KEPT


def test_the_next_run_goes_on_where_the_last_one_was(web, tmp_path, boxes, naps):
    web.files[PATH] = boxes[0]
    web.faults[PATH] = [Fault(cut_after=CHUNK)] + [Fault(503)] * 20
    with pytest.raises(UserError, match=r"answers 503 Service Unavailable.*goes on where it was"):
        get(web, tmp_path)
    web.faults.clear()
    assert get(web, tmp_path).received == len(boxes[0]) - CHUNK
    assert web.ranges(PATH)[-1] == f"bytes={CHUNK}-"


def test_bytes_of_two_versions_are_never_joined(web, tmp_path, boxes, naps):
    web.files[PATH] = boxes[0]

    def replace() -> None:
        web.files[PATH] = boxes[1]

    web.faults[PATH] = [Fault(cut_after=CHUNK, then=replace)]
    assert get(web, tmp_path).path.read_bytes() == boxes[1]


def test_a_weak_version_is_not_joined_either(web, tmp_path, boxes, naps):
    web.files[PATH], web.weak = boxes[0], True
    web.faults[PATH] = [Fault(cut_after=CHUNK)]
    assert get(web, tmp_path).path.read_bytes() == boxes[0]
    assert web.ranges(PATH) == [None, None]
    assert get(web, tmp_path).received == 0


def test_many_cuts_are_no_reason_to_give_up_while_bytes_come(web, tmp_path, boxes, naps):
    web.files[PATH] = boxes[0]
    cuts = len(boxes[0]) // CHUNK
    assert cuts > downloading.ATTEMPTS
    web.faults[PATH] = [Fault(cut_after=CHUNK) for _ in range(cuts)]
    assert get(web, tmp_path).path.read_bytes() == boxes[0]


def test_who_is_asked_to_wait_waits(web, tmp_path, boxes, naps):
    web.files[PATH] = boxes[0]
    web.faults[PATH] = [Fault(429, {"Retry-After": "7"}), Fault(429)]
    heard = Heard()
    assert get(web, tmp_path, heard).rows == 6000
    assert naps[0] == 7
    assert 1 <= naps[1] <= 4
    assert "429 Too Many Requests; trying again in 7 s" in heard.notes[0]


def test_who_is_asked_to_wait_for_an_hour_is_told(web, tmp_path, boxes, naps):
    web.faults[PATH] = [Fault(429, {"Retry-After": "3600"})]
    web.files[PATH] = boxes[0]
    with pytest.raises(UserError, match=r"asks to wait 3600 s. Run the command again after that"):
        get(web, tmp_path)
    assert naps == []


def test_a_server_that_is_never_there_is_an_error_and_the_file_stays(web, tmp_path, boxes, naps):
    web.files[PATH] = boxes[0]
    path = get(web, tmp_path).path
    web.faults[PATH] = [Fault(502)] * 20
    with pytest.raises(UserError, match=r"player_box_2024.parquet cannot be fetched: the server answers 502"):
        get(web, tmp_path)
    assert len(naps) == downloading.ATTEMPTS - 1
    assert naps == sorted(naps)
    assert path.read_bytes() == boxes[0]


def test_nobody_at_home(web, tmp_path, naps):
    file = RemoteFile("http://127.0.0.1:9/a.parquet", tmp_path / "a.parquet", "hoopr_player_box")
    with session() as connection, pytest.raises(UserError, match=r"no connection. Check the network"):
        download(file, connection, Progress())


def test_a_silent_server_is_not_waited_for(web, tmp_path, boxes, naps, monkeypatch):
    monkeypatch.setattr(downloading, "TIMEOUT", (1, 0.1))
    web.files[PATH] = boxes[0]
    web.faults[PATH] = [Fault(pause=0.5), Fault(cut_after=CHUNK, pause=0.5)]
    heard = Heard()
    assert get(web, tmp_path, heard).path.read_bytes() == boxes[0]
    assert ["no answer in time" in note for note in heard.notes] == [True, True]
    assert web.ranges(PATH) == [None, None, f"bytes={CHUNK}-"]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"\n<!DOCTYPE html><html>Log in</html>", "is a web page, not a file"),
        (b"PAR1 and so on", "cannot be read as parquet"),
        (None, "cannot be read as parquet"),
    ],
    ids=["a web page", "no Parquet", "half a file"],
)
def test_what_is_no_such_file_is_refused_and_the_old_one_stays(web, tmp_path, boxes, content, complaint):
    web.files[PATH] = boxes[0]
    path = get(web, tmp_path).path
    web.files[PATH] = content or boxes[1][: len(boxes[1]) // 2]
    with pytest.raises(UserError, match=complaint):
        get(web, tmp_path)
    assert path.read_bytes() == boxes[0]
    assert left(tmp_path) == KEPT
    web.files[PATH] = boxes[0]
    assert get(web, tmp_path).received == 0


@pytest.mark.parametrize(
    ("select", "complaint"),
    [
        ("* rename (points as pts)", "it lacks points. The source has changed its columns"),
        ("* limit 0", "has no rows"),
    ],
    ids=["another column", "no row"],
)
def test_a_file_with_other_content_is_refused(web, tmp_path, boxes, select, complaint):
    first = tmp_path / "first.parquet"
    first.write_bytes(boxes[0])
    what, _, limit = select.partition(" limit")
    limit = f" limit{limit}" if limit else ""
    duckdb.sql(f"copy (select {what} from '{first}'{limit}) to '{tmp_path / 'other.parquet'}'")
    web.files[PATH] = (tmp_path / "other.parquet").read_bytes()
    with pytest.raises(UserError, match=complaint):
        get(web, tmp_path / "new")
    assert left(tmp_path / "new") == []


def test_a_version_with_fewer_rows_is_said(web, tmp_path, boxes):
    heard = Heard()
    for box in (boxes[1], boxes[0]):
        web.files[PATH] = box
        get(web, tmp_path, heard)
    assert heard.notes == ["player_box_2024.parquet has 6,000 rows; the version before had 12,000"]


def test_what_is_not_there(web, tmp_path):
    assert get(web, tmp_path, may_be_absent=True) is None
    with pytest.raises(UserError, match=r"player_box_2024.parquet is not there \(404 Not Found\)"):
        get(web, tmp_path)
    web.files[PATH] = b"x"
    web.faults[PATH] = [Fault(403)]
    with pytest.raises(UserError, match="is refused: 403 Forbidden"):
        get(web, tmp_path, may_be_absent=True)


@pytest.mark.parametrize("source", seasons.SOURCES)
def test_a_folder_that_cannot_be_written_is_no_traceback(tmp_path, source):
    (tmp_path / source).write_text("a file in its place")
    with pytest.raises(UserError, match=r"cannot be written: Not a directory. Choose another folder"):
        seasons.fetch(source, 2023, tmp_path, Progress())


# --- seasons --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "season", "complaint"),
    [
        ("sportsdataverse", "2000-01", "begins with 2001-02"),
        ("sportsdataverse", "2026-27", "has not begun: a season counts from 2026-10-01"),
        ("sportsdataverse", "2023", "not a season. Write it like"),
        ("nba", "1995-96", "nba begins with 1996-97"),
        ("espn", "2023-24", "there is no source 'espn': choose from sportsdataverse, nba"),
    ],
)
def test_a_season_that_nobody_has_is_a_mistake(monkeypatch, source, season, complaint):
    monkeypatch.setattr(seasons, "today", lambda: date(2026, 9, 30))
    with pytest.raises(UsageError, match=complaint):
        seasons.asked(source, [season])


def test_the_current_season_by_name(monkeypatch):
    monkeypatch.setattr(seasons, "today", lambda: date(2026, 9, 30))
    assert seasons.asked("sportsdataverse", ["current", "2023-24", "2025-26"]) == [2023, 2025]
    with pytest.raises(UsageError, match="say which season"):
        seasons.asked("sportsdataverse", [])


@pytest.mark.parametrize(("today", "is_over"), [(date(2024, 2, 1), False), (date(2025, 2, 1), True)])
def test_only_a_season_that_is_not_over_may_lack_files(monkeypatch, tmp_path, today, is_over):
    monkeypatch.setattr(seasons, "today", lambda: today)
    asked: list[RemoteFile] = []
    monkeypatch.setattr(sportsdataverse, "download", lambda file, *_: asked.append(file))
    seasons.fetch("sportsdataverse", 2023, tmp_path, Progress())
    assert [file.may_be_absent for file in asked] == [False, *[not is_over] * 3]
    assert {file.path.parent for file in asked} == {tmp_path / "sportsdataverse" / "2023-24"}


@pytest.fixture
def season_of_hoopr(web, fortnight, tmp_path_factory) -> dict[str, str]:
    """Serve the real rows of a fortnight as a season's files; return the variables that point there."""
    folder = tmp_path_factory.mktemp("served")
    releases = {"nba_schedule": "espn_nba_schedules", "player_box": "espn_nba_player_boxscores"}
    releases |= {"team_box": "espn_nba_team_boxscores", "play_by_play": "espn_nba_pbp"}
    hoopr.write(fortnight, folder)
    for path in folder.iterdir():
        web.files[f"/{releases[path.stem.removesuffix('_2024')]}/{path.name}"] = path.read_bytes()
    return {sportsdataverse.VARIABLE: web.address}


@pytest.mark.real
def test_a_season_comes_and_is_loaded(web, season_of_hoopr, direct, warehouse, tmp_path):
    command = ["fetch", "--season", "2023-24", "--to", tmp_path / "kept", "--ingest"]
    web.faults[SECOND] = [Fault(cut_after=4000)]
    done = succeed(orchestrate(warehouse, *command, **season_of_hoopr))
    assert "2023-24: 4 files in" in done.stderr
    assert "4 new (" in done.stderr
    for table in ("games", "player_box", "team_box", "shots"):
        rows = f"select count(*) from nba_raw.{table}"
        assert query(warehouse, rows) == query(direct, rows), table
    web.asked.clear()
    done = succeed(orchestrate(warehouse, *command, **season_of_hoopr))
    assert "0 new (0 bytes), 4 unchanged" in done.stderr
    assert [bool(headers.get("if-none-match")) for _, headers in web.asked] == [True] * 4


@pytest.mark.real
def test_a_season_with_a_bad_file_loads_nothing(web, season_of_hoopr, warehouse, tmp_path):
    web.files[PATH] = b"<html>busy</html>"
    command = ["fetch", "--season", "2023-24", "--to", tmp_path, "--ingest"]
    result = orchestrate(warehouse, *command, **season_of_hoopr)
    assert result.returncode == 1
    assert "is a web page, not a file" in result.stderr
    assert not warehouse.exists()
    assert (tmp_path / "sportsdataverse/2023-24/nba_schedule_2024.parquet").exists()


@pytest.mark.real
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_keeps_what_is_whole_and_the_next_run_goes_on(
    web, season_of_hoopr, warehouse, tmp_path, number
):
    web.faults[PATH] = [Fault(cut_after=CHUNK, pause=60)]
    command = [sys.executable, "orchestrate.py", "fetch", "--season", "2023-24", "--to", tmp_path]
    variables = os.environ | {"NBA_DUCKDB_PATH": str(warehouse)} | season_of_hoopr
    run = subprocess.Popen(command, cwd=PROJECT, env=variables, stderr=subprocess.PIPE, text=True)
    folder = tmp_path / "sportsdataverse" / "2023-24"
    part = folder / "player_box_2024.parquet.part"
    deadline = time.monotonic() + 60
    while not (part.exists() and part.stat().st_size == CHUNK) and time.monotonic() < deadline:
        time.sleep(0.05)
    run.send_signal(number)
    _, said = run.communicate(timeout=30)
    assert run.returncode == 128 + number, said
    assert "whole files are kept; run the command again to go on" in said
    assert "Traceback" not in said
    web.asked.clear()
    succeed(orchestrate(warehouse, "fetch", "--season", "2023-24", "--to", tmp_path, **season_of_hoopr))
    assert web.ranges(PATH) == [f"bytes={CHUNK}-"]
    assert (folder / "player_box_2024.parquet").read_bytes() == web.files[PATH]
