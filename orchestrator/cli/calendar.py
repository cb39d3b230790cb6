"""A calendar of the coverage in characters: one cell a date, its worst state over the tables."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from rich.text import Text

from orchestrator.core.registry import COVERAGE_STATES
from orchestrator.core.seasons import season_name
from orchestrator.state.coverage import Cell, worst_by_day

# Letters, so that it reads without colour too.
MARKS = {state.name: (state.mark, state.style) for state in COVERAGE_STATES}


def calendar(cells: Iterable[Cell]) -> Text:
    """Draw seasons by month; a blank is a day without a game that counts."""
    cells = list(cells)
    seasons = {cell.day: cell.season for cell in cells}
    worst = worst_by_day(cells)
    months: dict[int, dict[tuple[int, int], dict[int, str]]] = {}
    for day in sorted(worst):
        month = months.setdefault(seasons[day], {}).setdefault((day.year, day.month), {})
        month[day.day] = worst[day]
    text = Text()
    for season, own in months.items():
        text.append(f"{season_name(season)}  ")
        text.append("1   5    10   15   20   25   30\n", style="dim")
        for (year, month), days in own.items():
            text.append(f"    {date(year, month, 1):%b}  ")
            for number in range(1, 32):
                mark, style = MARKS[days[number]] if number in days else (" ", "")
                text.append(mark, style=style)
            text.append("\n")
    text.append("  ")
    for state, (mark, style) in MARKS.items():
        text.append(mark, style=style)
        text.append(f" {state.replace('_', ' ')}   ")
    return text
