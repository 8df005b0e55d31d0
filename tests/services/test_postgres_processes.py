"""Many processes on one PostgreSQL: the same files at the same moment make one record each, and one line of history."""

import multiprocessing
import random
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from multiprocessing.pool import Pool
from multiprocessing.synchronize import Barrier

import pytest
from sqlalchemy import func, select

from qis_core.catalog import first_run
from qis_core.catalog.database import Catalog
from qis_core.catalog.image_history import list_history
from qis_core.catalog.images import mark_image_deleted, register_image
from qis_core.catalog.models import Folder, Image, ImageAction, ImageStatistics, SystemStatistics
from qis_core.catalog.moves import adopt_moved
from qis_core.catalog.statistics import Counts, Load, add_image_counts, add_system_counts
from qis_core.domain.paths import RepositoryPath
from qis_core.settings import Secret, Settings
from qis_core.testing.database_commands import FIRST_PERIOD, file_record
from qis_core.testing.threads import run_together
from qis_plugins.postgres import open_postgres
from qis_plugins.postgres.settings import PostgresSettings

pytest_plugins = ["tests.support.postgres_fixtures"]

PROCESSES, FILES = 8, 125
PATHS = tuple(RepositoryPath.parse(f"new/{number % 7}/é {number}.jpg") for number in range(FILES))
ONE = Counts(requests=1)


@pytest.fixture
def url(new_database: Callable[[], str]) -> str:
    return new_database()


@pytest.fixture
def catalog(url: str) -> Iterator[Catalog]:
    catalog = open_catalog(url)
    first_run.prepare(catalog, str)
    yield catalog
    catalog.close()


def open_catalog(url: str) -> Catalog:
    return Catalog(open_postgres(Settings.of(PostgresSettings(url=Secret(url)))))


class Server:
    """What one process of the pool keeps: its own connections, and where it waits for the others."""

    catalog: Catalog
    meeting: Barrier


def become_server(url: str, meeting: Barrier) -> None:
    Server.catalog, Server.meeting = open_catalog(url), meeting


def serve(step: str, count: int) -> None:
    """Together with the other processes, work through some of the files, in an order of its own."""
    Server.meeting.wait(60)
    for path in random.sample(PATHS[:count], count):
        STEPS[step](Server.catalog, path)


@pytest.fixture
def servers(catalog: Catalog, url: str) -> Iterator[Pool]:
    """Processes that share nothing but the database; importing is done once for all."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    with context.Pool(PROCESSES, become_server, (url, context.Barrier(PROCESSES))) as pool:
        yield pool


def register(catalog: Catalog, path: RepositoryPath, content: str) -> None:
    with catalog.begin(together=True) as session:
        register_image(session, path, file_record(content))


def vanish(catalog: Catalog, path: RepositoryPath) -> None:
    with catalog.begin(together=True) as session:
        mark_image_deleted(session, path)


STEPS: Mapping[str, Callable[[Catalog, RepositoryPath], None]] = {
    "appear": partial(register, content="1"),
    "change": partial(register, content="22"),
    "vanish": vanish,
}


def test_processes_agree_on_every_file(catalog: Catalog, servers: Pool) -> None:
    again = 20
    for step, count in (("appear", FILES), ("change", again), ("vanish", again), ("change", again)):
        servers.starmap(serve, [(step, count)] * PROCESSES, chunksize=1)
    later = [ImageAction.REPLACED, ImageAction.DELETED, ImageAction.CREATED]
    with catalog.read() as session:
        found = session.scalars(select(Image)).all()
        assert sorted(image.src for image in found) == sorted(path.src for path in PATHS)
        for image in found:
            actions = [entry.action for entry in list_history(session, image.id)]
            is_early = RepositoryPath.parse(image.src) in PATHS[:again]
            assert actions == [ImageAction.CREATED, *(later if is_early else [])]
        assert session.scalar(select(func.count()).select_from(Folder)) == 2 + 7


def test_counts_of_all_processes_are_added_up(catalog: Catalog) -> None:
    ids = [add_record(catalog, path) for path in PATHS[:20]]

    def count(number: int) -> None:
        for _ in range(5):
            shuffled = random.sample(ids, len(ids))
            with catalog.begin(together=True) as session:
                add_image_counts(session, FIRST_PERIOD, dict.fromkeys(shuffled, ONE))
                add_system_counts(session, FIRST_PERIOD, ONE, Load())

    run_together(PROCESSES, count)
    with catalog.read() as session:
        assert set(session.scalars(select(ImageStatistics.requests))) == {PROCESSES * 5}
        assert session.scalars(select(SystemStatistics.requests)).all() == [PROCESSES * 5]


def add_record(catalog: Catalog, path: RepositoryPath) -> int:
    with catalog.begin() as session:
        return register_image(session, path, file_record("1")).image.id


def test_file_that_was_moved_keeps_its_record_once(catalog: Catalog) -> None:
    old, new = RepositoryPath.parse("old.jpg"), RepositoryPath.parse("moved/new.jpg")
    with catalog.begin() as session:
        image = register_image(session, old, file_record("1")).image
        image.content_hash = "same bytes"

    def meet(_: int) -> RepositoryPath | None:
        with catalog.begin(together=True) as session:
            moved = adopt_moved(session, new, "same bytes", lambda path: path == old)
            register_image(session, new, file_record("1"))
            return moved

    moved = run_together(PROCESSES, meet)
    assert sorted(moved, key=str) == sorted([old, *[None] * (PROCESSES - 1)], key=str)
    with catalog.read() as session:
        assert session.execute(select(Image.id, Image.src)).all() == [(image.id, new.src)]
        actions = [entry.action for entry in list_history(session, image.id)]
        assert actions == [ImageAction.CREATED, ImageAction.MOVED]
