"""An invented league with real rules, for trying the project without any data.

`write_league` writes the same seven files that real data comes in: same names, columns, types and
oddities (playoff boxes with gaps, months without shots, guests from outside the league, names
that look alike), with players who do not exist. Numbers add up: shots to box scores, players to
teams, teams to final scores.
"""

from pathlib import Path

import numpy as np

from demo.league import NameBook, Population
from demo.season import Season
from demo.tables import LeagueFiles

__all__ = ["write_league"]

LAST_YEAR = 2023  # every demo league ends with the season 2023-24
MOST_SEASONS = 78  # back to 1946, the first there was

_POSITIONS = np.array(["PG", "SG", "SF", "PF", "C"], dtype=object)
_GROUPS = np.array(["G", "G", "F", "F", "C"], dtype=object)


def write_league(directory: Path, seasons: int = 3, seed: int = 7) -> None:
    """Write a league of `seasons` seasons, the last of them 2023-24, as Parquet files.

    The same seasons and seed give the same files. Existing files of these names are replaced.
    """
    if not 1 <= seasons <= MOST_SEASONS:
        raise ValueError(f"seasons must be 1 to {MOST_SEASONS}, not {seasons}")
    first_year = LAST_YEAR - seasons + 1
    rng = np.random.default_rng([seed, seasons])
    names = NameBook(rng)
    population = Population.founded(rng, names, first_year)
    with LeagueFiles(Path(directory)) as files:
        for year in range(first_year, LAST_YEAR + 1):
            if year > first_year:
                population.turn_year(rng, names, year)
            Season(rng, files, population, year, shots_go_quiet=year == first_year).write()
        files.add("players", _players(rng, population))
        files.finish()


def _players(rng: np.random.Generator, population: Population) -> dict[str, np.ndarray]:
    """Rows of `players.parquet`; the position of some is not known."""
    unknown = rng.random(len(population.player_id)) < 0.15
    ended = population.last_season + 1
    as_of = np.array([f"{y - 1}-{y % 100:02d}" for y in ended.tolist()], dtype=object)
    return {
        "player_id": population.player_id,
        "player_name": population.name,
        "position_group": np.where(unknown, None, _GROUPS[population.position]),
        "position": np.where(unknown, None, _POSITIONS[population.position]),
        "position_as_of": np.where(unknown, None, as_of),
    }
