"""What every table shares: column types, naming of constraints, the record status."""

from datetime import UTC, datetime
from enum import IntEnum
from typing import Annotated, Any, Generic, TypeVar

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, MetaData, SmallInteger
from sqlalchemy.orm import DeclarativeBase, mapped_column
from sqlalchemy.types import TypeDecorator

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

#: 64 bits everywhere; SQLite numbers rows itself only in a column declared INTEGER.
Id64 = BigInteger().with_variant(Integer(), "sqlite")


E = TypeVar("E", bound=IntEnum)


class RecordStatus(IntEnum):
    """Users, folders and images are deleted softly."""

    DELETED = 0
    ACTIVE = 1


class UtcDateTime(TypeDecorator[datetime]):
    """A moment. Python sees aware UTC datetimes only; binding a naive one raises `ValueError`."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone; use datetime.now(UTC)")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Code(TypeDecorator[E], Generic[E]):
    """A member of an enumeration, stored as its number; unknown numbers are refused both ways."""

    impl = SmallInteger
    cache_ok = True

    def __init__(self, enumeration: type[E]) -> None:
        self.enumeration = enumeration
        super().__init__()

    def process_bind_param(self, value: E | None, dialect: Dialect) -> int | None:
        return None if value is None else int(self.enumeration(value))

    def process_result_value(self, value: int | None, dialect: Dialect) -> E | None:
        return None if value is None else self.enumeration(value)


class Base(DeclarativeBase):
    """Root of all models. Ids are never used twice, not even after a purge."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own protocol
        datetime: UtcDateTime(),
        dict[str, Any]: JSON(none_as_null=True),
    }


BigKey = Annotated[int, mapped_column(Id64, primary_key=True)]
SmallKey = Annotated[int, mapped_column(Integer, primary_key=True)]

KEEP_IDS = {"sqlite_autoincrement": True}


def utc_now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)
