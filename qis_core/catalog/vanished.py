"""Folders that vanished behind our back take all that was below them along (spec image-urls §10.3)."""

from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, insert, literal, or_, select, update
from sqlalchemy.orm import Session

from qis_core.catalog.models import Folder, Image, ImageAction, ImageHistory, RecordStatus, utc_now
from qis_core.domain.paths import RepositoryPath

_INFO = "containing folder deleted"


def mark_tree_deleted(session: Session, folder: RepositoryPath) -> int:
    """Mark *folder*, its sub-folders and their images deleted, each image with history; how many images that were.

    A few statements whatever the size of the tree. The root folder always exists and is never marked.
    """
    if folder.is_root:
        return 0
    below = select(Folder.id).where(_within(folder))
    active = (Image.folder_id.in_(below), Image.status == RecordStatus.ACTIVE)
    entries = select(
        Image.id,
        literal(ImageAction.DELETED, ImageHistory.action.type),
        literal(_INFO),
        literal(utc_now(), ImageHistory.time.type),
    ).where(*active)
    session.execute(insert(ImageHistory).from_select(["image_id", "action", "info", "time"], entries))
    marked = session.execute(update(Image).where(*active).values(status=RecordStatus.DELETED))
    session.execute(update(Folder).where(_within(folder)).values(status=RecordStatus.DELETED))
    return cast(CursorResult[Any], marked).rowcount


def _within(folder: RepositoryPath) -> ColumnElement[bool]:
    path = folder.folder_path
    return or_(Folder.path == path, Folder.path.startswith(f"{path}/", autoescape=True))
