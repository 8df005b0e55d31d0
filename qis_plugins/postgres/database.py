"""PostgreSQL: snapshots for readers, one writer at a time unless it says otherwise, schema work under a lock."""

import os
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import psycopg2.errors
from sqlalchemy import Connection, Engine, NullPool, QueuePool, create_engine, event, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from qis_core.contracts.database import SINGLE, TOGETHER
from qis_core.errors import BackendError, StartupError
from qis_plugins.postgres import connections
from qis_plugins.postgres.settings import PostgresSettings, tls_arguments, url_of

#: The first halves of our advisory locks; the second is the schema our tables are in.
_SCHEMA_LOCK, _WRITER_LOCK = 0x514953, 0x514954
_GRACE_SECONDS = 2.0
_KEEP_ALIVE = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}

_LOCK = text("SELECT pg_advisory_xact_lock(:lock, hashtext(coalesce(current_schema(), '')))")


class PostgresDatabase:
    """One database of a PostgreSQL server; nothing is connected before it is used.

    A server that is down, hangs or restarts costs the callers of that moment a `BackendError` within the timeouts of
    the settings; later ones get new connections.
    """

    def __init__(self, settings: PostgresSettings) -> None:
        self._settings = settings
        timeout_seconds = settings.statement_timeout_seconds
        self._watchdog = connections.Watchdog(timeout_seconds + _GRACE_SECONDS)
        self._patient = connections.Watchdog(None)
        limits = {"statement_timeout": timeout_seconds, "idle_in_transaction_session_timeout": 4 * timeout_seconds}
        server_options = {name: f"{round(seconds * 1000)}ms" for name, seconds in limits.items()}
        snapshot = {"default_transaction_isolation": r"repeatable\ read", "default_transaction_read_only": "on"}
        self.reader = self._engine(server_options | snapshot)
        self.writer = self._engine(server_options)
        self._schema_engine = self._engine({}, is_pooled=False)
        event.listen(self.reader, "begin", _save_transaction)
        event.listen(self.reader, "checkin", _use_transactions)
        event.listen(self.writer, "begin", _wait_for_other_writers)
        _forget_connections_after_fork(self)

    @contextmanager
    def startup_lock(self, *, timeout_seconds: float = 60) -> Iterator[Connection]:
        """See `qis_core.contracts.database.Database`. Tables in use elsewhere are waited for as long."""
        with _faults_wrapped(), self._schema_engine.begin() as connection:
            _take_schema_lock(connection, timeout_seconds)
            yield connection

    def close(self) -> None:
        for engine in self._engines:
            engine.dispose()
        self._watchdog.close()

    def forget_connections(self) -> None:
        """Leave the connections to the process that opened them."""
        for engine in self._engines:
            engine.dispose(close=False)
        self._watchdog.forget()

    @property
    def _engines(self) -> tuple[Engine, ...]:
        return self.reader, self.writer, self._schema_engine

    def _engine(self, server_options: dict[str, str], *, is_pooled: bool = True) -> Engine:
        pool: dict[str, Any] = {"poolclass": NullPool}
        if is_pooled:
            size, wait_seconds = self._settings.pool_size, self._settings.statement_timeout_seconds
            pool = {"poolclass": QueuePool, "pool_size": size, "max_overflow": 0, "pool_timeout": wait_seconds}
        engine = create_engine(url_of(self._settings), connect_args=self._arguments(server_options), **pool)
        watchdog = self._watchdog if is_pooled else self._patient
        event.listen(engine, "do_connect", partial(_connect, watchdog))
        event.listen(engine, "checkout", connections.check_alive)
        return engine

    def _arguments(self, server_options: dict[str, str]) -> dict[str, Any]:
        """The parameters of libpq that are not in the URL."""
        wait_ms = round(1000 * (self._settings.statement_timeout_seconds + _GRACE_SECONDS))
        return {
            "options": " ".join(f"-c {name}={value}" for name, value in server_options.items()),
            "connect_timeout": self._settings.connect_timeout_seconds,
            "application_name": "qis",
            "client_encoding": "utf8",
            "tcp_user_timeout": wait_ms,
            **_KEEP_ALIVE,
            **tls_arguments(self._settings),
        }


def _connect(
    watchdog: connections.Watchdog, _dialect: object, _record: object, _args: object, parameters: dict[str, Any]
) -> connections.WatchedConnection:
    return connections.connect(parameters, watchdog)


def _save_transaction(connection: Connection) -> None:
    """A single query goes without BEGIN and ROLLBACK, each a round trip; psycopg2 only makes a note of it."""
    if connection.get_execution_options().get(SINGLE):
        connection.connection.driver_connection.autocommit = True  # type: ignore[union-attr]


def _use_transactions(connection: connections.WatchedConnection | None, _record: object) -> None:
    if connection is not None and not connection.closed:
        connection.autocommit = False


def _wait_for_other_writers(connection: Connection) -> None:
    """Who writes together with others (`TOGETHER`) shares the lock that the others want for themselves alone."""
    shared = "_shared" if connection.get_execution_options().get(TOGETHER) else ""
    connection.execute(text(_LOCK.text.replace("_lock(", f"_lock{shared}(")), {"lock": _WRITER_LOCK})


def _take_schema_lock(connection: Connection, timeout_seconds: float) -> None:
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = {max(1, round(timeout_seconds * 1000))}")
    try:
        connection.execute(_LOCK, {"lock": _SCHEMA_LOCK})
    except DBAPIError as error:
        if not isinstance(error.orig, psycopg2.errors.LockNotAvailable):
            raise
        message = "another process holds the start-up lock of the database; is one still starting?"
        raise StartupError(message) from error


@contextmanager
def _faults_wrapped() -> Iterator[None]:
    try:
        yield
    except IntegrityError:
        raise
    except DBAPIError as error:
        if isinstance(error.orig, psycopg2.errors.InsufficientPrivilege):
            message = "the user of qis.postgres.user may not make tables; let that user own the database"
            raise StartupError(message) from error
        raise BackendError("the database failed") from error


def _forget_connections_after_fork(database: PostgresDatabase) -> None:
    """Two processes must not speak through one connection."""
    reference = weakref.ref(database)

    def forget() -> None:
        opened = reference()
        if opened is not None:
            opened.forget_connections()

    os.register_at_fork(after_in_child=forget)
