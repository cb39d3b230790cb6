"""What the command line asks of verify."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.core.errors import UsageError
from orchestrator.core.seasons import start_year
from orchestrator.plan.request import named_dates
from orchestrator.verify.leaks import CHECK_LEAKS, CHECK_SLATES, Asked, Check


def checks_of(leaks: bool, slates: bool) -> list[Check]:
    """Return the checks that were named; UsageError when none was."""
    found = [check for check, is_named in ((CHECK_LEAKS, leaks), (CHECK_SLATES, slates)) if is_named]
    if not found:
        raise UsageError("say what to verify: --leaks, --slates, or both")
    return found


def dates_of(seasons: Sequence[str], dates: str, again: bool, batch: int) -> Asked:
    """Return which dates were named; UsageError for what is neither `all`, a number nor dates."""
    number, days = None, ()
    if dates.strip().isdigit():
        number = int(dates)
        if not number:
            raise UsageError(
                "--dates 0 proves nothing; write `all`, a number, or dates as 2022-01-10,2022-01-12"
            )
    elif dates.strip() != "all":
        days = named_dates(dates)
    return Asked(tuple(start_year(text) for text in seasons), days, number, again, batch)
