"""orchestrate.py, killed by its own hand right after its n-th SQL statement that counts.

    python tests/chaos/dying.py N MARK backfill ...

Those count that write a Phase 4 table or its receipts, and the commits among them: they take too little time
for a kill at a random moment to find them. The statement is left in the file MARK.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import orchestrate
from orchestrator import runner

_thread = threading.local()


def _counts(sql: str) -> bool:
    code = sql.rpartition("*/")[2].split()
    verb = code[0].lower() if code else ""
    if verb == "commit":
        wrote, _thread.wrote = getattr(_thread, "wrote", False), False
        return wrote
    of_phase_4 = '"nba_precompute"' in sql and "phase4_coverage" not in sql and "view" not in code[:4]
    _thread.wrote = verb in ("create", "delete", "insert") and of_phase_4
    return _thread.wrote


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
            seen += _counts(sql)
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
