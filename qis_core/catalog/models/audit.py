"""Who did what, when and from where, beside the histories of images and portfolios (spec management §2)."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from qis_core.catalog.models.base import KEEP_IDS, Base, BigKey, utc_now


class AuditEntry(Base):
    """One event; append-only. ``username`` is kept as it was, or as it was typed when nobody has that name.

    ``action`` is a verb such as ``sign_in``, ``sign_in_failed``, ``create``, ``edit``, ``delete``; ``subject`` says on
    what (``user:12``, ``group:4``, ``permission:/staff``); ``address`` is the caller's, empty for the shell.
    """

    __tablename__ = "audit"
    __table_args__ = (Index(None, "subject", "time"), KEEP_IDS)

    id: Mapped[BigKey]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    username: Mapped[str] = mapped_column(String(120), default="")
    action: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(1100), default="")
    info: Mapped[str] = mapped_column(Text, default="")
    address: Mapped[str] = mapped_column(String(64), default="")
    time: Mapped[datetime] = mapped_column(default=utc_now, index=True)
