"""Files that were moved behind our back keep their record: id, history, statistics (spec image-urls §10.3)."""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from qis_core.catalog.folders import ensure_folder
from qis_core.catalog.image_history import Cause, add_history
from qis_core.catalog.images import find_image
from qis_core.catalog.models import Image, ImageAction, RecordStatus, utc_now
from qis_core.domain.paths import RepositoryPath

#: How long ago the file may have been seen at its old path.
WINDOW = timedelta(days=1)
_MOST_CANDIDATES = 20


def adopt_moved(
    session: Session, path: RepositoryPath, content_hash: str | None, is_gone: Callable[[RepositoryPath], bool]
) -> RepositoryPath | None:
    """Give *path* the record of the file that was there before under another name, with history.

    That is a record of the same content, seen within `WINDOW`, whose own file *is_gone*. Returns the old path; None
    when there is no such record, or *path* has one already.
    """
    if find_image(session, path) is not None:
        return None
    for image in _candidates(session, content_hash):
        old = RepositoryPath.parse(image.src)
        if is_gone(old):
            return old if _move(session, image, path) else None
    return None


def _candidates(session: Session, content_hash: str | None) -> list[Image]:
    query = select(Image).where(Image.content_hash == content_hash, Image.last_seen >= utc_now() - WINDOW)
    query = query.order_by(Image.last_seen.desc()).limit(_MOST_CANDIDATES).with_for_update()
    return list(session.scalars(query.execution_options(populate_existing=True)))


def _move(session: Session, image: Image, path: RepositoryPath) -> bool:
    info = f"{image.src} → {path.src}"
    try:
        with session.begin_nested():
            image.src, image.folder_id = path.src, ensure_folder(session, path.parent).id
            image.status = RecordStatus.ACTIVE
            session.flush()
    except IntegrityError:  # another process registered the path at this moment
        return False
    add_history(session, image, ImageAction.MOVED, Cause(None, info))
    session.flush()
    return True
