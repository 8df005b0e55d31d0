"""Single values and change counters."""

from collections.abc import Mapping
from enum import StrEnum

from sqlalchemy import BigInteger, Text, cast, select, update
from sqlalchemy.orm import Session

from qis_core.catalog._insert import insert_or_find
from qis_core.catalog.models import Property


class Counter(StrEnum):
    """What a change counter counts; a process that sees one moved drops what it keeps in memory of that kind."""

    ACCOUNTS = "accounts_version"
    FOLDER_PERMISSIONS = "folder_permission_version"
    PORTFOLIO_PERMISSIONS = "portfolio_permission_version"
    TEMPLATES = "template_version"
    PROPERTIES = "property_version"
    IMAGES = "image_version"
    CACHE = "cache_version"


_FIRST = 1


def find_property(session: Session, key: str) -> str | None:
    """The value of *key*, or None when nobody set it."""
    return session.scalar(select(Property.value).where(Property.key == key))


def set_property(session: Session, key: str, value: str) -> None:
    """Store *value* under *key*, new or not."""
    record, is_new = insert_or_find(session, Property(key=key, value=value), lambda: session.get(Property, key))
    if not is_new:
        record.value = value


def read_counters(session: Session) -> Mapping[Counter, int]:
    """All counters by one query; one that never moved is 1."""
    rows = session.execute(select(Property.key, Property.value).where(Property.key.in_(list(Counter)))).all()
    stored = {row.key: int(row.value) for row in rows}
    return {counter: stored.get(counter, _FIRST) for counter in Counter}


def move_counter(session: Session, counter: Counter) -> None:
    """Add one; of several processes at once none is lost."""
    if not _add_one(session, counter):
        first = Property(key=counter.value, value=str(_FIRST))
        insert_or_find(session, first, lambda: session.get(Property, counter.value))
        _add_one(session, counter)


def _add_one(session: Session, counter: Counter) -> bool:
    increased = cast(cast(Property.value, BigInteger) + 1, Text)
    moved = session.scalar(
        update(Property)
        .where(Property.key == counter.value)
        .values(value=increased)
        .returning(Property.key)
        .execution_options(synchronize_session=False)
    )
    return moved is not None
