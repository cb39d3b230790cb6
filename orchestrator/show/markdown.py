"""The state by season as Markdown, as teams keep it by hand in a progress log."""

from __future__ import annotations

from orchestrator.core.seasons import season_name
from orchestrator.show.status import Status, first_line
from orchestrator.state import coverage


def progress_log(status: Status) -> str:
    """Write the page: a table per season, what failed and what is stale."""
    lines = [f"# Phase 4 progress, {status.today}", ""]
    lines += [
        line
        for remark in (status.remark, status.code_remark, status.scheduled_remark)
        if remark
        for line in (f"{remark[0].upper()}{remark[1:]}.", "")
    ]
    shares = {line.season: f". {line}" for line in status.shares}
    for season, found in coverage.by_season(status.due).items():
        lines += [
            f"## {season_name(season)}",
            "",
            f"{found.start} to {found.end}, {found.game_dates} game dates"
            + shares.get(season_name(season), ""),
            "",
            "| Processor | Table | Dates | Expected | Rows | Status |",
            "|---|---|---:|---:|---:|---|",
        ]
        lines += [
            f"| {line.processor} | {line.table} | {line.dates:,} | {line.expected:,} | {line.rows:,} "
            f"| {line.status} |"
            for line in found.phase4
        ]
        lines.append("")
    if status.failed:
        lines += ["## Failed", "", "| Table | Date | Why | Retry with |", "|---|---|---|---|"]
        lines += [
            f"| {cell.table} | {cell.day} | {first_line(cell.error).replace('|', '/')} | `{cell.retry}` |"
            for cell in status.failed
        ]
        lines.append("")
    if status.stale:
        lines += ["## Stale", "", "| Table | From | To | Dates | Why |", "|---|---|---|---:|---|"]
        lines += [
            f"| {span.table} | {span.start} | {span.end} | {span.dates} | {span.reason} |"
            for span in status.stale
        ]
        lines.append("")
    return "\n".join(lines)
