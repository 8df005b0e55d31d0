"""Folders of the repository that were met at least once (spec management §2)."""

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from qis_core.catalog.models.base import KEEP_IDS, Base, BigKey, Code, Id64, RecordStatus
from qis_core.domain.paths import MAX_PATH_LENGTH


class Folder(Base):
    """A folder; ``path`` starts with a slash, the root is ``/`` and has no parent. Deleted softly."""

    __tablename__ = "folders"
    __table_args__ = (KEEP_IDS,)

    id: Mapped[BigKey]
    path: Mapped[str] = mapped_column(String(MAX_PATH_LENGTH + 1), unique=True)
    name: Mapped[str] = mapped_column(String(MAX_PATH_LENGTH))
    parent_id: Mapped[int | None] = mapped_column(Id64, ForeignKey("folders.id"), index=True)
    status: Mapped[RecordStatus] = mapped_column(Code(RecordStatus), default=RecordStatus.ACTIVE)
