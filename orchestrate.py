"""The command line: arguments in, one call, exit code out. The work is in orchestrator/."""

from __future__ import annotations

import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

try:
    import typer
except ModuleNotFoundError:
    sys.exit("not installed in this Python: run `make setup`, then use `.venv/bin/python orchestrate.py`")

from orchestrator.core.environment import check_environment
from orchestrator.core.errors import UsageError, UserError
from orchestrator.core.windows import LARGEST_WINDOW
from orchestrator.warehouse.targets import duckdb_file, warehouse_of

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Load raw NBA data, build the Phase 4 feature tables, and report their state. "
    "The warehouse is the DuckDB file NBA_DUCKDB_PATH (default: nba.duckdb in the project), or with "
    "--target bigquery the project NBA_BIGQUERY_PROJECT.",
)


def day(text: str):
    """Return an option that takes a date."""
    return typer.Option(formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", show_default=False, help=text)


Start = Annotated[datetime | None, day("First date (default: the first of the schedule).")]
End = Annotated[datetime | None, day("Last date (default: today, in NBA_TIMEZONE or US Eastern).")]
Dates = Annotated[
    str | None, typer.Option(metavar="D,D,...", show_default=False, help="Only these dates, as YYYY-MM-DD.")
]
Season = Annotated[
    list[str] | None,
    typer.Option(metavar="YYYY-YY", show_default=False, help="Only this season; may be repeated."),
]
Tables = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME,...",
        show_default=False,
        help="Only these tables (names, or TDZA, PSZA, PCF, PDC, MLFS) and their upstream tables.",
    ),
]
Only = Annotated[
    str | None,
    typer.Option(
        metavar="WHAT",
        show_default=False,
        help="missing, missing-and-failed, stale, or all (default: missing, failed and stale).",
    ),
]
PerWindow = Annotated[
    int, typer.Option("--window", min=1, help="Game dates per dbt run; whole seasons are kept together.")
]
FailFast = Annotated[bool, typer.Option("--fail-fast", help="Stop at the first date that cannot be built.")]
MaxFailures = Annotated[int, typer.Option(min=1, help="Stop after this many failures.")]
AllowEmpty = Annotated[
    bool,
    typer.Option(
        "--allow-empty",
        help="Build even if more than three dates would lose all their rows.",
    ),
]
SkipPreflight = Annotated[
    bool, typer.Option("--skip-preflight", help="Build even from inputs that would make the numbers wrong.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")]
Notify = Annotated[
    list[str] | None,
    typer.Option(
        metavar="URL",
        envvar="NBA_NOTIFY",
        show_default=False,
        help="Where to send the digest if somebody should act: json://..., mailto://... (as in apprise).",
    ),
]
Target = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        show_default=False,
        help="duckdb, bigquery or emulator: a target of profiles.yml (default: NBA_TARGET, or duckdb).",
    ),
]
MaxBytes = Annotated[
    str | None,
    typer.Option(
        metavar="SIZE",
        show_default=False,
        help="Refuse a plan that would read more, e.g. 500MB or 2TiB (BigQuery; a dry run tells).",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout; progress stays on stderr.")]


STORE = "A warehouse file, a folder of `export` (DIR, or DIR@HASH as it was), or a file of `snapshot`."


@app.callback()
def before_any_command(context: typer.Context) -> None:
    """Check the environment first, unless only help was asked for."""
    if "--help" not in sys.argv[1:]:
        for note in check_environment():
            print(f"note: {note}", file=sys.stderr)
    context.obj = context.obj or _runner


def _runner(warehouse, run_id: str = ""):
    """Return the dbt runner that commands use; tests put another into the context."""
    from orchestrator.dbt.runner import Runner

    return Runner(warehouse, run_id)


def _loading():
    """Return the guard of a load: until it commits, a signal stops it without a trace."""
    from orchestrator.core.interrupts import StopAtOnce

    return StopAtOnce(
        "the warehouse is unchanged; run the command again at any time",
        lambda name: print(f"{name} came too late: the data is loaded", file=sys.stderr),
    )


def _load(source: Path, seasons, **how):
    """Load files; `how` are more fields of How."""
    with _loading() as stop:
        from orchestrator.cli import console
        from orchestrator.raw.load import How
        from orchestrator.raw.load import ingest as load

        options = How(seasons, inform=console.say, before_commit=stop.close, **how)
        return load(source, duckdb_file().path, options, warn=console.warn)


@app.command()
def ingest(
    source: Annotated[
        Path,
        typer.Option("--from", metavar="PATH", help="Folder of raw files, or files of a known format."),
    ],
    season: Season = None,
    mapping: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            show_default=False,
            help="How to read files of an unknown format (YAML, docs/formats.md).",
        ),
    ] = None,
    explain: Annotated[
        bool,
        typer.Option("--explain", help="Only print how each file is read and what is missing; load nothing."),
    ] = False,
    replace_season: Annotated[
        bool,
        typer.Option(
            "--replace-season",
            help="Replace whole seasons, not only the games in a file: remove the stored games that a file "
            "lacks of a season it covers.",
        ),
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Only read and check the files; exit 1 if something is wrong.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Let --replace-season remove stored games without asking.")
    ] = False,
) -> None:
    """Load raw files into the warehouse: everything you asked for, or nothing.

    A file replaces only the games it holds, so one night's files are enough.

    Example: python orchestrate.py ingest --from ../data --season 2022-23 --season 2023-24
    """
    if explain:
        from orchestrator.cli import console
        from orchestrator.raw.conversion import explained

        console.show_formats(explained(source, mapping or ()))
        return
    from orchestrator.cli import console

    report = _load(
        source,
        season or (),
        mappings=mapping or (),
        whole_seasons=replace_season,
        only_check=check,
        may_remove=lambda what: yes or console.confirm_loss(what),
    )
    console.show_loaded(report.rows, only_checked=check)
    if check:
        console.show_faults(report.faults)
        raise typer.Exit(1 if report.faults else 0)


@app.command()
def fetch(
    season: Annotated[
        list[str] | None,
        typer.Option(
            metavar="YYYY-YY", show_default=False, help="This season, or `current`; may be repeated."
        ),
    ] = None,
    source: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="sportsdataverse (a file per table and season), or nba (stats.nba.com, needs nba_api).",
        ),
    ] = "sportsdataverse",
    to: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            show_default=False,
            help="Where the files are kept (default: downloads in the project).",
        ),
    ] = None,
    then_ingest: Annotated[bool, typer.Option("--ingest", help="Load each season when it is here.")] = False,
) -> None:
    """Download whole seasons: only what is new or has changed, going on where a download was cut.

    Example: python orchestrate.py fetch --season 2023-24 --season current --ingest
    """
    from orchestrator.cli import console
    from orchestrator.core.interrupts import StopAtOnce
    from orchestrator.core.project import PROJECT_DIR
    from orchestrator.fetch import seasons

    years = seasons.asked(source, season or ())
    for year in years:
        with (
            StopAtOnce("whole files are kept; run the command again to go on", lambda name: None),
            console.FetchProgress() as progress,
        ):
            found = seasons.fetch(source, year, to or PROJECT_DIR / "downloads", progress)
        console.show_fetched(found)
        if then_ingest:
            console.show_loaded(_load(found.folder, (found.name,)).rows)


@app.command()
def demo(
    seasons: Annotated[int, typer.Option(min=1, max=50, help="How many seasons, the last one 2023-24.")] = 3,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same league.")] = 7,
    keep: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Keep the generated files here.", show_default=False)
    ] = None,
    if_empty: Annotated[
        bool, typer.Option("--if-empty", help="Do nothing if the warehouse already has raw data.")
    ] = False,
) -> None:
    """Load a synthetic league, in the same files and through the same checks as real data.

    Example: python orchestrate.py demo --seasons 3 --seed 7
    """
    with _loading() as stop:
        from orchestrator.cli import console
        from orchestrator.raw.demo_league import load_demo
        from orchestrator.raw.load import How

        how = How(before_commit=stop.close)
        report = load_demo(duckdb_file(), seasons, seed, how, keep=keep, if_empty=if_empty, warn=console.warn)
    if report:
        console.show_loaded(report.rows)
    else:
        console.say("the warehouse already has raw data: no demo league was loaded")


@app.command()
def export(
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="Folder of the files.")],
    context: typer.Context,
    what: Annotated[str, typer.Option(metavar="WHAT", help="training-set, ml_feature_store or all.")] = (
        "training-set"
    ),
    season: Season = None,
    at: Annotated[
        str | None,
        typer.Option(
            metavar="HASH",
            show_default=False,
            help="Bring back the files of an earlier export into DIR, in DIR/at.",
        ),
    ] = None,
    target: Target = None,
) -> None:
    """Write the training set, a file per season, or the feature store, a file per date, as Parquet.

    Only what has changed is written, and readers never see half a file.

    Example: python orchestrate.py export --to ../train --season 2022-23 --season 2023-24
    """
    from orchestrator.cli import console

    if at:
        from orchestrator.export.files import restore

        console.say(f"restored: {restore(to, at)}")
        return
    from orchestrator.export.export import export as write_files

    console.show_exported(write_files(warehouse_of(target), context.obj, to, what, season or ()), to)


@app.command()
def compare(
    a: Annotated[str, typer.Argument(metavar="A", help=STORE)],
    b: Annotated[str, typer.Argument(metavar="B", help="The other one, of any of these kinds.")],
    tables: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME,...",
            show_default=False,
            help="Only these tables (names, or TDZA, PSZA, PCF, PDC, MLFS), or training_set.",
        ),
    ] = None,
    start: Annotated[datetime | None, day("First date (default: the first that either has).")] = None,
    end: Annotated[datetime | None, day("Last date (default: the last that either has).")] = None,
    season: Season = None,
    every_row: Annotated[
        bool, typer.Option("--every-row", help="Read all rows, also of dates with equal hashes.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Say which tables, dates, columns and rows of two stores differ, and by how much.

    Exit status: 0 when they are equal, 1 when they differ, 2 when they cannot be compared.

    Example: python orchestrate.py compare before.duckdb nba.duckdb --tables MLFS
    """
    from orchestrator.compare.comparing import What
    from orchestrator.compare.comparing import compare as find
    from orchestrator.core.seasons import start_year

    with _trouble_is_2():
        what = What(
            _tables_of_stores(tables or ()),
            start.date() if start else None,
            end.date() if end else None,
            tuple(start_year(text) for text in season or ()),
            every_row,
        )
        found = find(a, b, what)
    if as_json:
        _print_json(found.as_json())
    else:
        from orchestrator.cli import comparison

        comparison.show_comparison(found)
    raise typer.Exit(0 if found.is_equal else 1)


@app.command()
def snapshot(
    a: Annotated[str, typer.Argument(metavar="A", help=STORE)],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The snapshot, as JSON.")],
) -> None:
    """Write the hashes of all tables and dates, to compare later or elsewhere, and print one hash of all.

    Example: python orchestrate.py snapshot nba.duckdb before.json
    """
    from orchestrator.compare.comparing import write_snapshot

    with _trouble_is_2():
        print(write_snapshot(a, file))


@app.command("publish", hidden=True)  # the former name, for one version
@app.command()
def upload(
    context: typer.Context,
    to: Annotated[
        str, typer.Option("--to", metavar="TARGET", help="An output of profiles.yml: bigquery, or emulator.")
    ],
    season: Season = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would be loaded, and why.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Upload the raw tables to BigQuery: each table and season that is absent there, or differs.

    You may interrupt it at any time: every season is complete or untouched, and the next run loads the rest.

    Example: python orchestrate.py upload --to bigquery --season 2022-23
    """
    if context.info_name == "publish":
        print("note: `publish` is now called `upload`; the next version drops the old name", file=sys.stderr)
    from orchestrator.cli import console
    from orchestrator.raw.upload import upload as send
    from orchestrator.warehouse.bigquery_client import connect

    result = send(
        duckdb_file(),
        connect(to),
        season or (),
        dry_run=dry_run,
        on_loaded=console.show_uploaded_chunk,
        warn=console.warn,
    )
    if as_json:
        _print_json(result.as_json())
    else:
        console.show_uploaded(result)


@app.command()
def plan(
    context: typer.Context,
    start: Start = None,
    end: End = None,
    dates: Dates = None,
    season: Season = None,
    tables: Tables = None,
    only: Only = None,
    window: PerWindow = LARGEST_WINDOW,
    skip_preflight: SkipPreflight = False,
    from_state: Annotated[
        bool, typer.Option("--state", help="Answer from the progress file, even while a backfill runs.")
    ] = False,
    max_bytes: MaxBytes = None,
    target: Target = None,
    as_json: Json = False,
) -> None:
    """Show what a backfill would build and skip, why, and how long it would take.

    Example: python orchestrate.py plan --season 2022-23 --only stale
    """
    request = _request(start, end, dates, season, tables, only, window)
    _plan(context, warehouse_of(target), request, not skip_preflight, from_state, max_bytes, as_json)


@app.command()
def backfill(
    context: typer.Context,
    start: Start = None,
    end: End = None,
    dates: Dates = None,
    season: Season = None,
    tables: Tables = None,
    only: Only = None,
    window: PerWindow = LARGEST_WINDOW,
    fail_fast: FailFast = False,
    max_failures: MaxFailures = 10,
    skip_preflight: SkipPreflight = False,
    allow_empty: AllowEmpty = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would be built, like plan.")
    ] = False,
    yes: Yes = False,
    notify: Notify = None,
    max_bytes: MaxBytes = None,
    target: Target = None,
    export_to: Annotated[
        Path | None,
        typer.Option(
            "--export",
            metavar="DIR",
            show_default=False,
            help="Afterwards, bring the files of `export --what all` there up to date.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Build what is missing, failed or stale, quarantine what fails, and print the coverage table.

    Exit status: 0 when everything planned was built, 1 when not, 2 for a usage error, 3 when another
    backfill is running, 130 or 143 when interrupted.

    Example: python orchestrate.py backfill --start 2022-01-10 --end 2022-01-16
    """
    request = _request(start, end, dates, season, tables, only, window)
    if dry_run:
        _plan(context, warehouse_of(target), request, not skip_preflight, False, max_bytes, as_json)
    else:
        settings = _settings(fail_fast, max_failures, skip_preflight, max_bytes, allow_empty)
        _backfill(context, warehouse_of(target), request, settings, yes, notify, as_json, export_to)


@app.command()
def retry(
    context: typer.Context,
    start: Start = None,
    end: End = None,
    dates: Dates = None,
    season: Season = None,
    tables: Tables = None,
    window: PerWindow = LARGEST_WINDOW,
    fail_fast: FailFast = False,
    max_failures: MaxFailures = 10,
    skip_preflight: SkipPreflight = False,
    allow_empty: AllowEmpty = False,
    yes: Yes = False,
    notify: Notify = None,
    max_bytes: MaxBytes = None,
    target: Target = None,
    as_json: Json = False,
) -> None:
    """Build only the dates that failed.

    Example: python orchestrate.py retry --dates 2022-01-15
    """
    request = _request(start, end, dates, season, tables, "failed", window)
    settings = _settings(fail_fast, max_failures, skip_preflight, max_bytes, allow_empty)
    _backfill(context, warehouse_of(target), request, settings, yes, notify, as_json)


@app.command()
def resume(
    context: typer.Context,
    fail_fast: FailFast = False,
    max_failures: MaxFailures = 10,
    skip_preflight: SkipPreflight = False,
    allow_empty: AllowEmpty = False,
    yes: Yes = False,
    notify: Notify = None,
    max_bytes: MaxBytes = None,
    target: Target = None,
    as_json: Json = False,
) -> None:
    """Build what the last run did not finish, whatever stopped it.

    Example: python orchestrate.py resume
    """
    from orchestrator.run.resume import unfinished_request

    warehouse = warehouse_of(target)
    request = unfinished_request(warehouse)
    if request is None:
        print("nothing to resume: the last run finished", file=sys.stderr)
        return
    settings = _settings(fail_fast, max_failures, skip_preflight, max_bytes, allow_empty)
    _backfill(context, warehouse, request, settings, yes, notify, as_json)


@app.command()
def status(
    by: Annotated[str | None, typer.Option(metavar="season", help="Show one table per season.")] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Refresh until Ctrl-C.")] = False,
    target: Target = None,
    as_json: Json = False,
) -> None:
    """Show the coverage, the running or last run, failures and stale ranges.

    Example: python orchestrate.py status --by season
    """
    from orchestrator.show.status import status as read

    if by not in (None, "season"):
        raise UsageError(f"--by {by}: the only grouping is season")
    warehouse = warehouse_of(target)
    if as_json:
        _print_json(read(warehouse).as_json())
        return
    from orchestrator.cli import console

    if watch:
        console.watch(lambda: read(warehouse), by, seconds=2)
    else:
        console.show_status(read(warehouse), by)


@app.command()
def gaps(
    context: typer.Context,
    end: End = None,
    target: Target = None,
    as_json: Json = False,
) -> None:
    """Print the ranges that are missing, failed or stale, and exit 1 if there are any.

    Example: python orchestrate.py gaps --json || mail -s 'gaps' quants@example.com
    """
    from orchestrator.show.gaps import gaps as find

    found = find(warehouse_of(target), end.date() if end else None, context.obj)
    if as_json:
        _print_json(found.as_json())
    else:
        from orchestrator.cli import console

        console.show_gaps(found)
    raise typer.Exit(1 if found.spans else 0)


@app.command()
def show(
    table: Annotated[str, typer.Argument(help="A table, or TDZA, PSZA, PCF, PDC, MLFS.")],
    on: Annotated[datetime, typer.Argument(metavar="DATE", formats=["%Y-%m-%d"], help="A game date.")],
    target: Target = None,
    as_json: Json = False,
) -> None:
    """Print everything known about one date of one table: state, receipt, exclusions by reason, inputs.

    Example: python orchestrate.py show ml_feature_store 2022-01-15
    """
    from orchestrator.plan.request import named_tables
    from orchestrator.show.one_date import show as find

    found = find(warehouse_of(target), named_tables([table])[0], on.date())
    if as_json:
        _print_json(found)
    else:
        from orchestrator.cli import console

        console.show_cell(found)


@app.command()
def explain(
    player: Annotated[
        str, typer.Argument(metavar="PLAYER", help="A name as people write it, a player_lookup or an id.")
    ],
    on: Annotated[datetime, typer.Argument(metavar="DATE", formats=["%Y-%m-%d"], help="Any date.")],
    target: Target = None,
    as_json: Json = False,
) -> None:
    """Say why a player has rows on a date or none, what each number was made from, and check it.

    Every number is worked out again from raw rows, by other code than the models. Exit status: 0 when all
    agree, 1 when one differs, or when the name means nobody or several players.

    Example: python orchestrate.py explain "Nikola Jokic" 2023-12-02
    """
    from orchestrator.explain.explain import explain as find

    found = find(warehouse_of(target), player, on.date())
    if as_json:
        _print_json(found.as_json())
    else:
        from orchestrator.cli import console

        console.show_explanation(found)
    raise typer.Exit(1 if found.differences else 0)


@app.command()
def verify(
    context: typer.Context,
    leaks: Annotated[
        bool,
        typer.Option("--leaks", help="Prove that rows depend on nothing unknown before tip-off."),
    ] = False,
    slates: Annotated[
        bool,
        typer.Option("--slates", help="Prove that rows built before tip-off equal those built from history."),
    ] = False,
    season: Season = None,
    dates: Annotated[
        str,
        typer.Option(
            metavar="all|N|D,D,...",
            help="All dates, N of them spread evenly over those not proven yet, or these, as YYYY-MM-DD.",
        ),
    ] = "all",
    again: Annotated[bool, typer.Option("--again", help="Prove again what is proven.")] = False,
    batch: Annotated[
        int,
        typer.Option(min=1, max=200, help="Dates in one build; 1 proves each alone, which takes far longer."),
    ] = 40,
    target: Target = None,
    as_json: Json = False,
) -> None:
    """Rebuild dates from what was known before tip-off, and compare them with the stored rows bit for bit.

    Only a scratch copy is built. The proofs are stored after each build: what is proven and has not changed
    is left alone, and an interrupted run goes on where it stopped. Exit status 1 if anything differs, or is
    not up to date.

    Example: python orchestrate.py verify --leaks --slates --season 2023-24
    """
    from orchestrator.cli import verdicts
    from orchestrator.core.interrupts import StopAtOnce
    from orchestrator.verify.leaks import verify as prove
    from orchestrator.verify.request import checks_of, dates_of

    checks, asked = checks_of(leaks, slates), dates_of(season or (), dates, again, batch)
    with StopAtOnce("the warehouse has the proofs so far; run the command again to go on", lambda name: None):
        found = prove(warehouse_of(target), checks, asked, context.obj, verdicts.show_batch)
    if as_json:
        _print_json({"checks": [verdict.as_json() for verdict in found]})
    else:
        for verdict in found:
            verdicts.show_verdict(verdict)
    raise typer.Exit(0 if all(verdict.is_fine for verdict in found) else 1)


@app.command("progress-log")
def progress_log(target: Target = None) -> None:
    """Print the state by season as Markdown.

    Example: python orchestrate.py progress-log > PROGRESS.md
    """
    from orchestrator.show.markdown import progress_log as write
    from orchestrator.show.status import status as read

    print(write(read(warehouse_of(target))), end="")


@contextmanager
def _trouble_is_2() -> Generator[None]:
    """Exit 2 for any trouble, as `diff` does: 1 says that two stores differ."""
    try:
        yield
    except UserError as error:
        raise UsageError(str(error)) from error


def _tables_of_stores(names: Sequence[str]) -> list[str]:
    from orchestrator.export.parts import TRAINING_SET
    from orchestrator.plan.request import named_tables

    asked = [name.strip() for text in names for name in text.split(",")]
    others = [name for name in asked if name != TRAINING_SET]
    found = list(named_tables(others)) if others else []
    return found + [TRAINING_SET] * (TRAINING_SET in asked)


def _request(start, end, dates, seasons, tables, only, window):
    from orchestrator.core.seasons import start_year
    from orchestrator.plan.refusals import refuse_contradictions
    from orchestrator.plan.request import Request, named_dates, named_tables

    request = Request(
        start.date() if start else None,
        end.date() if end else None,
        named_dates(dates) if dates is not None else (),
        tuple(start_year(text) for text in seasons or ()),
        named_tables(tables or ()),
        only,
        window,
    )
    refuse_contradictions(request)
    return request


def _plan(
    context, warehouse, request, check_inputs: bool, from_state: bool, max_bytes: str | None, as_json: bool
) -> None:
    from orchestrator.cli import console
    from orchestrator.core.sizes import parsed_size
    from orchestrator.plan.cost import refuse_beyond
    from orchestrator.plan.preview import plan_from_state, plan_now

    most = parsed_size(max_bytes) if max_bytes else None

    found = (
        plan_from_state(warehouse, request)
        if from_state
        else plan_now(warehouse, request, check_inputs=check_inputs, make_runner=context.obj)
    )
    if as_json:
        _print_json(found.as_json())
    else:
        console.show_plan(found.plan, found.eta_seconds, found.remark, found.bytes, found.shares)
    refuse_beyond(most, found.bytes)


def _settings(
    fail_fast: bool, max_failures: int, skip_preflight: bool, max_bytes: str | None, allow_empty: bool
):
    from orchestrator.core.sizes import parsed_size
    from orchestrator.run.backfill import Settings

    most = parsed_size(max_bytes) if max_bytes else None
    return Settings(1 if fail_fast else max_failures, not skip_preflight, most, allow_empty)


def _backfill(
    context, warehouse, request, settings, yes: bool, notify, as_json: bool, export_to: Path | None = None
) -> None:
    from orchestrator.cli import console
    from orchestrator.core.interrupts import ignore_from_now_on
    from orchestrator.run.backfill import backfill as build
    from orchestrator.run.digest import check_addresses, needs_a_person
    from orchestrator.run.digest import notify as send
    from orchestrator.state.run_state import RunState

    check_addresses(notify or ())
    progress = console.TerminalProgress(assume_yes=yes or as_json)
    try:
        outcome = build(warehouse, request, settings, progress, progress.confirm, context.obj)
    except Exception:
        if progress.outcome:  # the run had begun
            send(progress.outcome, notify or (), console.warn)
        raise
    if outcome.state == RunState.INTERRUPTED:
        ignore_from_now_on()
    console.show_outcome(outcome, with_table=not as_json)
    if as_json:
        _print_json(outcome.as_json() | {"attention": needs_a_person(outcome)})
    send(outcome, notify or (), console.warn)
    if export_to and outcome.state not in (RunState.INTERRUPTED, RunState.DECLINED):
        from orchestrator.export.export import export as write_files

        console.show_exported(
            write_files(warehouse, context.obj, export_to, "all"), export_to, to_stderr=True
        )
    raise typer.Exit(outcome.exit_code)


def _print_json(found: object) -> None:
    import json

    print(json.dumps(found, indent=2))


def main() -> None:
    """Run the command line; a user's mistake is one message and an exit code, never a traceback."""
    try:
        app()
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
