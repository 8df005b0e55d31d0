"""Insert where others may insert the same: the unique key decides, the loser reads what the winner wrote."""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from qis_core.catalog.models import Base

M = TypeVar("M", bound=Base)


def insert_or_find(session: Session, record: M, find: Callable[[], M | None]) -> tuple[M, bool]:
    """What *find* sees and False, or *record*, stored, and True; also when another stores the same at this moment.

    Raises the ``IntegrityError`` when *find* sees nothing after it: then it was not this key that was broken.
    """
    found = find()
    if found is not None:
        return found, False
    try:
        with session.begin_nested():
            session.add(record)
            session.flush()
        return record, True
    except IntegrityError:
        found = find()
        if found is None:
            raise
        return found, False
