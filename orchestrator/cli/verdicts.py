"""Prints what came out of verifying."""

from __future__ import annotations

from orchestrator.cli.console import SHOWN, out, say
from orchestrator.core.phrases import counted, duration
from orchestrator.verify.leaks import WITHOUT_ROWS, Verdict


def show_batch(verdict: Verdict, remaining: int) -> None:
    """Say on stderr how far a check has come."""
    done = verdict.proven + len(verdict.different)
    pace = verdict.seconds / done if done else 0.0
    bad = f", {counted(len(verdict.different), 'date')} different" if verdict.different else ""
    eta = f", about {duration(pace * remaining)} more" if remaining else ""
    say(f"{verdict.check.name}: {done:,} of {counted(done + remaining, 'date')}{bad}{eta}")


def show_verdict(verdict: Verdict) -> None:
    """Print what came out of a check: the verdict first, then what differs, then what was left out."""
    check, asked = verdict.check.name, verdict.asked
    rows = f"{verdict.rows:,} rows compared in {duration(verdict.seconds)}"
    before = f" ({verdict.proven_before:,} before)" if verdict.proven_before else ""
    if verdict.different:
        days = sorted(verdict.different)
        number = sum(verdict.different.values())
        out.print(
            f"{check}: DIFFERENT: {counted(number, 'row')} on {counted(len(days), 'date')} of {asked:,} "
            f"({', '.join(map(str, days[:3]))}{', ...' if len(days) > 3 else ''}); {rows}",
            style="red",
            markup=False,
            soft_wrap=True,
        )
        for difference in verdict.differences:
            out.print(f"  first: {difference}", markup=False, soft_wrap=True)
        for table, columns in verdict.columns.items():
            most = sorted(columns.items(), key=lambda item: -item[1])
            listed = ", ".join(f"{name} {rows:,}" for name, rows in most[:SHOWN])
            more = f" and {len(most) - SHOWN} more (--json has them all)" if len(most) > SHOWN else ""
            out.print(f"  {table}, rows by column: {listed}{more}", markup=False, soft_wrap=True)
    elif asked:
        proven = verdict.proven_before + verdict.proven
        out.print(
            f"{check}: proven: {proven:,} of {counted(asked, 'date')}{before}; {rows}",
            style="green" if verdict.is_fine else "yellow",
            markup=False,
            soft_wrap=True,
        )
    else:
        out.print(f"{check}: no date can be proven", style="yellow", markup=False)
    for column, reason in verdict.check.may_differ:
        out.print(f"  may differ: {column}: {reason}", markup=False, soft_wrap=True)
    if verdict.unmatched:
        out.print(
            f"  not compared: {counted(verdict.unmatched, 'row')} of players not expected on that team",
            markup=False,
            soft_wrap=True,
        )
    if verdict.different:
        day = min(verdict.different)
        out.print(
            f"  next: `python orchestrate.py explain PLAYER {day}` shows what the raw rows give; "
            "if stored rows were edited, "
            f"`python orchestrate.py backfill --dates {day} --only all` builds them again",
            markup=False,
            soft_wrap=True,
        )
    for reason, number in verdict.left_out.items():
        advice = "" if reason == WITHOUT_ROWS else ": run `python orchestrate.py backfill` first"
        out.print(
            f"  left out: {counted(number, 'date')}, {reason.replace('_', ' ')}{advice}",
            markup=False,
            soft_wrap=True,
        )
