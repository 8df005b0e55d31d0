"""Change counters: who hears what, when, and how often."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from qis_core.catalog import schema
from qis_core.catalog.database import Catalog
from qis_core.catalog.properties import Counter
from qis_core.errors import BackendError
from qis_core.services.changes import Changes
from qis_core.settings import Settings
from qis_plugins.sqlite.database import SqliteSettings, open_sqlite


def catalog_at(path: Path) -> Catalog:
    return Catalog(open_sqlite(Settings.of(SqliteSettings(path=path))))


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    catalog = catalog_at(tmp_path / "qis.db")
    schema.upgrade(catalog)
    yield catalog
    catalog.close()


@pytest.fixture
def heard() -> list[str]:
    return []


@pytest.fixture
def changes(catalog: Catalog, heard: list[str]) -> Iterator[Changes]:
    changes = Changes(catalog, interval_seconds=0.02)
    changes.subscribe((Counter.TEMPLATES,), partial(heard.append, "templates"))
    changes.subscribe((Counter.TEMPLATES, Counter.ACCOUNTS), partial(heard.append, "both"))
    yield changes
    changes.close()


def touch(changes: Changes, catalog: Catalog, *counters: Counter) -> None:
    with catalog.begin() as session:
        changes.touch(session, *counters)


def test_subscribers_hear_what_they_asked_for(changes: Changes, catalog: Catalog, heard: list[str]) -> None:
    touch(changes, catalog, Counter.ACCOUNTS)
    assert heard == ["both"]
    touch(changes, catalog, Counter.TEMPLATES)
    assert heard == ["both", "templates", "both"]
    touch(changes, catalog, Counter.CACHE, Counter.IMAGES)
    changes.poll()
    assert len(heard) == 3


def test_several_counters_are_one_notice(changes: Changes, catalog: Catalog, heard: list[str]) -> None:
    touch(changes, catalog, Counter.ACCOUNTS, Counter.TEMPLATES)
    assert sorted(heard) == ["both", "templates"]


def test_nothing_is_told_before_the_commit_or_after_a_rollback(
    changes: Changes, catalog: Catalog, heard: list[str]
) -> None:
    with suppress(KeyError), catalog.begin() as session:
        changes.touch(session, Counter.TEMPLATES)
        changes.poll()
        assert heard == []
        raise KeyError("undo")
    changes.poll()
    assert heard == []


def test_other_processes_hear_by_polling(changes: Changes, tmp_path: Path, heard: list[str]) -> None:
    changes.start()
    changes.start()
    other = catalog_at(tmp_path / "qis.db")
    touch(Changes(other), other, Counter.ACCOUNTS)
    assert becomes_true(lambda: heard == ["both"])
    other.close()


def test_stop_ends_the_polling_and_start_begins_again(changes: Changes, tmp_path: Path, heard: list[str]) -> None:
    other = catalog_at(tmp_path / "qis.db")
    changes.start()
    changes.close()
    touch(Changes(other), other, Counter.ACCOUNTS)
    time.sleep(0.1)
    assert heard == []
    changes.start()
    assert becomes_true(lambda: heard == ["both"])
    other.close()


def test_failing_subscriber_hurts_nobody_and_is_asked_again(
    changes: Changes, catalog: Catalog, heard: list[str]
) -> None:
    answers = iter([False, False, True])

    def fail_twice() -> None:
        if not next(answers):
            raise RuntimeError("not now")
        heard.append("at last")

    changes.subscribe((Counter.CACHE,), fail_twice)
    touch(changes, catalog, Counter.CACHE, Counter.ACCOUNTS)
    assert heard == ["both"]
    changes.poll()
    changes.poll()
    assert heard[-1] == "at last"
    before = list(heard)
    changes.poll()
    assert heard == before


def test_database_that_is_down_for_a_while(changes: Changes, catalog: Catalog, heard: list[str]) -> None:
    with catalog.begin() as session:
        session.connection().exec_driver_sql("ALTER TABLE properties RENAME TO away")
    changes.poll()
    changes.poll()
    with pytest.raises(BackendError):
        Changes(catalog)
    with catalog.begin() as session:
        session.connection().exec_driver_sql("ALTER TABLE away RENAME TO properties")
    touch(changes, catalog, Counter.ACCOUNTS)
    assert heard == ["both"]


def becomes_true(check: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if check():
            return True
        time.sleep(0.01)
    return False
