"""kill -9 at random moments: after each one the warehouse is checked, and the work goes on with it."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from tests.chaos.ground import Ended, Ground, finish, kill, last_run, phase, run, start
from tests.chaos.truth import State, Verdict, judge, look

FILL, REBUILD, CORRECT = "fill", "rebuild", "correct"
KINDS = (FILL, REBUILD, FILL, CORRECT, REBUILD)
KILLS_A_ROUND = 20
LONGEST_WAIT = 7.0
"""Seconds a run is given, at most, before it is killed."""
SHARE_BY_STATEMENT = 0.35
"""Of the kills, how many strike right after a statement: hooks and commits take too little time to be hit
otherwise."""
STATEMENTS = 40
"""How many statements that count a run of a window or two executes, about."""
WINDOW_SECONDS = 5.0


@dataclass
class Tally:
    """What came of the kills so far."""

    kills: int = 0
    phases: Counter = field(default_factory=Counter)
    kinds: Counter = field(default_factory=Counter)
    dates: int = 0
    """Inconsistent dates, over all looks."""
    lost: int = 0
    doubled: int = 0
    left_by_kills: int = 0
    """Temporary tables that a kill left (and the next run has to clear away)."""
    left_at_the_end: int = 0
    unequal: int = 0
    """Rounds whose finished warehouse was not as an undisturbed one."""
    refused: int = 0
    """Runs that ended by themselves, and not well."""
    runs: list[int] = field(default_factory=list)
    """Runs each round needed to finish."""
    troubles: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not (
            self.dates or self.lost or self.doubled or self.left_at_the_end or self.unequal or self.refused
        )

    def add(self, verdict: Verdict, what: str) -> None:
        """Count what a look at the warehouse found."""
        self.dates += len(verdict.dates)
        self.lost += verdict.lost
        self.doubled += verdict.doubled
        if not verdict.ok:
            self.troubles.append(f"{what}: {verdict}")

    def lines(self) -> list[str]:
        """Draw the table."""
        runs = sorted(self.runs) or [0]
        rows = [
            ("kills", self.kills),
            *((f"  while: {name}", count) for name, count in self.phases.most_common()),
            *((f"  of a run to {name}", count) for name, count in self.kinds.most_common()),
            ("rounds finished", len(self.runs)),
            ("runs a round needed", f"{runs[0]} to {runs[-1]}, median {runs[len(runs) // 2]}"),
            ("inconsistent dates", self.dates),
            ("rows lost", self.lost),
            ("rows doubled", self.doubled),
            ("finished warehouses unlike the undisturbed one", self.unequal),
            ("runs that refused to go on", self.refused),
            ("temporary tables left by kills", self.left_by_kills),
            ("temporary tables left at the end", self.left_at_the_end),
        ]
        return [f"{name:<50} {value:>24}" for name, value in rows]


class Killing:
    """Rounds of kills, each on a fresh copy of a warehouse, until it is finished all the same."""

    def __init__(
        self,
        ground: Ground,
        seed: int,
        say: Callable[[str], None] = lambda text: None,
        sabotage: Callable[[Path], None] = lambda warehouse: None,
    ):
        self._ground = ground
        self._random = random.Random(seed)
        self._say = say
        self._sabotage = sabotage
        """Damages a warehouse after each kill: to see that the checks notice."""
        self.tally = Tally()

    def until(self, kills: int, kinds: tuple[str, ...] = KINDS, per_round: int = KILLS_A_ROUND) -> Tally:
        """Kill so many runs."""
        number = 0
        while self.tally.kills < kills:
            self._round(kinds[number % len(kinds)], min(per_round, kills - self.tally.kills))
            number += 1
            tally = self.tally
            self._say(
                f"round {number}: {tally.kills} kills, {tally.dates} dates inconsistent, {tally.lost} rows "
                f"lost, {tally.doubled} doubled, {tally.unequal} unequal, {tally.refused} refused"
            )
        return self.tally

    def _round(self, kind: str, kills: int) -> None:
        ground = self._ground
        truth, allowed = ground.truth, [ground.truth]
        source = ground.raw if kind == FILL else ground.built
        if kind == CORRECT:
            source, truth = ground.corrected()
            allowed = [ground.truth, truth]
        with ground.trial(source) as warehouse:
            began = datetime.now(UTC).replace(tzinfo=None)
            runs, killed = 0, 0
            while killed < kills:
                runs += 1
                ended = self._killed_or_ended(warehouse, kind)
                if ended:
                    self._note_refusal(ended, warehouse, kind)
                    break
                killed += 1
                self.tally.kinds[kind] += 1
                self._sabotage(warehouse)
                state = look(warehouse)
                self.tally.left_by_kills += len(state.leftovers)
                self.tally.add(
                    judge(state, allowed, may_be_absent=kind == FILL), f"{kind}, kill {self.tally.kills}"
                )
            else:
                for _ in range(3):
                    runs += 1
                    ended = run(warehouse, *self._command(warehouse, kind, largest=True))
                    if ended.code == 0:
                        break
                self._note_refusal(ended, warehouse, kind)
            self.tally.runs.append(runs)
            self._compare(warehouse, truth, kind, began)

    def _killed_or_ended(self, warehouse: Path, kind: str) -> Ended | None:
        """Start a run and kill it; how it ended, if it did before."""
        rng = self._random
        command = self._command(warehouse, kind)
        since = time.monotonic()
        if rng.random() < SHARE_BY_STATEMENT:
            mark = warehouse.with_name("mark.txt")
            mark.unlink(missing_ok=True)
            number = rng.randint(1, STATEMENTS)
            process = start(warehouse, *command, program=("tests/chaos/dying.py", "rows", number, mark))
            ended = finish(process, warehouse, since)
            if not mark.exists():
                return ended
            self.tally.phases[f"right after: {_short(mark.read_text())}"] += 1
        else:
            process = start(warehouse, *command)
            time.sleep(rng.uniform(0, self._expected(warehouse, command)))
            if not kill(process):
                return finish(process, warehouse, since)
            process.wait()
            self.tally.phases[phase(warehouse, process.pid)] += 1
        self.tally.kills += 1
        return None

    def _command(self, warehouse: Path, kind: str, largest: bool = False) -> list[object]:
        rng = self._random
        size = rng.choices([rng.randint(1, 5), rng.randint(6, 40), rng.randint(41, 250)], weights=[1, 2, 7])[
            0
        ]
        window = 650 if largest else size
        if kind != REBUILD:
            return ["backfill", "--window", window]
        # What is there looks finished: only the progress file knows what is left to rebuild. Whoever resumes
        # keeps the windows, and a hundred small ones would take minutes to finish after the last kill.
        found = last_run(warehouse)
        return ["resume"] if found else ["backfill", "--only", "all", "--window", max(window, 20)]

    def _expected(self, warehouse: Path, command: list[object]) -> float:
        """Guess how long the run would take."""
        windows = 2.0
        if "--window" in command:
            windows = 207 / float(command[command.index("--window") + 1])
        elif found := last_run(warehouse):
            windows = found["windows"].get("planned", 1)
        fresh = 4.0 if last_run(warehouse) is None else 2.0
        return min(fresh + max(1.0, windows) * WINDOW_SECONDS, LONGEST_WAIT)

    def _note_refusal(self, ended: Ended, warehouse: Path, kind: str) -> None:
        if ended.code:
            self.tally.refused += 1
            self.tally.troubles.append(f"{kind}: exit {ended.code}: {ended.last_words()} ({warehouse})")

    def _compare(self, warehouse: Path, truth: State, kind: str, began: datetime) -> None:
        state = look(warehouse)
        self.tally.left_at_the_end += len(state.leftovers)
        if state.leftovers:
            self.tally.troubles.append(f"{kind}, finished, and left: {', '.join(state.leftovers)}")
        verdict = judge(state, [truth], may_be_absent=False)
        if not verdict.ok:
            self.tally.unequal += 1
            self.tally.add(verdict, f"{kind}, finished")
        if kind == REBUILD and (old := _built_before(warehouse, began)):
            self.tally.unequal += 1
            self.tally.troubles.append(f"{kind}: {old} dates were not built again")


def throw_away_rows(warehouse: Path) -> None:
    """Damage a warehouse: a date loses half its rows, another gets one twice."""
    with duckdb.connect(str(warehouse)) as connection:
        there = connection.execute(
            "select 1 from duckdb_tables() where table_name = 'player_daily_cache'"
        ).fetchall()
        if there:
            table = "nba_precompute.player_daily_cache"
            connection.execute(
                f"delete from {table} where analysis_date = (select min(analysis_date) from {table}) "
                "and hash(player_lookup) % 2 = 0"
            )
            connection.execute(
                f"insert into {table} from {table} "
                f"where analysis_date = (select max(analysis_date) from {table}) limit 1"
            )


def _built_before(warehouse: Path, moment: datetime) -> int:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        ((count,),) = connection.execute(
            "select count(*) from nba_precompute.receipts where built_at < ?", [moment]
        ).fetchall()
    return count


def _short(sql: str) -> str:
    """Name a statement."""
    words = sql.rpartition("*/")[2].lower().split()
    if words[0] == "commit":
        return "a commit"
    if "receipts" in " ".join(words[:8]):
        return "writing receipts" if words[0] == "delete" else "making their table"
    return "making a temporary table" if "temporary" in words[:3] else "writing a Phase 4 table"
