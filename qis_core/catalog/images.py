"""Image records: register what appears, changes, vanishes or returns (spec image-urls §10.3)."""

import dataclasses
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from qis_core.catalog._insert import insert_or_find
from qis_core.catalog.folders import ensure_folder
from qis_core.catalog.image_history import Cause, add_history
from qis_core.catalog.models import Image, ImageAction, RecordStatus, utc_now
from qis_core.contracts.storage import FileStat
from qis_core.domain.images import Fingerprint, ImageFacts, Size, SourceFacts
from qis_core.domain.paths import RepositoryPath


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What was read of a file: its stat, and the facts of its header, or None when it is no image we can decode."""

    stat: FileStat
    facts: ImageFacts | None
    content_hash: str | None = None


@dataclass(frozen=True, slots=True)
class Registration:
    """A record and what `register_image` did to it; ``action`` None: it was up to date."""

    image: Image
    action: ImageAction | None


def find_image(session: Session, path: RepositoryPath) -> Image | None:
    """The record of *path*, deleted or not."""
    return session.scalar(select(Image).where(Image.src == path.src))


def lock_image(session: Session, path: RepositoryPath) -> Image | None:
    """`find_image` as it is now; others who want to lock or change it wait for the end of this transaction."""
    query = select(Image).where(Image.src == path.src).with_for_update()
    return session.scalar(query.execution_options(populate_existing=True))


def register_image(
    session: Session, path: RepositoryPath, file: FileRecord, cause: Cause | None = None
) -> Registration:
    """Bring the record of *path* in step with its file: create, reactivate or refresh it, with history.

    Several processes may do it at once: one makes the record, the others get the same. Folders above are made or
    reactivated. A record whose fingerprint is the file's stays as it is.
    """
    image = lock_image(session, path)
    if image is None:
        image, is_new = _insert(session, path, file)
        if is_new:
            return _registered(session, image, ImageAction.CREATED, cause or Cause(None, f"found on disk: {path}"))
    if image.status is RecordStatus.DELETED:
        ensure_folder(session, path.parent)
        _apply(image, file)
        return _registered(session, image, ImageAction.CREATED, cause or Cause(None, f"found on disk: {path}"))
    if image.fingerprint != file.stat.fingerprint.text:
        _apply(image, file)
        return _registered(session, image, ImageAction.REPLACED, cause or Cause(None, f"file changed: {path}"))
    return Registration(image, None)


def refresh_facts(session: Session, image: Image, file: FileRecord) -> None:
    """Store facts read again from the same bytes, without history (a better codec, a repaired record)."""
    _apply(image, file)
    session.flush()


def mark_image_deleted(session: Session, path: RepositoryPath, cause: Cause | None = None) -> bool:
    """Mark the active record of *path* deleted, with history; False when there is none (any more)."""
    image = lock_image(session, path)
    if image is None or image.status is RecordStatus.DELETED:
        return False
    image.status = RecordStatus.DELETED
    _registered(session, image, ImageAction.DELETED, cause or Cause(None, f"file missing: {path}"))
    return True


def source_facts(image: Image) -> SourceFacts | None:
    """The record as plans need it, or None when the file is no image we can decode."""
    if image.facts is None:
        return None
    return SourceFacts(
        image_id=image.id,
        src=image.src,
        fingerprint=Fingerprint(image.fingerprint),
        size=Size(image.width, image.height),
        image=facts_from_json(image.facts),
        size_bytes=image.size_bytes,
        modified_ns=image.modified_ns,
    )


def facts_to_json(facts: ImageFacts) -> dict[str, Any]:
    """*facts* as they are stored."""
    return dataclasses.asdict(facts)


def facts_from_json(stored: dict[str, Any]) -> ImageFacts:
    """Undo `facts_to_json`; fields of other versions are left out, missing ones get their defaults."""
    names = {field.name for field in dataclasses.fields(ImageFacts)}
    values: dict[str, Any] = {name: value for name, value in stored.items() if name in names}
    for name, value in values.items():
        if isinstance(value, list):
            values[name] = tuple(value)
    pages = tuple(Size(*size) for size in values.get("page_sizes", ()))
    return ImageFacts(**{**values, "size": Size(*values["size"]), "page_sizes": pages})


def _insert(session: Session, path: RepositoryPath, file: FileRecord) -> tuple[Image, bool]:
    image = Image(src=path.src, folder_id=ensure_folder(session, path.parent).id)
    _apply(image, file)
    return insert_or_find(session, image, lambda: lock_image(session, path))


def _apply(image: Image, file: FileRecord) -> None:
    facts = file.facts
    width, height = facts.size if facts else (0, 0)
    image.width, image.height = (height, width) if facts and facts.is_sideways else (width, height)
    image.codec = facts.codec if facts else ""
    image.mode = facts.mode if facts else ""
    image.pages = facts.pages if facts else 1
    image.is_animated = bool(facts and facts.is_animated)
    image.orientation = facts.orientation if facts else 1
    image.has_alpha = bool(facts and facts.has_alpha)
    image.facts = facts_to_json(facts) if facts else None
    image.fingerprint = file.stat.fingerprint.text
    image.size_bytes = file.stat.size_bytes
    image.modified_ns = file.stat.modified_ns
    image.content_hash = file.content_hash
    image.status = RecordStatus.ACTIVE
    image.last_seen = utc_now()


def _registered(session: Session, image: Image, action: ImageAction, cause: Cause) -> Registration:
    session.flush()
    add_history(session, image, action, cause)
    session.flush()
    return Registration(image, action)
