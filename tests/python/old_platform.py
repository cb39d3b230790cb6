"""A warehouse as the old platform left it: its Phase 3 and its schedule, with all that is wrong with them.

Made from a warehouse that this project built, so that what must come out of it is known: the same tables.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import yaml

from tests.python.warehouses import PROJECT

SOURCES = PROJECT / "models" / "from_external" / "_from_external__sources.yml"

# Two facts that the public data lacks and the old platform's source has: team minutes that are not added up
# from rounded ones, and who took the offensive rebounds of the playoffs (here one player of each team).
WHAT_THE_OLD_SOURCE_KNOWS = (
    """
    update nba_raw.team_box
    set min = 240 + 25 * round((case when min < 120 then 5 * min else min end - 240) / 25)
    """,
    """
    update nba_raw.player_box as players
    set oreb = coalesce(first_of_team.oreb, 0)
    from nba_raw.player_box as own
    left join (
        select min(box.player_id) as player_id, box.game_id, any_value(teams.oreb) as oreb
        from nba_raw.player_box as box
        inner join nba_raw.team_box as teams using (game_id, team_abbreviation)
        group by box.game_id, box.team_abbreviation
    ) as first_of_team using (game_id, player_id)
    where players.game_id = own.game_id and players.player_id = own.player_id and players.oreb is null
    """,
)

NEW, OLD = "timestamp '2025-12-01 06:00'", "timestamp '2025-11-01 06:00'"

# What it has not: transactions (its pre-tip context has a status), rebounds of both kinds in one number, and
# the minutes of most games. Of one season these are unknown in all games but one in two hundred, of one until
# 1 November, when they were repaired, and of one they are known.
WHAT_THE_OLD_SOURCE_LACKS = (
    "delete from nba_raw.injury_events",
    "update nba_raw.player_box set reb = null",
    """
    update nba_raw.player_box set min = null
    where season = '2022-23' and game_date < date '2022-11-01'
    """,
    """
    update nba_raw.player_box set min = null
    where season = '2021-22' and game_id not in (
        select game_id
        from (
            select game_id, row_number() over (order by game_date, game_id) as place
            from nba_raw.games where season = '2021-22' and season_type in ('regular', 'playoffs')
        )
        where place % 200 = 100
    )
    """,
)

# What its own conventions make of each row; `n` numbers the rows of a key, so that every form comes up.
VIEWS = f"""
    create temp view games as
    select
        *, strftime(game_date, '%Y%m%d') || '_' || away_team || '_' || home_team as new_id,
        strftime(game_date, '%Y%m%d') || '_' || home_team || '_' || away_team as reversed_id,
        case
            when game_id not like 'derived:%' then game_id
            else '00' || '5' || (year(game_date) - 2001)::varchar || lpad((row_number() over (
                partition by game_id like 'derived:%' order by game_id
            ) + 900)::varchar, 5, '0')
        end as league_id
    from built.nba_raw.games;

    create temp view shown_ids as
    select game_id, unnest([new_id, league_id, reversed_id]) as shown_id, unnest([0, 1, 2]) as form
    from games;

    create temp view players_old as
    select
        players.folded_name as player_lookup,
        -- Not resolved in every sixth row; of two with one name nobody could tell them apart then.
        case
            when count(*) over (partition by players.folded_name, box.game_id) = 1
                and not players.player_lookup like '%\\_%' escape '\\'
                and (dense_rank() over (partition by box.universal_player_id order by box.game_date)) % 6 = 3
                then null
            else box.universal_player_id
        end as universal_player_id,
        box.player_full_name, shown_id as game_id, box.game_date, box.season_year, box.team_abbr,
        box.* exclude (
            player_lookup, universal_player_id, player_full_name, game_id, game_date, season_year, team_abbr,
            paint_makes, paint_attempts, mid_range_makes, mid_range_attempts, win_flag, is_active,
            assisted_fg_makes, unassisted_fg_makes, usage_rate
        ),
        -- Without play-by-play NULL in one half of the games, 0 in the other; and NULL for who took no twos.
        {
    ", ".join(
        f'''case
            when has_zone_data and {zone}_attempts = 0 and fg_attempts = three_pt_attempts then null
            when has_zone_data then {zone}_{what}
            when day(game_date) % 2 = 0 then 0
        end as {zone}_{what}'''
        for zone in ("paint", "mid_range")
        for what in ("makes", "attempts")
    )
},
        case when has_zone_data then fg_makes // 2 end as assisted_fg_makes,
        case when has_zone_data then fg_makes - fg_makes // 2 end as unassisted_fg_makes,
        case when month(game_date) = 12 then usage_rate end as usage_rate,
        false as win_flag, true as is_active
    from built.nba_analytics.player_game_summary as box
    inner join built.nba_staging.stg_nba__players as players using (universal_player_id)
    inner join shown_ids on box.game_id = shown_ids.game_id and form = players.player_id % 3;

    create temp view teams_old as
    select
        shown_id as game_id,
        box.* exclude (game_id, possessions, win_flag),
        round(possessions) as possessions, round((team_minutes - 240) / 25) as overtime_periods, win_flag
    from built.nba_analytics.team_offense_game_summary as box
    inner join shown_ids on box.game_id = shown_ids.game_id and form = ascii(team_abbr) % 3;

    create temp view defenses_old as
    select
        shown_id as game_id,
        box.* exclude (
            game_id, opp_paint_makes, opp_paint_attempts, opp_mid_range_makes, opp_mid_range_attempts,
            opp_three_pt_makes, opp_three_pt_attempts, points_in_paint_allowed, blocks_paint,
            blocks_mid_range, blocks_three_pt, opponent_pace
        ),
        {
    ", ".join(
        f"case when has_zone_data then opp_{zone}_{what} when day(game_date) % 2 = 0 then 0 end "
        f"as opp_{zone}_{what}"
        for zone in ("paint", "mid_range")
        for what in ("makes", "attempts")
    )
},
        -- From the box score, of all games.
        threes.makes as opp_three_pt_makes, threes.attempts as opp_three_pt_attempts,
        2 * opp_paint_makes as points_in_paint_allowed,
        case when has_zone_data then 3 end as blocks_paint,
        case when has_zone_data then 2 end as blocks_mid_range,
        case when has_zone_data then 1 end as blocks_three_pt,
        50 as opponent_pace
    from built.nba_analytics.team_defense_game_summary as box
    inner join shown_ids on box.game_id = shown_ids.game_id and form = ascii(defending_team_abbr) % 3
    left join (
        select game_id, opponent_team_abbr, sum(three_pt_makes) as makes, sum(three_pt_attempts) as attempts
        from built.nba_analytics.player_game_summary
        group by all
    ) as threes on box.game_id = threes.game_id and box.defending_team_abbr = threes.opponent_team_abbr;

    -- Of the first ten days of a month, as it had only some dates; of the players that took part.
    create temp view upcoming_old as
    select
        players.folded_name as player_lookup, context.universal_player_id, shown_id as game_id,
        analysis_date as game_date, context.team_abbr, context.opponent_team_abbr,
        'Not yet submitted' as player_status, 221.5 as game_total, -3.5 as game_spread,
        null as projected_usage_rate, null as star_teammates_out, null as player_age,
        days_rest, games_in_last_7_days, games_in_last_14_days, back_to_backs_last_14_days,
        coalesce(minutes_in_last_7_days, 0) as minutes_in_last_7_days,
        coalesce(minutes_in_last_14_days, 0) as minutes_in_last_14_days,
        case when minutes_in_last_7_days is null then 0 end as avg_minutes_per_game_last_7,
        null as avg_usage_rate_last_7_games,
        false as back_to_back, 0 as opponent_days_rest, 0 as pace_differential, 99 as opponent_pace_last_10
    from built.nba_intermediate.int_participant_context as context
    inner join built.nba_staging.stg_nba__players as players using (universal_player_id)
    inner join shown_ids on context.game_id = shown_ids.game_id and form = players.player_id % 3
    where day(analysis_date) <= 10 and players.player_lookup = players.folded_name;

    create temp view schedule_old as
    select
        league_id as game_id, game_date, left(season, 4)::int as season_year, 3 as game_status,
        home_team as home_team_tricode,
        away_team as away_team_tricode, season_type = 'regular' as is_regular_season,
        season_type in ('playoffs', 'play_in') as is_playoffs, season_type = 'all_star' as is_all_star,
        season_type = 'cup_final' or (season_type = 'regular' and month(game_date) = 11) as is_emirates_cup,
        case season_type when 'play_in' then 'play_in' when 'playoffs' then 'first_round' end
            as playoff_round,
        home_score as home_team_score, away_score as away_team_score
    from games;
"""

# Every key also has an older row that is wrong, most have the right one again, and some many times.
REPEATS = f"""
    create or replace temp view told as select {{columns}} from {{rows}};
    insert into {{table}} by name
    select *, {NEW} as processed_at, {OLD} as created_at from told;
    insert into {{table}} by name
    select * replace ({{wrong}}), {OLD} as processed_at, {NEW} as created_at from told;
    insert into {{table}} by name
    select * replace ({{wrong}}), {NEW} as processed_at, {OLD} - interval 1 day as created_at
    from told where day(game_date) % 3 = 0;
    insert into {{table}} by name
    select told.*, {NEW} as processed_at, {OLD} as created_at
    from told, range(case when month(game_date) = 11 then 3 else day(game_date) % 2 end);
"""

TABLES = {
    "nba_analytics.player_game_summary": (
        "players_old",
        "points + 30 as points, 60 as minutes_played, 20 as paint_attempts, 'LAL' as team_abbr",
    ),
    "nba_analytics.team_offense_game_summary": ("teams_old", "fg_attempts + 9 as fg_attempts"),
    "nba_analytics.team_defense_game_summary": (
        "defenses_old",
        "opp_paint_makes + 9 as opp_paint_makes, 0 as defensive_rating",
    ),
    "nba_analytics.upcoming_player_game_context": ("upcoming_old", "9 as days_rest, 'out' as player_status"),
    "nba_raw.nbac_schedule": ("schedule_old", "1 as game_status, 'TBD' as away_team_tricode"),
}

# Rows of games that do not count: exhibition teams, and NBA teams before the season.
EXHIBITIONS = f"""
    insert into nba_analytics.player_game_summary by name
    select
        'lebronjames' as player_lookup, '2544' as universal_player_id, 'LeBron James' as player_full_name,
        new_id as game_id, game_date, unnest([home_team, away_team]) as team_abbr, 48 as minutes_played,
        50 as points, 40 as fg_attempts, 20 as paint_attempts, 10 as mid_range_attempts,
        {NEW} as processed_at, {NEW} as created_at
    from games where season_type in ('all_star', 'preseason', 'cup_final');
    insert into nba_analytics.team_offense_game_summary by name
    select
        new_id as game_id, game_date, unnest([home_team, away_team]) as team_abbr, 150 as points_scored,
        100 as fg_attempts, {NEW} as processed_at, {NEW} as created_at
    from games where season_type in ('all_star', 'preseason', 'cup_final');
    insert into nba_analytics.team_defense_game_summary by name
    select
        new_id as game_id, game_date, unnest([home_team, away_team]) as defending_team_abbr,
        150 as points_allowed, 50 as opp_paint_attempts, 30 as opp_mid_range_attempts,
        {NEW} as processed_at, {NEW} as created_at
    from games where season_type in ('all_star', 'preseason', 'cup_final');
    -- Postponed: the old date stays in the schedule under the same number.
    insert into nba_raw.nbac_schedule by name
    select
        * replace (game_date - 3 as game_date, 1 as game_status), {OLD} as processed_at, {OLD} as created_at
    from schedule_old where is_regular_season and day(game_date) = 15;
"""


def write_old_warehouse(built: Path, warehouse: Path) -> Path:
    """Write what the old platform would have of the games that a warehouse was built from."""
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(f"attach '{built}' as built (read_only)")
        create_tables(connection)
        connection.execute(VIEWS)
        for table, (rows, wrong) in TABLES.items():
            known = _columns(connection, table) & _columns(connection, rows)
            connection.execute(
                REPEATS.format(table=table, rows=rows, columns=", ".join(sorted(known)), wrong=wrong)
            )
        connection.execute(EXHIBITIONS)
    return warehouse


def create_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the tables that models/from_external reads, empty, with the types that its sources declare."""
    for source in yaml.safe_load(SOURCES.read_text())["sources"]:
        schema = "nba_raw" if source["name"].endswith("_raw") else "nba_analytics"
        connection.execute(f"create schema if not exists {schema}")
        for table in source["tables"]:
            columns = ", ".join(f"{column['name']} {column['data_type']}" for column in table["columns"])
            connection.execute(f"create table {schema}.{table['name']} ({columns})")


def _columns(connection: duckdb.DuckDBPyConnection, table: str) -> set[str]:
    return {name for name, *_ in connection.execute(f"describe {table}").fetchall()}
