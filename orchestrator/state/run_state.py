"""The states of runs and of their windows; the values are what the progress file and `--json` have."""

from __future__ import annotations

from enum import StrEnum


class RunState(StrEnum):
    """The state of a run, or how it ended."""

    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    """It finished, but some dates were quarantined, or skipped because of bad inputs."""
    NOTHING_TO_DO = "nothing to do"
    DECLINED = "declined"
    """Somebody declined the plan."""
    STOPPED = "stopped"
    """An error, or one of its limits, ended it early."""
    INTERRUPTED = "interrupted"
    """A signal ended it early."""


class WindowState(StrEnum):
    """The state of a window in the progress file."""

    PLANNED = "planned"
    SUCCEEDED = "landed"
    FAILED = "failed"
