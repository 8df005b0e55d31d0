"""What all answers share: methods, timing, cross-origin rules, problems as JSON (spec image-urls §1, §8, §9)."""

import json
import re
from pathlib import Path

import pytest

from tests.support.answers import Call
from tests.support.cases import Folder
from tests.support.checks import is_ok, original, px, size, status
from tests.support.server import RunningServer, StartServer, eventually

EVERYTHING = (
    "l.jpg&width=9",
    "/original?src=t/l.jpg",
    "/images/t/l.jpg?width=9",
    "none.jpg",
    "l.jpg&width=x",
    "notes.txt",
)


@pytest.mark.parametrize("request_text", EVERYTHING)
def test_every_answer_tells_its_time(folder: Folder, request_text: str) -> None:
    answer = folder.ask(request_text)
    assert re.fullmatch(r"\d+", answer.headers["X-Time-Taken"])
    assert answer.headers["Date"]
    tag = answer.headers.get("ETag")
    if tag:
        unchanged = folder.ask(request_text, headers={"If-None-Match": tag})
        assert unchanged.status == 304
        assert re.fullmatch(r"\d+", unchanged.headers["X-Time-Taken"])


@pytest.mark.parametrize("request_text", EVERYTHING)
def test_other_sites_may_show_and_read_the_pictures(folder: Folder, request_text: str) -> None:
    answer = folder.ask(request_text, headers={"Origin": "https://elsewhere.example"})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    exposed = {name.strip() for name in answer.headers["Access-Control-Expose-Headers"].split(",")}
    assert {"Content-Length", "X-From-Cache", "X-Time-Taken"} <= exposed
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_preflight(server: RunningServer) -> None:
    asked = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "GET"}
    answer = server.ask(Call("/image", "OPTIONS", headers=asked))
    allowed = {name.strip().lower() for name in answer.headers["Access-Control-Allow-Headers"].split(",")}
    assert {"authorization", "if-none-match"} <= allowed


@pytest.mark.parametrize(("request_text", "code"), [("none.jpg", 404), ("l.jpg&width=x", 400), ("notes.txt", 415)])
def test_problems_as_json_for_those_who_prefer_it(folder: Folder, request_text: str, code: int) -> None:
    problem = folder.ask(request_text, headers={"Accept": "application/json"})
    assert problem.status == code
    assert problem.headers["Content-Type"].startswith("application/problem+json")
    assert json.loads(problem.body)["status"] == code
    page = folder.ask(request_text, headers={"Accept": "text/html,*/*;q=0.1"})
    assert page.status == code
    assert page.headers["Content-Type"].startswith("text/html")
    assert json.loads(problem.body)["detail"] in page.text.replace("&#x27;", "'").replace("&quot;", '"')


def test_messages_do_not_list_everything(folder: Folder) -> None:
    for parameter in ("format=eggs", "tmp=nope", "fill=spam"):
        assert len(folder.ask(f"l.jpg&{parameter}", headers={"Accept": "application/json"}).text) < 700


def test_errors_are_not_cached_for_long(folder: Folder) -> None:
    for request in ("none.jpg", "l.jpg&width=x", "notes.txt"):
        cached = folder.ask(request).headers.get("Cache-Control", "")
        assert "max-age=604800" not in cached
        assert "Expires" not in folder.ask(request).headers


def test_the_original_ignores_image_attributes(folder: Folder) -> None:
    for rest in ("width=abc", "format=eggs", "fill=spam", "tmp=nope", "tile=1:5"):
        original("l.jpg")(folder.ask(f"/original?src=t/l.jpg&{rest}"))


def test_the_original_heeds_its_own(folder: Folder) -> None:
    answer = folder.ask("/original?src=t/l.jpg&attach=1")
    assert answer.headers["Content-Disposition"].startswith("attachment; ")
    assert answer.from_cache == "False"
    status(400, "xref", "too long")(folder.ask(f"/original?src=t/l.jpg&xref={'x' * 1025}"))


def test_undecodable_names_are_only_missing(folder: Folder) -> None:
    assert folder.ask("/image?src=t/%ff%fe.jpg").status in (400, 404)


def test_the_word_none_cancels_a_template(start_server: StartServer, fixtures: Path) -> None:
    folder = Folder(start_server(), fixtures)
    folder.place("wm.png")
    folder.server.cli("template", "set", "marked", f"overlay_src={folder.name}/wm.png", "overlay_pos=se")
    eventually(lambda: is_ok(folder.ask("q.png&width=200&tmp=marked")))
    px("magenta", (195, 115))(folder.ask("q.png&width=200&tmp=marked"))
    px("magenta", (195, 115))(folder.ask("q.png&width=200&tmp=marked&overlay="))
    px("yellow", (195, 115))(folder.ask("q.png&width=200&tmp=marked&overlay=none"))


def test_a_locked_template_cannot_be_undone(start_server: StartServer, fixtures: Path) -> None:
    folder = Folder(start_server(), fixtures)
    locked = ("--lock", "width=lte", "--lock", "format=no")
    folder.server.cli("template", "set", "locked", "width=100", "format=png", *locked)
    eventually(lambda: size(100, 60)(folder.ask("l.jpg&tmp=locked")))
    size(50, 30)(folder.ask("l.jpg&tmp=locked&width=50"))
    for beyond in ("width=101", "width=0", "format=jpg"):
        name = beyond.partition("=")[0]
        status(400, name, "locked")(folder.ask(f"l.jpg&tmp=locked&{beyond}"))
