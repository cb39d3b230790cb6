"""Retries: another process or an overloaded service may be done in a moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    retry_if_result,
    sleep_using_event,
    stop_after_attempt,
    stop_when_event_set,
    wait_exponential_jitter,
)

from orchestrator.core.errors import BusyError
from orchestrator.core.interrupts import Interrupts
from orchestrator.dbt.runner import RunResult
from orchestrator.run.failures import is_transient
from orchestrator.run.listeners import Listener

ATTEMPTS = 5
Result = TypeVar("Result")


class Patience:
    """Retries transient failures with growing waits; a signal ends the waiting."""

    def __init__(self, interrupts: Interrupts, listener: Listener):
        self._event = interrupts.event
        self._listener = listener

    def until_free(self, action: Callable[[], Result]) -> Result:
        """Repeat while the warehouse is busy; raise its BusyError in the end."""
        return Retrying(
            retry=retry_if_exception_type(BusyError),
            reraise=True,
            before_sleep=lambda state: self._say_retry("waiting", state),
            **self._rules(),
        )(action)

    def build(self, what: str, action: Callable[[], RunResult]) -> RunResult:
        """Repeat while the warehouse is busy or a failure is transient; return or raise the last result."""
        return Retrying(
            retry=retry_if_result(_may_pass) | retry_if_exception_type(BusyError),
            retry_error_callback=_last_result,
            before_sleep=lambda state: self._say_retry(what, state),
            **self._rules(),
        )(action)

    def _rules(self) -> dict:
        return {
            "wait": wait_exponential_jitter(initial=0.5, max=30, jitter=0.5),
            "stop": stop_after_attempt(ATTEMPTS) | stop_when_event_set(self._event),
            "sleep": sleep_using_event(self._event),
        }

    def _say_retry(self, what: str, state: RetryCallState) -> None:
        outcome, action = state.outcome, state.next_action
        assert outcome, "it has been tried"
        assert action, "it will be tried again"
        error = str(outcome.exception()) if outcome.failed else outcome.result().messages
        self._listener.retrying(what, error.splitlines()[0], action.sleep)


def _last_result(state: RetryCallState) -> RunResult:
    assert state.outcome, "it has been tried"
    return state.outcome.result()


def _may_pass(result: RunResult) -> bool:
    return not result.success and any(is_transient(failure.message) for failure in result.failures)
