"""Bookmakers' lines on players' points, as the-odds-api gives them: an event per game, a file per day."""

from __future__ import annotations

from pathlib import Path

import duckdb

_EVENTS = """
    with sides as (
        select
            game_date, commence_time, home_team, away_team, bookmaker,
            unnest([
                {'name': 'Over', 'description': player_name, 'price': over_price, 'point': line},
                {'name': 'Under', 'description': player_name, 'price': under_price, 'point': line}
            ]) as outcome
        from lines
    ),

    markets as (
        select * exclude (outcome), list(outcome) as outcomes
        from sides
        group by all
    ),

    books as (
        select
            * exclude (bookmaker, outcomes),
            {
                'key': lower(bookmaker),
                'title': bookmaker,
                'markets': [{'key': 'player_points', 'outcomes': outcomes}]
            } as book
        from markets
    )

    select
        game_date,
        'basketball_nba' as sport_key,
        strftime(commence_time, '%Y-%m-%dT%H:%M:%SZ') as commence_time,
        home_team,
        away_team,
        list(book) as bookmakers
    from books
    group by all
"""


def write_lines(real: Path, own: Path, events: Path, where: str = "true") -> None:
    """Write the real lines on points that meet a condition as our own file, and as events in JSON."""
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'; set enable_progress_bar = false")
        con.execute(
            f"create table lines as from '{real / 'player_props.parquet'}' "
            f"where market = 'points' and {where}"
        )
        con.execute(f"copy lines to '{own / 'player_props.parquet'}'")
        con.execute(f"create table events as {_EVENTS}")
        for (day,) in con.execute("select distinct game_date from events order by 1").fetchall():
            con.execute(
                f"copy (select * exclude (game_date) from events where game_date = '{day}') "
                f"to '{events / f'{day}.json'}' (format json, array true)"
            )


def different_lines(direct: Path, warehouse: Path) -> int:
    """Count the lines that only one of two warehouses has."""
    with duckdb.connect() as con:
        con.execute(f"attach '{direct}' as direct (read_only); attach '{warehouse}' as events (read_only)")
        # A bookmaker may print one line twice; it is one bet.
        rows = "select distinct * exclude (ingested_at) from {}.nba_raw.player_props"
        one, other = rows.format("direct"), rows.format("events")
        [(count,)] = con.execute(
            f"select count(*) from (({one} except {other}) union all ({other} except {one}))"
        ).fetchall()
        return count
