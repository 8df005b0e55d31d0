"""Fixtures with real PostgreSQL servers, for ``pytest_plugins = ["tests.support.postgres_fixtures"]``."""

from collections.abc import Callable, Iterator

import pytest

from tests.support.postgres import PostgresServer, running_postgres


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One server for all tests that do not harm it."""
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="module")
def own_postgres() -> Iterator[PostgresServer]:
    """A server that the tests of one module may kill."""
    with running_postgres() as server:
        yield server


@pytest.fixture
def new_database(postgres: PostgresServer) -> Callable[[], str]:
    """Makes an empty database; gives its URL."""
    return postgres.new_database
