"""The traversal tree: what is a folder, what an image, and ACLs that say what the rights say."""

from collections.abc import Iterator
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyramid.authorization import ACLHelper, Everyone

from qis_core.application import Application
from qis_core.catalog.audit import SYSTEM
from qis_core.domain.access import ANONYMOUS, PUBLIC_GROUP_ID, AccessLevel, Identity, SystemPermission, union_of
from qis_core.domain.accounts import GroupChanges
from qis_core.domain.paths import ROOT, RepositoryPath
from qis_core.errors import AccessDenied, InvalidRequest
from qis_web.resources.repository import PERMISSIONS, Folder, Image, Node, permissions_up_to
from qis_web.security import principals
from tests.support.application import open_application

PARTS = st.lists(st.sampled_from(["a", "b", "ab"]), max_size=3)
LEVELS = st.sampled_from(AccessLevel)
FLAGS = st.lists(st.sampled_from(SystemPermission), max_size=3).map(union_of)
#: Public, the two other groups of every installation, two of our own, and one that nobody made.
GROUPS = st.sampled_from([PUBLIC_GROUP_ID, 2, 3, 4, 5])
USERS = st.builds(Identity, st.integers(1, 9), st.just("user"), st.frozensets(st.sampled_from([2, 3, 4, 5, 99])), FLAGS)
IDENTITIES = USERS | st.builds(Identity, st.none(), st.just(""), st.just(frozenset()), FLAGS)
_number = count()


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Application]:
    with open_application(tmp_path_factory.mktemp("tree")) as application:
        for name in ("Staff", "Guests"):
            application.accounts.groups.add(SYSTEM, GroupChanges(name=name))
        yield application


def walk(application: Application, path: RepositoryPath) -> Node:
    """The node that traversal finds: one step for each name."""
    node: Node = Folder(application, ROOT)
    for name in path.parts:
        node = node[name]
    return node


def allows(node: Node, identity: Identity, level: AccessLevel) -> bool:
    return bool(ACLHelper().permits(node, principals(identity), PERMISSIONS[level]))


RULES = st.lists(st.tuples(PARTS, GROUPS, LEVELS), max_size=6)


class TestAcl:
    @settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
    @given(rules=RULES, parts=PARTS, identities=st.lists(IDENTITIES, min_size=1, max_size=8))
    def test_agrees_with_the_rights(
        self,
        application: Application,
        rules: list[tuple[list[str], int, AccessLevel]],
        parts: list[str],
        identities: list[Identity],
    ) -> None:
        """In a folder that no example used before, so that rules of others are far away."""
        place = ROOT / f"example{next(_number)}"
        for names, group_id, level in rules:
            application.rights.set_rule(SYSTEM, RepositoryPath((*place.parts, *names)), group_id, level)
        folder = walk(application, RepositoryPath((*place.parts, *parts)))
        for identity in (ANONYMOUS, *identities):
            have = application.rights.level(identity, folder.path)
            for level in PERMISSIONS:
                assert allows(folder, identity, level) == (have >= level)
                assert allows(folder["picture.jpg"], identity, level) == (have >= level)

    def test_ends_with_a_denial_for_everybody(self, application: Application) -> None:
        action, principal, permissions = walk(application, ROOT / "a").__acl__()[-1]
        assert (action, principal) == ("Deny", Everyone)
        assert "view" in permissions

    def test_unknown_permissions_are_denied_to_everybody(self, application: Application) -> None:
        super_user = Identity(1, "admin", frozenset({2, 3}), SystemPermission.ADMIN_ALL)
        for identity in (ANONYMOUS, super_user):
            assert not ACLHelper().permits(walk(application, ROOT), principals(identity), "fly")

    def test_everybody_is_always_a_principal(self) -> None:
        for identity in (ANONYMOUS, Identity(7, "x", frozenset({4}))):
            assert Everyone in principals(identity)

    def test_nobody_gains_flags_without_signing_in(self) -> None:
        forged = Identity(None, "", frozenset(), SystemPermission.ADMIN_ALL)
        assert principals(forged) == [Everyone]

    def test_rule_deeper_down_does_not_reach_up(self, application: Application) -> None:
        closed = ROOT / "deep" / "closed"
        application.rights.set_rule(SYSTEM, closed, PUBLIC_GROUP_ID, AccessLevel.NONE)
        assert allows(walk(application, ROOT / "deep"), ANONYMOUS, AccessLevel.VIEW)
        assert not allows(walk(application, closed), ANONYMOUS, AccessLevel.VIEW)
        assert not allows(walk(application, closed / "x.jpg"), ANONYMOUS, AccessLevel.VIEW)


class TestNodes:
    @pytest.mark.parametrize("name", ["a.jpg", "A.JPG", "é.png", "x.y.tiff", "a b.webp"])
    def test_image_by_its_extension(self, application: Application, name: str) -> None:
        node = walk(application, ROOT / "folder" / name)
        assert isinstance(node, Image)
        assert node.folder == ROOT / "folder"

    @pytest.mark.parametrize("name", ["folder", "notes.txt", "jpg", "a.jpg.zip", "v1.2"])
    def test_folder_otherwise(self, application: Application, name: str) -> None:
        node = walk(application, ROOT / name)
        assert isinstance(node, Folder)
        assert node.folder == node.path == ROOT / name

    def test_need_not_exist(self, application: Application) -> None:
        assert walk(application, ROOT / "no" / "such" / "thing.jpg").path.src == "no/such/thing.jpg"

    def test_knows_where_it_is(self, application: Application) -> None:
        node = walk(application, ROOT / "a" / "b.jpg")
        assert (node.__name__, node.__parent__ and node.__parent__.__name__) == ("b.jpg", "a")

    @pytest.mark.parametrize("name", [".", ""])
    def test_nothing_leads_nowhere(self, application: Application, name: str) -> None:
        node = walk(application, ROOT / "a")
        assert node[name] is node

    def test_dots_do_not_lead_out(self, application: Application) -> None:
        with pytest.raises(AccessDenied):
            walk(application, ROOT)[".."]

    def test_control_characters_are_no_names(self, application: Application) -> None:
        with pytest.raises(InvalidRequest):
            walk(application, ROOT)["a\x00b"]


def test_each_level_gives_those_below_it() -> None:
    for level in AccessLevel:
        expected = {PERMISSIONS[step] for step in PERMISSIONS if step <= level}
        assert set(permissions_up_to(level)) == expected
    assert permissions_up_to(AccessLevel.NONE) == ()
    assert len(permissions_up_to(AccessLevel.DELETE_FOLDER)) == len(AccessLevel) - 1
