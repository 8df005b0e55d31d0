"""Landing and folder pages: what is shown, to whom, and what never is."""

import io
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from PIL import Image
from pyramid.request import Request

from qis_core.domain.access import AccessLevel
from tests.support.html_page import HtmlPage
from tests.support.web import ADMIN, Web, open_web

THUMBNAIL = "/image?src={}&width=200&height=200&format=jpg&colorspace=srgb&strip=1&stats=0"
ODD = 'a <b>&"q" \'é+%20#?;.jpg'


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """Pictures in the root, in folders, in one that is closed, and hidden ones."""
    with open_web(tmp_path_factory.mktemp("pages")) as web:
        for src in ("one.jpg", "two.png", ODD, "birds/wren.jpg", "birds/owls/snowy.jpg", "closed/private.jpg"):
            web.put(src, (300, 200))
        for number in range(130):
            web.put(f"many/{number:03}.png", (2, 2))
        for src in (".secret.jpg", ".git/config.jpg", "birds/.draft.jpg"):
            web.put(src)
        (web.folder / "pictures/notes.txt").write_text("no picture", encoding="ascii")
        (web.folder / "pictures/empty").mkdir()
        web.close("closed")
        yield web


def thumbnails(page: HtmlPage) -> list[str]:
    return [image["src"] for image in page.all("img", loading="lazy")]


def links_to(page: HtmlPage, address: str) -> bool:
    return any(link.get("href") == address for link in page.all("a"))


class TestLanding:
    def test_says_what_this_is(self, web: Web) -> None:
        page = web.page("/")
        assert page.one("h1").text == "Every picture, in any size, by URL"
        assert page.one("title").text.endswith("QIS")
        assert page.one("html")["lang"] == "en"

    def test_shows_pictures_of_the_root_and_of_its_folders(self, web: Web) -> None:
        shown = thumbnails(web.page("/"))
        for src in ("one.jpg", "two.png", "birds/wren.jpg"):
            assert THUMBNAIL.format(src) in shown
        assert THUMBNAIL.format("birds/owls/snowy.jpg") not in shown

    def test_thumbnails_keep_their_place_until_they_come(self, web: Web) -> None:
        images = web.page("/").all("img", loading="lazy")
        assert {(image["width"], image["height"]) for image in images} == {("200", "200")}

    def test_thumbnails_are_pictures(self, web: Web) -> None:
        for address in thumbnails(web.page("/"))[:5]:
            response = web.get(address)
            assert (response.status_int, response.content_type) == (200, "image/jpeg")

    def test_showcase_has_the_size_that_it_announces(self, web: Web) -> None:
        showcase = web.page("/").one("ul", class_="showcase")
        images = [image for image in web.page("/").all("img") if image.get("alt")]
        assert len(images) == 4
        assert showcase.text.count("?") == 4
        for image in images:
            answer = web.get(image["src"])
            assert answer.status_int == 200
            assert_size(answer.body, int(image["width"]), int(image["height"]))

    def test_each_picture_has_urls_to_copy_in_both_forms(self, web: Web) -> None:
        page = web.page("/")
        for prefix in ("/images/one.jpg", "/image?src=one.jpg"):
            found = [link["href"] for link in page.all("a") if link["href"].startswith(prefix)]
            assert len(found) >= 6
            for address in found:
                answer = web.get(address, Accept="image/webp")
                assert answer.status_int == 200, address
                assert answer.content_type.startswith("image/")

    def test_each_address_has_a_copy_button_that_says_what_it_copies(self, web: Web) -> None:
        page = web.page("/")
        card = page.all("li", class_="card")[0]
        addresses = [link for link in page.inside(card, "a") if link["href"].startswith("/image")]
        buttons = page.inside(card, "button", class_="copy")
        assert len(addresses) == len(buttons) == 12
        assert len({button["aria-label"] for button in buttons}) == 12
        for link, button in zip(addresses, buttons, strict=True):
            assert link.parent is button.parent

    def test_closed_and_hidden_names_do_not_show(self, web: Web) -> None:
        source = web.page("/").source
        for name in ("closed", "private", "secret", ".git", "config", "draft", "notes"):
            assert name not in source.replace("closed to", ""), name

    def test_closed_folder_shows_to_those_who_may(self, web: Web) -> None:
        assert THUMBNAIL.format("closed/private.jpg") in thumbnails(web.page("/", ADMIN))

    def test_folder_without_pictures_is_a_link(self, web: Web) -> None:
        assert links_to(web.page("/"), "/browse/empty/")

    def test_names_are_text(self, web: Web) -> None:
        page = web.page("/")
        assert ODD in [name.text for name in page.all("span", class_="name")]
        assert links_to(page, "/browse/" + quote(ODD, safe="'+;@&"))

    def test_every_address_of_an_odd_name_works(self, web: Web) -> None:
        page = web.page("/browse/")
        card = next(card for card in page.all("li", class_="card") if ODD in card.text)
        for element in [*page.inside(card, "a"), *page.inside(card, "img")]:
            address = element.get("href") or element["src"]
            assert web.get(address).status_int == 200, address


def assert_size(content: bytes, width: int, height: int) -> None:
    with Image.open(io.BytesIO(content)) as image:
        assert image.size == (width, height)


class TestOtherRepositories:
    def test_empty_one_says_what_to_do(self, tmp_path: Path) -> None:
        with open_web(tmp_path) as web:
            assert "no pictures yet" in web.page("/").one("p", class_="empty").text

    def test_closed_one_shows_nothing_but_the_way_in(self, tmp_path: Path) -> None:
        with open_web(tmp_path) as web:
            web.put("folder/private.jpg")
            web.put("mine.jpg")
            web.close("/")
            page = web.page("/")
            assert "private" not in page.source
            assert "mine" not in page.source
            assert "folder/" not in page.source
            assert page.one("p", class_="empty").text.startswith("The pictures of this server are not public")
            assert THUMBNAIL.format("mine.jpg") in thumbnails(web.page("/", ADMIN))

    def test_damaged_picture_does_not_stop_the_page(self, tmp_path: Path) -> None:
        with open_web(tmp_path) as web:
            (tmp_path / "pictures" / "a.jpg").write_bytes(b"this is no picture")
            page = web.page("/")
            assert len(thumbnails(page)) == 1
            assert not page.all("ul", class_="showcase")

    def test_shelves_are_short_and_few(self, tmp_path: Path) -> None:
        with open_web(tmp_path) as web:
            for folder in range(10):
                for number in range(14):
                    web.put(f"f{folder}/{number:02}.png", (2, 2))
            page = web.page("/")
            assert len(thumbnails(page)) == 8 * 12
            assert "All 14" in page.text
            assert links_to(page, "/browse/f9/")

    def test_without_operations_there_is_still_a_page(self, tmp_path: Path) -> None:
        names = "pillow filesystem memory sqlite passwords query_scheme path_scheme web"
        with open_web(tmp_path, PLUGINS=names) as web:
            web.put("a.jpg")
            assert len(thumbnails(web.page("/"))) == 1


class TestFolderPage:
    def test_shows_pictures_and_folders(self, web: Web) -> None:
        page = web.page("/browse/birds/")
        assert page.one("h1").text == "birds"
        assert thumbnails(page) == [THUMBNAIL.format("birds/wren.jpg")]
        assert links_to(page, "/browse/birds/owls/")

    def test_breadcrumbs_lead_up(self, web: Web) -> None:
        page = web.page("/browse/birds/owls/")
        crumbs = page.one("nav", aria_label="Breadcrumbs")
        assert [link["href"] for link in page.inside(crumbs, "a")] == ["/browse/", "/browse/birds/"]
        current = page.inside(crumbs, "span", aria_current="page")
        assert [element.text for element in current] == ["owls"]

    def test_without_its_slash_leads_to_the_one_with(self, web: Web) -> None:
        response = web.get("/browse/birds?after=a.jpg&path=x&is_folder=")
        assert response.status_int == 302
        assert urlsplit(response.location).path == "/browse/birds/"
        assert urlsplit(response.location).query == "after=a.jpg&path=x&is_folder="

    def test_pages_hold_sixty_and_lead_on(self, web: Web) -> None:
        seen: list[str] = []
        address, sizes = "/browse/many/", []
        while address:
            page = web.page(address)
            sizes.append(len(thumbnails(page)))
            seen += thumbnails(page)
            address = next((link["href"] for link in page.all("a", rel="next")), "")
        assert sizes == [60, 60, 10]
        assert seen == [THUMBNAIL.format(f"many/{number:03}.png") for number in range(130)]

    def test_previous_leads_back(self, web: Web) -> None:
        second = web.page(web.page("/browse/many/").one("a", rel="next")["href"])
        first = web.page(second.one("a", rel="prev")["href"])
        assert thumbnails(first)[0] == THUMBNAIL.format("many/000.png")
        assert not first.all("a", rel="prev")

    def test_says_where_one_is(self, web: Web) -> None:
        page = web.page(web.page("/browse/many/").one("a", rel="next")["href"])
        assert "61–120 of 130" in page.text

    def test_empty_folder_says_so(self, web: Web) -> None:
        assert "Nothing to see here yet" in web.page("/browse/empty/").text

    def test_closed_folder_is_the_same_whether_it_is_there_or_not(self, web: Web) -> None:
        answers = {
            (answer.status_int, answer.text)
            for target in ("closed/", "closed/nothing/", "closed/private.jpg", "closed/nothing.jpg", "closed/.git/")
            for answer in (web.get(f"/browse/{target}"),)
        }
        assert len(answers) == 1
        assert answers.pop()[0] == 403

    def test_closed_folder_opens_for_those_who_may(self, web: Web) -> None:
        assert thumbnails(web.page("/browse/closed/", ADMIN)) == [THUMBNAIL.format("closed/private.jpg")]

    @pytest.mark.parametrize(
        "target", ["none/", "birds/none/", ".git/", "birds/.draft.jpg", "notes.txt/", ".secret.jpg"]
    )
    def test_missing_and_hidden_are_not_found(self, web: Web, target: str) -> None:
        for auth in (None, ADMIN):
            assert web.get(f"/browse/{target}", auth).status_int == 404

    def test_dots_do_not_lead_out(self, web: Web) -> None:
        assert web.get("/browse/birds/../../../etc/").status_int in (403, 404)

    @pytest.mark.parametrize("query", ["after=%00", "after=zzz", "before=%2F", "after=" + "x" * 3000, "after=%FF"])
    def test_strange_places_are_harmless(self, web: Web, query: str) -> None:
        assert web.get(f"/browse/many/?{query}").status_int in (200, 400)

    def test_folder_that_is_called_like_a_picture(self, web: Web) -> None:
        web.put("album.jpg/inside.png")
        assert thumbnails(web.page("/browse/album.jpg/")) == [THUMBNAIL.format("album.jpg/inside.png")]
        assert "inside.png" in web.page("/browse/album.jpg").text
        assert links_to(web.page("/"), "/browse/album.jpg/")


class TestFolderAsJson:
    def test_names_and_sources(self, web: Web) -> None:
        content = web.get("/images/birds/").json
        assert content == {
            "path": "/birds",
            "folders": ["owls"],
            "images": [{"name": "wren.jpg", "src": "birds/wren.jpg"}],
            "total": 2,
            "next": None,
        }

    def test_next_leads_through_everything(self, web: Web) -> None:
        names, address = [], "/images/many/"
        while address:
            content = web.get(address).json
            names += [image["name"] for image in content["images"]]
            address = content["next"]
        assert names == [f"{number:03}.png" for number in range(130)]

    def test_root_leaves_out_what_is_closed_or_hidden(self, web: Web) -> None:
        folders = web.get("/images/").json["folders"]
        assert "closed" not in folders
        assert ".git" not in folders
        assert "closed" in web.get("/images/", ADMIN).json["folders"]

    def test_sources_can_be_asked_for(self, web: Web) -> None:
        for image in web.get("/images/").json["images"]:
            assert web.get("/images/" + quote(image["src"]) + "?width=20").status_int == 200

    def test_closed_folder_is_refused(self, web: Web) -> None:
        for target in ("/images/closed/", "/images/closed", "/images/closed/nothing/"):
            assert web.get(target).status_int == 403

    def test_what_is_no_folder_is_answered_as_a_picture(self, web: Web) -> None:
        assert web.get("/images/notes.txt").status_int == 415
        assert web.get("/images/nothing").status_int == 404
        assert web.get("/images/one.jpg").content_type == "image/jpeg"

    def test_answer_is_for_this_caller_only(self, web: Web) -> None:
        assert web.get("/images/birds/").headers["Cache-Control"].startswith("private")


PAGES = (
    "/",
    "/browse/",
    "/browse/birds/",
    "/browse/many/",
    "/browse/one.jpg",
    "/browse/one.jpg?width=-1",
    "/browse/none/",
)


@pytest.mark.parametrize("target", PAGES)
class TestEveryPage:
    def test_policy_forbids_what_is_inline_and_elsewhere(self, web: Web, target: str) -> None:
        policy = web.get(target).headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert "http" not in policy

    def test_page_keeps_its_own_policy(self, web: Web, target: str) -> None:
        page = HtmlPage(web.get(target).text)
        assert not page.all("style")
        assert all(script.get("src") for script in page.all("script"))
        for element in page.elements:
            handlers = [name for name in element.attributes if name.startswith("on") or name == "style"]
            assert not handlers, f"{element.tag}: {handlers}"

    def test_loads_nothing_from_elsewhere(self, web: Web, target: str) -> None:
        for address in HtmlPage(web.get(target).text).addresses:
            assert urlsplit(address).netloc in ("", "localhost"), address

    def test_style_and_scripts_are_there(self, web: Web, target: str) -> None:
        page = HtmlPage(web.get(target).text)
        loaded = [*(link["href"] for link in page.all("link")), *(script["src"] for script in page.all("script"))]
        assert loaded
        for address in loaded:
            assert web.get(address).status_int == 200, address

    def test_ids_are_unique_and_labels_point_somewhere(self, web: Web, target: str) -> None:
        page = HtmlPage(web.get(target).text)
        ids = [element["id"] for element in page.elements if element.get("id")]
        assert len(ids) == len(set(ids))
        for element in page.elements:
            for name in ("for", "aria-labelledby", "aria-describedby", "aria-controls", "data-for"):
                for wanted in (element.get(name) or "").split():
                    assert wanted in ids, f"{name}={wanted}"

    def test_has_one_h1_and_no_level_is_skipped(self, web: Web, target: str) -> None:
        page = HtmlPage(web.get(target).text)
        levels = [int(element.tag[1]) for element in page.elements if element.tag in ("h1", "h2", "h3", "h4")]
        assert levels.count(1) == 1
        assert levels[0] == 1
        assert all(after - before <= 1 for before, after in pairwise(levels))

    def test_pictures_say_what_they_are_and_how_large(self, web: Web, target: str) -> None:
        for image in HtmlPage(web.get(target).text).all("img"):
            assert "alt" in image.attributes
            assert "hidden" in image.attributes or (image.get("width") and image.get("height"))

    def test_head_is_answered_like_get(self, web: Web, target: str) -> None:
        request = Request.blank(target, method="HEAD", environ={"REMOTE_ADDR": "192.0.2.1"})
        answer = request.get_response(web.app)
        assert answer.status_int == web.get(target).status_int
        assert answer.body == b""


class TestBelowAPrefix:
    @pytest.mark.parametrize("target", ["/", "/browse/birds/", "/browse/one.jpg", "/browse/none/"])
    def test_every_address_carries_it(self, web: Web, target: str) -> None:
        page = HtmlPage(web.get(target, **{}).text)
        environ = {"SCRIPT_NAME": "/pics", "REMOTE_ADDR": "192.0.2.1"}
        below = HtmlPage(Request.blank(target, environ=environ).get_response(web.app).text)
        paths = [urlsplit(address).path for address in page.addresses if not address.startswith("#")]
        prefixed = [urlsplit(address).path for address in below.addresses if not address.startswith("#")]
        assert prefixed == ["/pics" + path for path in paths]


def test_folder_of_a_member(web: Web) -> None:
    """Rights of a group open a page to its members alone."""
    member = web.add_user("member")
    web.put("staff/plan.png")
    web.close("staff")
    assert web.get("/browse/staff/", member).status_int == 403
    web.allow("staff", AccessLevel.VIEW, group=2)
    assert thumbnails(web.page("/browse/staff/", member)) == [THUMBNAIL.format("staff/plan.png")]
    assert web.get("/browse/staff/").status_int == 403
