"""orchestrate.py, killed by its own hand right after its n-th SQL statement: also in hooks and at commits.

    python tests/chaos/dying.py N MARK backfill ...

What the last statements were is left in the file MARK. Everything else is as in `orchestrate.py`.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import orchestrate
from orchestrator import runner


def die_after(number: int, mark: Path) -> None:
    """Arm dbt's DuckDB cursor."""
    made = runner.Runner.__init__

    def armed(self, *arguments, **more):
        made(self, *arguments, **more)
        from dbt.adapters.duckdb.environments.local import DuckDBCursorWrapper

        execute = DuckDBCursorWrapper.execute
        seen = 0

        def counted(cursor, sql, *rest):
            nonlocal seen
            result = execute(cursor, sql, *rest)
            seen += 1
            if seen == number:
                mark.write_text(sql)
                os.killpg(0, signal.SIGKILL)
            return result

        DuckDBCursorWrapper.execute = counted

    runner.Runner.__init__ = armed


if __name__ == "__main__":
    die_after(int(sys.argv[1]), Path(sys.argv[2]))
    sys.argv[1:] = sys.argv[3:]
    orchestrate.main()
