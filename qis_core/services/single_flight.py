"""One call for many: threads that want the same thing at the same time wait for the first."""

from collections.abc import Callable, Hashable
from concurrent.futures import Future
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class SingleFlight(Generic[T]):
    """Runs a function once per key at a time. Safe to share between threads; nothing is remembered afterwards."""

    def __init__(self) -> None:
        self._running: dict[Hashable, Future[T]] = {}
        self._lock = Lock()

    def run(self, key: Hashable, make: Callable[[], T], *, wait_seconds: float) -> tuple[T, bool]:
        """The result for *key*, and whether this call made it; raises what *make* raised, to all.

        Raises `TimeoutError` when another thread's call takes longer than *wait_seconds*.
        """
        with self._lock:
            running = self._running.get(key)
            if running is None:
                mine: Future[T] = Future()
                self._running[key] = mine
        if running is not None:
            return running.result(wait_seconds), False
        try:
            result = make()
        except BaseException as error:
            mine.set_exception(error)
            raise
        else:
            mine.set_result(result)
            return result, True
        finally:
            with self._lock:
                del self._running[key]
