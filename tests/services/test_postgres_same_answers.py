"""SQLite and PostgreSQL give the same answers to the same commands, in the same order."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import select
from sqlalchemy.orm import Session

from qis_core.catalog import accounts, first_run, folders, images, templates
from qis_core.catalog.database import Catalog
from qis_core.catalog.models import Folder, Image, User
from qis_core.domain.accounts import name_key
from qis_core.domain.paths import ROOT
from qis_core.settings import Secret, Settings
from qis_core.testing.database_commands import COMMANDS, Command, Model, file_record, state_of
from qis_plugins.postgres import open_postgres
from qis_plugins.postgres.settings import PostgresSettings
from tests.support.catalogs import catalog_at

pytest_plugins = ["tests.support.postgres_fixtures"]

NAMES = ("b", "B", "a", "é", "e\u0301", "_", "-", "%", "Z", "ß", "10", "9", "日本", "🖼", "a b", "ab", "'")


class _Undo(Exception):
    """Ends a transaction without a trace."""


@pytest.fixture
def catalogs(tmp_path: Path, new_database: Callable[[], str]) -> Iterator[tuple[Catalog, Catalog]]:
    """A new installation on each database."""
    postgres = Catalog(open_postgres(Settings.of(PostgresSettings(url=Secret(new_database())))))
    both = catalog_at(tmp_path / "qis.db"), postgres
    for catalog in both:
        first_run.prepare(catalog, str)
    yield both
    for catalog in both:
        catalog.close()


def listings(session: Session) -> list[list[object]]:
    """Everything that is listed in an order, as it is shown to people."""
    root = folders.find_folder(session, ROOT)
    assert root is not None
    return [
        [one.name for one in templates.list_templates(session)],
        [one.name for one in accounts.list_groups(session)],
        [one.username for one in accounts.list_users(session)],
        [one.name for one in folders.list_subfolders(session, root)],
        list(session.scalars(select(Folder.path).order_by(Folder.path))),
        list(session.scalars(select(Image.src).where(Image.src > "a", Image.src < "日").order_by(Image.src.desc()))),
    ]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(commands=COMMANDS)
def test_random_commands_get_the_same_answers(catalogs: tuple[Catalog, Catalog], commands: list[Command]) -> None:
    with suppress(_Undo), ExitStack() as stack:
        one, two = (stack.enter_context(catalog.begin()) for catalog in catalogs)
        models = Model(), Model()
        for command in commands:
            assert command(one, models[0])[0] == command(two, models[1])[0], command
        assert state_of(one, models[0]) == state_of(two, models[1])
        assert listings(one) == listings(two)
        raise _Undo


def test_names_are_listed_in_the_same_order(catalogs: tuple[Catalog, Catalog]) -> None:
    found = []
    for catalog in catalogs:
        with catalog.begin() as session:
            for name in NAMES:
                folders.ensure_folder(session, ROOT / name)
                images.register_image(session, ROOT / f"{name}.jpg", file_record(name))
            session.add_all(User(username=f"x {key}", password_hash="x") for key in {name_key(one) for one in NAMES})
        with catalog.read() as session:
            found.append(listings(session))
    assert found[0] == found[1]
    assert found[0][3] == sorted(NAMES)
