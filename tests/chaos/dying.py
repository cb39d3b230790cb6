"""orchestrate.py, killed by its own hand right after its n-th SQL statement that counts.

    python tests/chaos/dying.py WHAT N MARK backfill ...

WHAT counts: `rows`, the statements that write a Phase 4 table or its receipts, and their commits; or `views`,
the commits of views. They take too little time for a kill at a random moment to find them. The statement is
left in the file MARK.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import orchestrate
from orchestrator.dbt import runner

_thread = threading.local()


def _counts(what: str, sql: str) -> bool:
    code = sql.rpartition("*/")[2].split()
    verb = code[0].lower() if code else ""
    if verb == "commit":
        wrote, _thread.wrote = getattr(_thread, "wrote", False), False
        return wrote
    of_a_view = "view" in code[:4]
    if what == "views":
        _thread.wrote = verb in ("create", "alter") and of_a_view
        return False
    of_phase_4 = '"nba_precompute"' in sql and "phase4_coverage" not in sql and not of_a_view
    _thread.wrote = verb in ("create", "delete", "insert") and of_phase_4
    return _thread.wrote


def die_after(what: str, number: int, mark: Path) -> None:
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
            seen += _counts(what, sql)
            if seen == number:
                mark.write_text(sql)
                os.killpg(0, signal.SIGKILL)
            return result

        DuckDBCursorWrapper.execute = counted

    runner.Runner.__init__ = armed


if __name__ == "__main__":
    die_after(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
    sys.argv[1:] = sys.argv[4:]
    orchestrate.main()
