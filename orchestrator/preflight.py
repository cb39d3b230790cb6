"""What would make the numbers of a backfill wrong: read from the warehouse's own preflight model."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from orchestrator.coverage import season_of
from orchestrator.project import INTERMEDIATE

if TYPE_CHECKING:
    from orchestrator.warehouse import Connection

BLOCK = "block"


class Problem(NamedTuple):
    """What one check found on one date of games."""

    check: str
    severity: str
    """`block`: features would be wrong. `warn`: they are right, and know less than they could."""
    game_date: date
    rows: int
    """How many rows, games or values the check found; what is counted, the model's documentation says."""
    detail: str
    """Up to three examples."""
    spoils_from: date | None
    """First date whose features the problem would make wrong; None for a warning."""
    spoils_until: date | None
    """Last such date, the end of the season; None for a warning."""
    subject: str | None = None
    """The column concerned, as `player_box.minutes_played`; None where the check is of no single column."""

    def spoils(self, day: date) -> bool:
        """Tell whether the features of a date would be wrong."""
        return (
            self.severity == BLOCK
            and self.spoils_from is not None
            and self.spoils_until is not None
            and self.spoils_from <= day <= self.spoils_until
        )


def problems(connection: Connection, wanted: Iterable[date]) -> list[Problem]:
    """Return what the preflight finds in the games that features of the wanted dates are made from.

    That is, in each season of a wanted date, up to the last of them; oldest first, blocks before warnings.
    Nothing is found without wanted dates, or in a warehouse whose views were never made (prepare it first).
    UserError when the view cannot be read, as when a raw table it was made for is gone.
    """
    last_wanted: dict[int, date] = {}
    for day in wanted:
        season = season_of(day)
        last_wanted[season] = max(day, last_wanted.get(season, day))
    if not last_wanted or not connection.has_table(INTERMEDIATE, "phase3_preflight"):
        return []
    in_season = " or ".join("(season_year = ? and game_date <= ?)" for _ in last_wanted)
    rows = connection.rows(
        "select check_name, severity, game_date, affected_rows, detail, spoils_from, spoils_until, subject "
        f"from {INTERMEDIATE}.phase3_preflight where {in_season} "
        "order by game_date, severity, check_name, subject",
        [value for bound in last_wanted.items() for value in bound],
    )
    return [Problem(*row) for row in rows]


def spoiled(found: Iterable[Problem], wanted: Iterable[date]) -> dict[date, list[Problem]]:
    """Return the wanted dates whose features would be wrong, oldest first, each with what makes them so.

    Dates that no blocking problem touches are left out; warnings touch none.
    """
    blocks = [problem for problem in found if problem.severity == BLOCK]
    touched = {day: [problem for problem in blocks if problem.spoils(day)] for day in sorted(set(wanted))}
    return {day: reasons for day, reasons in touched.items() if reasons}
