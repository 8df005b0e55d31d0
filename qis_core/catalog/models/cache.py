"""Epochs of the derivative cache: one number per scope, part of every key made for it."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from qis_core.catalog.models.base import KEEP_IDS, Base, BigKey, Id64


class CacheEpoch(Base):
    """A scope (an image, a folder, a template, everything) and how often it was purged."""

    __tablename__ = "cache_epoch"
    __table_args__ = (KEEP_IDS,)

    id: Mapped[BigKey]
    scope: Mapped[str] = mapped_column(String(1100), unique=True)
    epoch: Mapped[int] = mapped_column(Id64, default=0)
