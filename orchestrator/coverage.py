"""What is there and what should be: read from the warehouse's own coverage model, computed nowhere else."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date

import duckdb

from orchestrator.errors import UserError
from orchestrator.project import PHASE4_TABLES
from orchestrator.warehouse import LOAD_FIRST, has_table


@dataclass(frozen=True)
class TableCoverage:
    """One line of the coverage table."""

    processor: str
    table: str
    dates: int
    """Expected dates that are there."""
    expected: int
    """Dates that should have rows: the calendar less bootstrap, dates without box scores, too few games."""
    rows: int
    status: str
    """`complete`, `N missing`, or `empty`."""


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
class Coverage:
    """The state of the warehouse over a range of dates."""

    start: date | None
    end: date | None
    game_dates: int
    phase4: list[TableCoverage]
    phase3: list[Phase3Coverage]

    @property
    def complete(self) -> bool:
        """Are all expected dates there?"""
        return bool(self.phase4) and all(line.dates == line.expected for line in self.phase4)

    def as_json(self) -> dict:
        """Return the coverage as JSON-ready data (the shape is documented in the README)."""
        return {
            "start": str(self.start) if self.start else None,
            "end": str(self.end) if self.end else None,
            "game_dates": self.game_dates,
            "complete": self.complete,
            "phase4": [asdict(line) for line in self.phase4],
            "phase3": [asdict(line) for line in self.phase3],
        }


def check_raw(connection: duckdb.DuckDBPyConnection) -> None:
    """Raise a UserError when the warehouse holds no games."""
    if not has_table(connection, "nba_raw", "games"):
        raise UserError(f"the warehouse holds no raw data: {LOAD_FIRST}")


def scheduled(connection: duckdb.DuckDBPyConnection) -> dict[date, int]:
    """Return every game date of the schedule and its season (start year)."""
    rows = connection.execute(
        "select game_date, season_year from nba_intermediate.int_game_dates order by game_date"
    )
    return dict(rows.fetchall())


def exhibition_dates(connection: duckdb.DuckDBPyConnection) -> set[date]:
    """Return the schedule's dates on which a team that is not one of the 30 appears."""
    rows = connection.execute("select distinct game_date from nba_staging.stg_nba__non_nba_teams")
    return {day for (day,) in rows.fetchall()}


def missing_dates(connection: duckdb.DuckDBPyConnection) -> set[date]:
    """Return the game dates on which some table is not as it should be."""
    if not has_table(connection, "nba_precompute", "phase4_coverage"):
        return set(scheduled(connection))
    rows = connection.execute(
        "select distinct analysis_date from nba_precompute.phase4_coverage where state = 'missing'"
    )
    return {day for (day,) in rows.fetchall()}


def is_planned(connection: duckdb.DuckDBPyConnection) -> bool:
    """Tell whether the coverage model exists, so that nothing needs dbt to know what is missing."""
    return has_table(connection, "nba_precompute", "phase4_coverage")


def coverage(
    connection: duckdb.DuckDBPyConnection, start: date | None = None, end: date | None = None
) -> Coverage:
    """Read the coverage of [start, end] (None: everything the schedule has)."""
    bounds = [start or date.min, end or date.max]
    phase4 = []
    first = last = None
    game_dates = 0
    if is_planned(connection):
        first, last, game_dates = connection.execute(
            "select min(game_date), max(game_date), count(*) from nba_intermediate.int_game_dates"
            " where game_date between ? and ?",
            bounds,
        ).fetchone()
        found = {
            table: counts
            for table, *counts in connection.execute(
                "select table_name, count(*) filter (state = 'done'), count(*) filter (is_expected), "
                "cast(sum(row_count) as bigint), count(*) filter (state = 'missing') "
                "from nba_precompute.phase4_coverage where analysis_date between ? and ? group by table_name",
                bounds,
            ).fetchall()
        }
        for processor, table in PHASE4_TABLES:
            dates, expected, rows, missing = found.get(table, (0, 0, 0, 0))
            phase4.append(
                TableCoverage(processor, table, dates, expected, rows, _status(dates, expected, missing))
            )
    return Coverage(first, last, game_dates, phase4, _phase3(connection, bounds))


def _status(dates: int, expected: int, missing: int) -> str:
    if dates == 0 and expected:
        return "empty"
    if dates < expected:
        return f"{expected - dates} missing"
    # A date that expects no rows, but was never looked at, is nothing to worry about; it gets built anyway.
    return "complete" if not missing else f"complete, {missing} to visit"


def _phase3(connection: duckdb.DuckDBPyConnection, bounds: list[date]) -> list[Phase3Coverage]:
    lines = []
    for table, zones in (
        ("player_game_summary", "has_zone_data"),
        ("team_offense_game_summary", None),
        ("team_defense_game_summary", "has_zone_data"),
        ("upcoming_player_game_context", None),
    ):
        if not has_table(connection, "nba_analytics", table):
            continue
        share = f"avg(cast({zones} as int))" if zones else "null"
        rows = connection.execute(
            f"select season_year, count(distinct game_date), count(*), {share} from nba_analytics.{table} "
            "where game_date between ? and ? group by season_year order by season_year",
            bounds,
        ).fetchall()
        lines += [
            Phase3Coverage(table, f"{year}-{(year + 1) % 100:02d}", dates, count, zone_share)
            for year, dates, count, zone_share in rows
        ]
    return lines
