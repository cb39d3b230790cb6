"""The digest of a run, sent only when a person should act: expected gaps are not reported."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence

from orchestrator.core.command_line import another_command
from orchestrator.core.errors import UsageError
from orchestrator.run.outcome import Outcome
from orchestrator.state.coverage import STALE


def needs_a_person(outcome: Outcome) -> list[str]:
    """Return one line for each thing that needs attention; empty when nothing does."""
    lines = []
    if outcome.stopped_by:
        lines.append(
            f"the run did not finish: {outcome.stopped_by}. Resume with: {outcome.run.resume_command}"
        )
    by_error: dict[str, list] = {}
    for failure in outcome.failures:
        by_error.setdefault(failure.error.splitlines()[0], []).append(failure)
    for error, failures in by_error.items():
        days = sorted({failure.day for failure in failures})
        tables = sorted({failure.table for failure in failures})
        span = str(days[0]) if len(days) == 1 else f"{len(days)} dates, {days[0]}..{days[-1]}"
        lines.append(f"failed: {span} ({', '.join(tables)}): {error}. Retry with: {another_command('retry')}")
    lines += outcome.plan.blocked_lines
    lines += map(str, outcome.late_games)
    until = outcome.request.until
    days = {cell.day for cell in outcome.cells if cell.state in STALE and cell.day <= until}
    # Dates skipped because of bad inputs have lines of their own, and building them would not help.
    days = {day for day in days if not any(entry.start <= day <= entry.end for entry in outcome.plan.blocked)}
    if days:
        lines.append(
            f"stale: {len(days)} dates, {min(days)}..{max(days)}, changed since they were built. "
            f"Build them with: {another_command('backfill --only stale')}"
        )
    return lines


def check_addresses(urls: Sequence[str]) -> None:
    """Raise UsageError for an invalid address now, not on the night when it is needed."""
    if not urls:
        return
    import apprise

    for url in urls:
        if not apprise.Apprise().add(url):
            # The part before the @ may contain a password.
            shown = re.sub(r"//[^/@]*@", "//...@", url)
            raise UsageError(
                f"--notify {shown!r} (or NBA_NOTIFY) is not an address that apprise knows. Write it like "
                "json://host/path, mailto://user:password@host, slack://... "
                "(https://github.com/caronc/apprise/wiki lists them)"
            )


def notify(outcome: Outcome, urls: Sequence[str], warn: Callable[[str], None]) -> bool:
    """Send the digest to each address when somebody should act; tell whether it was sent.

    A notifier that does not answer causes a warning, and never fails the run.
    """
    lines = needs_a_person(outcome)
    if not lines or not urls:
        return False
    try:
        import apprise

        notifier = apprise.Apprise()
        for url in urls:
            notifier.add(url)
        sent = notifier.notify(
            title=f"NBA backfill: {outcome.state}, {outcome.headline}",
            body="\n".join(lines) + "\n\n" + json.dumps(_short(outcome), indent=2),
            notify_type=apprise.NotifyType.FAILURE if outcome.exit_code else apprise.NotifyType.WARNING,
        )
    except Exception as error:  # whatever a notifier does, the run's result stays
        warn(f"the digest could not be sent: {error}")
        return False
    if not sent:
        warn("the digest could not be sent to every address of --notify")
    return bool(sent)


def _short(outcome: Outcome) -> dict:
    """Return the outcome with the first failures only: the log has the rest."""
    found = outcome.as_json()
    found["failed_dates"] = len({failure.day for failure in outcome.failures})
    found["failed"] = found["failed"][:20]
    found["coverage"] = {line.processor: line.status for line in outcome.coverage.phase4}
    return found
