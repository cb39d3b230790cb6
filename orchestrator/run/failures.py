"""Classifies failures: transient, of the environment, of the code, or of one date."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, NamedTuple

from orchestrator.core.command_line import another_command
from orchestrator.core.project import PRECOMPUTE

if TYPE_CHECKING:
    from orchestrator.warehouse.base import Warehouse

# A retry may succeed: a service is busy, or asks to slow down.
TRANSIENT = re.compile(
    r"rateLimitExceeded|quotaExceeded|backendError|internalError|jobInternalError|tableUnavailable"
    r"|serializ\w+ access|could not serialize"
    r"|\b(429|500|502|503|504)\b[^\n]{0,40}(https?://|too many requests|internal server error|bad gateway"
    r"|service unavailable|gateway timeout)"
    r"|service ?unavailable|too ?many ?requests|connection (reset|aborted|refused)|remote end closed"
    r"|read timed out|deadline exceeded",
    re.IGNORECASE,
)
# DuckDB's errors about values and code, whatever text or number they quote.
OWN_FAULT = re.compile(
    r"\b(binder|catalog|constraint|conversion|divide by zero|invalid input|mismatch type|out of range|parser"
    r"|syntax) error:",
    re.IGNORECASE,
)
# No date is to blame, and every other date would fail, too.
ENVIRONMENT = re.compile(
    r"no space left|disk quota|disk is full|file too large|could not write file|read-only file system"
    r"|permission denied|input/output error",
    re.IGNORECASE,
)
# The code, or a table of another shape: the same for every date. (Data errors say Conversion, Constraint,
# Out of Range, Invalid Input; out of memory means a smaller window may do.)
SYSTEMIC = re.compile(
    r"compilation error|parser error|binder error|catalog error|syntax error|schemas? .{0,80}out of sync"
    r"|this model has an enforced contract that failed|not found: (table|dataset)|unrecognized name"
    r"|no matching signature|access denied",
    re.IGNORECASE,
)

ERROR = "error"
SKIPPED = "skipped"
NO_ROWS_CAME = "no_rows_came"


class Failure(NamedTuple):
    """A (table, date) that is quarantined."""

    table: str
    day: date
    kind: str
    error: str
    sql_path: str | None

    @property
    def retry_command(self) -> str:
        """The command that builds the date again."""
        return another_command(f"retry --dates {self.day}")


def is_transient(message: str) -> bool:
    """Tell whether a retry may succeed without any change."""
    return bool(TRANSIENT.search(message)) and not OWN_FAULT.search(message)


def is_environment(message: str) -> bool:
    """Tell whether the machine is to blame: a full disk, missing rights."""
    return bool(ENVIRONMENT.search(message))


def cause(message: str) -> str:
    """Return the line of a message that names the machine's problem."""
    return next(line for line in message.splitlines() if ENVIRONMENT.search(line))


def is_systemic(message: str) -> bool:
    """Tell whether the code or a table's columns are to blame, not the data of a date."""
    return bool(SYSTEMIC.search(message))


def record(warehouse: Warehouse, run_id: str, failures: Sequence[Failure]) -> None:
    """Store failures for the coverage; each replaces the date's earlier one."""
    now = datetime.now(UTC).replace(tzinfo=None)
    statements = []
    for table in {failure.table for failure in failures}:
        days = [failure.day for failure in failures if failure.table == table]
        statements += [
            (
                f"delete from {PRECOMPUTE}.failures "
                f"where table_name = ? and analysis_date in ({', '.join('?' * len(some))})",
                [table, *some],
            )
            for some in _parts(days)
        ]
    columns = "table_name, analysis_date, kind, error, sql_path, retry_command, run_id, failed_at"
    statements += [
        (
            f"insert into {PRECOMPUTE}.failures ({columns}) "
            f"values {', '.join(['(?, ?, ?, ?, ?, ?, ?, ?)'] * len(some))}",
            [value for failure in some for value in (*failure, failure.retry_command, run_id, now)],
        )
        for some in _parts(failures)
    ]
    with warehouse.writing() as connection:
        connection.write(statements)


def _parts(items: Sequence) -> list[Sequence]:
    """Split into batches, as engines limit a statement's parameters."""
    return [items[first : first + 500] for first in range(0, len(items), 500)]
