"""The history of images: append-only, kept until an image is purged (spec image-urls §10.4)."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from qis_core.catalog.models import Image, ImageAction, ImageHistory


@dataclass(frozen=True, slots=True)
class Cause:
    """Why an image changes: a user, or the system (None), and the words for its history; empty gives the usual ones."""

    user_id: int | None = None
    info: str = ""


def add_history(session: Session, image: Image, action: ImageAction, cause: Cause) -> None:
    """Append one entry to the history of *image*."""
    session.add(ImageHistory(image_id=image.id, user_id=cause.user_id, action=action, info=cause.info))


def list_history(session: Session, image_id: int) -> Sequence[ImageHistory]:
    """The whole history, oldest first."""
    return session.scalars(
        select(ImageHistory).where(ImageHistory.image_id == image_id).order_by(ImageHistory.id)
    ).all()
