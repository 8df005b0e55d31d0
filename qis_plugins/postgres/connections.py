"""Connections that never wait for ever: one whose answer is overdue is cut, one that died while idle is replaced."""

import os
import select
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import psycopg2
import psycopg2.extensions
from sqlalchemy.exc import InvalidatePoolError

from qis_core.errors import BackendError, InvalidRequest

_CHECK_SECONDS = 0.25


class Watchdog:
    """Cuts the connections that wait longer than *limit_seconds* for the server; None: never.

    The server's own ``statement_timeout`` ends slow statements; this is for a server that hangs, or a network that
    swallows everything. Safe to use from many threads, and after a fork.
    """

    def __init__(self, limit_seconds: float | None) -> None:
        self._limit_seconds = limit_seconds
        self.forget()

    def forget(self) -> None:
        """Start anew, without the threads and connections of the process before a fork."""
        self._lock = threading.Lock()
        self._deadlines: dict[int, float] = {}
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()

    def close(self) -> None:
        """End the watching; returns when the thread is gone."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        self.forget()

    @contextmanager
    def watch(self, file_descriptor: int) -> Iterator[None]:
        """Cut the connection of *file_descriptor* when the body takes too long."""
        if self._limit_seconds is None:
            yield
            return
        self._begin(file_descriptor, time.monotonic() + self._limit_seconds)
        try:
            yield
        finally:
            with self._lock:
                self._deadlines.pop(file_descriptor, None)

    def _begin(self, file_descriptor: int, deadline: float) -> None:
        with self._lock:
            self._deadlines[file_descriptor] = deadline
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="qis-postgres-watchdog", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(_CHECK_SECONDS):
            with self._lock:
                now = time.monotonic()
                overdue = [one for one, deadline in self._deadlines.items() if deadline < now]
                for file_descriptor in overdue:
                    del self._deadlines[file_descriptor]
                    _cut(file_descriptor)


class WatchedConnection(psycopg2.extensions.connection):
    """A connection whose every wait for the server is watched."""

    def __init__(self, dsn: str, watchdog: Watchdog) -> None:
        super().__init__(dsn)
        self.watchdog = watchdog
        self.cursor_factory = WatchedCursor

    def commit(self) -> None:
        with self.watched():
            super().commit()

    def rollback(self) -> None:
        with self.watched():
            super().rollback()

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Cut this connection when the body takes too long."""
        if self.closed:
            yield
        else:
            with self.watchdog.watch(self.fileno()):
                yield


class WatchedCursor(psycopg2.extensions.cursor):
    """Its statements are watched, with the BEGIN that psycopg2 may send before the first."""

    def execute(self, query: Any, vars: Any = None) -> None:
        try:
            with cast(WatchedConnection, self.connection).watched():
                super().execute(query, vars)
        except ValueError as error:  # psycopg2 refuses it before it is sent
            if "NUL" not in str(error):
                raise
            raise InvalidRequest("a text holds a NUL character, which cannot be kept or found") from error


def connect(parameters: dict[str, Any], watchdog: Watchdog) -> WatchedConnection:
    """A new connection; raises `BackendError`."""

    def factory(dsn: str) -> WatchedConnection:
        return WatchedConnection(dsn, watchdog)

    try:
        return cast(WatchedConnection, psycopg2.connect(**parameters, connection_factory=factory))
    except psycopg2.OperationalError as error:
        raise BackendError("the PostgreSQL server accepts no connection; see the settings qis.postgres.*") from error


def check_alive(connection: psycopg2.extensions.connection, *_: object) -> None:
    """Refuse a pooled connection that the server has closed. Costs no round trip: an idle server says nothing.

    For the pool's event ``checkout``, which then connects anew, and drops what is as old.
    """
    if connection.closed:
        raise InvalidatePoolError("closed")
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN | select.POLLRDHUP)
    if poll.poll(0):
        raise InvalidatePoolError("the server closed it")


def _cut(file_descriptor: int) -> None:
    """Make the thread that waits there see the end of the connection; its descriptor stays open."""
    try:
        with socket.socket(fileno=os.dup(file_descriptor)) as copy:
            copy.shutdown(socket.SHUT_RDWR)
    except OSError:  # it is at its end already
        return
