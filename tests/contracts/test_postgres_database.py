"""The PostgreSQL database keeps the contract, and finds its way."""

from collections.abc import Callable
from functools import partial

import pytest

from qis_core.contracts.database import Database
from qis_core.settings import Secret, Settings
from qis_core.testing.database_contract import DatabaseContract
from qis_plugins.postgres import open_postgres
from qis_plugins.postgres.settings import PostgresSettings

pytest_plugins = ["tests.support.postgres_fixtures"]


def open_at(url: str, **settings: object) -> Database:
    return open_postgres(Settings.of(PostgresSettings(url=Secret(url), **settings)))


class TestPostgres(DatabaseContract):
    @pytest.fixture
    def open_database(self, new_database: Callable[[], str]) -> Callable[[], Database]:
        return partial(open_at, new_database())
