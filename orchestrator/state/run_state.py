"""The states of runs and of their windows; the values are what the progress file and `--json` have."""

from __future__ import annotations

from enum import StrEnum


class RunState(StrEnum):
    """How a run is doing, or how it ended."""

    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    """It came to its end, but some dates were quarantined or skipped because of bad inputs."""
    NOTHING_TO_DO = "nothing to do"
    DECLINED = "declined"
    """Somebody looked at the plan and said no."""
    STOPPED = "stopped"
    """An error, or one of its limits, ended it early."""
    INTERRUPTED = "interrupted"
    """A signal ended it early."""


class WindowState(StrEnum):
    """What became of a window."""

    PLANNED = "planned"
    SUCCEEDED = "landed"
    FAILED = "failed"
