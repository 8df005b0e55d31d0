"""The kit of databases catches what databases get wrong: each fault fails the test that is there for it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event

from qis_core.catalog import first_run
from qis_core.catalog.database import Catalog
from qis_core.testing.database_contract import DatabaseContract
from qis_plugins.sqlite.database import SqliteDatabase, SqliteSettings

KIT = DatabaseContract()
Sabotage = Callable[[SqliteDatabase], None]
Check = Callable[[Catalog], None]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SqliteDatabase]:
    path = tmp_path / "qis.db"
    database = SqliteDatabase(path, SqliteSettings(path=path))
    first_run.prepare(Catalog(database), lambda password: f"hash of {password}")
    yield database
    database.close()


def on_begin(engine: Engine, statement: str) -> None:
    """Have every transaction of *engine* begin with *statement*; connections are opened anew."""
    engine.dispose()

    def run(connection: Connection) -> None:
        connection.exec_driver_sql(statement)

    event.listen(engine, "begin", run)


def on_connect(engine: Engine, pragma: str) -> None:
    engine.dispose()

    def run(connection: Any, _record: object) -> None:
        connection.execute(pragma)

    event.listen(engine, "connect", run)


def rewritten(engine: Engine, rewrite: Callable[[str, Any], tuple[str, Any]]) -> None:
    """Have every statement of *engine* changed on its way to the database."""

    def run(_connection: object, _cursor: object, statement: str, parameters: Any, *_more: object) -> tuple[str, Any]:
        return rewrite(statement, parameters)

    event.listen(engine, "before_cursor_execute", run, retval=True)


def ignore_case(database: SqliteDatabase) -> None:
    for engine in (database.reader, database.writer):
        rewritten(
            engine, lambda text, values: (text.replace("images.src = ?", "images.src = ? COLLATE NOCASE"), values)
        )


def cut_long_texts(database: SqliteDatabase) -> None:
    def cut(values: Any) -> Any:
        return tuple(value[:255] if isinstance(value, str) else value for value in values)

    rewritten(database.writer, lambda text, values: (text, cut(values) if isinstance(values, tuple) else values))


def forget_accents(database: SqliteDatabase) -> None:
    def plain(values: Any) -> Any:
        return tuple(value.replace("\u0301", "") if isinstance(value, str) else value for value in values)

    rewritten(database.writer, lambda text, values: (text, plain(values) if isinstance(values, tuple) else values))


FAULTS: dict[str, tuple[Sabotage, Check]] = {
    "foreign keys are off": (
        lambda database: on_connect(database.writer, "PRAGMA foreign_keys=OFF"),
        KIT.test_unique_keys_and_foreign_keys_hold,
    ),
    "nothing hangs on a group": (
        lambda database: on_connect(database.writer, "PRAGMA foreign_keys=OFF"),
        KIT.test_deleting_a_group_takes_what_hangs_on_it,
    ),
    "users cannot be told from their history": (
        lambda database: on_connect(database.writer, "PRAGMA foreign_keys=OFF"),
        KIT.test_history_outlives_its_user_but_not_its_owner,
    ),
    "readers may write": (
        lambda database: on_connect(database.reader, "PRAGMA query_only=OFF"),
        KIT.test_reader_cannot_write,
    ),
    "readers see every moment": (
        lambda database: on_begin(database.reader, "COMMIT"),
        KIT.test_reader_sees_one_moment,
    ),
    "writers commit at once": (
        lambda database: on_begin(database.writer, "COMMIT"),
        KIT.test_exception_undoes_everything,
    ),
    "ids are used again": (
        lambda database: on_begin(database.writer, "DELETE FROM sqlite_sequence"),
        KIT.test_ids_are_never_used_twice,
    ),
    "paths are found in any case": (ignore_case, KIT.test_paths_differ_by_case_and_composition),
    "accents are composed": (forget_accents, KIT.test_paths_differ_by_case_and_composition),
    "long texts are cut": (cut_long_texts, KIT.test_values_come_back_as_they_were),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_is_caught(database: SqliteDatabase, fault: str) -> None:
    sabotage, check = FAULTS[fault]
    sabotage(database)
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        check(Catalog(database))


@pytest.mark.parametrize("fault", FAULTS)
def test_without_the_fault_the_same_test_passes(database: SqliteDatabase, fault: str) -> None:
    FAULTS[fault][1](Catalog(database))
