"""What dbt hands to Google when it runs the Python model: the script and the request, taken down, not sent.

Run by the project's own Python, in a process of its own because dbt's flags are global:
`python submissions.py METHOD ...` prints `{method: {"uri": ..., "script": ..., "request": {...}}}`, or
`{"error": ...}` of one that fails. "cluster without NBA_GCS_BUCKET" is a method, too: without that variable.
dbt runs the model to its end, with its own adapter and submission; only Google's clients are replaced, and
what SQL dbt sends is answered by nothing.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from contextlib import ExitStack, redirect_stdout
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock, create_autospec, patch

PROJECT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {
    "NBA_BIGQUERY_PROJECT": "a-project",
    "NBA_GCS_BUCKET": "a-bucket",
    "NBA_DATAPROC_REGION": "a-region",
    "NBA_DATAPROC_CLUSTER": "a-cluster",
}


class Google:
    """Google's clients: they take down what they are asked, and say that it went well."""

    def __init__(self) -> None:
        from google.cloud import aiplatform_v1 as colab
        from google.cloud import dataproc_v1 as dataproc
        from google.cloud.storage import Client as Storage

        self.storage = create_autospec(Storage, instance=True)
        self.batches = create_autospec(dataproc.BatchControllerClient, instance=True)
        self.jobs = create_autospec(dataproc.JobControllerClient, instance=True)
        self.jobs.submit_job_as_operation.return_value.result.return_value = dataproc.Job()
        self.notebooks = create_autospec(colab.NotebookServiceClient, instance=True)
        templates = [MagicMock()]
        templates[0].name = "projects/a/locations/a/notebookRuntimeTemplates/1"
        self.notebooks.list_notebook_runtime_templates.side_effect = lambda **_: iter(templates)
        name = "projects/a/locations/a/notebookExecutionJobs/1"
        self.notebooks.create_notebook_execution_job.return_value.operation.name = f"{name}/operations/1"
        self.notebooks.get_notebook_execution_job.return_value = colab.NotebookExecutionJob(
            name=name, job_state="JOB_STATE_SUCCEEDED"
        )
        self.storage.bucket.return_value.blob.return_value.download_as_text.return_value = "{}"

    def taken_down(self) -> dict[str, Any]:
        """What was uploaded, to where, and what was asked to be done with it."""
        (bucket,) = self.storage.get_bucket.call_args.args
        blob = self.storage.get_bucket.return_value.blob
        (script,) = blob.return_value.upload_from_string.call_args.args
        return {
            "uri": f"gs://{bucket}/{blob.call_args.args[0]}",
            "script": script,
            "request": self._request(),
        }

    def _request(self) -> dict[str, Any]:
        asked = [
            self.batches.create_batch,
            self.jobs.submit_job_as_operation,
            self.notebooks.create_notebook_execution_job,
        ]
        (call,) = [client.call_args for client in asked if client.call_args]
        request = call.kwargs.get("request") or call.args[0]
        return request if isinstance(request, dict) else type(request).to_dict(request)


def submission(method: str, target: str) -> dict[str, Any]:
    """Run the model and return what was submitted, or `{"error": ...}`. `target` is a folder for dbt."""
    from dbt.adapters.bigquery import BigQueryAdapter, BigQueryConnectionManager, python_submissions
    from dbt.adapters.bigquery.connections import BigQueryAdapterResponse
    from dbt.adapters.contracts.connection import ConnectionState
    from dbt.cli.main import dbtRunner
    from dbt_common.clients.agate_helper import empty_table
    from google.auth.credentials import AnonymousCredentials

    google = Google()
    credentials = AnonymousCredentials()
    credentials.service_account_email = "somebody@a-project"

    def open_(_: Any, connection: Any) -> Any:
        connection.handle, connection.state = MagicMock(), ConnectionState.OPEN
        return connection

    # What a run needs to be there, and what it replaces.
    there = ("games", "feature_catalogue", "int_ml_features")

    def existing(adapter: Any, database: str, schema: str, identifier: str) -> Any:
        if identifier not in there:
            return None
        return adapter.Relation.create(database, schema, identifier, type="table")

    with ExitStack() as stack:
        for owner, name, stand_in in (
            (BigQueryConnectionManager, "open", classmethod(open_)),
            (
                BigQueryConnectionManager,
                "execute",
                lambda *_, **__: (BigQueryAdapterResponse("OK"), empty_table()),
            ),
            (BigQueryAdapter, "get_relation", existing),
            (BigQueryAdapter, "get_columns_in_relation", lambda *_: []),
            (BigQueryAdapter, "is_replaceable", lambda *_: True),
            (BigQueryAdapter, "list_schemas", lambda *_: []),
            (BigQueryAdapter, "create_schema", lambda *_: None),
            (python_submissions, "create_gcs_client", lambda _: google.storage),
            (python_submissions, "create_dataproc_batch_controller_client", lambda _: google.batches),
            (python_submissions, "create_dataproc_job_controller_client", lambda _: google.jobs),
            (python_submissions, "create_notebook_client", lambda *_: google.notebooks),
            (python_submissions, "create_google_credentials", lambda _: credentials),
        ):
            stack.enter_context(patch.object(owner, name, stand_in))
        method, _, missing = method.partition(" without ")
        variables = ENVIRONMENT | {"NBA_SUBMISSION_METHOD": method} | ({missing: ""} if missing else {})
        stack.enter_context(patch.dict(os.environ, variables))
        ran = dbtRunner().invoke(
            [
                "--quiet", "--no-populate-cache", "run", "--select", "int_ml_features",
                "--target", "bigquery", "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT),
                "--target-path", target, "--log-path", target,
            ]
        )  # fmt: skip
    if not ran.success:
        messages = [result.message for result in ran.result or () if result.status == "error"]
        return {"error": "\n".join(messages) or str(ran.exception)}
    return google.taken_down()


def main() -> None:
    """Print what is submitted by each of the methods."""
    # dbt prints its errors even when it is told to be quiet. In one folder the project is parsed once.
    with redirect_stdout(sys.stderr), tempfile.TemporaryDirectory() as target:
        answer = {method: submission(method, target) for method in sys.argv[1:]}
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
