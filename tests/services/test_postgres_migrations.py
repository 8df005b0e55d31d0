"""Every earlier schema can be brought up to date, and back, with data in every table."""

import datetime
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Boolean, Column, Connection, DateTime, Float, Integer, MetaData, Table, insert, select, text
from sqlalchemy.exc import NoSuchTableError
from sqlalchemy.types import JSON, TypeEngine

from qis_core.catalog import first_run, schema
from qis_core.catalog.database import Catalog
from qis_core.errors import InvalidRequest, StartupError
from qis_core.settings import Secret, Settings
from qis_plugins.postgres import open_postgres
from qis_plugins.postgres.settings import PostgresSettings
from tests.support.catalogs import catalog_at
from tests.support.server import Site

pytest_plugins = ["tests.support.postgres_fixtures"]

EARLIER = schema.revisions()[:-1]
VERSION = "alembic_version"
Rows = dict[str, dict[str, Any]]


@pytest.fixture(params=["sqlite", "postgres"])
def catalog(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Catalog]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        catalog = catalog_at(tmp_path / "qis.db")
    else:
        url = request.getfixturevalue("new_database")()
        catalog = Catalog(open_postgres(Settings.of(PostgresSettings(url=Secret(url)))))
    yield catalog
    catalog.close()


def up_to(catalog: Catalog, revision: str) -> None:
    with catalog.database.startup_lock() as connection:
        schema.upgrade_on(connection, revision)


def fill(connection: Connection) -> Rows:
    """One row in every table, each column with a value of its type, references to the rows of the others."""
    metadata = MetaData()
    metadata.reflect(connection)
    rows: Rows = {}
    for table in metadata.sorted_tables:
        if table.name != VERSION:
            rows[table.name] = {column.name: value_for(column, rows) for column in table.columns}
            connection.execute(insert(table).values(rows[table.name]))
    return rows


def value_for(column: Column[Any], rows: Rows) -> Any:
    for key in column.foreign_keys:
        other = key.column.table.name
        return rows[other][key.column.name] if other in rows else None
    return 5 if column.primary_key and isinstance(column.type, Integer) else plain_value(column.type)


def plain_value(kind: TypeEngine[Any]) -> Any:
    if isinstance(kind, Boolean):
        return True
    if isinstance(kind, Integer):
        return 1
    if isinstance(kind, Float):
        return 0.25
    if isinstance(kind, DateTime):
        return datetime.datetime(2026, 7, 1, 12, 30, 59, 123456, datetime.UTC if kind.timezone else None)
    if isinstance(kind, JSON):
        return {"é": [1, None, "🖼"]}
    return f"é{uuid.uuid4().hex[:7]}"


def kept(connection: Connection, rows: Rows) -> Rows:
    """The rows of the tables that are there, without the columns that came later."""
    found: Rows = {}
    for name, row in rows.items():
        with suppress(NoSuchTableError):
            table = Table(name, MetaData(), autoload_with=connection)
            stored = connection.execute(select(table)).one()._mapping
            found[name] = {column: stored[column] for column in row}
    return found


@pytest.mark.parametrize("revision", EARLIER)
def test_data_of_an_earlier_revision_is_kept_on_the_way_up(catalog: Catalog, revision: str) -> None:
    up_to(catalog, revision)
    with catalog.database.writer.begin() as connection:
        rows = fill(connection)
    assert len(rows) >= 15
    schema.upgrade(catalog)
    with catalog.database.reader.begin() as connection:
        assert kept(connection, rows) == rows
        assert schema.current_of(connection) == schema.latest()


@pytest.mark.parametrize("revision", EARLIER)
def test_data_of_an_earlier_revision_is_kept_on_the_way_down(catalog: Catalog, revision: str) -> None:
    up_to(catalog, revision)
    with catalog.database.reader.begin() as connection:
        metadata = MetaData()
        metadata.reflect(connection)
    tables = set(metadata.tables) - {VERSION}
    schema.upgrade(catalog)
    with catalog.database.writer.begin() as connection:
        rows = fill(connection)
    schema.downgrade(catalog, revision)
    with catalog.database.reader.begin() as connection:
        left = kept(connection, {name: {} for name in rows})
        assert set(left) == tables
        older = {name: {column.name: None for column in metadata.tables[name].columns} for name in tables}
        expected = {name: {column: rows[name][column] for column in columns} for name, columns in older.items()}
        assert kept(connection, expected) == expected


def test_installation_of_an_earlier_revision_is_completed(catalog: Catalog) -> None:
    up_to(catalog, EARLIER[0])
    assert not first_run.is_prepared(catalog)
    first_run.prepare(catalog, str)
    assert first_run.is_prepared(catalog)


@pytest.mark.parametrize("wrong", ["9999", "", "hello", "-1", EARLIER[-1] + "x"])
def test_unknown_revision_changes_nothing(catalog: Catalog, wrong: str) -> None:
    schema.upgrade(catalog)
    with pytest.raises(InvalidRequest, match=r"revision: .*expected one of base, 0001"):
        schema.downgrade(catalog, wrong)
    assert schema.current(catalog) == schema.latest()


def test_going_down_to_what_is_above_is_refused(catalog: Catalog) -> None:
    up_to(catalog, EARLIER[0])
    with pytest.raises(InvalidRequest, match=schema.latest()):
        schema.downgrade(catalog, schema.latest())
    assert schema.current(catalog) == EARLIER[0]


def test_schema_of_a_newer_version_is_left_alone(catalog: Catalog) -> None:
    schema.upgrade(catalog)
    with catalog.begin() as session:
        session.execute(text(f"UPDATE {VERSION} SET version_num = '9999'"))
    with pytest.raises(StartupError, match="9999"):
        schema.downgrade(catalog)
    assert schema.current(catalog) == "9999"


class TestCommand:
    @pytest.fixture
    def site(self, tmp_path: Path, new_database: Callable[[], str]) -> Site:
        """A site whose database nobody has touched."""
        settings = {"qis.database.backend": "postgres", "qis.postgres.url": new_database()}
        return Site(tmp_path / "pictures", tmp_path / "data", settings)

    def test_schema_goes_up_and_down(self, site: Site) -> None:
        latest = schema.latest()
        assert site.json("migrate", "up") == {"current": latest, "latest": latest}
        refused = site.try_cli("migrate", "down", "base", stdin="n\n")
        wrong = site.try_cli("migrate", "down", "0999", stdin="y\n")
        assert (refused.returncode, wrong.returncode) == (1, 2)
        assert "revision: '0999'" in wrong.stderr
        assert f"revision {latest}; the latest is {latest}" in site.cli("migrate", "current")
        assert site.json("migrate", "down", EARLIER[0], "--yes") == {"current": EARLIER[0], "latest": latest}
