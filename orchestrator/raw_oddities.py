"""Raw data that is odd but not wrong: counted and said, never fatal."""

import csv
from pathlib import Path

import duckdb

from orchestrator.raw_files import Warn
from orchestrator.sql_text import texts

SEEDS = Path(__file__).resolve().parent.parent / "seeds"

# Each query gives one text per oddity, as column `example`; it sees the seasons of this load.
_SCOPE = """
    loaded as (
        select games.* from games semi join memory.staged.loaded_seasons using (season)
    ),
    sides as (
        select game_id, home_team as team, home_score as score from loaded
        union all
        select game_id, away_team as team, away_score as score from loaded
    ),
    boxes as (
        select game_id, team_abbreviation as team, pts, 'players' as who from player_box
        union all
        select game_id, team_abbreviation as team, pts, 'team box' as who from team_box
    ),
    team_points as (
        select game_id, team, who, sum(pts) as points
        from boxes group by all having count(*) = count(pts)
    )
"""

_CONTRADICTIONS = {
    "points of a box score that do not sum to the score of the game": """
        select format('game {} {}: {} {}, score {}', game_id, team, who, points, score) as example
        from team_points join sides using (game_id, team) where points <> score
    """,
    "games with a box score and no final score": """
        select format('game {} of {}', game_id, game_date) as example
        from loaded semi join boxes using (game_id)
        where home_score is null or away_score is null
    """,
    "teams with a box score in a game they are not part of": """
        select format('game {} {}', game_id, team) as example
        from (select distinct game_id, team from boxes)
        semi join loaded using (game_id)
        anti join sides using (game_id, team)
    """,
    "player-games whose shots do not agree with the box score": """
        select
            format(
                'game {} player {}: made {} of {} by shots, {} by the box score',
                game_id, player_id, coalesce(made, 0), coalesce(taken, 0),
                case
                    when player_name is null then 'no row'
                    else concat(coalesce(fgm::varchar, '?'), ' of ', coalesce(fga::varchar, '?'))
                end
            ) as example
        from (
            select game_id, player_id, count(*) as taken, count(*) filter (shot_made) as made
            from shots group by all
        ) as taken_shots
        full join player_box using (game_id, player_id)
        where
            game_id in (select game_id from shots semi join loaded using (game_id))
            and (
                coalesce(made, 0) <> fgm
                or coalesce(taken, 0) <> fga
                or player_name is null
            )
    """,
    "lines for a game that is not in games": """
        select format('game {} from {}', game_id, source) as example
        from betting_lines
        semi join memory.staged.loaded_seasons using (season)
        anti join games using (game_id)
    """,
    "games dated outside their season": """
        select format('game {} of {} in {}', game_id, game_date, season) as example
        from loaded
        where game_date not between
            make_date(season[:4]::int, 9, 1) and make_date(season[:4]::int + 1, 10, 31)
    """,
    "games of a season_type that is not known, and so count as nothing": """
        select format('game {}: {}', game_id, season_type) as example
        from loaded
        where season_type not in
            ('preseason', 'regular', 'all_star', 'play_in', 'playoffs', 'cup_final')
    """,
    "shots of a shot_type that is not known, and so belong to no zone": """
        select format('game {} player {}: {}', game_id, player_id, shot_type) as example
        from shots semi join loaded using (game_id)
        where shot_type not in ('2PT Field Goal', '3PT Field Goal')
    """,
} | {
    f"rows of {table} whose game_date or season is not that of the game": f"""
        select
            format(
                'game {{}}: {{}} in {{}}, but {{}} in {{}} in games',
                game_id, rows.game_date, rows.season, loaded.game_date, loaded.season
            ) as example
        from {table} as rows join loaded using (game_id)
        where rows.game_date <> loaded.game_date or rows.season <> loaded.season
    """
    for table in ("player_box", "team_box", "shots", "betting_lines")
}


def note_oddities(con: duckdb.DuckDBPyConnection, note: Warn) -> None:
    """Tell of what the seasons of this load contradict each other in, with counts and an example."""
    for what, query in _CONTRADICTIONS.items():
        count, example = con.execute(f"with {_SCOPE} select count(*), min(example) from ({query})").fetchone()
        if count:
            note(f"{count:,} {what}; e.g. {example}")
    _note_unknown_codes(con, note)


def _note_unknown_codes(con: duckdb.DuckDBPyConnection, note: Warn) -> None:
    """Codes that are neither a team nor on the list of those known not to be one."""
    known: list[str] = []
    for seed in ("nba_teams.csv", "non_nba_teams.csv"):
        try:
            with (SEEDS / seed).open(encoding="utf-8", newline="") as lines:
                known += [row["team_abbr"] for row in csv.DictReader(lines)]
        except FileNotFoundError:
            note(f"seeds/{seed} is not there, so team codes were not checked")
            return
    codes, games, example = con.execute(
        f"""
        with {_SCOPE}
        select list(distinct team order by team), count(distinct game_id), min(game_id)
        from sides where team not in ({texts(known)})
        """
    ).fetchone()
    if games:
        note(
            f"{games:,} games with a team code that no seed has, left out like other games of "
            f"non-NBA teams: {', '.join(codes)}; e.g. game {example}. If it belongs to the "
            "league's exhibitions, add it to seeds/non_nba_teams.csv"
        )
