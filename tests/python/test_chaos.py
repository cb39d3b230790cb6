"""A few of each fault that `make chaos` does in full: whatever happens, the next backfill finishes alike."""

import random
import signal

import pytest

from tests.chaos import faults
from tests.chaos.ground import Ground, run
from tests.chaos.kills import FILL, REBUILD, Killing, throw_away_rows
from tests.chaos.truth import judge, look
from tests.python.warehouses import change, copy_of


@pytest.fixture(scope="module")
def ground(demo_raw, demo_built, tmp_path_factory) -> Ground:
    return Ground(tmp_path_factory.mktemp("chaos"), demo_raw, demo_built)


def test_kills_lose_and_double_nothing(ground):
    tally = Killing(ground, seed=11).until(4, kinds=(FILL, REBUILD), per_round=2)
    assert tally.ok, tally.troubles
    assert tally.kills == 4


def test_a_kill_between_two_views_leaves_neither_half_made(ground):
    """Nothing would clear away what is left of a view: it is current, so that no later run makes it."""
    with ground.trial(ground.built) as warehouse:
        change(warehouse, "drop view nba_intermediate.int_logic_versions")  # as if the project had changed
        mark = warehouse.with_name("mark.txt")
        killed = run(warehouse, "plan", program=("tests/chaos/dying.py", "views", 9, mark))
        assert killed.code == -signal.SIGKILL
        assert mark.exists()
        assert look(warehouse).leftovers == ()


def test_damage_is_noticed(ground, tmp_path):
    """The checks can fail: rows thrown away and doubled behind a finished build's back are counted."""
    warehouse = copy_of(ground.built, tmp_path)
    throw_away_rows(warehouse)
    verdict = judge(look(warehouse), [ground.truth], may_be_absent=False)
    assert (len(verdict.dates), verdict.doubled) == (2, 1)
    assert verdict.lost > 0


@pytest.mark.parametrize(
    "damage",
    [
        "delete from nba_precompute.receipts where analysis_date = date '2024-02-01'",
        "delete from nba_precompute.ml_feature_store where analysis_date = date '2024-02-01'",
        "update nba_precompute.team_defense_zone_analysis set defensive_rating_last_15 = 1 "
        "where analysis_date = date '2024-02-01' and team_abbr = 'BOS'",
    ],
    ids=["receipts", "rows", "one value"],
)
def test_a_date_out_of_step_with_its_receipt_is_noticed(ground, tmp_path, damage):
    warehouse = copy_of(ground.built, tmp_path)
    change(warehouse, damage)
    assert len(judge(look(warehouse), [ground.truth], may_be_absent=True).dates) == 1


@pytest.mark.parametrize(
    ("fault", "more"),
    [
        (faults.state_folder_deleted, {}),
        (faults.two_at_once, {"times": 1}),
        (faults.poisoned_date_in_the_middle, {"dates": 2}),
        (faults.file_truncated, {"times": 2}),
        (faults.one_of_each_signal, {}),
        (faults.disk_full_by_file_size, {"shares": (0.5,)}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_fault(ground, fault, more):
    passed, what = fault(ground, random.Random(5), **more)
    assert passed, what
