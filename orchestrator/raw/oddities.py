"""Warns of raw data that is odd but not wrong.

It does not judge what the preflight judges before every backfill, over everything stored: where the
points, shots, scores or teams of a game contradict each other. The queries see the raw tables as the load
will leave them (schema `after`, see checks).
"""

from orchestrator.core.sql_text import texts
from orchestrator.raw.files import Staging, only_row
from orchestrator.raw.names import prepare_names

# Each query gives one text per oddity, as column `example`; it sees the games of this load.
_SCOPE = """
    loaded as (
        select games.* from games semi join staged.touched_games using (game_id)
    ),
    loaded_shots as (
        select shots.* from shots semi join loaded using (game_id)
    ),
    sides as (
        select game_id, home_team as team from loaded
        union all
        select game_id, away_team as team from loaded
    )
"""

_CONTRADICTIONS = {
    "player-games whose shots the box score gives to a team-mate, or to nobody": """
        select
            format(
                'game {} player {}: made {} of {} by shots, {} by the box score',
                game_id, player_id, made, taken,
                if(player_name is null, 'no row', concat(fgm, ' of ', fga))
            ) as example
        from (
            select
                game_id, player_id, player_name, fgm, fga,
                coalesce(made, 0) as made, coalesce(taken, 0) as taken,
                coalesce(sum(taken) over side, 0) = sum(fga) over side
                and coalesce(sum(made) over side, 0) = sum(fgm) over side as team_agrees
            from (
                select game_id, player_id, count(*) as taken, count(*) filter (shot_made) as made
                from loaded_shots group by all
            ) as taken_shots
            full join (
                select player_box.* from player_box semi join loaded_shots using (game_id)
            ) as player_box using (game_id, player_id)
            window side as (partition by game_id, team_abbreviation)
        )
        where player_name is null or (team_agrees and (made <> fgm or taken <> fga))
    """,
    "lines for a game that is not in games": """
        select format('game {} from {}', game_id, source) as example
        from betting_lines
        semi join staged.touched_games using (game_id)
        anti join games using (game_id)
    """,
    "games whose betting sources disagree about the sign of the spread, so no spread is used": """
        -- + 0: sources print an even game as -0.0, too
        select format('game {}: {} and {}', game_id, min(home_spread) + 0, max(home_spread) + 0) as example
        from betting_lines semi join loaded using (game_id)
        group by game_id
        having sign(min(home_spread)) <> sign(max(home_spread))
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


def note_oddities(staging: Staging) -> None:
    """Warn of contradictions between the games of this load, each with a count and an example."""
    for what, query in _CONTRADICTIONS.items():
        count, example = only_row(
            staging.con.execute(f"with {_SCOPE} select count(*), min(example) from ({query})")
        )
        if count:
            staging.note(f"{count:,} {what}; e.g. {example}")
    _note_unknown_codes(staging)
    _note_unknown_names(staging)


def _note_unknown_codes(staging: Staging) -> None:
    """Warn of codes that are neither a team's nor a known non-NBA team's."""
    codes, games, example = only_row(
        staging.con.execute(
            f"""
        with {_SCOPE}
        select list(distinct team order by team), count(distinct game_id), min(game_id)
        from sides where team not in ({texts(sorted(staging.codes.known))})
        """
        )
    )
    if games:
        staging.note(
            f"{games:,} games with a team code that is in no seed, skipped like other games of "
            f"non-NBA teams: {', '.join(codes)}; e.g. game {example}. If it belongs to the "
            "league's exhibitions, add it to seeds/non_nba_teams.csv"
        )


def _note_unknown_names(staging: Staging) -> None:
    """Warn of transactions whose player name matches nobody: they reach no table."""
    con = staging.con
    prepare_names(con)
    transactions, unknown, examples = only_row(
        con.execute(
            """
        with
        printed as (
            select player_name, count(*) as transactions
            from staged.injury_events
            where player_name is not null
            group by all
        ),
        players_names as (
            select player_name from players
            union
            select player_name from player_box
        ),
        unknown as (
            select printed.player_name, printed.transactions
            from printed left join aliases on folded(printed.player_name) = folded(aliases.printed_name)
            where
                exists (from players_names)
                and without_suffix(coalesce(aliases.player_name, printed.player_name))
                not in (select without_suffix(player_name) from players_names)
        )
        select
            (select sum(transactions) from printed),
            sum(transactions),
            (select list(player_name) from (from unknown order by transactions desc, player_name limit 3))
        from unknown
        """
        )
    )
    if unknown:
        staging.note(
            f"{unknown:,} of {transactions:,} injury transactions name no known player and "
            f"are ignored; e.g. {', '.join(examples)}. If one of them plays under another name, add the "
            "pair to seeds/player_aliases.csv"
        )
