"""The state of every (table, date): read from the warehouse's coverage model, computed nowhere else."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from orchestrator.core.errors import UserError, WrongShapeError
from orchestrator.core.fingerprint import project_files
from orchestrator.core.project import (
    ANALYTICS,
    INTERMEDIATE,
    PHASE3_TABLES,
    PHASE5_DATASET,
    PHASE5_VIEWS,
    PRECOMPUTE,
    RAW,
    STAGING,
    phase3_is_external,
    phase5_is_on,
)
from orchestrator.core.registry import ALL_TABLES, COVERAGE_STATES, EXCLUSIONS, PHASE4_TABLES
from orchestrator.core.seasons import season_name

if TYPE_CHECKING:
    from orchestrator.core.windows import Window
    from orchestrator.warehouse.base import Connection, Warehouse

DONE = "done"
MISSING = "missing"
FAILED = "failed"
STALE_INPUTS = "stale_inputs"
STALE_LOGIC = "stale_logic"
NOT_EXPECTED = "not_expected"
SCHEDULED = "scheduled"
"""The state of a future date in reports as of today; the warehouse itself does not use it."""
# From the best to the worst: all, the warehouse's own, and of these the ones with work to do.
RANKED = tuple(state.name for state in COVERAGE_STATES)
STATES = tuple(state for state in RANKED if state != SCHEDULED)
STALE = tuple(state.name for state in COVERAGE_STATES if state.work == "stale")
UNSETTLED = tuple(state.name for state in COVERAGE_STATES if state.work)
SETTLED = tuple(state for state in STATES if state not in UNSETTLED)


class Cell(NamedTuple):
    """One (table, date) and the one state it is in; the columns of phase4_coverage that people act on."""

    table: str
    day: date
    season: int
    state: str
    reason: str | None
    rows: int
    expected: bool
    error: str | None = None
    """What the engine said when the date last failed; None unless the state is failed."""
    sql_path: str | None = None
    retry: str | None = None


CELL_COLUMNS = (
    "table_name, analysis_date, season_year, state, state_reason, row_count, is_expected, "
    "failure_error, failure_sql_path, failure_retry_command"
)
WINDOW_COVERAGE = f"{INTERMEDIATE}.int_window_coverage"


class Span(NamedTuple):
    """Consecutive dates of the schedule in the same state for the same reason."""

    table: str
    start: date
    end: date
    dates: int
    state: str
    reason: str | None

    def as_json(self) -> dict:
        """Return the range as JSON-ready data."""
        return {**self._asdict(), "start": str(self.start), "end": str(self.end)}


@dataclass(frozen=True)
class TableCoverage:
    """One line of the coverage table."""

    processor: str
    table: str
    dates: int
    """Expected dates that are done."""
    expected: int
    """Dates that should have rows: the calendar less bootstrap, dates without box scores, too few games."""
    rows: int
    status: str
    """`complete`, `empty`, or counts by state, as in `3 missing, 1 failed`."""
    states: dict[str, int] = field(default_factory=dict)
    """Dates by state."""


@dataclass(frozen=True)
class Phase3Coverage:
    """Dates and rows of one Phase 3 table in one season."""

    table: str
    season: str
    dates: int
    rows: int
    zone_share: float | None
    """Share of rows whose game has shot data, 0 to 1; None for tables without zones."""


@dataclass(frozen=True)
class SeasonShares:
    """Source coverage of a season, and the share of its feature rows that is ready for use."""

    season: str
    player_rows: int
    """Rows of players' box scores."""
    minutes_share: float | None
    """Share of them with minutes, 0 to 1; None without rows."""
    zone_share: float | None
    """Share of them whose game has shot data, 0 to 1; None without rows."""
    feature_rows: int
    """Rows of ml_feature_store."""
    ready_share: float | None
    """Share of them that is production-ready, 0 to 1; None before anything is built."""

    def __str__(self) -> str:
        """Say it in a sentence."""
        shares = {"with minutes": self.minutes_share, "with zones": self.zone_share}
        known = [f"{100 * share:.1f} % {name}" for name, share in shares.items() if share is not None]
        text = f"Of {self.player_rows:,} player rows {', '.join(known)}" if known else "No player rows"
        if self.ready_share is None:
            return f"{text}."
        return (
            f"{text}; of {self.feature_rows:,} feature rows {100 * self.ready_share:.1f} % production-ready."
        )


@dataclass(frozen=True)
class Coverage:
    """The state of the warehouse over a range of dates."""

    start: date | None
    end: date | None
    game_dates: int
    phase4: list[TableCoverage]

    @property
    def complete(self) -> bool:
        """Are all expected dates of the five tables done?"""
        return bool(self.phase4) and all(line.dates == line.expected for line in self.phase4)

    def as_json(self) -> dict:
        """Return the coverage as JSON-ready data (the shape is in docs/json.md)."""
        return {
            "start": _text(self.start),
            "end": _text(self.end),
            "game_dates": self.game_dates,
            "complete": self.complete,
            "phase4": [asdict(line) for line in self.phase4],
        }


def check_raw(warehouse: Warehouse, connection: Connection) -> None:
    """Raise UserError when the warehouse has no games, or lacks tables of an external Phase 3."""
    if not phase3_is_external():
        if not connection.has_table(RAW, "games"):
            raise UserError(f"the warehouse holds no raw data: {warehouse.load_first}")
    elif "NBA_PHASE3_PROJECT" not in os.environ:  # dbt checks another project
        wanted = {ANALYTICS: {*PHASE3_TABLES}, RAW: {"nbac_schedule"}}
        missing = [
            f"{dataset}.{table}"
            for dataset, tables in wanted.items()
            for table in sorted(tables - connection.tables_in(dataset))
        ]
        if missing:
            raise UserError(
                f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not in the warehouse, and "
                "NBA_PHASE3=external reads them: set NBA_ANALYTICS_DATASET or NBA_RAW_DATASET to where they "
                "are, or unset NBA_PHASE3 to build Phase 3 from raw data"
            )


def is_there(connection: Connection) -> bool:
    """Tell whether there is a coverage view to read."""
    return connection.has_table(PRECOMPUTE, "phase4_coverage")


def is_current(connection: Connection) -> bool:
    """Tell whether the coverage views match today's files and include every existing table.

    The views for Phase 5, where they are wanted, are made together with these.
    """
    there = {schema: connection.tables_in(schema) for schema in (PRECOMPUTE, INTERMEDIATE)}
    if "phase4_coverage" not in there[PRECOMPUTE]:
        return False
    if not {"int_logic_versions", "int_window_coverage", "int_coverage_tables"} <= there[INTERMEDIATE]:
        return False
    if phase5_is_on() and not connection.tables_in(PHASE5_DATASET) >= PHASE5_VIEWS:
        return False
    found = connection.rows(
        f"select table_name, is_read, project_files from {INTERMEDIATE}.int_coverage_tables "
        f"cross join (select distinct project_files from {INTERMEDIATE}.int_logic_versions) as code"
    )
    existing = there[PRECOMPUTE] | there[INTERMEDIATE]
    return {(files, is_read == (table in existing)) for table, is_read, files in found} == {
        (project_files(), True)
    }


def read(connection: Connection) -> list[Cell]:
    """Read every (table, date) of the schedule with its state, oldest first."""
    ((anything_built,),) = connection.rows(f"select count(*) > 0 from {PRECOMPUTE}.receipts")
    # Where nothing was built nothing is stale: skip the fingerprints of all of history.
    return _cells(connection, f"{PRECOMPUTE}.phase4_coverage" if anything_built else WINDOW_COVERAGE)


def read_built(connection: Connection, window: Window) -> list[Cell]:
    """Read the dates of the window that was built last, compared with its own fingerprints, oldest first."""
    return _cells(
        connection, f"{WINDOW_COVERAGE} where analysis_date between ? and ?", [window.start, window.end]
    )


def _cells(connection: Connection, source: str, values: Sequence[date] = ()) -> list[Cell]:
    rows = connection.rows(f"select {CELL_COLUMNS} from {source} order by analysis_date, table_name", values)
    return [Cell(*row) for row in rows]


def exhibition_dates(connection: Connection) -> set[date]:
    """Return the schedule's dates on which a team that is not one of the 30 appears."""
    rows = connection.rows(f"select distinct game_date from {STAGING}.stg_nba__non_nba_teams")
    return {day for (day,) in rows}


def as_of(today: date, cells: Iterable[Cell]) -> list[Cell]:
    """Call future dates scheduled, unless they are done: nothing is due there."""
    return [
        cell._replace(state=SCHEDULED, reason=None, expected=False)
        if cell.day > today and cell.state != DONE
        else cell
        for cell in cells
    ]


def summary(cells: Iterable[Cell], start: date | None = None, end: date | None = None) -> Coverage:
    """Sum up the cells of [start, end] (None: no bound)."""
    cells = [cell for cell in cells if (not start or start <= cell.day) and (not end or cell.day <= end)]
    days = {cell.day for cell in cells}
    lines = []
    for processor, table in PHASE4_TABLES if cells else ():
        own = [cell for cell in cells if cell.table == table]
        dates = sum(cell.state == DONE for cell in own)
        expected = sum(cell.expected for cell in own)
        states = Counter(cell.state for cell in own)
        lines.append(
            TableCoverage(
                processor,
                table,
                dates,
                expected,
                sum(cell.rows for cell in own),
                _status(dates, expected, states),
                {state: states[state] for state in (*STATES, SCHEDULED) if states[state]},
            )
        )
    return Coverage(min(days, default=None), max(days, default=None), len(days), lines)


def by_season(cells: Iterable[Cell]) -> dict[int, Coverage]:
    """Sum up each season, by its start year."""
    seasons: dict[int, list[Cell]] = {}
    for cell in cells:
        seasons.setdefault(cell.season, []).append(cell)
    return {season: summary(own) for season, own in sorted(seasons.items())}


def spans(cells: Sequence[Cell], states: Iterable[str]) -> list[Span]:
    """Collapse the cells in these states to ranges of consecutive dates."""
    states = set(states)
    found: list[Span] = []
    for table in ALL_TABLES:
        current: Span | None = None
        for cell in sorted((cell for cell in cells if cell.table == table), key=lambda cell: cell.day):
            if cell.state not in states:
                current = None
            elif current and (current.state, current.reason) == (cell.state, cell.reason):
                current = current._replace(end=cell.day, dates=current.dates + 1)
                found[-1] = current
            else:
                current = Span(table, cell.day, cell.day, 1, cell.state, cell.reason)
                found.append(current)
    return found


def worst_by_day(cells: Iterable[Cell]) -> dict[date, str]:
    """Return each date's worst state over the tables; exclusions count only when something is wrong."""
    worst: dict[date, str] = {}
    for cell in cells:
        if cell.table == EXCLUSIONS and cell.state in SETTLED:
            continue
        known = worst.get(cell.day)
        if known is None or RANKED.index(cell.state) > RANKED.index(known):
            worst[cell.day] = cell.state
    return worst


def phase3(connection: Connection) -> list[Phase3Coverage]:
    """Read dates and rows of Phase 3, by table and season."""
    lines = []
    dataset = (
        STAGING if phase3_is_external() else ANALYTICS
    )  # of external tables the views, which translate the columns
    there = connection.tables_in(dataset)
    for table, view, zones in (
        ("player_game_summary", "stg_nba__player_box", "has_zone_data"),
        ("team_offense_game_summary", "stg_nba__team_box", None),
        ("team_defense_game_summary", "stg_nba__team_defense", "has_zone_data"),
        ("upcoming_player_game_context", "stg_nba__upcoming_players", None),
    ):
        relation = view if phase3_is_external() else table
        if relation not in there:
            continue
        share = f"avg(cast({zones} as int))" if zones else "null"
        try:
            rows = connection.rows(
                f"select season_year, count(distinct game_date), count(*), {share} "
                f"from {dataset}.{relation} group by season_year order by season_year"
            )
        except WrongShapeError:
            continue  # a table with other columns: building it reports that
        lines += [
            Phase3Coverage(table, season_name(year), dates, count, zone_share)
            for year, dates, count, zone_share in rows
        ]
    return lines


def season_shares(connection: Connection) -> list[SeasonShares]:
    """Read by season the share of player rows with minutes and zones, and of feature rows that are ready."""
    known = _by_season(
        connection,
        (STAGING, "stg_nba__player_box"),
        "count(*), avg(case when minutes_played is not null then 1.0 else 0.0 end), avg(case when game_id in "
        f"(select game_id from {STAGING}.stg_nba__shots_by_player) then 1.0 else 0.0 end)",
    )
    ready = _by_season(
        connection,
        (PRECOMPUTE, "ml_feature_store"),
        "count(*), avg(case when is_production_ready then 1.0 else 0.0 end)",
    )
    return [
        SeasonShares(
            season_name(year),
            *_floats(known.get(year, (0, None, None))),
            *_floats(ready.get(year, (0, None))),
        )
        for year in sorted(known.keys() | ready.keys())
    ]


def _by_season(connection: Connection, table: tuple[str, str], columns: str) -> dict[int, tuple]:
    if not connection.has_table(*table):
        return {}
    try:
        rows = connection.rows(f"select season_year, {columns} from {'.'.join(table)} group by season_year")
    except WrongShapeError:
        return {}  # a table with other columns: building it reports that
    return {year: tuple(values) for year, *values in rows}


def _floats(values: tuple) -> tuple:
    count, *shares = values
    return count, *(None if share is None else float(share) for share in shares)


def _status(dates: int, expected: int, states: Counter[str]) -> str:
    if dates == 0 and expected and states[MISSING] == expected:
        return "empty"
    if states and not expected and states[SCHEDULED] == states.total():
        return SCHEDULED
    troubles = [
        f"{states[state]} {state.replace('_', ' ')}" for state in reversed(UNSETTLED) if states[state]
    ]
    return ", ".join(troubles) or "complete"


def _text(day: date | None) -> str | None:
    return str(day) if day else None
