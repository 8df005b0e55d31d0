"""Groups: make, change, fill, delete, without anybody locking themselves or the first user out (spec management §3)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from qis_core.catalog import accounts as queries
from qis_core.catalog.audit import Actor, add_audit
from qis_core.catalog.database import Catalog
from qis_core.catalog.models import Group, User
from qis_core.catalog.properties import Counter
from qis_core.domain.access import PUBLIC_GROUP_ID, SystemPermission
from qis_core.domain.accounts import (
    MAX_DESCRIPTION_LENGTH,
    SUPER_USER_ID,
    GroupAccount,
    GroupChanges,
    GroupType,
    UserAccount,
    check_name,
    check_text,
)
from qis_core.errors import Conflict, InvalidRequest, NotFound
from qis_core.services.changes import Changes

_MOVED_BY_RIGHTS = (Counter.ACCOUNTS, Counter.FOLDER_PERMISSIONS, Counter.PORTFOLIO_PERMISSIONS)
_KEPT_BY_FIRST_USER = (SystemPermission.ADMIN_USERS, SystemPermission.ADMIN_PERMISSIONS)


class Groups:
    """The groups of the installation. Safe to use from many threads.

    Changes are refused with `InvalidRequest` when the actor would lose user administration by them, or user 1 user or
    permissions administration.
    """

    def __init__(self, catalog: Catalog, changes: Changes) -> None:
        self._catalog = catalog
        self._changes = changes

    def list(self) -> Sequence[GroupAccount]:
        """All groups, by name."""
        with self._catalog.read() as session:
            return queries.list_groups(session)

    def get(self, name: str) -> GroupAccount:
        """The group of that name, ignoring case; raises `NotFound`."""
        with self._catalog.read() as session:
            return _account(session, _get_group(session, name))

    def members(self, name: str) -> Sequence[UserAccount]:
        """The users in a group, closed accounts too, by name."""
        with self._catalog.read() as session:
            group = _get_group(session, name)
            return [queries.user_account(user) for user in queries.list_members(session, group)]

    def of_user(self, username: str) -> Sequence[GroupAccount]:
        """The groups a user belongs to, by name; Public is never among them."""
        with self._catalog.read() as session:
            return queries.list_groups_of(session, _get_user(session, username))

    def add(self, actor: Actor, changes: GroupChanges) -> GroupAccount:
        """Make a local group; raises `Conflict` for a name that is taken."""
        with self._changing(actor) as session:
            group = Group(name=check_name(changes.name or "", parameter="name"), description="")
            _apply(group, changes)
            session.add(group)
            session.flush()
            queries.set_flags(session, group, changes.permissions or SystemPermission.NONE)
            self._record(session, actor, ("create", group, ""))
            return _account(session, group)

    def edit(self, actor: Actor, name: str, changes: GroupChanges) -> GroupAccount:
        """Change what *changes* names; a system group keeps its name."""
        with self._changing(actor) as session:
            group = _get_group(session, name)
            if changes.name is not None:
                _require_local(group, "renamed")
            _apply(group, changes)
            if changes.permissions is not None:
                queries.set_flags(session, group, changes.permissions)
            self._record(session, actor, ("edit", group, ""))
            return _account(session, group)

    def delete(self, actor: Actor, name: str) -> None:
        """Remove a local group with its flags, memberships and permissions."""
        with self._changing(actor) as session:
            group = _get_group(session, name)
            _require_local(group, "deleted")
            session.delete(group)
            session.flush()
            self._record(session, actor, ("delete", group, ""))

    def add_member(self, actor: Actor, name: str, username: str) -> None:
        """Put a user into a group; nothing happens when they are in it."""
        with self._changing(actor) as session:
            group, user = _get_group(session, name), _get_user(session, username)
            if group.id == PUBLIC_GROUP_ID:
                raise InvalidRequest("everybody belongs to Public; it has no members", parameter="group")
            if queries.add_member(session, user, group):
                self._record(session, actor, ("add_member", group, user.username))

    def remove_member(self, actor: Actor, name: str, username: str) -> None:
        """Take a user out of a group; nothing happens when they are not in it."""
        with self._changing(actor) as session:
            group, user = _get_group(session, name), _get_user(session, username)
            if queries.remove_member(session, user, group):
                self._record(session, actor, ("remove_member", group, user.username))

    @contextmanager
    def _changing(self, actor: Actor) -> Iterator[Session]:
        """A transaction that ends well only when nobody locked out themselves or the first user."""
        try:
            with self._catalog.begin() as session:
                before = _flags_of(session, actor.user_id)
                yield session
                session.flush()
                _check_first_user(session)
                if _has(before, SystemPermission.ADMIN_USERS):
                    _check_actor(session, actor)
        except IntegrityError:
            raise Conflict("name: this group name is taken") from None

    def _record(self, session: Session, actor: Actor, what: tuple[str, Group, str]) -> None:
        action, group, member = what
        add_audit(session, actor, action, f"group:{group.id}", f"{group.name}: {member}" if member else group.name)
        self._changes.touch(session, *_MOVED_BY_RIGHTS)


def _apply(group: Group, changes: GroupChanges) -> None:
    if changes.name is not None:
        group.name = check_name(changes.name, parameter="name")
    if changes.description is not None:
        group.description = check_text(changes.description, parameter="description", max_length=MAX_DESCRIPTION_LENGTH)


def _require_local(group: Group, what: str) -> None:
    if group.group_type is not GroupType.LOCAL:
        raise InvalidRequest(f"group {group.name!r} belongs to the system and cannot be {what}", parameter="group")


def _account(session: Session, group: Group) -> GroupAccount:
    return next(one for one in queries.list_groups(session) if one.id == group.id)


def _get_group(session: Session, name: str) -> Group:
    group = queries.find_group(session, name.strip())
    if group is None:
        raise NotFound(f"there is no group {name!r}")
    return group


def _get_user(session: Session, username: str) -> User:
    user = queries.find_user(session, username.strip())
    if user is None:
        raise NotFound(f"there is no user {username!r}")
    return user


def _flags_of(session: Session, user_id: int | None) -> SystemPermission:
    identities = queries.load_identities(session, queries.list_groups(session))
    identity = identities.get(user_id) if user_id is not None else None
    return identity.permissions if identity else SystemPermission.NONE


def _has(flags: SystemPermission, flag: SystemPermission) -> bool:
    return bool(flags & (flag | SystemPermission.ADMIN_ALL))


def _check_first_user(session: Session) -> None:
    flags = _flags_of(session, SUPER_USER_ID)
    if not all(_has(flags, kept) for kept in _KEPT_BY_FIRST_USER):
        raise InvalidRequest("the first user must keep user and permissions administration")


def _check_actor(session: Session, actor: Actor) -> None:
    if not _has(_flags_of(session, actor.user_id), SystemPermission.ADMIN_USERS):
        raise InvalidRequest("you cannot take user administration from yourself")
