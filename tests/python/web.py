"""A web server on this machine that serves files, and behaves badly when told to."""

from __future__ import annotations

import hashlib
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


@dataclass
class Fault:
    """What goes wrong with one answer."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut_after: int | None = None
    """Bytes after which the connection is closed."""
    pause: float = 0
    """Seconds before the first byte, or before the cut."""
    then: Callable[[], None] = lambda: None
    """Called just before the cut."""


@dataclass
class Web:
    """A server: its files, and who asked for what."""

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    """By path."""
    answer: Callable[[str, dict[str, str]], bytes | None] = lambda path, parameters: None
    """What a path without a file gives, by its parameters."""
    faults: dict[str, list[Fault]] = field(default_factory=lambda: defaultdict(list))
    """Of a path: what goes wrong with its next answers, one after the other."""
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    """Path and headers."""
    weak: bool = False
    """Give weak ETags."""

    def etag(self, content: bytes) -> str:
        """Name a version of a file."""
        return ("W/" if self.weak else "") + f'"{hashlib.sha1(content).hexdigest()}"'

    def ranges(self, path: str) -> list[str | None]:
        """Return which part of a file each request asked for."""
        return [headers.get("range") for one, headers in self.asked if one == path]


@contextmanager
def serving() -> Generator[Web]:
    """Run a server until the block ends."""
    web = Web()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            web.asked.append((parts.path, {name.lower(): text for name, text in self.headers.items()}))
            fault = web.faults[parts.path].pop(0) if web.faults[parts.path] else Fault()
            try:
                self._send(parts, fault)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        def _send(self, parts, fault: Fault) -> None:
            parameters = {name: texts[0] for name, texts in parse_qs(parts.query).items()}
            content = web.files.get(parts.path) or web.answer(parts.path, parameters)
            status, headers = fault.status, dict(fault.headers)
            if status != 200 or content is None:
                status, content = (status if status != 200 else 404), b""
            else:
                headers["ETag"] = etag = web.etag(content)
                if self.headers.get("If-None-Match") == etag:
                    status, content = 304, b""
                elif (start := self._start()) and self.headers.get("If-Range") == etag:
                    status = 206
                    headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
                    content = content[start:]
            self.send_response(status)
            for name, text in headers.items():
                self.send_header(name, text)
            if status != 304:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if fault.cut_after is None:
                time.sleep(fault.pause)
                self.wfile.write(content)
                return
            self.wfile.write(content[: fault.cut_after])
            self.wfile.flush()
            time.sleep(fault.pause)
            fault.then()
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True

        def _start(self) -> int:
            asked = self.headers.get("Range", "")
            return int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    web.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield web
    finally:
        server.shutdown()
        server.server_close()
