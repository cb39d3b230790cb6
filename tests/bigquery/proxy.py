"""Stands between a client and the emulator, and does what a real service does now and then."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

# What BigQuery says, with the reasons that its clients look for.
BUSY = {
    429: ("rateLimitExceeded", "Exceeded rate limits: too many api requests per user per method"),
    503: ("backendError", "Error encountered during execution. Retrying may solve the problem."),
}
HOP_BY_HOP = {"connection", "content-length", "transfer-encoding", "content-encoding", "server", "date"}


class Proxy:
    """Passes requests on; what it does beside that can be set."""

    def __init__(self, upstream: str):
        self._upstream = urlsplit(upstream).netloc
        self.url = ""
        self.faults: list[int] = []
        """HTTP states with which the next jobs are answered, instead of being carried out."""
        self.served: list[int] = []
        """Those that were given."""
        self.before_job: Callable[[str], None] = lambda sql: None
        """Is told the SQL of each job before it is passed on."""
        self.dry_run_bytes: int | None = None
        """What a dry run says it would read; None: what the emulator says, which is 0."""

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        job = _job(handler, body)
        if job is not None:
            self.before_job(job["sql"])
            if self.faults and not job["dry_run"]:
                self._refuse(handler, self.faults.pop(0))
                return
        connection = http.client.HTTPConnection(self._upstream, timeout=300)
        del handler.headers["Accept-Encoding"]  # the answer may have to be read
        connection.request(handler.command, handler.path, body, dict(handler.headers))
        response = connection.getresponse()
        content = response.read()
        connection.close()
        if job is not None and job["dry_run"] and self.dry_run_bytes is not None and response.status == 200:
            found = json.loads(content)
            found.setdefault("statistics", {})["totalBytesProcessed"] = str(self.dry_run_bytes)
            found["statistics"].setdefault("query", {})["totalBytesProcessed"] = str(self.dry_run_bytes)
            content = json.dumps(found).encode()
        kept = [(name, value) for name, value in response.getheaders() if name.lower() not in HOP_BY_HOP]
        _send(handler, response.status, kept, content)

    def _refuse(self, handler: BaseHTTPRequestHandler, status: int) -> None:
        self.served.append(status)
        reason, message = BUSY[status]
        error = {"code": status, "message": message, "errors": [{"reason": reason, "message": message}]}
        _send(handler, status, [("Content-Type", "application/json")], json.dumps({"error": error}).encode())


@contextmanager
def in_front_of(upstream: str) -> Iterator[Proxy]:
    """Run one."""
    proxy = Proxy(upstream)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

    def answer(handler: BaseHTTPRequestHandler) -> None:
        proxy.answer(handler)

    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        setattr(Handler, f"do_{method}", answer)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    proxy.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()


def _job(handler: BaseHTTPRequestHandler, body: bytes) -> dict | None:
    """Return the query that a request starts; None when it starts none."""
    if handler.command != "POST" or not urlsplit(handler.path).path.endswith(("/jobs", "/queries")):
        return None
    found = json.loads(body)
    configuration = found.get("configuration", found)
    query = configuration.get("query")
    if isinstance(query, dict):
        query = query.get("query")
    return {"sql": query or "", "dry_run": bool(configuration.get("dryRun"))}


def _send(handler: BaseHTTPRequestHandler, status: int, headers: list, content: bytes) -> None:
    handler.send_response(status)
    for name, value in headers:
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)
