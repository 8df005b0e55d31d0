"""Counters per period: of each image and of the system (spec management §7)."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from qis_core.catalog.models.base import KEEP_IDS, Base, BigKey, Id64


class Measures:
    """The seven measures of §7.1; ``total_bytes`` counts body bytes, ``request_seconds`` is their sum."""

    requests: Mapped[int] = mapped_column(Id64, default=0)
    views: Mapped[int] = mapped_column(Id64, default=0)
    cached_views: Mapped[int] = mapped_column(Id64, default=0)
    downloads: Mapped[int] = mapped_column(Id64, default=0)
    total_bytes: Mapped[int] = mapped_column(Id64, default=0)
    request_seconds: Mapped[float] = mapped_column(default=0.0)
    max_request_seconds: Mapped[float] = mapped_column(default=0.0)


class ImageStatistics(Measures, Base):
    """One image in one period; periods are aligned to the clock, so (image, start) names a row."""

    __tablename__ = "image_statistics"
    __table_args__ = (UniqueConstraint("image_id", "from_time"), KEEP_IDS)

    id: Mapped[BigKey]
    image_id: Mapped[int] = mapped_column(Id64, ForeignKey("images.id", ondelete="CASCADE"))
    from_time: Mapped[datetime] = mapped_column(index=True)
    to_time: Mapped[datetime]


class SystemStatistics(Measures, Base):
    """The whole system in one period; the three percentages are averages of samples, ``cache_pc`` the latest."""

    __tablename__ = "system_statistics"
    __table_args__ = (KEEP_IDS,)

    id: Mapped[BigKey]
    cpu_pc: Mapped[float] = mapped_column(default=0.0)
    memory_pc: Mapped[float] = mapped_column(default=0.0)
    cache_pc: Mapped[float] = mapped_column(default=0.0)
    from_time: Mapped[datetime] = mapped_column(unique=True)
    to_time: Mapped[datetime]
