"""Errors that a user can act on; shown as one message, never as a traceback."""


class UserError(Exception):
    """Something outside the program is wrong; the message says what, and the next step."""

    exit_code = 1


class UsageError(UserError):
    """The command itself is wrong: an argument is invalid."""

    exit_code = 2


class HeldError(UserError):
    """Another backfill holds the warehouse."""

    exit_code = 3


class BusyError(UserError):
    """The warehouse is unavailable for now: a process has the file open, or a service is busy."""


class WrongShapeError(UserError):
    """A table or column is not what this version of the code expects."""


class StoppedError(UserError):
    """A signal ended the command."""

    def __init__(self, message: str, exit_code: int):
        super().__init__(message)
        self.exit_code = exit_code
