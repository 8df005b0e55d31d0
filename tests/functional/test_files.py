"""Conformance cases 127-147: files, permissions, errors, statistics, tracking (spec image-urls §15.7)."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.support import pictures
from tests.support.answers import Credentials
from tests.support.cases import Folder, Row, case, row
from tests.support.catalog import CREATED, DELETED, Record, all_sources, records_of
from tests.support.checks import header_says, is_ok, mime, size, status
from tests.support.listener import Listener, answers_204, listening, redirects
from tests.support.server import RunningServer, StartServer, eventually

ABSENT = ("/etc/passwd", "//etc/passwd")
OUTSIDE = ("../../etc/passwd", "~root/../../../etc/passwd", "../images2/leak.jpg", "t/../../images2/leak.jpg")
NOT_SUPPORTED = "not a supported image format"

CASES = [
    case(
        129,
        "absolute paths are inside the root",
        *(row(f"{endpoint}?src={path}", status(404)) for endpoint in ("/image", "/original") for path in ABSENT),
    ),
    case(
        131,
        "paths that cannot be",
        row("l.jpg%00.png", status(400)),
        row("/original?src=t/l.jpg%00.png", status(400)),
        row("/image?src=/", status(400)),
        row("/original?src=/", status(400)),
        row("l.jpg%0a", status(400)),
    ),
    case(
        132,
        "hidden files are not there",
        row(".hidden.jpg&width=50", status(404)),
        row("/original?src=t/.hidden.jpg", status(404)),
        row("/images/t/.hidden.jpg", status(404)),
        row("l.jpg&overlay=t/.hidden.jpg", status(404)),
    ),
    case(
        135,
        "names with spaces",
        row("blue%20bells.jpg&attach=1", header_says("Content-Disposition", 'filename="blue bells.jpg"')),
        row("blue+bells.jpg&width=10", size(10, 7)),
    ),
    case(
        136,
        "what cannot be decoded",
        row("corrupt.jpg&width=50", status(415)),
        row("trunc.jpg&width=50", status(415)),
        row("empty.jpg&width=50", status(415)),
    ),
    case(
        137, "what is no picture is not passed through", row("corrupt.jpg", status(415)), row("empty.jpg", status(415))
    ),
]


@pytest.mark.parametrize("requests", CASES)
def test_files(folder: Folder, requests: tuple[Row, ...]) -> None:
    folder.check(requests)


@pytest.mark.parametrize("request_text", ["none.jpg", "none.jpg&width=5", "/original?src=t/none.jpg"])
def test_case_127_missing_files_are_named(folder: Folder, request_text: str) -> None:
    status(404, f"{folder.name}/none.jpg")(folder.ask(request_text))


@pytest.mark.parametrize("endpoint", ["/image", "/original"])
def test_case_127_a_folder_is_no_image(folder: Folder, endpoint: str) -> None:
    status(404, folder.name)(folder.ask(f"{endpoint}?src=t"))


@pytest.mark.parametrize("path", OUTSIDE[:2])
@pytest.mark.parametrize("endpoint", ["/image", "/original"])
def test_case_128_paths_out_of_the_root_are_refused(folder: Folder, endpoint: str, path: str) -> None:
    answer = folder.ask(f"{endpoint}?src={path}")
    assert answer.status == 403, str(answer)
    assert str(folder.server.root) not in answer.text


@pytest.mark.parametrize("path", OUTSIDE[2:])
@pytest.mark.parametrize("endpoint", ["/image", "/original"])
def test_case_130_a_sibling_folder_is_outside(folder: Folder, endpoint: str, path: str) -> None:
    assert (folder.server.root.parent / "images2" / "leak.jpg").exists()
    for text in (path, quote(path, safe=""), path.replace("..", "%2e%2e")):
        status(403)(folder.ask(f"{endpoint}?src={text}"))


def test_case_130_a_link_leads_nowhere(folder: Folder) -> None:
    (folder.path / "link.jpg").symlink_to(folder.server.root.parent / "images2" / "leak.jpg")
    for request in ("link.jpg&width=9", "/original?src=t/link.jpg", "/images/t/link.jpg"):
        assert folder.ask(request).status in (403, 404), request


@pytest.mark.parametrize("path", ["/../images2/leak.jpg", "/%2e%2e/images2/leak.jpg", "/..%2fimages2/leak.jpg"])
@pytest.mark.parametrize("ending", ["", "/@@original", "/@@info"])
def test_case_130_the_path_address_stays_inside(server: RunningServer, path: str, ending: str) -> None:
    answer = server.get(f"/images{path}{ending}")
    assert answer.status in (400, 403, 404), str(answer)


def test_case_133_spellings_of_one_path(folder: Folder) -> None:
    spellings = ("/t//l.jpg", "t/../t/./l.jpg", "t/l.jpg/", "t/l.jpg")
    answers = [folder.ask(f"/image?src={text}&width=20") for text in spellings]
    assert [answer.from_cache for answer in answers] == ["False", "True", "True", "True"]
    assert len({answer.etag for answer in answers}) == 1


def test_case_133_the_path_address_shares_the_derivative(folder: Folder) -> None:
    by_query, by_path = folder.ask("l.jpg&width=20"), folder.ask("/images/t/l.jpg?width=20")
    assert by_path.from_cache == "True"
    assert by_path.etag == by_query.etag


@pytest.mark.parametrize("length", [pictures.LONG_NAME_LENGTH, 1024])
def test_case_134_long_paths(folder: Folder, length: int) -> None:
    parts = "/".join(["d" * 50] * ((length - len(folder.name) - 60) // 51))
    name = "n" * (length - len(f"{folder.name}/{parts}/.jpg")) + ".jpg"
    target = folder.path / parts / name
    target.parent.mkdir(parents=True)
    pictures.gradient(pictures.STAMP).save(target)
    answer = folder.ask(f"/image?src=t/{parts}/{name}&width=20")
    assert len(f"{folder.name}/{parts}/{name}") == length
    assert answer.size == (20, 14)


@pytest.mark.parametrize("request_text", ["notes.txt", "notes.txt&width=9", "/original?src=t/notes.txt"])
def test_case_138_other_files_are_not_registered(folder: Folder, request_text: str) -> None:
    answer = folder.ask(request_text)
    assert answer.status == 415, str(answer)
    assert f"{folder.name}/notes.txt" not in all_sources(folder.server.site.data)
    if request_text.startswith("/original"):
        assert NOT_SUPPORTED in answer.text


def test_case_139_a_missing_overlay_harms_nothing(folder: Folder) -> None:
    folder.ask("l.jpg&width=100")
    status(404, f"{folder.name}/none.png", "not found")(folder.ask("l.jpg&overlay=t/none.png"))
    assert folder.ask("l.jpg&width=100").from_cache == "True"


def test_case_140_an_overlay_needs_view(server: RunningServer, fixtures: Path) -> None:
    closed, opened = Folder(server, fixtures), Folder(server, fixtures)
    closed.place("wm.png")
    request = f"q.png&width=200&overlay={closed.name}/wm.png"
    is_ok(opened.ask(request))
    closed.allow("Public", "none")
    eventually(lambda: status(403)(opened.ask(request)))
    status(403)(opened.ask(f"{request}&ovpos=se"))
    status(403)(opened.ask(f"q.png&width=200&overlay={closed.name}/none.png"))


def test_case_141_no_view_and_no_download(folder: Folder) -> None:
    folder.allow("Public", "none")
    eventually(lambda: status(403)(folder.ask("l.jpg")))
    folder.allow("Public", "view")
    eventually(lambda: is_ok(folder.ask("l.jpg")))
    status(403)(folder.ask("/original?src=t/l.jpg"))
    status(403)(folder.ask("/images/t/l.jpg/@@original"))


def test_case_142_a_closed_folder_tells_nothing(folder: Folder) -> None:
    folder.allow("Public", "none")
    eventually(lambda: status(403)(folder.ask("l.jpg")))
    existing, missing = folder.ask("l.jpg"), folder.ask("none.jpg")
    assert missing.status == 403, str(missing)
    assert missing.text == existing.text


def stored(folder: Folder, name: str) -> Record:
    (record,) = records_of(folder.server.site.data, f"{folder.name}/{name}")
    return record


def test_case_143_a_replaced_file_is_noticed(folder: Folder) -> None:
    file = folder.path / "tmp.jpg"
    pictures.gradient(pictures.LANDSCAPE).save(file)
    old = folder.ask("tmp.jpg&width=50")
    assert old.size == (50, 30)
    pictures.replace_file(file, pictures.gradient(pictures.PORTRAIT).save)
    eventually(lambda: size(50, 84)(folder.ask("tmp.jpg&width=50")))
    assert folder.ask("tmp.jpg&width=50").etag != old.etag
    assert folder.info("tmp.jpg")["size"] == [600, 1000]
    assert stored(folder, "tmp.jpg").size == (600, 1000)


def test_case_144_a_file_that_goes_and_comes_back(folder: Folder) -> None:
    file = folder.path / "tmp.jpg"
    pictures.gradient(pictures.LANDSCAPE).save(file)
    is_ok(folder.ask("tmp.jpg&width=50"))
    before, picture = stored(folder, "tmp.jpg"), file.read_bytes()
    file.unlink()
    eventually(lambda: status(404)(folder.ask("tmp.jpg")))
    gone = stored(folder, "tmp.jpg")
    assert (gone.is_active, gone.actions) == (False, (CREATED, DELETED))
    file.write_bytes(picture)
    is_ok(folder.ask("tmp.jpg"))
    back = stored(folder, "tmp.jpg")
    assert (back.id, back.is_active, back.actions) == (before.id, True, (CREATED, DELETED, CREATED))


def test_case_145_a_mended_file_is_served(folder: Folder) -> None:
    file = folder.path / "tmp.jpg"
    file.write_bytes((folder.fixtures / "trunc.jpg").read_bytes())
    for _repeated in range(2):
        status(415)(folder.ask("tmp.jpg&width=50"))
    pictures.replace_file(file, pictures.gradient(pictures.LANDSCAPE).save)
    eventually(lambda: size(50, 30)(folder.ask("tmp.jpg&width=50")))


def counted(numbers: Any) -> tuple[int, ...]:
    return tuple(numbers[name] for name in ("requests", "views", "cached_views", "downloads"))


def test_case_146_statistics(start_server: StartServer, fixtures: Path) -> None:
    folder = Folder(start_server(), fixtures)
    tag = folder.ask("l.jpg&width=100").etag
    assert folder.ask("l.jpg&width=100").from_cache == "True"
    assert folder.ask("l.jpg&width=100", headers={"If-None-Match": tag}).status == 304
    original = folder.ask("/original?src=t/l.jpg")
    is_ok(folder.ask("l.jpg&width=100&stats=0"))
    status(404)(folder.ask("none.jpg"))
    site = folder.server.site

    def is_counted() -> None:
        image = site.json("stats", "show", f"{folder.name}/l.jpg")
        assert counted(image) == (5, 2, 1, 1)
        assert image["total_bytes"] > len(original.body)
        requests, views, cached, downloads = counted(site.json("stats", "show"))
        assert (requests, views, downloads) == (5, 3, 1)
        assert cached >= 1

    eventually(is_counted)


@pytest.fixture
def tracked(start_server: StartServer, fixtures: Path) -> Iterator[tuple[Folder, Listener]]:
    with listening(answers_204) as listener:
        folder = Folder(start_server({"qis.tracking.url": f"{listener.url}/x?id="}), fixtures)
        yield folder, listener


def test_case_147_tracking(tracked: tuple[Folder, Listener]) -> None:
    folder, listener = tracked
    answer = folder.ask("l.jpg&xref=a%26b")
    is_ok(answer)

    def is_told() -> None:
        assert listener.requests == ["GET /x?id=a%26b"]

    eventually(is_told)
    assert folder.ask("l.jpg&xref=again", headers={"If-None-Match": answer.etag}).status == 304
    status(404)(folder.ask("none.jpg&xref=missing"))
    is_ok(folder.ask("l.jpg"))
    is_ok(folder.ask("/original?src=t/l.jpg&xref=" + quote("ü /?#\"'", safe="")))

    def is_escaped() -> None:
        assert listener.requests[1:] == ["GET /x?id=" + quote("ü /?#\"'", safe="")]

    eventually(is_escaped)


def test_case_147_a_hanging_host_delays_nobody(start_server: StartServer, fixtures: Path) -> None:
    with listening(None) as listener:
        folder = Folder(start_server({"qis.tracking.url": f"{listener.url}/x?id="}), fixtures)
        folder.ask("l.jpg&width=10")
        started = time.monotonic()
        for number in range(30):
            mime("image/jpeg")(folder.ask(f"l.jpg&width=10&xref={number}"))
        assert time.monotonic() - started < 4


def test_case_147_redirects_are_not_followed(start_server: StartServer, fixtures: Path) -> None:
    with listening(redirects) as listener:
        folder = Folder(start_server({"qis.tracking.url": f"{listener.url}/x?id="}), fixtures)
        for reference in "ab":
            is_ok(folder.ask(f"l.jpg&xref={reference}"))

        def are_told() -> None:
            assert set(listener.requests) >= {"GET /x?id=a", "GET /x?id=b"}

        eventually(are_told)
        assert "GET /elsewhere" not in listener.requests


def test_the_answer_of_a_private_picture_names_no_machine_path(folder: Folder, member: Credentials) -> None:
    for request in ("none.jpg", "corrupt.jpg", "notes.txt", "l.jpg&overlay=t/none.png"):
        assert str(folder.server.root.parent) not in folder.ask(request, auth=member).text
