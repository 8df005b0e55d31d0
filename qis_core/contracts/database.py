"""What a database promises: transactions for the catalog, and one start at a time (design §6)."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import Connection, Engine

if TYPE_CHECKING:
    from qis_core.settings import Settings


#: An execution option of `Database.writer`: others may write beside this transaction, see `qis_core.catalog.database`.
TOGETHER = "qis_together"

#: An execution option of `Database.reader`: each query stands alone, so a database may save the transaction around it.
SINGLE = "qis_single"


class Database(Protocol):
    """An open database; open one in each process. Safe to use from many threads at once.

    Answers are the same whatever the database: text compares and sorts by code point, foreign keys hold, ids are never
    used twice, a committed transaction survives ``kill -9``.
    """

    @property
    def reader(self) -> Engine:
        """Gives transactions that see one moment; a write in one of them fails.

        With the execution option `SINGLE` each query may see a moment of its own.
        """
        ...

    @property
    def writer(self) -> Engine:
        """Gives transactions that may write. Its BEGIN waits until nobody else writes, so what was read stays true.

        With the execution option `TOGETHER` it waits only for those without; a database with one writer may ignore it.
        """
        ...

    def startup_lock(self, *, timeout_seconds: float = 60) -> AbstractContextManager[Connection]:
        """A transaction for schema work and first-run objects, given to one process at a time.

        Committed at the end, rolled back on an exception. The lock of a process that died is free at once. Raises
        `StartupError` when it cannot be had within *timeout_seconds*.
        """
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class DatabaseBackend:
    """A database that can be chosen by name in the settings. ``open`` may create an empty database."""

    name: str
    open: Callable[["Settings"], Database]
    summary: str
