"""Who may do what: the examples of the specification."""

import pytest

from qis_core.domain.access import (
    ADMINISTRATORS_GROUP_ID,
    ANONYMOUS,
    NORMAL_USERS_GROUP_ID,
    PUBLIC_GROUP_ID,
    AccessLevel,
    Identity,
    RuleUsed,
    SystemPermission,
    access_level,
    trace_access,
    union_of,
)
from qis_core.domain.paths import ROOT, RepositoryPath

STAFF = 4
HR, PAY = RepositoryPath.parse("/hr"), RepositoryPath.parse("/hr/pay")
RULES = {
    ROOT: {PUBLIC_GROUP_ID: AccessLevel.VIEW},
    HR: {PUBLIC_GROUP_ID: AccessLevel.NONE, STAFF: AccessLevel.DOWNLOAD},
    PAY: {STAFF: AccessLevel.NONE},
}
MEMBER = Identity(7, "carla", frozenset({STAFF}))


@pytest.mark.parametrize(
    ("folder", "member", "anonymous"),
    [
        ("/", 10, 10),
        ("/hr", 20, 0),
        ("/hr/pay", 0, 0),
        ("/hr/pay/2026/june", 0, 0),
        ("/hr/other", 20, 0),
        ("/elsewhere/deep", 10, 10),
        ("/hrx", 10, 10),
    ],
)
def test_example_of_the_specification(folder: str, member: int, anonymous: int) -> None:
    path = RepositoryPath.parse(folder)
    assert (access_level(MEMBER, path, RULES), access_level(ANONYMOUS, path, RULES)) == (member, anonymous)


def test_no_group_goes_below_what_another_grants() -> None:
    both = Identity(7, "carla", frozenset({STAFF, NORMAL_USERS_GROUP_ID}))
    rules = {**RULES, ROOT: {**RULES[ROOT], NORMAL_USERS_GROUP_ID: AccessLevel.EDIT}}
    assert access_level(both, PAY, rules) is AccessLevel.EDIT


def test_without_any_record_nothing_is_allowed() -> None:
    assert access_level(MEMBER, PAY, {}) is AccessLevel.NONE


@pytest.mark.parametrize("flag", [SystemPermission.ADMIN_FILES, SystemPermission.ADMIN_ALL])
def test_file_administrators_and_super_users_have_everything(flag: SystemPermission) -> None:
    trace = trace_access(Identity(8, "root", permissions=flag), PAY, RULES)
    assert (trace.level, trace.override) == (AccessLevel.DELETE_FOLDER, flag)


def test_other_flags_open_no_folder() -> None:
    flags = union_of(SystemPermission) & ~(SystemPermission.ADMIN_FILES | SystemPermission.ADMIN_ALL)
    assert access_level(Identity(8, "clerk", permissions=flags), PAY, RULES) is AccessLevel.NONE


def test_anonymous_callers_never_have_flags() -> None:
    everything = Identity(None, permissions=union_of(SystemPermission))
    assert access_level(everything, HR, RULES) is AccessLevel.NONE


def test_trace_names_the_record_of_every_group() -> None:
    identity = Identity(7, "carla", frozenset({STAFF, ADMINISTRATORS_GROUP_ID}))
    assert trace_access(identity, PAY, RULES).rules == (
        RuleUsed(PUBLIC_GROUP_ID, AccessLevel.NONE, HR),
        RuleUsed(ADMINISTRATORS_GROUP_ID, AccessLevel.NONE, None),
        RuleUsed(STAFF, AccessLevel.NONE, PAY),
    )


def test_levels_are_those_of_the_specification() -> None:
    assert [int(level) for level in AccessLevel] == [0, 10, 20, 30, 40, 50, 60, 70]
    with pytest.raises(ValueError, match="15"):
        AccessLevel(15)


def test_union_of_nothing_is_nothing() -> None:
    assert union_of([]) is SystemPermission.NONE
