"""Validators, caching headers and file names on the wire (RFC 9110, 9111, 6266, 8187)."""

import time
from datetime import UTC, datetime
from email.message import Message
from email.utils import collapse_rfc2231_value, format_datetime, parsedate_to_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyramid.request import Request
from pyramid.response import Response

from qis_core.services.deliver import Handling, Validators
from qis_web.http import disposition, download_name, http_date, is_current, set_caching, set_validators

MODIFIED = datetime(2024, 5, 6, 7, 8, 9, 999_999, UTC)
HAVE = Validators("abc123", int(MODIFIED.timestamp()) * 1_000_000_000 + 999_999_999)
SAME_SECOND = "Mon, 06 May 2024 07:08:09 GMT"
SECOND_BEFORE = "Mon, 06 May 2024 07:08:08 GMT"
NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=40)


def asks(**headers: str) -> bool:
    request = Request.blank("/image", headers={name.replace("_", "-"): text for name, text in headers.items()})
    return is_current(request, HAVE)


class TestIsCurrent:
    def test_client_without_a_copy_gets_one(self) -> None:
        assert not asks()

    @pytest.mark.parametrize("tags", ['"abc123"', 'W/"abc123"', "abc123", "*", '"x", "abc123"', ' "x" ,W/"abc123" '])
    def test_any_tag_of_the_list_may_match(self, tags: str) -> None:
        assert asks(If_None_Match=tags)

    @pytest.mark.parametrize("tags", ['"abc12"', '"abc1234"', "", '""', '"ABC123"', '"x","y"', "w/", "**"])
    def test_other_tags_do_not(self, tags: str) -> None:
        assert not asks(If_None_Match=tags)

    @pytest.mark.parametrize(
        ("since", "wanted"),
        [
            (SAME_SECOND, True),
            ("Tue, 07 May 2024 00:00:00 GMT", True),
            (SECOND_BEFORE, False),
            ("Monday, 06-May-24 07:08:09 GMT", True),
            ("Mon May  6 07:08:09 2024", True),
            ("Mon May  6 07:08:08 2024", False),
            ("yesterday", False),
            ("", False),
            ("Mon, 06 May 99999 07:08:09 GMT", False),
            ("Mon, 32 May 2024 07:08:09 GMT", False),
        ],
    )
    def test_dates_compare_in_whole_seconds(self, since: str, wanted: bool) -> None:
        assert asks(If_Modified_Since=since) is wanted

    def test_zone_of_the_server_does_not_matter(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        try:
            assert asks(If_Modified_Since="Mon May  6 07:08:09 2024")
            assert not asks(If_Modified_Since="Mon May  6 07:08:08 2024")
        finally:
            monkeypatch.undo()
            time.tzset()

    def test_tags_decide_when_both_are_there(self) -> None:
        assert not asks(If_None_Match='"other"', If_Modified_Since=SAME_SECOND)
        assert asks(If_None_Match='"abc123"', If_Modified_Since=SECOND_BEFORE)

    def test_own_headers_come_back_as_current(self) -> None:
        response = Response()
        set_validators(response, HAVE)
        assert response.headers["ETag"] == '"abc123"'
        assert response.headers["Last-Modified"] == SAME_SECOND
        assert asks(If_None_Match=response.headers["ETag"])
        assert asks(If_Modified_Since=response.headers["Last-Modified"])

    @given(st.text(st.characters(codec="latin-1", exclude_categories=("Cc",)), max_size=60))
    def test_odd_headers_never_fail(self, text: str) -> None:
        assert asks(If_None_Match=text) in (True, False)
        assert asks(If_Modified_Since=text) in (True, False)


@given(st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)))
def test_dates_are_those_of_http(moment: datetime) -> None:
    text = http_date(int(moment.timestamp()) * 1_000_000_000)
    assert text == format_datetime(moment.replace(microsecond=0), usegmt=True)


class TestCaching:
    def headers(self, expires_seconds: int, *, is_public: bool) -> Response:
        response = Response()
        set_caching(response, Handling(expires_seconds=expires_seconds), is_public=is_public)
        return response

    @pytest.mark.parametrize(("is_public", "scope"), [(True, "public"), (False, "private")])
    def test_lifetime(self, is_public: bool, scope: str) -> None:
        response = self.headers(600, is_public=is_public)
        assert response.headers["Cache-Control"] == f"{scope}, max-age=600"
        left = parsedate_to_datetime(response.headers["Expires"]) - datetime.now(UTC)
        assert 590 < left.total_seconds() <= 600

    @pytest.mark.parametrize(("is_public", "scope"), [(True, "public"), (False, "private")])
    def test_minus_one_asks_for_revalidation(self, is_public: bool, scope: str) -> None:
        response = self.headers(-1, is_public=is_public)
        assert response.headers["Cache-Control"] == f"{scope}, no-cache"
        assert response.headers["Expires"] == "Thu, 01 Jan 1970 00:00:00 GMT"

    def test_zero_says_nothing_of_what_is_public(self) -> None:
        response = self.headers(0, is_public=True)
        assert "Cache-Control" not in response.headers
        assert "Expires" not in response.headers

    @pytest.mark.parametrize("seconds", [-1, 0, 1, 31_536_000])
    def test_shared_caches_never_keep_what_is_not_public(self, seconds: int) -> None:
        assert self.headers(seconds, is_public=False).headers["Cache-Control"].startswith("private")


def parsed_name(header: str) -> str:
    """The file name that a reader of MIME headers finds, the exact one first (RFC 6266 §4.3)."""
    message = Message()
    message["Content-Disposition"] = header
    exact = message.get_param("filename", header="Content-Disposition")
    return collapse_rfc2231_value(exact)  # type: ignore[arg-type]


class TestDisposition:
    @pytest.mark.parametrize(
        ("name", "wanted"),
        [
            ("a.jpg", 'attachment; filename="a.jpg"'),
            ("blue bells.jpg", 'attachment; filename="blue bells.jpg"'),
            ('a"b\\c.jpg', 'attachment; filename="a\\"b\\\\c.jpg"'),
            ("é.jpg", "attachment; filename=\"_.jpg\"; filename*=UTF-8''%C3%A9.jpg"),
            ("a/b;c.jpg", 'attachment; filename="a/b;c.jpg"'),
        ],
    )
    def test_forms(self, name: str, wanted: str) -> None:
        assert disposition("attachment", name) == wanted

    def test_kind_comes_first(self) -> None:
        assert disposition("inline", "a.jpg").startswith("inline; ")

    @given(st.text(min_size=1, max_size=40))
    def test_no_name_breaks_the_header(self, name: str) -> None:
        encodable = name.encode("utf-8", "replace").decode("utf-8")
        header = disposition("attachment", encodable)
        assert header.isascii()
        assert header.isprintable()

    @given(NAMES.filter(lambda name: not name.isascii()))
    def test_exact_name_survives(self, name: str) -> None:
        _, _, exact = disposition("attachment", name).partition("filename*=")
        assert parsed_name(f"attachment; filename*={exact}") == name


JPEG, TIFF = ("jpg", "jpeg", "jpe"), ("tif", "tiff")


class TestDownloadName:
    @pytest.mark.parametrize(
        ("name", "wanted", "extensions", "result"),
        [
            ("a.jpg", None, JPEG, "a.jpg"),
            ("a.JPEG", None, JPEG, "a.JPEG"),
            ("a.png", None, JPEG, "a.jpg"),
            ("a.png", "jpg", JPEG, "a.jpg"),
            ("a.png", "jpeg", JPEG, "a.jpeg"),
            ("a.jpg", "jpeg", JPEG, "a.jpeg"),
            ("a.JPG", "jpg", JPEG, "a.JPG"),
            ("a.png", "pjpg", JPEG, "a.jpg"),
            ("a.jpeg", "pjpg", JPEG, "a.jpeg"),
            ("a.b.tif", "auto", JPEG, "a.b.jpg"),
            ("a.tiff", "tif", TIFF, "a.tif"),
            ("nodot", "jpg", JPEG, "nodot.jpg"),
            ("nodot", None, JPEG, "nodot.jpg"),
            ("é ü.png", "jpg", JPEG, "é ü.jpg"),
        ],
    )
    def test_extension_is_that_of_the_output(
        self, name: str, wanted: str | None, extensions: tuple[str, ...], result: str
    ) -> None:
        assert download_name(name, wanted, extensions) == result

    @given(NAMES, st.sampled_from([None, "jpg", "jpeg", "pjpg", "auto"]))
    def test_always_an_extension_of_the_output(self, name: str, wanted: str | None) -> None:
        assert download_name(name, wanted, JPEG).rpartition(".")[2].lower() in JPEG
