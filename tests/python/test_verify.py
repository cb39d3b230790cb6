"""`verify` proves dates, finds what is wrong, goes on where it stopped, and does no work twice."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import date, timedelta
from math import nextafter
from pathlib import Path
from typing import NamedTuple

import duckdb
import pytest
from typer.testing import CliRunner

from orchestrate import app
from orchestrator.core.errors import UsageError, UserError
from orchestrator.core.project import PRECOMPUTE
from orchestrator.core.registry import ALL_TABLES
from orchestrator.verify.copies import BOX, SLATE, WHOLE, Cut, copies
from orchestrator.verify.differences import Difference, compare, moved_back
from orchestrator.verify.leaks import CHECK_LEAKS, CHECK_SLATES, Asked, Check, Verdict, verify
from orchestrator.verify.scratch import Scratch
from orchestrator.warehouse.duckdb_file import DuckDBFile
from tests.python.warehouses import PROJECT, build, change, copy_of, query, runner

DAY = date(2023, 11, 28)
BEFORE = DAY - timedelta(days=1)
RAW_OF_GAMES = ("games", "player_box", "team_box", "shots", "betting_lines")


@pytest.fixture(scope="module")
def league(demo_raw, tmp_path_factory) -> Path:
    """Five weeks of the demo league, with something at DAY for every window to see."""
    warehouse = copy_of(demo_raw, tmp_path_factory.mktemp("league"))
    change(
        warehouse,
        *(f"delete from nba_raw.{table} where game_date > date '{DAY}' + 2" for table in RAW_OF_GAMES),
        "delete from nba_raw.shots where rowid % 5 > 0",  # enough for zones, and quick to copy
    )
    teams = [
        team
        for (team,) in query(
            warehouse,
            "select team_abbreviation from nba_raw.team_box group by 1 having "
            f"bool_or(game_date = date '{DAY}') and not bool_or(game_date = date '{BEFORE}') "
            f"and bool_or(game_date between date '{DAY}' - 4 and date '{BEFORE}') order by 1",
        )
    ]
    few, hole, kind, names = teams[:4]

    def last(team: str, days: int) -> str:
        """Return the team's last game that is more than so many days before the date."""
        return (
            "(select arg_max(game_id, game_date) from nba_raw.team_box "
            f"where game_date < date '{DAY}' - {days} and team_abbreviation = '{team}')"
        )

    # One team has too few games.
    oldest = (
        f"(select game_id from nba_raw.team_box where team_abbreviation = '{few}' order by game_date limit 6)"
    )
    change(warehouse, *(f"delete from nba_raw.{table} where game_id in {oldest}" for table in RAW_OF_GAMES))
    # Box scores are missing: of a game, and of the only play-in game before the date, which has one itself.
    play_in = last(kind, -1)
    change(
        warehouse,
        f"update nba_raw.games set season_type = 'play_in' where game_id in ({last(kind, 7)}, {play_in})",
        *(
            f"delete from nba_raw.{table} where game_id in ({last(hole, 0)}, {last(kind, 7)})"
            for table in ("player_box", "shots", "team_box")
        ),
    )
    # Two players whom only a suffix tells apart: one has a transaction, the other joins the team at the date.
    (one,), (other,) = query(
        warehouse,
        f"select player_id from nba_raw.player_box where team_abbreviation = '{names}' group by 1 "
        f"having count(*) filter (game_date = date '{DAY}' and min > 0) = 1 and count(*) > 8 "
        "order by count(*) desc, 1 limit 2",
    )
    change(
        warehouse,
        f"delete from nba_raw.player_box where player_id = {other} and game_date < date '{DAY}'",
        *(
            f"update nba_raw.{table} set player_name = 'Zed Quux {suffix}' where player_id = {player}"
            for table in ("player_box", "players")
            for player, suffix in ((one, "Jr."), (other, "II"))
        ),
        f"insert into nba_raw.injury_events (event_date, team_nickname, player_name, relinquished, notes) "
        f"select date '{BEFORE}', nickname, 'Zed Quux', 'Zed Quux', 'placed on IL' "
        f"from read_csv('{PROJECT / 'seeds' / 'nba_teams.csv'}') where team_abbr = '{names}'",
    )
    build(warehouse, BEFORE, DAY)
    return warehouse


class KilledError(Exception):
    """Stands for a kill after the proofs of a build were stored."""


def prove(warehouse: Path, check=CHECK_LEAKS, *, builds: int | None = None, **asked) -> Verdict:
    """Verify, a date per build; with `builds`, until so many are done."""
    done = 0

    def progress(verdict: Verdict, remaining: int) -> None:
        nonlocal done
        done += 1
        if done == builds:
            raise KilledError

    (found,) = verify(
        DuckDBFile(warehouse), [check], Asked(**{"batch": 1, **asked}), lambda file: runner(), progress
    )
    return found


def content(warehouse: Path) -> list[tuple]:
    """Return hashes of all that a run may have changed."""
    return [
        query(warehouse, f"select count(*), sum(hash(cast(row as varchar))) from {table} as row")
        for table in ("nba_raw.player_box", *(f"{PRECOMPUTE}.{name}" for name in (*ALL_TABLES, "receipts")))
    ]


def test_a_killed_verify_goes_on_finds_a_tampered_row_and_proves_only_what_changed(
    league, tmp_path, monkeypatch
):
    warehouse = copy_of(league, tmp_path)
    days = (BEFORE, DAY)
    before = content(warehouse)
    with pytest.raises(KilledError):
        prove(warehouse, dates=days, builds=1)
    assert content(warehouse) == before
    proven = f"select distinct analysis_date from {PRECOMPUTE}.proofs order by 1"
    assert query(warehouse, proven) == [(BEFORE,)]
    for (rows_hash,) in query(warehouse, f"select rows_hash from {PRECOMPUTE}.proofs"):
        assert rows_hash == "none" or rows_hash.isdigit()  # a whole number: its sum has no rounding
    assert not (DuckDBFile(warehouse).state_folder / "verify").exists()

    # A bit of a double, in a row that waits for its proof.
    cache = f"{PRECOMPUTE}.player_daily_cache"
    on_the_day = f"analysis_date = date '{DAY}' and points_avg_season > 0"
    ((who, true),) = query(
        warehouse,
        "select min(player_lookup), arg_min(points_avg_season, player_lookup) "
        f"from {cache} where {on_the_day}",
    )
    false = nextafter(true, 1000)
    to = f"update {cache} set points_avg_season = {{!r}} where player_lookup = '{who}' and {on_the_day}"
    change(warehouse, to.format(false))
    found = prove(warehouse, dates=days)
    assert (found.proven_before, found.proven, found.different) == (1, 0, {DAY: 1})
    (difference,) = found.differences
    assert difference == Difference("player_daily_cache", DAY, who, "points_avg_season", false, true)
    assert all(text in str(difference) for text in (who, "points_avg_season", repr(true), repr(false)))
    assert query(warehouse, proven) == [(BEFORE,)]

    # The row as it was; and another one, proven before, loses its own.
    change(
        warehouse,
        to.format(true),
        f"update {PRECOMPUTE}.team_defense_zone_analysis set opponent_pace = 0 where team_abbr = 'BOS' "
        f"and analysis_date = date '{BEFORE}'",
    )
    monkeypatch.setenv("NBA_DUCKDB_PATH", str(warehouse))
    asked = ["verify", "--leaks", "--dates", f"{BEFORE},{DAY}", "--json"]
    result = CliRunner().invoke(app, asked, obj=lambda file, run_id="": runner())
    (found,) = json.loads(result.stdout)["checks"]
    assert (found["proven_before"], found["proven_now"]) == (0, 1)
    assert found["different_columns"] == {"team_defense_zone_analysis": {"opponent_pace": 1}}
    assert result.exit_code == 1
    assert query(warehouse, proven) == [(DAY,)]


def test_a_date_without_rows_is_proven_though_an_older_version_built_it(league, tmp_path):
    warehouse, opening = copy_of(league, tmp_path), date(2023, 10, 30)
    build(warehouse, opening, opening)
    of_the_day = f"{PRECOMPUTE}.receipts set logic_version = 'older' where analysis_date = date '{opening}'"
    older = f"update {of_the_day} and row_count {{}}"
    change(warehouse, older.format("= 0"))
    found = prove(warehouse, dates=(opening,))
    assert (found.proven, found.left_out) == (1, {})
    change(warehouse, older.format("> 0"))
    assert prove(warehouse, dates=(opening,)).left_out == {"stale_logic": 1}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["--dates", "3"], "say what to verify: --leaks, --slates"),
        (["--leaks", "--dates", "0"], "--dates 0 proves nothing"),
        (["--leaks", "--dates", "soon"], "write them as 2022-01-10,2022-01-12"),
        (["--leaks", "--dates", "2023-11-23"], "the nearest are 2023-11-22 and 2023-11-24"),
        (["--leaks", "--season", "2030-31"], "no season 2030-31: it has 2023-24"),
    ],
)
def test_what_cannot_be_verified_is_a_message(league, monkeypatch, asked, said):
    monkeypatch.setenv("NBA_DUCKDB_PATH", str(league))
    result = CliRunner().invoke(app, ["verify", *asked])
    assert isinstance(result.exception, UserError)
    assert said in str(result.exception)


def test_verify_says_where_it_does_not_work(league, monkeypatch):
    with pytest.raises(UsageError, match="on a DuckDB warehouse only"):
        verify(object(), [CHECK_LEAKS], Asked(), runner)
    monkeypatch.setenv("NBA_PHASE3", "external")
    with pytest.raises(UsageError, match="NBA_PHASE3=external"):
        prove(league)


def test_nothing_is_proven_before_something_is_built(demo_raw):
    with pytest.raises(UserError, match="nothing was built yet"):
        prove(demo_raw)


# --- planted leaks -------------------------------------------------------------------------------

# Where `<` may become `<=` and no row can tell, or nothing unknown is used; everything else must be caught.
EQUIVALENT = {
    ("int_participant_context", "in_last_days('game_date', 'analysis_date', days)"): (
        "only games that are known before the date get there"
    ),
    ("int_participant_context", "in_last_days('games.game_date', 'participants.analysis_date', 7)"): (
        "the join to the last 14 days lets no game of the date through"
    ),
    (
        "int_participant_context",
        "in_last_days('games.previous_game_date', 'participants.analysis_date', 14)",
    ): ("a game before one that is known is known, too"),
    ("upcoming_player_game_context", "in_last_days('player_games.game_date', 'slate_dates.game_date', 30)"): (
        "nobody has a box score on the date of a slate"
    ),
}
NO_LEAK = {
    ("int_participant_context", "newest_known('opponent_schedule', 'participants')"): (
        "a wrong number made from the schedule, which is known before tip-off"
    ),
}
AS_OF = re.compile(r"(?:known_before|newest_known|in_last_days)\((?:[^()]|\([^()]*\))*\)")
# Compares two games, or a game with a transaction, both before the date.
NO_WINDOW = re.compile(r"newest_hole|newest_gap|'injury_events.event_date'\)")
CUT = Cut(DAY, 2023)


class Place(NamedTuple):
    """One use of the as-of rule."""

    model: str
    call: str

    @property
    def date(self) -> str:
        """The SQL of the date that the rows are for."""
        argument = re.findall(r"'([^']*)'", self.call)[1]
        return f"{argument}.analysis_date" if self.call.startswith("newest_known") else argument

    def leaking_on(self, days: Sequence[date]) -> str:
        """Return the call so that its `<` is `<=` on these dates, and on no other."""
        listed = ", ".join(f"date '{day}'" for day in days)
        leaky = f"{self.call}.replace(' < ', ' <= ')"
        when = f"case when {self.date} in ({listed})"
        return f"""("({when} then (" ~ {leaky} ~ ") else (" ~ {self.call} ~ ") end)")"""


def places() -> list[Place]:
    """Return every use of the as-of rule in what the public tables are made from."""
    nodes, found = runner()._manifest.nodes, set()
    todo = [f"model.nba_phase4.{table}" for table in ALL_TABLES]
    for id in todo:  # grows
        node = nodes.get(id)
        if node and node.resource_type == "model" and node.fqn[-2] not in ("fingerprints", "coverage"):
            todo += [parent for parent in node.depends_on.nodes if parent not in todo]
            calls = {call for call in AS_OF.findall(node.raw_code) if not NO_WINDOW.search(call)}
            found |= {Place(node.name, call) for call in calls}
    return sorted(found)


class Planted:
    """A scratch warehouse in which every window leaks, each in copies of its own; the last copies are sound.

    Of each there is the season as it is, which stands for the stored rows, and what the two checks build.
    """

    def __init__(self, league: Path):
        self.places = places()
        chosen = copies((CUT, kind) for kind in (WHOLE, BOX, SLATE) for _ in range(len(self.places) + 1))
        self._copies = {kind: [copy for copy in chosen if copy.kind == kind] for kind in (WHOLE, BOX, SLATE)}
        self.scratch = Scratch(DuckDBFile(league), lambda warehouse: runner())
        with self._leaks():
            self.scratch.build(chosen)

    @contextmanager
    def _leaks(self) -> Iterator[None]:
        nodes = {node.name: node for node in runner()._manifest.nodes.values()}
        before = {place.model: nodes[place.model].raw_code for place in self.places}
        for number, (model, call) in enumerate(self.places):
            days = [DAY + timedelta(days=own[number].shift) for own in self._copies.values()]
            code = nodes[model].raw_code
            nodes[model].raw_code = code.replace(call, Place(model, call).leaking_on(days))
            assert nodes[model].raw_code != code
        try:
            yield
        finally:
            for model, code in before.items():
                nodes[model].raw_code = code

    def differs(self, check: Check, number: int = -1, *, kind: str = "", of: int | None = None) -> bool:
        """Tell whether a season as it is and the copies of a check differ, in any table.

        With `kind` and `of`, compare with other copies.
        """
        whole = self._copies[WHOLE][number if of is None else of].number
        other = self._copies[kind or check.kind][number].number
        with duckdb.connect(str(self.scratch.file.path)) as connection:
            ((database,),) = connection.execute("select current_database()").fetchall()
            connection.execute("attach ':memory:' as stored")
            connection.execute(f"create schema stored.{PRECOMPUTE}")
            connection.execute(
                f"create temp table copies as from {database}.main.copies where copy = {other}"
            )
            for table in check.tables:
                types = connection.execute(
                    "select column_name, data_type from duckdb_columns() "
                    "where schema_name = ? and table_name = ? order by column_index",
                    [PRECOMPUTE, table],
                ).fetchall()
                connection.execute(
                    f"create table stored.{PRECOMPUTE}.{table} as "
                    f"select {', '.join(moved_back(*column) for column in types)} "
                    f"from {PRECOMPUTE}.{table} as source inner join {database}.main.copies as copies "
                    f"on source.season_year = copies.new_season and copies.copy = {whole}"
                )
                compared = compare(
                    connection, table, dict(check.may_differ), same_game=table in check.same_game
                )
                assert compared.rows, table
                if compared.different:
                    return True
        return False


@pytest.fixture(scope="module")
def planted(league) -> Iterator[Planted]:
    found = Planted(league)
    with closing(found.scratch):
        yield found


def test_every_planted_leak_is_caught(planted):
    assert not planted.differs(CHECK_LEAKS)
    assert not planted.differs(CHECK_SLATES)
    assert len(planted.places) > 15
    assert {*EQUIVALENT, *NO_LEAK} <= {*planted.places}
    missed = []
    for number, place in enumerate(planted.places):
        caught = planted.differs(CHECK_LEAKS, number) or planted.differs(CHECK_SLATES, number)
        if place in EQUIVALENT or place in NO_LEAK:
            changes = planted.differs(CHECK_LEAKS, number, kind=WHOLE, of=-1)
            assert not caught, place
            assert changes == (place in NO_LEAK), place
        elif not caught:
            missed.append(place)
    assert not missed
