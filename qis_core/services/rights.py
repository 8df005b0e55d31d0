"""Rights in memory: the whole rule set as one immutable snapshot (spec management §4)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from qis_core.catalog.accounts import list_groups, load_identities
from qis_core.catalog.audit import Actor, add_audit
from qis_core.catalog.database import Catalog
from qis_core.catalog.folders import ensure_folder, find_folder
from qis_core.catalog.models import Group
from qis_core.catalog.permissions import load_rules, remove_permission, set_permission
from qis_core.catalog.properties import Counter
from qis_core.domain.access import (
    ANONYMOUS,
    AccessLevel,
    AccessTrace,
    FolderRules,
    Identity,
    SystemPermission,
    access_level,
    nearest_rule,
    trace_access,
)
from qis_core.domain.accounts import SYSTEM_GROUP_IDS, GroupAccount
from qis_core.domain.paths import RepositoryPath
from qis_core.errors import AccessDenied, InvalidRequest, NotFound
from qis_core.services.changes import Changes

_MAX_REMEMBERED = 50_000

#: True refuses what the rules allow; None or False is no opinion (hook ``qis_veto``)
Veto = Callable[[Identity, AccessLevel, RepositoryPath], bool | None]


@dataclass(frozen=True, slots=True)
class _Snapshot:
    rules: FolderRules
    groups: Mapping[int, GroupAccount]
    identities: Mapping[int, Identity]
    remembered: dict[tuple[Identity, RepositoryPath], AccessLevel] = field(default_factory=dict)


class Rights:
    """Answers from memory, without SQL and without locks; a change in any process is seen within a second.

    Safe to use from many threads. A folder need not exist: the nearest ancestor with a record decides.
    """

    def __init__(self, catalog: Catalog, changes: Changes, *, veto: Veto | None = None) -> None:
        self._catalog = catalog
        self._changes = changes
        self._veto = veto
        changes.subscribe((Counter.ACCOUNTS, Counter.FOLDER_PERMISSIONS), self.reload)
        self.reload()

    def reload(self) -> None:
        """Read everything again, by one query each, and put it in place at once."""
        with self._catalog.read() as session:
            groups = list_groups(session)
            self._snapshot = _Snapshot(
                load_rules(session), {group.id: group for group in groups}, load_identities(session, groups)
            )

    def level(self, identity: Identity, folder: RepositoryPath) -> AccessLevel:
        """What *identity* may do in *folder*."""
        snapshot = self._snapshot
        key = (identity, folder)
        known = snapshot.remembered.get(key)
        if known is None:
            if len(snapshot.remembered) >= _MAX_REMEMBERED:
                snapshot.remembered.clear()
            known = snapshot.remembered[key] = access_level(identity, folder, snapshot.rules)
        return known

    def group_level(self, group_id: int, folder: RepositoryPath) -> AccessLevel:
        """What the rules give one group in *folder*, by itself."""
        return nearest_rule(group_id, folder, self._snapshot.rules).level

    def can(self, identity: Identity, folder: RepositoryPath, level: AccessLevel) -> bool:
        """Whether *identity* has *level* in *folder*, and no plugin vetoes it."""
        if self.level(identity, folder) < level:
            return False
        return self._veto is None or not self._veto(identity, level, folder)

    def require(self, identity: Identity, folder: RepositoryPath, level: AccessLevel) -> None:
        """Raise `AccessDenied` unless *identity* `can`; the text is the same whether *folder* exists or not."""
        if not self.can(identity, folder, level):
            raise AccessDenied("access denied")

    def public_can(self, folder: RepositoryPath, level: AccessLevel) -> bool:
        """Whether everybody has *level* in *folder*: only then may shared caches keep what is in it."""
        return self.can(ANONYMOUS, folder, level)

    def require_permission(self, identity: Identity, permission: SystemPermission) -> None:
        """Raise `AccessDenied` unless *identity* has the flag, or is a super user."""
        if identity.is_anonymous or not identity.permissions & (permission | SystemPermission.ADMIN_ALL):
            raise AccessDenied("access denied")

    def trace(self, identity: Identity, folder: RepositoryPath) -> AccessTrace:
        """Why `level` says what it says: the record used for each group, and where it was found."""
        return trace_access(identity, folder, self._snapshot.rules)

    def find_identity(self, user_id: int) -> Identity | None:
        """The caller that an active user is, with groups and flags as they are now."""
        return self._snapshot.identities.get(user_id)

    def groups(self) -> Mapping[int, GroupAccount]:
        """All groups by id."""
        return self._snapshot.groups

    def rules(self) -> FolderRules:
        """All folder permission records."""
        return self._snapshot.rules

    def set_rule(self, actor: Actor, folder: RepositoryPath, group_id: int, level: AccessLevel) -> None:
        """Give one group *level* in *folder* and below; the folder gets a record if it has none.

        Raises `NotFound` for an unknown group.
        """
        with self._catalog.begin() as session:
            group = _get_group(session, group_id)
            set_permission(session, ensure_folder(session, folder), group_id, level)
            self._record(session, actor, "set_permission", (folder, f"{group.name}: {level.name} ({level})"))

    def remove_rule(self, actor: Actor, folder: RepositoryPath, group_id: int) -> None:
        """Remove the record of one group from *folder* itself, so that it inherits.

        Raises `NotFound` when there is none, `InvalidRequest` for the records that give system groups their default.
        """
        if folder.is_root and group_id in SYSTEM_GROUP_IDS:
            raise InvalidRequest("the root record of a system group cannot be removed", parameter="group")
        with self._catalog.begin() as session:
            group = _get_group(session, group_id)
            record = find_folder(session, folder)
            if record is None or not remove_permission(session, record, group_id):
                raise NotFound(f"group {group.name!r} has no permission record in {folder.folder_path!r}")
            self._record(session, actor, "remove_permission", (folder, group.name))

    def _record(self, session: Session, actor: Actor, action: str, what: tuple[RepositoryPath, str]) -> None:
        folder, info = what
        add_audit(session, actor, action, f"permission:{folder.folder_path}", info)
        self._changes.touch(session, Counter.FOLDER_PERMISSIONS)


def _get_group(session: Session, group_id: int) -> Group:
    group = session.get(Group, group_id)
    if group is None:
        raise NotFound(f"there is no group {group_id}")
    return group
