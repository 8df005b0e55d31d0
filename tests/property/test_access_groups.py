"""Random changes of groups: rights in memory follow, and nobody locks themselves or the first user out."""

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from qis_core.catalog.audit import Actor
from qis_core.domain.access import ANONYMOUS, AccessLevel, Identity, SystemPermission, access_level, union_of
from qis_core.domain.accounts import GroupChanges
from qis_core.domain.paths import ROOT, RepositoryPath
from qis_core.errors import InvalidRequest, NotFound
from tests.support.accounts import open_office

USERS = ("admin", "carla", "dora")
GROUPS = ("Normal users", "Administrators", "Staff", "Clerks")
FOLDERS = tuple(RepositoryPath.parse(text) for text in ("/", "/hr", "/hr/pay", "/x"))
KEPT = (SystemPermission.ADMIN_USERS, SystemPermission.ADMIN_PERMISSIONS)

ANY_FLAGS = st.lists(st.sampled_from(SystemPermission), max_size=4).map(union_of)
ANY_USER, ANY_GROUP, ANY_FOLDER = st.sampled_from(USERS), st.sampled_from(GROUPS), st.sampled_from(FOLDERS)
ANY_ACTOR = st.sampled_from((None, *USERS))


def has(flags: SystemPermission, flag: SystemPermission) -> bool:
    return flag in flags or SystemPermission.ADMIN_ALL in flags


class Groups(RuleBasedStateMachine):
    """The model: members and flags by group name, levels by folder and group name."""

    @initialize()
    def install(self) -> None:
        self.stack = ExitStack()
        folder = self.stack.enter_context(tempfile.TemporaryDirectory())
        self.office = self.stack.enter_context(open_office(Path(folder) / "qis.db"))
        self.ids = {"admin": 1, **{name: self.office.add_user(name) for name in USERS[1:]}}
        self.members = {"Normal users": set(USERS), "Administrators": {"admin"}}
        self.flags = {"Normal users": SystemPermission.NONE, "Administrators": union_of(SystemPermission)}
        self.levels = {(ROOT, "Public"): AccessLevel.VIEW, (ROOT, "Normal users"): AccessLevel.VIEW}

    def teardown(self) -> None:
        if hasattr(self, "stack"):
            self.stack.close()

    def flags_of(self, user: str) -> SystemPermission:
        return union_of(self.flags[group] for group, members in self.members.items() if user in members)

    def change(self, actor: str | None, apply: Any, call: Any) -> None:
        """Apply to the model; *call* must succeed exactly when nobody is locked out by it."""
        before = ({group: set(members) for group, members in self.members.items()}, dict(self.flags))
        was_clerk = actor is not None and has(self.flags_of(actor), SystemPermission.ADMIN_USERS)
        apply()
        keeps_first = all(has(self.flags_of("admin"), flag) for flag in KEPT)
        keeps_actor = not was_clerk or has(self.flags_of(actor or ""), SystemPermission.ADMIN_USERS)
        if keeps_first and keeps_actor:
            call()
        else:
            self.members, self.flags = before
            with pytest.raises(InvalidRequest):
                call()

    def acting(self, actor: str | None) -> Actor:
        return Actor(None if actor is None else self.ids[actor], actor or "")

    @rule(actor=ANY_ACTOR, group=st.sampled_from(GROUPS[2:]), flags=ANY_FLAGS)
    def add_or_set_flags(self, actor: str | None, group: str, flags: SystemPermission) -> None:
        changes, groups = GroupChanges(name=group, permissions=flags), self.office.accounts.groups
        if group in self.members:
            self.change(
                actor,
                lambda: self.flags.update({group: flags}),
                lambda: groups.edit(self.acting(actor), group, changes),
            )
        else:
            groups.add(self.acting(actor), changes)
            self.members[group], self.flags[group] = set(), flags

    @rule(actor=ANY_ACTOR, flags=ANY_FLAGS)
    def set_flags_of_administrators(self, actor: str | None, flags: SystemPermission) -> None:
        self.change(
            actor,
            lambda: self.flags.update({"Administrators": flags}),
            lambda: self.office.accounts.groups.edit(
                self.acting(actor), "Administrators", GroupChanges(permissions=flags)
            ),
        )

    @rule(actor=ANY_ACTOR, group=ANY_GROUP, user=ANY_USER)
    def add_member(self, actor: str | None, group: str, user: str) -> None:
        if group in self.members:
            self.office.accounts.groups.add_member(self.acting(actor), group, user)
            self.members[group].add(user)

    @rule(actor=ANY_ACTOR, group=ANY_GROUP, user=ANY_USER)
    def remove_member(self, actor: str | None, group: str, user: str) -> None:
        if group in self.members:
            self.change(
                actor,
                lambda: self.members[group].discard(user),
                lambda: self.office.accounts.groups.remove_member(self.acting(actor), group, user),
            )

    @rule(actor=ANY_ACTOR, group=st.sampled_from(GROUPS[2:]))
    def delete_group(self, actor: str | None, group: str) -> None:
        def forget() -> None:
            self.members.pop(group, None)
            self.flags.pop(group, None)

        if group not in self.members:
            with pytest.raises(NotFound):
                self.office.accounts.groups.delete(self.acting(actor), group)
            return
        self.change(actor, forget, lambda: self.office.accounts.groups.delete(self.acting(actor), group))
        if group not in self.members:
            self.levels = {key: level for key, level in self.levels.items() if key[1] != group}

    @rule(folder=ANY_FOLDER, group=st.sampled_from(("Public", *GROUPS)), level=st.sampled_from(AccessLevel))
    def set_level(self, folder: RepositoryPath, group: str, level: AccessLevel) -> None:
        if group == "Public" or group in self.members:
            self.office.rights.set_rule(Actor(), folder, self.office.accounts.groups.get(group).id, level)
            self.levels[folder, group] = level

    @invariant()
    def rights_in_memory_are_those_of_the_model(self) -> None:
        if not hasattr(self, "office"):
            return
        ids = {group.name: group.id for group in self.office.rights.groups().values()}
        rules: dict[RepositoryPath, dict[int, AccessLevel]] = {}
        for (folder, group), level in self.levels.items():
            rules.setdefault(folder, {})[ids[group]] = level
        expected = [ANONYMOUS, *(self.expected_identity(user, ids) for user in USERS)]
        actual = [ANONYMOUS, *(self.office.rights.find_identity(self.ids[user]) for user in USERS)]
        assert actual == expected
        for identity in expected:
            for folder in FOLDERS:
                assert self.office.rights.level(identity, folder) is access_level(identity, folder, rules)

    def expected_identity(self, user: str, ids: dict[str, int]) -> Identity:
        mine = frozenset(ids[group] for group, members in self.members.items() if user in members)
        return Identity(self.ids[user], user, mine, self.flags_of(user))

    @invariant()
    def the_first_user_keeps_administration(self) -> None:
        if hasattr(self, "office"):
            assert all(has(self.flags_of("admin"), flag) for flag in KEPT)


TestGroups = Groups.TestCase
TestGroups.settings = settings(max_examples=25, stateful_step_count=15)
