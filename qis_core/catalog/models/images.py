"""Images of the repository, what their headers tell, and their history (spec management §2, image-urls §10)."""

from datetime import datetime
from enum import IntEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from qis_core.catalog.models.base import KEEP_IDS, Base, BigKey, Code, Id64, RecordStatus, utc_now
from qis_core.domain.paths import MAX_PATH_LENGTH


class ImageAction(IntEnum):
    """What an entry of an image's history tells."""

    DELETED = 0
    CREATED = 1
    REPLACED = 2
    EDITED = 3
    MOVED = 4


class Image(Base):
    """An original; ``src`` has no leading slash. Deleted softly, purged only by an administrator.

    ``width`` and ``height`` are after orientation, 0 when the file cannot be decoded (then ``codec`` is empty and
    ``facts`` is null). ``fingerprint`` is the file's when the facts were read; ``content_hash`` may be found later.
    """

    __tablename__ = "images"
    __table_args__ = (
        Index(None, "folder_id", "status"),
        Index(None, "content_hash"),
        KEEP_IDS,
    )

    id: Mapped[BigKey]
    src: Mapped[str] = mapped_column(String(MAX_PATH_LENGTH), unique=True)
    folder_id: Mapped[int] = mapped_column(Id64, ForeignKey("folders.id"))
    title: Mapped[str] = mapped_column(String(255), default="")
    description: Mapped[str] = mapped_column(Text, default="")
    width: Mapped[int] = mapped_column(default=0)
    height: Mapped[int] = mapped_column(default=0)
    status: Mapped[RecordStatus] = mapped_column(Code(RecordStatus), default=RecordStatus.ACTIVE)
    fingerprint: Mapped[str] = mapped_column(Text, default="")
    codec: Mapped[str] = mapped_column(String(50), default="")
    mode: Mapped[str] = mapped_column(String(20), default="")
    pages: Mapped[int] = mapped_column(default=1)
    is_animated: Mapped[bool] = mapped_column(default=False)
    orientation: Mapped[int] = mapped_column(default=1)
    has_alpha: Mapped[bool] = mapped_column(default=False)
    facts: Mapped[dict[str, Any] | None] = mapped_column()
    size_bytes: Mapped[int] = mapped_column(Id64, default=0)
    modified_ns: Mapped[int] = mapped_column(Id64, default=0)
    content_hash: Mapped[str | None] = mapped_column(String(128))
    last_seen: Mapped[datetime] = mapped_column(default=utc_now)


class ImageHistory(Base):
    """One line of an image's history; append-only, gone only when the image is purged. No user: the system."""

    __tablename__ = "image_history"
    __table_args__ = (Index(None, "image_id", "action"), KEEP_IDS)

    id: Mapped[BigKey]
    image_id: Mapped[int] = mapped_column(Id64, ForeignKey("images.id", ondelete="CASCADE"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    action: Mapped[ImageAction] = mapped_column(Code(ImageAction))
    info: Mapped[str] = mapped_column(Text, default="")
    time: Mapped[datetime] = mapped_column(default=utc_now, index=True)
