"""Signing in from a page: the browser asks, and one comes back to where one was."""

from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

import pytest

from tests.support.web import ADMIN, Web, open_web


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with open_web(tmp_path_factory.mktemp("sign_in")) as web:
        web.put("birds/wren.jpg")
        web.put("closed/private.jpg")
        web.close("closed")
        yield web


class TestSignIn:
    def test_asks_for_credentials(self, web: Web) -> None:
        response = web.get("/sign-in?next=/browse/")
        assert response.status_int == 401
        assert response.headers["WWW-Authenticate"].startswith("Basic ")

    def test_leads_back(self, web: Web) -> None:
        response = web.get("/sign-in?next=/browse/birds/%3Fafter=x", ADMIN)
        assert response.status_int == 302
        assert unquote(response.location) == "http://localhost/browse/birds/?after=x"

    @pytest.mark.parametrize(
        "place",
        [
            "//evil.example",
            "https://evil.example/",
            "/\\evil.example",
            "\\\\evil.example",
            "javascript:alert(1)",
            "",
            "/%0d%0aX:y",
            "/%09/evil.example",
        ],
    )
    def test_leads_nowhere_else(self, web: Web, place: str) -> None:
        response = web.get(f"/sign-in?next={place}", ADMIN)
        assert response.status_int == 302
        assert urlsplit(response.location).netloc == "localhost"

    def test_name_shows_and_the_link_goes(self, web: Web) -> None:
        assert "Signed in as admin" in web.page("/", ADMIN).text
        assert "Sign in" in web.page("/").text
        addresses = web.page("/browse/birds/").addresses
        assert "/sign-in?next=%2Fbrowse%2Fbirds%2F" in addresses

    def test_wrong_credentials_are_told(self, web: Web) -> None:
        assert web.get("/", ("nobody", "wrong password")).status_int == 401

    @pytest.mark.parametrize("target", ["/browse/closed/", "/browse/closed/private.jpg?width=20", "/panels/plugins"])
    def test_refusal_shows_the_way_in_and_back(self, web: Web, target: str) -> None:
        page = web.page(target, status=403)
        assert page.one("a", href="/sign-in").text == "Sign in"
        response = web.get("/sign-in", ADMIN, Referer=f"http://localhost{target}")
        assert response.location == f"http://localhost{target}"
        assert web.get(response.location, ADMIN).status_int == 200

    @pytest.mark.parametrize(
        "referer",
        [
            "http://evil.example/x",
            "http://localhost.evil.example/",
            "http://localhost//evil.example/",
            "http://localhost/sign-in?next=x",
            "http://localhost",
            "nonsense",
        ],
    )
    def test_leads_back_to_pages_of_this_host_only(self, web: Web, referer: str) -> None:
        response = web.get("/sign-in", ADMIN, Referer=referer)
        assert response.location == "http://localhost/"

    def test_those_who_signed_in_are_not_asked_again(self, web: Web) -> None:
        member = web.add_user("member")
        page = web.page("/browse/closed/", member, status=403)
        assert not page.all("a", href="/sign-in")

    def test_missing_pages_offer_no_way_in(self, web: Web) -> None:
        assert not web.page("/browse/none/", status=404).all("a", href="/sign-in")
