"""The seeds, for code that runs before dbt has loaded them."""

import csv
from pathlib import Path

from orchestrator.core.errors import UserError
from orchestrator.core.project import PROJECT_DIR

SEEDS = PROJECT_DIR / "seeds"


def paths() -> list[Path]:
    """Return the files of all seeds, named like their tables."""
    return sorted(SEEDS.glob("*.csv"))


def types() -> dict[str, dict[str, str]]:
    """Return DuckDB's types of the columns of each seed."""
    import jinja2
    import yaml

    text = (SEEDS / "_seeds.yml").read_text(encoding="utf-8")
    rendered = jinja2.Template(text).render(target={"type": "duckdb"})
    return {seed["name"]: seed["config"]["column_types"] for seed in yaml.safe_load(rendered)["seeds"]}


def rows(seed: str) -> list[dict[str, str]]:
    """Return the rows of a seed, as text; UserError when it is missing."""
    try:
        with (SEEDS / f"{seed}.csv").open(encoding="utf-8", newline="") as lines:
            return list(csv.DictReader(lines))
    except FileNotFoundError:
        raise UserError(
            f"seeds/{seed}.csv is missing. Nothing was changed. Restore it from the project's repository."
        ) from None
