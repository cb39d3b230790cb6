"""The raw schema: which files are read, and what `nba_raw` stores of them.

Names are those of the files. A column that models read is required in the file; the others are
carried when the file has them and are NULL when it does not.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from orchestrator.core.seasons import first_day, season_sql, start_year
from orchestrator.raw.words import RESULTS, SEASON_TYPES, SHOT_TYPES, Words


@dataclass(frozen=True)
class Column:
    """One stored column, with its DuckDB type and what the file must fulfil."""

    name: str
    type: str
    required: bool = True
    nullable: bool = True
    never_negative: bool = False
    words: Words | None = None
    """The only allowed words; others are refused."""
    is_team: bool = False
    """A code that stands for a team."""


@dataclass(frozen=True)
class Rule:
    """A condition that no row may meet, over the stored columns."""

    columns: tuple[str, ...]
    broken: str
    """SQL."""
    complaint: str
    advice: str


@dataclass(frozen=True)
class RawTable:
    """One table of `nba_raw` and the file it is loaded from."""

    name: str
    file: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] | None
    """Columns that identify a row; None where equal rows are different events."""
    season: str | None
    """SQL for a row's season, over the stored columns; None for what belongs to no season."""
    part: tuple[str, ...]
    """What a file replaces: every stored row with the same values here, whatever its season."""
    part_noun: str
    """The name of such a part, for a message."""
    rules: tuple[Rule, ...] = ()
    without: str = ""
    """What follows where the table has no rows, for a message."""
    is_needed: bool = False
    """Whether nothing can be built without it; the other files may be absent or empty."""
    is_read: bool = True
    """Whether models read it: nothing is missing without a table that none reads."""

    @property
    def has_season_column(self) -> bool:
        """Whether the file states the season, or it follows from a date."""
        return self.season == "season"

    def rows_of(self, season: str | None) -> str:
        """Return SQL for being of a season, over the stored columns, in words that all engines share."""
        if season is None:
            return "true"
        if self.has_season_column:
            return f"season = '{season}'"
        year = start_year(season)
        last = first_day(year + 1) - timedelta(days=1)
        day = next(column.name for column in self.columns if column.type == "DATE")
        return f"{day} between date '{first_day(year)}' and date '{last}'"


def _never_null(type_: str, names: str, **more: Any) -> tuple[Column, ...]:
    return tuple(Column(name, type_, nullable=False, **more) for name in names.split())


def _nullable(type_: str, names: str, **more: Any) -> tuple[Column, ...]:
    return tuple(Column(name, type_, **more) for name in names.split())


def _extra(type_: str, names: str, **more: Any) -> tuple[Column, ...]:
    return tuple(Column(name, type_, required=False, **more) for name in names.split())


GAMES = RawTable(
    name="games",
    file="games.parquet",
    columns=(
        *_never_null("VARCHAR", "game_id season"),
        *_never_null("VARCHAR", "season_type", words=SEASON_TYPES),
        *_never_null("VARCHAR", "home_team away_team", is_team=True),
        *_never_null("DATE", "game_date"),
        *_nullable("BIGINT", "home_score away_score", never_negative=True),
        *_extra("VARCHAR", "tip_et home_team_name away_team_name arena arena_city label source game_status"),
        *_extra("BIGINT", "home_team_id away_team_id"),
        *_extra("BOOLEAN", "home_is_nba away_is_nba has_player_box has_shots"),
    ),
    key=("game_id",),
    season="season",
    part=("game_id",),
    part_noun="game",
    is_needed=True,
    rules=(
        Rule(
            ("home_team", "away_team"),
            "home_team = away_team",
            "say that a team plays against itself",
            "Put the two teams of the game into home_team and away_team",
        ),
        Rule(
            ("game_date", "season"),
            "game_date not between make_date(try_cast(season[:4] as int), 9, 1) "
            "and make_date(try_cast(season[:4] as int) + 1, 10, 31)",
            "lie outside their season (1 September of its first year to 31 October of the next)",
            "Correct the date or the season",
        ),
    ),
)

# Minutes are whole in some sources and fractional in others, hence DOUBLE.
_BOX_COUNTS = "pts fgm fga fg3m fg3a ftm fta oreb dreb ast stl blk tov pf"

PLAYER_BOX = RawTable(
    name="player_box",
    file="player_box.parquet",
    columns=(
        *_never_null("VARCHAR", "season game_id"),
        *_never_null("DATE", "game_date"),
        *_never_null("BIGINT", "player_id"),
        *_never_null("VARCHAR", "player_name"),
        *_never_null("VARCHAR", "team_abbreviation", is_team=True),
        *_nullable("VARCHAR", "wl", words=RESULTS),
        *_nullable("DOUBLE", "min", never_negative=True),
        *_nullable("BIGINT", _BOX_COUNTS, never_negative=True),
        *_nullable("BIGINT", "plus_minus"),
        *_extra("BIGINT", "team_id"),
        *_extra("BIGINT", "reb", never_negative=True),
        *_extra("DOUBLE", "fg_pct fg3_pct ft_pct"),
        *_extra("BOOLEAN", "is_home"),
        *_extra("VARCHAR", "season_type"),
        *_extra("VARCHAR", "opponent", is_team=True),
        *_extra("VARCHAR", "source"),
    ),
    key=("game_id", "player_id"),
    season="season",
    part=("game_id",),
    part_noun="game",
    is_needed=True,
)

TEAM_BOX = RawTable(
    name="team_box",
    file="team_box.parquet",
    columns=(
        *_never_null("VARCHAR", "season game_id"),
        *_never_null("DATE", "game_date"),
        *_never_null("VARCHAR", "team_abbreviation", is_team=True),
        *_nullable("VARCHAR", "wl", words=RESULTS),
        *_nullable("DOUBLE", "min", never_negative=True),
        # Some real team rows have a plus_minus like -9.2: a mean, not a margin.
        *_nullable("DOUBLE", "plus_minus"),
        *_nullable("BIGINT", _BOX_COUNTS + " reb", never_negative=True),
        *_extra("BIGINT", "team_id"),
        *_extra("BOOLEAN", "is_home"),
        *_extra("VARCHAR", "season_type team_name matchup"),
        *_extra("VARCHAR", "opponent_abbreviation", is_team=True),
        *_extra("VARCHAR", "source"),
    ),
    key=("game_id", "team_abbreviation"),
    season="season",
    part=("game_id",),
    part_noun="game",
    is_needed=True,
)

SHOTS = RawTable(
    name="shots",
    file="shots.parquet",
    columns=(
        *_never_null("VARCHAR", "season game_id"),
        *_never_null("DATE", "game_date"),
        *_never_null("BIGINT", "player_id"),
        *_never_null("VARCHAR", "team", is_team=True),
        *_never_null("VARCHAR", "shot_type", words=SHOT_TYPES),
        *_nullable("BIGINT", "shot_distance", never_negative=True),
        *_never_null("BOOLEAN", "shot_made"),
        *_extra("BIGINT", "team_id"),
        *_extra("BIGINT", "period minutes_remaining seconds_remaining", never_negative=True),
        *_extra("BIGINT", "loc_x loc_y"),
        *_extra("VARCHAR", "player_name"),
        *_extra("VARCHAR", "home_team away_team opponent", is_team=True),
        *_extra("VARCHAR", "action_type zone_basic zone_area zone_range zone_group source"),
    ),
    # Equal rows are real: tip-ins within a second. The box score counts every one of them.
    key=None,
    season="season",
    part=("game_id",),
    part_noun="game",
    without="zone rates are NULL, and the features made from them are defaults",
)

BETTING_LINES = RawTable(
    name="betting_lines",
    file="odds.parquet",
    columns=(
        *_never_null("VARCHAR", "game_id season source"),
        *_never_null("DATE", "game_date"),
        *_nullable("DOUBLE", "total_line", never_negative=True),
        *_nullable("DOUBLE", "home_spread ml_home ml_away"),
        *_extra("VARCHAR", "home_team away_team", is_team=True),
    ),
    key=("game_id", "source"),
    season="season",
    part=("game_id", "source"),
    part_noun="game and source",
    without="spreads and totals are NULL",
)

INJURY_EVENTS = RawTable(
    name="injury_events",
    file="injuries.parquet",
    columns=(
        *_never_null("DATE", "event_date"),
        *_nullable("VARCHAR", "team_nickname player_name acquired relinquished notes"),
        *_extra("DOUBLE", "estimated_days_out"),
        *_extra("VARCHAR", "source"),
    ),
    key=None,
    season=season_sql("event_date"),
    part=("event_date",),
    part_noun="day",
    without="who is out before a game is unknown, and injury_risk is a default",
)

PLAYERS = RawTable(
    name="players",
    file="players.parquet",
    columns=(
        *_never_null("BIGINT", "player_id"),
        *_never_null("VARCHAR", "player_name"),
        *_nullable("VARCHAR", "position"),
        *_extra("VARCHAR", "position_group position_as_of"),
    ),
    key=("player_id",),
    season=None,
    part=("player_id",),
    part_noun="player",
    without="positions are NULL",
)

# Bookmakers' bets on players, under the names that they print. A player may have several lines a day.
PLAYER_PROPS = RawTable(
    name="player_props",
    file="player_props.parquet",
    columns=(
        *_never_null("DATE", "game_date"),
        *_never_null("VARCHAR", "player_name market bookmaker"),
        *_nullable("DOUBLE", "line over_price under_price"),
        *_extra("VARCHAR", "home_team away_team"),
        *_extra("TIMESTAMP", "commence_time quoted_at"),
    ),
    key=None,
    season=season_sql("game_date"),
    part=("game_date", "bookmaker", "market"),
    part_noun="day, bookmaker and market",
    is_read=False,
)

# Games first: every other file is checked against them.
RAW_TABLES = (GAMES, PLAYER_BOX, TEAM_BOX, SHOTS, BETTING_LINES, INJURY_EVENTS, PLAYERS, PLAYER_PROPS)
