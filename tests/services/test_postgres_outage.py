"""PostgreSQL is killed, restarted or hangs under use: errors are prompt, and what comes later works."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from sqlalchemy import text

from qis_core.catalog import first_run, schema
from qis_core.catalog.database import Catalog
from qis_core.catalog.properties import Counter, find_property, move_counter, read_counters, set_property
from qis_core.errors import BackendError
from qis_core.services.changes import Changes
from qis_core.settings import Secret, Settings
from qis_plugins.postgres import open_postgres
from qis_plugins.postgres.settings import PostgresSettings
from tests.support.postgres import PostgresServer
from tests.support.server import eventually

pytest_plugins = ["tests.support.postgres_fixtures"]

TIMEOUT_SECONDS = 0.5
GRACE_SECONDS = 2
THREADS = 6


@pytest.fixture
def catalog(own_postgres: PostgresServer) -> Iterator[Catalog]:
    settings = PostgresSettings(
        url=Secret(own_postgres.new_database()),
        pool_size=3,
        statement_timeout_seconds=TIMEOUT_SECONDS,
        connect_timeout_seconds=2,
    )
    catalog = Catalog(open_postgres(Settings.of(settings)))
    first_run.prepare(catalog, str)
    yield catalog
    catalog.close()


@contextmanager
def killed(server: PostgresServer) -> Iterator[None]:
    """The server is gone while the body runs, and is back afterwards."""
    server.kill9()
    try:
        yield
    finally:
        server.start()


class Traffic:
    """Threads that count up without end, and what became of it."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self.done = 0
        self.failed: list[Exception] = []
        self.slowest_seconds = 0.0
        self._lock = threading.Lock()
        self._stop = threading.Event()

    @contextmanager
    def running(self) -> Iterator["Traffic"]:
        with ThreadPoolExecutor(THREADS) as pool:
            for _ in range(THREADS):
                pool.submit(self._run)
            try:
                yield self
            finally:
                self._stop.set()

    def _run(self) -> None:
        while not self._stop.is_set():
            started = time.monotonic()
            failure = self._once()
            with self._lock:
                self.slowest_seconds = max(self.slowest_seconds, time.monotonic() - started)
                self.done += failure is None
                self.failed += [failure] if failure else []
            time.sleep(0.01)

    def _once(self) -> Exception | None:
        try:
            with self._catalog.begin() as session:
                move_counter(session, Counter.IMAGES)
            with self._catalog.read() as session:
                read_counters(session)
        except Exception as error:
            return error
        return None

    def goes_on(self) -> None:
        """Comes back when requests succeed again."""
        before = self.done

        def more() -> None:
            assert self.done > before + THREADS

        eventually(more, seconds=20)


def test_traffic_over_a_crash_loses_nothing_and_fails_promptly(own_postgres: PostgresServer, catalog: Catalog) -> None:
    with Traffic(catalog).running() as traffic:
        traffic.goes_on()
        with killed(own_postgres):
            time.sleep(0.5)
        traffic.goes_on()
    assert traffic.failed
    assert {type(error) for error in traffic.failed} == {BackendError}
    assert traffic.slowest_seconds < 6
    with catalog.read() as session:
        moved = read_counters(session)[Counter.IMAGES] - 1
    # what a caller was told is done; a commit whose answer was lost may be done too
    assert traffic.done <= moved <= traffic.done + len(traffic.failed)


def test_server_that_is_gone_answers_at_once(own_postgres: PostgresServer, catalog: Catalog) -> None:
    with killed(own_postgres):
        started = time.monotonic()
        for _ in range(10):
            with pytest.raises(BackendError), catalog.read() as session:
                read_counters(session)
            with pytest.raises(BackendError), catalog.begin() as session:
                move_counter(session, Counter.IMAGES)
        assert time.monotonic() - started < 2
    assert schema.current(catalog) == schema.latest()


def test_idle_connections_of_before_a_restart_fail_nobody(own_postgres: PostgresServer, catalog: Catalog) -> None:
    with catalog.read() as one, catalog.read() as two:
        read_counters(one)
        read_counters(two)
    with catalog.begin() as session:
        move_counter(session, Counter.IMAGES)
    with killed(own_postgres):
        pass
    with catalog.read() as one, catalog.read() as two:
        assert read_counters(one) == read_counters(two)
    with catalog.begin() as session:
        move_counter(session, Counter.IMAGES)
    with catalog.read() as session:
        assert read_counters(session)[Counter.IMAGES] == 3


def test_connection_ended_by_the_administrator_fails_nobody(own_postgres: PostgresServer, catalog: Catalog) -> None:
    assert schema.current(catalog) == schema.latest()
    ended = own_postgres.execute(
        "SELECT pg_terminate_backend(pid, 20000) FROM pg_stat_activity WHERE application_name = 'qis'"
    )
    assert set(ended) == {(True,)}
    assert schema.current(catalog) == schema.latest()


def test_transaction_under_way_is_undone(own_postgres: PostgresServer, catalog: Catalog) -> None:
    with pytest.raises(BackendError):
        write_over_a_crash(own_postgres, catalog)
    with catalog.read() as session:
        assert find_property(session, "half") is None


def write_over_a_crash(server: PostgresServer, catalog: Catalog) -> None:
    with catalog.begin() as session:
        set_property(session, "half", "1")
        session.flush()
        with killed(server):
            pass


@pytest.mark.parametrize("is_connected", [True, False])
def test_hanging_server_holds_nobody_longer_than_the_timeout(
    own_postgres: PostgresServer, catalog: Catalog, is_connected: bool
) -> None:
    if not is_connected:
        catalog.close()
    with own_postgres.hanging():
        started = time.monotonic()
        with pytest.raises(BackendError), catalog.read() as session:
            session.execute(text("SELECT 1"))
        assert TIMEOUT_SECONDS < time.monotonic() - started < TIMEOUT_SECONDS + GRACE_SECONDS + 5
    assert schema.current(catalog) == schema.latest()


def test_start_up_lock_of_a_dead_server_is_a_backend_error(own_postgres: PostgresServer, catalog: Catalog) -> None:
    with pytest.raises(BackendError):
        hold_lock_over_a_crash(own_postgres, catalog)
    with catalog.database.startup_lock(timeout_seconds=1) as connection:
        assert connection.scalar(text("SELECT 1")) == 1


def hold_lock_over_a_crash(server: PostgresServer, catalog: Catalog) -> None:
    with catalog.database.startup_lock() as connection, killed(server):
        connection.execute(text("SELECT 1"))


def test_changes_are_heard_again_after_a_restart(own_postgres: PostgresServer, catalog: Catalog) -> None:
    changes = Changes(catalog, interval_seconds=0.05)
    heard = threading.Event()
    changes.subscribe((Counter.TEMPLATES,), heard.set)
    changes.start()
    with killed(own_postgres):
        time.sleep(0.2)
    with catalog.begin() as session:
        move_counter(session, Counter.TEMPLATES)
    assert heard.wait(5)
    changes.close()
