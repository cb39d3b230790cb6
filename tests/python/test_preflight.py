"""What the preflight must find, whom it must stop, and whom it must leave alone."""

from datetime import date

import pytest

from orchestrator.coverage import season_of
from orchestrator.duckdb_file import DuckDBFile
from orchestrator.preflight import Problem, problems, spoiled
from tests.python.warehouses import change, copy_of, prepare, query

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
    days = query(warehouse, "select game_date from nba_intermediate.int_game_dates order by game_date")
    return [day for (day,) in days]


def ask(warehouse, wanted=None):
    """Return the problems and the spoiled ones of the wanted dates, all dates unless told."""
    wanted = game_dates(warehouse) if wanted is None else wanted
    with DuckDBFile(warehouse).reading() as connection:
        found = problems(connection, wanted)
    return found, spoiled(found, wanted)


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
    "players of one team": (
        "one_sided_box",
        0,
        "delete from nba_raw.player_box where game_id = '{game}' and team_abbreviation = '{home}'",
    ),
    "team row of one team": (
        "one_sided_box",
        1,
        "delete from nba_raw.team_box where game_id = '{game}' and team_abbreviation = '{away}'",
    ),
    "no team rows": ("no_team_box", 1, "delete from nba_raw.team_box where game_id = '{game}'"),
    "no players": ("no_player_box", 0, "delete from nba_raw.player_box where game_id = '{game}'"),
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
        "no_box",
        "delete from nba_raw.team_box where game_id = '{game}'",
        "delete from nba_raw.player_box where game_id = '{game}'",
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
    "no final score": (
        "no_final_score",
        "update nba_raw.games set home_score = null where game_id = '{game}'",
    ),
    "a shot too many": (
        "shots_disagree",
        "insert into nba_raw.shots select * from nba_raw.shots "
        "where game_id = '{game}' and shot_type = '2PT Field Goal' limit 1",
    ),
    "field goals of the game unknown": (
        "unknown_values",
        "update nba_raw.player_box set fgm = null, fga = null "
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
    warehouse, day = damaged(demo, tmp_path, [statement], season_of(days[0]))
    found, wrong = ask(warehouse, days)

    assert (check, day) in blocks(found)
    assert {game_date for _, game_date in blocks(found)} == {day}
    # Another check may find the same damage, and more of it.
    (problem,) = (problem for problem in found if (problem.check, problem.game_date) == (check, day))
    assert problem.rows >= 1
    assert problem.detail.startswith("game ")
    assert (problem.spoils_from - day).days == after
    assert problem.spoils_until == days[-1]
    assert set(spoiled([problem], days)) == {other for other in days if (other - day).days >= after}
    assert set(wrong) >= {other for other in days if (other - day).days >= after}
    assert all(other >= day for other in wrong)


@pytest.mark.parametrize("what", HARMLESS)
def test_what_the_contract_accepts_is_at_most_a_warning(demo, tmp_path, what):
    check, *statements = HARMLESS[what]
    before, _ = ask(demo)
    warehouse, day = damaged(demo, tmp_path, statements, season_of(game_dates(demo)[0]))
    found, wrong = ask(warehouse)
    (new,) = (problem for problem in found if problem not in before and problem.check == check)
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
    warehouse, day = damaged(demo, tmp_path, [statement], season_of(days[0]))
    before = [other for other in days if other < day]
    assert ask(warehouse, before) == ([], {})
    found, wrong = ask(warehouse, [*before, day])
    assert blocks(found) == [("no_team_box", day)]
    assert wrong == {}
    following = min(other for other in days if other > day)
    _, wrong = ask(warehouse, [following])
    assert {other: blocks(reasons) for other, reasons in wrong.items()} == {following: [("no_team_box", day)]}
    assert ask(warehouse, [day.replace(year=day.year + 1)]) == ([], {})


def test_nothing_wanted_or_no_view_is_no_problem(demo, demo_raw):
    assert ask(demo, []) == ([], {})
    with DuckDBFile(demo_raw).reading() as connection:
        assert problems(connection, [date(2022, 1, 10)]) == []


def test_the_last_date_of_a_season_belongs_to_the_year_before():
    assert season_of(date(2022, 9, 30)) == 2021
    assert season_of(date(2022, 10, 1)) == 2022


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
        dates, rows = counts.get(problem.check, (0, 0))
        counts[problem.check] = (dates + 1, rows + problem.rows)
    assert counts == {
        "no_box": (12, 24),  # play-in
        "no_shots": (88, 650),  # from January to April 2022
        "no_team_box_in_source": (47, 84),  # playoffs of 2025
        "shots_disagree": (4, 4),
        "unknown_values": (181, 42654),  # every playoff date
    }


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
    assert {season_of(other) for other in wrong} == {2022}
    assert min(wrong) >= day
    assert set(wrong) >= {
        other for other in game_dates(real) if season_of(other) == 2022 and (other - day).days >= after
    }
