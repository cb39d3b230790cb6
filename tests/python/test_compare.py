"""`compare` finds what differs between two stores, measures it, and calls nothing else a difference."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import duckdb
import pytest
from rich.console import Console
from typer.testing import CliRunner

from orchestrate import app
from orchestrator.cli import comparison
from orchestrator.compare import comparing
from orchestrator.compare.comparing import Comparison, TableComparison, What, write_snapshot
from orchestrator.core.errors import BusyError, UserError
from orchestrator.export import files
from orchestrator.export.parts import CHOICES, parts
from orchestrator.export.source import opened
from orchestrator.warehouse.duckdb_file import DuckDBFile
from tests.python.warehouses import TABLES, change, copy_of, orchestrate, query

MLFS, PDC, EXCLUSIONS = "ml_feature_store", "player_daily_cache", "phase4_exclusions"
TDZA = "team_defense_zone_analysis"  # with the longest name of a column
DAY, NEXT = "2024-01-10", "2024-01-11"
A_PLAYER = f"(select min(player_lookup) from nba_precompute.{MLFS} where analysis_date = '{DAY}')"
HIS_ROW = f"analysis_date = '{DAY}' and player_lookup = {A_PLAYER}"


@pytest.fixture
def copy(demo_built, tmp_path) -> Path:
    """A copy of the demo season, to be changed."""
    return copy_of(demo_built, tmp_path)


def compare(a: Path | str, b: Path | str, *tables: str, **what) -> Comparison:
    return comparing.compare(str(a), str(b), What(tables, **what))


def one(found: Comparison) -> TableComparison:
    (differing,) = (table for table in found.tables if not table.is_equal)
    return differing


def rehash(table: str, *days: str) -> str:
    """As a build would have done whose rows are others."""
    return (
        f"update nba_precompute.receipts set content_hash = 'others' where table_name = '{table}' "
        f"and analysis_date in ({', '.join(repr(day) for day in days)})"
    )


def columns(table: TableComparison) -> dict[str, tuple]:
    return {c.column: (c.rows, c.became_known, c.became_null, c.largest, c.mean) for c in table.columns}


# --- rows ----------------------------------------------------------------------------------------


def test_equal_stores_are_equal_and_none_of_their_rows_is_read(demo_built, copy, monkeypatch):
    # An exhibition's exclusions have no receipt: their hash is made of the rows.
    assert query(copy, "select count(*) from nba_precompute.phase4_exclusions") > [(0,)]
    monkeypatch.setattr(comparing, "RowDifference", None)
    found = compare(demo_built, copy)
    assert found.is_equal
    assert [table.table for table in found.tables] == list(TABLES)
    counted = sum(query(copy, f"select count(*) from nba_precompute.{table}")[0][0] for table in TABLES)
    assert sum(table.rows_a for table in found.tables) == counted


def test_a_changed_number_is_found_and_measured(demo_built, copy, monkeypatch):
    monkeypatch.setattr(comparing, "AT_ONCE", 1)  # a date at a time
    change(
        copy,
        f"update nba_precompute.{MLFS} set points_avg_last_5 = points_avg_last_5 + 2 where {HIS_ROW}",
        f"update nba_precompute.{MLFS} set points_avg_last_5 = points_avg_last_5 - 1 "
        f"where analysis_date = '{NEXT}' and points_avg_last_5 is not null",
        rehash(MLFS, DAY, NEXT),
    )
    found = one(compare(demo_built, copy))
    ((later,),) = query(
        copy,
        f"select count(points_avg_last_5) from nba_precompute.{MLFS} where analysis_date = '{NEXT}'",
    )
    assert found.table == MLFS
    assert found.differing == [DAY, NEXT]
    assert [(day.changed, day.only_a, day.only_b) for day in found.days] == [(1, 0, 0), (later, 0, 0)]
    assert (found.changed, found.features_moved) == (later + 1, later + 1)
    rows, known, null, largest, mean = columns(found)["points_avg_last_5"]
    assert (rows, known, null) == (later + 1, 0, 0)
    assert largest == pytest.approx(2)
    assert mean == pytest.approx((2 + later) / (1 + later))
    ((player, before),) = query(
        demo_built, f"select player_lookup, points_avg_last_5 from nba_precompute.{MLFS} where {HIS_ROW}"
    )
    example = found.examples[0]
    assert example.key == {"analysis_date": DAY, "player_lookup": player}
    assert example.columns == {"points_avg_last_5": [before, pytest.approx(before + 2)]}


def test_null_is_no_number_and_nan_is_one_value(demo_built, copy, tmp_path):
    other = copy_of(demo_built, tmp_path / "other")
    nan = f"update nba_precompute.{MLFS} set pace_score = 'nan', team_pace = null where {HIS_ROW}"
    change(copy, nan, rehash(MLFS, DAY))
    change(other, nan)
    found = one(compare(demo_built, copy, MLFS))
    assert found.changed == found.features_moved == 1
    assert columns(found)["team_pace"] == (1, 0, 1, None, None)
    assert columns(found)["pace_score"] == (1, 0, 0, None, None)
    printed = json.loads(json.dumps(found.as_json(), allow_nan=False))
    assert printed["examples"][0]["columns"]["pace_score"][1] == "nan"
    assert columns(one(compare(copy, demo_built, MLFS)))["team_pace"] == (1, 1, 0, None, None)
    assert compare(copy, other).is_equal  # only the receipt says otherwise


def test_a_difference_beyond_nine_decimals_is_none(demo_built, copy):
    change(
        copy,
        f"update nba_precompute.{MLFS} set team_pace = team_pace + 1e-12 where analysis_date = '{DAY}'",
        rehash(MLFS, DAY),
    )
    assert compare(demo_built, copy).is_equal


def test_bookkeeping_does_not_count(demo_built, copy):
    change(
        copy,
        f"update nba_precompute.{MLFS} set built_at = now(), logic_version = 'new' "
        f"where analysis_date = '{DAY}'",
        "update nba_precompute.receipts set built_at = now(), run_id = 'another', logic_version = 'new'",
        rehash(MLFS, DAY),
    )
    assert compare(demo_built, copy).is_equal


def test_rows_that_came_or_went_without_a_receipt_are_found(demo_built, copy):
    change(copy, f"delete from nba_precompute.{PDC} where {HIS_ROW}")
    found = one(compare(demo_built, copy))
    assert (found.table, found.only_a, found.only_b, found.changed) == (PDC, 1, 0, 0)
    assert found.features_moved is None
    assert one(compare(copy, demo_built)).only_b == 1


def test_a_row_that_is_there_twice_is_one_too_many(demo_built, copy):
    change(copy, f"insert into nba_precompute.{MLFS} from nba_precompute.{MLFS} where {HIS_ROW}")
    found = one(compare(demo_built, copy))
    assert (found.only_a, found.only_b, found.changed) == (0, 1, 0)


def test_a_changed_value_behind_an_equal_hash_is_found_when_every_row_is_read(demo_built, copy):
    change(copy, f"update nba_precompute.{EXCLUSIONS} set reason = 'no reason' where analysis_date = '{DAY}'")
    assert compare(demo_built, copy).is_equal
    found = one(compare(demo_built, copy, PDC, EXCLUSIONS, every_row=True))
    assert (found.table, found.differing) == (EXCLUSIONS, [DAY])


def test_columns_of_another_version_are_named(demo_built, copy):
    change(
        copy,
        f"alter table nba_precompute.{MLFS} add column pct_dunks double",
        f"alter table nba_precompute.{MLFS} drop column team_win_pct",
        f"alter table nba_precompute.{MLFS} alter days_rest type varchar",
        rehash(MLFS, DAY),
    )
    found = one(compare(demo_built, copy))
    assert (found.columns_only_a, found.columns_only_b) == (["team_win_pct"], ["pct_dunks"])
    assert found.other_types == {"days_rest": ["BIGINT", "VARCHAR"]}
    assert (found.changed, found.only_a, found.only_b) == (0, 0, 0)


def test_a_table_that_only_one_has_differs(demo_built, copy):
    change(copy, f"drop view nba_precompute.phase4_coverage; drop table nba_precompute.{PDC}")
    found = one(compare(demo_built, copy))
    assert (found.table, found.only_a, found.only_b) == (PDC, found.rows_a, 0)
    assert found.rows_a > 0


def test_other_dates_and_tables_are_left_out(demo_built, copy):
    change(
        copy,
        f"update nba_precompute.{MLFS} set team_pace = 1 where analysis_date in ('{DAY}', '{NEXT}')",
        rehash(MLFS, DAY, NEXT),
    )
    assert one(compare(demo_built, copy, end=date.fromisoformat(DAY))).differing == [DAY]
    assert one(compare(demo_built, copy, start=date.fromisoformat(NEXT))).differing == [NEXT]
    assert one(compare(demo_built, copy, seasons=(2023,))).differing == [DAY, NEXT]
    assert compare(demo_built, copy, PDC, EXCLUSIONS).is_equal
    with pytest.raises(UserError, match="neither A nor B has rows"):
        compare(demo_built, copy, seasons=(2019,))


# --- snapshots and exports -----------------------------------------------------------------------


def test_a_snapshot_tells_which_dates_changed(demo_built, copy, tmp_path):
    snapshot = tmp_path / "before.json"
    named = write_snapshot(str(demo_built), snapshot)
    assert write_snapshot(str(copy), tmp_path / "same.json") == named
    assert compare(snapshot, copy).is_equal
    change(copy, rehash(MLFS, DAY), f"delete from nba_precompute.{PDC} where analysis_date = '{NEXT}'")
    found = {table.table: table for table in compare(snapshot, copy).tables if not table.is_equal}
    assert {name: table.differing for name, table in found.items()} == {MLFS: [DAY], PDC: [NEXT]}
    assert not any(table.rows_known for table in found.values())
    assert write_snapshot(str(copy), tmp_path / "after.json") != named
    with pytest.raises(UserError, match="a snapshot has none"):
        compare(snapshot, copy, every_row=True)


@pytest.fixture(scope="module")
def exported(demo_built, tmp_path_factory) -> tuple[Path, Path]:
    """A warehouse and its export, with a training set that is made without dbt."""
    folder = tmp_path_factory.mktemp("compared")
    warehouse = copy_of(demo_built, folder)
    change(
        warehouse,
        # Ten days, to be quick.
        f"delete from nba_precompute.{MLFS} where analysis_date not between '2024-01-05' and '2024-01-14'",
        "create schema if not exists nba_training",
        "create or replace view nba_training.training_set as "
        "select analysis_date || ':' || player_lookup as row_id, * exclude (built_at), "
        f"hash(player_lookup) % 40 as actual_points from nba_precompute.{MLFS}",
    )
    write_export(warehouse, folder / "train")
    return warehouse, folder / "train"


def write_export(warehouse: Path, folder: Path, what: str = "all") -> None:
    tables = CHOICES[what]
    with opened(DuckDBFile(warehouse), tables, []) as source:
        files.write(source, folder, parts(source, tables, []), tables, [])


def test_a_warehouse_equals_its_export(exported):
    warehouse, train = exported
    for a, b in ((warehouse, train), (train, warehouse)):
        found = compare(a, b)
        assert found.is_equal
        assert [table.table for table in found.tables] == [MLFS, "training_set"]
        assert set(found.not_compared) == set(TABLES) - {MLFS}
    assert compare(warehouse, train, every_row=True).is_equal


def test_an_export_is_compared_with_what_it_was(exported, tmp_path):
    before, train = exported
    warehouse = copy_of(before, tmp_path)
    folder = tmp_path / "train"
    write_export(before, folder)
    first = json.loads((folder / "manifest.json").read_text())["hash"]
    change(
        warehouse,
        f"update nba_precompute.{MLFS} set team_pace = team_pace + 1 where {HIS_ROW}",
        rehash(MLFS, DAY),
    )
    write_export(warehouse, folder)
    for a, b in ((f"{folder}@{first[:8]}", folder), (train, folder), (before, folder), (train, warehouse)):
        found = compare(a, b)
        assert {table.table: (table.differing, table.changed) for table in found.tables} == {
            "training_set": ([DAY], 1),
            MLFS: ([DAY], 1),
        }
    assert compare(f"{folder}@{first}", train).is_equal
    assert one(compare(before, warehouse)).table == MLFS  # its training set takes a second more
    assert one(compare(before, warehouse, "training_set")).features_moved == 1


# --- what cannot be compared, and what people see ------------------------------------------------


def test_what_cannot_be_compared_is_said_in_a_line(demo_built, tmp_path):
    (tmp_path / "no.duckdb").write_text("nothing")
    (tmp_path / "no.json").write_text("[]")
    (tmp_path / "brace.duckdb").write_bytes(b"{1234567DUCK" + bytes(4096))  # a checksum may begin so
    duckdb.connect(str(tmp_path / "empty.duckdb")).close()
    for other, said in {
        "none": "there is no file or folder",
        "no.duckdb": "no DuckDB file",
        "brace.duckdb": "no DuckDB file",
        "no.json": "no snapshot that this version can read",
        "empty.duckdb": "nothing is built in",
        ".": "holds no export",
    }.items():
        for pair in ((tmp_path / other, demo_built), (demo_built, tmp_path / other)):
            with pytest.raises(UserError, match=said):
                compare(*pair)
    with pytest.raises(UserError, match="A and B are the same"):
        compare(demo_built, demo_built.parent / "." / demo_built.name)
    with pytest.raises(UserError, match="has no rows of training_set"):
        compare(demo_built, copy_of(demo_built, tmp_path / "w"), "training_set")


def test_a_warehouse_that_somebody_writes_to_is_busy(demo_built, copy):
    holding = f"import duckdb; c = duckdb.connect({str(copy)!r}); print('open', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", holding], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout.readline() == "open\n"
        try:
            with pytest.raises(BusyError, match=f"in use by another process, pid {writer.pid}"):
                compare(demo_built, copy)
        finally:
            writer.communicate("\n")


@pytest.fixture
def changed(copy) -> Path:
    change(
        copy,
        f"update nba_precompute.{MLFS} set fatigue_score = 1, player_status = 'out', "
        "features = list_transform(features, lambda value, place: if(place = 6, 1, value)) "
        f"where analysis_date = '{DAY}'",
        f"delete from nba_precompute.{TDZA} where analysis_date = '{NEXT}'",
        f"update nba_precompute.{TDZA} set mid_range_attempts_allowed_per_game = 1234.567891 "
        f"where analysis_date = '{DAY}'",
        rehash(MLFS, DAY),
        rehash(TDZA, DAY),
    )
    return copy


def test_the_exit_status_is_that_of_diff(demo_built, changed, tmp_path):
    def status(*arguments: object) -> int:
        return CliRunner().invoke(app, ["compare", *map(str, arguments)]).exit_code

    assert status(demo_built, changed) == 1
    assert status(demo_built, changed, "--tables", "PDC,PSZA") == 0
    trouble = orchestrate(demo_built, "compare", tmp_path / "none", changed)
    assert (trouble.returncode, trouble.stdout) == (2, "")
    assert trouble.stderr.startswith("error: there is no file")


def test_the_answer_fits_into_80_columns_and_begins_with_the_verdict(demo_built, changed, monkeypatch):
    monkeypatch.chdir(changed.parent)
    screen = io.StringIO()
    monkeypatch.setattr(comparison, "out", Console(file=screen, width=80, highlight=False))
    comparison.show_comparison(compare(demo_built, changed))
    lines = [line for line in screen.getvalue().splitlines() if not line.startswith(("  A: ", "  B: "))]
    assert max(map(len, lines)) <= 80
    assert "…" not in screen.getvalue()
    (numbers,) = (line for line in lines if "mid_range_attempts_allowed_per_game  " in line)
    assert numbers.split()[1] == "30"
    ((rows,),) = query(changed, f"select count(*) from nba_precompute.{MLFS} where analysis_date = '{DAY}'")
    ((total,),) = query(changed, f"select count(*) from nba_precompute.{MLFS}")
    assert lines[0] == f"different: 2 tables, 2 dates, {rows + 60} rows"
    assert f"  {rows} of {total:,} predictions would see other features" in lines
    assert "equal: " in screen.getvalue()


def test_json_says_the_same(demo_built, changed):
    result = CliRunner().invoke(app, ["compare", str(demo_built), str(changed), "--json"])
    printed = json.loads(result.stdout)
    assert printed["equal"] is False
    assert {table["table"]: table["equal"] for table in printed["tables"]} == {
        table: table not in (MLFS, TDZA) for table in TABLES
    }
