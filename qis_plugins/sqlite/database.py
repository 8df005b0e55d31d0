"""SQLite in WAL mode: many readers beside one writer, in any number of processes of one machine."""

import fcntl
import os
import sqlite3
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, NullPool, QueuePool, create_engine, event

from qis_core.errors import BackendError, SettingsError, StartupError
from qis_core.settings import Settings, section, setting

_POLL_SECONDS = 0.02


@section("sqlite")
@dataclass(frozen=True, kw_only=True)
class SqliteSettings:
    """Where the file is, and how long to wait for another process that writes."""

    path: Path | None = setting(None, help="File of the database; made when it is missing")
    busy_timeout_seconds: float = setting(15.0, minimum=0.1, maximum=600, unit="s", help="Longest wait for a writer")
    pool_size: int = setting(16, minimum=1, maximum=1000, help="Connections kept open for reading")


def open_sqlite(settings: Settings) -> "SqliteDatabase":
    """Open the file of the settings; raises `SettingsError` without one, `BackendError` when it cannot be used."""
    options = settings[SqliteSettings]
    if options.path is None:
        raise SettingsError(["qis.sqlite.path: required; file of the database"])
    return SqliteDatabase(options.path, options)


class SqliteDatabase:
    """One SQLite file. The writer's pool has one connection: threads queue there, not in SQLite's polling."""

    def __init__(self, path: Path, options: SqliteSettings) -> None:
        self._path = path
        self._timeout_seconds = options.busy_timeout_seconds
        self._make_file()
        self.reader = self._engine("PRAGMA query_only=ON", options.pool_size)
        self.writer = self._engine("PRAGMA foreign_keys=ON", 1)
        self._schema_engine = self._engine("PRAGMA foreign_keys=OFF", 0)
        for engine in (self.writer, self._schema_engine):
            event.listen(engine, "begin", _begin_immediate)
        event.listen(self.reader, "begin", _begin)
        _forget_connections_after_fork(self)

    @contextmanager
    def startup_lock(self, *, timeout_seconds: float = 60) -> Iterator[Connection]:
        """See `qis_core.contracts.database.Database`. Foreign keys are checked at the end, as a whole."""
        with self._file_lock(timeout_seconds), self._schema_engine.begin() as connection:
            yield connection
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
            if broken is not None:
                raise StartupError(f"table {broken[0]}: row {broken[1]} refers to a missing row of {broken[2]}")

    def close(self) -> None:
        for engine in (self.reader, self.writer, self._schema_engine):
            engine.dispose()

    def forget_connections(self) -> None:
        """Leave the connections to the process that opened them."""
        for engine in (self.reader, self.writer, self._schema_engine):
            engine.dispose(close=False)

    def _make_file(self) -> None:
        """The file holds password hashes, so it is the owner's only; WAL mode stays with the file."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
            with self._file_lock(self._timeout_seconds):
                connection = sqlite3.connect(self._path, timeout=self._timeout_seconds)
                try:
                    connection.execute("PRAGMA journal_mode=WAL")
                finally:
                    connection.close()
        except (OSError, sqlite3.Error) as error:
            raise BackendError("the database file cannot be opened; see qis.sqlite.path") from error

    @contextmanager
    def _file_lock(self, timeout_seconds: float) -> Iterator[None]:
        lock_file = os.open(f"{self._path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(lock_file, time.monotonic() + timeout_seconds)
            yield
        finally:
            os.close(lock_file)

    def _engine(self, pragma: str, pool_size: int) -> Engine:
        def prepare(connection: sqlite3.Connection, _record: object) -> None:
            connection.execute(pragma)
            connection.execute("PRAGMA synchronous=NORMAL")

        arguments = {"timeout": self._timeout_seconds, "isolation_level": None, "check_same_thread": False}
        url = URL.create("sqlite", database=str(self._path))
        if pool_size:
            engine = create_engine(
                url,
                connect_args=arguments,
                poolclass=QueuePool,
                pool_size=pool_size,
                max_overflow=0,
                pool_timeout=self._timeout_seconds,
            )
        else:
            engine = create_engine(url, connect_args=arguments, poolclass=NullPool)
        event.listen(engine, "connect", prepare)
        return engine


def _lock(lock_file: int, deadline: float) -> None:
    while True:
        with suppress(BlockingIOError):
            fcntl.flock(lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        if time.monotonic() > deadline:
            raise StartupError("another process holds the start-up lock of the database; is one still starting?")
        time.sleep(_POLL_SECONDS)


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _forget_connections_after_fork(database: SqliteDatabase) -> None:
    """A SQLite connection must not cross a fork."""
    reference = weakref.ref(database)

    def forget() -> None:
        opened = reference()
        if opened is not None:
            opened.forget_connections()

    os.register_at_fork(after_in_child=forget)
