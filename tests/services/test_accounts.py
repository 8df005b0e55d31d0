"""Users and groups: the rules of management §3, whoever asks."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from qis_core.catalog.audit import SYSTEM, Actor, list_audit
from qis_core.catalog.models import FolderPermission, User
from qis_core.contracts.auth import AuthenticatedUser, AuthProvider, PasswordRecords
from qis_core.domain.access import AccessLevel, SystemPermission
from qis_core.domain.accounts import AuthType, GroupChanges, GroupType, NewUser, UserChanges
from qis_core.domain.paths import ROOT
from qis_core.errors import BackendError, Conflict, InvalidRequest, NotAuthenticated, NotFound, Unavailable
from qis_core.services.sign_in import SignInProviders
from qis_core.settings import Settings
from tests.support.accounts import ADMIN_PASSWORD, Office, open_office

PASSWORD = "long enough"
ADDRESS = "192.0.2.1"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path / "qis.db") as office:
        yield office


def user_row(office: Office, name: str) -> User:
    with office.catalog.read() as session:
        return session.scalars(select(User).where(User.username == name)).one()


class TestSignIn:
    def test_first_user_signs_in_with_the_given_password(self, office: Office) -> None:
        identity = office.accounts.sign_in("ADMIN", ADMIN_PASSWORD, ADDRESS)
        assert (identity.user_id, identity.username, identity.group_ids) == (1, "admin", frozenset({2, 3}))

    def test_names_are_found_in_any_case_and_with_spaces_around(self, office: Office) -> None:
        carla = office.add_user("Cärla")
        for spelled in ("cärla", "CÄRLA", " Cärla ", "Ca\u0308rla"):
            assert office.accounts.sign_in(spelled, PASSWORD, ADDRESS).user_id == carla

    @pytest.mark.parametrize(
        ("name", "password"),
        [
            ("admin", ""),
            ("admin", "first password "),
            ("admin", "FIRST PASSWORD"),
            ("", ADMIN_PASSWORD),
            ("   ", ADMIN_PASSWORD),
            ("nobody", ADMIN_PASSWORD),
            ("admin\0", ADMIN_PASSWORD),
            ("admin", ADMIN_PASSWORD + "x" * 5000),
        ],
    )
    def test_refusal_never_says_what_was_wrong(self, office: Office, name: str, password: str) -> None:
        with pytest.raises(NotAuthenticated) as caught:
            office.accounts.sign_in(name, password, ADDRESS)
        assert str(caught.value) == "wrong user name or password"
        assert office.audited()[-1] == ("sign_in_failed", "user")
        assert office.told == []

    def test_sign_ins_are_audited_and_told_once_a_while(self, office: Office) -> None:
        for _ in range(3):
            office.accounts.sign_in("admin", ADMIN_PASSWORD, ADDRESS)
        office.accounts.edit_user(SYSTEM, "admin", UserChanges(email="a@example.org"))
        office.accounts.sign_in("admin", ADMIN_PASSWORD, ADDRESS)
        office.accounts.sign_in("admin", ADMIN_PASSWORD, "198.51.100.7")
        assert [one for one in office.audited() if one[0] == "sign_in"] == [("sign_in", "user:1")] * 2
        assert [(event.identity.username, event.address, event.provider) for event in office.told] == [
            ("admin", ADDRESS, "passwords"),
            ("admin", "198.51.100.7", "passwords"),
        ]

    def test_failure_is_audited_with_name_and_address(self, office: Office) -> None:
        with pytest.raises(NotAuthenticated):
            office.accounts.sign_in("Nobody", "guess", ADDRESS)
        with office.catalog.read() as session:
            entry = list_audit(session, limit=1)[0]
        assert (entry.username, entry.address, entry.user_id) == ("Nobody", ADDRESS, None)
        assert "guess" not in entry.info + entry.subject

    def test_repeated_credentials_skip_the_hash_until_something_changes(self, office: Office) -> None:
        office.add_user("carla")
        office.accounts.sign_in("carla", PASSWORD, ADDRESS)
        before = user_row(office, "carla")
        with office.catalog.begin() as session:
            session.get_one(User, before.id).password_hash = "!"
        office.accounts.sign_in("carla", PASSWORD, ADDRESS)
        office.accounts.edit_user(SYSTEM, "carla", UserChanges(first_name="Carla"))
        with pytest.raises(NotAuthenticated):
            office.accounts.sign_in("carla", PASSWORD, ADDRESS)

    def test_changed_password_counts_at_once(self, office: Office) -> None:
        office.add_user("carla")
        office.accounts.sign_in("carla", PASSWORD, ADDRESS)
        office.accounts.set_password(SYSTEM, "carla", "another password")
        with pytest.raises(NotAuthenticated):
            office.accounts.sign_in("carla", PASSWORD, ADDRESS)
        assert office.accounts.sign_in("carla", "another password", ADDRESS).username == "carla"

    def test_closed_account_is_out_at_once_and_in_again_when_opened(self, office: Office) -> None:
        office.add_user("carla")
        office.accounts.sign_in("carla", PASSWORD, ADDRESS)
        office.accounts.set_active(SYSTEM, "carla", active=False)
        with pytest.raises(NotAuthenticated):
            office.accounts.sign_in("carla", PASSWORD, ADDRESS)
        office.accounts.set_active(SYSTEM, "carla", active=True)
        assert office.accounts.sign_in("carla", PASSWORD, ADDRESS).username == "carla"

    def test_closed_elsewhere_is_out_here_within_a_second(self, office: Office, tmp_path: Path) -> None:
        office.add_user("carla")
        with open_office(tmp_path / "qis.db") as other:
            other.accounts.sign_in("carla", PASSWORD, ADDRESS)
            office.accounts.set_active(SYSTEM, "carla", active=False)
            other.changes.poll()
            with pytest.raises(NotAuthenticated):
                other.accounts.sign_in("carla", PASSWORD, ADDRESS)

    def test_hash_is_renewed_when_the_cost_was_raised(self, office: Office, tmp_path: Path) -> None:
        office.add_user("carla")
        before = user_row(office, "carla").password_hash
        with open_office(tmp_path / "qis.db", time_cost=2) as costlier:
            costlier.accounts.sign_in("carla", PASSWORD, ADDRESS)
        after = user_row(office, "carla").password_hash
        assert after != before
        assert "t=2" in after
        assert office.accounts.sign_in("carla", PASSWORD, "198.51.100.7").username == "carla"

    def test_account_unknown_to_the_rights_in_memory_is_refused(self, office: Office, tmp_path: Path) -> None:
        with open_office(tmp_path / "qis.db") as behind:
            office.add_user("carla")
            with pytest.raises(NotAuthenticated):
                behind.accounts.sign_in("carla", PASSWORD, ADDRESS)
            behind.changes.poll()
            assert behind.accounts.sign_in("carla", PASSWORD, ADDRESS).username == "carla"

    def test_guessing_is_slowed_down_but_the_owner_at_another_address_gets_in(self, office: Office) -> None:
        office.add_user("carla")
        for _ in range(5):
            with pytest.raises(NotAuthenticated):
                office.accounts.sign_in("carla", "a guess", ADDRESS)
        for password in ("a guess", PASSWORD):
            with pytest.raises(Unavailable) as caught:
                office.accounts.sign_in("Carla", password, ADDRESS)
            assert caught.value.retry_after_seconds > 0
        assert office.accounts.sign_in("carla", PASSWORD, "198.51.100.7").username == "carla"

    def test_remembered_owner_is_served_while_others_guess(self, office: Office) -> None:
        office.accounts.sign_in("admin", ADMIN_PASSWORD, ADDRESS)
        for _ in range(5):
            with pytest.raises(NotAuthenticated):
                office.accounts.sign_in("admin", "a guess", ADDRESS)
        assert office.accounts.sign_in("admin", ADMIN_PASSWORD, ADDRESS).user_id == 1

    def test_many_at_once(self, office: Office) -> None:
        names = [f"user {number}" for number in range(6)]
        for name in names:
            office.add_user(name)
        found: list[str] = []

        def sign_in(name: str) -> None:
            found.append(office.accounts.sign_in(name, PASSWORD, ADDRESS).username)

        threads = [threading.Thread(target=sign_in, args=(name,)) for name in names * 3]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=30)
        assert sorted(found) == sorted(names * 3)


@dataclass
class Directory:
    """A directory of users beside the catalog."""

    users: dict[str, tuple[str, AuthenticatedUser]] = field(default_factory=dict)
    is_down: bool = False

    def authenticate(self, username: str, password: str) -> AuthenticatedUser | None:
        if self.is_down:
            raise BackendError("the directory cannot be asked")
        expected, user = self.users.get(username.lower(), ("", None))
        return user if password == expected else None

    def provider(self) -> AuthProvider:
        def open_directory(settings: Settings, records: PasswordRecords) -> "Directory":
            return self

        return AuthProvider("directory", AuthType.LDAP, open_directory, "for tests")


class TestDirectory:
    @pytest.fixture
    def directory(self) -> Directory:
        dora = AuthenticatedUser("Dora", "Dora", "Dor", "dora@example.org")
        return Directory({"dora": ("directory password", dora), "root": ("x", AuthenticatedUser("ADMIN"))})

    @pytest.fixture
    def office(self, tmp_path: Path, directory: Directory) -> Iterator[Office]:
        with open_office(tmp_path / "qis.db", directory.provider()) as office:
            yield office

    def test_account_is_made_at_the_first_sign_in(self, office: Office) -> None:
        first = office.accounts.sign_in("dora", "directory password", ADDRESS)
        user = office.accounts.get_user("dora")
        assert (user.username, user.first_name, user.last_name, user.email) == (
            "Dora",
            "Dora",
            "Dor",
            "dora@example.org",
        )
        assert (user.auth_type, user.allow_api, user.is_active) == (AuthType.LDAP, False, True)
        assert first.group_ids == {2}
        assert office.accounts.sign_in("DORA", "directory password", "198.51.100.7").user_id == first.user_id
        assert office.told[0].provider == "directory"

    def test_directory_never_takes_over_a_local_account(self, office: Office) -> None:
        with pytest.raises(NotAuthenticated):
            office.accounts.sign_in("root", "x", ADDRESS)
        assert office.accounts.get_user("admin").auth_type is AuthType.LOCAL

    def test_local_names_are_not_asked_of_the_directory(self, office: Office, directory: Directory) -> None:
        directory.users["admin"] = ("directory password", AuthenticatedUser("admin"))
        with pytest.raises(NotAuthenticated):
            office.accounts.sign_in("admin", "directory password", ADDRESS)

    def test_closed_directory_account_stays_out(self, office: Office) -> None:
        office.accounts.sign_in("dora", "directory password", ADDRESS)
        office.accounts.set_active(SYSTEM, "dora", active=False)
        with pytest.raises(NotAuthenticated):
            office.accounts.sign_in("dora", "directory password", ADDRESS)

    def test_name_and_password_belong_to_the_directory(self, office: Office) -> None:
        office.accounts.sign_in("dora", "directory password", ADDRESS)
        with pytest.raises(InvalidRequest, match="directory user"):
            office.accounts.set_password(SYSTEM, "dora", "a new password")
        with pytest.raises(InvalidRequest, match="directory user"):
            office.accounts.edit_user(SYSTEM, "dora", UserChanges(username="dorothy"))
        assert (
            office.accounts.edit_user(SYSTEM, "dora", UserChanges(email="new@example.org")).email == "new@example.org"
        )

    def test_directory_that_is_down_does_not_count_as_a_failure(self, office: Office, directory: Directory) -> None:
        directory.is_down = True
        for _ in range(10):
            with pytest.raises(BackendError):
                office.accounts.sign_in("dora", "directory password", ADDRESS)
        directory.is_down = False
        assert office.accounts.sign_in("dora", "directory password", ADDRESS).username == "Dora"


class TestUsers:
    def test_new_user_joins_normal_users(self, office: Office) -> None:
        new = NewUser(username=" carla ", password=PASSWORD, first_name="Carla", email="c@example.org", allow_api=True)
        user = office.accounts.add_user(SYSTEM, new)
        assert (user.username, user.first_name, user.email, user.allow_api) == ("carla", "Carla", "c@example.org", True)
        assert [group.id for group in office.accounts.groups.of_user("carla")] == [2]
        assert office.audited()[-1] == ("create", f"user:{user.id}")

    @pytest.mark.parametrize("name", ["admin", "ADMIN", " Admin ", "ａｄｍｉｎ"])
    def test_name_is_unique_ignoring_case_and_width(self, office: Office, name: str) -> None:
        with pytest.raises(Conflict, match="taken"):
            office.add_user(name)

    def test_name_of_a_closed_account_stays_taken(self, office: Office) -> None:
        office.add_user("carla")
        office.accounts.set_active(SYSTEM, "carla", active=False)
        with pytest.raises(Conflict):
            office.add_user("Carla")

    @pytest.mark.parametrize(
        ("field", "value", "message"),
        [
            ("username", "", "username: 0 characters, expected 1 to 120"),
            ("username", "   ", "username: 0 characters"),
            ("username", "x" * 121, "username: 121 characters"),
            ("username", "a\nb", "username: control characters"),
            ("password", "seven77", "password: 7 characters, expected 8 to 120 characters"),
            ("password", "x" * 121, "password: 121 characters"),
            ("password", "", "password: 0 characters"),
            ("password", None, "password: 0 characters"),
            ("first_name", "x" * 121, "first_name: 121 characters, expected at most 120"),
            ("last_name", "x" * 121, "last_name: 121"),
            ("email", "x" * 121, "email: 121"),
        ],
    )
    def test_wrong_fields_are_named(self, office: Office, field: str, value: str | None, message: str) -> None:
        fields: dict[str, Any] = {"username": "carla", "password": PASSWORD, field: value}
        with pytest.raises(InvalidRequest) as caught:
            office.accounts.add_user(SYSTEM, NewUser(**fields))
        assert str(caught.value).startswith(message)
        assert [user.username for user in office.accounts.list_users()] == ["admin"]

    @pytest.mark.parametrize("password", ["8 chars!", "x" * 120])
    def test_passwords_have_8_to_120_characters(self, office: Office, password: str) -> None:
        office.add_user("carla", password=password)
        assert office.accounts.sign_in("carla", password, ADDRESS).username == "carla"

    def test_edit_changes_what_is_named(self, office: Office) -> None:
        carla = office.add_user("carla")
        office.accounts.edit_user(SYSTEM, "carla", UserChanges(first_name="Carla", allow_api=True))
        user = office.accounts.edit_user(SYSTEM, "CARLA", UserChanges(username="Carlotta"))
        assert (user.id, user.username, user.first_name, user.allow_api) == (carla, "Carlotta", "Carla", True)
        assert office.accounts.sign_in("carlotta", PASSWORD, ADDRESS).username == "Carlotta"
        with pytest.raises(NotFound, match="no user 'carla'"):
            office.accounts.get_user("carla")

    def test_renaming_to_a_taken_name_changes_nothing(self, office: Office) -> None:
        office.add_user("carla")
        with pytest.raises(Conflict):
            office.accounts.edit_user(SYSTEM, "carla", UserChanges(username="Admin", email="x"))
        assert office.accounts.get_user("carla").email == ""

    def test_change_of_case_only_is_allowed(self, office: Office) -> None:
        office.add_user("carla")
        assert office.accounts.edit_user(SYSTEM, "carla", UserChanges(username="CARLA")).username == "CARLA"

    def test_new_password_ends_sessions_and_the_duty_to_change_it(self, office: Office) -> None:
        office.add_user("carla")
        with office.catalog.begin() as session:
            session.get_one(User, user_row(office, "carla").id).must_change_password = True
        before = user_row(office, "carla").session_epoch
        office.accounts.set_password(SYSTEM, "carla", "another password")
        after = user_row(office, "carla")
        assert (after.session_epoch, after.must_change_password) == (before + 1, False)
        with pytest.raises(InvalidRequest, match="password: 5 characters"):
            office.accounts.set_password(SYSTEM, "carla", "short")

    def test_closing_ends_sessions_and_keeps_everything(self, office: Office) -> None:
        office.add_user("carla", "Staff")
        assert not office.accounts.set_active(SYSTEM, "carla", active=False).is_active
        assert user_row(office, "carla").session_epoch == 1
        assert [group.name for group in office.accounts.groups.of_user("carla")] == ["Normal users", "Staff"]
        assert office.accounts.set_active(SYSTEM, "carla", active=True).is_active
        assert office.audited()[-2:] == [("delete", "user:2"), ("enable", "user:2")]

    def test_first_user_cannot_be_closed(self, office: Office) -> None:
        with pytest.raises(InvalidRequest, match="first user"):
            office.accounts.set_active(SYSTEM, "admin", active=False)
        assert office.accounts.sign_in("admin", ADMIN_PASSWORD, ADDRESS).user_id == 1

    def test_unknown_users_are_not_found(self, office: Office) -> None:
        for call in (
            lambda: office.accounts.get_user("x"),
            lambda: office.accounts.edit_user(SYSTEM, "x", UserChanges()),
            lambda: office.accounts.set_password(SYSTEM, "x", PASSWORD),
            lambda: office.accounts.set_active(SYSTEM, "x", active=True),
            lambda: office.accounts.groups.of_user("x"),
            lambda: office.accounts.groups.add_member(SYSTEM, "Public", "x"),
        ):
            with pytest.raises(NotFound, match="no user 'x'"):
                call()

    def test_passwords_cannot_be_set_without_a_provider_that_keeps_them(self) -> None:
        with pytest.raises(Conflict, match="keeps passwords"):
            SignInProviders((Directory().provider(),), Settings.of()).hash_password(PASSWORD)

    def test_two_processes_cannot_make_one_name(self, office: Office, tmp_path: Path) -> None:
        results: list[str] = []

        def add(one: Office) -> None:
            try:
                one.add_user("carla")
                results.append("made")
            except Conflict:
                results.append("taken")

        with open_office(tmp_path / "qis.db") as other:
            threads = [threading.Thread(target=add, args=(one,)) for one in (office, other)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(timeout=30)
        assert sorted(results) == ["made", "taken"]


class TestGroups:
    def test_new_installation_has_three(self, office: Office) -> None:
        groups = {group.id: group for group in office.accounts.groups.list()}
        assert {number: group.name for number, group in groups.items()} == {
            1: "Public",
            2: "Normal users",
            3: "Administrators",
        }
        assert {group.group_type for group in groups.values()} == {GroupType.SYSTEM}
        assert groups[2].permissions is SystemPermission.NONE
        assert len(list(groups[3].permissions)) == 7

    def test_add_edit_delete(self, office: Office) -> None:
        groups = office.accounts.groups
        made = groups.add(SYSTEM, GroupChanges(name=" Staff ", description="all", permissions=SystemPermission.FOLIOS))
        assert (made.name, made.description, made.group_type) == ("Staff", "all", GroupType.LOCAL)
        edited = groups.edit(SYSTEM, "STAFF", GroupChanges(name="Crew", permissions=SystemPermission.REPORTS))
        assert (edited.id, edited.name, edited.description) == (made.id, "Crew", "all")
        assert edited.permissions is SystemPermission.REPORTS
        groups.delete(SYSTEM, "crew")
        with pytest.raises(NotFound, match="no group 'crew'"):
            groups.get("crew")
        subject = f"group:{made.id}"
        assert office.audited()[-3:] == [("create", subject), ("edit", subject), ("delete", subject)]

    @pytest.mark.parametrize("name", ["public", "NORMAL USERS"])
    def test_name_is_unique_ignoring_case(self, office: Office, name: str) -> None:
        with pytest.raises(Conflict, match="taken"):
            office.accounts.groups.add(SYSTEM, GroupChanges(name=name))

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            (GroupChanges(name=""), "name: 0 characters"),
            (GroupChanges(), "name: 0 characters"),
            (GroupChanges(name="x" * 121), "name: 121 characters"),
            (GroupChanges(name="ok", description="x" * 5121), "description: 5121 characters, expected at most 5120"),
        ],
    )
    def test_wrong_fields_are_named(self, office: Office, changes: GroupChanges, message: str) -> None:
        with pytest.raises(InvalidRequest) as caught:
            office.accounts.groups.add(SYSTEM, changes)
        assert str(caught.value).startswith(message)

    @pytest.mark.parametrize("name", ["Public", "Normal users", "Administrators"])
    def test_system_groups_keep_name_and_existence(self, office: Office, name: str) -> None:
        with pytest.raises(InvalidRequest, match="belongs to the system"):
            office.accounts.groups.delete(SYSTEM, name)
        with pytest.raises(InvalidRequest, match="belongs to the system"):
            office.accounts.groups.edit(SYSTEM, name, GroupChanges(name="Other"))
        edited = office.accounts.groups.edit(SYSTEM, name, GroupChanges(description="described"))
        assert (edited.name, edited.description) == (name, "described")

    def test_membership(self, office: Office) -> None:
        carla = office.add_user("carla", "Staff")
        office.accounts.groups.add_member(SYSTEM, "staff", "CARLA")
        assert [user.username for user in office.accounts.groups.members("Staff")] == ["carla"]
        assert office.accounts.sign_in("carla", PASSWORD, ADDRESS).group_ids == {2, 4}
        office.accounts.groups.remove_member(SYSTEM, "Staff", "carla")
        office.accounts.groups.remove_member(SYSTEM, "Staff", "carla")
        assert office.accounts.groups.members("Staff") == []
        assert office.rights.find_identity(carla) == office.accounts.sign_in("carla", PASSWORD, ADDRESS)
        actions = [action for action, _ in office.audited()]
        assert (actions.count("add_member"), actions.count("remove_member")) == (1, 1)

    def test_nobody_is_listed_in_public(self, office: Office) -> None:
        office.add_user("carla")
        with pytest.raises(InvalidRequest, match="everybody belongs to Public"):
            office.accounts.groups.add_member(SYSTEM, "Public", "carla")

    def test_deleting_takes_memberships_and_permissions(self, office: Office) -> None:
        office.add_user("carla", "Staff")
        office.rights.set_rule(SYSTEM, ROOT, office.accounts.groups.get("Staff").id, AccessLevel.UPLOAD)
        office.accounts.groups.delete(SYSTEM, "Staff")
        with office.catalog.read() as session:
            assert len(session.scalars(select(FolderPermission)).all()) == 2
        assert [group.id for group in office.accounts.groups.of_user("carla")] == [2]


class TestLockOut:
    def test_first_user_keeps_administration(self, office: Office) -> None:
        groups = office.accounts.groups
        for attempt in (
            lambda: groups.remove_member(SYSTEM, "Administrators", "admin"),
            lambda: groups.edit(SYSTEM, "Administrators", GroupChanges(permissions=SystemPermission.NONE)),
            lambda: groups.edit(SYSTEM, "Administrators", GroupChanges(permissions=SystemPermission.ADMIN_USERS)),
        ):
            with pytest.raises(InvalidRequest, match="the first user must keep"):
                attempt()
        assert len(list(groups.get("Administrators").permissions)) == 7
        assert [user.username for user in groups.members("Administrators")] == ["admin"]

    def test_first_user_may_keep_it_by_another_group(self, office: Office) -> None:
        groups = office.accounts.groups
        both = SystemPermission.ADMIN_USERS | SystemPermission.ADMIN_PERMISSIONS
        groups.add(SYSTEM, GroupChanges(name="Keepers", permissions=both))
        groups.add_member(SYSTEM, "Keepers", "admin")
        groups.remove_member(SYSTEM, "Administrators", "admin")
        with pytest.raises(InvalidRequest):
            groups.delete(SYSTEM, "Keepers")
        groups.edit(SYSTEM, "Keepers", GroupChanges(permissions=SystemPermission.ADMIN_ALL))

    @pytest.fixture
    def clerk(self, office: Office) -> Actor:
        clerk = office.add_user("clerk", "Clerks")
        office.accounts.groups.edit(SYSTEM, "Clerks", GroupChanges(permissions=SystemPermission.ADMIN_USERS))
        return Actor(clerk, "clerk", ADDRESS)

    def test_nobody_takes_user_administration_from_themselves(self, office: Office, clerk: Actor) -> None:
        groups = office.accounts.groups
        for attempt in (
            lambda: groups.remove_member(clerk, "Clerks", "clerk"),
            lambda: groups.edit(clerk, "Clerks", GroupChanges(permissions=SystemPermission.REPORTS)),
            lambda: groups.delete(clerk, "Clerks"),
        ):
            with pytest.raises(InvalidRequest, match="from yourself"):
                attempt()
        assert [user.username for user in groups.members("Clerks")] == ["clerk"]

    def test_others_may_take_it(self, office: Office, clerk: Actor) -> None:
        office.accounts.groups.remove_member(Actor(1, "admin"), "Clerks", "clerk")
        assert clerk.user_id is not None
        identity = office.rights.find_identity(clerk.user_id)
        assert identity is not None
        assert identity.permissions is SystemPermission.NONE
