"""The words that files may use: accepted spellings, and what is stored for them."""

import re
from dataclasses import dataclass

from orchestrator.core import seeds


@dataclass(frozen=True)
class Words:
    """The few words that a column may hold."""

    meanings: dict[str, str]
    """What is stored, by spelling; spellings are compared without case and separators."""
    also_flags: bool = False
    """Whether true and false, or 1 and 0, may stand for words."""

    def meaning(self, printed: str) -> str | None:
        """Return the stored word for a spelling, None for an unknown one."""
        return self.meanings.get(re.sub("[^a-z0-9]", "", printed.lower()))

    @property
    def allowed(self) -> str:
        """The stored words, for a message."""
        return ", ".join(dict.fromkeys(self.meanings.values()))


def _spelled(**spellings: str) -> dict[str, str]:
    return {spelling: word for word, text in spellings.items() for spelling in text.split()}


RESULTS = Words(_spelled(W="w win true 1", L="l loss false 0"), also_flags=True)

SEASON_TYPES = Words(
    _spelled(
        preseason="preseason",
        regular="regular regularseason",
        all_star="allstar allstargame allstarweekend",
        play_in="playin playintournament",
        playoffs="playoffs playoff",
        cup_final="cupfinal nbacupfinal istfinal inseasoncupfinal inseasontournamentfinal",
    )
)
COUNTING = ("regular", "play_in", "playoffs")
"""The kinds of games that count (contract R3)."""

SHOT_TYPES = Words(
    {
        spelling: f"{points}PT Field Goal"
        for points in (2, 3)
        for spelling in (f"{points}pt", f"{points}ptfieldgoal")
    }
)


class TeamCodes:
    """The codes that stand for teams, by the seeds."""

    def __init__(self) -> None:
        self.nba = {row["team_abbr"] for row in seeds.rows("nba_teams")}
        self.known = self.nba | {row["team_abbr"] for row in seeds.rows("non_nba_teams")}
        self._aliases = {row["alias"]: row["team_abbr"] for row in seeds.rows("team_aliases")}

    def meaning(self, printed: str) -> str:
        """Return the stored code; one that is in no seed stays unchanged."""
        code = printed.strip().upper()
        code = self._aliases.get(code, code)
        return code if code in self.known else printed
