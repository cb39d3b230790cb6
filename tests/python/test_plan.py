"""The plan says what its windows write, whatever state the dates are in, and a backfill does just that."""

import json
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.core import clock
from orchestrator.core.errors import UsageError, UserError
from orchestrator.core.registry import ALL_TABLES, EXCLUSIONS, MADE_FROM
from orchestrator.core.seasons import season_of, start_year
from orchestrator.plan.plan import make_plan
from orchestrator.plan.preview import plan_now
from orchestrator.plan.request import BY_DEFAULT, ONLY, Request, named_tables
from orchestrator.state import coverage
from orchestrator.state.coverage import SETTLED, STATES, Cell
from orchestrator.state.preflight import Problem
from orchestrator.warehouse.duckdb_file import DuckDBFile
from tests.python.paper import FAR, PaperDbt, run, write_warehouse

FIRST = date(2021, 10, 19)
REASONS = {
    "missing": ("never_built",),
    "failed": ("error", "skipped"),
    "stale_inputs": ("inputs_changed",),
    "stale_logic": ("logic_changed",),
    "done": (None,),
    "not_expected": ("bootstrap", "no_player_data"),
}


@st.composite
def leagues(draw, fewest=1, most=12):
    """Cells of a schedule over two or three seasons, in any states."""
    offsets = draw(st.sets(st.integers(0, 700), min_size=fewest, max_size=most))
    cells = []
    for offset in sorted(offsets):
        day = FIRST + timedelta(days=offset)
        for table in sorted(ALL_TABLES):
            known = ("missing", "done", "failed", "stale_inputs", "stale_logic")
            state = draw(st.sampled_from(known if table == EXCLUSIONS else tuple(REASONS)))
            reason = draw(st.sampled_from(REASONS[state]))
            rows = 2 if state in ("done", *coverage.STALE) else 0
            cells.append(Cell(table, day, season_of(day), state, reason, rows, state != "not_expected"))
    return cells


@st.composite
def requests(draw, cells):
    days = sorted({cell.day for cell in cells})
    maybe = st.none() | st.sampled_from(days)
    start, end = draw(maybe), draw(maybe)
    if start and end and start > end:
        start, end = end, start
    return Request(
        start=start,
        end=end or FAR,
        dates=tuple(draw(st.just([]) | st.lists(st.sampled_from(days), max_size=5))),
        seasons=tuple(draw(st.just([]) | st.lists(st.sampled_from([2021, 2022]), max_size=2))),
        tables=tuple(
            draw(st.just(ALL_TABLES) | st.lists(st.sampled_from(ALL_TABLES), min_size=1, unique=True))
        ),
        only=draw(st.none() | st.sampled_from(list(ONLY))),
        window=draw(st.integers(1, 3) | st.just(50)),
    )


@st.composite
def troubles(draw, cells):
    """Problems of the inputs, and the dates that each spoils."""
    days = sorted({cell.day for cell in cells})
    spoiled = {}
    problems = []
    for number in range(draw(st.integers(0, 2))):
        first = draw(st.sampled_from(days))
        problem = Problem(f"check {number}", "block", first, 1, "broken", first, first + timedelta(days=90))
        problems.append(problem)
        for day in days:
            if problem.spoils(day):
                spoiled.setdefault(day, []).append(problem)
    if draw(st.booleans()):
        problems.append(Problem("no shots", "warn", days[0], 1, "fewer", None, None))
    return problems, spoiled


@st.composite
def situations(draw):
    cells = draw(leagues())
    return cells, draw(requests(cells)), *draw(troubles(cells))


def written_by(plan, cells):
    """Return every (table, date) that a dbt run of these windows replaces, as often as it is."""
    return Counter(
        (cell.table, cell.day)
        for planned in plan.windows
        for cell in cells
        if planned.window.start <= cell.day <= planned.window.end and cell.table in planned.tables
    )


def expanded(spans, cells):
    """Return the (table, date)s of ranges, checking that what each says is true of all its dates."""
    found = Counter()
    for span in spans:
        own = [c for c in cells if c.table == span.table and span.start <= c.day <= span.end]
        assert len(own) == span.dates
        assert {(c.state, c.reason) for c in own} == {(span.state, span.reason)}
        found.update((c.table, c.day) for c in own)
    return found


def asked_for(cells, request):
    """Restate the request: whatever state it is in."""
    return [
        cell
        for cell in cells
        if cell.table in request.tables
        and (request.start is None or cell.day >= request.start)
        and cell.day <= request.end
        and (request.dates == () or cell.day in request.dates)
        and (request.seasons == () or cell.season in request.seasons)
    ]


def wanted_states(request):
    return {
        None: {"missing", "failed", "stale_inputs", "stale_logic"},
        "missing": {"missing"},
        "missing-and-failed": {"missing", "failed"},
        "stale": {"stale_inputs", "stale_logic"},
        "failed": {"failed"},
        "all": set(STATES),
    }[request.only]


@given(situations())
def test_a_plan_builds_what_is_wanted_and_says_all_it_writes(situation):
    cells, request, problems, spoiled = situation
    plan = make_plan(cells, request, (), problems, spoiled)
    wanted = {
        (cell.table, cell.day)
        for cell in asked_for(cells, request)
        if cell.state in wanted_states(request) and cell.day not in spoiled
    }
    build, upstream = expanded(plan.build, cells), expanded(plan.upstream, cells)
    written = written_by(plan, cells)
    assert set(build) == wanted
    assert not set(build) & set(upstream)
    assert build + upstream == written  # what it says is what is done
    assert set(written.values()) <= {1}  # and nothing twice
    assert {day for _, day in written} == {day for _, day in wanted}  # no date for nothing


@given(situations())
def test_a_window_holds_what_its_tables_are_made_from_and_nothing_idle(situation):
    cells, request, problems, spoiled = situation
    plan = make_plan(cells, request, (), problems, spoiled)
    build = expanded(plan.build, cells)
    for planned in plan.windows:
        for table in planned.tables:
            assert set(MADE_FROM.get(table, ())) <= set(planned.tables)
        wanted = {t for t, day in build if planned.window.start <= day <= planned.window.end}
        assert set(planned.tables) == wanted | {p for t in wanted for p in MADE_FROM.get(t, ())}
        days = {c.day for c in cells if planned.window.start <= c.day <= planned.window.end}
        assert planned.window.dates == len(days) <= request.window
    assert plan.dates == len({day for _, day in build})


@given(situations())
def test_what_is_left_and_what_is_built_is_all_that_was_asked_for(situation):
    cells, request, problems, spoiled = situation
    plan = make_plan(cells, request, (), problems, spoiled)
    written = written_by(plan, cells)
    asked = asked_for(cells, request)
    untouched = [cell for cell in asked if (cell.table, cell.day) not in written]
    labels = Counter(
        (cell.table, f"{cell.state} ({cell.reason})" if cell.reason else cell.state) for cell in untouched
    )
    assert {(t, why): n for t, whys in plan.skipped.items() for why, n in whys.items()} == labels
    assert all(whys for whys in plan.skipped.values())
    assert sum(labels.values()) + len({(c.table, c.day) for c in asked} & set(written)) == len(asked)


@given(situations())
def test_dates_that_bad_inputs_would_spoil_are_skipped_and_named(situation):
    cells, request, problems, spoiled = situation
    plan = make_plan(cells, request, (), problems, spoiled)
    assert not {day for _, day in written_by(plan, cells)} & set(spoiled)
    skipped = {c.day for c in asked_for(cells, request) if c.state in wanted_states(request)} & set(spoiled)
    named = {entry.problem: entry for entry in plan.blocked}
    # What keeps no date out that was asked for is told as a warning: its day may come tomorrow.
    assert plan.warnings == [problem for problem in problems if problem not in named]
    for problem in {problem for day in skipped for problem in spoiled[day]}:
        own = sorted(day for day in skipped if problem in spoiled[day])
        entry = named.pop(problem)
        assert (entry.dates, entry.start, entry.end) == (len(own), own[0], own[-1])
    assert not named


@given(situations())
def test_the_json_says_the_same(situation):
    cells, request, problems, spoiled = situation
    plan = make_plan(cells, request, (), problems, spoiled)
    found = json.loads(json.dumps(plan.as_json()))
    for name, spans in (("build", plan.build), ("along", plan.upstream)):
        assert [
            (s["table"], s["start"], s["end"], s["dates"], s["state"], s["reason"]) for s in found[name]
        ] == [(s.table, str(s.start), str(s.end), s.dates, s.state, s.reason) for s in spans]
    assert found["left"] == plan.skipped
    assert found["dates"] == sum(window["dates"] for window in found["windows"]) == plan.dates
    assert [(w["start"], w["end"], tuple(w["tables"])) for w in found["windows"]] == [
        (str(window.start), str(window.end), tables) for window, tables in plan.windows
    ]
    assert [entry["dates_left_out"] for entry in found["blocked"]] == [entry.dates for entry in plan.blocked]


def states(warehouse):
    with DuckDBFile(warehouse).reading() as connection:
        return coverage.read(connection)


def receipts(warehouse):
    with DuckDBFile(warehouse).reading() as db:
        rows = db.rows("select table_name, analysis_date, built from nba_precompute.receipts")
    return {(table, day): built for table, day, built in rows}


@settings(max_examples=12, deadline=None)
@given(st.data())
def test_a_backfill_does_what_the_plan_says(data):
    given_cells = data.draw(leagues(fewest=6, most=8))
    request = data.draw(requests(given_cells))
    with TemporaryDirectory() as folder:
        warehouse = write_warehouse(Path(folder) / "nba.duckdb", given_cells)
        dbt = PaperDbt(warehouse)
        cells, before = states(warehouse), receipts(warehouse)
        assert [cell.state for cell in cells] == [cell.state for cell in given_cells]
        everything = replace(request, tables=ALL_TABLES)
        if not asked_for(cells, everything) or not {*request.seasons} <= {cell.season for cell in cells}:
            for ask in (lambda: plan_now(DuckDBFile(warehouse), request), lambda: run(dbt, request)):
                with pytest.raises(UserError, match="the schedule has no game"):
                    ask()
            assert not dbt.built
            return
        said = plan_now(DuckDBFile(warehouse), request)
        outcome = run(dbt, request)
        assert outcome.plan.as_json() == said.plan.as_json()
        after = receipts(warehouse)
        rebuilt = {key for key in after if after[key] != before.get(key)}
        assert rebuilt == set(expanded(said.plan.build + said.plan.upstream, cells))
        assert outcome.exit_code == 0
        assert outcome.state == ("finished" if said.plan.windows else "nothing to do")
        now = {(cell.table, cell.day): cell for cell in states(warehouse)}
        assert all(now[key].state in SETTLED for key in rebuilt)
        untouched = [cell for cell in cells if (cell.table, cell.day) not in rebuilt]
        assert [now[cell.table, cell.day] for cell in untouched] == untouched
        again = plan_now(DuckDBFile(warehouse), request)
        assert not again.plan.windows or request.only == "all"


def test_a_plan_goes_to_today_unless_told():
    today = clock.today()
    tomorrow = today + timedelta(days=1)
    cells = [
        Cell("team_defense_zone_analysis", day, season_of(day), "missing", "never_built", 0, True)
        for day in (today, tomorrow)
    ]
    assert [str(p.window) for p in make_plan(cells, Request()).windows] == [f"{today}..{today}"]
    assert make_plan(cells, Request(end=tomorrow)).dates == 2


def test_by_default_a_backfill_is_for_what_is_missing_failed_or_stale():
    assert set(BY_DEFAULT) == {"missing", "failed", "stale_inputs", "stale_logic"}


def test_names_of_tables_and_seasons():
    assert named_tables(()) == ALL_TABLES
    assert named_tables(["mlfs, tdza", "phase4_exclusions"]) == (
        "team_defense_zone_analysis",
        "ml_feature_store",
        "phase4_exclusions",
    )
    assert start_year("1999-00") == 1999
    for wrong in ("2021", "2021-23", "21-22", "", "2021-22 ", "²021-22"):
        with pytest.raises(UsageError, match=r"is not a season\. Write it like 2021-22"):
            start_year(wrong)
    with pytest.raises(UsageError, match=r"no table 'nonsense'.*PSZA"):
        named_tables(["nonsense"])


def test_requests_that_make_no_sense():
    with pytest.raises(UsageError, match="swap"):
        Request(date(2022, 2, 2), date(2022, 2, 1))
    with pytest.raises(UsageError, match="missing-and-failed"):
        replace(Request(), only="everything")
