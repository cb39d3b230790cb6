"""Builds pieces of SQL and messages from names and values."""

from collections.abc import Sequence


def text(value: str) -> str:
    """Return a string literal."""
    return "'" + value.replace("'", "''") + "'"


def texts(values: Sequence[str]) -> str:
    """Return string literals, comma-separated."""
    return ", ".join(text(value) for value in values)


def name(column: str) -> str:
    """Return a quoted column name."""
    return '"' + column.replace('"', '""') + '"'


def pairs(names: Sequence[str], values: Sequence[object]) -> str:
    """Return `name value` pairs for a message."""
    return ", ".join(f"{name} {value}" for name, value in zip(names, values, strict=True))


def reason(error: Exception) -> str:
    """Return the first line of an error, to end a sentence with."""
    return str(error).strip().split("\n")[0].rstrip(".")
