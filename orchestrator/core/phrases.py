"""Numbers as people say them."""


def counted(number: int, noun: str) -> str:
    """Return `1 date`, `1,200 dates`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def duration(seconds: float | None) -> str:
    """Return `90 s`, `12 min` or `1.5 h`; `?` where it is unknown."""
    if seconds is None:
        return "?"
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
