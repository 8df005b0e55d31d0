"""Pages over real HTTP, from `qis serve`: the addresses that people type, and what stays closed."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.answers import Answer, Credentials
from tests.support.cases import Folder
from tests.support.html_page import HtmlPage
from tests.support.server import ADMIN_PASSWORD, RunningServer, Site, eventually

ADMIN: Credentials = ("admin", ADMIN_PASSWORD)


def page_of(answer: Answer) -> HtmlPage:
    assert answer.status == 200, str(answer)
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    return HtmlPage(answer.text)


@pytest.fixture
def place(folder: Folder) -> Folder:
    """A folder with a few pictures in it."""
    for name in ("l.jpg", "alpha.png", "multi.tif", "naïve — é.jpg", "notes.txt", ".hidden.jpg"):
        folder.place(name)
    return folder


def test_first_page_needs_nothing(server: RunningServer) -> None:
    answer = server.get("/")
    page = page_of(answer)
    assert page.one("h1").text
    assert page.all("li", class_="card")
    assert "Set-Cookie" not in answer.headers
    assert "private" in answer.headers["Cache-Control"]


def test_everything_on_a_folder_page_is_served(place: Folder) -> None:
    page = page_of(place.ask("/browse/t/"))
    names = [name.text for name in page.all("span", class_="name")]
    assert names == ["alpha.png", "l.jpg", "multi.tif", "naïve — é.jpg"]
    for image in page.all("img", loading="lazy"):
        assert max(place.server.get(image["src"]).picture.size) <= 200
    for link in page.all("a"):
        if link["href"].startswith("/") and "sign-in" not in link["href"]:
            assert place.server.get(link["href"]).status == 200, link["href"]


def test_everything_on_a_picture_page_is_served(place: Folder) -> None:
    page = page_of(place.ask("/browse/t/l.jpg?width=320&format=webp"))
    preview = page.one("img", id="result")
    assert place.server.get(preview["src"]).size == (int(preview["width"]), int(preview["height"])) == (320, 192)
    for element in [*page.all("link"), *page.all("script")]:
        assert place.server.get(element.get("href") or element["src"]).status == 200


def test_pages_of_every_fixture(folder: Folder, fixtures: Path) -> None:
    """Each file of the conformance cases has a page, or the error its picture has."""
    for file in sorted(fixtures.iterdir()):
        if not re.fullmatch(r"[A-Za-z0-9. ]+\.[a-z]+", file.name):
            continue
        image = folder.ask(f"/images/t/{file.name.replace(' ', '%20')}?width=20&format=png")
        page = folder.ask(f"/browse/t/{file.name.replace(' ', '%20')}")
        assert page.status == image.status or file.suffix == ".txt" or image.status == 415, str(page)
        assert page.status < 500, str(page)


def test_closing_a_folder_closes_its_pages(place: Folder, member: Credentials) -> None:
    targets = ("/browse/t/", "/browse/t", "/browse/t/l.jpg", "/browse/t/l.jpg?width=50", "/images/t/")
    for target in targets:
        assert place.ask(target).status in (200, 302), target
    for group in ("Public", "Normal users"):
        place.allow(group, "none")
    eventually(lambda: is_refused(place.ask("/browse/t/")))
    for target in (*targets, "/browse/t/none.jpg", "/browse/t/none/", "/images/t/none/"):
        for auth in (None, member):
            is_refused(place.ask(target, auth=auth))
        is_refused(place.ask(target, "HEAD"))
    assert place.ask("/browse/t/", auth=ADMIN).status == 200
    assert place.name not in place.server.get("/").text
    assert place.name not in place.server.get("/browse/").text
    assert place.name not in folders_of_root(place)
    assert place.name in folders_of_root(place, auth=ADMIN)


def folders_of_root(place: Folder, **options: Any) -> list[str]:
    """The names on every page of the listing."""
    names: list[str] = []
    target = "/images/"
    while target:
        page = place.server.get(target, **options).json
        names += page["folders"]
        target = page["next"]
    return names


def is_refused(answer: Answer) -> None:
    assert answer.status == 403, str(answer)
    assert "l.jpg" not in answer.text


def test_new_picture_shows_at_once(place: Folder) -> None:
    assert "p.jpg" not in place.ask("/browse/t/").text
    place.place("p.jpg")
    assert "p.jpg" in place.ask("/browse/t/").text


def test_views_of_pages_are_no_views_of_pictures(place: Folder) -> None:
    """Thumbnails and previews carry stats=0."""
    for target in ("/browse/t/", "/browse/t/l.jpg"):
        page = page_of(place.ask(target))
        shown = [image["src"] for image in page.all("img") if "/image" in image["src"]]
        assert shown
        assert all("stats=0" in address for address in shown)


def test_administrators_see_the_plugins(server: RunningServer) -> None:
    assert server.get("/panels/plugins").status == 403
    assert "qis_operations" in page_of(server.get("/panels/plugins", auth=ADMIN)).text


def test_signing_in_leads_back(server: RunningServer) -> None:
    assert server.get("/sign-in").status == 401
    answer = server.get("/sign-in?next=/browse/", auth=ADMIN)
    assert answer.status == 302
    assert answer.headers["Location"].endswith("/browse/")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_pages_are_only_read(server: RunningServer, method: str, folder: Folder) -> None:
    for target in ("/", "/browse/t/", "/browse/t/l.jpg", "/panels/plugins", "/sign-in", "/images/t/"):
        answer = folder.ask(target, method)
        assert answer.status == 405, str(answer)
        assert "GET, HEAD" in answer.headers["Allow"]


def test_messages_hold_no_path_of_the_machine(server: RunningServer, site_paths: tuple[str, ...]) -> None:
    for target in (
        "/browse/none/",
        "/browse/none.jpg",
        "/browse/../x/",
        "/panels/none",
        "/static/none",
        "/browse/%00/",
    ):
        text = server.get(target).text
        assert not [path for path in site_paths if path in text], target


@pytest.fixture
def site_paths(server: RunningServer) -> tuple[str, ...]:
    site: Site = server.site
    return str(site.root), str(site.data), "site-packages"
