"""Rights in memory: the same answers as the engine, and no stale ones."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from qis_core.catalog.audit import SYSTEM, Actor
from qis_core.catalog.folders import find_folder, mark_folder_deleted
from qis_core.domain.access import ANONYMOUS, AccessLevel, Identity, SystemPermission, union_of
from qis_core.domain.accounts import GroupChanges
from qis_core.domain.paths import ROOT, RepositoryPath
from qis_core.errors import AccessDenied, InvalidRequest, NotFound
from qis_core.services.rights import Rights
from tests.support.accounts import Office, open_office

HR, PAY = RepositoryPath.parse("/hr"), RepositoryPath.parse("/hr/pay")
PUBLIC, NORMAL = 1, 2


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path / "qis.db") as office:
        yield office


def identity_of(office: Office, user_id: int) -> Identity:
    identity = office.rights.find_identity(user_id)
    assert identity is not None
    return identity


def test_new_installation_shows_everything_to_everybody(office: Office) -> None:
    admin = identity_of(office, 1)
    assert office.rights.level(ANONYMOUS, PAY) is AccessLevel.VIEW
    assert office.rights.level(admin, PAY) is AccessLevel.DELETE_FOLDER
    assert admin.permissions == union_of(SystemPermission)
    assert office.rights.public_can(ROOT, AccessLevel.VIEW)
    assert not office.rights.public_can(ROOT, AccessLevel.DOWNLOAD)


def test_example_of_the_specification(office: Office) -> None:
    carla = office.add_user("carla", "Staff")
    staff = office.accounts.groups.get("staff").id
    office.accounts.groups.remove_member(SYSTEM, "Normal users", "carla")
    for folder, group, level in ((HR, PUBLIC, 0), (HR, staff, 20), (PAY, staff, 0)):
        office.rights.set_rule(SYSTEM, folder, group, AccessLevel(level))
    levels = [
        office.rights.level(identity_of(office, carla), folder) for folder in (HR, PAY, ROOT, HR / "x", PAY / "x")
    ]
    assert levels == [20, 0, 10, 20, 0]


def test_require_tells_nothing(office: Office) -> None:
    office.rights.set_rule(SYSTEM, HR, PUBLIC, AccessLevel.NONE)
    for folder in (HR, HR / "missing"):
        with pytest.raises(AccessDenied, match=r"^access denied$"):
            office.rights.require(ANONYMOUS, folder, AccessLevel.VIEW)
    office.rights.require(ANONYMOUS, ROOT, AccessLevel.VIEW)


def test_change_is_seen_at_once_here(office: Office) -> None:
    for level in (AccessLevel.NONE, AccessLevel.UPLOAD, AccessLevel.VIEW):
        office.rights.set_rule(SYSTEM, HR, PUBLIC, level)
        assert office.rights.level(ANONYMOUS, PAY) is level
    office.rights.set_rule(SYSTEM, HR, PUBLIC, AccessLevel.NONE)
    office.rights.remove_rule(SYSTEM, HR, PUBLIC)
    assert office.rights.level(ANONYMOUS, PAY) is AccessLevel.VIEW


def test_revocation_is_seen_elsewhere_within_a_second(office: Office, tmp_path: Path) -> None:
    office.add_user("carla", "Staff")
    with open_office(tmp_path / "qis.db") as other:
        other.changes.start()
        assert other.rights.public_can(HR, AccessLevel.VIEW)
        office.rights.set_rule(SYSTEM, HR, PUBLIC, AccessLevel.NONE)
        deadline = time.monotonic() + 1
        while other.rights.public_can(HR, AccessLevel.VIEW) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not other.rights.public_can(HR, AccessLevel.VIEW)


def test_flags_and_memberships_are_seen_at_once(office: Office) -> None:
    carla = office.add_user("carla", "Staff")
    with pytest.raises(AccessDenied):
        office.rights.require_permission(identity_of(office, carla), SystemPermission.REPORTS)
    office.accounts.groups.edit(SYSTEM, "Staff", GroupChanges(permissions=SystemPermission.REPORTS))
    office.rights.require_permission(identity_of(office, carla), SystemPermission.REPORTS)
    office.accounts.groups.remove_member(SYSTEM, "Staff", "carla")
    with pytest.raises(AccessDenied):
        office.rights.require_permission(identity_of(office, carla), SystemPermission.REPORTS)


def test_super_users_have_every_flag_and_anonymous_callers_none(office: Office) -> None:
    superior = Identity(9, "superior", permissions=SystemPermission.ADMIN_ALL)
    for flag in SystemPermission:
        office.rights.require_permission(superior, flag)
        with pytest.raises(AccessDenied):
            office.rights.require_permission(Identity(None, permissions=union_of(SystemPermission)), flag)


def test_flags_of_public_reach_nobody(office: Office) -> None:
    office.accounts.groups.edit(SYSTEM, "Public", GroupChanges(permissions=SystemPermission.ADMIN_FILES))
    carla = office.add_user("carla")
    assert identity_of(office, carla).permissions is SystemPermission.NONE
    assert office.rights.level(ANONYMOUS, HR) is AccessLevel.VIEW


@pytest.mark.parametrize("group", [1, 2, 3])
def test_root_records_of_system_groups_stay(office: Office, group: int) -> None:
    with pytest.raises(InvalidRequest, match="root record of a system group"):
        office.rights.remove_rule(SYSTEM, ROOT, group)
    assert office.rights.level(ANONYMOUS, ROOT) is AccessLevel.VIEW


def test_wrong_group_or_record_is_not_found(office: Office) -> None:
    with pytest.raises(NotFound, match="no group 99"):
        office.rights.set_rule(SYSTEM, HR, 99, AccessLevel.VIEW)
    for folder in (HR, PAY):
        with pytest.raises(NotFound, match="no permission record"):
            office.rights.remove_rule(SYSTEM, folder, NORMAL)
    office.rights.set_rule(SYSTEM, PAY, NORMAL, AccessLevel.EDIT)
    with pytest.raises(NotFound, match="'Normal users' has no permission record in '/hr'"):
        office.rights.remove_rule(SYSTEM, HR, NORMAL)


def test_closed_folder_stays_closed_while_it_is_away(office: Office) -> None:
    office.rights.set_rule(SYSTEM, HR, PUBLIC, AccessLevel.NONE)
    with office.catalog.begin() as session:
        folder = find_folder(session, HR)
        assert folder is not None
        mark_folder_deleted(session, folder)
    office.rights.reload()
    assert not office.rights.public_can(HR, AccessLevel.VIEW)


def test_deleting_a_group_takes_its_rights(office: Office) -> None:
    carla = office.add_user("carla", "Staff")
    office.rights.set_rule(SYSTEM, HR, office.accounts.groups.get("Staff").id, AccessLevel.UPLOAD)
    assert office.rights.level(identity_of(office, carla), PAY) is AccessLevel.UPLOAD
    office.accounts.groups.delete(SYSTEM, "Staff")
    assert office.rights.level(identity_of(office, carla), PAY) is AccessLevel.VIEW
    assert office.rights.rules()[ROOT] == {PUBLIC: 10, NORMAL: 10}
    assert HR not in office.rights.rules()


def test_level_of_a_group_is_by_its_own_records(office: Office) -> None:
    office.rights.set_rule(SYSTEM, HR, NORMAL, AccessLevel.NONE)
    assert office.rights.group_level(NORMAL, PAY) is AccessLevel.NONE
    assert office.rights.group_level(PUBLIC, PAY) is AccessLevel.VIEW
    assert office.rights.group_level(3, PAY) is AccessLevel.NONE


def test_trace_agrees_with_level(office: Office) -> None:
    carla = office.add_user("carla", "Staff")
    office.rights.set_rule(SYSTEM, HR, office.accounts.groups.get("Staff").id, AccessLevel.EDIT)
    for identity in (ANONYMOUS, identity_of(office, carla), identity_of(office, 1)):
        for folder in (ROOT, HR, PAY):
            assert office.rights.trace(identity, folder).level is office.rights.level(identity, folder)


def test_changes_are_audited(office: Office) -> None:
    actor = Actor(1, "admin", "192.0.2.1")
    office.rights.set_rule(actor, HR, PUBLIC, AccessLevel.NONE)
    office.rights.remove_rule(actor, HR, PUBLIC)
    assert office.audited()[-2:] == [("set_permission", "permission:/hr"), ("remove_permission", "permission:/hr")]


def test_plugins_can_only_narrow(office: Office) -> None:
    asked = []

    def veto(identity: Identity, level: AccessLevel, path: RepositoryPath) -> bool | None:
        asked.append(path)
        return True if path == PAY else None

    rights = Rights(office.catalog, office.changes, veto=veto)
    assert rights.public_can(HR, AccessLevel.VIEW)
    assert not rights.public_can(PAY, AccessLevel.VIEW)
    assert not rights.public_can(HR, AccessLevel.EDIT)
    assert asked == [HR, PAY]


def test_answers_stay_right_when_many_are_remembered(office: Office) -> None:
    office.rights.set_rule(SYSTEM, HR, PUBLIC, AccessLevel.NONE)
    for number in range(50_100):
        assert office.rights.level(ANONYMOUS, RepositoryPath((f"{number}",))) is AccessLevel.VIEW
    assert office.rights.level(ANONYMOUS, PAY) is AccessLevel.NONE
