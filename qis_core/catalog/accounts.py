"""Users and groups: find them, list them, and everything needed to decide rights, by one query each."""

from collections.abc import Mapping, Sequence

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from qis_core.catalog._insert import insert_or_find
from qis_core.catalog.models import Group, GroupPermissions, Membership, RecordStatus, User
from qis_core.domain.access import PUBLIC_GROUP_ID, Identity, SystemPermission, union_of
from qis_core.domain.accounts import AuthType, GroupAccount, UserAccount, name_key


def find_user(session: Session, username: str) -> User | None:
    """The user of that name, ignoring case, deleted or not."""
    return session.scalar(select(User).where(User.username_key == name_key(username)))


def list_users(session: Session) -> Sequence[User]:
    """All users, deleted ones too, by name."""
    return session.scalars(select(User).order_by(User.username_key)).all()


def find_group(session: Session, name: str) -> Group | None:
    """The group of that name, ignoring case."""
    return session.scalar(select(Group).where(Group.name_key == name_key(name)))


def list_groups(session: Session) -> Sequence[GroupAccount]:
    """All groups with their flags, by name."""
    query = select(Group, GroupPermissions).outerjoin(GroupPermissions, GroupPermissions.group_id == Group.id)
    return [group_account(row[0], row[1]) for row in session.execute(query.order_by(Group.name_key))]


def set_flags(session: Session, group: Group, flags: SystemPermission) -> None:
    """Give *group* exactly *flags*."""
    fresh = GroupPermissions(group_id=group.id, flags=flags)
    record, is_new = insert_or_find(session, fresh, lambda: session.get(GroupPermissions, group.id))
    if not is_new:
        record.flags = flags
    session.flush()


def add_member(session: Session, user: User, group: Group) -> bool:
    """Make *user* a member; False when they were."""
    pair = (user.id, group.id)
    record = Membership(user_id=user.id, group_id=group.id)
    return insert_or_find(session, record, lambda: session.get(Membership, pair))[1]


def remove_member(session: Session, user: User, group: Group) -> bool:
    """End the membership; False when there was none."""
    pair = (Membership.user_id == user.id, Membership.group_id == group.id)
    return session.scalar(delete(Membership).where(*pair).returning(Membership.user_id)) is not None


def list_members(session: Session, group: Group) -> Sequence[User]:
    """The users in *group*, deleted ones too, by name."""
    query = select(User).join(Membership, Membership.user_id == User.id).where(Membership.group_id == group.id)
    return session.scalars(query.order_by(User.username_key)).all()


def list_groups_of(session: Session, user: User) -> Sequence[GroupAccount]:
    """The groups *user* belongs to, by name; never Public."""
    mine = set(session.scalars(select(Membership.group_id).where(Membership.user_id == user.id)))
    return [group for group in list_groups(session) if group.id in mine]


def load_identities(session: Session, groups: Sequence[GroupAccount]) -> Mapping[int, Identity]:
    """Every active user as a caller, by id."""
    flags = {group.id: group.permissions for group in groups}
    memberships: dict[int, set[int]] = {}
    for membership in session.execute(select(Membership.user_id, Membership.group_id)):
        memberships.setdefault(membership.user_id, set()).add(membership.group_id)
    users = session.execute(select(User.id, User.username).where(User.status == RecordStatus.ACTIVE))
    return {user.id: _identity(user.id, user.username, memberships.get(user.id, set()), flags) for user in users}


def find_password_hash(session: Session, username: str) -> str | None:
    """The hash of an active user whose password is kept here."""
    user = find_user(session, username)
    if user is None or user.status is RecordStatus.DELETED or user.auth_type is not AuthType.LOCAL:
        return None
    return user.password_hash


def replace_password_hash(session: Session, username: str, old_hash: str, new_hash: str) -> None:
    """Store *new_hash* of the same password, unless the password was changed meanwhile."""
    same = (User.username_key == name_key(username), User.password_hash == old_hash)
    session.execute(update(User).where(*same).values(password_hash=new_hash))


def user_account(user: User) -> UserAccount:
    """The record as a value."""
    return UserAccount(
        id=user.id,
        username=user.username,
        first_name=user.first_name,
        last_name=user.last_name,
        email=user.email,
        auth_type=user.auth_type,
        allow_api=user.allow_api,
        is_active=user.status is RecordStatus.ACTIVE,
        must_change_password=user.must_change_password,
    )


def group_account(group: Group, flags: GroupPermissions | None) -> GroupAccount:
    """The two records as one value."""
    return GroupAccount(
        id=group.id,
        name=group.name,
        description=group.description,
        group_type=group.group_type,
        permissions=flags.flags if flags else SystemPermission.NONE,
    )


def _identity(user_id: int, username: str, group_ids: set[int], flags: Mapping[int, SystemPermission]) -> Identity:
    mine = frozenset(group_ids - {PUBLIC_GROUP_ID})
    permissions = union_of(flags.get(group_id, SystemPermission.NONE) for group_id in mine)
    return Identity(user_id, username, mine, permissions)
