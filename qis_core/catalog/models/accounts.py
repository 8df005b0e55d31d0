"""Users, groups, membership, flags and folder permissions (spec management §2)."""

from sqlalchemy import CheckConstraint, ForeignKey, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, validates

from qis_core.catalog.models.base import KEEP_IDS, Base, BigKey, Code, Id64, RecordStatus, SmallKey
from qis_core.domain.access import AccessLevel, SystemPermission
from qis_core.domain.accounts import MAX_NAME_KEY_LENGTH, AuthType, GroupType, name_key


class User(Base):
    """An account; deleted softly, its name stays taken. ``session_epoch`` moves when all its sessions must end."""

    __tablename__ = "users"
    __table_args__ = (CheckConstraint("password_hash <> ''", name="password_hash"), KEEP_IDS)

    id: Mapped[SmallKey]
    username: Mapped[str] = mapped_column(String(120))
    username_key: Mapped[str] = mapped_column(String(MAX_NAME_KEY_LENGTH), unique=True)
    first_name: Mapped[str] = mapped_column(String(120), default="")
    last_name: Mapped[str] = mapped_column(String(120), default="")
    email: Mapped[str] = mapped_column(String(120), default="")
    password_hash: Mapped[str] = mapped_column(Text)
    auth_type: Mapped[AuthType] = mapped_column(Code(AuthType), default=AuthType.LOCAL)
    allow_api: Mapped[bool] = mapped_column(default=False)
    must_change_password: Mapped[bool] = mapped_column(default=False)
    session_epoch: Mapped[int] = mapped_column(default=0)
    status: Mapped[RecordStatus] = mapped_column(Code(RecordStatus), default=RecordStatus.ACTIVE)

    @validates("username")
    def _keep_key(self, _key: str, username: str) -> str:
        self.username_key = name_key(username)
        return username


class Group(Base):
    """A set of users; deleted for real, with its flags, memberships and permissions."""

    __tablename__ = "groups"
    __table_args__ = (KEEP_IDS,)

    id: Mapped[SmallKey]
    name: Mapped[str] = mapped_column(String(120))
    name_key: Mapped[str] = mapped_column(String(MAX_NAME_KEY_LENGTH), unique=True)
    description: Mapped[str] = mapped_column(Text, default="")
    group_type: Mapped[GroupType] = mapped_column(Code(GroupType), default=GroupType.LOCAL)

    @validates("name")
    def _keep_key(self, _key: str, name: str) -> str:
        self.name_key = name_key(name)
        return name


class Membership(Base):
    """One user in one group; nobody is listed in Public."""

    __tablename__ = "memberships"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True, index=True)


class GroupPermissions(Base):
    """The seven flags of a group (§4.1); a group without a row has none."""

    __tablename__ = "system_permissions"

    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True)
    folios: Mapped[bool] = mapped_column(default=False)
    reports: Mapped[bool] = mapped_column(default=False)
    admin_users: Mapped[bool] = mapped_column(default=False)
    admin_files: Mapped[bool] = mapped_column(default=False)
    admin_folios: Mapped[bool] = mapped_column(default=False)
    admin_permissions: Mapped[bool] = mapped_column(default=False)
    admin_all: Mapped[bool] = mapped_column(default=False)

    @property
    def flags(self) -> SystemPermission:
        """The seven columns as one value."""
        result = SystemPermission.NONE
        for flag in SystemPermission:
            if getattr(self, str(flag.name).lower()):
                result |= flag
        return result

    @flags.setter
    def flags(self, value: SystemPermission) -> None:
        for flag in SystemPermission:
            setattr(self, str(flag.name).lower(), flag in value)


class FolderPermission(Base):
    """What one group may do in a folder and below, until a record lower down says otherwise."""

    __tablename__ = "folder_permissions"
    __table_args__ = (UniqueConstraint("folder_id", "group_id"), KEEP_IDS)

    id: Mapped[BigKey]
    folder_id: Mapped[int] = mapped_column(Id64, ForeignKey("folders.id", ondelete="CASCADE"))
    group_id: Mapped[int] = mapped_column(Integer, ForeignKey("groups.id", ondelete="CASCADE"), index=True)
    access: Mapped[AccessLevel] = mapped_column(Code(AccessLevel))
