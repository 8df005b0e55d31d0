"""Doing without a back end that does not answer: few calls at once, and none for a while after a fault."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

_log = logging.getLogger(__name__)
_COMPLAIN_EVERY_SECONDS = 60.0


class Unreachable(Exception):
    """No answer from the back end; the client's own exception, if there was a call, is ``__cause__``."""


@dataclass(frozen=True, slots=True)
class BreakerLimits:
    """At most *calls* at once, each waiting *wait_seconds* for its turn; after a fault none for *retry_seconds*."""

    calls: int
    wait_seconds: float
    retry_seconds: float


class Breaker:
    """Stands in front of one back end and is safe to use from many threads.

    After a fault everybody is told so at once, but one caller every ``retry_seconds``, who tries again. A caller whose
    turn does not come is told so too. The log hears of it at most once a minute.
    """

    def __init__(self, name: str, limits: BreakerLimits, faults: tuple[type[Exception], ...]) -> None:
        self._name, self._limits, self._faults = name, limits, faults
        self._turns = threading.BoundedSemaphore(limits.calls)
        self._mutex = threading.Lock()
        self._retry_at: float | None = None
        self._complained_at = -_COMPLAIN_EVERY_SECONDS

    @property
    def is_down(self) -> bool:
        """Whether the last call failed."""
        return self._retry_at is not None

    @contextmanager
    def calling(self) -> Iterator[None]:
        """Make a call in the body; raises `Unreachable` when it must not be made, or when it raised a fault."""
        self._refuse_while_down()
        if not self._turns.acquire(timeout=self._limits.wait_seconds):
            raise Unreachable(f"{self._name}: all {self._limits.calls} connections are in use")
        try:
            self._admit()
            yield
        except self._faults as error:
            self._note_fault(error)
            raise Unreachable(f"{self._name}: {error}") from error
        else:
            self._note_success()
        finally:
            self._turns.release()

    def complain(self, text: str) -> None:
        """Log a fault that is none of the connection, unless another was logged a moment ago."""
        now = time.monotonic()
        with self._mutex:
            is_due = now - self._complained_at >= _COMPLAIN_EVERY_SECONDS
            if is_due:
                self._complained_at = now
        if is_due:
            _log.warning("%s: %s", self._name, text)

    def _refuse_while_down(self) -> None:
        retry_at = self._retry_at
        if retry_at is not None and time.monotonic() < retry_at:
            raise Unreachable(f"{self._name}: down")

    def _admit(self) -> None:
        """Let everybody through while all is well; while it is not, the one whose try is due."""
        if self._retry_at is None:
            return
        with self._mutex:
            self._refuse_while_down()
            if self._retry_at is not None:
                self._retry_at = time.monotonic() + self._limits.retry_seconds

    def _note_fault(self, error: Exception) -> None:
        with self._mutex:
            self._retry_at = time.monotonic() + self._limits.retry_seconds
        self.complain(f"does not answer ({error or type(error).__name__}); going on without it")

    def _note_success(self) -> None:
        if self._retry_at is None:
            return
        with self._mutex:
            was_down, self._retry_at = self._retry_at is not None, None
        if was_down:
            _log.info("%s: answers again", self._name)
