"""The page of a picture: facts, URLs, and a form made from the declared parameters."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from qis_core import Boolean, Choice, Integer, Number, Stage, Text, hookimpl, operation, param
from qis_core.application import Application
from qis_core.catalog.audit import SYSTEM
from qis_core.catalog.templates import TemplateRecord
from qis_core.domain.access import AccessLevel
from qis_core.errors import Busy
from qis_web.controls import shown_names
from tests.support.answers import Credentials
from tests.support.html_page import Element, HtmlPage
from tests.support.web import ADMIN, Web, open_web


@dataclass(frozen=True, slots=True)
class SepiaParams:
    percent: int = param("sepia", Integer(0, 100), default=0, unit="%", help="Strength; `0` leaves it as it is")
    warmth: float = param("sepiawarmth", Number(-1, 1), default=0.5, help="Warmer above 0")
    tone: str | None = param("sepiatone", Choice(("brown", "red")), help="Which brown")
    soft: bool = param("sepiasoft", Boolean(), default=False, help="Softly")
    note: str | None = param("sepianote", Text(20), help="<b>Anything</b> & everything")


@operation("sepia", stage=Stage.EFFECT + 3, params=SepiaParams)
def sepia(image: Image.Image, step: SepiaParams) -> Image.Image:
    """Tone the image brown."""
    return image.point(lambda level: level * (100 - step.percent) // 100)


@hookimpl
def qis_operations() -> tuple[Any, ...]:
    return (sepia,)


SEPIA = {"sepia": SimpleNamespace(qis_operations=qis_operations)}
EXIF_MAKE, EXIF_MODEL = 0x010F, 0x0110


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with open_web(tmp_path_factory.mktemp("picture"), SEPIA) as web:
        exif = Image.Exif()
        exif[EXIF_MAKE], exif[EXIF_MODEL] = "Maker", "<b>Model</b> & 'co'"
        web.put("a.jpg", (1200, 800), exif=exif, dpi=(300, 300))
        web.put("b.png", (300, 200))
        web.put("c.jpg", (10, 10))
        web.put("closed/x.jpg")
        (web.folder / "pictures/damaged.jpg").write_bytes(b"this is no picture")
        web.close("closed")
        yield web


@pytest.fixture(scope="module")
def member(web: Web) -> Credentials:
    return web.add_user("member")


@pytest.fixture(scope="module")
def page(web: Web) -> HtmlPage:
    return web.page("/browse/a.jpg")


def query_of(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(address).query, keep_blank_values=True))


def preview_of(page: HtmlPage) -> Element:
    return page.one("img", id="result")


def facts_of(page: HtmlPage) -> dict[str, str]:
    terms, texts = page.all("dt"), page.all("dd")
    return {term.text: text.text for term, text in zip(terms, texts, strict=True)}


class TestFacts:
    def test_names_the_picture(self, page: HtmlPage) -> None:
        assert page.one("h1").text == "a.jpg"
        assert page.one("title").text.startswith("a.jpg")

    def test_facts_and_metadata(self, page: HtmlPage) -> None:
        facts = facts_of(page)
        assert facts["Size"] == "1200 × 800 px"
        assert facts["Format"] == "JPEG"
        assert facts["Resolution"] == "300 dpi"
        assert facts["Make"] == "Maker"

    def test_metadata_is_text(self, page: HtmlPage) -> None:
        assert facts_of(page)["Model"] == "<b>Model</b> & 'co'"
        assert "<b>Model" not in page.source

    def test_lists_are_joined(self, web: Web) -> None:
        exif = Image.Exif()
        exif[0x0102] = (8, 8, 8)
        web.put("open/bits.jpg", exif=exif)
        assert facts_of(web.page("/browse/open/bits.jpg"))["BitsPerSample"] == "8, 8, 8"

    def test_pages_are_counted_where_there_are_several(self, web: Web) -> None:
        frames = [Image.new("RGB", (20, 10), colour) for colour in ("red", "green", "blue")]
        frames[0].save(web.folder / "pictures/three.tif", save_all=True, append_images=frames[1:])
        assert facts_of(web.page("/browse/three.tif"))["Pages"] == "3"
        assert "Pages" not in facts_of(web.page("/browse/a.jpg"))

    def test_neighbours(self, web: Web) -> None:
        page = web.page("/browse/b.png")
        assert page.one("a", rel="prev")["href"] == "/browse/a.jpg"
        assert page.one("a", rel="next")["href"] == "/browse/c.jpg"

    def test_original_is_offered_to_those_who_may_have_it(self, web: Web) -> None:
        address = "/images/a.jpg/@@original"
        assert address not in web.page("/browse/a.jpg").addresses
        assert address in web.page("/browse/a.jpg", ADMIN).addresses
        web.put("open/a.jpg")
        web.allow("open", AccessLevel.DOWNLOAD)
        page = web.page("/browse/open/a.jpg")
        assert "/images/open/a.jpg/@@original" in page.addresses
        assert web.get("/images/open/a.jpg/@@original").status_int == 200

    def test_json_is_one_click_away(self, web: Web, page: HtmlPage) -> None:
        assert "/images/a.jpg/@@info" in page.addresses
        assert web.get("/images/a.jpg/@@info").json["size"] == [1200, 800]


class TestWhoMay:
    def test_closed_is_refused_whether_it_is_there_or_not(self, web: Web) -> None:
        answers = {
            (answer.status_int, answer.text)
            for name in ("x.jpg", "none.jpg", ".hidden.jpg", "x.jpg/", "none.jpg/")
            for answer in (web.get(f"/browse/closed/{name}"),)
        }
        assert [status for status, _ in answers] == [403]
        assert web.get("/browse/closed/x.jpg", ADMIN).status_int == 200

    @pytest.mark.parametrize(("name", "status"), [("none.jpg", 404), (".hidden.jpg", 404), ("damaged.jpg", 415)])
    def test_what_cannot_be_shown(self, web: Web, name: str, status: int) -> None:
        assert web.get(f"/browse/{name}").status_int == status

    def test_slash_at_the_end_leads_to_the_picture(self, web: Web) -> None:
        response = web.get("/browse/a.jpg/")
        assert (response.status_int, urlsplit(response.location).path) == (302, "/browse/a.jpg")

    @pytest.mark.parametrize("target", ["/browse/a.jpg", "/browse/a.jpg?width=33"])
    def test_explanation_is_for_administrators(self, web: Web, member: Credentials, target: str) -> None:
        assert not web.page(target).all("pre")
        assert not web.page(target, member).all("pre")
        assert '"steps"' in web.page(target, ADMIN).one("pre").text


class TestExamples:
    def test_each_says_what_it_will_be(self, web: Web, page: HtmlPage) -> None:
        titles = [title.text for title in page.all("h3")]
        assert "Original size 1200 × 800 JPG" in titles
        assert "300 px wide 300 × 200 JPG" in titles
        assert "Square, cropped to the subject 300 × 300 JPG" in titles
        assert "WebP 600 × 400 WEBP" in titles
        assert len(titles) == 6

    def test_addresses_are_whole_and_work(self, web: Web, page: HtmlPage) -> None:
        shown = page.inside(page.one("ul", class_="copyable"), "a")
        assert len(shown) == 12
        for link in shown:
            assert link.text.startswith("http://localhost/image")
            assert urlsplit(link.text)._replace(scheme="", netloc="").geturl() == link["href"]
            assert web.get(link["href"]).status_int == 200

    def test_both_forms_are_one_picture(self, web: Web, page: HtmlPage) -> None:
        links = [link["href"] for link in page.inside(page.one("ul", class_="copyable"), "a")]
        for by_path, by_query in zip(links[::2], links[1::2], strict=True):
            assert web.get(by_path).headers["ETag"] == web.get(by_query).headers["ETag"]

    def test_those_over_the_public_limit_are_left_out(self, tmp_path: Path) -> None:
        with open_web(tmp_path, images_public_max_width=400) as web:
            web.put("a.jpg", (1200, 800))
            titles = [title.text for title in web.page("/browse/a.jpg").all("h3")]
            assert any(title.startswith("300 px wide") for title in titles)
            assert not any(title.startswith("WebP") for title in titles)
            assert len(web.page("/browse/a.jpg", ADMIN).all("h3")) == 6


class TestForm:
    def test_begins_with_something_to_look_at(self, page: HtmlPage) -> None:
        preview = preview_of(page)
        assert query_of(preview["src"]) == {"src": "a.jpg", "width": "800", "format": "auto", "stats": "0"}
        assert (preview["width"], preview["height"]) == ("800", "534")
        assert page.one("input", id="p-width")["value"] == "800"

    def test_never_begins_larger_than_the_picture(self, web: Web) -> None:
        assert query_of(preview_of(web.page("/browse/c.jpg"))["src"])["width"] == "10"

    def test_begins_within_the_public_limits(self, tmp_path: Path) -> None:
        with open_web(tmp_path, images_public_max_width=400, images_public_max_height=200) as web:
            web.put("a.jpg", (1200, 800))
            preview = preview_of(web.page("/browse/a.jpg"))
            assert (preview["width"], preview["height"]) == ("300", "200")
            assert web.get(preview["src"]).status_int == 200

    def test_shows_what_is_asked_for(self, web: Web) -> None:
        page = web.page("/browse/a.jpg?width=300&flip=h&grayscale=1&text=Hi%20%26%20ho")
        preview = preview_of(page)
        assert query_of(preview["src"]) == {
            "src": "a.jpg", "width": "300", "flip": "h", "grayscale": "1", "text": "Hi & ho", "stats": "0",
        }  # fmt: skip
        assert (preview["width"], preview["height"]) == ("300", "200")
        assert web.get(preview["src"]).status_int == 200
        assert page.one("input", id="p-text")["value"] == "Hi & ho"
        assert "checked" in page.one("input", id="p-grayscale").attributes
        selected = page.inside(page.one("select", id="p-flip"), "option", selected="selected")
        assert [option["value"] for option in selected] == ["h"]

    def test_shows_both_addresses_of_it(self, web: Web) -> None:
        page = web.page("/browse/a.jpg?width=300&flip=h")
        assert page.one("a", id="path-url")["href"] == "http://localhost/images/a.jpg?width=300&flip=h"
        assert page.one("a", id="query-url")["href"] == "http://localhost/image?src=a.jpg&width=300&flip=h"

    def test_previews_are_no_views(self, page: HtmlPage) -> None:
        assert query_of(preview_of(page)["src"])["stats"] == "0"
        assert "stats" not in page.one("a", id="path-url")["href"]

    def test_empty_fields_ask_for_nothing(self, web: Web) -> None:
        fields = dict.fromkeys(shown_names(web.application.registry), "")
        page = web.page("/browse/a.jpg?" + urlencode(fields))
        assert query_of(preview_of(page)["src"]) == {"src": "a.jpg", "stats": "0"}
        assert (preview_of(page)["width"], preview_of(page)["height"]) == ("1200", "800")

    def test_unknown_and_handling_names_are_ignored(self, web: Web) -> None:
        page = web.page("/browse/a.jpg?width=50&nonsense=1&src=b.png&xref=x&attach=1&cache=0&sig=x&until=1")
        assert query_of(preview_of(page)["src"]) == {"src": "a.jpg", "width": "50", "stats": "0"}

    def test_first_of_a_repeated_name_counts(self, web: Web) -> None:
        page = web.page("/browse/a.jpg?width=50&flip=v&width=60")
        assert page.one("a", id="path-url")["href"].endswith("?width=50&flip=v")

    @pytest.mark.parametrize(
        ("query", "name"),
        [
            ("width=-1", "width"),
            ("width=x", "width"),
            ("fill=blurple", "fill"),
            ("tile=3:7", "tile"),
            ("format=xyz", "format"),
        ],
    )
    def test_fault_is_told_at_its_field(self, web: Web, query: str, name: str) -> None:
        page = web.page(f"/browse/a.jpg?{query}", status=400)
        field = next(element for element in page.elements if element.get("id") == f"p-{name}")
        assert field["aria-invalid"] == "true"
        assert f"e-{name}" in field["aria-describedby"].split()
        assert page.one("p", id=f"e-{name}").text.startswith(f"{name}:")
        assert page.one("p", id="fault").text == page.one("p", id=f"e-{name}").text
        assert "src" not in preview_of(page).attributes

    def test_fault_opens_its_group(self, web: Web) -> None:
        page = web.page("/browse/a.jpg?fill=blurple", status=400)
        field = next(element for element in page.elements if element.get("id") == "p-fill")
        group = next(element for element in page.all("details") if field.is_inside(element))
        assert "open" in group.attributes

    def test_fault_without_a_field_is_told_too(self, web: Web) -> None:
        page = web.page("/browse/a.jpg?overlay=none/there.png", status=400)
        assert "not found" in page.one("p", id="fault").text

    def test_text_of_the_query_is_text(self, web: Web) -> None:
        evil = '"><script>alert(1)</script>'
        page = web.page("/browse/a.jpg?" + urlencode({"text": evil, "fill": evil}), status=400)
        assert page.one("input", id="p-text")["value"] == evil
        assert "<script>alert" not in page.source

    def test_templates_can_be_chosen(self, web: Web) -> None:
        record = TemplateRecord("Small <i>", {"width": {"value": 120}}, "")
        web.application.templates.save(SYSTEM, record)
        page = web.page("/browse/a.jpg?tmp=Small%20%3Ci%3E")
        assert preview_of(page)["width"] == "120"
        assert "Small <i>" in [option.text for option in page.inside(page.one("select", id="p-tmp"), "option")]

    @settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
    @given(st.data())
    def test_any_text_gives_a_page(self, web: Web, data: st.DataObject) -> None:
        names = st.sampled_from(sorted(shown_names(web.application.registry) | {"tmp"}))
        texts = st.sampled_from(["0", "1", "-1", "2.5", "auto", "50%", "none", "red", "h"]) | st.text(max_size=12)
        fields = data.draw(st.dictionaries(names, texts, max_size=5))
        response = web.get("/browse/b.png?" + urlencode(fields, errors="replace"))
        assert response.status_int in (200, 400), response.text
        page = HtmlPage(response.text)
        assert (response.status_int == 400) == bool(page.one("p", id="fault").text)
        if response.status_int == 200:
            assert web.get(preview_of(page)["src"]).status_int == 200


class TestControls:
    def test_every_parameter_of_a_picture_has_one(self, web: Web, page: HtmlPage) -> None:
        named = [
            element["name"] for element in page.elements if element.get("name") and element.tag in ("input", "select")
        ]
        assert len(named) == len(set(named))
        assert set(named) - {"tmp"} == shown_names(web.application.registry)

    def test_every_control_has_a_label_and_help(self, page: HtmlPage) -> None:
        labels = {label["for"]: label.text for label in page.all("label")}
        for element in page.elements:
            if element.tag in ("input", "select") and element.get("type") != "range":
                assert labels[element["id"]].split()[0] == element["name"]
                assert any(p["id"] == element["aria-describedby"] and p.text for p in page.all("p", class_="help"))

    def test_parameters_of_a_plugin_show_up(self, page: HtmlPage) -> None:
        percent, slider = page.one("input", id="p-sepia"), page.one("input", data_for="p-sepia")
        assert (percent["type"], percent["min"], percent["max"], percent["step"]) == ("number", "0", "100", "1")
        assert (slider["type"], slider["min"], slider["max"], slider["value"]) == ("range", "0", "100", "0")
        assert page.one("input", id="p-sepiawarmth")["step"] == "0.01"
        assert page.one("input", data_for="p-sepiawarmth")["value"] == "0.5"
        assert page.one("input", id="p-sepiasoft")["type"] == "checkbox"
        assert page.one("input", id="p-sepianote")["type"] == "text"
        words = [option["value"] for option in page.inside(page.one("select", id="p-sepiatone"), "option")]
        assert words == ["", "brown", "red"]

    def test_help_of_a_plugin_is_text_with_code(self, page: HtmlPage) -> None:
        assert page.one("p", id="h-sepianote").text == "<b>Anything</b> & everything"
        assert [code.text for code in page.inside(page.one("p", id="h-sepia"), "code")] == ["0"]

    def test_it_stands_where_its_stage_belongs(self, page: HtmlPage) -> None:
        field = page.one("input", id="p-sepia")
        group = next(details for details in page.all("details", class_="group") if field.is_inside(details))
        assert page.inside(group, "summary")[0].text == "Effects"

    def test_it_works(self, web: Web) -> None:
        page = web.page("/browse/a.jpg?sepia=40")
        assert web.get(preview_of(page)["src"]).status_int == 200
        assert "sepia=40" in page.one("a", id="path-url")["href"]

    def test_what_happens_to_the_answer_has_none(self, page: HtmlPage) -> None:
        for name in ("attach", "xref", "stats", "cache", "recache", "expires"):
            assert not [element for element in page.elements if element.get("name") == name]

    def test_sliders_of_pixels_end_at_the_picture(self, page: HtmlPage) -> None:
        assert page.one("input", data_for="p-width")["max"] == "1200"
        assert page.one("input", id="p-width")["max"] == "15000"

    def test_defaults_are_shown_but_not_sent(self, page: HtmlPage) -> None:
        dpr = page.one("input", id="p-dpr")
        assert (dpr.get("value"), dpr["placeholder"], dpr["data-default"]) == ("", "1", "1")


class TestSignatures:
    """A server that answers signed URLs only: the page must not sign what callers like."""

    @pytest.fixture
    def signed(self, tmp_path: Path) -> Iterator[Web]:
        with open_web(tmp_path, signing_mode="required", signing_keys="0123456789abcdef-key") as web:
            web.put("a.jpg", (1200, 800))
            web.put("folder/b.jpg", (300, 200))
            web.allow("/", AccessLevel.DOWNLOAD)
            yield web

    @pytest.mark.parametrize("target", ["/", "/browse/folder/", "/browse/a.jpg"])
    def test_every_picture_on_a_page_can_be_asked_for(self, signed: Web, target: str) -> None:
        page = signed.page(target)
        addresses = [image["src"] for image in page.all("img") if image["src"].startswith("/image")]
        addresses += [link["href"] for link in page.all("a") if urlsplit(link["href"]).path.startswith("/image")]
        checked = [address for address in addresses if not address.endswith(("/images/", "/folder/", "@@info"))]
        assert len(checked) > 12
        for address in checked:
            assert signed.get(address).status_int == 200, address

    def test_nobody_gets_a_form(self, signed: Web) -> None:
        page = signed.page("/browse/a.jpg")
        assert not page.all("form")
        assert not [script for script in page.all("script") if "try.js" in script["src"]]

    def test_asking_by_query_signs_nothing_else(self, signed: Web) -> None:
        page = signed.page("/browse/a.jpg?width=77")
        assert not [address for address in page.addresses if "width=77" in address]

    def test_users_get_the_form_and_plain_addresses(self, signed: Web) -> None:
        page = signed.page("/browse/a.jpg?width=77", ADMIN)
        assert page.all("form")
        assert not [address for address in page.addresses if "sig=" in address]
        assert signed.get(preview_of(page)["src"], ADMIN).status_int == 200


def test_busy_server_still_shows_the_page(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """Metadata that cannot be read now is left out."""

    def busy(_facts: object) -> object:
        raise Busy("full")

    monkeypatch.setattr(Application, "descriptions", SimpleNamespace(get=busy))
    web.application.__dict__.pop("descriptions", None)
    page = web.page("/browse/b.png")
    assert facts_of(page)["Size"] == "300 × 200 px"
