"""The window algebra, and the rule that only one macro reads the window's vars."""

import re
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.core.windows import Window, halves, windows_for
from tests.python.warehouses import PROJECT

FIRST = date(2021, 10, 19)


@st.composite
def schedules(draw):
    """Game dates with their seasons, and some of them wanted."""
    offsets = draw(st.sets(st.integers(0, 900), max_size=60))
    days = [FIRST + timedelta(days=offset) for offset in sorted(offsets)]
    game_dates = {day: day.year if day.month >= 10 else day.year - 1 for day in days}
    wanted = draw(st.sets(st.sampled_from(days))) if days else set()
    return game_dates, wanted


def test_halves_keep_the_days_between_two_game_dates():
    """Exhibitions before an opening night are in nobody's window otherwise, and lose their exclusions."""
    schedule = [
        date(2022, 4, 9),
        date(2022, 4, 10),
        date(2022, 10, 18),
        date(2022, 10, 22),
        date(2022, 10, 24),
    ]
    one, other = halves(Window(date(2022, 4, 1), schedule[-1], 5), schedule)
    assert one == Window(date(2022, 4, 1), date(2022, 4, 10), 2)
    assert other == Window(date(2022, 10, 1), schedule[-1], 3)  # not April: it would read that season back
    assert halves(other, schedule) == (
        Window(date(2022, 10, 1), date(2022, 10, 18), 1),
        Window(date(2022, 10, 19), schedule[-1], 2),
    )


@given(schedules(), st.integers(1, 80))
def test_windows_cover_the_wanted_dates_and_nothing_else(schedule, largest):
    game_dates, wanted = schedule
    windows = windows_for(wanted, game_dates, largest)
    covered = [day for w in windows for day in sorted(game_dates) if w.start <= day <= w.end]
    assert covered == sorted(wanted)  # each once, oldest first


@given(schedules(), st.integers(1, 80))
def test_windows_are_no_larger_than_asked_and_say_their_size(schedule, largest):
    game_dates, wanted = schedule
    for window in windows_for(wanted, game_dates, largest):
        inside = [day for day in game_dates if window.start <= day <= window.end]
        assert window.dates == len(inside) <= largest


@given(schedules())
def test_a_season_that_fits_is_not_cut(schedule):
    game_dates, _ = schedule
    largest = max((list(game_dates.values()).count(y) for y in game_dates.values()), default=1)
    windows = windows_for(game_dates, game_dates, largest)
    for season in set(game_dates.values()):
        days = [day for day, year in game_dates.items() if year == season]
        holders = [w for w in windows if any(w.start <= day <= w.end for day in days)]
        assert len(holders) == 1


def test_exhibitions_go_with_the_next_game_date():
    games = {date(2022, 2, day): 2021 for day in (16, 17, 24, 25)}
    all_star = [date(2022, 2, 18), date(2022, 2, 20), date(2022, 3, 1)]
    later = [date(2022, 2, 24), date(2022, 2, 25)]
    assert [str(w) for w in windows_for(later, games, 9, all_star)] == ["2022-02-18..2022-02-25"]
    earlier = [date(2022, 2, 16), date(2022, 2, 17)]
    assert [str(w) for w in windows_for(earlier, games, 9, all_star)] == ["2022-02-16..2022-02-17"]


def test_only_the_window_macro_reads_the_window_vars():
    """A var in a config is frozen when the manifest is reused: the next window would build old dates."""
    readers = {
        path.relative_to(PROJECT).as_posix()
        for folder in ("models", "macros", "tests", "analyses", "seeds")
        for path in (PROJECT / folder).rglob("*")
        if path.suffix in (".sql", ".yml", ".py") and path.name != "test_windows.py"
        if re.search(r"var\(\s*['\"](start|end)['\"]|= _window_date\(", path.read_text())
    }
    readers |= {
        name
        for name in ("dbt_project.yml", "profiles.yml")
        if re.search(r"in_window\(|in_history\(|var\(\s*['\"](start|end)", (PROJECT / name).read_text())
    }
    assert readers == {"macros/windows.sql"}


def test_no_config_calls_the_window_rule():
    """Neither may the rule be called from a model's own config block."""
    for path in (PROJECT / "models").rglob("*.sql"):
        for block in re.findall(r"config\((.*?)\)\s*\}\}", path.read_text(), flags=re.S):
            assert not re.search(r"in_window|in_history|window_start|window_end", block), path
