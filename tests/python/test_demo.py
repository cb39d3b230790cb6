"""The invented league has the real files' shape, adds up, and exercises every rule."""

import os
import re
import unicodedata
from pathlib import Path

import duckdb
import pytest

from demo import write_league
from tests.python.raw_league import write_files
from tests.python.warehouses import copy_of, orchestrate, query, succeed

REAL = Path(os.environ.get("NBA_REAL_DATA", Path(__file__).resolve().parents[3] / "shared" / "nba"))

GAPS = ("fgm", "fga", "fg3m", "fg3a", "ftm", "fta", "oreb", "dreb", "pf")
BOX = (*GAPS, "pts", "reb", "ast", "stl", "blk", "tov")

# Copied from the real files, in their order.
COLUMNS = {
    "games": """
        game_id VARCHAR, game_date DATE, tip_et VARCHAR, season VARCHAR, season_type VARCHAR,
        home_team_id BIGINT, home_team VARCHAR, home_team_name VARCHAR, away_team_id BIGINT,
        away_team VARCHAR, away_team_name VARCHAR, home_score SMALLINT, away_score SMALLINT,
        home_is_nba BOOLEAN, away_is_nba BOOLEAN, arena VARCHAR, arena_city VARCHAR,
        label VARCHAR, has_player_box BOOLEAN, has_shots BOOLEAN, source VARCHAR""",
    "player_box": """
        season VARCHAR, season_type VARCHAR, game_id VARCHAR, game_date DATE, player_id BIGINT,
        player_name VARCHAR, team_id BIGINT, team_abbreviation VARCHAR, opponent VARCHAR,
        is_home BOOLEAN, wl VARCHAR, min SMALLINT, pts SMALLINT, fgm SMALLINT, fga SMALLINT,
        fg3m SMALLINT, fg3a SMALLINT, ftm SMALLINT, fta SMALLINT, oreb SMALLINT, dreb SMALLINT,
        reb SMALLINT, ast SMALLINT, stl SMALLINT, blk SMALLINT, tov SMALLINT, pf SMALLINT,
        plus_minus SMALLINT, source VARCHAR, fg_pct DOUBLE, fg3_pct DOUBLE, ft_pct DOUBLE""",
    "team_box": """
        season VARCHAR, season_type VARCHAR, game_id VARCHAR, game_date VARCHAR, team_id BIGINT,
        team_abbreviation VARCHAR, team_name VARCHAR, matchup VARCHAR, wl VARCHAR, min DOUBLE,
        pts BIGINT, fgm BIGINT, fga BIGINT, fg3m BIGINT, fg3a BIGINT, ftm BIGINT, fta BIGINT,
        oreb BIGINT, dreb BIGINT, reb BIGINT, ast BIGINT, stl BIGINT, blk BIGINT, tov DOUBLE,
        pf BIGINT, plus_minus DOUBLE, is_home BOOLEAN, opponent_abbreviation VARCHAR,
        source VARCHAR""",
    "shots": """
        season VARCHAR, game_id VARCHAR, game_date DATE, player_id BIGINT, player_name VARCHAR,
        team_id BIGINT, team VARCHAR, home_team VARCHAR, away_team VARCHAR, period SMALLINT,
        minutes_remaining SMALLINT, seconds_remaining SMALLINT, action_type VARCHAR,
        shot_type VARCHAR, zone_basic VARCHAR, zone_area VARCHAR, zone_range VARCHAR,
        shot_distance SMALLINT, loc_x SMALLINT, loc_y SMALLINT, shot_made BOOLEAN,
        source VARCHAR, zone_group VARCHAR, opponent VARCHAR""",
    "odds": """
        game_id VARCHAR, season VARCHAR, game_date DATE, home_team VARCHAR, away_team VARCHAR,
        total_line DOUBLE, ml_home DOUBLE, ml_away DOUBLE, source VARCHAR, home_spread DOUBLE""",
    "injuries": """
        event_date DATE, team_nickname VARCHAR, player_name VARCHAR, acquired VARCHAR,
        relinquished VARCHAR, notes VARCHAR, estimated_days_out DOUBLE, source VARCHAR""",
    "players": """
        player_id BIGINT, player_name VARCHAR, position_group VARCHAR, position VARCHAR,
        position_as_of VARCHAR""",
}
TABLES = tuple(COLUMNS)


def connect(folder: Path) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    for table in TABLES:
        con.execute(f"create view {table} as from '{folder / table}.parquet'")
    return con


@pytest.fixture(scope="session")
def folder(tmp_path_factory) -> Path:
    """Two seasons, 2022-23 and 2023-24."""
    path = tmp_path_factory.mktemp("demo")
    write_league(path, seasons=2)
    return path


@pytest.fixture(scope="session")
def league(folder):
    with connect(folder) as con:
        yield con


def rows(league, query: str) -> list[tuple]:
    return league.execute(query).fetchall()


def one(league, query: str):
    return rows(league, query)[0][0]


# --- the files --------------------------------------------------------------------------------


def test_nothing_but_the_seven_files_is_left_behind(folder):
    assert sorted(p.name for p in folder.iterdir()) == sorted(f"{t}.parquet" for t in TABLES)


def test_same_seed_gives_the_same_bytes_and_another_seed_does_not(folder, tmp_path):
    write_league(tmp_path / "again", seasons=2, seed=7)
    write_league(tmp_path / "other", seasons=2, seed=8)
    for table in TABLES:
        first = (folder / f"{table}.parquet").read_bytes()
        assert (tmp_path / "again" / f"{table}.parquet").read_bytes() == first, table
        assert (tmp_path / "other" / f"{table}.parquet").read_bytes() != first, table


def test_rewriting_replaces_the_files(tmp_path):
    for seed in (1, 2):
        write_league(tmp_path, seasons=1, seed=seed)
    with connect(tmp_path) as con:
        assert one(con, "select count(*) from games where season_type = 'regular'") == 1230


@pytest.mark.parametrize("seasons", [0, -1, 79])
def test_an_impossible_number_of_seasons_is_refused_and_writes_nothing(seasons, tmp_path):
    with pytest.raises(ValueError, match="seasons"):
        write_league(tmp_path / "league", seasons=seasons)
    assert not (tmp_path / "league").exists()


@pytest.mark.parametrize("table", TABLES)
def test_columns_and_types_are_those_of_the_real_files(league, table):
    found = [f"{name} {type_}" for name, type_, *_ in rows(league, f"describe {table}")]
    assert found == re.split(r",\s+", COLUMNS[table].strip())


@pytest.mark.real
@pytest.mark.parametrize("table", TABLES)
def test_columns_and_types_equal_the_real_data(league, table):
    path = REAL / f"{table}.parquet"
    if not path.is_file():
        pytest.skip(f"no real data: {path} is not there")
    assert [r[:2] for r in rows(league, f"describe {table}")] == [
        r[:2] for r in rows(league, f"describe from '{path}'")
    ]


def test_every_key_is_unique(league):
    keys = {
        "games": "game_id",
        "player_box": "game_id, player_id",
        "team_box": "game_id, team_id",
        "odds": "game_id, source",
        "players": "player_id",
    }
    for table, key in keys.items():
        assert one(league, f"select count(*) - count(distinct ({key})) from {table}") == 0, table


# --- the calendar -----------------------------------------------------------------------------


def test_seasons_open_on_the_real_nights(league):
    opened = rows(
        league,
        """select season, min(game_date)::varchar from games where season_type = 'regular'
        group by all order by all""",
    )
    assert opened == [("2022-23", "2022-10-18"), ("2023-24", "2023-10-24")]


def test_seasons_go_back_to_the_last_century(tmp_path, monkeypatch):
    monkeypatch.setattr("demo.LAST_YEAR", 1999)
    write_league(tmp_path, seasons=1)
    with connect(tmp_path) as con:
        assert one(con, "select min(game_id) from games") == "0019900001"
        opened = """
            select season, dayname(min(game_date)), min(game_date)::varchar from games
            where season_type = 'regular' group by season"""
        assert rows(con, opened) == [("1999-00", "Tuesday", "1999-10-19")]


def test_every_team_plays_82_games_half_at_home_and_never_twice_a_date(league):
    team_games = """
        select season, game_date, unnest([home_team, away_team]) as team, unnest([1, 0]) as home
        from games where season_type = 'regular'"""
    per_team = rows(league, f"select count(*), sum(home), season, team from ({team_games}) group by all")
    assert len(per_team) == 60
    assert {(games, home) for games, home, *_ in per_team} == {(82, 41)}
    twice = f"select count(*) from ({team_games}) group by game_date, team having count(*) > 1"
    assert rows(league, twice) == []


def test_opponents_meet_as_often_as_in_the_real_schedule(league):
    meetings = rows(
        league,
        """select season, least(home_team, away_team), greatest(home_team, away_team), count(*),
            sum(if(home_team < away_team, 1, -1))
        from games where season_type = 'regular' group by 1, 2, 3""",
    )
    times = [row[3] for row in meetings]
    assert {n: times.count(n) for n in set(times)} == {2: 2 * 225, 3: 2 * 60, 4: 2 * 150}
    # Half of them at either place, or one more at one when they meet three times.
    assert all(abs(balance) == count % 2 for *_, count, balance in meetings)


def test_back_to_backs_are_as_common_as_in_real_seasons_and_nobody_plays_thrice(league):
    gaps = rows(
        league,
        """select season, team,
            count(*) filter (game_date - before = 1) as pairs,
            count(*) filter (game_date - two_before = 2) as triples
        from (
            select season, team, game_date,
                lag(game_date) over (partition by season, team order by game_date) as before,
                lag(game_date, 2) over (partition by season, team order by game_date) as two_before
            from (select season, game_date, unnest([home_team, away_team]) as team
                from games where season_type = 'regular'))
        group by all""",
    )
    pairs = [row[2] for row in gaps]
    assert 13 <= sum(pairs) / len(pairs) <= 15
    assert min(pairs) >= 9
    assert max(pairs) <= 19
    assert {row[3] for row in gaps} == {0}


def test_the_league_rests_on_its_holidays_and_for_all_star_weekend(league):
    free = ["2022-11-24", "2022-12-24", "2023-11-23", "2023-12-24", "2023-12-09"]
    free += [f"2023-02-{day}" for day in range(17, 23)]
    free += [f"2024-02-{day}" for day in range(16, 22)]
    played = {
        str(d) for (d,) in rows(league, "select distinct game_date from games where season_type = 'regular'")
    }
    assert played.isdisjoint(free)
    assert 2 * 160 <= len(played) <= 2 * 166


def test_ids_say_what_kind_of_game_it_is(league):
    kinds = "'preseason', 'regular', 'all_star', 'playoffs', 'play_in', 'cup_final'"
    wrong = f"""
        select game_id, season_type from games
        where game_id not like 'derived:%'
            and not (list_position([{kinds}], season_type) = game_id[3]::int
                and game_id[:2] = '00' and length(game_id) = 10
                and game_id[4:5] = season[3:4])"""
    assert rows(league, wrong) == []


# --- sums -------------------------------------------------------------------------------------


def test_players_add_up_to_their_team_in_every_known_column(league):
    for column in [*BOX, "min"]:
        wrong = f"""
            select t.game_id, t.team_id from team_box as t
            left join player_box as p on p.game_id = t.game_id and p.team_id = t.team_id
            where t.season_type = 'regular' group by t.game_id, t.team_id
            having any_value(t."{column}") is distinct from sum(p."{column}")"""
        assert rows(league, wrong) == [], column
    for column in ("pts", "reb", "ast", "stl", "blk", "tov"):
        wrong = f"""
            select t.game_id from team_box as t
            left join player_box as p on p.game_id = t.game_id and p.team_id = t.team_id
            where t.season_type = 'playoffs' group by t.game_id, t.team_id
            having any_value(t.{column}) is distinct from sum(p.{column})"""
        assert rows(league, wrong) == [], column


def test_points_follow_from_what_was_made(league):
    for table in ("player_box", "team_box"):
        wrong = f"""
            select * from {table} where pts <> 2 * (fgm - fg3m) + 3 * fg3m + ftm
                or fgm > fga or fg3m > fg3a or ftm > fta or fg3a > fga or reb <> oreb + dreb"""
        assert rows(league, wrong) == [], table


def test_team_points_are_the_final_score_and_nobody_draws(league):
    wrong = """
        select g.game_id from games as g
        left join team_box as h on h.game_id = g.game_id and h.is_home
        left join team_box as a on a.game_id = g.game_id and not a.is_home
        where g.has_player_box and not coalesce(
            h.pts = g.home_score and a.pts = g.away_score
            and h.team_abbreviation = g.home_team and a.team_abbreviation = g.away_team
            and h.wl = if(h.pts > a.pts, 'W', 'L') and a.wl = if(a.pts > h.pts, 'W', 'L')
            and h.plus_minus = h.pts - a.pts and a.plus_minus = a.pts - h.pts, false)"""
    assert rows(league, wrong) == []
    assert one(league, "select count(*) from games where home_score = away_score") == 0


def test_plus_minus_adds_up_to_five_times_the_margin(league):
    wrong = """
        select t.game_id from team_box as t join player_box as p using (game_id, team_id)
        group by t.game_id, t.team_id
        having sum(p.plus_minus) <> 5 * any_value(t.plus_minus)"""
    assert rows(league, wrong) == []


def test_shots_agree_with_the_box_score_of_every_player_in_covered_games(league):
    wrong = """
        with taken as (
            select game_id, player_id, count(*) as fga, sum(shot_made::int) as fgm,
                sum((shot_type = '3PT Field Goal')::int) as fg3a,
                sum((shot_type = '3PT Field Goal' and shot_made)::int) as fg3m
            from shots group by all
        ),
        box as (
            select p.* from player_box as p join games as g using (game_id) where g.has_shots
        )
        select * from box full join taken using (game_id, player_id)
        where (box.fga, box.fgm, box.fg3a, box.fg3m) is distinct from
            (coalesce(taken.fga, 0), coalesce(taken.fgm, 0), coalesce(taken.fg3a, 0),
                coalesce(taken.fg3m, 0))"""
    assert rows(league, wrong) == []
    assert one(league, "select count(*) from shots") > 200_000


def test_shots_lie_where_their_type_and_distance_say(league):
    wrong = """
        select * from shots
        where shot_distance <> floor(sqrt(loc_x::int * loc_x + loc_y::int * loc_y) / 10)
            or (shot_type = '3PT Field Goal') <> (shot_distance >= 22)
            or minutes_remaining not between 0 and if(period > 4, 4, 11)
            or seconds_remaining not between 0 and 59"""
    assert rows(league, wrong) == []


def test_minutes_are_plausible(league):
    wrong = """
        select game_id from team_box where season_type = 'regular'
            and not exists (
                select 1 from unnest([240, 265, 290]) as t(full_minutes)
                where abs(min - full_minutes) <= 6)"""
    assert rows(league, wrong) == []
    least, most = rows(
        league,
        """select min(n), max(n) from (
            select count(*) as n from player_box group by game_id, team_id)""",
    )[0]
    assert (least, most) == (8, 13)


def test_league_averages_are_those_of_the_real_league(league):
    ranges = {
        "pts": (105, 120),
        "fga": (85, 91),
        "fg3a": (32, 38),
        "fta": (20, 24),
        "tov": (12.5, 14.5),
        "oreb": (9.5, 11.5),
        "1.0 * ftm / fta": (0.75, 0.81),
        "1.0 * fg3m / fg3a": (0.34, 0.385),
        "48 * (fga + 0.44 * fta - oreb + tov) / (min / 5)": (95, 103),
    }
    for expression, (low, high) in ranges.items():
        mean = one(league, f"select avg({expression}) from team_box where season_type = 'regular'")
        assert low < mean < high, expression
    home_wins = """
        select avg((home_score > away_score)::int) from games where season_type = 'regular'"""
    assert 0.52 < one(league, home_wins) < 0.62
    zones = {
        zone: (share, made)
        for zone, share, made in rows(
            league,
            """select case when shot_type = '3PT Field Goal' then 'three'
                    when shot_distance <= 8 then 'paint' else 'mid' end,
                count(*) / sum(count(*)) over (), avg(shot_made::int)
            from shots group by 1""",
        )
    }
    assert zones["paint"] == pytest.approx((0.40, 0.60), abs=0.04)
    assert zones["mid"] == pytest.approx((0.20, 0.41), abs=0.03)
    assert zones["three"] == pytest.approx((0.40, 0.36), abs=0.03)


# --- every rule has something to bite on ------------------------------------------------------


def test_some_games_go_to_overtime(league):
    share = one(league, "select avg((min > 250)::int) from team_box where season_type = 'regular'")
    assert 0.03 < share < 0.09
    assert one(league, "select max(period) from shots") >= 5


def test_some_appearances_last_seconds_and_not_all_of_those_count_as_active(league):
    active, inactive = rows(
        league,
        """select count(*) filter (fga > 0 or pts > 0), count(*) filter (fga = 0 and pts = 0)
        from player_box where min = 0 and season_type = 'regular'""",
    )[0]
    assert active >= 5
    assert inactive >= 50


def test_players_are_traded_and_play_on(league):
    moved = """
        select season, player_id from player_box where season_type = 'regular'
        group by all having count(distinct team_id) = 2"""
    assert len(rows(league, moved)) >= 40
    back_and_forth = """
        select player_id from (
            select season, player_id, team_id, min(game_date) as first, max(game_date) as last
            from player_box group by all) as a
        join (select season, player_id, team_id, min(game_date) as first from player_box
            group by all) as b using (season, player_id)
        where a.team_id <> b.team_id and a.first < b.first and a.last >= b.first"""
    assert rows(league, back_and_forth) == []


def test_rookies_arrive_and_others_leave(league):
    arrived, left = rows(
        league,
        """select count(*) filter (first = '2023-24'), count(*) filter (last = '2022-23') from (
            select min(season) as first, max(season) as last from player_box
            group by player_id)""",
    )[0]
    assert arrived > 20
    assert left > 20


def test_injured_players_sit_out_until_they_are_back(league):
    placed = """
        select relinquished as player_name, event_date as placed, (
            select min(b.event_date) from injuries as b
            where b.acquired = a.relinquished and b.event_date > a.event_date) as back
        from injuries as a where relinquished is not null"""
    assert len(rows(league, placed)) > 1000
    played_hurt = f"""
        select * from ({placed}) as a join player_box as p using (player_name)
        where p.game_date >= a.placed and p.game_date < a.back
            and year(a.placed - interval 9 months) = year(a.back - interval 9 months)"""
    assert rows(league, played_hurt) == []
    kinds = one(league, "select list(distinct notes) from injuries")
    assert {"placed on IL with sprained left ankle", "activated from IL"} <= set(kinds)
    assert any(note.endswith("(DTD)") for note in kinds)


def test_teams_from_outside_the_league_appear_without_boxes(league):
    outside = rows(
        league,
        """select season_type, if(home_is_nba, away_team, home_team), has_player_box, has_shots
        from games where not (home_is_nba and away_is_nba)""",
    )
    assert {row[0] for row in outside} == {"preseason", "all_star"}
    assert {"EST", "IAH"} <= {row[1] for row in outside}
    assert len({row[1] for row in outside if row[0] == "preseason"}) >= 5
    assert not any(row[2] or row[3] for row in outside)
    nba = "select distinct unnest([home_team, away_team]) from games where season_type = 'regular'"
    flagged = f"""
        select * from games where home_is_nba <> (home_team in ({nba}))
            or away_is_nba <> (away_team in ({nba}))"""
    assert rows(league, flagged) == []


def fold(name: str) -> str:
    """Lookup form of a name, written anew here so that it checks rather than repeats."""
    name = name.translate(str.maketrans("łŁøØđĐ", "lLoOdD"))
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub("[^a-z0-9]", "", ascii_name.lower())


def test_some_pairs_of_players_share_a_lookup_in_the_same_season(league):
    seen: dict[tuple[str, str], set[int]] = {}
    for season, player_id, name in rows(
        league, "select distinct season, player_id, player_name from player_box"
    ):
        seen.setdefault((season, fold(name)), set()).add(player_id)
    pairs = {name for (season, name), ids in seen.items() if len(ids) > 1 and season == "2023-24"}
    assert 2 <= len(pairs) <= 10


def test_names_stay_distinct_as_written_and_carry_accents_and_marks(league):
    names = [name for (name,) in rows(league, "select player_name from players")]
    assert len(set(names)) == len(names)
    written = "".join(names)
    assert all(mark in written for mark in "čćšžģņāéöđøł'-")
    assert any(name.endswith(" Jr.") for name in names)


def test_some_positions_are_unknown(league):
    unknown, known = rows(league, "select count(*) - count(position), count(position) from players")[0]
    assert 0 < unknown < known


def test_shots_go_quiet_in_the_first_season_only(league):
    quiet = rows(
        league,
        """select season, min(game_date)::varchar, max(game_date)::varchar from games
        where season_type = 'regular' and not has_shots group by all""",
    )
    assert [(season, first[:7], last[:7]) for season, first, last in quiet] == [
        ("2022-23", "2023-01", "2023-03")
    ]
    disagreeing = """
        select game_id from games left join (select distinct game_id, true as found from shots)
        using (game_id) where has_shots <> coalesce(found, false)"""
    assert rows(league, disagreeing) == []


def test_the_play_in_and_the_cup_final_are_known_by_score_only(league):
    games = rows(
        league,
        """select season, season_type, count(*), count(distinct game_date),
            bool_or(has_player_box or has_shots), bool_and(home_score <> away_score)
        from games where season_type in ('play_in', 'cup_final') group by all order by all""",
    )
    assert games == [
        ("2022-23", "play_in", 6, 3, False, True),
        ("2023-24", "cup_final", 1, 1, False, True),
        ("2023-24", "play_in", 6, 3, False, True),
    ]
    entrants = """
        select season, count(distinct team), max(played) from (
            select season, team, count(*) over (partition by season, team) as played
            from (select distinct season, game_id, unnest([home_team, away_team]) as team
                from games where season_type = 'play_in'))
        group by season order by season"""
    assert rows(league, entrants) == [("2022-23", 8, 2), ("2023-24", 8, 2)]
    assert one(league, "select count(*) from games where home_team = away_team") == 0
    for table in ("player_box", "team_box", "shots"):
        boxed = f"select count(*) from {table} join games using (game_id) where not has_player_box"
        assert one(league, boxed) == 0


def test_playoff_boxes_have_the_real_gaps(league):
    counts = ", ".join(f"count({c})" for c in GAPS)
    playoffs = rows(league, f"select {counts} from player_box where season_type = 'playoffs'")
    assert playoffs == [(0,) * len(GAPS)]
    known = "count(*) - count(min) + count(*) - count(pts) + count(*) - count(tov)"
    assert one(league, f"select {known} from player_box where season_type = 'playoffs'") == 0
    missing = " or ".join(f"{c} is null" for c in GAPS)
    assert one(league, f"select count(*) from team_box where {missing}") == 0
    assert one(league, f"select count(*) from player_box where season_type = 'regular' and ({missing})") == 0
    minutes = "select list(distinct min order by min) from team_box where season_type = 'playoffs'"
    assert set(one(league, minutes)) <= {48.0, 53.0, 58.0}
    shot = "select count(*) from games where season_type = 'playoffs' and has_shots"
    assert one(league, shot) == 0


def test_every_series_is_won_by_four_games_and_the_last_in_june(league):
    series = rows(
        league,
        """select season, game_id[6:9] as series, count(*), max(wins), count(distinct teams) from (
            select season, game_id, list_sort([home_team, away_team]) as teams,
                count(*) over (partition by season, game_id[6:9],
                    if(home_score > away_score, home_team, away_team)) as wins
            from games where season_type = 'playoffs')
        group by all""",
    )
    assert len(series) == 30
    assert all(4 <= games <= 7 and wins == 4 and pairs == 1 for _, _, games, wins, pairs in series)
    ended = rows(
        league,
        "select month(max(game_date)) from games where season_type = 'playoffs' group by season",
    )
    assert ended == [(6,), (6,)]


def test_most_games_have_lines_some_two_and_a_few_none(league):
    sources = dict(
        rows(
            league,
            """select n, count(*) from (
                select count(odds.source) as n from games left join odds using (game_id)
                where games.season_type = 'regular' group by game_id) group by n""",
        )
    )
    assert sources[2] > 1000
    assert 0 < sources[0] < 150
    agree = """
        select corr(home_spread, away_score - home_score) from odds join games using (game_id)"""
    assert 0.2 < one(league, agree) < 0.7
    empty = "select count(*) from odds where home_spread is null"
    assert one(league, empty) == 0
    assert one(league, "select count(*) - count(total_line) from odds") > 0


def test_real_files_take_the_place_of_a_demo_league(demo_built, files, tmp_path):
    """Mixed, their teams would play twice on a day; what was built from the demo league goes with it."""
    warehouse = copy_of(demo_built, tmp_path)
    write_files(files)
    with duckdb.connect(str(warehouse)) as con:  # two games that share no more than the id
        [real] = con.execute(f"select min(game_id) from '{files}/games.parquet'").fetchone()
        [demo] = con.execute(
            "select min(game_id) from nba_raw.games where season_type = 'regular'"
        ).fetchone()
        for table in ("games", "player_box", "team_box", "shots", "betting_lines"):
            con.execute(f"update nba_raw.{table} set game_id = ? where game_id = ?", [real, demo])
    done = succeed(orchestrate(warehouse, "ingest", "--from", files))
    assert "the stored demo league is removed" in done.stderr
    assert "fewer rows" not in done.stderr
    assert "get another date" not in done.stderr
    assert not query(warehouse, "select 1 from nba_raw.games where source = 'demo'")
    assert not query(
        warehouse, "select 1 from information_schema.tables where table_schema = 'nba_precompute'"
    )
    for table in ("player_box", "team_box", "shots"):
        assert not query(warehouse, f"select 1 from nba_raw.{table} anti join nba_raw.games using (game_id)")


def test_a_demo_league_does_not_go_beside_real_games(full_warehouse):
    before = query(full_warehouse, "select count(*), max(ingested_at) from nba_raw.games")
    done = orchestrate(full_warehouse, "demo", "--seasons", "1")
    assert done.returncode == 1
    assert "games of a real league" in done.stderr
    assert query(full_warehouse, "select count(*), max(ingested_at) from nba_raw.games") == before


def test_the_same_demo_league_again_leaves_nothing_to_do(demo_built, tmp_path):
    warehouse = copy_of(demo_built, tmp_path)
    succeed(orchestrate(warehouse, "demo", "--seasons", "1"))
    assert "nothing to do" in succeed(orchestrate(warehouse, "backfill")).stderr
    succeed(orchestrate(warehouse, "demo", "--seasons", "1", "--seed", "8"))
