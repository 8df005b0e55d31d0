"""The same pictures by path: ``/images/<folder>/<file>?<parameters>``, ``@@original`` and ``@@info``."""

from urllib.parse import quote

import pytest

from tests.support import pictures
from tests.support.cases import Folder, Row, case, row
from tests.support.checks import is_ok, mime, original, size, status
from tests.support.server import RunningServer

PAIRS = (
    "l.jpg&width=50",
    "q.png&width=200&height=200&fill=red",
    "q.png&width=101&tile=4:4",
    "alpha.png&format=jpg&width=60",
    "l.jpg&tmp=smalljpeg",
    "anim.gif&width=50",
    "q.png&width=60&overlay=t/wm.png&ovpos=se",
)

CASES = [
    case(1, "by path", row("/images/t/q.png?width=200", mime("image/png"), size(200, 120))),
    case(99, "by path", row("/images/t/l.jpg", original("l.jpg"), mime("image/jpeg"))),
    case(56, "by path", row("/images/t/l.jpg?width=x", status(400, "width", "x"))),
    case(127, "by path", row("/images/t/none.jpg", status(404)), row("/images/t/none/l.jpg", status(404))),
    case(138, "by path", row("/images/t/notes.txt", status(415)), row("/images/t/notes.txt/@@original", status(415))),
    case(62, "a source in the query means nothing", row("/images/t/l.jpg?width=50&src=t/p.jpg", size(50, 30))),
    case(116, "the original by path", row("/images/t/l.jpg/@@original", original("l.jpg"))),
    case(
        127, "an unknown view", row("/images/t/l.jpg/@@nothing", status(404)), row("/images/t/l.jpg/more", status(404))
    ),
]


@pytest.mark.parametrize("requests", CASES)
def test_path_addresses(folder: Folder, requests: tuple[Row, ...]) -> None:
    folder.check(requests)


@pytest.mark.parametrize("request_text", PAIRS)
def test_both_addresses_give_the_same_bytes(folder: Folder, request_text: str) -> None:
    name, _, query = request_text.partition("&")
    one, other = folder.ask(request_text), folder.ask(f"/images/t/{name}?{query}")
    is_ok(one)
    assert (one.body, one.etag) == (other.body, other.etag)
    for header in ("Content-Type", "Cache-Control"):
        assert one.headers[header] == other.headers[header]


@pytest.mark.parametrize("name", pictures.ODD_NAMES)
def test_names_of_all_kinds(folder: Folder, name: str) -> None:
    assert folder.ask(f"/images/t/{quote(name)}?width=30").size == (30, 20)
    assert folder.info(quote(name))["size"] == [300, 200]
    original(name)(folder.ask(f"/images/t/{quote(name)}/@@original"))


def test_info_tells_what_the_file_is(folder: Folder) -> None:
    info = folder.info("l.jpg")
    assert (info["size"], info["format"], info["pages"]) == ([1000, 600], "jpg", 1)
    assert folder.info("multi.tif")["pages"] == 3
    assert folder.info("anim.gif")["pages"] == 3
    assert "Conformance" in str(folder.info("exif6.jpg"))
    assert "Adobe RGB" in str(folder.info("adobe.jpg"))


def test_info_tells_the_plan(folder: Folder) -> None:
    plan = folder.info("l.jpg", "?width=50&format=png")["plan"]
    assert (plan["size"], plan["format"]) == ([50, 30], "png")
    same = folder.info("l.jpg", "?width=50&format=png&angle=360")["plan"]
    assert same["key"] == plan["key"]
    assert folder.ask("/images/t/l.jpg/@@info?width=x").status == 400


def test_info_is_json_that_can_be_revalidated(folder: Folder) -> None:
    answer = folder.ask("/images/t/l.jpg/@@info")
    assert answer.headers["Content-Type"].startswith("application/json")


def test_other_methods_are_refused(folder: Folder) -> None:
    for target in ("/images/t/l.jpg", "/images/t/l.jpg/@@original", "/images/t/l.jpg/@@info"):
        for method in ("POST", "PUT", "DELETE"):
            answer = folder.ask(target, method)
            assert answer.status == 405, str(answer)
            assert "GET" in answer.headers["Allow"]


@pytest.mark.parametrize(
    "path", ["/images/../../etc/passwd", "/images/%2e%2e/%2e%2e/etc/passwd", "/images//etc/passwd"]
)
def test_paths_out_of_the_root_are_refused(server: RunningServer, path: str) -> None:
    assert server.get(path).status in (400, 403, 404)


@pytest.mark.parametrize(
    "path", ["/images/t/l.jpg%00", "/images/%00", "/images/t/l.jpg%0d%0aX:y", "/images/%ff%fe.jpg"]
)
def test_paths_that_cannot_be(folder: Folder, path: str) -> None:
    answer = folder.ask(path)
    assert answer.status in (400, 404), str(answer)
    assert "X" not in answer.headers
