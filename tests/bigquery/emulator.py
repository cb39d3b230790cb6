"""BigQuery's emulator, started and stopped, and what others need to reach it.

By hand, for development: `python -m tests.bigquery.emulator [PORT]` keeps one running until Ctrl-C and prints
the environment with which dbt and orchestrate.py use it. Nothing stays of what it held.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

HERE = Path(__file__).parent
PYTHON = HERE.parents[1] / ".venv-bigquery" / "bin" / "python"


@dataclass(frozen=True)
class Emulator:
    """A running emulator."""

    url: str
    project: str = "local-project"

    @property
    def environment(self) -> dict[str, str]:
        """What dbt and orchestrate.py need in theirs to use it."""
        return {
            "NBA_TARGET": "emulator",
            "NBA_EMULATOR": self.url,
            "NBA_BIGQUERY_PROJECT": self.project,
        }

    @cached_property
    def client(self) -> bigquery.Client:
        """The official client, for it."""
        return bigquery.Client(
            project=self.project,
            credentials=AnonymousCredentials(),
            client_options=ClientOptions(api_endpoint=self.url),
        )

    def query(self, sql: str) -> list[tuple]:
        """Run some SQL; return the rows, if any."""
        return [row.values() for row in self.client.query_and_wait(sql)]


@contextmanager
def running_emulator(folder: Path, port: int = 0) -> Iterator[Emulator]:
    """Run one, with its log and what else it leaves in a folder."""
    errors = folder / "emulator.log"
    folder.mkdir(parents=True, exist_ok=True)
    with errors.open("w") as log:
        process = subprocess.Popen(
            [PYTHON, HERE / "serve_emulator.py", str(port), folder / "data", Emulator.project],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    url = process.stdout.readline().strip()  # nothing, if it ended
    if not url:
        raise RuntimeError(f"the emulator did not start:\n{errors.read_text()}")
    try:
        yield Emulator(url)
    finally:
        if process.poll() is not None:
            raise RuntimeError(f"the emulator died meanwhile, see {errors}:\n{errors.read_text()[-2000:]}")
        process.kill()  # it holds nothing that anybody will read
        process.wait()


def main() -> None:
    """Keep one running."""
    port = int(sys.argv[1]) if sys.argv[1:] else 0
    with tempfile.TemporaryDirectory() as folder, running_emulator(Path(folder), port) as running:
        print("export", *(f"{name}={value}" for name, value in running.environment.items()), flush=True)
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
