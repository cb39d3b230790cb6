"""The raw schema: which files are read, and what `nba_raw` stores of them.

Names are those of the files. A column that models read is required in the file; the others are
carried when the file has them and are NULL when it does not.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """One stored column, with its DuckDB type and what is demanded of the file."""

    name: str
    type: str
    required: bool = True
    nullable: bool = True


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
    entity: str | None
    """An incoming row replaces every stored row with the same value here, whatever its season."""
    optional: bool = False

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
        start = int(season[:4])
        return f"event_date between date '{start}-10-01' and date '{start + 1}-09-30'"


def _never_null(type_: str, names: str) -> tuple[Column, ...]:
    return tuple(Column(name, type_, nullable=False) for name in names.split())


def _nullable(type_: str, names: str) -> tuple[Column, ...]:
    return tuple(Column(name, type_) for name in names.split())


def _extra(type_: str, names: str) -> tuple[Column, ...]:
    return tuple(Column(name, type_, required=False) for name in names.split())


GAMES = RawTable(
    name="games",
    file="games.parquet",
    columns=(
        *_never_null("VARCHAR", "game_id season season_type home_team away_team"),
        *_never_null("DATE", "game_date"),
        *_nullable("BIGINT", "home_score away_score"),
        *_extra("VARCHAR", "game_status tip_et home_team_name away_team_name arena arena_city label source"),
        *_extra("BIGINT", "home_team_id away_team_id"),
        *_extra("BOOLEAN", "home_is_nba away_is_nba has_player_box has_shots"),
    ),
    key=("game_id",),
    season="season",
    entity="game_id",
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
        *_never_null("VARCHAR", "player_name team_abbreviation"),
        *_nullable("VARCHAR", "wl"),
        *_nullable("DOUBLE", "min"),
        *_nullable("BIGINT", _BOX_COUNTS + " plus_minus"),
        *_extra("BIGINT", "team_id reb"),
        *_extra("DOUBLE", "fg_pct fg3_pct ft_pct"),
        *_extra("BOOLEAN", "is_home"),
        *_extra("VARCHAR", "season_type opponent source"),
    ),
    key=("game_id", "player_id"),
    season="season",
    entity="game_id",
)

TEAM_BOX = RawTable(
    name="team_box",
    file="team_box.parquet",
    columns=(
        *_never_null("VARCHAR", "season game_id"),
        *_never_null("DATE", "game_date"),
        *_never_null("VARCHAR", "team_abbreviation"),
        *_nullable("VARCHAR", "wl"),
        # Some real team rows have a plus_minus like -9.2: a mean, not a margin.
        *_nullable("DOUBLE", "min plus_minus"),
        *_nullable("BIGINT", _BOX_COUNTS + " reb"),
        *_extra("BIGINT", "team_id"),
        *_extra("BOOLEAN", "is_home"),
        *_extra("VARCHAR", "season_type team_name matchup opponent_abbreviation source"),
    ),
    key=("game_id", "team_abbreviation"),
    season="season",
    entity="game_id",
)

SHOTS = RawTable(
    name="shots",
    file="shots.parquet",
    columns=(
        *_never_null("VARCHAR", "season game_id"),
        *_never_null("DATE", "game_date"),
        *_never_null("BIGINT", "player_id"),
        *_never_null("VARCHAR", "team shot_type"),
        *_nullable("BIGINT", "shot_distance"),
        *_never_null("BOOLEAN", "shot_made"),
        *_extra("BIGINT", "team_id period minutes_remaining seconds_remaining loc_x loc_y"),
        *_extra("VARCHAR", "player_name home_team away_team opponent action_type"),
        *_extra("VARCHAR", "zone_basic zone_area zone_range zone_group source"),
    ),
    # Equal rows are real: tip-ins within a second. The box score counts every one of them.
    key=None,
    season="season",
    entity="game_id",
)

BETTING_LINES = RawTable(
    name="betting_lines",
    file="odds.parquet",
    columns=(
        *_never_null("VARCHAR", "game_id season source"),
        *_never_null("DATE", "game_date"),
        *_nullable("DOUBLE", "total_line home_spread ml_home ml_away"),
        *_extra("VARCHAR", "home_team away_team"),
    ),
    key=("game_id", "source"),
    season="season",
    entity="game_id",
    optional=True,
)

# The season rule of the contract (R2): October and later belong to the season that starts then.
_SEASON_OF_EVENT = """printf(
    '%d-%02d',
    year(event_date - interval 9 months),
    (year(event_date - interval 9 months) + 1) % 100
)"""

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
    season=_SEASON_OF_EVENT,
    entity=None,
    optional=True,
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
    entity="player_id",
    optional=True,
)

# Games first: every other file is checked against them.
RAW_TABLES = (GAMES, PLAYER_BOX, TEAM_BOX, SHOTS, BETTING_LINES, INJURY_EVENTS, PLAYERS)
