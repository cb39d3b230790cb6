"""The checks in docs/backfill.md, from the seed: `python -m tests.python.preflight_page` writes them."""

import re

from orchestrator.core import seeds
from tests.python.warehouses import PROJECT

PAGE = PROJECT / "docs" / "backfill.md"
REWRITE = "python -m tests.python.preflight_page"


def with_tables(page: str) -> str:
    """Return the page with its two tables as the seed has them today."""
    checks = seeds.rows("preflight_checks")
    tables = {
        "blocks": _table(
            {
                "blocks": "check_name",
                "what it finds": "finds",
                "why it matters": "why",
                "how to fix it": "how_to_fix",
                "counts": "counts",
                "spoils from": "spoils_from",
            },
            [check for check in checks if check["severity"] == "block"],
        ),
        "warnings": _table(
            {
                "warns": "check_name",
                "what it finds": "finds",
                "what follows": "why",
                "what to do": "how_to_fix",
                "counts": "counts",
            },
            [check for check in checks if check["severity"] == "warn"],
        ),
    }
    for name, table in tables.items():
        begin, end = f"<!-- {name}, from seeds/preflight_checks.csv -->\n", "<!-- end -->"
        page, found = re.subn(
            f"({re.escape(begin)}).*?({end})",
            lambda match, table=table: match[1] + table + match[2],
            page,
            flags=re.DOTALL,
        )
        assert found == 1, name
    return page


def _table(columns: dict[str, str], checks: list[dict[str, str]]) -> str:
    lines = [list(columns), ["---"] * len(columns)]
    for check in checks:
        lines.append([f"`{check[key]}`" if key == "check_name" else check[key] for key in columns.values()])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text()))
