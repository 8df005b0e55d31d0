"""What every database must do, as tests: subclass and give an ``open_database`` fixture.

::

    class TestMyDatabase(DatabaseContract):
        @pytest.fixture
        def open_database(self, tmp_path):
            return partial(MyDatabase, ...)     # opens the same empty database again; it is pickled
"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta, timezone
from multiprocessing.connection import Connection

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import HealthCheck, given, settings
from sqlalchemy import func, inspect, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from qis_core.catalog import first_run, images, schema
from qis_core.catalog.database import Catalog, after_commit
from qis_core.catalog.folders import ensure_folder
from qis_core.catalog.image_history import list_history
from qis_core.catalog.models import (
    AuditEntry,
    Base,
    Folder,
    FolderPermission,
    Group,
    Image,
    ImageAction,
    Membership,
    Portfolio,
    Property,
    Template,
    User,
)
from qis_core.catalog.properties import Counter, move_counter, read_counters, set_property
from qis_core.contracts.database import Database
from qis_core.domain.paths import RepositoryPath
from qis_core.errors import BackendError, StartupError
from qis_core.testing.database_commands import COMMANDS, Command, Model, file_record, state_of
from qis_core.testing.processes import child, start_together
from qis_core.testing.threads import run_together

Opener = Callable[[], Database]
_PROCESSES = 3
_SOURCES = tuple(RepositoryPath.parse(f"race/{number}/é.jpg") for number in range(20))


class _Undo(Exception):
    """Ends a transaction without a trace."""


class DatabaseContract:
    """For every database. Fixture: ``open_database``, which opens the same empty database again; it is pickled."""

    @pytest.fixture
    def open_database(self) -> Opener:
        raise TypeError("a DatabaseContract gives the fixture open_database")

    @pytest.fixture
    def empty(self, open_database: Opener) -> Iterator[Catalog]:
        """A catalog without tables."""
        catalog = Catalog(open_database())
        yield catalog
        catalog.close()

    @pytest.fixture
    def catalog(self, empty: Catalog) -> Catalog:
        """A catalog as a new installation has it."""
        first_run.prepare(empty, _hash)
        return empty

    def test_schema_goes_up_and_down_and_up(self, empty: Catalog) -> None:
        assert schema.current(empty) is None
        schema.upgrade(empty)
        assert schema.current(empty) == schema.latest()
        schema.downgrade(empty)
        with empty.read() as session:
            assert set(inspect(session.connection()).get_table_names()) <= {"alembic_version"}
        schema.upgrade(empty)
        schema.upgrade(empty)
        assert schema.current(empty) == schema.latest()

    def test_migrations_make_what_the_models_say(self, empty: Catalog) -> None:
        schema.upgrade(empty)
        with empty.read() as session:
            context = MigrationContext.configure(session.connection(), opts={"compare_server_default": True})
            assert compare_metadata(context, Base.metadata) == []

    def test_schema_of_a_newer_version_stops_the_start(self, catalog: Catalog) -> None:
        with catalog.begin() as session:
            session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        with pytest.raises(StartupError, match="9999"):
            first_run.prepare(catalog, _hash)

    def test_failed_start_leaves_nothing(self, empty: Catalog) -> None:
        with pytest.raises(ZeroDivisionError):
            first_run.prepare(empty, lambda password: str(1 // 0))
        assert not first_run.is_prepared(empty)
        assert first_run.prepare(empty, _hash)

    def test_processes_starting_at_once_install_once(self, empty: Catalog, open_database: Opener) -> None:
        with ExitStack() as stack:
            children = [stack.enter_context(child(_prepare, open_database)) for _ in range(_PROCESSES)]
            start_together(children)
            passwords = [one.receive() for one in children]
        made = [password for password in passwords if password is not None]
        assert len(made) == 1
        with empty.read() as session:
            assert [session.scalar(select(func.count()).select_from(table)) for table in (User, Group, Folder)] == [
                1,
                3,
                1,
            ]
            assert session.scalar(select(User.password_hash)) == _hash(made[0])

    def test_startup_lock_is_one_process_at_a_time(self, catalog: Catalog, open_database: Opener) -> None:
        with child(_hold_startup_lock, open_database) as holder:
            assert holder.receive() == "held"
            with pytest.raises(StartupError), catalog.database.startup_lock(timeout_seconds=0.3):
                pass
            holder.kill()
            with catalog.database.startup_lock(timeout_seconds=10) as connection:
                assert connection.scalar(select(func.count()).select_from(Property).where(Property.key == "half")) == 0

    def test_registering_at_once_makes_one_record(self, catalog: Catalog, open_database: Opener) -> None:
        with ExitStack() as stack:
            children = [stack.enter_context(child(_register_all, open_database)) for _ in range(_PROCESSES)]
            start_together(children)
            answers = [one.receive() for one in children]
        assert answers[0] == answers[1] == answers[2]
        with catalog.read() as session:
            records = session.scalars(select(Image)).all()
            assert sorted(record.src for record in records) == sorted(path.src for path in _SOURCES)
            for record in records:
                assert [entry.action for entry in list_history(session, record.id)] == [ImageAction.CREATED]
            assert session.scalar(select(func.count()).select_from(Folder)) == 2 + len(_SOURCES)

    def test_no_move_of_a_counter_is_lost(self, catalog: Catalog, open_database: Opener) -> None:
        with ExitStack() as stack:
            children = [stack.enter_context(child(_move_many, open_database)) for _ in range(_PROCESSES)]
            start_together(children)
            run_together(2, lambda _: _move_many_here(catalog))
            for one in children:
                assert one.receive() == "done"
        with catalog.read() as session:
            assert read_counters(session)[Counter.IMAGES] == 1 + (_PROCESSES + 2) * 30

    def test_killed_writer_leaves_nothing_half_done(self, catalog: Catalog, open_database: Opener) -> None:
        with child(_write_half, open_database) as writer:
            assert writer.receive() == "written"
            writer.kill()
        with catalog.begin() as session:
            assert session.get(Property, "half") is None
            set_property(session, "whole", "1")

    @settings(
        max_examples=60,
        deadline=None,
        suppress_health_check=[
            HealthCheck.function_scoped_fixture,
            HealthCheck.too_slow,
            HealthCheck.differing_executors,
        ],
    )
    @given(commands=COMMANDS)
    def test_random_commands_give_the_expected_answers(self, catalog: Catalog, commands: list[Command]) -> None:
        model = Model()
        with _undone(catalog) as session:
            for command in commands:
                given_answer, expected_answer = command(session, model)
                assert given_answer == expected_answer, command
            assert state_of(session, model) == model

    def test_exception_undoes_everything(self, catalog: Catalog) -> None:
        called: list[str] = []
        with _undone(catalog) as session:
            after_commit(session, lambda: called.append("told"))
            set_property(session, "half", "1")
            session.flush()
        with catalog.read() as session:
            assert session.get(Property, "half") is None
        assert called == []

    def test_notices_come_after_the_commit(self, catalog: Catalog) -> None:
        seen: list[str | None] = []

        def look() -> None:
            with catalog.read() as session:
                seen.append(session.scalar(select(Property.value).where(Property.key == "new")))

        with catalog.begin() as session:
            after_commit(session, lambda: 1 // 0)
            after_commit(session, look)
            set_property(session, "new", "1")
            session.flush()
            assert seen == []
        assert seen == ["1"]

    def test_reader_cannot_write(self, catalog: Catalog) -> None:
        with pytest.raises(BackendError), catalog.read() as session:
            set_property(session, "half", "1")
        with catalog.read() as session:
            assert session.get(Property, "half") is None

    def test_reader_sees_one_moment(self, catalog: Catalog) -> None:
        with catalog.read() as session:
            before = read_counters(session)
            _move_many_here(catalog)
            assert read_counters(session) == before
        with catalog.read() as session:
            assert read_counters(session) != before

    def test_unique_keys_and_foreign_keys_hold(self, catalog: Catalog) -> None:
        for wrong in (
            Image(src="a.jpg", folder_id=10**9),
            Folder(path="/", name=""),
            FolderPermission(folder_id=1, group_id=1, access=10),
            User(username="ADMIN", password_hash="x"),
            User(username="empty hash", password_hash=""),
            Template(name="DEFAULT"),
        ):
            with pytest.raises(IntegrityError), catalog.begin() as session:
                session.add(wrong)

    def test_deleting_a_group_takes_what_hangs_on_it(self, catalog: Catalog) -> None:
        with catalog.begin() as session:
            group = Group(name="short-lived")
            session.add(group)
            session.flush()
            session.add(Membership(user_id=1, group_id=group.id))
            session.add(FolderPermission(folder_id=1, group_id=group.id, access=10))
        with catalog.begin() as session:
            session.delete(session.get(Group, group.id))
        with catalog.read() as session:
            assert session.get(Membership, (1, group.id)) is None
            query = select(FolderPermission).where(FolderPermission.group_id == group.id)
            assert session.scalars(query).all() == []

    def test_ids_are_never_used_twice(self, catalog: Catalog) -> None:
        with catalog.begin() as session:
            first = Group(name="first")
            session.add(first)
        with catalog.begin() as session:
            session.delete(session.get(Group, first.id))
        with catalog.begin() as session:
            second = Group(name="second")
            session.add(second)
            session.flush()
            assert second.id > first.id

    def test_paths_differ_by_case_and_composition(self, catalog: Catalog) -> None:
        names = ("a.jpg", "A.jpg", "é.jpg", "e\u0301.jpg", "a.jpg ", "%.jpg")
        with catalog.begin() as session:
            for name in names:
                images.register_image(session, RepositoryPath((name,)), file_record(name))
        with catalog.read() as session:
            assert session.scalars(select(Image.src).order_by(Image.src)).all() == sorted(names)
            for name in names:
                found = images.find_image(session, RepositoryPath((name,)))
                assert found is not None
                assert found.fingerprint == name

    def test_values_come_back_as_they_were(self, catalog: Catalog) -> None:
        moment = datetime(2026, 7, 1, 12, 30, 59, 123456, timezone(timedelta(hours=5, minutes=30)))
        parameters = {"é\0": [1.5, None, True, {"deep": "🖼"}], "big": 2**53}
        with catalog.begin() as session:
            folder = ensure_folder(session, RepositoryPath.parse("x" * 512 + "/" + "日" * 511))
            image = Image(src="日" * 1024, folder_id=folder.id, modified_ns=2**62, size_bytes=2**40, last_seen=moment)
            template = Template(name="json", template=parameters)
            session.add_all([image, template])
        with catalog.read() as session:
            found = session.scalars(select(Image)).one()
            assert (found.src, found.modified_ns, found.size_bytes) == ("日" * 1024, 2**62, 2**40)
            assert (found.last_seen, found.last_seen.tzinfo) == (moment, UTC)
            assert session.scalars(select(Template.template).where(Template.name == "json")).one() == parameters

    def test_time_without_zone_is_refused(self, catalog: Catalog) -> None:
        with pytest.raises(Exception, match="no time zone"), catalog.begin() as session:
            session.add(AuditEntry(action="x", time=datetime(2026, 1, 1)))

    def test_history_outlives_its_user_but_not_its_owner(self, catalog: Catalog) -> None:
        with catalog.begin() as session:
            user = User(username="leaves", password_hash="x")
            session.add(user)
            session.flush()
            session.add(AuditEntry(user_id=user.id, username="leaves", action="sign_in"))
            session.delete(user)
        with catalog.read() as session:
            entry = session.scalars(select(AuditEntry)).one()
            assert (entry.user_id, entry.username) == (None, "leaves")
        with pytest.raises(IntegrityError), catalog.begin() as session:
            session.add(Portfolio(human_id="orphan", owner_id=10**6))

    def test_writers_in_threads_wait_for_each_other(self, catalog: Catalog) -> None:
        started = time.monotonic()
        run_together(8, lambda _: _move_many_here(catalog))
        with catalog.read() as session:
            assert read_counters(session)[Counter.IMAGES] == 1 + 8 * 30
        assert time.monotonic() - started < 60


@contextmanager
def _undone(catalog: Catalog) -> Iterator[Session]:
    """A writer's session whose transaction ends in an exception."""
    with suppress(_Undo), catalog.begin() as session:
        yield session
        raise _Undo


def _hash(password: str) -> str:
    return f"hash of {password}"


def _prepare(opener: Opener, pipe: Connection) -> None:
    catalog = Catalog(opener())
    pipe.send("ready")
    pipe.recv()
    pipe.send(first_run.prepare(catalog, _hash))


def _hold_startup_lock(opener: Opener, pipe: Connection) -> None:
    with opener().startup_lock() as connection:
        connection.execute(text("INSERT INTO properties (key, value) VALUES ('half', '1')"))
        pipe.send("held")
        pipe.recv()


def _register_all(opener: Opener, pipe: Connection) -> None:
    catalog = Catalog(opener())
    pipe.send("ready")
    pipe.recv()
    ids = []
    for path in _SOURCES:
        with catalog.begin() as session:
            ids.append(images.register_image(session, path, file_record("same")).image.id)
    pipe.send(ids)


def _move_many(opener: Opener, pipe: Connection) -> None:
    catalog = Catalog(opener())
    pipe.send("ready")
    pipe.recv()
    _move_many_here(catalog)
    pipe.send("done")


def _move_many_here(catalog: Catalog) -> None:
    for _ in range(30):
        with catalog.begin() as session:
            move_counter(session, Counter.IMAGES)


def _write_half(opener: Opener, pipe: Connection) -> None:
    with Catalog(opener()).begin() as session:
        set_property(session, "half", "1")
        session.flush()
        pipe.send("written")
        pipe.recv()
