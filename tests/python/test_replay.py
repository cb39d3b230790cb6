"""Two weeks of real nights with every accident; `make replay` does a season: what each morning comes to."""

from dataclasses import replace
from datetime import date

import pytest

from orchestrator.run.digest import needs_a_person
from tests.python.warehouses import change, copy_of, query
from tests.replay.accidents import DAY
from tests.replay.checks import Checks, unlike_features, unlike_warehouses
from tests.replay.nights import Season
from tests.replay.replaying import Replay

pytestmark = pytest.mark.real
# Around the trade between New York and Toronto, whose players first played for their new teams on 2024-01-01.
FIRST, LAST = date(2023, 12, 28), date(2024, 1, 8)


@pytest.fixture(scope="module")
def replay(real_data, tmp_path_factory) -> Replay:
    return Replay(Season(real_data, "2023-24"), tmp_path_factory.mktemp("replay"), FIRST, LAST)


@pytest.fixture(scope="module")
def mornings(replay):
    return {morning.day: morning for morning in replay.mornings()}


@pytest.fixture(scope="module")
def compared(replay, mornings):
    return replay.compare()


@pytest.fixture
def mistaken(replay, tmp_path):
    """Checks that believe in other accidents, of a copy of the warehouse that may be damaged."""

    def make(**accidents) -> Checks:
        warehouse = replace(replay.warehouse, path=copy_of(replay.warehouse.path, tmp_path))
        return Checks(warehouse, replay.season, replace(replay.accidents, **accidents), FIRST, LAST)

    return make


def test_each_morning_is_as_it_must_be(mornings):
    assert [trouble for morning in mornings.values() for trouble in morning.troubles] == []


def test_the_end_is_that_of_one_build(compared):
    assert compared == []


def test_all_accidents_happened(replay, mornings):
    accidents = replay.accidents
    for late in accidents.late:
        named = [day for day, m in mornings.items() if late.game.name in "".join(needs_a_person(m.outcome))]
        assert named == [late.game.day + DAY, late.game.day + 2 * DAY]
    assert FIRST < accidents.postponed.announced < accidents.postponed.game.day <= LAST
    corrected = mornings[accidents.correction.arrives].outcome.succeeded
    assert min(planned.window.start for planned in corrected) == accidents.correction.game.day + DAY
    seen = replay.checks.seen
    assert seen["rows as before their game"] > 1_000
    assert seen["rows of the traded on slates"] > 10
    assert {trade.name for trade in accidents.trades} >= {"OG Anunoby", "RJ Barrett"}


# --- the checks can fail ---------------------------------------------------------------------------


def test_a_correction_that_nobody_expects_is_noticed(replay, mornings, mistaken):
    correction = replay.accidents.correction
    checks = mistaken(correction=correction._replace(arrives=correction.arrives + DAY))
    (trouble,) = _planned(checks, mornings[correction.arrives])
    assert f"for no reason, e.g. ml_feature_store {correction.game.day + DAY}" in trouble
    (trouble,) = _planned(checks, mornings[correction.arrives + DAY])
    assert "not built" in trouble


def _planned(checks, morning):
    return checks.planned(morning.outcome, checks.calendar.on(morning.day))


def test_a_digest_that_nobody_expects_is_noticed(replay, mornings, mistaken):
    day = replay.accidents.late[0].game.day + DAY
    checks = mistaken(late=replay.accidents.late[1:])
    expected = checks.calendar.on(day)
    assert len(checks.told(mornings[day].outcome, expected)) == 1
    assert len(checks.warned(mornings[day].outcome, expected)) == 1


def test_a_count_of_a_digest_that_is_not_that_of_the_tables_is_noticed(replay, mornings, mistaken):
    day = replay.accidents.late[0].game.day + DAY
    checks = mistaken()
    # The slate had more players than have played since, and their rows have taken its place.
    assert len(checks.told(mornings[day].outcome, checks.calendar.on(day))) == 1


def test_one_other_value_is_noticed(replay, compared, mistaken):
    checks, day = mistaken(), LAST - DAY
    before = checks.rows_of(day, "history")
    change(
        checks.warehouse.path,
        "update nba_precompute.ml_feature_store set rest_advantage = 2.5 "
        f"where analysis_date = date '{day}' and universal_player_id = '{min(before)}'",
    )
    (trouble,) = unlike_features(before, checks.rows_of(day, "history"))
    assert f"rest_advantage of player {min(before)}" in trouble
    assert unlike_warehouses(checks.warehouse, replay.at_once) == ["2 rows of ml_feature_store differ"]


def test_a_date_without_a_receipt_is_noticed(replay, compared, mistaken):
    checks = mistaken()
    which = f"analysis_date = date '{FIRST}' and table_name = 'player_daily_cache'"
    change(checks.warehouse.path, f"delete from nba_precompute.receipts where {which}")
    assert checks.unsettled(FIRST - DAY) == []
    assert checks.unsettled(LAST) == [f"left missing (rows_without_receipt): player_daily_cache {FIRST}"]
    assert unlike_warehouses(checks.warehouse, replay.at_once) == [
        f"the receipts of player_daily_cache {FIRST} differ"
    ]


def test_rows_of_a_game_that_is_not_played_are_noticed(replay, mornings, mistaken):
    checks = mistaken()
    # By now it has been played, and has the rows that it must not have while it is given up.
    assert len(checks.postponed(checks.calendar.given_up)) == 1
    assert checks.postponed(replay.accidents.postponed.game.day) == []


def test_a_player_with_his_old_team_is_noticed(replay, mornings, mistaken):
    checks, trade = mistaken(), replay.accidents.trades[0]
    assert checks.first_games_of_the_traded() == []
    change(
        checks.warehouse.path,
        f"update nba_precompute.ml_feature_store set team_abbr = '{trade.old_team}', "
        f"context_source = 'upcoming' where universal_player_id = '{trade.player}'",
    )
    assert len(checks.first_games_of_the_traded()) == 1
    played = "select max(analysis_date) from nba_precompute.ml_feature_store where universal_player_id = "
    ((day,),) = query(checks.warehouse.path, f"{played} '{trade.player}'")
    assert len(checks.slate_of_the_traded(day)) == 1
