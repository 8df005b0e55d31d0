"""Folders a page at a time: nothing twice, nothing left out, nothing that the caller may not see."""

import itertools
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qis_core.application import Application
from qis_core.catalog.audit import SYSTEM
from qis_core.domain.access import ANONYMOUS, PUBLIC_GROUP_ID, AccessLevel, Identity, SystemPermission
from qis_core.domain.paths import ROOT, RepositoryPath
from qis_core.errors import AccessDenied, NotFound
from qis_core.services.listing import PAGE_ENTRIES, Cursor, FolderPage, Listing
from qis_plugins.memory.storage import MemoryStorage
from tests.support.application import open_application

SUPER_USER = Identity(1, "admin", frozenset({2, 3}), SystemPermission.ADMIN_ALL)
STEMS = st.text("abAB é\"'<&%._-~0", min_size=1, max_size=6).filter(lambda name: name.strip(". "))


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Application]:
    with open_application(tmp_path_factory.mktemp("listing")) as application:
        yield application


def listing_of(application: Application, *names: str) -> Listing:
    """A repository of empty files; names that end in a slash are folders."""
    storage = MemoryStorage()
    for name in names:
        path = RepositoryPath.parse(name)
        if name.endswith("/"):
            storage.make_folder(path)
        else:
            storage.write(path, [b""], replace=True)
    return Listing(storage, application.rights, application.registry.codecs)


def pages(listing: Listing, folder: RepositoryPath = ROOT, identity: Identity = ANONYMOUS) -> list[FolderPage]:
    """Every page, one after the other."""
    shown = [listing.page(identity, folder)]
    while shown[-1].next is not None:
        shown.append(listing.page(identity, folder, Cursor(after=shown[-1].next)))
        assert len(shown) < 100
    return shown


def names_on(shown: list[FolderPage]) -> list[str]:
    return [name for page in shown for name in (*page.folders, *page.images)]


class TestOrder:
    def test_folders_first_and_case_does_not_matter(self, application: Application) -> None:
        listing = listing_of(application, "b.jpg", "C.jpg", "a.jpg", "z/", "Y/", "A.jpg")
        page = listing.page(ANONYMOUS, ROOT)
        assert (page.folders, page.images) == (("Y", "z"), ("A.jpg", "a.jpg", "b.jpg", "C.jpg"))
        assert (page.first, page.last, page.total) == (1, 6, 6)
        assert page.previous is page.next is None

    def test_other_files_are_left_out(self, application: Application) -> None:
        listing = listing_of(application, "a.jpg", "notes.txt", "b.PNG", "noextension", "x.jpg.part")
        assert listing.page(ANONYMOUS, ROOT).images == ("a.jpg", "b.PNG")

    def test_empty_folder(self, application: Application) -> None:
        page = listing_of(application, "empty/").page(ANONYMOUS, ROOT / "empty")
        assert (page.images, page.folders, page.total, page.next, page.previous) == ((), (), 0, None, None)


class TestPaging:
    def test_pages_have_sixty_entries(self, application: Application) -> None:
        listing = listing_of(application, *(f"{n:03}.jpg" for n in range(121)), "one/", "two/")
        shown = pages(listing)
        assert [(page.first, page.last) for page in shown] == [(1, 60), (61, 120), (121, 123)]
        assert {page.total for page in shown} == {123}

    @settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
    @given(stems=st.sets(STEMS, max_size=150), folders=st.sets(STEMS, max_size=70))
    def test_everything_once_and_in_order(self, application: Application, stems: set[str], folders: set[str]) -> None:
        names = {f"x{stem}.jpg" for stem in stems}
        listing = listing_of(
            application, *(f"/r/{name}" for name in names), *(f"/r/y{name}/" for name in folders), "/r/"
        )
        shown = pages(listing, ROOT / "r")
        assert sorted(names_on(shown)) == sorted(names | {f"y{name}" for name in folders})
        assert all(len(page.folders) + len(page.images) == PAGE_ENTRIES for page in shown[:-1])
        images = [name for page in shown for name in page.images]
        assert images == sorted(images, key=lambda name: (name.casefold(), name))

    def test_back_leads_where_one_came_from(self, application: Application) -> None:
        listing = listing_of(application, *(f"{n:03}.jpg" for n in range(150)), *(f"f{n:02}/" for n in range(40)))
        shown = pages(listing)
        for before, page in itertools.pairwise(shown):
            assert page.previous is not None
            assert listing.page(ANONYMOUS, ROOT, Cursor(before=page.previous)).images == before.images

    def test_back_near_the_start_shows_the_start(self, application: Application) -> None:
        listing = listing_of(application, *(f"{n:03}.jpg" for n in range(100)))
        page = listing.page(ANONYMOUS, ROOT, Cursor(before="010.jpg"))
        assert (page.first, page.previous) == (1, None)

    def test_changes_elsewhere_move_nothing(self, application: Application) -> None:
        names = [f"{n:03}.jpg" for n in range(130)]
        after = listing_of(application, *names).page(ANONYMOUS, ROOT).next
        assert after == "059.jpg"
        changed = listing_of(application, "0000.jpg", "new/", *names[5:59], *names[60:])
        page = changed.page(ANONYMOUS, ROOT, Cursor(after=after))
        assert page.images[0] == "060.jpg"

    @pytest.mark.parametrize("cursor", [Cursor("zzz"), Cursor("zzz/"), Cursor("~" * 2000), Cursor("\x00")])
    def test_strange_cursors_are_harmless(self, application: Application, cursor: Cursor) -> None:
        page = listing_of(application, "a.jpg", "b/").page(ANONYMOUS, ROOT, cursor)
        assert page.total == 2


class TestRights:
    @pytest.fixture
    def listing(self, application: Application) -> Listing:
        for name in ("closed", "half"):
            application.rights.set_rule(SYSTEM, ROOT / name, PUBLIC_GROUP_ID, AccessLevel.NONE)
        application.rights.set_rule(SYSTEM, ROOT / "half" / "open", PUBLIC_GROUP_ID, AccessLevel.VIEW)
        return listing_of(application, "a.jpg", "closed/x.jpg", "half/open/y.jpg", "half/z.jpg", "open/w.jpg")

    def test_closed_folders_are_not_listed(self, listing: Listing) -> None:
        assert listing.page(ANONYMOUS, ROOT).folders == ("open",)
        assert listing.page(SUPER_USER, ROOT).folders == ("closed", "half", "open")

    def test_closed_folders_do_not_count(self, listing: Listing) -> None:
        assert listing.page(ANONYMOUS, ROOT).total == 2

    @pytest.mark.parametrize("name", ["closed", "closed/none", "closed/.hidden", "half"])
    def test_closed_folder_is_refused_whether_it_is_there_or_not(self, listing: Listing, name: str) -> None:
        with pytest.raises(AccessDenied, match=r"^access denied$"):
            listing.page(ANONYMOUS, ROOT / name)

    def test_open_folder_in_a_closed_one(self, listing: Listing) -> None:
        assert listing.page(ANONYMOUS, ROOT / "half" / "open").images == ("y.jpg",)

    def test_neighbours_need_the_right_too(self, listing: Listing) -> None:
        with pytest.raises(AccessDenied):
            listing.neighbours(ANONYMOUS, ROOT / "closed" / "x.jpg")

    @pytest.mark.parametrize("name", ["none", "a.jpg", ".hidden"])
    def test_what_is_no_folder_is_not_found(self, listing: Listing, name: str) -> None:
        with pytest.raises(NotFound):
            listing.page(ANONYMOUS, ROOT / name)


def test_hidden_folder_is_not_found_even_when_the_storage_has_it(application: Application) -> None:
    listing = listing_of(application, ".git/a.jpg", "b.jpg")
    assert listing.page(SUPER_USER, ROOT).folders == ()
    with pytest.raises(NotFound):
        listing.page(SUPER_USER, ROOT / ".git")


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("a.jpg", (None, "b.jpg")), ("b.jpg", ("a.jpg", "C.jpg")), ("C.jpg", ("b.jpg", None)), ("none.jpg", (None, None))],
)
def test_neighbours(application: Application, name: str, wanted: tuple[str | None, str | None]) -> None:
    listing = listing_of(application, "C.jpg", "a.jpg", "b.jpg", "folder/", "notes.txt")
    assert listing.neighbours(ANONYMOUS, ROOT / name) == wanted
