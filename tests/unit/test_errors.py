"""Errors on the wire: a status for each class, the same words in HTML and JSON, nothing of the machine in them."""

import html
import json
import pickle
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPException, HTTPFound, HTTPMethodNotAllowed
from pyramid.request import Request
from pyramid.response import Response

from qis_core import errors
from qis_core.errors import (
    AccessDenied,
    BackendError,
    Busy,
    InvalidRequest,
    NotAuthenticated,
    NotFound,
    PluginError,
    QisError,
    SettingsError,
    Unavailable,
)
from qis_web.errors import STATUSES, error_response, status_of

JSON = "application/problem+json"


def all_errors(kind: type[QisError] = QisError) -> Iterator[type[QisError]]:
    yield kind
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from all_errors(child)


def made(kind: type[QisError]) -> QisError:
    return kind(["first fault", "second fault"]) if kind is SettingsError else kind("what went wrong")


@pytest.fixture(scope="module")
def app() -> Any:
    """An application that raises whatever the environment of a request holds."""
    config = Configurator()
    config.include("qis_web.errors")
    config.add_route("fail", "/fail")
    config.add_view(raise_it, route_name="fail")
    return config.make_wsgi_app()


def raise_it(request: Any) -> Response:
    raise request.environ["test.error"]


def answer(app: Any, error: Exception, accept: str = "text/html", **environ: str) -> Response:
    request = Request.blank("/fail?width=1", {**environ, "test.error": error}, accept=accept)
    return request.get_response(app)


@pytest.mark.parametrize("kind", list(all_errors()), ids=lambda kind: kind.__name__)
class TestEveryClass:
    def test_has_a_status(self, kind: type[QisError]) -> None:
        status, title = status_of(made(kind))
        assert 400 <= status < 600
        assert title

    def test_answers_with_it(self, app: Any, kind: type[QisError]) -> None:
        assert answer(app, made(kind)).status_int == status_of(made(kind))[0]

    def test_is_a_page_and_problem_details_with_the_same_words(self, app: Any, kind: type[QisError]) -> None:
        page, problem = answer(app, made(kind)), answer(app, made(kind), JSON)
        assert (page.content_type, problem.content_type) == ("text/html", JSON)
        content = json.loads(problem.body)
        assert content["status"] == page.status_int == problem.status_int
        assert html.escape(content["detail"]) in page.text
        assert html.escape(content["title"]) in page.text

    def test_varies_by_accept(self, app: Any, kind: type[QisError]) -> None:
        assert "Accept" in (answer(app, made(kind)).vary or ())

    def test_has_one_line_in_the_tree_at_the_top(self, kind: type[QisError]) -> None:
        lines = (line.strip(" │├└─").split() for line in (errors.__doc__ or "").splitlines())
        assert [words[0] for words in lines if words[:1] == [kind.__name__]] == [kind.__name__]


def test_tree_at_the_top_names_the_numbers() -> None:
    lines = [line for line in (errors.__doc__ or "").splitlines() if "(HTTP " in line]
    documented = {line.split("─ ")[1].split()[0]: int(line.rsplit("(HTTP ")[1][:3]) for line in lines}
    assert {name: status_of(made(getattr(errors, name)))[0] for name in documented} == documented


def test_new_class_takes_the_status_of_its_parent() -> None:
    class PictureGone(NotFound):
        """What a plugin may define."""

    assert status_of(PictureGone("gone")) == STATUSES[NotFound]


class TestMessages:
    def test_backend_keeps_its_secrets(self, app: Any) -> None:
        error = BackendError("could not connect to db.internal:5432 as qis")
        for accept in ("text/html", JSON):
            text = answer(app, error, accept).text
            assert "db.internal" not in text
            assert "temporarily unavailable" in text

    def test_fault_is_a_number_to_quote(self, app: Any, caplog: pytest.LogCaptureFixture) -> None:
        response = answer(app, RuntimeError("/srv/secret/place"), JSON)
        detail = json.loads(response.body)["detail"]
        assert response.status_int == 500
        assert "secret" not in response.text
        assert detail.rsplit(" ", 1)[1] in caplog.text

    def test_two_faults_have_two_numbers(self, app: Any) -> None:
        first, second = (answer(app, RuntimeError("x"), JSON).text for _ in range(2))
        assert first != second

    def test_refusal_is_logged(self, app: Any, caplog: pytest.LogCaptureFixture) -> None:
        answer(app, AccessDenied("access denied"), REMOTE_ADDR="192.0.2.7")
        assert "192.0.2.7" in caplog.text
        assert "/fail?width=1" in caplog.text

    @pytest.mark.parametrize("text", ["<script>alert(1)</script>", "a & b", "\"quoted\" 'too'", "é – ü"])
    def test_text_is_shown_as_text(self, app: Any, text: str) -> None:
        page, problem = answer(app, InvalidRequest(text)), answer(app, InvalidRequest(text), JSON)
        assert text in visible_text(page.text)
        assert "<script" not in page.text
        assert json.loads(problem.body)["detail"] == text

    @given(st.text(st.characters(exclude_categories=("Cs", "Cc"))))
    def test_no_text_leaves_its_place(self, text: str) -> None:
        response = error_response(Request.blank("/"), 400, "Bad Request", text)
        tags = Tags()
        tags.feed(response.text)
        assert tags.seen == BLANK_TAGS
        assert text.strip() in tags.text.replace("\r", "")

    def test_survives_the_way_to_another_process(self) -> None:
        copy = pickle.loads(pickle.dumps(InvalidRequest("'x' is wrong", parameter="width")))
        assert (str(copy), copy.parameter) == ("width: 'x' is wrong", "width")


class Tags(HTMLParser):
    """Start tags and text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def tags_of(page: str) -> Tags:
    tags = Tags()
    tags.feed(page)
    return tags


def visible_text(page: str) -> str:
    return tags_of(page).text


BLANK_TAGS = tags_of(error_response(Request.blank("/"), 400, "Bad Request", "").text).seen


class TestHeaders:
    @pytest.mark.parametrize(
        ("error", "seconds"),
        [(Unavailable(), "5"), (Busy("full", retry_after_seconds=2), "2"), (BackendError("x"), "5")],
    )
    def test_busy_says_when_to_come_back(self, app: Any, error: QisError, seconds: str) -> None:
        assert answer(app, error).headers["Retry-After"] == seconds

    def test_only_wrong_credentials_are_asked_for(self, app: Any) -> None:
        assert answer(app, NotAuthenticated("x")).headers["WWW-Authenticate"].startswith("Basic ")
        assert "WWW-Authenticate" not in answer(app, AccessDenied("x")).headers
        assert "Retry-After" not in answer(app, AccessDenied("x")).headers

    def test_page_loads_nothing_from_elsewhere(self, app: Any) -> None:
        policy = answer(app, NotFound("x")).headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'")
        assert "script-src" not in policy
        assert "unsafe" not in policy

    def test_addresses_follow_the_prefix(self, app: Any) -> None:
        page = answer(app, NotFound("x"), SCRIPT_NAME="/pictures").text
        assert 'href="/pictures/static/qis.css"' in page
        assert 'href="/pictures/"' in page

    @pytest.mark.parametrize(
        ("accept", "kind"),
        [
            ("*/*", "text/html"),
            ("image/avif,image/webp,*/*;q=0.8", "text/html"),
            ("application/json", JSON),
            ("application/problem+json, text/html;q=0.5", JSON),
            ("text/html, application/json;q=0.9", "text/html"),
            ("image/webp", "text/html"),
        ],
    )
    def test_accept_chooses(self, app: Any, accept: str, kind: str) -> None:
        assert answer(app, NotFound("x"), accept).content_type == kind


class TestErrorsOfTheFramework:
    def test_unknown_address(self, app: Any) -> None:
        response = Request.blank("/nowhere", accept=JSON).get_response(app)
        assert (response.status_int, response.content_type) == (404, JSON)

    def test_method_keeps_its_allow(self, app: Any) -> None:
        response = answer(app, HTTPMethodNotAllowed(headers={"Allow": "GET, HEAD"}))
        assert (response.status_int, response.headers["Allow"]) == (405, "GET, HEAD")

    def test_redirect_passes(self, app: Any) -> None:
        response = answer(app, HTTPFound("/elsewhere"))
        assert response.status_int == 302
        assert response.location.endswith("/elsewhere")

    def test_path_that_is_not_utf_8(self, app: Any) -> None:
        response = Request.blank("/%FF").get_response(app)
        assert response.status_int == 400
        assert "UTF-8" in response.text

    def test_start_up_errors_are_no_answers(self) -> None:
        assert status_of(PluginError("x"))[0] == status_of(SettingsError(["x"]))[0] == 500
        assert not issubclass(PluginError, HTTPException)
