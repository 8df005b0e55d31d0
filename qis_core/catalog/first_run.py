"""What a new installation starts with (spec management §3, §13)."""

import secrets
import string
import uuid
from collections.abc import Callable

from sqlalchemy.orm import Session

from qis_core.catalog import schema
from qis_core.catalog._sequences import skip_used_ids
from qis_core.catalog.database import Catalog
from qis_core.catalog.models import (
    Folder,
    FolderPermission,
    Group,
    GroupPermissions,
    Membership,
    Property,
    Template,
    User,
)
from qis_core.catalog.models.properties import DEFAULT_TEMPLATE, INSTALLATION_ID
from qis_core.catalog.properties import Counter, find_property
from qis_core.domain.access import (
    ADMINISTRATORS_GROUP_ID,
    NORMAL_USERS_GROUP_ID,
    PUBLIC_GROUP_ID,
    AccessLevel,
    SystemPermission,
    union_of,
)
from qis_core.domain.accounts import SUPER_USER_ID, GroupType, check_password
from qis_core.errors import InvalidRequest, SettingsError

ROOT_FOLDER_ID = 1
_GENERATED_LENGTH = 16
_WEEK_SECONDS = 604800

_GROUPS = (
    (PUBLIC_GROUP_ID, "Public", "Everyone who is not logged in", SystemPermission.NONE),
    (NORMAL_USERS_GROUP_ID, "Normal users", "Every user", SystemPermission.NONE),
    (ADMINISTRATORS_GROUP_ID, "Administrators", "Full control", union_of(SystemPermission)),
)
_WEB = {"quality": 80, "strip": True, "colorspace": "rgb", "record_stats": True, "expiry_secs": _WEEK_SECONDS}
_TEMPLATES: tuple[tuple[int, str, str, dict[str, object]], ...] = (
    (1, "Default", "Used where no template is named", _WEB),
    (2, "SmallJpeg", "A small JPEG, 200 × 200", {**_WEB, "format": "jpg", "width": 200, "height": 200}),
    (
        3,
        "Precache",
        "800 × 600, without statistics",
        {"width": 800, "height": 600, "size_fit": True, "record_stats": False},
    ),
)


def prepare(catalog: Catalog, hash_password: Callable[[str], str], admin_password: str | None = None) -> str | None:
    """Bring schema and first-run objects up to date; safe to call at every start, by several processes at once.

    Gives the generated password of the user ``admin`` when this very call made that user and *admin_password* is None:
    show it once, on the console, and keep it nowhere. In every other case None. Raises `SettingsError` when
    *admin_password* is needed and too short or too long.
    """
    if is_prepared(catalog):
        return None
    with catalog.database.startup_lock() as connection:
        schema.upgrade_on(connection)
        with Session(connection) as session:
            if _is_installed(session):
                return None
            password = generate_password() if admin_password is None else _checked(admin_password)
            _add_all(session, hash_password(password), is_generated=admin_password is None)
            session.flush()
            skip_used_ids(session, User, Group, Folder, Template)
    return password if admin_password is None else None


def is_prepared(catalog: Catalog) -> bool:
    """Whether the schema is the latest and the first-run objects were made."""
    with catalog.read() as session:
        connection = session.connection()
        return schema.current_of(connection) == schema.latest() and _is_installed(session)


def generate_password() -> str:
    """Sixteen letters and digits from the system's secure generator: 95 bits."""
    letters = string.ascii_letters + string.digits
    return "".join(secrets.choice(letters) for _ in range(_GENERATED_LENGTH))


def _checked(password: str) -> str:
    try:
        return check_password(password, parameter="qis.admin_password")
    except InvalidRequest as error:
        raise SettingsError([str(error)]) from None


def _is_installed(session: Session) -> bool:
    return find_property(session, INSTALLATION_ID) is not None


def _add_all(session: Session, password_hash: str, *, is_generated: bool) -> None:
    _add_groups(session)
    _add_admin(session, password_hash, must_change_password=is_generated)
    _add_root(session)
    for template_id, name, description, values in _TEMPLATES:
        parameters = {key: {"value": value} for key, value in values.items()}
        session.add(Template(id=template_id, name=name, description=description, template=parameters))
    session.add(Property(key=INSTALLATION_ID, value=str(uuid.uuid4())))
    session.add(Property(key=DEFAULT_TEMPLATE, value="default"))
    session.add_all(Property(key=counter.value, value="1") for counter in Counter)


def _add_groups(session: Session) -> None:
    for group_id, name, description, flags in _GROUPS:
        session.add(Group(id=group_id, name=name, description=description, group_type=GroupType.SYSTEM))
        session.flush()
        session.add(GroupPermissions(group_id=group_id, flags=flags))


def _add_admin(session: Session, password_hash: str, *, must_change_password: bool) -> None:
    session.add(
        User(
            id=SUPER_USER_ID,
            username="admin",
            first_name="Administrator",
            password_hash=password_hash,
            must_change_password=must_change_password,
        )
    )
    session.flush()
    for group_id in (NORMAL_USERS_GROUP_ID, ADMINISTRATORS_GROUP_ID):
        session.add(Membership(user_id=SUPER_USER_ID, group_id=group_id))


def _add_root(session: Session) -> None:
    session.add(Folder(id=ROOT_FOLDER_ID, path="/", name=""))
    session.flush()
    for group_id in (PUBLIC_GROUP_ID, NORMAL_USERS_GROUP_ID):
        session.add(FolderPermission(folder_id=ROOT_FOLDER_ID, group_id=group_id, access=AccessLevel.VIEW))
