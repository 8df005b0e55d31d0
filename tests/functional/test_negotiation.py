"""``format=auto``: the best format the client takes, said in ``Vary`` on every answer."""

import pytest

from tests.support.answers import Answer
from tests.support.cases import Folder
from tests.support.checks import is_ok, mime

BROWSER = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"
MODERN = ("image/avif", "image/webp")


def ask(folder: Folder, accept: str | None, name: str = "l.jpg", query: str = "&width=50&format=auto") -> Answer:
    return folder.ask(name + query, headers={"Accept": accept} if accept is not None else {})


def varies(answer: Answer) -> bool:
    return "accept" in [name.strip().lower() for name in answer.headers.get("Vary", "").split(",")]


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("image/webp", ("image/webp",)),
        ("image/avif", ("image/avif",)),
        (BROWSER, MODERN),
        ("image/webp;q=0.5, image/avif;q=0", ("image/webp",)),
        ("IMAGE/WEBP ; Q=1.0", ("image/webp",)),
        ("image/webp;q=0,image/avif;q=0,*/*", ("image/jpeg",)),
        ("image/png;q=0.9,image/jpeg", ("image/jpeg",)),
        ("text/html, image/notwebp, xximage/webp", ("image/jpeg",)),
        ("image/webp-not", ("image/jpeg",)),
        (None, ("image/jpeg",)),
    ],
)
def test_the_best_format_the_client_takes(folder: Folder, accept: str | None, expected: tuple[str, ...]) -> None:
    answer = ask(folder, accept)
    assert answer.headers["Content-Type"] in expected, str(answer)
    mime(answer.headers["Content-Type"])(answer)
    assert answer.size == (50, 30)
    assert varies(answer)


def test_each_format_is_a_derivative_of_its_own(folder: Folder) -> None:
    first, other = ask(folder, "image/webp"), ask(folder, "image/jpeg")
    assert first.etag != other.etag
    assert (ask(folder, "image/webp").from_cache, ask(folder, "image/webp").body) == ("True", first.body)
    assert first.etag == folder.ask("l.jpg&width=50&format=webp").etag


def test_every_negotiated_answer_varies(folder: Folder) -> None:
    warm = ask(folder, "image/webp")
    accept = {"Accept": "image/webp"}
    unchanged = folder.ask("l.jpg&width=50&format=auto", headers={**accept, "If-None-Match": warm.etag})
    assert unchanged.status == 304
    assert varies(unchanged)
    for request, expected in (
        ("none.jpg&format=auto", 404),
        ("l.jpg&format=auto&width=x", 400),
        ("corrupt.jpg&format=auto", 415),
    ):
        answer = folder.ask(request, headers=accept)
        assert answer.status == expected
        assert varies(answer), str(answer)


def test_a_format_in_the_address_wins_and_does_not_vary(folder: Folder) -> None:
    answer = ask(folder, "image/webp", query="&width=50&format=png")
    mime("image/png")(answer)
    assert not varies(answer)
    assert not varies(ask(folder, "image/webp", query="&width=50"))


def test_transparency_survives_negotiation(folder: Folder) -> None:
    for accept in ("image/jpeg,image/png", "*/*", "image/webp", BROWSER):
        answer = ask(folder, accept, "alpha.png")
        is_ok(answer)
        assert answer.rgba(5, 20)[3] == 0, str(answer)
