"""SQLite keeps the contract, and looks after its file."""

import os
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import text

from qis_core.catalog import schema
from qis_core.catalog.database import Catalog
from qis_core.catalog.models import Property
from qis_core.catalog.properties import set_property
from qis_core.errors import BackendError, SettingsError, StartupError
from qis_core.settings import Settings, load_settings
from qis_core.testing.database_contract import DatabaseContract
from qis_plugins.sqlite import qis_database_backends, qis_settings
from qis_plugins.sqlite.database import SqliteDatabase, SqliteSettings, open_sqlite


class TestSqlite(DatabaseContract):
    @pytest.fixture
    def open_database(self, tmp_path: Path) -> Callable[[], SqliteDatabase]:
        return partial(open_at, tmp_path / "data" / "qis.db")


def open_at(path: Path, busy_timeout_seconds: float = 15) -> SqliteDatabase:
    return open_sqlite(Settings.of(SqliteSettings(path=path, busy_timeout_seconds=busy_timeout_seconds)))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "qis.db"


def test_is_registered_by_name(path: Path) -> None:
    (backend,) = qis_database_backends()
    settings = load_settings({"qis.sqlite.path": str(path)}, {}, qis_settings())
    catalog = Catalog.open(settings, backend)
    schema.upgrade(catalog)
    catalog.close()
    assert backend.name == "sqlite"
    assert path.exists()


def test_path_is_required_only_where_it_is_chosen() -> None:
    settings = load_settings({}, {}, qis_settings())
    with pytest.raises(SettingsError, match=r"qis\.sqlite\.path"):
        open_sqlite(settings)


def test_file_is_its_owners_only(path: Path) -> None:
    catalog = Catalog(open_at(path))
    schema.upgrade(catalog)
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.glob("qis.db*")}
    catalog.close()
    assert {"qis.db", "qis.db-wal", "qis.db.lock"} <= set(modes)
    assert set(modes.values()) == {0o600}


def test_readers_do_not_wait_for_a_writer(path: Path) -> None:
    catalog = Catalog(open_at(path, busy_timeout_seconds=0.2))
    schema.upgrade(catalog)
    with catalog.begin() as writing:
        set_property(writing, "key", "new")
        writing.flush()
        with catalog.read() as reading:
            assert reading.get(Property, "key") is None
    catalog.close()


def test_writer_that_never_ends_is_a_backend_error(path: Path) -> None:
    one, two = Catalog(open_at(path)), Catalog(open_at(path, busy_timeout_seconds=0.2))
    schema.upgrade(one)
    with one.begin() as session:
        session.execute(text("DELETE FROM properties"))
        with pytest.raises(BackendError), two.begin() as other:
            other.execute(text("DELETE FROM properties"))
    one.close()
    two.close()


def test_broken_references_stop_schema_work(path: Path) -> None:
    database = open_at(path)
    schema.upgrade(Catalog(database))
    with pytest.raises(StartupError, match="memberships"), database.startup_lock() as connection:
        connection.execute(text("INSERT INTO memberships (user_id, group_id) VALUES (5, 5)"))
    with database.reader.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM memberships")) == 0
    database.close()


@pytest.mark.parametrize("make", [Path.mkdir, lambda path: path.write_bytes(b"not a database" * 100)])
def test_unusable_file_is_a_backend_error_without_its_path(path: Path, make: Callable[[Path], object]) -> None:
    make(path)
    with pytest.raises(BackendError) as caught:
        open_at(path)
    assert str(path) not in str(caught.value)


def test_forked_child_opens_its_own_connections(path: Path) -> None:
    catalog = Catalog(open_at(path))
    schema.upgrade(catalog)
    with catalog.begin() as session:
        set_property(session, "parent", "1")
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
    catalog.close()
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
