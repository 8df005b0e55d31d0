"""Who may do what: levels, flags and the one function that decides (spec management §4)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Flag, IntEnum

from qis_core.domain.paths import RepositoryPath

PUBLIC_GROUP_ID = 1
NORMAL_USERS_GROUP_ID = 2
ADMINISTRATORS_GROUP_ID = 3


class AccessLevel(IntEnum):
    """What a caller may do in a folder; each level includes those below it."""

    NONE = 0
    VIEW = 10
    DOWNLOAD = 20
    EDIT = 30
    UPLOAD = 40
    DELETE = 50
    CREATE_FOLDER = 60
    DELETE_FOLDER = 70


class SystemPermission(Flag):
    """The seven flags of a group; a user has the union over all their groups."""

    NONE = 0
    FOLIOS = 1
    REPORTS = 2
    ADMIN_USERS = 4
    ADMIN_FILES = 8
    ADMIN_FOLIOS = 16
    ADMIN_PERMISSIONS = 32
    ADMIN_ALL = 64


@dataclass(frozen=True, slots=True)
class Identity:
    """A caller. ``user_id`` None is anonymous; ``group_ids`` never lists Public, which everybody belongs to."""

    user_id: int | None = None
    username: str = ""
    group_ids: frozenset[int] = frozenset()
    permissions: SystemPermission = SystemPermission.NONE

    @property
    def is_anonymous(self) -> bool:
        return self.user_id is None


ANONYMOUS = Identity()

#: folder → group id → level: the folder permission records
FolderRules = Mapping[RepositoryPath, Mapping[int, AccessLevel]]


@dataclass(frozen=True, slots=True)
class RuleUsed:
    """One line of a trace: the record that decided for one group, and where it was found (None: no record)."""

    group_id: int
    level: AccessLevel
    folder: RepositoryPath | None


@dataclass(frozen=True, slots=True)
class AccessTrace:
    """Why a caller has a level: what the administrator's "trace" shows, and what `access_level` returns the end of."""

    folder: RepositoryPath
    level: AccessLevel
    rules: tuple[RuleUsed, ...] = field(default=())
    override: SystemPermission | None = None


def trace_access(identity: Identity, folder: RepositoryPath, rules: FolderRules) -> AccessTrace:
    """Decide the level of *identity* in *folder*, and say how (spec management §4.3).

    For each group the nearest folder that names it decides, and the best group wins. File administrators and super
    users have every level everywhere; anonymous callers never have system permissions.
    """
    groups = sorted(identity.group_ids | {PUBLIC_GROUP_ID})
    used = tuple(nearest_rule(group, folder, rules) for group in groups)
    if not identity.is_anonymous:
        for flag in (SystemPermission.ADMIN_FILES, SystemPermission.ADMIN_ALL):
            if flag in identity.permissions:
                return AccessTrace(folder, AccessLevel.DELETE_FOLDER, used, flag)
    return AccessTrace(folder, max(rule.level for rule in used), used)


def access_level(identity: Identity, folder: RepositoryPath, rules: FolderRules) -> AccessLevel:
    """The level of *identity* in *folder*: `trace_access` without the story."""
    return trace_access(identity, folder, rules).level


def union_of(permissions: Iterable[SystemPermission]) -> SystemPermission:
    """The flags that any of *permissions* has."""
    result = SystemPermission.NONE
    for permission in permissions:
        result |= permission
    return result


def nearest_rule(group_id: int, folder: RepositoryPath, rules: FolderRules) -> RuleUsed:
    """The record that decides for one group: of *folder* itself, else of its nearest ancestor that has one."""
    for ancestor in folder.lineage():
        level = rules.get(ancestor, {}).get(group_id)
        if level is not None:
            return RuleUsed(group_id, level, ancestor)
    return RuleUsed(group_id, AccessLevel.NONE, None)
