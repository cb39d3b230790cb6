"""Arithmetic on numbers that may be unknown: None in, None out (contract R8)."""

from __future__ import annotations

from collections.abc import Iterable


def mean_of_known(values: Iterable[float | None]) -> float | None:
    """Return the mean of the known values; None unless they are at least half (contract R8)."""
    values = list(values)
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known and 2 * len(known) >= len(values) else None


def sum_of_known(values: Iterable[int | None]) -> int | None:
    """Return the sum of the known values; None when there is none."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def ratio(part: float | None, whole: float | None) -> float | None:
    """Divide; None when a part is unknown or the whole is 0."""
    return None if part is None or not whole else part / whole


def times(factor: float, value: float | None) -> float | None:
    """Multiply; None when unknown."""
    return None if value is None else factor * value


def plus(*values: float | None) -> float | None:
    """Add; None when a part is unknown."""
    return None if None in values else sum(value for value in values if value is not None)
