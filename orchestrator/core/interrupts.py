"""Ctrl-C and TERM: a backfill finishes its current window first, a load of raw data stops at once."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable

from orchestrator.core.errors import StoppedError

SIGNALS = (signal.SIGINT, signal.SIGTERM, *((signal.SIGHUP,) if hasattr(signal, "SIGHUP") else ()))


# A signal to a process group and to the process itself counts once, as with `timeout` or a closed terminal.
ECHO_SECONDS = 0.3


class Interrupts:
    """Handles the signals while a backfill runs; the second one raises KeyboardInterrupt, and dbt cancels."""

    def __init__(self, on_first: Callable[[str], None] = lambda name: None):
        self.received: signal.Signals | None = None
        self.cancelled = False
        self.event = threading.Event()
        """Set by the first signal, to end any wait."""
        self._on_first = on_first
        self._over = False
        self._before: dict = {}

    def __enter__(self) -> Interrupts:
        """Take over the signals, except outside the main thread."""
        if threading.current_thread() is not threading.main_thread():
            return self
        for number in SIGNALS:
            if signal.getsignal(number) != signal.SIG_IGN:  # nohup: the run outlives its terminal
                self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        """Give them back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def close(self) -> None:
        """Ignore further signals: the run is over and about to end."""
        self._over = True

    @property
    def exit_code(self) -> int:
        """The exit status for the signal: 130 for Ctrl-C, 143 for TERM."""
        return 128 + (self.received or signal.SIGINT)

    def _handle(self, number: int, _frame: object) -> None:
        if self._over or self.cancelled:
            return
        if self.received is None:
            self.received, self._received_at = signal.Signals(number), time.monotonic()
            self.event.set()
            self._on_first(self.received.name)
        elif number != self.received or time.monotonic() - self._received_at > ECHO_SECONDS:
            self.cancelled = True
            raise KeyboardInterrupt


class StopAtOnce(Interrupts):
    """Handles the signals while something runs that can be undone: the first one stops it.

    After `close`, the work is kept, and a signal only calls `on_late`.
    """

    def __init__(self, said: str, on_late: Callable[[str], None]):
        super().__init__(on_late)
        self._said = said

    def __exit__(self, *raised: object) -> None:
        """Raise StoppedError if a signal stopped it, whatever error a library raised instead."""
        super().__exit__()
        if any(raised) and self.received:
            ignore_from_now_on()
            raise StoppedError(f"stopped by {self.received.name}: {self._said}", self.exit_code) from None

    def _handle(self, number: int, _frame: object) -> None:
        if self.received:
            return  # still cleaning up
        if self._over:
            self._on_first(signal.Signals(number).name)
            return
        self.received = signal.Signals(number)
        raise KeyboardInterrupt


def ignore_from_now_on() -> None:
    """Ignore all further signals, so that an interrupted process ends with its own exit status."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
