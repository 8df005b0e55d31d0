"""Folder records: find, create with all their parents, mark deleted."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from qis_core.catalog._insert import insert_or_find
from qis_core.catalog.models import Folder, RecordStatus
from qis_core.domain.paths import ROOT, RepositoryPath


def find_folder(session: Session, path: RepositoryPath) -> Folder | None:
    """The record of *path*, deleted or not."""
    return session.scalar(select(Folder).where(Folder.path == path.folder_path))


def find_lineage(session: Session, path: RepositoryPath) -> Sequence[Folder]:
    """The records of *path* and its parents, by one query, the nearest first; missing ones are left out."""
    paths = [folder.folder_path for folder in path.lineage()]
    records = session.scalars(select(Folder).where(Folder.path.in_(paths))).all()
    return sorted(records, key=lambda record: len(record.path), reverse=True)


def list_subfolders(session: Session, folder: Folder) -> Sequence[Folder]:
    """Active folders directly in *folder*, by name."""
    query = select(Folder).where(Folder.parent_id == folder.id, Folder.status == RecordStatus.ACTIVE)
    return session.scalars(query.order_by(Folder.name)).all()


def ensure_folder(session: Session, path: RepositoryPath) -> Folder:
    """The active record of *path*, made or reactivated together with its parents where needed.

    Several processes may do it at once: each folder gets one record.
    """
    known = {record.path: record for record in find_lineage(session, path)}
    parent: Folder | None = None
    for folder in reversed(tuple(path.lineage())):
        parent = known.get(folder.folder_path) or _make(session, folder, parent)
        parent.status = RecordStatus.ACTIVE
    return parent if parent is not None else _make(session, ROOT, None)


def mark_folder_deleted(session: Session, folder: Folder) -> None:
    """Mark the record itself; what lies below is marked by a task."""
    folder.status = RecordStatus.DELETED
    session.flush()


def _make(session: Session, path: RepositoryPath, parent: Folder | None) -> Folder:
    record = Folder(path=path.folder_path, name=path.name, parent_id=parent.id if parent else None)
    return insert_or_find(session, record, lambda: find_folder(session, path))[0]
