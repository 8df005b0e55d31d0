"""The catalog: sessions on an open database."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session, sessionmaker

from qis_core.contracts.database import SINGLE, TOGETHER, Database, DatabaseBackend
from qis_core.errors import BackendError
from qis_core.settings import Settings

_LOG = logging.getLogger(__name__)
_AFTER_COMMIT = "qis.after_commit"


class Catalog:
    """Gives sessions. Safe to use from many threads; a session belongs to one.

    Faults of the database come out as `BackendError`; a broken unique key stays SQLAlchemy's ``IntegrityError``.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self._readers = {
            is_single: sessionmaker(database.reader.execution_options(**{SINGLE: is_single}), expire_on_commit=False)
            for is_single in (False, True)
        }
        self._writers = {
            is_together: sessionmaker(
                database.writer.execution_options(**{TOGETHER: is_together}), expire_on_commit=False
            )
            for is_together in (False, True)
        }

    @classmethod
    def open(cls, settings: Settings, backend: DatabaseBackend) -> "Catalog":
        """Open the database of *settings*; the schema is not touched, see `qis_core.catalog.schema`."""
        return cls(backend.open(settings))

    @contextmanager
    def begin(self, *, together: bool = False) -> Iterator[Session]:
        """A session that may write: committed at the end, rolled back on an exception. Do not nest it in a thread.

        Nobody else writes meanwhile, so a rule over several rows can be checked and then relied on. With *together*
        others that say so may write too, where the database can do that: for frequent changes that unique keys, row
        locks and single statements keep right.
        """
        with _faults_wrapped(), self._writers[together].begin() as session:
            yield session
        for call in session.info.get(_AFTER_COMMIT, ()):
            _call_safely(call)

    @contextmanager
    def read(self, *, single: bool = False) -> Iterator[Session]:
        """A session that sees one moment; a write in it fails. *single*: it asks one thing only, which is cheaper."""
        with _faults_wrapped(), self._readers[single]() as session:
            yield session

    def close(self) -> None:
        self.database.close()


def after_commit(session: Session, call: Callable[[], object]) -> None:
    """Have *call* run when the session of `Catalog.begin` has been committed and closed; never after a rollback."""
    session.info.setdefault(_AFTER_COMMIT, []).append(call)


@contextmanager
def _faults_wrapped() -> Iterator[None]:
    try:
        yield
    except IntegrityError:
        raise
    except (DBAPIError, PoolTimeout) as error:
        raise BackendError("the database failed") from error


def _call_safely(call: Callable[[], object]) -> None:
    try:
        call()
    except Exception:
        _LOG.exception("a notice after a committed change failed")
