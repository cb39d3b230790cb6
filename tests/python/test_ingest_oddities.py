"""`ingest` counts what is odd and says it."""

import re

import duckdb
import jinja2
import pytest

from orchestrator.core import seeds
from orchestrator.raw.names import FOLDED
from tests.python.raw_league import FILES, load, query, write_files
from tests.python.warehouses import PROJECT

# --- oddities ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "sql", "parts"),
    [
        pytest.param(
            "shots",
            "select * replace (if(player_id = 1, 2, player_id) as player_id) from shots",
            [
                "6 player-games whose shots the box score gives to a team-mate, or to nobody",
                "game 0022100001 player 1: made 0 of 0 by shots, 2 of 3 by",
            ],
            id="shots of a team-mate",
        ),
        pytest.param(
            "shots",
            "from shots union all select * replace (9 as player_id) from shots",
            ["3 player-games whose shots", "player 9: made 8 of 12 by shots, no row by"],
            id="shots without a box row",
        ),
        pytest.param(
            "odds",
            "from odds union all select * replace ('x' as game_id) from odds limit 4",
            ["1 lines for a game that is not in games", "game x from book"],
            id="odds",
        ),
        pytest.param(
            "odds",
            "from odds union all select * replace ('other' as source, -0.0::double as home_spread) from odds",
            [
                "3 games whose betting sources disagree about the sign of the spread",
                "0022100001: -3.5 and 0.0",
            ],
            id="spread",
        ),
        pytest.param(
            "injuries",
            "from injuries union all select * replace ('Somebody Else' as player_name) from injuries limit 5",
            [
                "2 of 5 injury transactions name no known player",
                "e.g. Somebody Else.",
                "seeds/player_aliases.csv",
            ],
            id="names",
        ),
        pytest.param(
            "players",
            "select *, 1 as height, 2 as weight from players",
            ["players.parquet: 2 unknown columns ignored: height, weight"],
            id="unknown",
        ),
        *(
            pytest.param(
                name,
                f"select * replace (game_date::date + 1 as game_date) from {name}",
                [
                    f"rows of {FILES[name].name} whose game_date or season",
                    "game 0022100001: 2021-10-20 in 2021-22, but 2021-10-19",
                ],
                id=f"{name} date",
            )
            for name in ("player_box", "team_box", "shots", "odds")
        ),
        pytest.param(
            "odds",
            "select * replace ('2021-22' as season) from odds",
            ["1 rows of betting_lines", "2022-10-18 in 2021-22, but 2022-10-18 in 2022-23"],
            id="season",
        ),
    ],
)
def test_an_oddity_is_a_warning_with_count_and_example(files, warehouse, name, sql, parts):
    [warning] = load(write_files(files, **{name: sql}), warehouse).warnings
    for part in parts:
        assert part in warning
    assert query(warehouse, "select count(*) from nba_raw.games") == [(3,)]


@pytest.mark.parametrize(
    ("name", "sql"),
    [
        ("games", "select * replace (11 as home_score) from games"),
        ("games", "select * replace (null as away_score) from games"),
        ("games", "select * replace ('NYK' as away_team) from games"),
        ("team_box", "select * replace (pts + 1 as pts) from team_box"),
        ("shots", "select * replace (true as shot_made) from shots"),
        ("shots", "from shots where player_id <> 4"),
    ],
)
def test_what_the_preflight_judges_is_left_to_it(files, warehouse, name, sql):
    assert load(write_files(files, **{name: sql}), warehouse).warnings == []


def test_a_game_without_any_shots_is_not_covered_and_no_contradiction(files, warehouse):
    write_files(files, shots="from shots where game_id <> '0022100002'")
    assert load(files, warehouse).warnings == []


def test_unknown_points_or_counts_are_not_a_contradiction(files, warehouse):
    write_files(
        files,
        player_box="""
        select * replace (
            if(player_id = 1, null, pts) as pts, null as fgm, null as fga
        ) from player_box
    """,
    )
    assert load(files, warehouse).warnings == []


def exhibition(code: str) -> str:
    return (
        "from games union all select * replace "
        f"('0032100001' as game_id, 'all_star' as season_type, '{code}' as home_team) "
        "from games where game_id = '0022100001'"
    )


def test_a_code_of_no_seed_is_a_warning(files, warehouse):
    [warning] = load(write_files(files, games=exhibition("ZZZ")), warehouse).warnings
    assert "1 games with a team code that is in no seed" in warning
    assert "ZZZ; e.g. game 0032100001" in warning


def test_a_code_of_the_seed_is_no_warning(files, warehouse):
    assert load(write_files(files, games=exhibition("lbn")), warehouse).warnings == []
    assert query(warehouse, "select home_team from nba_raw.games where season_type = 'all_star'") == [
        ("LBN",)
    ]


@pytest.mark.parametrize(
    ("printed", "known"),
    [
        ("Player 1", "Jr. Player 1 Jr"),  # a suffix is at the end
        ("Nikola Jokic", "Nikola Jokić"),
        ("D'Angelo  Russell", "D.Angelo Russell"),
        ("Jimmy Butler", "Jimmy Butler III"),
        ("Jimmy Butler, Jr.", "Jimmy Butler"),
        ("Gary Payton II", "Gary Payton II"),
        ("Herb Jones", "Herbert Jones"),
        ("Moe Wagner", "Moritz Wagner"),
    ],
)
def test_names_are_matched_as_the_models_match_them(files, warehouse, printed, known):
    literal = known.replace("'", "''")
    write_files(
        files,
        injuries=f"select * replace ($${printed}$$ as player_name) from injuries",
        players=f"select * replace ('{literal}' as player_name) from players where player_id = 1",
        player_box=f"select * replace ('{literal}' as player_name) from player_box",
    )
    warnings = load(files, warehouse).warnings
    assert warnings == [] if "Player 1" not in printed else "3 of 3 injury transactions" in warnings[0]


def test_names_are_folded_as_the_models_fold_them(real_raw):
    """The rule stands in SQL twice: once for dbt's engines, once for a load that has no dbt."""
    source = (PROJECT / "macros" / "dialect.sql").read_text()
    macro = re.search(r"macro fold_name.*?endmacro %}", source, re.DOTALL)[0]
    assert "'øđðłħı', 'oddlhi'" in macro
    with duckdb.connect(str(real_raw), read_only=True) as con:
        con.execute(FOLDED)
        rule = compiled(macro)
        names = (
            "select player_name from nba_raw.players union select player_name from nba_raw.injury_events "
            "union select 'Øđð Łħı ßæ-É. O''Neal'"
        )
        count, differing = con.execute(
            f"select count(*), count(*) filter (folded(player_name) <> {rule}) from ({names})"
        ).fetchone()
    assert count > 900
    assert differing == 0


def compiled(macro: str) -> str:
    """Render a macro as dbt does for DuckDB, called with player_name."""
    helpers = "{% macro strip_accents(x) %}strip_accents({{ x }}){% endmacro %}"
    dispatch = {"dispatch": lambda name: lambda *_: ", 'g'"}
    template = jinja2.Environment().from_string(helpers + "{%" + macro + "{{ fold_name('player_name') }}")
    return template.render(adapter=dispatch).strip()


@pytest.mark.real
def test_every_alias_is_of_a_player_and_of_no_other(real_data):
    """An alias that is another player's name would give him the wrong injuries."""
    pairs = [(row["printed_name"], row["player_name"]) for row in seeds.rows("player_aliases")]
    with duckdb.connect() as con:
        con.execute(FOLDED)
        con.execute(f"create table players as from '{real_data}/players.parquet'")
        for printed, name in pairs:
            found = con.execute("select count(*) from players where player_name = ?", [name]).fetchone()
            assert found == (1,), name
            taken = con.execute(
                "select player_name from players where without_suffix(player_name) = without_suffix(?)",
                [printed],
            ).fetchall()
            assert taken == [], printed
