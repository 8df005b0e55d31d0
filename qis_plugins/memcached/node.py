"""One Memcached server: connections that are used again, and patience that ends."""

import os
from collections import deque
from collections.abc import Callable
from typing import TypeVar

from pymemcache.client.base import Client, normalize_server_spec
from pymemcache.exceptions import (
    MemcacheClientError,
    MemcacheServerError,
    MemcacheUnexpectedCloseError,
    MemcacheUnknownError,
)

from qis_core.services.breaker import Breaker, BreakerLimits, Unreachable
from qis_plugins.memcached.settings import MemcachedSettings

T = TypeVar("T")
#: No connection, or one that gives nonsense: nobody is asked for a while.
_FAULTS = (OSError, MemcacheUnexpectedCloseError, MemcacheUnknownError, ValueError)
_REFUSALS = (MemcacheClientError, MemcacheServerError)


class Node:
    """Runs commands on the server at *address*; safe to use from many threads, and after a fork."""

    def __init__(self, address: str, settings: MemcachedSettings) -> None:
        self._server = normalize_server_spec(address)
        self._settings = settings
        self._idle: deque[Client] = deque()
        self._pid = os.getpid()
        limits = BreakerLimits(settings.pool_size, settings.timeout_seconds, settings.retry_seconds)
        self._breaker = Breaker(f"memcached {address}", limits, _FAULTS)

    def run(self, work: Callable[[Client], T]) -> T:
        """What *work* gives, done with a connection of its own; it may be done twice when an old connection is dead.

        Raises `Unreachable` when the server does not answer, or refuses.
        """
        try:
            with self._breaker.calling():
                return self._run(work)
        except _REFUSALS as error:
            self._breaker.complain(f"refused: {_reason(error)}")
            raise Unreachable(str(error)) from error

    def close(self) -> None:
        """Close what is not in use."""
        while True:
            try:
                self._idle.pop().close()
            except IndexError:
                return

    def _run(self, work: Callable[[Client], T]) -> T:
        client = self._take()
        was_used = client.sock is not None
        try:
            return self._run_with(client, work)
        except (ConnectionError, MemcacheUnexpectedCloseError):
            self.close()  # what was connected before a restart of the server is dead
            if not was_used:
                raise
            return self._run_with(self._new(), work)

    def _run_with(self, client: Client, work: Callable[[Client], T]) -> T:
        try:
            result = work(client)
        except BaseException:
            client.close()
            raise
        self._idle.append(client)
        return result

    def _take(self) -> Client:
        if self._pid != os.getpid():  # a forked child must not talk on its parent's connections
            self.close()
            self._pid = os.getpid()
        try:
            return self._idle.pop()
        except IndexError:
            return self._new()

    def _new(self) -> Client:
        return Client(
            self._server,
            connect_timeout=self._settings.connect_timeout_seconds,
            timeout=self._settings.timeout_seconds,
            no_delay=True,
            default_noreply=False,
        )


def _reason(error: Exception) -> str:
    first = error.args[0] if error.args else ""
    return first.decode("ascii", "replace") if isinstance(first, bytes) else str(first)
