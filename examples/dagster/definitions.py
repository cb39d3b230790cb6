"""Phase 4 as one asset: the backfill decides what there is to do, the check says whether anything is left."""

import json
import os
import subprocess

import dagster as dg

PROJECT = "/srv/nba/phase4"
WAREHOUSE = "/srv/nba/nba.duckdb"
HELD = 3  # another backfill has the warehouse


def orchestrate(*arguments: str) -> tuple[int, dict | list | None]:
    """Run a command with the project's own Python; its JSON is None when it could not look at all."""
    process = subprocess.Popen(
        [".venv/bin/python", "orchestrate.py", *arguments, "--json"],
        cwd=PROJECT,
        env=os.environ | {"NBA_DUCKDB_PATH": WAREHOUSE},
        stdout=subprocess.PIPE,  # progress and errors go to stderr, which Dagster keeps with the step
        text=True,
    )
    try:
        output, _ = process.communicate()
    except BaseException:  # the run is being terminated: let the window in hand land, then go
        process.terminate()
        process.communicate()
        raise
    return process.returncode, json.loads(output) if output else None


def what_is_wrong(outcome: dict | None) -> str:
    """Say in a line why a backfill did not exit 0."""
    if outcome is None:
        return "it could not start, see stderr"
    errors = {failure["error"].splitlines()[0] for failure in outcome["failed"]}
    blocks = {f"{problem['check']} on {problem['game_date']}" for problem in outcome["blocked"]}
    return "; ".join([*filter(None, [outcome["stopped_by"]]), *sorted(errors), *sorted(blocks)])


@dg.asset
def phase4() -> dg.MaterializeResult:
    """The five feature tables and their exclusions, up to today."""
    code, outcome = orchestrate("backfill")
    if code == HELD:
        raise dg.RetryRequested(max_retries=6, seconds_to_wait=600)
    if code:
        raise dg.Failure(
            f"exit status {code}: {what_is_wrong(outcome)}",
            metadata={"outcome": dg.MetadataValue.json(outcome)},
            allow_retries=False,
        )
    return dg.MaterializeResult(
        metadata={
            "dates": outcome["dates_landed"],
            "rows": outcome["rows"],
            "seconds": outcome["seconds"],
            "log": dg.MetadataValue.path(outcome["log"]),
        }
    )


@dg.asset_check(asset=phase4)
def no_gaps() -> dg.AssetCheckResult:
    """Nothing is missing, failed or stale."""
    _, found = orchestrate("gaps")
    if found is None:
        raise dg.Failure("the warehouse could not be read: see stderr")
    return dg.AssetCheckResult(passed=not found["ranges"], metadata={"gaps": dg.MetadataValue.json(found)})


@dg.sensor(target=phase4, minimum_interval_seconds=900)
def something_to_build():
    """Ask for a run when dates are missing or stale; those that failed wait for the schedule."""
    _, plan = orchestrate("plan")
    if plan is None:
        return dg.SkipReason("the warehouse is in use, or cannot be read: see the daemon's stderr")
    if plan["emptied"] and plan["emptied"]["refused"]:
        return dg.SkipReason("a backfill would empty dates that have rows: see `python orchestrate.py plan`")
    new = [span for span in plan["build"] if span["state"] != "failed"]
    return dg.RunRequest() if new else dg.SkipReason("nothing new to build")


nightly = dg.ScheduleDefinition(
    name="phase4_nightly", target=phase4, cron_schedule="30 10 * * *", execution_timezone="UTC"
)
defs = dg.Definitions(
    assets=[phase4], asset_checks=[no_gaps], schedules=[nightly], sensors=[something_to_build]
)
