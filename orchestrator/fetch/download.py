"""Downloads files: resumed where they were cut, only what has changed, and checked before they count."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import requests
import tenacity
from urllib3.exceptions import ReadTimeoutError
from urllib3.util import Retry

from orchestrator.core.errors import UserError
from orchestrator.fetch.progress import Progress
from orchestrator.raw.mapping import Mapping, formats
from orchestrator.raw.opening import sheets

TIMEOUT = (10, 60)
"""Seconds to connect, and without a byte."""
ATTEMPTS = 6
"""Without a new byte; then it fails."""
LONGEST_WAIT = 300
"""Seconds. Who asks for more is asked again by hand."""
SHRUNK = 0.95
"""A new version of a file with fewer rows than this share of the last one is worth a warning."""
CHUNK = 1 << 14
"""Bytes at a time. What is cut loses the last of these."""
PASSING = {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
}
ABSENT = {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
AGENT = "nba-phase4 (requests)"


class PassingError(Exception):
    """Something that may be over when it is tried again."""

    def __init__(self, reason: str, wait: float | None = None):
        super().__init__(reason)
        self.wait = wait
        """Seconds that the server asks for."""


@dataclass(frozen=True)
class RemoteFile:
    """A file, where it goes, and what it must be."""

    url: str
    path: Path
    format: str
    """Name of the format that its columns must fit (orchestrator/raw/formats)."""
    may_be_absent: bool = False
    """The source may not have it, or not yet."""


@dataclass(frozen=True)
class Fetched:
    """A file that is here and whole."""

    path: Path
    rows: int
    received: int
    """Bytes that came over the network; 0 if the file has not changed."""


def session() -> requests.Session:
    """Return what all downloads of a run share. Proxies are those of the environment (HTTPS_PROXY)."""
    made = requests.Session()
    # Compressed on the way, a file would have no length to check, and could not be resumed.
    made.headers.update({"User-Agent": AGENT, "Accept-Encoding": "identity"})
    return made


def again(progress: Progress, name: str, moved: Callable[[], bool] = lambda: False) -> tenacity.Retrying:
    """Return how something that may pass is tried again: a wait that doubles, or the one the server asks for.

    `moved` tells whether the last attempt brought something: then the count of attempts starts again.
    """
    fruitless = 0

    def stop(state: tenacity.RetryCallState) -> bool:
        nonlocal fruitless
        fruitless = 0 if moved() else fruitless + 1
        return fruitless >= ATTEMPTS or (_asked(state) or 0) > LONGEST_WAIT

    doubling = tenacity.wait_exponential_jitter(initial=1, max=60)

    def wait(state: tenacity.RetryCallState) -> float:
        asked = _asked(state)
        return doubling(state) if asked is None else asked

    def tell(state: tenacity.RetryCallState) -> None:
        assert state.next_action
        reason = state.outcome.exception() if state.outcome else None
        progress.note(f"{name}: {reason}; trying again in {state.next_action.sleep:.0f} s")

    return tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(PassingError),
        stop=stop,
        wait=wait,
        before_sleep=tell,
        reraise=True,
    )


def _asked(state: tenacity.RetryCallState) -> float | None:
    error = state.outcome.exception() if state.outcome else None
    return error.wait if isinstance(error, PassingError) else None


def download(file: RemoteFile, connection: requests.Session, progress: Progress) -> Fetched | None:
    """Fetch a file if it is new or has changed; None if the source does not have it and need not.

    UserError when it cannot be had or is not what it should be; what was there before stays.
    """
    file.path.parent.mkdir(parents=True, exist_ok=True)
    part = Part(file)

    def attempt() -> Fetched | None:
        try:
            return _attempt(file, part, connection, progress)
        except (requests.exceptions.SSLError, requests.exceptions.InvalidURL) as error:
            raise UserError(f"{file.url} cannot be fetched: {error}. Check the address.") from None
        except requests.RequestException as error:
            raise PassingError(plain(error)) from None

    try:
        return again(progress, file.path.name, part.has_grown)(attempt)
    except PassingError as error:
        advice = (
            f"It asks to wait {error.wait:.0f} s. Run the command again after that"
            if error.wait and error.wait > LONGEST_WAIT
            else "Check the network (proxies are taken from HTTPS_PROXY), then run the command again"
        )
        raise UserError(
            f"{file.url} cannot be fetched: {error}. {advice}: it goes on where it was."
        ) from None


class Part:
    """What has come of a file so far, beside the place where it will be."""

    def __init__(self, file: RemoteFile):
        self.path = file.path.with_name(f"{file.path.name}.part")
        self._about = file.path.with_name(f"{file.path.name}.part.about")
        self._known = self.size

    @property
    def size(self) -> int:
        """Bytes that are here."""
        return self.path.stat().st_size if self.path.exists() else 0

    @property
    def version(self) -> str | None:
        """The version of the file that they are of, as the server calls it; None if it has no name."""
        return _read(self._about).get("version")

    def begin(self, version: str | None) -> None:
        """Start anew, with a version of the file."""
        self._about.write_text(json.dumps({"version": version}))
        self.path.write_bytes(b"")
        self._known = 0

    def has_grown(self) -> bool:
        """Tell whether anything has come since this was last asked."""
        before, self._known = self._known, self.size
        return self._known > before

    def drop(self) -> None:
        """Forget it."""
        self.path.unlink(missing_ok=True)
        self._about.unlink(missing_ok=True)


def _attempt(
    file: RemoteFile, part: Part, connection: requests.Session, progress: Progress
) -> Fetched | None:
    about = _about(file.path)
    known = _read(about) if file.path.exists() else {}
    if known.get("url") != file.url or known.get("bytes") != file.path.stat().st_size:
        known = {}
    headers = {}
    if part.size and part.version:
        headers = {"Range": f"bytes={part.size}-", "If-Range": part.version}
    elif known:
        headers = {
            header: known[key]
            for header, key in (("If-None-Match", "etag"), ("If-Modified-Since", "modified"))
            if known.get(key)
        }
    with connection.get(file.url, headers=headers, stream=True, timeout=TIMEOUT) as answer:
        if answer.status_code == HTTPStatus.NOT_MODIFIED:
            return Fetched(file.path, known["rows"], 0)
        if answer.status_code in ABSENT and file.may_be_absent:
            return None
        _refuse(answer, file, part)
        version = answer.headers.get("ETag")
        if answer.status_code != HTTPStatus.PARTIAL_CONTENT:
            # A weak name (W/) is of files that are alike, not the same: bytes of two must not be joined.
            part.begin(version if version and not version.startswith("W/") else None)
        received = _receive(answer, file, part, progress)
        whole = _length(answer)
        if whole is not None and part.size != whole:
            part.drop()
            raise PassingError(f"{part.size:,} bytes came of {whole:,}")
    try:
        rows = check(part.path, file)
    except UserError:
        part.drop()
        raise
    if known.get("rows") and rows < SHRUNK * known["rows"]:
        progress.note(f"{file.path.name} has {rows:,} rows; the version before had {known['rows']:,}")
    about.unlink(missing_ok=True)  # never what describes another version
    part.path.replace(file.path)
    part.drop()
    about.write_text(
        json.dumps(
            {
                "url": file.url,
                "etag": version,
                "modified": answer.headers.get("Last-Modified"),
                "bytes": file.path.stat().st_size,
                "rows": rows,
            }
        )
    )
    return Fetched(file.path, rows, received)


def _refuse(answer: requests.Response, file: RemoteFile, part: Part) -> None:
    """Raise the error for an answer without a file."""
    said = f"{answer.status_code} {answer.reason}"
    if answer.status_code in ABSENT:
        raise UserError(f"{file.url} is not there ({said}). Check the season and the source.")
    if answer.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        part.drop()
        raise PassingError("the file has changed", 0)
    if answer.status_code in PASSING:
        raise PassingError(f"the server answers {said}", _retry_after(answer))
    if not answer.ok:
        raise UserError(f"{file.url} is refused: {said}. Open the address in a browser to see why.")


def _receive(answer: requests.Response, file: RemoteFile, part: Part, progress: Progress) -> int:
    """Append what comes; return how many bytes."""
    progress.file(file.path.name, _length(answer), part.size)
    received = 0
    with part.path.open("ab") as out:
        for chunk in answer.iter_content(CHUNK):
            out.write(chunk)
            received += len(chunk)
            progress.bytes(len(chunk))
    return received


def _length(answer: requests.Response) -> int | None:
    """Return the size of the whole file, if the server says it."""
    if answer.status_code == HTTPStatus.PARTIAL_CONTENT:
        whole = answer.headers.get("Content-Range", "").rpartition("/")[2]
    else:
        whole = answer.headers.get("Content-Length", "")
    return int(whole) if whole.isdigit() else None


def _retry_after(answer: requests.Response) -> float | None:
    asked = answer.headers.get("Retry-After")
    try:
        return Retry().parse_retry_after(asked) if asked else None
    except ValueError:
        return None


def plain(error: requests.RequestException) -> str:
    """Say what happened without the library's nested names."""
    # Within a file, a timeout comes as something else.
    if isinstance(error, requests.Timeout) or any(isinstance(one, ReadTimeoutError) for one in error.args):
        return "no answer in time"
    if isinstance(error, requests.exceptions.ProxyError):
        return "the proxy does not answer"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection was cut"
    return "no connection"


def check(path: Path, file: RemoteFile) -> int:
    """Return the number of rows; UserError when it is a web page, damaged, empty, or has other columns."""
    with path.open("rb") as content:
        if content.read(64).lstrip().startswith(b"<"):
            raise UserError(
                f"{file.url} is a web page, not a file: a proxy or a login page may have answered. "
                "Open the address in a browser to see what it says."
            )
    mapping = next(known for known in formats() if known.name == file.format)
    with TemporaryDirectory() as scratch, duckdb.connect() as con:
        # Its suffix says how a file is read.
        named = Path(scratch) / file.path.name
        named.symlink_to(path.resolve())
        (unpacked := Path(scratch) / "unpacked").mkdir()
        rows = 0
        try:
            found = list(sheets(named, unpacked, con))
            for sheet in found:
                if not mapping.fits(sheet):
                    raise UserError(_changed(file, mapping, sheet.columns))
                counted: Any = con.execute(f"select count(*) from ({sheet.sql})").fetchone()
                rows += counted[0]
        except duckdb.Error:
            raise UserError(
                f"{file.url} is damaged: it cannot be read. Run the command again later."
            ) from None
        if not rows:
            raise UserError(f"{file.url} has no rows. Run the command again later.")
        return rows


def _changed(file: RemoteFile, mapping: Mapping, columns: tuple[str, ...]) -> str:
    lost = [name for name in mapping.columns if name not in columns]
    return (
        f"{file.url} is not as it was: it lacks {', '.join(lost) or 'nothing, but has other columns'}. "
        "The source has changed its columns: look for a newer version of this project, or read the file "
        "with a mapping of your own (docs/formats.md)."
    )


def _about(path: Path) -> Path:
    return path.with_name(f"{path.name}.about")


def _read(path: Path) -> dict[str, Any]:
    """Return what is known about a file; nothing if nothing is, or a crash left half of it."""
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
