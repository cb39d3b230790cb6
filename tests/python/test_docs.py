"""The pages keep their word: commands, options, code and JSON fields are those of the program."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from typer.main import get_command

from orchestrate import app
from orchestrator.compare.comparing import What, compare
from orchestrator.raw.upload import Chunk, Uploaded
from orchestrator.state.lock import held
from orchestrator.verify.differences import Difference
from orchestrator.verify.leaks import CHECK_SLATES, Verdict
from orchestrator.warehouse.duckdb_file import DuckDBFile
from tests.python import preflight_page
from tests.python.test_compare import write_export
from tests.python.warehouses import PROJECT, change, copy_of, orchestrate, query, succeed

PAGES = [
    *(PROJECT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "DECISIONS.md")),
    *sorted((PROJECT / "docs").glob("*.md")),
]
COMMANDS = get_command(app).commands
# Up to where a shell, a table or a sentence goes on with something else.
CALL = re.compile(r"orchestrate\.py ([a-z][a-z-]*)([^\n`|&;>)'\"]*)")
OPTION = re.compile(r"--[a-z][a-z-]*")

page = pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)


def blocks(path: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", path.read_text(), re.MULTILINE | re.DOTALL)


@page
def test_commands_and_options_exist(path):
    for command, rest in CALL.findall(path.read_text()):
        assert command in COMMANDS, command
        known = {option for parameter in COMMANDS[command].params for option in parameter.opts} | {"--help"}
        assert set(OPTION.findall(rest)) <= known, (command, rest)


@page
def test_python_compiles_and_json_parses(path):
    for code in blocks(path, "python"):
        ast.parse(code)
    for text in blocks(path, "json"):
        json.loads(text)


@page
def test_links_lead_somewhere(path):
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text()):
        assert (path.parent / target).exists(), target


def anchors(path: Path) -> set[str]:
    """Return the anchors that GitHub gives the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


@page
def test_anchors_are_headings(path):
    for target, anchor in re.findall(r"\]\(([^):#]*)#([^)]+)\)", path.read_text()):
        assert anchor in anchors(path.parent / target if target else path), f"{target}#{anchor}"


def test_decisions_have_dates():
    entries = re.split(r"^- ", (PROJECT / "DECISIONS.md").read_text(), flags=re.MULTILINE)[1:]
    assert entries
    for entry in entries:
        assert re.search(r"\b20\d\d-\d\d-\d\d\b", entry), entry


def test_the_checks_of_the_preflight_are_those_of_the_seed():
    page = preflight_page.PAGE.read_text()
    assert page == preflight_page.with_tables(page), f"run: {preflight_page.REWRITE}"


def test_the_guards_are_where_the_page_says():
    """Each test named in docs/guards.md exists."""
    named = re.findall(
        r"`((?:tests|benchmarks)/[\w/.]+)(?:::(\w+))?`", (PROJECT / "docs" / "guards.md").read_text()
    )
    assert len(named) > 20
    for path, test in named:
        text = (PROJECT / path).read_text()
        assert not test or f"def {test}(" in text, (path, test)


# --- docs/json.md --------------------------------------------------------------------------------

JSON_PAGE = PROJECT / "docs" / "json.md"
WITH_JSON = ["plan", "backfill", "status", "gaps", "show", "explain", "compare"]
FIELD = re.compile(r"^\| `([^`]+)` \| ([^|]+) \|", re.MULTILINE)
SHAPE = re.compile(r"\[\w+\]\(#(\w+)\)")
TYPES = {"string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,)}
TYPES["value"] = (str, int, float, bool)
TIMES = {"date": r"\d{4}-\d\d-\d\d", "time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00"}


@cache
def sections() -> dict[str, str]:
    parts = re.split(r"^##+ (.+)\n", JSON_PAGE.read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def types_in(section: str) -> dict[tuple[str, ...], str]:
    """Return the paths of a section's table with their types, shared shapes filled in; `[]` is an element."""
    found = {}
    for name, kind in FIELD.findall(sections()[section]):
        # A `.` within <...> is no separator, and `*` stands for the top level.
        own = () if name == "*" else tuple(re.findall(r"\[\]|<[^>]+>|[^.\[]+", name))
        shape = SHAPE.search(kind)
        found |= {own + path: type_ for path, type_ in types_in(shape[1]).items()} if shape else {own: kind}
    return found


def documented(section: str) -> set[tuple[str, ...]]:
    """Return the paths of a section's table."""
    return set(types_in(section))


def paths_in(value: object, at: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    """Return the path of every scalar; of an empty or null one, where it would have been."""
    if isinstance(value, dict) and value:
        return set().union(*(paths_in(item, (*at, key)) for key, item in value.items()))
    if isinstance(value, list) and value:
        return set().union(*(paths_in(item, (*at, "[]")) for item in value))
    return {at}


def scalars_in(value: object, at: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    """Return every scalar and null with its path."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from scalars_in(item, (*at, key))
    elif isinstance(value, list):
        for item in value:
            yield from scalars_in(item, (*at, "[]"))
    else:
        yield at, value


def is_a(kind: str, value: object) -> bool:
    """Tell whether a value is of a type that the page names."""
    if value is None:
        return kind.endswith(" or null")
    kind = kind.removesuffix(" or null").removeprefix("list of ")
    if kind == "any":
        return True
    if isinstance(value, str) and kind in ("date", "time"):
        return bool(re.fullmatch(TIMES[kind], value))
    return type(value) in TYPES.get(kind, ())


def fits(actual: tuple[str, ...], path: tuple[str, ...]) -> bool:
    """Tell whether a path is the documented one, or ends within it."""
    return len(actual) <= len(path) and all(
        key == name or name.startswith("<") for key, name in zip(actual, path, strict=False)
    )


@pytest.fixture(scope="module")
def outputs(demo_built, tmp_path_factory) -> dict[str, list]:
    """What each command prints, on a season with a date that fails and dates that bad inputs keep out."""
    warehouse = copy_of(demo_built, tmp_path_factory.mktemp("docs"))
    days = [
        day
        for (day,) in query(
            warehouse, "select distinct game_date::varchar from nba_raw.player_box order by 1 desc limit 4"
        )
    ]
    change(
        warehouse,
        # No sum holds it: the next date, 3rd from the end, cannot be built.
        "update nba_raw.player_box set pts = 9000000000000000000 where (game_id, player_id) in "
        f"(select (game_id, player_id) from nba_raw.player_box where game_date = '{days[3]}' and min > 20 "
        "limit 1)",
        # One team of a game has no team row: the date after is kept out.
        "delete from nba_raw.team_box where (game_id, team_abbreviation) in (select (game_id, "
        f"team_abbreviation) from nba_raw.team_box where game_date = '{days[1]}' limit 1)",
        # A box score is late.
        "delete from nba_raw.player_box where game_id in (select game_id from nba_raw.player_box "
        "where game_date > '2024-03-01' order by game_date, game_id limit 1)",
    )

    def said(*arguments: str, code: int = 0) -> object:
        result = orchestrate(warehouse, *arguments, "--json")
        assert result.returncode == code, result.stdout + result.stderr
        return json.loads(result.stdout)

    found = {
        "plan": [said("plan"), said("plan", "--only", "all", "--start", "2024-02-01", "--end", "2024-02-03",
                                    "--tables", "MLFS")],
        "backfill": [said("backfill", code=1), said("backfill", "--dates", "2024-02-02", "--only", "all")],
        "gaps": [said("gaps", code=1)],
        "show": [said("show", "PSZA", "2024-01-10"), said("show", "MLFS", days[2])],
    }  # fmt: skip
    day = "2024-01-07"
    ((lookup, other),) = query(
        warehouse,
        "select min(player_lookup) filter (shot_zone_mismatch_score is not null), "
        "min(player_lookup) filter (len(data_quality_issues) > 0) "
        f"from nba_precompute.ml_feature_store where analysis_date = '{day}'",
    )
    found["explain"] = [said("explain", who, day) for who in (lookup, other)]
    found["explain"].append(said("explain", lookup, "2023-10-30"))
    change(
        warehouse, f"update nba_precompute.ml_feature_store set team_pace = 1 where analysis_date = '{day}'"
    )
    found["explain"].append(said("explain", lookup, day, code=1))
    with held(DuckDBFile(warehouse)):
        found["status"] = [said("status")]
    found["plan"].append(said("backfill", "--dry-run", "--only", "stale"))
    change(warehouse, "delete from nba_raw.games where game_date = '2024-02-02'")
    found["plan"].append(said("plan", "--dates", "2024-02-02", "--skip-preflight"))
    assert found["plan"][-1]["emptied"]
    found["compare"] = compared(demo_built, tmp_path_factory.mktemp("compared"))
    assert found["backfill"][0]["failed"]
    assert found["backfill"][0]["blocked"]
    return found


def compared(built: Path, folder: Path) -> list:
    """Compare a season with one of another version, and with an export of itself."""
    other = copy_of(built, folder)
    store = "nba_precompute.ml_feature_store"
    change(
        other,
        f"update {store} set team_pace = team_pace + 1 where analysis_date = '2024-02-02'",
        f"alter table {store} add column pct_dunks double",
        f"alter table {store} drop column team_win_pct",
        f"alter table {store} alter days_rest type varchar",
        "update nba_precompute.receipts set content_hash = 'others' where analysis_date = '2024-02-02'",
    )
    write_export(built, folder / "export", "ml_feature_store")
    return [
        compare(str(built), str(b), What(("ml_feature_store",) if b == other else ())).as_json()
        for b in (other, folder / "export")
    ]


@pytest.mark.parametrize("command", WITH_JSON)
def test_the_fields_of_json_are_those_documented(outputs, command):
    promised = documented(command)
    printed = set().union(*(paths_in(output) for output in outputs[command]))
    unknown = {path for path in printed if not any(fits(path, known) for known in promised)}
    assert not unknown, f"printed, and not in docs/json.md: {sorted(unknown)}"
    absent = {
        path for path in promised if not any(len(own) == len(path) and fits(own, path) for own in printed)
    }
    assert not absent, f"in docs/json.md, and not printed: {sorted(absent)}"


@pytest.mark.parametrize("command", WITH_JSON)
def test_the_fields_of_json_have_the_types_documented(outputs, command):
    promised = types_in(command)
    checked = 0
    for output in outputs[command]:
        for path, value in scalars_in(output):
            kinds = {
                kind for known, kind in promised.items() if len(known) == len(path) and fits(path, known)
            }
            assert all(is_a(kind, value) for kind in kinds), (path, value, kinds)
            checked += len(kinds)
    assert checked > 5


def test_the_fields_of_upload_are_those_documented():
    """Without BigQuery: what it prints is a dataclass as it stands."""
    chunk = Chunk("player_box", "2022-23", 27623, "360268dffac1d34ceb82", "changed")
    printed = Uploaded("my-project", "nba_raw", False, [chunk], [replace(chunk, season=None)]).as_json()
    assert paths_in(printed) == documented("upload")
    for path, value in scalars_in(printed):
        assert is_a(types_in("upload")[path], value), (path, value)


def test_the_fields_of_verify_are_those_documented():
    different = Difference("player_daily_cache", date(2024, 1, 10), "lukadoncic", "points_avg_5", 1.5, 2.5)
    verdict = Verdict(
        CHECK_SLATES,
        different={different.day: 1},
        differences=[different],
        columns={different.table: {"points_avg_5": 1}},
        left_out={"stale_inputs": 2},
    )
    printed = {"checks": [verdict.as_json()]}
    paths = paths_in(printed)
    for path in documented("verify"):
        assert any(len(own) == len(path) and fits(own, path) for own in paths), path
    for path, value in scalars_in(printed):
        kinds = [kind for known, kind in types_in("verify").items() if fits(path, known)]
        assert kinds, path
        assert all(is_a(kind, value) for kind in kinds), (path, value)


@pytest.mark.parametrize("command", [*WITH_JSON, "upload", "verify"])
def test_the_examples_have_the_documented_fields(command):
    (example,) = re.findall(r"^```json\n(.*?)^```", sections()[command], re.MULTILINE | re.DOTALL)
    for path in paths_in(json.loads(example)):
        assert any(fits(path, known) for known in documented(command)), path


def test_the_readme_leads_to_the_pages():
    readme = (PROJECT / "README.md").read_text()
    for name in ("schedulers.md", "json.md", "compare.md"):
        assert f"docs/{name}" in readme, name


def test_gaps_says_nothing_on_stdout_when_it_cannot_look(tmp_path):
    result = orchestrate(tmp_path / "nba.duckdb", "gaps", "--json")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("error: ")


def test_a_second_backfill_exits_3_and_says_who_runs(demo_built, tmp_path):
    warehouse = copy_of(demo_built, tmp_path)
    with held(DuckDBFile(warehouse)):
        result = orchestrate(warehouse, "backfill", "--json")
    assert (result.returncode, result.stdout) == (3, "")
    assert "another backfill" in result.stderr


def test_nothing_to_do_does_not_write_to_the_warehouse(demo_built, tmp_path):
    warehouse = copy_of(demo_built, tmp_path)
    succeed(orchestrate(warehouse, "backfill"))
    before = warehouse.stat().st_mtime_ns, warehouse.read_bytes()
    again = json.loads(succeed(orchestrate(warehouse, "backfill", "--json")).stdout)
    assert again["state"] == "nothing to do"
    assert (warehouse.stat().st_mtime_ns, warehouse.read_bytes()) == before
