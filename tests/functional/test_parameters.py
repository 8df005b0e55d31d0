"""Conformance cases 53-68: parameters and methods (spec image-urls §15.3)."""

import pytest

from tests.support.answers import Call
from tests.support.cases import Folder, Row, case, row
from tests.support.checks import header_says, is_ok, mime, original, size, status
from tests.support.server import RunningServer

OUT_OF_RANGE = (
    "width=15001",
    "height=-10",
    "top=1.1",
    "bottom=-0.5",
    "page=-1",
    "page=1000000",
    "dpi=32001",
    "sharpen=501",
    "ovsize=1.1",
    "quality=0",
    "quality=101",
)
NO_CHOICE = ("format=eggs", "flip=x", "tmp=nope", "icc=nope", "intent=perceptive", "colorspace=foo", "ovpos=x")
NO_NUMBER = ("width=abc", "width=1e2", "width=200.0", "angle=x")


def refused(parameter: str, text: str) -> Row:
    """400, and the message starts with the parameter's name."""
    name = parameter.partition("=")[0]
    return row(f"l.jpg&{parameter}", status(400, f"{name}:", text))


CASES = [
    case(
        53,
        "no source",
        *(
            row(request, status(400, "src", "out of range"))
            for request in ("/image", "/image?src=", "/image?src=.", "/original")
        ),
    ),
    case(54, "a source too long", row(f"/image?src={'a' * 1025}", status(400, "out of range"))),
    case(55, "out of range", *(refused(text, "out of range") for text in OUT_OF_RANGE)),
    case(56, "no number", *(row(f"l.jpg&{text}", status(400, *text.split("="))) for text in NO_NUMBER)),
    case(57, "no choice", *(refused(text, "not a valid choice") for text in NO_CHOICE)),
    case(
        58, "colours of wrong length", refused("fill=ab", "out of range"), refused(f"fill={'a' * 33}", "out of range")
    ),
    case(59, "a reference too long", row(f"l.jpg&xref={'x' * 1025}", status(400, "xref", "too long"))),
    case(
        60,
        "blanks are allowed",
        row("l.jpg&angle=45&width=&height=&fill=&left=&right=&top=&bottom=&format=", is_ok, mime("image/jpeg")),
    ),
    case(61, "a blank quality is 0", row("l.jpg&quality=", status(400, "quality"))),
    case(
        62,
        "unknown names are ignored",
        row("l.jpg&foo=bar&expires=5&WIDTH=50", original("l.jpg"), header_says("Cache-Control", "max-age=604800")),
    ),
    case(63, "the first value wins", row("l.jpg&width=100&width=50", size(100, 60))),
    case(64, "escaped ampersands", row("l.jpg&amp;width=50", size(50, 30))),
    case(65, "the legacy address and suffix", row("/erez3/erez?src=t/l.jpg.tif&width=20", size(20, 12))),
    case(66, "a dotted TIFF name is itself", row("v1.2.tif&width=20", size(20, 14), mime("image/tiff"))),
]


@pytest.mark.parametrize("requests", CASES)
def test_parameters(folder: Folder, requests: tuple[Row, ...]) -> None:
    folder.check(requests)


@pytest.mark.parametrize("alias", ["/erez", *(f"/erez{number}" for number in range(1, 6))])
def test_case_065_every_legacy_alias_is_image(folder: Folder, alias: str) -> None:
    answer = folder.ask(f"{alias}/erez?src=t/l.jpg&width=20")
    assert answer.size == (20, 12)
    assert answer.etag == folder.ask("l.jpg&width=20").etag


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize("endpoint", ["/image", "/original"])
def test_case_067_other_methods_are_refused(folder: Folder, method: str, endpoint: str) -> None:
    answer = folder.ask(f"{endpoint}?src=t/l.jpg", method)
    assert answer.status == 405, str(answer)
    allowed = {name.strip() for name in answer.headers["Allow"].split(",")}
    assert allowed == {"GET", "HEAD", "OPTIONS"}


def test_case_067_a_trailing_slash_is_another_address(folder: Folder) -> None:
    answer = folder.ask("/image/?src=t/l.jpg")
    assert answer.status == 404, str(answer)


@pytest.mark.parametrize("endpoint", ["/image", "/original", "/erez/erez"])
def test_case_067_options_tells_the_methods(server: RunningServer, endpoint: str) -> None:
    answer = server.ask(Call(endpoint, "OPTIONS"))
    assert (answer.status, answer.body) == (200, b"")
    assert {name.strip() for name in answer.headers["Allow"].split(",")} == {"GET", "HEAD", "OPTIONS"}


@pytest.mark.parametrize("request_text", ["l.jpg&width=50", "l.jpg", "/original?src=t/l.jpg", "none.jpg"])
def test_case_068_head_is_get_without_a_body(folder: Folder, request_text: str) -> None:
    got = folder.ask(request_text)
    headed = folder.ask(request_text, "HEAD")
    assert (headed.status, headed.body) == (got.status, b"")
    for name in ("Content-Type", "Content-Length", "ETag", "Cache-Control", "Content-Disposition"):
        assert headed.headers.get(name) == got.headers.get(name), name
    assert int(headed.headers["Content-Length"]) == len(got.body)
