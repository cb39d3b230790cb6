"""The command line: arguments in, one call, exit code out. The work is in orchestrator/."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

try:
    import typer
except ModuleNotFoundError:
    sys.exit("not installed in this Python: run `make setup`, then use `.venv/bin/python orchestrate.py`")

from orchestrator.errors import UserError
from orchestrator.project import warehouse_path
from orchestrator.windows import LARGEST_WINDOW

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Load raw NBA data, build the Phase 4 feature tables, and say what is there. "
    "The warehouse is the DuckDB file NBA_DUCKDB_PATH (default: nba.duckdb in the project).",
)


def day(text: str):
    """Return an option that takes a date."""
    return typer.Option(formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", show_default=False, help=text)


@app.command()
def ingest(
    source: Annotated[
        Path, typer.Option("--from", metavar="DIR", help="Folder with games.parquet, player_box.parquet, ...")
    ],
    season: Annotated[
        list[str] | None, typer.Option(metavar="YYYY-YY", help="Only this season; may be repeated.")
    ] = None,
) -> None:
    """Load raw files into the warehouse: all of what was asked, or nothing.

    Example: python orchestrate.py ingest --from ../data --season 2022-23 --season 2023-24
    """
    from orchestrator import console
    from orchestrator.raw_data import load_files

    report = load_files(source, warehouse_path(), season or (), warn=console.warn)
    console.show_loaded(report.rows)


@app.command()
def demo(
    seasons: Annotated[int, typer.Option(min=1, max=50, help="How many seasons, the last one 2023-24.")] = 3,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same league.")] = 7,
    keep: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Keep the generated files here.", show_default=False)
    ] = None,
    if_empty: Annotated[
        bool, typer.Option("--if-empty", help="Do nothing when the warehouse has raw data already.")
    ] = False,
) -> None:
    """Load a synthetic league, in the same files and through the same checks as real data.

    Example: python orchestrate.py demo --seasons 3 --seed 7
    """
    from orchestrator import console
    from orchestrator.raw_data import load_demo

    report = load_demo(warehouse_path(), seasons, seed, keep=keep, if_empty=if_empty, warn=console.warn)
    if report:
        console.show_loaded(report.rows)
    else:
        console.err.print("the warehouse has raw data already: no demo league loaded")


@app.command()
def backfill(
    start: Annotated[datetime | None, day("First date (default: the first of the schedule).")] = None,
    end: Annotated[datetime | None, day("Last date (default: today).")] = None,
    window: Annotated[
        int, typer.Option(min=1, help="Game dates per dbt run; whole seasons are kept together.")
    ] = LARGEST_WINDOW,
    rebuild: Annotated[bool, typer.Option("--all", help="Also build the dates that are there.")] = False,
) -> None:
    """Build every date that should be in the five tables and is not, then print the coverage table.

    Exit status: 0 when all expected dates are there, 1 when not, 2 for a usage error.

    Example: python orchestrate.py backfill --start 2022-01-10 --end 2022-01-16
    """
    from orchestrator import console
    from orchestrator.backfill import backfill as build

    first, last = start and start.date(), end and end.date()
    with console.TerminalProgress() as progress:
        outcome = build(
            warehouse_path(), first, last, largest_window=window, rebuild=rebuild, progress=progress
        )
    console.show_outcome(outcome)
    raise typer.Exit(0 if outcome.complete else 1)


@app.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")] = False,
) -> None:
    """Print what is in the warehouse: Phase 4 against what is expected, Phase 3 by season.

    Example: python orchestrate.py status --json
    """
    from orchestrator.coverage import check_raw, coverage
    from orchestrator.warehouse import reading

    with reading(warehouse_path()) as connection:
        check_raw(connection)
        found = coverage(connection)
    if as_json:
        import json

        print(json.dumps(found.as_json(), indent=2))
        return
    from orchestrator import console

    if not found.phase4:
        console.err.print("no coverage yet, nothing was backfilled: run `python orchestrate.py backfill`")
        return
    console.show_coverage(found)
    console.show_phase3(found)


def main() -> None:
    """Run the command line; a user's mistake is one message and an exit code, never a traceback."""
    try:
        app()
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
