"""Folder permission records (spec management §4)."""

from collections.abc import Mapping

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from qis_core.catalog._insert import insert_or_find
from qis_core.catalog.models import Folder, FolderPermission
from qis_core.domain.access import AccessLevel
from qis_core.domain.paths import RepositoryPath


def load_rules(session: Session) -> Mapping[RepositoryPath, Mapping[int, AccessLevel]]:
    """Every record by one query. Those of deleted folders count: a closed folder stays closed while it is away."""
    columns = select(Folder.path, FolderPermission.group_id, FolderPermission.access)
    rules: dict[RepositoryPath, dict[int, AccessLevel]] = {}
    for row in session.execute(columns.join(Folder, Folder.id == FolderPermission.folder_id)):
        rules.setdefault(RepositoryPath.parse(row.path), {})[row.group_id] = row.access
    return rules


def find_permission(session: Session, folder: Folder, group_id: int) -> FolderPermission | None:
    """The record of one group in one folder itself."""
    query = select(FolderPermission).where(FolderPermission.folder_id == folder.id)
    return session.scalar(query.where(FolderPermission.group_id == group_id))


def set_permission(session: Session, folder: Folder, group_id: int, level: AccessLevel) -> FolderPermission:
    """One record for the pair, new or changed."""
    fresh = FolderPermission(folder_id=folder.id, group_id=group_id, access=level)
    record, is_new = insert_or_find(session, fresh, lambda: find_permission(session, folder, group_id))
    if not is_new:
        record.access = level
    session.flush()
    return record


def remove_permission(session: Session, folder: Folder, group_id: int) -> bool:
    """Delete the record; False when there was none."""
    pair = (FolderPermission.folder_id == folder.id, FolderPermission.group_id == group_id)
    return session.scalar(delete(FolderPermission).where(*pair).returning(FolderPermission.id)) is not None
