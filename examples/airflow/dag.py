"""Each morning: build what is missing, failed or stale, then check that nothing is left."""

from datetime import datetime, timedelta

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

PROJECT = "/srv/nba/phase4"
WAREHOUSE = "/srv/nba/nba.duckdb"


def orchestrate(task_id: str, arguments: str, **more) -> BashOperator:
    """Make a task of one command, run in the project with the project's own Python."""
    return BashOperator(
        task_id=task_id,
        bash_command="exec timeout --foreground --preserve-status --kill-after=5m 2h "
        f".venv/bin/python orchestrate.py {arguments}",
        cwd=PROJECT,
        env={"NBA_DUCKDB_PATH": WAREHOUSE},
        append_env=True,
        do_xcom_push=False,
        retry_delay=timedelta(minutes=10),
        **more,
    )


with DAG(
    "nba_phase4",
    schedule="30 10 * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,
):
    backfill = orchestrate("backfill", "backfill", retries=1, skip_on_exit_code=3)
    gaps = orchestrate("gaps", "gaps", retries=3, trigger_rule="none_failed")
    backfill >> gaps
