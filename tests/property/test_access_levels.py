"""The engine of rights against a slow model that follows the words of the specification."""

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from qis_core.domain.access import (
    PUBLIC_GROUP_ID,
    AccessLevel,
    FolderRules,
    Identity,
    SystemPermission,
    access_level,
    trace_access,
    union_of,
)
from qis_core.domain.paths import ROOT, RepositoryPath

NAMES = st.sampled_from(["a", "b", "ab"])
FOLDERS = st.lists(NAMES, max_size=4).map(lambda parts: RepositoryPath(tuple(parts)))
GROUPS = st.integers(1, 5)
LEVELS = st.sampled_from(AccessLevel)
RULES = st.dictionaries(FOLDERS, st.dictionaries(GROUPS, LEVELS, max_size=5), max_size=10)
FLAGS = st.lists(st.sampled_from(SystemPermission), max_size=3).map(union_of)
NO_OVERRIDE = FLAGS.map(lambda flags: flags & ~(SystemPermission.ADMIN_FILES | SystemPermission.ADMIN_ALL))


def identities(flags: st.SearchStrategy[SystemPermission] = FLAGS) -> st.SearchStrategy[Identity]:
    groups = st.frozensets(st.integers(2, 5))
    users = st.builds(Identity, st.integers(1, 9), st.just("user"), groups, flags)
    return users | st.builds(Identity, st.none(), st.just(""), st.just(frozenset()), flags)


def expected_level(identity: Identity, folder: RepositoryPath, rules: FolderRules) -> int:
    """Management §4.3, word by word: texts, no shared code."""
    flags = {str(flag.name) for flag in identity.permissions}
    if identity.user_id is not None and ("ADMIN_FILES" in flags or "ADMIN_ALL" in flags):
        return 70
    by_path = {path.folder_path: dict(records) for path, records in rules.items()}
    return max(level_of_group(group, folder.folder_path, by_path) for group in {1, *identity.group_ids})


def level_of_group(group: int, path: str, rules: Mapping[str, Mapping[int, AccessLevel]]) -> int:
    while True:
        if group in rules.get(path, {}):
            return int(rules[path][group])
        if path == "/":
            return 0
        path = path.rsplit("/", 1)[0] or "/"


@given(identities(), FOLDERS, RULES)
def test_engine_agrees_with_the_model(identity: Identity, folder: RepositoryPath, rules: FolderRules) -> None:
    assert access_level(identity, folder, rules) == expected_level(identity, folder, rules)


@given(identities(), FOLDERS, RULES)
def test_trace_agrees_with_the_engine(identity: Identity, folder: RepositoryPath, rules: FolderRules) -> None:
    trace = trace_access(identity, folder, rules)
    assert trace.level is access_level(identity, folder, rules)
    assert trace.folder == folder
    assert [rule.group_id for rule in trace.rules] == sorted({PUBLIC_GROUP_ID, *identity.group_ids})
    for rule in trace.rules:
        if rule.folder is None:
            assert rule.level is AccessLevel.NONE
            assert all(rule.group_id not in rules.get(ancestor, {}) for ancestor in folder.lineage())
        else:
            assert folder.is_within(rule.folder)
            assert rules[rule.folder][rule.group_id] is rule.level
    if trace.override is None:
        assert trace.level is max(rule.level for rule in trace.rules)


@given(identities(NO_OVERRIDE), FOLDERS, RULES)
def test_nobody_has_less_than_the_public(identity: Identity, folder: RepositoryPath, rules: FolderRules) -> None:
    assert access_level(identity, folder, rules) >= access_level(Identity(), folder, rules)


@given(identities(NO_OVERRIDE), FOLDERS, RULES, GROUPS)
def test_joining_a_group_never_takes_anything_away(
    identity: Identity, folder: RepositoryPath, rules: FolderRules, group: int
) -> None:
    more = Identity(1, "user", identity.group_ids | {group}, identity.permissions)
    assert access_level(more, folder, rules) >= access_level(identity, folder, rules)


@given(identities(NO_OVERRIDE), FOLDERS, NAMES, RULES)
def test_a_folder_without_records_is_as_its_parent(
    identity: Identity, folder: RepositoryPath, name: str, rules: FolderRules
) -> None:
    below = {path: records for path, records in rules.items() if not path.is_within(folder / name)}
    assert access_level(identity, folder / name, below) is access_level(identity, folder, below)


@given(identities(NO_OVERRIDE), FOLDERS, FOLDERS, RULES, st.tuples(GROUPS, LEVELS))
def test_a_record_changes_its_own_subtree_only(
    identity: Identity,
    changed: RepositoryPath,
    other: RepositoryPath,
    rules: FolderRules,
    record: tuple[int, AccessLevel],
) -> None:
    group, level = record
    after = {**rules, changed: {**rules.get(changed, {}), group: level}}
    if not other.is_within(changed):
        assert access_level(identity, other, after) is access_level(identity, other, rules)


@given(FOLDERS, RULES)
def test_a_record_for_every_group_decides_alone(folder: RepositoryPath, rules: FolderRules) -> None:
    closed = {**rules, folder: dict.fromkeys(range(1, 6), AccessLevel.NONE)}
    everyone = Identity(1, "user", frozenset(range(2, 6)))
    assert access_level(everyone, folder, closed) is AccessLevel.NONE
    if folder != ROOT:
        assert access_level(everyone, ROOT, closed) is access_level(everyone, ROOT, rules)
