"""Users and groups as values: codes, limits and the rules that need no database (spec management §3)."""

import unicodedata
from dataclasses import dataclass
from enum import IntEnum

from qis_core.domain.access import (
    ADMINISTRATORS_GROUP_ID,
    NORMAL_USERS_GROUP_ID,
    PUBLIC_GROUP_ID,
    SystemPermission,
)
from qis_core.errors import InvalidRequest

SUPER_USER_ID = 1
SYSTEM_GROUP_IDS = frozenset({PUBLIC_GROUP_ID, NORMAL_USERS_GROUP_ID, ADMINISTRATORS_GROUP_ID})

MAX_NAME_LENGTH = 120
MAX_NAME_KEY_LENGTH = 480
MAX_DESCRIPTION_LENGTH = 5120
MIN_PASSWORD_LENGTH = 8
MAX_PASSWORD_LENGTH = 120


class AuthType(IntEnum):
    """Who checks a user's password."""

    LOCAL = 1
    LDAP = 2


class GroupType(IntEnum):
    """Who looks after a group; LDAP is reserved."""

    SYSTEM = 1
    LOCAL = 2
    LDAP = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class UserAccount:
    """A user as others may see it: everything but the password."""

    id: int
    username: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    auth_type: AuthType = AuthType.LOCAL
    allow_api: bool = False
    is_active: bool = True
    must_change_password: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupAccount:
    """A group with the flags its members have."""

    id: int
    name: str
    description: str = ""
    group_type: GroupType = GroupType.LOCAL
    permissions: SystemPermission = SystemPermission.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    """What a new account is made of; ``password`` is None for users whose directory checks it."""

    username: str
    password: str | None = None
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    auth_type: AuthType = AuthType.LOCAL
    allow_api: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UserChanges:
    """What to change of an account; None leaves a field as it is."""

    username: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    allow_api: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupChanges:
    """What to change of a group; None leaves a field as it is."""

    name: str | None = None
    description: str | None = None
    permissions: SystemPermission | None = None


def name_key(name: str) -> str:
    """What two names share when they differ only in case or in Unicode composition; names are unique by this."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def check_name(name: str, *, parameter: str) -> str:
    """*name* without spaces around it; raises `InvalidRequest` unless it has 1 to 120 printable characters."""
    trimmed = name.strip()
    if not 1 <= len(trimmed) <= MAX_NAME_LENGTH:
        raise InvalidRequest(f"{len(trimmed)} characters, expected 1 to {MAX_NAME_LENGTH}", parameter=parameter)
    if not trimmed.isprintable():
        raise InvalidRequest("control characters are not allowed in a name", parameter=parameter)
    if len(name_key(trimmed)) > MAX_NAME_KEY_LENGTH:
        raise InvalidRequest("too many ligatures: too long when written in single letters", parameter=parameter)
    return trimmed


def check_text(text: str, *, parameter: str, max_length: int = MAX_NAME_LENGTH) -> str:
    """*text* as it is; raises `InvalidRequest` when it is longer than *max_length* characters."""
    if len(text) > max_length:
        raise InvalidRequest(f"{len(text)} characters, expected at most {max_length}", parameter=parameter)
    return text


def check_password(password: str, *, parameter: str = "password") -> str:
    """*password* as it is; raises `InvalidRequest` unless it has 8 to 120 characters. The text is never repeated."""
    if not MIN_PASSWORD_LENGTH <= len(password) <= MAX_PASSWORD_LENGTH:
        expected = f"expected {MIN_PASSWORD_LENGTH} to {MAX_PASSWORD_LENGTH} characters"
        raise InvalidRequest(f"{len(password)} characters, {expected}", parameter=parameter)
    return password
