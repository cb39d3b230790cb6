"""One digest per run, and to a notifier only when a person should act: expected emptiness is no news."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence

from orchestrator.core.command_line import another_command
from orchestrator.core.errors import UsageError
from orchestrator.run.outcome import Outcome
from orchestrator.state.coverage import STALE


def needs_a_person(outcome: Outcome) -> list[str]:
    """Return what somebody should look at, one line each; empty when nobody needs to."""
    lines = []
    if outcome.stopped_by:
        lines.append(
            f"the run did not finish: {outcome.stopped_by}. Go on with: {outcome.run.resume_command}"
        )
    by_error: dict[str, list] = {}
    for failure in outcome.failures:
        by_error.setdefault(failure.error.splitlines()[0], []).append(failure)
    for error, failures in by_error.items():
        days = sorted({failure.day for failure in failures})
        tables = sorted({failure.table for failure in failures})
        span = str(days[0]) if len(days) == 1 else f"{len(days)} dates, {days[0]}..{days[-1]}"
        lines.append(f"failed: {span} ({', '.join(tables)}): {error}. Again with: {another_command('retry')}")
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
    """Raise UsageError for what is no address: it must not show on the night when it matters."""
    if not urls:
        return
    import apprise

    for url in urls:
        if not apprise.Apprise().add(url):
            # What stands before the @ may be a password.
            shown = re.sub(r"//[^/@]*@", "//...@", url)
            raise UsageError(
                f"--notify {shown!r} (or NBA_NOTIFY) is no address that apprise knows: write it as "
                "json://host/path, mailto://user:password@host, slack://... "
                "(https://github.com/caronc/apprise/wiki lists them)"
            )


def notify(outcome: Outcome, urls: Sequence[str], warn: Callable[[str], None]) -> bool:
    """Send the digest to each address when somebody should act; tell whether it was sent.

    Addresses are apprise's, as check_addresses has them. A notifier that does not answer
    is a warning and never the run's failure.
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
    except Exception as error:  # whatever a notifier does, the run stands
        warn(f"the digest could not be sent: {error}")
        return False
    if not sent:
        warn("the digest could not be sent to every address of --notify")
    return bool(sent)


def _short(outcome: Outcome) -> dict:
    """Return the outcome without what belongs into a log: the first failures only."""
    found = outcome.as_json()
    found["failed_dates"] = len({failure.day for failure in outcome.failures})
    found["failed"] = found["failed"][:20]
    found["coverage"] = {line.processor: line.status for line in outcome.coverage.phase4}
    return found
