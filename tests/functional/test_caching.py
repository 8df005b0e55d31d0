"""Conformance cases 111-126: caching and HTTP (spec image-urls §15.6)."""

import random
import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote, unquote

import numpy as np
import pytest

from tests.support import slow_plugin
from tests.support.answers import Answer, Credentials
from tests.support.cases import Folder
from tests.support.checks import header_says, is_ok, status
from tests.support.server import RunningServer, StartServer, eventually

SAME_AS_WIDTH_100 = "l.jpg&width=100&angle=360&format=jpg&left=0&right=1&fill=red&dpi=0&sharpen=0"
DISPOSITION = re.compile(
    r"""(?P<kind>attachment|inline);\ filename="(?P<plain>(?:[ !\#-\[\]-~]|\\["\\])*)"
        (?:;\ filename\*=UTF-8''(?P<coded>(?:[A-Za-z0-9!\#$&+.^_`|~-]|%[0-9A-Fa-f]{2})+))?""",
    re.VERBOSE,
)


def test_case_111_the_second_time_from_the_cache(folder: Folder) -> None:
    first, second = folder.ask("l.jpg&width=100"), folder.ask("l.jpg&width=100")
    assert (first.from_cache, second.from_cache) == ("False", "True")
    assert first.body == second.body
    assert first.etag == second.etag
    for answer in (first, second, folder.ask("none.jpg")):
        assert re.fullmatch(r"\d+", answer.headers["X-Time-Taken"]), str(answer)


def test_case_112_the_same_picture_in_other_words(folder: Folder) -> None:
    warm = folder.ask("l.jpg&width=100")
    again = folder.ask(SAME_AS_WIDTH_100)
    assert again.from_cache == "True"
    assert again.etag == warm.etag


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("l.jpg&angle=-90&width=50", "l.jpg&angle=270&width=50"),
        ("l.jpg&width=50&format=jpeg", "l.jpg&width=50&format=jpg"),
        ("q.png&width=50&height=50&fill=f00", "q.png&width=50&height=50&fill=rgb(255,0,0)"),
        ("q.png&width=50&height=50&halign=c0.50", "q.png&width=50&height=50"),
        ("l.jpg&width=50&format=tif&quality=10", "l.jpg&width=50&format=tif"),
        ("l.jpg&width=2000", "l.jpg&width=3000"),
        ("q.png&angle=180&flip=h&width=50", "q.png&flip=v&width=50"),
        ("l.jpg&width=50&colorspace=srgb", "l.jpg&width=50&colorspace=rgb"),
    ],
)
def test_case_112_equal_requests_share_one_derivative(folder: Folder, one: str, other: str) -> None:
    assert folder.ask(one).etag == folder.ask(other).etag
    assert folder.ask(other).from_cache == "True"


def test_case_113_different_pictures_have_different_tags(folder: Folder) -> None:
    requests = ("l.jpg&width=100", "l.jpg&width=101", "l.jpg&width=100&strip=1", "p.jpg&width=100", "l.jpg")
    tags = [folder.ask(request).etag for request in requests]
    assert len(set(tags)) == len(tags)


def test_case_114_not_modified(folder: Folder) -> None:
    warm = folder.ask("l.jpg&width=100&attach=1")
    answer = folder.ask("l.jpg&width=100&attach=1", headers={"If-None-Match": warm.etag})
    assert (answer.status, answer.body) == (304, b"")
    for name in ("ETag", "Cache-Control", "Expires"):
        assert (name == "Expires") or answer.headers[name] == warm.headers[name]
        assert answer.headers[name]
    assert "X-From-Cache" not in answer.headers
    assert "Content-Disposition" not in answer.headers


def test_case_114_not_modified_without_ever_generating(folder: Folder, server: RunningServer) -> None:
    tag = folder.ask("l.jpg&width=100").etag
    server.cli("cache", "clear")
    assert folder.ask("l.jpg&width=100", headers={"If-None-Match": tag}).status == 304


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', '"other",W/{} , "third"', "*", "bare"])
@pytest.mark.parametrize(
    "request_text", ["l.jpg&width=100", "l.jpg", "/original?src=t/l.jpg", "/images/t/l.jpg?width=9"]
)
def test_case_115_every_form_of_the_tag_matches(folder: Folder, request_text: str, form: str) -> None:
    tag = folder.ask(request_text).etag
    assert re.fullmatch(r'"[^"]+"', tag)
    sent = tag.strip('"') if form == "bare" else form.format(tag)
    assert folder.ask(request_text, headers={"If-None-Match": sent}).status == 304
    assert folder.ask(request_text, headers={"If-None-Match": '"other"'}).status == 200


def test_case_116_the_original_and_its_tag(folder: Folder) -> None:
    file = folder.place("l.jpg")
    first = folder.ask("/original?src=t/l.jpg")
    assert first.body == file.read_bytes()
    assert first.headers["Content-Disposition"] == 'inline; filename="l.jpg"'
    assert first.headers["Content-Type"] == "image/jpeg"
    headers = {"If-None-Match": first.etag}
    assert folder.ask("/original?src=t/l.jpg", headers=headers).status == 304
    file.touch()

    def is_new() -> None:
        touched = folder.ask("/original?src=t/l.jpg", headers=headers)
        assert touched.status == 200
        assert touched.etag != first.etag
        assert touched.body == first.body

    eventually(is_new)


def test_case_116_a_range_of_the_original(folder: Folder) -> None:
    whole = folder.ask("/original?src=t/l.jpg")
    part = folder.ask("/original?src=t/l.jpg", headers={"Range": "bytes=100-199"})
    assert (part.status, part.body) == (206, whole.body[100:200])
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(whole.body)}"
    beyond = folder.ask("/original?src=t/l.jpg", headers={"Range": f"bytes={len(whole.body)}-"})
    assert beyond.status == 416
    assert beyond.headers["Content-Range"] == f"bytes */{len(whole.body)}"


def test_case_116_modified_since(folder: Folder) -> None:
    for request in ("/original?src=t/l.jpg", "l.jpg&width=50"):
        date = folder.ask(request).headers["Last-Modified"]
        assert folder.ask(request, headers={"If-Modified-Since": date}).status == 304
        old = {"If-Modified-Since": "Mon, 01 Jan 2001 00:00:00 GMT"}
        assert folder.ask(request, headers=old).status == 200


def test_case_117_a_rotated_size_does_not_depend_on_the_cache(folder: Folder) -> None:
    assert folder.ask("l.jpg&width=333").size == (333, 200)
    assert folder.ask("l.jpg&angle=90&width=300").size == (300, 500)


def test_case_118_a_cropped_size_does_not_depend_on_the_cache(folder: Folder) -> None:
    assert folder.ask("l.jpg&left=0.5").size == (500, 600)
    assert folder.ask("l.jpg&left=0.5&width=1000").size == (1000, 1200)


def random_request(chance: random.Random) -> str:
    """Parameters that change size, place and direction, all valid."""
    choices = (
        ("width", (37, 80, 150, 333, 700)),
        ("height", (41, 90, 160, 350)),
        ("angle", (0, 90, 180, 270, 15)),
        ("flip", ("h", "v")),
        ("left", (0.1, 0.25)),
        ("bottom", (0.6, 0.9)),
        ("autosizefit", (0, 1)),
        ("tile", ("1:4", "4:4")),
    )
    used = [(name, chance.choice(values)) for name, values in choices if chance.random() < 0.45]
    return "".join(f"&{name}={value}" for name, value in used)


def mean_difference(one: Answer, other: Answer) -> float:
    first, second = (np.asarray(answer.picture.convert("RGB"), np.float64) for answer in (one, other))
    return float(np.abs(first - second).mean())


@pytest.mark.parametrize("start", range(12))
def test_case_119_cold_and_warm_agree(server: RunningServer, fixtures: Path, start: int) -> None:
    chance = random.Random(start)
    name = chance.choice(("l.jpg", "q.png", "alpha.png", "exif6.jpg"))
    warming, request = (name + random_request(chance) for _ in range(2))
    warmed, cold = Folder(server, fixtures), Folder(server, fixtures)
    warmed.ask(warming)
    one, other = warmed.ask(request), cold.ask(request)
    assert one.size == other.size, f"{warming} then {one}"
    assert mean_difference(one, other) < 2, f"{warming} then {one}"


@pytest.fixture(scope="module")
def slow_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("slow") / "log"


@pytest.fixture(scope="module")
def plugins(slow_log: Path) -> Path:
    """A folder with a third-party operation that takes time, to be put on the path."""
    return slow_plugin.install(slow_log.parent / "site-packages")


@pytest.fixture(scope="module")
def hasty_server(module_servers: StartServer, plugins: Path, slow_log: Path) -> RunningServer:
    """A server whose callers do not wait long for the work of others."""
    return module_servers({"qis.generation.wait_seconds": 2}, (plugins,), SLOW_LOG=str(slow_log))


@pytest.fixture(scope="module")
def slow_server(module_servers: StartServer, plugins: Path, slow_log: Path) -> RunningServer:
    return module_servers({}, (plugins,), SLOW_LOG=str(slow_log))


def test_case_120_one_generation_for_many_callers(slow_server: RunningServer, fixtures: Path, slow_log: Path) -> None:
    folder, before = Folder(slow_server, fixtures), slow_plugin.uses(slow_log)
    folder.place("l.jpg")
    with ThreadPoolExecutor(20) as callers:
        answers = list(callers.map(folder.ask, ["l.jpg&width=70&slow=700"] * 20))
    assert slow_plugin.uses(slow_log) - before == 1
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    assert len({answer.etag for answer in answers}) == 1


def test_case_120_one_generation_for_several_servers(
    slow_server: RunningServer, fixtures: Path, slow_log: Path
) -> None:
    folder, before = Folder(slow_server, fixtures), slow_plugin.uses(slow_log)
    target = folder.target("l.jpg&width=73&slow=700")
    with RunningServer(slow_server.site) as other, ThreadPoolExecutor(12) as callers:
        answers = list(callers.map(lambda server: server.get(target), [slow_server, other] * 6))
        assert other.get(target).from_cache == "True"
    assert slow_plugin.uses(slow_log) - before == 1
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1


def test_case_120_a_server_that_dies_leaves_its_work_to_another(
    slow_server: RunningServer, fixtures: Path, slow_log: Path
) -> None:
    folder, before = Folder(slow_server, fixtures), slow_plugin.uses(slow_log)
    target = folder.target("l.jpg&width=74&slow=1500")
    with RunningServer(slow_server.site) as dying, ThreadPoolExecutor(1) as callers:
        lost = callers.submit(dying.get, target)
        eventually(lambda: is_used_since(slow_log, before), step_seconds=0.05)
        dying.kill9()
        assert lost.exception() is not None
        eventually(lambda: is_ok(slow_server.get(target)))


def is_used_since(log: Path, before: int) -> None:
    assert slow_plugin.uses(log) > before


def test_case_121_waiters_are_sent_away(hasty_server: RunningServer, fixtures: Path) -> None:
    folder, request = Folder(hasty_server, fixtures), "l.jpg&width=71&slow=6000"
    folder.ask("l.jpg&width=10")  # known from now on, and the worker is up
    with ThreadPoolExecutor(1) as caller:
        first = caller.submit(folder.ask, request)
        time.sleep(0.5)
        started = time.monotonic()
        waiting = folder.ask(request)
        waited = time.monotonic() - started
        first.result()
    assert waiting.status == 503, str(waiting)
    assert int(waiting.headers["Retry-After"]) >= 1
    assert waited < 4.5

    eventually(lambda: is_ok(folder.ask(request)))


def test_case_121_other_requests_are_served_meanwhile(hasty_server: RunningServer, fixtures: Path) -> None:
    folder = Folder(hasty_server, fixtures)
    folder.ask("q.png&width=10")
    folder.ask("l.jpg&width=10")
    with ThreadPoolExecutor(1) as caller:
        stalled = caller.submit(folder.ask, "l.jpg&width=72&slow=3000")
        time.sleep(0.3)
        assert folder.ask("q.png&width=10", timeout_seconds=2).from_cache == "True"
        stalled.result()


def test_case_122_strangers_cannot_bypass_the_cache(folder: Folder) -> None:
    assert folder.ask("l.jpg&width=62&cache=0").from_cache == "False"
    assert folder.ask("l.jpg&width=62&cache=0").from_cache == "True"
    assert folder.ask("l.jpg&width=62&recache=1").from_cache == "True"


def test_case_123_users_can_bypass_the_cache(folder: Folder, member: Credentials) -> None:
    first, second = (folder.ask("l.jpg&width=61&cache=0", auth=member) for _ in range(2))
    assert (first.from_cache, second.from_cache) == ("False", "False")
    assert first.etag == second.etag
    assert folder.ask("l.jpg&width=61&recache=1", auth=member).from_cache == "False"
    assert folder.ask("l.jpg&width=61&recache=1", auth=member).from_cache == "True"


def test_case_123_benchmarking_lets_everybody(start_server: StartServer, fixtures: Path) -> None:
    folder = Folder(start_server({"qis.web.benchmarking": True}), fixtures)
    assert folder.ask("l.jpg&width=61").from_cache == "False"
    assert folder.ask("l.jpg&width=61").from_cache == "True"
    assert folder.ask("l.jpg&width=61&recache=1").from_cache == "False"
    assert folder.ask("l.jpg&width=62&cache=0").from_cache == "False"
    assert folder.ask("l.jpg&width=62").from_cache == "False"


def file_names(answer: Answer) -> tuple[str, str, str | None]:
    """Kind, plain name and coded name of a Content-Disposition; fails when it is not well formed."""
    text = answer.headers["Content-Disposition"]
    parts = DISPOSITION.fullmatch(text)
    assert parts, text
    coded = parts["coded"] and unquote(parts["coded"], errors="strict")
    return parts["kind"], re.sub(r"\\(.)", r"\1", parts["plain"]), coded


@pytest.mark.parametrize(
    ("request_text", "name"),
    [
        ("l.jpg&format=png&attach=1", "l.png"),
        ("q.png&format=pjpg&attach=1", "q.jpg"),
        ("UPPER.JPG&attach=1", "UPPER.JPG"),
        ("x.tif&format=tiff&attach=1", "x.tiff"),
        ("l.jpg&format=pjpg&attach=1", "l.jpg"),
    ],
)
def test_case_124_names_of_attachments(folder: Folder, request_text: str, name: str) -> None:
    answer = folder.ask(request_text)
    is_ok(answer)
    assert file_names(answer)[:2] == ("attachment", name)


@pytest.mark.parametrize("name", ["q'uo\"te.jpg", "naïve — é.jpg"])
@pytest.mark.parametrize("request_text", ["/image?src=t/{}&attach=1", "/original?src=t/{}&attach=1"])
def test_case_125_names_outside_ascii(folder: Folder, request_text: str, name: str) -> None:
    answer = folder.ask(request_text.format(quote(name)))
    is_ok(answer)
    kind, plain, coded = file_names(answer)
    assert kind == "attachment"
    assert plain == name or not name.isascii()
    assert (coded or plain) == name


def test_case_126_private_pictures_are_private(folder: Folder, member: Credentials) -> None:
    for group, level in (("Public", "none"), ("Normal users", "none"), ("Members", "view")):
        folder.allow(group, level)
    eventually(lambda: status(403)(folder.ask("l.jpg&width=50")))
    eventually(lambda: is_ok(folder.ask("l.jpg&width=50", auth=member)))
    answer = folder.ask("l.jpg&width=50", auth=member)
    header_says("Cache-Control", "private")(answer)
    assert "public" not in answer.headers["Cache-Control"]
    assert folder.ask("l.jpg&width=50").status == 403


def test_case_126_open_pictures_are_public_for_users_too(folder: Folder, member: Credentials) -> None:
    header_says("Cache-Control", "public")(folder.ask("l.jpg&width=50", auth=member))
