"""Statistics: add counts to the row of a period, or start it (spec management §7)."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute, Session

from qis_core.catalog.models import ImageStatistics, SystemStatistics


@dataclass(frozen=True, slots=True)
class Period:
    """From (included) to (excluded), aware, aligned to the clock by whoever records."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Counts:
    """The seven measures of a period, or a part of it."""

    requests: int = 0
    views: int = 0
    cached_views: int = 0
    downloads: int = 0
    total_bytes: int = 0
    request_seconds: float = 0.0
    max_request_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Load:
    """How busy the machine was, in percent."""

    cpu_pc: float = 0.0
    memory_pc: float = 0.0
    cache_pc: float = 0.0


def add_image_counts(session: Session, period: Period, counts: Mapping[int, Counts]) -> None:
    """Add *counts* by image id; those of images purged meanwhile are dropped.

    Rows are changed in the order of their ids: two processes at once wait for each other, never in a circle.
    """
    for image_id, measures in sorted(counts.items()):
        table = ImageStatistics
        where = (table.image_id == image_id, table.from_time == period.start)
        row = table(image_id=image_id, from_time=period.start, to_time=period.end, **asdict(measures))
        _add(session, row, where, _sums(table, measures))


def add_system_counts(session: Session, period: Period, counts: Counts, load: Load) -> None:
    """Add *counts* to the system's row; *load* takes the place of what was there."""
    table = SystemStatistics
    row = table(from_time=period.start, to_time=period.end, **asdict(counts), **asdict(load))
    _add(session, row, (table.from_time == period.start,), _sums(table, counts) | asdict(load))


def purge_statistics(session: Session, before: datetime) -> int:
    """Delete the rows of periods that ended before *before*; how many."""
    deleted = 0
    for table in (ImageStatistics, SystemStatistics):
        ended = delete(table).where(table.to_time < before).returning(table.id)
        deleted += len(session.scalars(ended).all())
    return deleted


def total_counts(session: Session, image_id: int | None, since: datetime) -> Counts:
    """Sums over the periods that end after *since*, of one image, or of the system for None."""
    table = SystemStatistics if image_id is None else ImageStatistics
    zeros: dict[str, Any] = asdict(Counts())
    sums = [(func.max if name.startswith("max_") else func.sum)(getattr(table, name)) for name in zeros]
    query = select(*sums).where(table.to_time > since)
    if image_id is not None:
        query = query.where(ImageStatistics.image_id == image_id)
    row = session.execute(query).one()
    return Counts(**{name: type(zeros[name])(value or 0) for name, value in zip(zeros, row, strict=True)})


def _add(
    session: Session,
    row: ImageStatistics | SystemStatistics,
    where: tuple[ColumnElement[bool], ...],
    values: dict[str, Any],
) -> None:
    table = type(row)
    increase = update(table).where(*where).values(values).returning(table.id)
    increase = increase.execution_options(synchronize_session=False)
    if session.scalar(increase) is not None:
        return
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError:
        session.execute(increase)


def _sums(table: type[ImageStatistics] | type[SystemStatistics], counts: Counts) -> dict[str, Any]:
    sums: dict[str, Any] = {}
    for name, value in asdict(counts).items():
        column: InstrumentedAttribute[Any] = getattr(table, name)
        sums[name] = case((column < value, value), else_=column) if name.startswith("max_") else column + value
    return sums
