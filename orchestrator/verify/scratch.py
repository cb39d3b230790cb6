"""The scratch warehouse: copies of seasons as raw data, built by dbt from the project's own models."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.core.errors import UserError
from orchestrator.core.project import INTERMEDIATE, RAW, STAGING
from orchestrator.core.registry import ALL_TABLES
from orchestrator.core.windows import Window
from orchestrator.verify.copies import BOX, SLATE, WHOLE, Copy
from orchestrator.verify.differences import columns_of
from orchestrator.warehouse.duckdb_file import DuckDBFile

if TYPE_CHECKING:
    import duckdb

    from orchestrator.dbt.runner import MakeRunner, Runner, RunResult

SCHEDULE = f"{STAGING}.stg_nba__scheduled_games"
DATES = f"{INTERMEDIATE}.int_analysis_dates"
HASHES = f"{INTERMEDIATE}.int_window_input_hashes"
GIVEN = ("int_analysis_dates", "int_window_input_hashes")
"""Tables of a run that are given to dbt: the dates, cut down to those of the copies, and the fingerprints,
which no row depends on."""

# What says who took part, and when and where, in a row of a player's box score.
_PLAYERS_IDENTITY = ("player_id", "team_id")
_NUMBERS = ("DOUBLE", "BIGINT")


class Scratch:
    """A warehouse of copies, beside the real one. The real one is attached as `stored`, read-only."""

    def __init__(self, warehouse: DuckDBFile, make_runner: MakeRunner):
        self._warehouse = warehouse
        folder = warehouse.state_folder / "verify"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        # The same name: dbt calls the database by it, and would parse the project anew for another.
        self.file = DuckDBFile(folder / warehouse.path.name)
        self._runner: Runner = make_runner(self.file)
        self._make()

    def close(self) -> None:
        """Delete the files."""
        self._runner.release()
        shutil.rmtree(self.file.path.parent, ignore_errors=True)

    @contextmanager
    def open(self) -> Generator[duckdb.DuckDBPyConnection]:
        """Open it, with the real warehouse attached; dbt must not be at work."""
        import duckdb

        memory = os.environ.get("NBA_DUCKDB_MEMORY", "1GB")
        with duckdb.connect(str(self.file.path), config={"memory_limit": memory}) as connection:
            try:
                connection.execute(f"attach '{_quoted(self._warehouse.path)}' as stored (read_only)")
            except duckdb.Error as error:
                raise self._warehouse.explained(error) or error from error
            yield connection

    def build(self, chosen: Sequence[Copy]) -> None:
        """Fill it with copies, and have dbt build the rows of their dates."""
        with self.open() as connection:
            self._fill(connection, chosen)
        window = Window(date(chosen[0].year, 10, 1), date(chosen[-1].year + 2, 9, 30), len(chosen))
        self._succeed(self.dbt(window, ("int_analysis_dates",), given=("int_window_input_hashes",)))
        with self.open() as connection:
            connection.execute(
                f"delete from {DATES} where analysis_date not in (select cut + shift from copies)"
            )
        self._succeed(self.dbt(window, tuple(f"+{table}" for table in ALL_TABLES)))

    def dbt(self, window: Window, models: Sequence[str], given: Sequence[str] = GIVEN) -> RunResult:
        """Have dbt build models here; the views, and the given tables, stay as they are."""
        with _path(self.file.path):
            return self._runner.build_on(window, models, given)

    def logic_versions(self) -> dict[str, str]:
        """Return the logic version that each table gets here: that of today's code."""
        with self.open() as connection:
            return dict(
                connection.execute(
                    f"select table_name, logic_version from {INTERMEDIATE}.int_logic_versions"
                ).fetchall()
            )

    def _succeed(self, result: RunResult) -> None:
        if not result.success:
            raise UserError(f"the scratch copy could not be built:\n  {result.messages}")

    def _make(self) -> None:
        import duckdb

        with duckdb.connect(str(self.file.path)):
            pass
        with self.open() as connection:
            connection.execute(f"create schema {RAW}")
            for table in _raw_tables(connection):
                connection.execute(f"create table {RAW}.{table} as from stored.{RAW}.{table} limit 0")
            connection.execute(
                "create table copies (copy integer, cut date, season bigint, shift integer, "
                "new_season bigint, new_name varchar, suffix varchar, kind varchar)"
            )
        with _path(self.file.path):
            self._succeed(self._runner.prepare_for(ALL_TABLES))
        with self.open() as connection:
            # The one rule that looks at the whole schedule, beyond the season (contract R15: what was not
            # played). So each copy's schedule is staged by itself, by the same view under another name.
            connection.execute(f"alter view {SCHEDULE} rename to {_name(SCHEDULE)}_of_a_copy")
            connection.execute(f"create table {SCHEDULE} as from {SCHEDULE}_of_a_copy limit 0")
            connection.execute(
                f"create table {HASHES} (table_name varchar, analysis_date date, season_year bigint, "
                "input_hash varchar)"
            )

    def _fill(self, connection: duckdb.DuckDBPyConnection, chosen: Sequence[Copy]) -> None:
        with self._warehouse.reading() as real:
            off = real.rows(f"select game_id from {SCHEDULE} where was_not_played")
            names = real.rows(
                f"select player_id, player_full_name, player_position from {STAGING}.stg_nba__players"
            )
        connection.execute("begin")
        for table in (f"{RAW}.{name}" for name in _raw_tables(connection)):
            connection.execute(f"delete from {table}")
        connection.execute(f"delete from {SCHEDULE}")
        connection.execute("delete from copies")
        connection.executemany(
            "insert into copies values (?, ?, ?, ?, ?, ?, ?, ?)", [copy.row for copy in chosen]
        )
        # The newest row of a game says when it is. A game of the date itself that was not played is left out:
        # its date's games were played, and only that tells the two apart.
        connection.execute(
            f"""
            create or replace temp table placed as
            select games.game_id, copies.*, games.game_date = copies.cut as is_day
            from (
                from stored.{RAW}.games
                qualify row_number() over (partition by game_id order by ingested_at desc) = 1
            ) as games
            inner join copies
                on copies.season = coalesce(
                    cast(substr(games.season, 1, 4) as bigint),
                    year(games.game_date) - if(month(games.game_date) < 10, 1, 0)
                )
                and (games.game_date <= copies.cut or copies.kind = '{WHOLE}')
            where not (is_day and games.game_id in (select unnest(?::varchar[])))
            """,
            [[game for (game,) in off]],
        )
        _insert(
            connection,
            "players",
            "(select unnest(?::bigint[]) as player_id, unnest(?::varchar[]) as player_name, "
            "unnest(?::varchar[]) as position) as source",
            {"player_id": "player_id", "player_name": "player_name", "position": "position",
             "ingested_at": "timestamp '2000-01-01'"},
            [list(column) for column in zip(*names, strict=True)] or [[], [], []],
        )  # fmt: skip
        _insert_games(connection, chosen)
        _insert_of_games(connection, "player_box", _false_box(connection), "(not is_day or kind != 'slate')")
        _insert_of_games(connection, "team_box", {}, f"(not is_day or kind = '{WHOLE}')")
        _insert_of_games(connection, "shots", {}, f"(not is_day or kind = '{WHOLE}')")
        _insert_of_games(connection, "betting_lines", {}, "true")
        columns = columns_of(connection, RAW, "injury_events")
        _insert(
            connection,
            "injury_events",
            f"stored.{RAW}.injury_events as source inner join copies "
            "on source.event_date >= make_date(season, 10, 1) "
            f"and (source.event_date < cut or kind = '{WHOLE}')",
            {name: f"source.{name}" for name in columns} | {"event_date": "source.event_date + shift"},
        )
        connection.execute("commit")


def _insert_games(connection: duckdb.DuckDBPyConnection, chosen: Sequence[Copy]) -> None:
    """Insert the schedule of each copy, and have it staged before that of the next one is there."""
    score = (
        "case when is_day and kind = '{slate}' then null "
        "when is_day and kind = '{box}' and source.home_score is not null and source.away_score is not null "
        "then if(source.home_score < source.away_score, {loser}, {winner}) else source.{name} end"
    )
    changed = {
        "home_score": score.format(slate=SLATE, box=BOX, loser=201, winner=2, name="home_score"),
        "away_score": score.format(slate=SLATE, box=BOX, loser=3, winner=202, name="away_score"),
        "game_status": f"if(is_day and kind = '{SLATE}', null, source.game_status)",
    }
    connection.execute(f"create or replace temp table all_games as from {RAW}.games limit 0")
    _insert_of_games(connection, "games", changed, "true", into="all_games")
    for copy in chosen:
        connection.execute(f"delete from {RAW}.games")
        connection.execute(
            f"insert into {RAW}.games from all_games where ends_with(game_id, ?)", [copy.row[6]]
        )
        connection.execute(f"insert into {SCHEDULE} from {SCHEDULE}_of_a_copy")
    connection.execute(f"delete from {RAW}.games")
    connection.execute(f"insert into {RAW}.games from all_games")


def _false_box(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return false numbers for the box scores of the date: half of the players did nothing, half too much."""
    false = {"wl": "if(source.wl = 'W', 'L', 'W')"}
    for name, type_ in columns_of(connection, RAW, "player_box").items():
        if type_ in _NUMBERS and name not in _PLAYERS_IDENTITY:
            false[name] = f"if(source.player_id % 2 = 0, 0, coalesce(source.{name}, 0) + 1000)"
    return {
        name: f"if(is_day and kind = '{BOX}', {expression}, source.{name})"
        for name, expression in false.items()
    }


def _insert_of_games(
    connection: duckdb.DuckDBPyConnection, table: str, changed: dict[str, str], where: str, into: str = ""
) -> None:
    """Insert the rows that belong to games of the copies."""
    columns = columns_of(connection, RAW, table)
    moved = {
        "game_id": "source.game_id || suffix",
        "game_date": "source.game_date + shift",
        "season": "if(source.season is null, null, new_name)",
    }
    _insert(
        connection,
        table,
        f"stored.{RAW}.{table} as source inner join placed on source.game_id = placed.game_id where {where}",
        {name: f"source.{name}" for name in columns}
        | {name: sql for name, sql in (moved | changed).items() if name in columns},
        into=into,
    )


def _insert(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    source: str,
    columns: dict[str, str],
    values: Sequence[object] = (),
    into: str = "",
) -> None:
    connection.execute(
        f"insert into {into or f'{RAW}.{table}'} ({', '.join(columns)}) "
        f"select {', '.join(columns.values())} from {source}",
        values,
    )


def _raw_tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    return [
        name
        for (name,) in connection.execute(
            "select table_name from duckdb_tables() where database_name = 'stored' and schema_name = ?", [RAW]
        ).fetchall()
    ]


def _name(relation: str) -> str:
    return relation.rpartition(".")[2]


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


@contextmanager
def _path(path: Path) -> Generator[None]:
    from orchestrator.dbt.runner import environment

    with environment("NBA_DUCKDB_PATH", str(path)):
        yield
