"""The PostgreSQL database keeps the contract; it waits for nobody for ever and says what is wrong."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from qis_core.catalog import first_run, schema
from qis_core.catalog.database import Catalog
from qis_core.catalog.models import Folder, Group, Property, Template, User
from qis_core.catalog.properties import set_property
from qis_core.contracts.database import Database
from qis_core.errors import BackendError, InvalidRequest, SettingsError, StartupError
from qis_core.settings import Secret, Settings, load_settings
from qis_core.testing.database_contract import DatabaseContract
from qis_plugins.postgres import open_postgres, qis_database_backends, qis_settings
from qis_plugins.postgres.settings import PostgresSettings, tls_arguments, url_of
from tests.support.postgres import PASSWORD, PostgresServer

pytest_plugins = ["tests.support.postgres_fixtures"]

PROJECT = Path(__file__).parents[2]
OTHER_MODULES = "import sys; sys.modules['psycopg2'] = None\n"


def open_at(url: str, **settings: object) -> Database:
    return open_postgres(Settings.of(PostgresSettings(url=Secret(url), **settings)))


class TestPostgres(DatabaseContract):
    @pytest.fixture
    def open_database(self, new_database: Callable[[], str]) -> Callable[[], Database]:
        return partial(open_at, new_database())


@pytest.fixture(scope="module")
def url(postgres: PostgresServer) -> str:
    """A database as a first run leaves it, for tests that leave nothing in it."""
    url = postgres.new_database()
    with closing_catalog(url) as catalog:
        first_run.prepare(catalog, lambda password: f"hash of {password}")
    return url


@pytest.fixture
def catalog(url: str) -> Iterator[Catalog]:
    with closing_catalog(url) as catalog:
        yield catalog


@contextmanager
def closing_catalog(url: str, **settings: object) -> Iterator[Catalog]:
    catalog = Catalog(open_at(url, **settings))
    try:
        yield catalog
    finally:
        catalog.close()


@contextmanager
def refused_within(seconds: float) -> Iterator[None]:
    started = time.monotonic()
    with pytest.raises(BackendError):
        yield
    assert time.monotonic() - started < seconds


class TestOpening:
    def test_is_registered_by_name(self, url: str) -> None:
        (backend,) = qis_database_backends()
        settings = load_settings({"qis.postgres.url": url}, {}, qis_settings())
        catalog = Catalog.open(settings, backend)
        assert backend.name == "postgres"
        assert schema.current(catalog) == schema.latest()
        catalog.close()

    def test_server_can_be_named_by_its_parts(self, postgres: PostgresServer, url: str) -> None:
        parts = PostgresSettings(
            host="127.0.0.1", port=postgres.port, database=url.rpartition("/")[2], password=Secret(PASSWORD)
        )
        catalog = Catalog(open_postgres(Settings.of(parts)))
        assert schema.current(catalog) == schema.latest()
        catalog.close()

    def test_nothing_is_connected_before_it_is_used(self) -> None:
        open_at("postgresql://nobody@127.0.0.1:1/nothing").close()

    @pytest.mark.parametrize("part", ["://qis:", "/qis_"])
    def test_wrong_password_or_database_is_a_backend_error(self, url: str, part: str) -> None:
        with closing_catalog(url.replace(part, part + "x")) as catalog, refused_within(5):
            schema.current(catalog)

    def test_nobody_there_is_told_at_once(self) -> None:
        with closing_catalog("postgresql://qis@127.0.0.1:1/qis") as catalog:
            for _ in range(20):
                with refused_within(1):
                    schema.current(catalog)

    def test_user_without_rights_is_told_what_to_do(self, postgres: PostgresServer) -> None:
        url = postgres.new_database()
        postgres.execute("DROP ROLE IF EXISTS guest")
        postgres.execute(f"CREATE ROLE guest LOGIN PASSWORD '{PASSWORD}'")
        with (
            closing_catalog(url.replace("//qis:", "//guest:")) as catalog,
            pytest.raises(StartupError, match="own the database"),
        ):
            schema.upgrade(catalog)

    def test_plugin_needs_psycopg2_only_when_it_is_opened(self) -> None:
        program = OTHER_MODULES + (
            "from qis_core.settings import Settings\n"
            "from qis_plugins.postgres import PostgresSettings, qis_database_backends\n"
            "qis_database_backends()[0].open(Settings.of(PostgresSettings()))\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.stderr.splitlines()[-1].startswith("qis_core.errors.StartupError: qis.database.backend")
        assert "pip install qis[postgres]" in done.stderr


class TestSettings:
    @pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
    def test_url_is_taken_in_its_common_spellings(self, scheme: str) -> None:
        url = url_of(PostgresSettings(url=Secret(f"{scheme}://u:p@h:1/d?sslmode=require")))
        assert url.render_as_string(hide_password=False) == "postgresql+psycopg2://u:p@h:1/d?sslmode=require"

    @pytest.mark.parametrize("wrong", ["hello", "mysql://u:p@h/d", "postgresql://u:p@h:port/d", "sqlite://"])
    def test_wrong_url_is_named_and_not_shown(self, wrong: str) -> None:
        with pytest.raises(SettingsError, match=r"qis\.postgres\.url: expected") as caught:
            open_at(wrong)
        assert wrong not in str(caught.value)

    @pytest.mark.parametrize(("given", "used"), [("u:p", "p"), ("u", "apart")])
    def test_password_may_stand_apart(self, given: str, used: str) -> None:
        settings = PostgresSettings(url=Secret(f"postgresql://{given}@h/d"), password=Secret("apart"))
        assert url_of(settings).password == used

    def test_url_decides_about_encryption(self) -> None:
        options = {"ssl_mode": "verify-full", "ssl_root_certificate": Path("ca.pem")}
        apart = PostgresSettings(**options)
        inside = PostgresSettings(url=Secret("postgresql://h/d?sslmode=disable"), **options)
        assert tls_arguments(apart) == {"sslmode": "verify-full", "sslrootcert": "ca.pem"}
        assert tls_arguments(inside) == {"sslrootcert": "ca.pem"}


class TestText:
    def test_every_column_compares_by_code_point(self, catalog: Catalog) -> None:
        with catalog.read() as session:
            columns = session.execute(
                text(
                    "SELECT table_name || '.' || column_name, collation_name FROM information_schema.columns "
                    "WHERE table_schema = 'public' AND table_name <> 'alembic_version' "
                    "AND data_type IN ('text', 'character varying')"
                )
            ).all()
        assert len(columns) > 30
        assert [name for name, collation in columns if collation != "C"] == []

    def test_server_would_sort_otherwise(self, catalog: Catalog) -> None:
        with catalog.read() as session:
            assert session.scalar(text("SELECT 'a' < 'B'")) is True
            assert session.scalar(text("SELECT 'a' < 'B' COLLATE \"C\"")) is False

    def test_character_that_cannot_be_kept_is_refused(self, catalog: Catalog) -> None:
        with pytest.raises(InvalidRequest, match="NUL"), catalog.begin() as session:
            set_property(session, "half", "a\0b")
        with catalog.read() as session:
            assert session.get(Property, "half") is None


class TestIds:
    def test_new_rows_come_after_those_of_the_first_run(self, new_database: Callable[[], str]) -> None:
        with closing_catalog(new_database()) as catalog:
            first_run.prepare(catalog, str)
            with catalog.begin() as session:
                rows = (
                    Group(name="new"),
                    User(username="new", password_hash="x"),
                    Folder(path="/new", name="new"),
                    Template(name="new"),
                )
                session.add_all(rows)
                session.flush()
                assert [row.id for row in rows] == [4, 2, 2, 4]


class TestReading:
    def test_single_query_costs_one_round_trip(self, postgres: PostgresServer, new_database: Callable[[], str]) -> None:
        url = new_database()
        postgres.execute(f"ALTER DATABASE {url.rpartition('/')[2]} SET log_statement = 'all'")
        with closing_catalog(url) as catalog:
            for single in (True, False, True):
                with catalog.read(single=single) as session:
                    session.execute(text(f"SELECT 'asked', {single}"))
        assert statements(postgres, after="SELECT 'asked', True") == [
            "SELECT 'asked', True",
            "BEGIN",
            "SELECT 'asked', False",
            "ROLLBACK",
            "SELECT 'asked', True",
        ]

    def test_single_reader_cannot_write(self, catalog: Catalog) -> None:
        with pytest.raises(BackendError), catalog.read(single=True) as session:
            set_property(session, "half", "1")
        with catalog.read() as session:
            assert session.get(Property, "half") is None

    def test_next_reader_sees_one_moment_again(self, url: str) -> None:
        moment = text("SELECT now()")
        with closing_catalog(url, pool_size=1) as catalog:
            with catalog.read(single=True) as session:
                assert session.scalar(moment) != session.scalar(moment)
            with catalog.read() as session:
                assert session.scalar(moment) == session.scalar(moment)


def statements(server: PostgresServer, *, after: str) -> list[str]:
    """What the log of the server holds, beginning with the first *after*."""
    lines = server.log.read_text(encoding="utf-8").splitlines()
    found = [line.partition("statement: ")[2] for line in lines if "statement: " in line]
    return found[found.index(after) :]


class TestWaiting:
    def test_slow_statement_is_ended(self, url: str) -> None:
        with closing_catalog(url, statement_timeout_seconds=0.3) as catalog:
            with refused_within(5), catalog.read() as session:
                session.execute(text("SELECT pg_sleep(30)"))
            assert schema.current(catalog) == schema.latest()

    def test_writer_waits_for_a_writer_but_not_for_ever(self, catalog: Catalog, url: str) -> None:
        with closing_catalog(url, statement_timeout_seconds=0.3) as impatient:
            with held(catalog), refused_within(5), impatient.begin() as session:
                session.execute(text("SELECT 1"))
            with impatient.begin() as session:
                assert session.scalar(text("SELECT 1")) == 1

    def test_writers_that_agree_write_together(self, catalog: Catalog, url: str) -> None:
        with closing_catalog(url, statement_timeout_seconds=0.3) as other:
            with held(catalog, together=True):
                with other.begin(together=True) as session:
                    assert session.scalar(text("SELECT 1")) == 1
                with refused_within(5), other.begin() as session:
                    session.execute(text("SELECT 1"))
            with held(catalog), refused_within(5), other.begin(together=True) as session:
                session.execute(text("SELECT 1"))

    def test_readers_wait_for_no_writer(self, catalog: Catalog, url: str) -> None:
        with closing_catalog(url, statement_timeout_seconds=0.3) as other, held(catalog) as writing:
            set_property(writing, "pubimage_default_template", "unseen")
            writing.flush()
            with other.read() as session:
                found = session.get(Property, "pubimage_default_template")
                assert found is not None
                assert found.value == "default"
            writing.rollback()

    def test_all_connections_taken_is_told_in_time(self, url: str) -> None:
        with closing_catalog(url, pool_size=1, statement_timeout_seconds=0.3) as catalog:
            with catalog.read() as one:
                one.execute(text("SELECT 1"))
                with refused_within(5), catalog.read() as two:
                    two.execute(text("SELECT 1"))
            assert schema.current(catalog) == schema.latest()

    def test_no_more_connections_than_the_settings_say(self, postgres: PostgresServer, url: str) -> None:
        count = f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{url.rpartition('/')[2]}'"
        with closing_catalog(url, pool_size=2) as catalog, ExitStack() as stack:
            for _ in range(2):
                stack.enter_context(catalog.read()).execute(text("SELECT 1"))
            stack.enter_context(catalog.begin()).execute(text("SELECT 1"))
            assert postgres.execute(count) == [(3,)]


@contextmanager
def held(catalog: Catalog, *, together: bool = False) -> Iterator[Session]:
    """A transaction of a writer that goes on while the body runs."""
    with catalog.begin(together=together) as session:
        session.execute(text("SELECT 1"))
        yield session


def test_forked_child_opens_its_own_connections(new_database: Callable[[], str]) -> None:
    with closing_catalog(new_database()) as catalog:
        first_run.prepare(catalog, str)
        child = os.fork()
        if child == 0:
            try:
                with catalog.begin() as session:
                    set_property(session, "child", "1")
                os._exit(0)
            finally:
                os._exit(1)
        assert os.waitpid(child, 0)[1] == 0
        with catalog.read() as session:
            assert session.get(Property, "child") is not None
