"""The seeds, for code that runs before dbt has loaded them."""

import csv

from orchestrator.core.errors import UserError
from orchestrator.core.project import PROJECT_DIR

SEEDS = PROJECT_DIR / "seeds"


def rows(seed: str) -> list[dict[str, str]]:
    """Return the rows of a seed, as text; UserError when it is missing."""
    try:
        with (SEEDS / f"{seed}.csv").open(encoding="utf-8", newline="") as lines:
            return list(csv.DictReader(lines))
    except FileNotFoundError:
        raise UserError(
            f"seeds/{seed}.csv is missing. Nothing was changed. Restore it from the project's repository."
        ) from None
