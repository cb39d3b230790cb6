"""`ingest` refuses what cannot be right, and says all of it at once."""

import pytest

from orchestrator.core import seeds
from orchestrator.core.errors import UserError
from tests.python.raw_league import FILES, assert_refused, load, query, stored, write_files

TEAM_COLUMNS = {
    name: columns
    for name, table in FILES.items()
    if (columns := [column.name for column in table.columns if column.is_team])
}
# Those that the files of the tests have; the others may be there.
HAS = {
    "games": ("home_team", "away_team"),
    "player_box": ("team_abbreviation",),
    "team_box": ("team_abbreviation",),
    "shots": ("team",),
    "odds": (),
}


def with_teams(name: str, code: str, columns: list[str]) -> str:
    """A file with this code in these team columns."""
    there = [column for column in columns if column in HAS[name]]
    kept = f"* exclude ({', '.join(there)})" if there else "*"
    # One row a game, lest two of them share a key.
    scope = "where team_abbreviation = 'BOS'" if name == "team_box" else ""
    return f"select {kept}, {', '.join(f'{code!r} as {column}' for column in columns)} from {name} {scope}"


# --- bad files --------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["does not exist", "has no file that can be read"])
def test_the_source_must_be_something_to_read(files, warehouse, what):
    if what == "has no file that can be read":
        files.touch()
    with pytest.raises(UserError, match=what):
        load(files, warehouse)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", ["no bytes", "truncated", "not Parquet", "overwritten inside"])
def test_an_unreadable_file_is_refused(files, full_warehouse, name, damage):
    path = write_files(files) / f"{name}.parquet"
    good = path.read_bytes()
    bad = {
        "no bytes": b"",
        "truncated": good[:-20],
        "not Parquet": b"game_id,season\n" * 100,
        "overwritten inside": good[:4] + b"\xff" * 200 + good[204:],
    }
    path.write_bytes(bad[damage])
    assert_refused(files, full_warehouse, f"{name}.parquet cannot be read as Parquet")


@pytest.mark.parametrize("name", ["games", "player_box", "team_box"])
def test_an_empty_file_is_refused(files, full_warehouse, name):
    write_files(files, **{name: f"from {name} limit 0"})
    assert_refused(files, full_warehouse, f"{name}.parquet is empty")


@pytest.mark.parametrize("name", ["shots", "odds", "injuries", "players"])
def test_a_night_may_have_nothing_of_the_others(files, full_warehouse, name):
    before = stored(full_warehouse, without="ingested_at")
    write_files(files, **{name: f"from {name} limit 0"})
    [warning] = load(files, full_warehouse).warnings
    assert warning == f"{name}.parquet is empty; stored rows stay"
    assert stored(full_warehouse, without="ingested_at") == before


REQUIRED = [(name, c.name) for name, t in FILES.items() for c in t.columns if c.required]
NEVER_NULL = [(name, c.name) for name, t in FILES.items() for c in t.columns if not c.nullable]
NUMBERS = [
    (n, c) for n, c in REQUIRED for x in FILES[n].columns if x.name == c and x.type in ("BIGINT", "DOUBLE")
]


@pytest.mark.parametrize("name", FILES)
def test_missing_columns_are_refused(files, full_warehouse, name):
    required = [column for file, column in REQUIRED if file == name]
    write_files(files, **{name: f"select * exclude ({', '.join(required)}), 1 as x from {name}"})
    assert_refused(files, full_warehouse, f"{name}.parquet lacks column {', '.join(required)}; it has")


@pytest.mark.parametrize(("name", "column"), REQUIRED)
def test_a_mistyped_column_is_refused(files, full_warehouse, name, column):
    write_files(files, **{name: f"select * replace (['x'] as {column}) from {name}"})
    assert_refused(
        files,
        full_warehouse,
        f"{name}.parquet: column {column} is VARCHAR[]",
        "e.g. '[x]' in row 1",
    )


@pytest.mark.parametrize(("name", "column"), NEVER_NULL)
def test_a_missing_value_is_refused(files, full_warehouse, name, column):
    row = f"row_number() over () = 2 then null else {column}"
    write_files(files, **{name: f"select * replace (case when {row} end as {column}) from {name}"})
    value = "None" if column == "season" else "NULL"
    assert_refused(files, full_warehouse, f"{name}.parquet: column {column}", f"e.g. {value} in row 2")


def test_blank_text_is_a_missing_value(files, full_warehouse):
    write_files(files, games="select * replace (' ' as home_team) from games")
    assert_refused(
        files,
        full_warehouse,
        "games.parquet: column home_team: 3 of 3 values are missing",
        "e.g. ' ' in row 1",
    )


@pytest.mark.parametrize(("name", "column"), NUMBERS)
def test_a_number_that_is_none_is_refused(files, full_warehouse, name, column):
    value = ["nan", "inf", "-inf"][NUMBERS.index((name, column)) % 3]
    row = f"row_number() over () = 2 then '{value}'::double else {column}"
    write_files(files, **{name: f"select * replace (case when {row} end as {column}) from {name}"})
    assert_refused(
        files,
        full_warehouse,
        f"{name}.parquet: column {column}: 1 of",
        "numbers",
        f"e.g. '{value}' in row 2",
    )


@pytest.mark.parametrize(
    ("file", "change", "parts"),
    [
        pytest.param(
            "player_box",
            "if(player_id = 3, 'abc', '4') as pts",
            ("column pts is VARCHAR, not whole numbers", "e.g. 'abc' in row"),
            id="text",
        ),
        pytest.param(
            "player_box",
            "4.5 as pts",
            ("column pts: 12 of 12 values are not whole numbers", "e.g. '4.5' in row 1"),
            id="fraction",
        ),
        pytest.param(
            "player_box",
            "1e30::double as player_id",
            ("column player_id: 12 of 12 values are not whole numbers", "e.g. '1e+30'"),
            id="beyond BIGINT",
        ),
        pytest.param(
            "games",
            "22100001 as game_id",
            ("column game_id is INTEGER, not text", "e.g. '22100001' in row 1"),
            id="leading zeros lost",
        ),
        pytest.param(
            "shots",
            "'yes' as shot_made",
            ("column shot_made is VARCHAR, not true or false", "e.g. 'yes'"),
            id="boolean",
        ),
        pytest.param(
            "odds",
            "'pick' as home_spread",
            ("column home_spread is VARCHAR, not finite numbers", "e.g. 'pick'"),
            id="double",
        ),
        pytest.param(
            "team_box",
            "'Oct 19, 2021' as game_date",
            ("column game_date: 6 of 6 values are not dates", "e.g. 'Oct 19, 2021' in row 1"),
            id="no date",
        ),
        pytest.param(
            "team_box",
            "'2021-02-30' as game_date",
            ("column game_date: 6 of 6", "e.g. '2021-02-30'"),
            id="no such day",
        ),
        pytest.param(
            "team_box",
            "'2021-10-20T00:30:00Z' as game_date",
            ("column game_date: 6 of 6", "e.g. '2021-10-20T00:30:00Z'"),
            id="zone in text",
        ),
        pytest.param(
            "games",
            "game_date::timestamptz as game_date",
            ("column game_date is TIMESTAMP WITH TIME ZONE", "e.g. '2021-10-"),
            id="zone",
        ),
        pytest.param(
            "games",
            "1634601600 as game_date",
            ("column game_date is INTEGER", "e.g. '1634601600'"),
            id="epoch",
        ),
        pytest.param(
            "games",
            "date '1945-12-31' as game_date",
            ("column game_date: 3 of 3", "from 1946", "e.g. '1945-12-31'"),
            id="too early",
        ),
        pytest.param(
            "injuries",
            "date '0001-01-01' as event_date",
            ("column event_date: 3 of 3", "e.g. '0001-01-01'"),
            id="year 1",
        ),
        pytest.param(
            "injuries",
            "make_date(year(today()) + 2, 1, 1) as event_date",
            ("column event_date: 3 of 3", "-01-01' in row 1"),
            id="too late",
        ),
        pytest.param(
            "games",
            "'infinity'::date as game_date",
            ("column game_date: 3 of 3", "e.g. 'infinity'"),
            id="infinity",
        ),
        pytest.param(
            "games",
            "'infinity'::timestamp as game_date",
            ("column game_date: 3 of 3", "e.g. 'infinity'"),
            id="infinite moment",
        ),
        pytest.param(
            "shots",
            "if(player_id = 2, '2021', season) as season",
            ("column season must be like '2021-22'", "e.g. '2021' in row "),
            id="season",
        ),
        pytest.param(
            "odds",
            "2021 as season",
            ("column season is INTEGER, not text", "e.g. '2021'"),
            id="season number",
        ),
    ],
)
def test_a_bad_value_is_refused(files, full_warehouse, file, change, parts):
    write_files(files, **{file: f"select * replace ({change}) from {file}"})
    assert_refused(files, full_warehouse, f"{file}.parquet", *parts)


@pytest.mark.parametrize("date", ["date '1946-01-01'", "make_date(year(today()) + 1, 12, 31)"])
def test_the_first_and_last_possible_dates_are_accepted(files, warehouse, date):
    write_files(files, injuries=f"select * replace ({date} as event_date) from injuries")
    load(files, warehouse)


def test_a_column_of_nothing_but_nulls_may_have_any_type(files, warehouse):
    write_files(
        files,
        injuries="select * replace (null::integer as relinquished) from injuries",
        games="select * replace (null::varchar as home_score) from games",
    )
    assert load(files, warehouse).warnings == []


@pytest.mark.parametrize(
    ("name", "change", "where"),
    [
        ("games", "'Elsewhere' as arena", ["game_id 0022100001;", "arena (Elsewhere and Garden)"]),
        (
            "player_box",
            "7::smallint as min",
            ["game_id 0022100001, player_id 1;", "min (7.0 and 30"],
        ),
        ("team_box", "null as ast", ["game_id 0022100001, team_abbreviation BOS;", "ast (6 and N"]),
        (
            "odds",
            "200.5 as total_line",
            ["game_id 0022100001, source book;", "total_line (200.5 a"],
        ),
        ("players", "'C' as position", ["player_id 1;", "column position (C and G)"]),
    ],
)
def test_a_key_with_two_values_is_refused(files, full_warehouse, name, change, where):
    write_files(files, **{name: f"from {name} union all select * replace ({change}) from {name}"})
    assert_refused(files, full_warehouse, f"{name}.parquet", *where)


@pytest.mark.parametrize("name", ["games", "player_box", "team_box", "odds", "players"])
def test_equal_rows_of_a_key_are_collapsed(files, warehouse, name):
    load(write_files(files), warehouse)
    before = stored(warehouse, without="ingested_at")
    # A column that is not stored does not make a row different.
    write_files(files, **{name: f"select *, unnest([1, 2]) as serial from {name}"})
    ignored, warning = load(files, warehouse).warnings
    assert f"{name}.parquet: 1 unknown columns ignored: serial" in ignored
    assert f"{name}.parquet" in warning
    assert f"{len(before[FILES[name].name])} duplicate rows ignored" in warning
    assert stored(warehouse, without="ingested_at") == before


@pytest.mark.parametrize(
    ("name", "who"),
    [
        ("player_box", "player_id 1"),
        ("team_box", "team_abbreviation BOS"),
        ("shots", "player_id 1"),
    ],
)
def test_a_row_for_an_unknown_game_is_refused(files, full_warehouse, name, who):
    stray = f"select * replace ('0022199999' as game_id) from {name} where game_id = '0022100001'"
    write_files(files, **{name: f"from {name} union all {stray}"})
    assert_refused(
        files,
        full_warehouse,
        f"{name}.parquet has",
        "whose game_id is neither in games.parquet nor stored",
        f"e.g. game_id 0022199999, {who}",
        "games.parquet",
    )


def test_a_game_stored_before_is_known(files, warehouse):
    load(write_files(files), warehouse)
    write_files(files, games="from games where season = '2022-23'")
    assert load(files, warehouse).warnings == []


@pytest.mark.parametrize(
    ("file", "change", "parts"),
    [
        pytest.param(
            "player_box",
            "if(player_id = 3, 'T', wl) as wl",
            ("column wl: 3 of 12 values are not one of W, L; e.g. 'T' in row ", "for 'T'"),
            id="result",
        ),
        pytest.param(
            "team_box",
            "2 as wl",
            ("column wl: 6 of 6 values are not one of W, L; e.g. '2' in row 1",),
            id="result number",
        ),
        pytest.param(
            "games",
            "'Friendly' as season_type",
            (
                "column season_type: 3 of 3 values are not one of preseason, regular, all_star, play_in, "
                "playoffs, cup_final; e.g. 'Friendly' in row 1",
            ),
            id="season type",
        ),
        pytest.param(
            "shots",
            "if(player_id = 1, '4PT', shot_type) as shot_type",
            ("column shot_type: 9 of 36 values are not one of 2PT Field Goal, 3PT Field Goal; e.g. '4PT'",),
            id="shot type",
        ),
        pytest.param(
            "games",
            "'BOS' as away_team",
            ("3 rows say that a team plays against itself; e.g. home_team BOS, away_team BOS in row 1",),
            id="itself",
        ),
        pytest.param(
            "games",
            "'bos' as away_team",
            ("3 rows say that a team plays against itself; e.g. home_team BOS, away_team BOS in row 1",),
            id="itself, in small letters",
        ),
        pytest.param(
            "games",
            "if(game_id = '0022100002', date '2022-11-01', game_date) as game_date",
            ("1 rows lie outside their season", "e.g. game_date 2022-11-01, season 2021-22 in row 2"),
            id="after the season",
        ),
        pytest.param(
            "games",
            "if(game_id = '0022100002', date '2021-08-31', game_date) as game_date",
            ("1 rows lie outside their season", "e.g. game_date 2021-08-31, season 2021-22 in row 2"),
            id="before the season",
        ),
        pytest.param(
            "games",
            "if(game_id = '0022100002', date '2022-10-18', game_date) as game_date, "
            "if(game_id = '0022100002', 'PHI', home_team) as home_team, "
            "if(game_id = '0022100002', 'MIA', away_team) as away_team",
            ("1 days have games of two seasons; e.g. 2022-10-18 of 2021-22 and 2022-23",),
            id="two seasons on a day",
        ),
        *(
            pytest.param(
                "games",
                f"{stamp} as game_date",
                ("column game_date: 3 of 3 values have a time of day; e.g. '20", "US Eastern"),
                id=f"time of day: {stamp}",
            )
            for stamp in (
                "game_date::timestamp + interval 30 minutes",
                "game_date::varchar || 'T00:30:00'",
                "game_date::varchar || ' 00:00:01'",
                "game_date::varchar || 'T00:00:00Z'",
                "game_date::varchar || 'T19:00:00-05:00'",
            )
        ),
        pytest.param(
            "injuries",
            "event_date::timestamp + interval 12 hours as event_date",
            ("column event_date: 3 of 3 values have a time of day",),
            id="time of day of a transaction",
        ),
        *(
            pytest.param(
                name,
                f"-1 as {column}",
                (f"column {column}: ", "values are negative; e.g. '-1' in row 1"),
                id=f"negative {name} {column}",
            )
            for name, column in (
                ("games", "home_score"),
                ("player_box", "min"),
                ("player_box", "pf"),
                ("team_box", "reb"),
                ("shots", "shot_distance"),
                ("odds", "total_line"),
            )
        ),
    ],
)
def test_what_cannot_be_right_is_refused(files, full_warehouse, file, change, parts):
    write_files(files, **{file: f"select * replace ({change}) from {file}"})
    assert_refused(files, full_warehouse, f"{file}.parquet: ", *parts)


def test_a_negative_margin_is_a_number(files, warehouse):
    write_files(files, player_box="select * replace (-30 as plus_minus) from player_box")
    assert load(files, warehouse).warnings == []


@pytest.mark.parametrize(
    ("name", "column"),
    [(name, column) for name, columns in TEAM_COLUMNS.items() for column in columns],
)
def test_a_code_of_no_team_is_refused_in_games_that_count(files, full_warehouse, name, column):
    write_files(files, **{name: with_teams(name, "XYZ", [column])})
    assert_refused(
        files,
        full_warehouse,
        f"{name}.parquet: column {column}: ",
        "games that count",
        "no NBA team: XYZ; e.g. game 0022100001",
        "seeds/team_aliases.csv",
    )


def test_all_faults_are_said_at_once(files, full_warehouse):
    write_files(
        files,
        games="select * exclude (home_score) replace ('Friendly' as season_type) from games",
        player_box="select * replace ('x' as pts, -1 as ast, 'T' as wl) from player_box",
        team_box="from team_box union all select * replace (1 as ast) from team_box",
        shots="select * replace ('0022199999' as game_id) from shots",
        odds="select * replace ('pick' as home_spread) from odds",
        injuries="select * replace ('soon' as event_date) from injuries",
    )
    assert_refused(
        files,
        full_warehouse,
        "The files have 9 faults",
        "games.parquet lacks column home_score",
        "games.parquet: column season_type",
        "player_box.parquet: column pts is VARCHAR",
        "player_box.parquet: column ast: 12 of 12 values are negative",
        "player_box.parquet: column wl: 12 of 12 values are not one of W, L",
        "team_box.parquet: several rows with different values",
        "odds.parquet: column home_spread is VARCHAR",
        "injuries.parquet: column event_date: 3 of 3 values are not dates",
        "shots.parquet has 36 rows whose game_id is neither in games.parquet",
        faults=9,
    )


def test_a_fault_is_not_said_twice(files, full_warehouse):
    """Games without ids would make every box score one of an unknown game."""
    write_files(files, games="select * exclude (game_id) from games")
    assert_refused(files, full_warehouse, "games.parquet lacks column game_id")
    write_files(files, games="from games limit 0")
    assert_refused(files, full_warehouse, "games.parquet is empty")


# --- what is merely foreign -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("player_box", "lower(wl) as wl"),
        ("player_box", "if(wl = 'W', 'Win', 'LOSS') as wl"),
        ("player_box", "wl = 'W' as wl"),
        ("player_box", "(wl = 'W')::varchar as wl"),
        ("team_box", "(wl = 'W')::int as wl"),
        ("team_box", "(wl = 'W')::double as wl"),
        ("team_box", "(wl = 'W')::int::varchar as wl"),
        ("games", "'Regular Season' as season_type"),
        ("games", "'REGULAR_SEASON' as season_type"),
        ("shots", "'2pt' as shot_type"),
        ("shots", "'2PT FIELD GOAL' as shot_type"),
        ("games", "lower(home_team) as home_team, ' LAL' as away_team"),
        ("player_box", "lower(team_abbreviation) as team_abbreviation"),
    ],
)
def test_other_words_are_stored_as_ours(files, warehouse, name, change):
    load(write_files(files), warehouse)
    before = stored(warehouse, without="ingested_at")
    write_files(files, **{name: f"select * replace ({change}) from {name}"})
    assert load(files, warehouse).warnings == []
    assert stored(warehouse, without="ingested_at") == before


@pytest.mark.parametrize(
    ("printed", "stored_as"),
    [
        ("Pre Season", "preseason"),
        ("PlayIn", "play_in"),
        ("Play-In", "play_in"),
        ("Playoffs", "playoffs"),
        ("All Star", "all_star"),
        ("All-Star", "all_star"),
        ("In-Season Tournament Final", "cup_final"),
        ("NBA Cup Final", "cup_final"),
    ],
)
def test_the_leagues_own_spellings_of_a_season_type(files, warehouse, printed, stored_as):
    load(write_files(files, games=f"select * replace ('{printed}' as season_type) from games"), warehouse)
    assert query(warehouse, "select distinct season_type from nba_raw.games") == [(stored_as,)]


def test_other_codes_are_stored_as_ours_in_every_column(files, warehouse):
    """Each alias of the seed, in any case, in every team column of every file."""
    for row in seeds.rows("team_aliases"):
        other = "LAL" if row["team_abbr"] != "LAL" else "BOS"
        changes = {
            name: with_teams(name, row["alias"].lower(), columns) for name, columns in TEAM_COLUMNS.items()
        }
        changes["games"] = (
            f"select * replace ('{row['alias']}' as home_team, '{other}' as away_team) from games"
        )
        load(write_files(files, **changes), warehouse)
        for name, columns in TEAM_COLUMNS.items():
            listed = "home_team" if name == "games" else f"unnest([{', '.join(columns)}])"
            found = query(warehouse, f"select distinct {listed} from nba_raw.{FILES[name].name}")
            assert found == [(row["team_abbr"],)], (row, name)


@pytest.mark.parametrize("blank", ["", " "])
def test_blank_text_is_null_where_null_is_meant(files, warehouse, blank):
    """acquired = '' would make everyone who was put on the list available."""
    write_files(
        files,
        injuries=f"select * replace ('{blank}' as acquired, '{blank}' as team_nickname) from injuries",
        team_box=f"select * replace ('{blank}' as wl) from team_box",
        games=f"select *, '{blank}' as label from games",
    )
    load(files, warehouse)
    assert query(
        warehouse,
        "select count(acquired) + count(team_nickname) + (select count(wl) from nba_raw.team_box) "
        "+ (select count(label) from nba_raw.games), count(relinquished) from nba_raw.injury_events",
    ) == [(0, 3)]
