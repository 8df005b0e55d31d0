"""Panels: pages of plugins in our layout, for those whom they are meant for; and the page of the plugins themselves."""

import gzip
from collections.abc import Iterator
from html import escape
from pathlib import Path
from types import SimpleNamespace

import pytest

from qis_core import hookimpl
from qis_core.catalog.audit import SYSTEM
from qis_core.contracts.panel import Panel, PanelRequest
from qis_core.domain.access import SystemPermission
from qis_core.domain.accounts import GroupChanges
from qis_core.errors import NotFound, PluginError
from qis_web.static_files import digest_of
from tests.support.answers import Credentials
from tests.support.html_page import HtmlPage
from tests.support.web import ADMIN, Web, open_web


def greet(request: PanelRequest) -> str:
    name = escape(request.query.get("name", "nobody"))
    return f"<p id='greeting'>Hello {name}, says {escape(request.identity.username or 'anybody')}</p>"


def fail(request: PanelRequest) -> str:
    raise RuntimeError("/srv/secret")


def miss(request: PanelRequest) -> str:
    raise NotFound("no such report")


PANELS = (
    Panel("hello", "Hello <everybody>", greet, SystemPermission.NONE),
    Panel("reports", "Reports", greet, SystemPermission.REPORTS),
    Panel("either", "Either", greet, SystemPermission.REPORTS | SystemPermission.FOLIOS),
    Panel("broken", "Broken", fail, SystemPermission.NONE),
    Panel("missing", "Missing", miss, SystemPermission.NONE),
)


def plugin(*panels: Panel) -> dict[str, object]:
    @hookimpl
    def qis_panels() -> tuple[Panel, ...]:
        return panels

    return {"panels": SimpleNamespace(qis_panels=qis_panels)}


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with open_web(tmp_path_factory.mktemp("panels"), plugin(*PANELS)) as web:
        yield web


@pytest.fixture(scope="module")
def reporter(web: Web) -> Credentials:
    """A user with the flag for reports and no other."""
    credentials = web.add_user("reporter")
    groups = web.application.accounts.groups
    groups.add(SYSTEM, GroupChanges(name="Reporters", permissions=SystemPermission.REPORTS))
    groups.add_member(SYSTEM, "Reporters", "reporter")
    return credentials


@pytest.fixture(scope="module")
def member(web: Web) -> Credentials:
    """A user without any flag."""
    return web.add_user("member")


def linked(page: HtmlPage) -> list[str]:
    areas = page.one("nav", aria_label="Areas")
    return [link["href"] for link in page.inside(areas, "a")]


class TestPanel:
    def test_stands_in_the_layout(self, web: Web) -> None:
        page = web.page("/panels/hello")
        assert page.one("h1").text == "Hello <everybody>"
        assert page.one("p", id="greeting").text == "Hello nobody, says anybody"
        assert page.one("a", class_="brand")["href"] == "/"

    def test_gets_the_query_and_who_asks(self, web: Web) -> None:
        page = web.page("/panels/hello?name=%3Cb%3E&name=x", ADMIN)
        assert page.one("p", id="greeting").text == "Hello x, says admin"
        assert "<b>" in web.page("/panels/hello?name=%3Cb%3E").one("p", id="greeting").text

    def test_odd_query_is_harmless(self, web: Web) -> None:
        assert web.get("/panels/hello?name=%FF&%00=").status_int == 200

    @pytest.mark.parametrize("name", ["reports", "either"])
    def test_is_for_those_with_any_of_its_flags(
        self, web: Web, reporter: Credentials, member: Credentials, name: str
    ) -> None:
        assert web.get(f"/panels/{name}").status_int == 403
        assert web.get(f"/panels/{name}", member).status_int == 403
        for auth in (reporter, ADMIN):
            assert web.get(f"/panels/{name}", auth).status_int == 200

    def test_refusal_shows_nothing_of_it(self, web: Web) -> None:
        assert "Hello" not in web.get("/panels/reports").text

    def test_is_linked_where_it_may_be_seen(self, web: Web, reporter: Credentials) -> None:
        open_to_all = ["/panels/hello", "/panels/broken", "/panels/missing"]
        assert linked(web.page("/")) == ["/", *open_to_all]
        assert set(linked(web.page("/", reporter))) == {"/", *open_to_all, "/panels/reports", "/panels/either"}
        assert "/panels/plugins" in linked(web.page("/", ADMIN))

    def test_link_to_the_page_shown_is_marked(self, web: Web) -> None:
        page = web.page("/panels/hello")
        marked = [link["href"] for link in page.all("a", aria_current="page")]
        assert marked == ["/panels/hello"]

    def test_unknown_one_is_not_found(self, web: Web) -> None:
        assert web.get("/panels/none", ADMIN).status_int == 404

    def test_fault_of_a_plugin_stays_in_the_log(self, web: Web) -> None:
        response = web.get("/panels/broken")
        assert response.status_int == 500
        assert "secret" not in response.text

    def test_errors_of_ours_keep_their_status(self, web: Web) -> None:
        response = web.get("/panels/missing")
        assert response.status_int == 404
        assert "no such report" in response.text

    def test_policy_holds_for_plugins_too(self, web: Web) -> None:
        assert "unsafe" not in web.get("/panels/hello").headers["Content-Security-Policy"]


@pytest.fixture
def page(web: Web) -> HtmlPage:
    return web.page("/panels/plugins", ADMIN)


class TestPlugins:
    def test_is_for_administrators(self, web: Web, reporter: Credentials) -> None:
        assert web.get("/panels/plugins").status_int == 403
        assert web.get("/panels/plugins", reporter).status_int == 403

    def test_lists_each_plugin_in_the_order_asked(self, web: Web, page: HtmlPage) -> None:
        shown = [title.text for title in page.all("h2")]
        assert shown == [info.name for info in web.application.registry.plugins]
        assert shown[-1] == "panels"

    def test_says_where_each_comes_from(self, web: Web, page: HtmlPage) -> None:
        origins = [p.text for p in page.inside(page.one("div", class_="panel"), "p")]
        expected = [f"{info.distribution} {info.version}".strip() for info in web.application.registry.plugins]
        assert origins == [text or "given by hand" for text in expected]

    @pytest.mark.parametrize(
        ("plugin_name", "term", "word"),
        [
            ("operations", "operations", "resize"),
            ("operations", "hooks", "qis_operations"),
            ("pillow", "codecs", "jpeg"),
            ("filesystem", "storage", "filesystem"),
            ("filesystem", "settings", "qis.filesystem"),
            ("path_scheme", "url schemes", "path"),
            ("passwords", "sign in", "passwords"),
            ("panels", "panels", "hello"),
        ],
    )
    def test_says_what_each_brings(self, page: HtmlPage, plugin_name: str, term: str, word: str) -> None:
        section = next(one for one in page.all("section") if page.inside(one, "h2")[0].text == plugin_name)
        terms = [dt.text for dt in page.inside(section, "dt")]
        words = page.inside(section, "dd")[terms.index(term)].text.split()
        assert word in words

    def test_name_of_ours_cannot_be_taken(self, tmp_path: Path) -> None:
        with pytest.raises(PluginError, match="'plugins'"), open_web(tmp_path, plugin(Panel("plugins", "x", greet))):
            pass


class TestStaticFiles:
    def test_address_changes_with_the_content(self, tmp_path: Path) -> None:
        (tmp_path / "a.css").write_text("one")
        first = digest_of(tmp_path)
        assert digest_of(tmp_path) == first
        (tmp_path / "a.css").write_text("two")
        second = digest_of(tmp_path)
        (tmp_path / "a.css").rename(tmp_path / "b.css")
        assert len({first, second, digest_of(tmp_path)}) == 3

    @pytest.mark.parametrize(
        ("name", "kind"),
        [("qis.css", "text/css"), ("try.js", "javascript"), ("copy.js", "javascript"), ("mark.svg", "image/svg")],
    )
    def test_types(self, web: Web, name: str, kind: str) -> None:
        response = web.get(f"/static/{name}")
        assert kind in response.content_type
        assert "max-age" in response.headers["Cache-Control"]

    @pytest.mark.parametrize(
        "target", ["/static/", "/static/none.css", "/static/../pages.py", "/static/%2e%2e/pages.py"]
    )
    def test_nothing_else_is_there(self, web: Web, target: str) -> None:
        assert web.get(target).status_int in (403, 404)

    def test_budget(self) -> None:
        """Spec web-ui §1.4: scripts ≤ 40 KB and style ≤ 15 KB, gzipped."""
        sizes: dict[str, int] = {".js": 0, ".css": 0}
        for file in static_folder().iterdir():
            if file.suffix in sizes:
                sizes[file.suffix] += len(compressed(file.read_bytes()))
        assert 0 < sizes[".js"] <= 40_000
        assert 0 < sizes[".css"] <= 15_000


def static_folder() -> Path:
    return Path(__file__).parents[2] / "qis_web" / "static"


def compressed(content: bytes) -> bytes:
    return gzip.compress(content)
