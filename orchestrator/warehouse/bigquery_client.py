"""The connection to BigQuery, or to its emulator, as profiles.yml describes it."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, cast

from orchestrator.core.errors import BusyError, UsageError, UserError, WrongShapeError
from orchestrator.core.project import PROJECT_DIR

if TYPE_CHECKING:
    from dbt.adapters.bigquery import BigQueryCredentials
    from google.cloud.bigquery import Client

INSTALL = ".venv/bin/python -m pip install -r requirements-bigquery.txt"
UNSET = "set-NBA_BIGQUERY_PROJECT"  # the default of profiles.yml
PAGE = "docs/bigquery.md"


@dataclass(frozen=True)
class Access:
    """A client, and where the tables are."""

    client: Client
    project: str
    """The project of the datasets; the client's own is the one that pays."""
    location: str | None


def check_installed() -> None:
    """Raise UserError when a package that BigQuery needs is absent; takes no time, as none is imported."""
    for package in ("google.cloud.bigquery", "dbt.adapters.bigquery"):
        try:
            found = find_spec(package)
        except ModuleNotFoundError:  # nor does its parent package exist
            found = None
        if found is None:
            raise UserError(
                f"BigQuery's packages are not installed ({package} is missing): {INSTALL} ({PAGE})"
            )


def connect(target: str) -> Access:
    """Return the connection that an output of profiles.yml describes; UserError when there can be none."""
    check_installed()
    from dbt.adapters.bigquery.clients import create_bigquery_client

    credentials = credentials_of(target)
    project = credentials.database
    if not project or project == UNSET:
        raise UserError(f"no BigQuery project is named: set NBA_BIGQUERY_PROJECT (see {PAGE})")
    with explained(project):
        client = create_bigquery_client(credentials)
    from google.cloud.bigquery import QueryJobConfig

    if credentials.maximum_bytes_billed:
        client.default_query_job_config = QueryJobConfig(
            maximum_bytes_billed=credentials.maximum_bytes_billed
        )
    return Access(client, project, credentials.location)


def credentials_of(target: str) -> BigQueryCredentials:
    """Let dbt read the profile, so that everything uses the same connection."""
    from argparse import Namespace

    from dbt.config.runtime import load_profile
    from dbt.flags import set_from_args
    from dbt_common.context import set_invocation_context
    from dbt_common.exceptions import DbtBaseException

    folder = str(PROJECT_DIR)
    set_invocation_context(os.environ)
    set_from_args(Namespace(PROFILES_DIR=folder, profiles_dir=folder), None)
    try:
        credentials = load_profile(folder, {}, target_override=target).credentials
    except DbtBaseException as error:
        raise UserError(f"profiles.yml, {target}: {' '.join(str(error).split())}") from None
    if credentials.type != "bigquery":
        raise UsageError(f"{target} is not BigQuery: choose bigquery, or emulator")
    return cast("BigQueryCredentials", credentials)


@contextmanager
def explained(project: str) -> Generator[None]:
    """Turn the client's errors into ones that say what to do."""
    import requests
    from dbt_common.exceptions import DbtBaseException
    from google.api_core import exceptions
    from google.auth.exceptions import GoogleAuthError

    try:
        yield
    except (GoogleAuthError, DbtBaseException) as error:
        raise UserError(
            f"no credentials for BigQuery: {_first_line(error)}\n"
            "  Run `gcloud auth application-default login`, or set NBA_BIGQUERY_METHOD=service-account and "
            f"NBA_BIGQUERY_KEYFILE ({PAGE})."
        ) from error
    except exceptions.Forbidden as error:
        raise UserError(
            f"BigQuery denies access in project {project}: {_first_line(error)}\n"
            f"  {PAGE} lists the roles that are needed."
        ) from error
    except (
        exceptions.RetryError,
        exceptions.ServerError,
        exceptions.TooManyRequests,
        requests.exceptions.RequestException,
        ConnectionError,
    ) as error:
        raise BusyError(
            f"BigQuery cannot be reached, or is overloaded: {_first_line(error)}\n"
            "  Run the command again: it continues with what has not succeeded."
        ) from error
    except (exceptions.BadRequest, exceptions.NotFound) as error:
        raise WrongShapeError(f"BigQuery, in project {project}: {_first_line(error)}") from error
    except exceptions.GoogleAPICallError as error:
        raise UserError(f"BigQuery, in project {project}: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    # dbt puts the kind of error on a line of its own.
    return next((line for line in lines if line != "Runtime Error"), type(error).__name__)
