"""What the preflight must find, whom it must stop, and whom it must leave alone."""

import re
from datetime import date

import pytest

from orchestrator.core import seeds
from orchestrator.state.preflight import Problem, problems, spoiled, told
from orchestrator.warehouse.duckdb_file import DuckDBFile
from tests.python.warehouses import PROJECT, change, copy_of, prepare, query

# Play-in by score only, shots that go quiet, no attempts in the playoffs: as in the real seasons.
DEMO_WARNINGS = {"no_box", "no_shots", "unknown_values"}


@pytest.fixture(scope="module")
def demo(demo_raw, tmp_path_factory):
    """One season of the demo league with its views, and nothing built."""
    warehouse = copy_of(demo_raw, tmp_path_factory.mktemp("demo_prepared"))
    prepare(warehouse)
    return warehouse


@pytest.fixture(scope="module")
def real(real_raw, tmp_path_factory):
    """The real data with its views, and nothing built."""
    warehouse = copy_of(real_raw, tmp_path_factory.mktemp("real_prepared"))
    prepare(warehouse)
    return warehouse


def game_dates(warehouse):
    """Return each game date with its season, oldest first."""
    return dict(
        query(
            warehouse, "select game_date, season_year from nba_intermediate.int_game_dates order by game_date"
        )
    )


def ask(warehouse, wanted=None):
    """Return the problems and the spoiled ones of the wanted dates, all dates unless told."""
    wanted = game_dates(warehouse) if wanted is None else wanted
    with DuckDBFile(warehouse).reading() as connection:
        found = problems(connection, wanted)
    return found, spoiled(found, wanted)


def season_of(warehouse):
    """Return the start year of the only season there is."""
    (season,) = set(game_dates(warehouse).values())
    return season


def blocks(found):
    return [(problem.check, problem.game_date) for problem in found if problem.severity == "block"]


def a_game(warehouse, year, kind="regular"):
    """Return id, date, home and visiting team of a game with box scores and shots, well within a season."""
    condition = "game_id in (select game_id from nba_raw.shots)" if kind == "regular" else "true"
    ((*game,),) = query(
        warehouse,
        "select game_id, game_date, home_team, away_team from nba_raw.games "
        f"where season_type = '{kind}' and {condition} and game_date >= date '{year}-12-10' "
        f"and game_date < date '{year + 1}-09-01' order by game_date, game_id limit 1",
    )
    return game


# Each takes a warehouse apart at one game: the check that must stop it, and the day from which on.
DAMAGES = {
    "team row of one team": (
        "one_sided_box",
        1,
        "delete from nba_raw.team_box where game_id = '{game}' and team_abbreviation = '{away}'",
    ),
    "no team rows": ("no_team_box", 1, "delete from nba_raw.team_box where game_id = '{game}'"),
    "a player of another team": (
        "team_not_in_game",
        0,
        "update nba_raw.player_box set team_abbreviation = 'XXX' where game_id = '{game}' and player_id = "
        "(select min(player_id) from nba_raw.player_box where game_id = '{game}' and min < 5)",
    ),
    "a game the schedule lost": (
        "box_of_unknown_game",
        0,
        "delete from nba_raw.games where game_id = '{game}'",
    ),
    "two values of a player": (
        "ambiguous_rows",
        0,
        "insert into nba_raw.player_box select * replace (pts + 1 as pts) from nba_raw.player_box "
        "where game_id = '{game}' limit 1",
    ),
    "two values of a team": (
        "ambiguous_rows",
        1,
        "insert into nba_raw.team_box select * replace (null as tov) from nba_raw.team_box "
        "where game_id = '{game}' limit 1",
    ),
    "two values of a game": (
        "ambiguous_rows",
        0,
        "insert into nba_raw.games select * replace (home_score + 1 as home_score) from nba_raw.games "
        "where game_id = '{game}'",
    ),
    "loaded at half-time": (
        "too_few_minutes",
        0,
        "update nba_raw.player_box set min = min / 2, pts = pts / 2 where game_id = '{game}'",
    ),
    "seconds in place of minutes": (
        "too_many_minutes",
        1,
        "update nba_raw.player_box set min = 60 * min "
        "where game_id = '{game}' and team_abbreviation = '{home}'",
    ),
    "a player longer than the game": (
        "too_many_minutes",
        1,
        "update nba_raw.player_box set min = 500 where game_id = '{game}' and player_id = "
        "(select min(player_id) from nba_raw.player_box where game_id = '{game}')",
    ),
    "no score, and later games were played": (
        "box_of_unplayed_game",
        0,
        "update nba_raw.games set home_score = null where game_id = '{game}'",
    ),
    "loaded before tip-off": (
        "too_few_players",
        0,
        "update nba_raw.player_box set min = 0, pts = 0, fga = 0 where game_id = '{game}'",
    ),
    "points of one team unknown": (
        "player_numbers_unknown",
        1,
        "update nba_raw.player_box set pts = null "
        "where game_id = '{game}' and team_abbreviation = '{home}' and min > 0",
    ),
    "turnovers of a team unknown": (
        "team_numbers_unknown",
        1,
        "update nba_raw.team_box set tov = null where game_id = '{game}' and team_abbreviation = '{home}'",
    ),
    "half of the shots": (
        "partial_shots",
        1,
        "delete from nba_raw.shots where game_id = '{game}' and period > 2",
    ),
    "shots loaded twice": (
        "partial_shots",
        1,
        "insert into nba_raw.shots select * from nba_raw.shots where game_id = '{game}'",
    ),
}

# What a source may lack, or have twice, and the tables still be right.
HARMLESS = {
    "no box score at all": (
        "late_box_score",
        "delete from nba_raw.team_box where game_id = '{game}'",
        "delete from nba_raw.player_box where game_id = '{game}'",
        "delete from nba_raw.shots where game_id = '{game}'",
    ),
    "no players": ("late_box_score", "delete from nba_raw.player_box where game_id = '{game}'"),
    "players of one team": (
        "late_box_score",
        "delete from nba_raw.player_box where game_id = '{game}' and team_abbreviation = '{home}'",
    ),
    "minutes unknown": (
        "unknown_values",
        "update nba_raw.player_box set min = null "
        "where game_date = (select game_date from nba_raw.games where game_id = '{game}')",
    ),
    "never played": (
        "game_not_played",
        "delete from nba_raw.team_box where game_id = '{game}'",
        "delete from nba_raw.player_box where game_id = '{game}'",
        "delete from nba_raw.shots where game_id = '{game}'",
        "update nba_raw.games set home_score = 0, away_score = 0 where game_id = '{game}'",
    ),
    "no shots": ("no_shots", "delete from nba_raw.shots where game_id = '{game}'"),
    "a game loaded twice": (
        "repeated_rows",
        "insert into nba_raw.player_box select * from nba_raw.player_box where game_id = '{game}'",
        "insert into nba_raw.games select * from nba_raw.games where game_id = '{game}'",
    ),
    "corrected later": (
        "repeated_rows",
        "insert into nba_raw.team_box select * replace (pts - 1 as pts, ingested_at - interval 1 day "
        "as ingested_at) from nba_raw.team_box where game_id = '{game}'",
    ),
    "another final score": (
        "points_disagree",
        "update nba_raw.games set home_score = home_score + 1 where game_id = '{game}'",
    ),
    "a shot too many": (
        "shots_disagree",
        "insert into nba_raw.shots select * from nba_raw.shots "
        "where game_id = '{game}' and shot_type = '2PT Field Goal' limit 1",
    ),
    "field goals of the game unknown": (
        "unknown_values",
        "update nba_raw.player_box set fga = null "
        "where game_date = (select game_date from nba_raw.games where game_id = '{game}')",
    ),
}


def damaged(warehouse, folder, statements, year, kind="regular"):
    """Copy a warehouse and damage one game of it; return the copy and the game's date."""
    game, day, home, away = a_game(warehouse, year, kind)
    copy = copy_of(warehouse, folder)
    change(copy, *(statement.format(game=game, home=home, away=away) for statement in statements))
    return copy, day


@pytest.mark.parametrize("what", DAMAGES)
def test_a_damaged_game_stops_what_comes_after_it(demo, tmp_path, what):
    check, after, statement = DAMAGES[what]
    days = game_dates(demo)
    warehouse, day = damaged(demo, tmp_path, [statement], season_of(demo))
    found, wrong = ask(warehouse, days)

    assert (check, day) in blocks(found)
    assert {game_date for _, game_date in blocks(found)} == {day}
    # Another check may find the same damage, and more of it.
    (problem,) = (problem for problem in found if (problem.check, problem.game_date) == (check, day))
    assert problem.rows >= 1
    assert problem.detail.startswith("game ")
    assert (problem.spoils_from - day).days == after
    assert problem.spoils_until == max(days)
    assert set(spoiled([problem], days)) == {other for other in days if (other - day).days >= after}
    assert set(wrong) >= {other for other in days if (other - day).days >= after}
    assert all(other >= day for other in wrong)


@pytest.mark.parametrize("what", HARMLESS)
def test_what_the_contract_accepts_is_at_most_a_warning(demo, tmp_path, what):
    check, *statements = HARMLESS[what]
    before, _ = ask(demo)
    warehouse, day = damaged(demo, tmp_path, statements, season_of(demo))
    found, wrong = ask(warehouse)
    (new,) = (
        problem
        for problem in found
        if problem not in before and problem.check == check and problem.game_date == day
    )
    assert (new.severity, new.game_date) == ("warn", day)
    assert new.spoils_from is None
    assert new.spoils_until is None
    assert blocks(found) == []
    assert wrong == {}


def test_the_demo_league_has_no_block(demo):
    found, wrong = ask(demo)
    assert blocks(found) == []
    assert wrong == {}
    assert {problem.check for problem in found} == DEMO_WARNINGS


def test_tables_that_were_built_change_nothing(demo, demo_built):
    assert ask(demo_built) == ask(demo)


def test_a_missing_pre_tip_context_is_no_problem(demo_built, tmp_path):
    warehouse = copy_of(demo_built, tmp_path)
    # The views stay: none of the preflight's own may hang on the table.
    change(warehouse, "drop table nba_analytics.upcoming_player_game_context")
    assert ask(warehouse) == ask(demo_built)


def test_only_what_the_wanted_dates_read_is_looked_at(demo, tmp_path):
    days = game_dates(demo)
    _, _, statement = DAMAGES["no team rows"]
    warehouse, day = damaged(demo, tmp_path, [statement], season_of(demo))
    before = {other: season for other, season in days.items() if other < day}
    assert ask(warehouse, before) == ([], {})
    found, wrong = ask(warehouse, before | {day: days[day]})
    assert blocks(found) == [("no_team_box", day)]
    assert wrong == {}
    following = min(other for other in days if other > day)
    _, wrong = ask(warehouse, {following: days[following]})
    assert {other: blocks(reasons) for other, reasons in wrong.items()} == {following: [("no_team_box", day)]}
    assert ask(warehouse, {day.replace(year=day.year + 1): days[day] + 1}) == ([], {})


def test_nothing_wanted_or_no_view_is_no_problem(demo, demo_raw):
    assert ask(demo, {}) == ([], {})
    with DuckDBFile(demo_raw).reading() as connection:
        assert problems(connection, {date(2022, 1, 10): 2021}) == []


def test_both_ends_of_what_a_problem_spoils_are_spoiled():
    def problem(severity, first, last):
        return Problem("check", severity, date(2022, 1, 10), 1, "game", first, last)

    block = problem("block", date(2022, 1, 11), date(2022, 1, 13))
    warning = problem("warn", None, None)
    days = [date(2022, 1, day) for day in (14, 13, 12, 11, 10)]
    assert list(spoiled([block, warning], days).items()) == [
        (date(2022, 1, 11), [block]),
        (date(2022, 1, 12), [block]),
        (date(2022, 1, 13), [block]),
    ]


@pytest.mark.real
def test_the_real_data_has_no_block(real):
    found, wrong = ask(real)
    assert blocks(found) == []
    assert wrong == {}
    counts = {}
    for problem in found:
        dates, rows = counts.get((problem.check, problem.subject), (0, 0))
        counts[problem.check, problem.subject] = (dates + 1, rows + problem.rows)
    in_playoffs = [
        "fg_makes",
        "fg_attempts",
        "three_pt_makes",
        "three_pt_attempts",
        "ft_makes",
        "ft_attempts",
    ]
    ((dates, rows),) = query(
        real,
        "select count(distinct game_date), count(*) from nba_staging.stg_nba__player_box "
        "where season_type = 'playoffs'",
    )
    assert counts == {
        ("no_box", None): (12, 24),  # play-in
        ("no_shots", None): (88, 650),  # from January to April 2022
        ("no_team_box_in_source", None): (47, 84),  # playoffs of 2025
        ("shots_disagree", None): (4, 4),
    } | {("unknown_values", f"player_box.{column}"): (dates, rows) for column in in_playoffs}
    assert told(found)[-4].startswith(
        "fg_attempts, fg_makes, ft_attempts, ft_makes, three_pt_attempts, three_pt_makes of player_box "
        "unknown on 45 dates, 2022-04-16..2022-06-16; e.g. "
    )


@pytest.mark.real
@pytest.mark.parametrize(
    ("what", "kind"),
    [(what, "regular") for what in DAMAGES]
    + [("no team rows", "playoffs"), ("turnovers of a team unknown", "playoffs")],
)
def test_a_damaged_game_spoils_no_other_season(real, tmp_path, what, kind):
    check, after, statement = DAMAGES[what]
    warehouse, day = damaged(real, tmp_path, [statement], 2022, kind)
    found, wrong = ask(warehouse)
    assert (check, day) in blocks(found)
    assert {game_date for _, game_date in blocks(found)} == {day}
    days = game_dates(real)
    assert {days[other] for other in wrong} == {2022}
    assert min(wrong) >= day
    assert set(wrong) >= {
        other for other, season in days.items() if season == 2022 and (other - day).days >= after
    }


UNKNOWN_TEAM_MINUTES = "update nba_raw.team_box set min = null where game_date {dates}"


def test_a_column_is_no_defect_for_being_repaired_elsewhere(demo, tmp_path):
    """Unknown everywhere, until November or in a fortnight: a warning. On one date of many: a block."""
    season = season_of(demo)
    for name, dates, blocking in (
        ("all", "is not null", False),
        ("until November", f"< date '{season}-11-01'", False),
        ("from November", f">= date '{season}-11-01'", False),
        ("a fortnight", f"between date '{season}-12-10' and date '{season}-12-24'", False),
        ("one date", f"= date '{a_game(demo, season)[1]}'", True),
    ):
        warehouse = copy_of(demo, tmp_path / name)
        change(warehouse, UNKNOWN_TEAM_MINUTES.format(dates=dates))
        found, _ = ask(warehouse)
        assert bool(blocks(found)) == blocking, name
        assert any(problem.subject == "team_box.team_minutes" for problem in found)


def test_the_seed_has_every_check_that_the_models_make_and_no_other():
    made = set()
    for file in (PROJECT / "models").rglob("preflight/*_findings.sql"):
        for arm in re.findall(r"select\n(?:(?!select\n).)*? as check_name", file.read_text(), re.DOTALL):
            made |= set(re.findall(r"'(\w+)'", arm))
    assert made == {row["check_name"] for row in seeds.rows("preflight_checks")}


def test_a_block_is_told_with_what_to_do():
    block = Problem("no_team_box", "block", date(2022, 1, 10), 1, "game 7: 20 rows", None, None)
    assert told([block]) == ["no team rows on 2022-01-10; e.g. game 7: 20 rows; load the game's team rows"]


def test_columns_are_told_by_span():
    def unknown(column, day):
        return Problem(
            "unknown_values", "warn", day, 10, f"{column} is NULL in 10 of 10 rows", None, None, column
        )

    days = [date(2022, 1, 10), date(2022, 1, 12), date(2022, 3, 1)]
    found = [unknown(f"player_box.{column}", day) for column in ("minutes_played", "points") for day in days]
    late = Problem("late_box_score", "warn", days[0], 1, "game 7: MIL-GSW, no box score yet", None, None)
    assert told([*found, late]) == [
        "late box score on 2022-01-10; e.g. game 7: MIL-GSW, no box score yet",
        "minutes_played, points of player_box unknown on 2 dates, 2022-01-10..2022-01-12; "
        "e.g. player_box.minutes_played is NULL in 10 of 10 rows",
        "minutes_played, points of player_box unknown on 2022-03-01; "
        "e.g. player_box.minutes_played is NULL in 10 of 10 rows",
    ]
