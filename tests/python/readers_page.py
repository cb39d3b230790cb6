"""The columns in docs/readers.md, from the models: `python -m tests.python.readers_page` writes them."""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from pathlib import Path

from tests.python.warehouses import PROJECT, parsed

PAGE = PROJECT / "docs" / "readers.md"
REWRITE = "python -m tests.python.readers_page"
TABLES = (
    "ml_feature_store",
    "player_daily_cache",
    "player_composite_factors",
    "player_shot_zone_analysis",
    "team_defense_zone_analysis",
    "phase4_exclusions",
    "ml_feature_store_v2",
)
ON = {"NBA_PHASE5_VIEW": "true"}
TYPES = {"double": "float64", "double[]": "array<float64>", "varchar[]": "array<string>", "boolean": "bool"}


def columns_of(manifest: dict) -> dict[str, dict[str, str]]:
    """Return BigQuery's types of the contract, by table and column."""
    return {
        table: {
            column["name"]: TYPES.get(column["data_type"], column["data_type"])
            for column in _node(manifest, table)["columns"].values()
        }
        for table in TABLES
    }


def fingerprint(manifest: dict) -> str:
    """Return a hash of tables, columns and types; their order does not count."""
    text = json.dumps(columns_of(manifest), sort_keys=True)
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:12]


def with_columns(page: str, manifest: dict) -> str:
    """Return the page with its tables of columns as the models have them today."""
    parts = []
    for table, columns in columns_of(manifest).items():
        described = _node(manifest, table)["columns"]
        lines = ["| column | type | |", "|---|---|---|"]
        for name, type_ in columns.items():
            text = " ".join(described[name]["description"].split()).replace("|", "\\|")
            lines.append(f"| `{name}` | {type_} | {text} |")
        parts.append(f"### {table}\n\n" + "\n".join(lines) + "\n")
    begin, end = "<!-- columns, from the models' YAML files -->\n", "<!-- end -->"
    page, found = re.subn(
        f"({re.escape(begin)}).*?({end})",
        lambda match: match[1] + "\n" + "\n".join(parts) + "\n" + match[2],
        page,
        flags=re.DOTALL,
    )
    assert found == 1
    return page


def fingerprints(page: str) -> dict[str, str]:
    """Return the fingerprints that the page gives, by version, oldest first."""
    return dict(re.findall(r"^\| (\d+\.\d+) \| `([0-9a-f]{12})` \|$", page, re.MULTILINE))


def _node(manifest: dict, table: str) -> dict:
    return manifest["nodes"][f"model.nba_phase4.{table}"]


def main() -> None:
    """Write the page's columns."""
    with tempfile.TemporaryDirectory() as folder:
        manifest = parsed(Path(folder), **ON)
    PAGE.write_text(with_columns(PAGE.read_text(), manifest))
    print("fingerprint:", fingerprint(manifest))


if __name__ == "__main__":
    main()
