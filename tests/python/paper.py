"""A warehouse on paper: the coverage of a few dates and a stand-in for dbt, so that a backfill takes no time.

What decides, retries, halves, records and reports is the real code; only building is make-believe.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path

import duckdb
import pytest
from tenacity import wait_none
from typer.testing import CliRunner, Result

from orchestrate import app
from orchestrator.core.fingerprint import project_files
from orchestrator.core.registry import ALL_TABLES, EXCLUSIONS, MADE_FROM
from orchestrator.core.seasons import season_of
from orchestrator.core.windows import Window
from orchestrator.dbt.runner import ModelFailure, RunResult
from orchestrator.plan.request import Request
from orchestrator.run.backfill import backfill
from orchestrator.run.listeners import Listener
from orchestrator.run.outcome import Outcome
from orchestrator.state.coverage import Cell
from orchestrator.warehouse.duckdb_file import DuckDBFile

FAR = date(2999, 1, 1)
CHECK_FAILED = "Constraint Error: CHECK constraint failed on table {table}"
COVERAGE = """
create view nba_precompute.phase4_coverage as
with stored as ({stored})
select
    s.table_name, s.analysis_date, s.season_year, coalesce(t.row_count, 0) as row_count, s.is_expected,
    case
        when r.row_count is null and (s.is_expected or t.row_count > 0) then 'missing'
        when r.row_count is null then 'not_expected'
        when r.row_count != coalesce(t.row_count, 0) then 'missing'
        when r.stale is not null then r.stale
        when s.rows_expected and r.row_count = 0 then 'missing'
        when s.is_expected then 'done'
        else 'not_expected'
    end as state_of_rows,
    if(f.failed_at is not null and state_of_rows not in ('done', 'not_expected'), 'failed', state_of_rows)
        as state,
    case
        when state = 'failed' then f.kind
        when state = 'not_expected' then 'bootstrap'
        when state in ('stale_inputs', 'stale_logic') then replace(state, 'stale_', '') || '_changed'
        when state = 'missing' then if(r.row_count = 0, 'no_rows_came', 'never_built')
    end as state_reason,
    f.error as failure_error, f.sql_path as failure_sql_path, f.retry_command as failure_retry_command
from paper.schedule as s
left join stored as t using (table_name, analysis_date)
left join nba_precompute.receipts as r using (table_name, analysis_date)
left join nba_precompute.failures as f using (table_name, analysis_date)
"""


def write_warehouse(path: Path, cells: Iterable[Cell], exhibitions: Iterable[date] = ()) -> Path:
    """Make a warehouse in which these cells are in these states."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    cells = list(cells)
    with duckdb.connect(str(path)) as db:
        db.begin()
        for schema in ("nba_raw", "nba_staging", "nba_intermediate", "nba_precompute", "paper"):
            db.execute(f"create schema {schema}")
        db.execute("create table nba_raw.games (game_id varchar)")
        db.execute("create table nba_staging.stg_nba__non_nba_teams (game_date date)")
        db.execute("create table nba_intermediate.int_logic_versions (project_files varchar)")
        db.execute("insert into nba_intermediate.int_logic_versions values (?)", [project_files()])
        db.execute("create table nba_intermediate.int_coverage_tables (table_name varchar, is_read boolean)")
        db.executemany(
            "insert into nba_intermediate.int_coverage_tables values (?, true)",
            [[name] for name in ALL_TABLES],
        )
        db.execute(
            "create table nba_intermediate.phase3_preflight (check_name varchar, severity varchar, "
            "season_year int, game_date date, affected_rows int, detail varchar, spoils_from date, "
            "spoils_until date, subject varchar)"
        )
        db.execute(
            "create table paper.schedule (table_name varchar, analysis_date date, season_year int, "
            "is_expected boolean, rows_expected boolean)"
        )
        db.execute(
            "create table nba_precompute.receipts (table_name varchar, analysis_date date, row_count int, "
            "stale varchar, built int, content_hash varchar)"
        )
        db.execute(
            "create table nba_precompute.failures (table_name varchar, analysis_date date, kind varchar, "
            "error varchar, sql_path varchar, retry_command varchar, run_id varchar, failed_at timestamp)"
        )
        for table in ALL_TABLES:
            context = ", 'history' as context_source" if table == "player_composite_factors" else ""
            db.execute(
                f"create table nba_precompute.{table} as "
                f"select date '2000-01-01' as analysis_date{context} limit 0"
            )
        stored = " union all ".join(
            f"select '{table}' as table_name, analysis_date, count(*) as row_count "
            f"from nba_precompute.{table} group by analysis_date"
            for table in ALL_TABLES
        )
        db.execute(COVERAGE.format(stored=stored))
        db.execute(
            "create view nba_intermediate.int_window_coverage as select * from nba_precompute.phase4_coverage"
        )
        for day in exhibitions:
            db.execute("insert into nba_staging.stg_nba__non_nba_teams values (?)", [day])
        schedule = [
            (c.table, c.day, c.season, c.expected, c.expected and c.table != EXCLUSIONS) for c in cells
        ]
        if schedule:
            db.executemany("insert into paper.schedule values (?, ?, ?, ?, ?)", schedule)
        for table in ALL_TABLES:
            own = [cell for cell in cells if cell.table == table]
            for state in ("done", "stale_inputs", "stale_logic"):
                days = [cell.day for cell in own if cell.state == state]
                _write(db, table, days, built=0)
                if days and state != "done":
                    db.execute(
                        "update nba_precompute.receipts set stale = ? "
                        "where table_name = ? and analysis_date in (select unnest(?))",
                        [state, table, days],
                    )
            for cell in own:
                if cell.state == "failed":
                    db.execute(
                        "insert into nba_precompute.failures values (?, ?, 'error', 'it broke', null, "
                        "'retry', 'r', now())",
                        [table, cell.day],
                    )
        db.commit()
    return path


def _write(
    db, table: str, days: Sequence[date], built: int, rows: int = 2, content_hash: str = "as ever"
) -> None:
    if not days:
        return
    db.execute(f"delete from nba_precompute.{table} where analysis_date in (select unnest(?))", [days])
    for kept in ("receipts", "failures"):
        db.execute(
            f"delete from nba_precompute.{kept} where table_name = ? and analysis_date in (select unnest(?))",
            [table, days],
        )
    context = ", 'history'" if table == "player_composite_factors" else ""
    db.execute(
        f"insert into nba_precompute.{table} select day{context} from unnest(?) as d (day), range({rows})",
        [days],
    )
    db.execute(
        f"insert into nba_precompute.receipts select ?, day, {rows}, null, {built}, ? "
        "from unnest(?) as d (day)",
        [table, content_hash, days],
    )


class PaperDbt:
    """Stands in for orchestrator.dbt.runner.Runner; what goes wrong, and when, can be set."""

    is_parsed = True

    def __init__(self, warehouse: Path):
        self.warehouse = warehouse
        self.file = DuckDBFile(warehouse)
        self.bad: set[tuple[str, date]] = set()
        """What cannot be built, whatever else is in the window."""
        self.bad_history: date | None = None
        """A date that breaks Phase 3, for every window that reads it: from there to the season's end."""
        self.empty: set[tuple[str, date]] = set()
        """What is built without complaint, and without rows."""
        self.moving: set[str] = set()
        """Tables whose rows come out otherwise."""
        self.says: list[str] = []
        """Messages of the first builds, which fail with them."""
        self.before: Callable[[Window], None] = lambda window: None
        self.built: list[tuple[Window, tuple[str, ...]]] = []
        """Every attempt."""

    def made(self, *_: object) -> PaperDbt:
        """Stand in for making a Runner."""
        return self

    def parse(self) -> None:
        """Do nothing: there is no project."""

    def prepare(self) -> RunResult:
        """Do nothing: the views are there."""
        return RunResult(True)

    def release(self) -> None:
        """Do nothing: every build closes the file."""

    def build(self, window: Window, tables: Sequence[str], on_node=None, *, with_coverage=False) -> RunResult:
        """Write the window's dates of these tables; what is made from one that failed is skipped."""
        self.before(window)
        self.built.append((window, tuple(tables)))
        if self.says:
            said = self.says.pop(0)
            # As the real one, which tells a lock from all else.
            if busy := self.file.busy(said):
                raise busy
            return RunResult(False, [ModelFailure(None, None, said, None)])
        if self.bad_history and window.end >= self.bad_history >= _opening(window.start):
            broken = ModelFailure("player_game_summary", "phase3", "Out of Range Error: 9999", "p3.sql")
            return RunResult(False, [broken])
        result = RunResult(True)
        broken = set()
        with duckdb.connect(str(self.warehouse)) as db:
            db.begin()
            for number, table in enumerate(tables, 1):
                days = self._days(db, table, window)
                if broken & set(MADE_FROM.get(table, ())):
                    broken.add(table)
                elif any((table, day) in self.bad for day in days):
                    broken.add(table)
                    message = CHECK_FAILED.format(table=table)
                    result.failures.append(ModelFailure(table, "phase4", message, f"target/{table}.sql"))
                else:
                    empty = [day for day in days if (table, day) in self.empty]
                    full = [day for day in days if day not in empty]
                    content = f"build {len(self.built)}" if table in self.moving else "as ever"
                    _write(db, table, full, len(self.built), content_hash=content)
                    _write(db, table, empty, len(self.built), rows=0)
                    result.succeeded.append(table)
                if on_node:
                    on_node(table, number, len(tables))
            db.commit()
        result.success = not result.failures
        return result

    @staticmethod
    def _days(db, table: str, window: Window) -> list[date]:
        rows = db.execute(
            "select analysis_date from paper.schedule where table_name = ? and analysis_date between ? and ?",
            [table, window.start, window.end],
        )
        return [day for (day,) in rows.fetchall()]


class Notes(Listener):
    """Keeps what a listener is told, in order, as (what, arguments)."""

    def __init__(self):
        self.heard: list[tuple[str, tuple]] = []

    def __getattribute__(self, name: str):
        if name in vars(Listener) and not name.startswith("_"):
            return lambda *arguments: self.heard.append((name, arguments))
        return super().__getattribute__(name)

    def of(self, what: str) -> list[tuple]:
        """Return the arguments of every such event."""
        return [arguments for name, arguments in self.heard if name == what]


def run(dbt: PaperDbt, request: Request | None = None, **more) -> Outcome:
    """Backfill with the stand-in and without waiting between attempts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("orchestrator.run.patience.wait_exponential_jitter", lambda **_: wait_none())
        return backfill(dbt.file, request or Request(end=FAR), make_runner=dbt.made, **more)


def command(dbt: PaperDbt, *arguments: object) -> Result:
    """Run a command in this process, with the stand-in."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments], obj=dbt.made)


def cells_of(days: Iterable[date], state: str = "missing", tables: Sequence[str] = ALL_TABLES) -> list[Cell]:
    """Return a cell per date and table, all expected and in one state."""
    return [Cell(table, day, season_of(day), state, None, 0, True) for day in days for table in tables]


def _season(day: date) -> int:
    return day.year if day.month >= 10 else day.year - 1


def _opening(day: date) -> date:
    return date(season_of(day), 10, 1)
