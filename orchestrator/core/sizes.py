"""Parses and formats numbers of bytes."""

from __future__ import annotations

import re

from orchestrator.core.errors import UsageError

_UNITS = {
    "": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12,
    "kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40,
}  # fmt: skip


def parsed_size(text: str) -> int:
    """Return the bytes of `500MB`, `2.5 GiB` or `1000`; UsageError for anything else."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([a-z]*)", text.strip().lower())
    if not found or found[2] not in _UNITS:
        raise UsageError(f"{text!r} is not a size. Write it like 500MB, 2.5GB or 1TiB.")
    return int(float(found[1]) * _UNITS[found[2]])


def described_size(size: int) -> str:
    """Write a size with the unit that suits it, as BigQuery's console does: KiB, MiB, GiB, TiB."""
    value, unit = float(size), "B"
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if value < 1024 or unit == "TiB":
            break
        value /= 1024
    return f"{value:.0f} {unit}" if unit == "B" else f"{value:,.1f} {unit}"
