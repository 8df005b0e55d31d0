"""Portfolios: hand-picked, ordered collections of images (spec portfolios §1)."""

from datetime import datetime
from enum import IntEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from qis_core.catalog.models.base import KEEP_IDS, Base, BigKey, Code, Id64, utc_now


class PortfolioAccess(IntEnum):
    """What a group may do with a portfolio; EDIT and DELETE are kept for later."""

    NONE = 0
    VIEW = 10
    DOWNLOAD = 20
    EDIT = 30
    DELETE = 50


class PortfolioAction(IntEnum):
    """What an entry of a portfolio's history tells."""

    CREATED = 1
    EDITED = 2
    IMAGE_CHANGE = 3
    PUBLISHED = 4
    DOWNLOADED = 5
    UNPUBLISHED = 6


class Portfolio(Base):
    """A collection; ``human_id`` names it in URLs and is case-sensitive."""

    __tablename__ = "portfolios"
    __table_args__ = (KEEP_IDS,)

    id: Mapped[BigKey]
    human_id: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(255), default="")
    description: Mapped[str] = mapped_column(Text, default="")
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    last_updated: Mapped[datetime] = mapped_column(default=utc_now)


class PortfolioImage(Base):
    """One image in a portfolio, with its own parameters; an empty ``filename`` means the original name."""

    __tablename__ = "portfolio_images"
    __table_args__ = (UniqueConstraint("portfolio_id", "image_id"), KEEP_IDS)

    id: Mapped[BigKey]
    portfolio_id: Mapped[int] = mapped_column(Id64, ForeignKey("portfolios.id", ondelete="CASCADE"))
    image_id: Mapped[int] = mapped_column(Id64, ForeignKey("images.id", ondelete="CASCADE"), index=True)
    parameters: Mapped[dict[str, Any]] = mapped_column(default=dict)
    filename: Mapped[str] = mapped_column(String(255), default="")
    order_num: Mapped[int] = mapped_column(default=0)


class PortfolioPermission(Base):
    """What one group may do with a portfolio."""

    __tablename__ = "portfolio_permissions"
    __table_args__ = (UniqueConstraint("portfolio_id", "group_id"), KEEP_IDS)

    id: Mapped[BigKey]
    portfolio_id: Mapped[int] = mapped_column(Id64, ForeignKey("portfolios.id", ondelete="CASCADE"))
    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"), index=True)
    access: Mapped[PortfolioAccess] = mapped_column(Code(PortfolioAccess))


class PortfolioHistory(Base):
    """One line of a portfolio's history; append-only, deleted with the portfolio."""

    __tablename__ = "portfolio_history"
    __table_args__ = (Index(None, "portfolio_id", "action"), KEEP_IDS)

    id: Mapped[BigKey]
    portfolio_id: Mapped[int] = mapped_column(Id64, ForeignKey("portfolios.id", ondelete="CASCADE"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    action: Mapped[PortfolioAction] = mapped_column(Code(PortfolioAction))
    info: Mapped[str] = mapped_column(String(4096), default="")
    time: Mapped[datetime] = mapped_column(default=utc_now, index=True)


class PortfolioExport(Base):
    """A published zip; ``filename`` is empty until the file is there, ``error`` says why it never will be.

    The task that makes it may be cleaned up at any time: the link is then cut.
    """

    __tablename__ = "portfolio_exports"
    __table_args__ = (
        Index(
            "uq_portfolio_exports_filename",
            "filename",
            unique=True,
            sqlite_where=text("filename <> ''"),
            postgresql_where=text("filename <> ''"),
        ),
        KEEP_IDS,
    )

    id: Mapped[BigKey]
    portfolio_id: Mapped[int] = mapped_column(Id64, ForeignKey("portfolios.id", ondelete="CASCADE"), index=True)
    description: Mapped[str] = mapped_column(Text, default="")
    originals: Mapped[bool] = mapped_column(default=False)
    parameters: Mapped[dict[str, Any]] = mapped_column(default=dict)
    filename: Mapped[str] = mapped_column(String(255), default="")
    filesize: Mapped[int] = mapped_column(Id64, default=0)
    created: Mapped[datetime] = mapped_column(default=utc_now)
    keep_until: Mapped[datetime] = mapped_column(index=True)
    task_id: Mapped[int | None] = mapped_column(Id64, ForeignKey("tasks.id", ondelete="SET NULL"), index=True)
    error: Mapped[str] = mapped_column(Text, default="")
