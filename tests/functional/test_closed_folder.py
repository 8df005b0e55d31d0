"""A picture in a folder closed to the caller is refused by every door, warm or cold; nothing tells that it exists."""

from pathlib import Path

import pytest

from tests.support.answers import Answer, Credentials
from tests.support.cases import Folder
from tests.support.checks import is_ok
from tests.support.server import RunningServer, eventually

DOORS = (
    "/image?src=t/{name}&width=40",
    "/image?src=t/{name}",
    "/image?src=t/{name}&width=40&tile=1:4",
    "/erez/erez?src=t/{name}&width=40",
    "/original?src=t/{name}",
    "/images/t/{name}?width=40",
    "/images/t/{name}",
    "/images/t/{name}/@@original",
    "/images/t/{name}/@@info",
    "/images/t/{name}/@@info?width=40",
)
NAMES = ("l.jpg", "none.jpg", "none.txt", "corrupt.jpg", "empty.jpg", "sub/none.jpg")


@pytest.fixture
def closed(folder: Folder, member: Credentials) -> Folder:
    """A folder whose pictures were seen by everybody, so that all caches are warm, and then closed to the public."""
    for door in DOORS:
        assert folder.ask(door.format(name="l.jpg")).status == 200, door
    close(folder)
    folder.allow("Members", "download")
    eventually(lambda: refused(folder.ask("l.jpg")))
    eventually(lambda: is_ok(folder.ask("/original?src=t/l.jpg", auth=member)))
    return folder


def close(folder: Folder) -> None:
    """Take the folder from everybody: from the public, and from what every user may do."""
    for group in ("Public", "Normal users"):
        folder.allow(group, "none")


def refused(answer: Answer) -> None:
    assert answer.status == 403, str(answer)
    assert not answer.is_picture
    assert "ETag" not in answer.headers
    assert "public" not in answer.headers.get("Cache-Control", "")


@pytest.fixture(scope="module")
def always_closed(server: RunningServer, fixtures: Path, member: Credentials) -> Folder:
    """A folder that was closed before anybody asked for anything in it, with a picture in it."""
    folder = Folder(server, fixtures)
    for name in ("l.jpg", "corrupt.jpg", "empty.jpg"):
        folder.place(name)
    close(folder)
    folder.allow("Members", "view")
    eventually(lambda: refused(folder.ask("probe.jpg")))
    eventually(lambda: is_ok(folder.ask("l.jpg&width=40", auth=member)))
    return folder


def test_every_door_is_closed_on_a_warm_cache(closed: Folder) -> None:
    for door in DOORS:
        refused(closed.ask(door.format(name="l.jpg")))


def test_conditions_ranges_and_head_open_nothing(closed: Folder, member: Credentials) -> None:
    for door in DOORS:
        target = door.format(name="l.jpg")
        seen = closed.ask(target, auth=member)
        assert seen.status == 200, str(seen)
        conditions = (
            {"If-None-Match": seen.headers.get("ETag", '"x"')},
            {"If-None-Match": "*"},
            {"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"},
            {"Range": "bytes=0-9"},
        )
        for headers in conditions:
            refused(closed.ask(target, headers=headers))
            refused(closed.ask(target, "HEAD", headers=headers))


@pytest.mark.parametrize("name", NAMES)
def test_existing_and_missing_look_the_same(always_closed: Folder, name: str) -> None:
    for door in DOORS:
        answer, other = (always_closed.ask(door.format(name=each)) for each in (name, "never.jpg"))
        refused(answer)
        assert answer.text.replace(name, "never.jpg") == other.text
        assert set(answer.headers.keys()) == set(other.headers.keys())


def test_a_closed_folder_below_a_closed_folder(always_closed: Folder) -> None:
    for target in ("/images/t", "/images/t/", "/images/t/sub/", "/image?src=t", "/original?src=t"):
        assert always_closed.ask(target).status in (403, 404), target
    missing = always_closed.ask("/images/t/sub/deeper/none.jpg")
    refused(missing)


def test_a_closed_picture_is_no_overlay(closed: Folder, server: RunningServer, fixtures: Path) -> None:
    opened = Folder(server, fixtures)
    for name in ("l.jpg", "none.jpg"):
        for request in (
            f"q.png&width=60&overlay={closed.name}/{name}",
            f"/images/t/q.png?overlay={closed.name}/{name}",
        ):
            refused(opened.ask(request))
            refused(opened.ask(request, "HEAD"))
            refused(opened.ask(request, headers={"If-None-Match": "*"}))


@pytest.mark.parametrize(
    "spelling", ["/{}/l.jpg", "//{}//l.jpg", "./{}/l.jpg", "{}/../{}/./l.jpg", "%5C{}/l.jpg", "{}/l.jpg/"]
)
def test_no_spelling_of_an_overlay_opens_the_folder(
    always_closed: Folder, server: RunningServer, fixtures: Path, spelling: str
) -> None:
    opened = Folder(server, fixtures)
    overlay = spelling.replace("{}", always_closed.name)
    refused(opened.ask(f"q.png&width=60&overlay={overlay}"))
    refused(opened.ask(f"/images/t/q.png?width=60&overlay={overlay}"))
    refused(opened.ask(f"/image?src={overlay}&width=60"))


def test_a_template_may_use_a_closed_overlay(always_closed: Folder, server: RunningServer, fixtures: Path) -> None:
    opened, name = Folder(server, fixtures), f"marked-{always_closed.name}"
    server.cli("template", "set", name, f"overlay_src={always_closed.name}/l.jpg", "overlay_size=0.5")
    eventually(lambda: is_ok(opened.ask(f"q.png&width=60&tmp={name}")))
    refused(opened.ask(f"q.png&width=60&tmp={name}&overlay={always_closed.name}/l.jpg"))


def test_a_warm_overlay_is_closed_too(folder: Folder, server: RunningServer, fixtures: Path) -> None:
    opened = Folder(server, fixtures)
    folder.place("wm.png")
    request = f"q.png&width=60&overlay={folder.name}/wm.png"
    tag = opened.ask(request).etag
    folder.allow("Public", "none")
    eventually(lambda: refused(opened.ask(request)))
    refused(opened.ask(request, headers={"If-None-Match": tag}))


def test_permitted_users_see_it_privately(closed: Folder, member: Credentials) -> None:
    for door in DOORS:
        answer = closed.ask(door.format(name="l.jpg"), auth=member)
        assert answer.status == 200, str(answer)
        assert "private" in answer.headers["Cache-Control"], str(answer)
        assert "public" not in answer.headers["Cache-Control"], str(answer)


def test_a_permitted_user_hears_what_is_missing(always_closed: Folder, member: Credentials) -> None:
    is_ok(always_closed.ask("l.jpg&width=40", auth=member))
    assert always_closed.ask("none.jpg", auth=member).status == 404
    refused(always_closed.ask("/original?src=t/l.jpg", auth=member))


@pytest.mark.parametrize("wrong", [("member", "wrong"), ("nobody", "member-password"), ("member", ""), ("", "")])
def test_wrong_credentials_open_nothing(always_closed: Folder, wrong: Credentials) -> None:
    answer = always_closed.ask("l.jpg&width=40", auth=wrong)
    assert answer.status in (401, 403), str(answer)
    assert not answer.is_picture


def test_a_right_taken_away_ends_what_a_user_sees(closed: Folder, member: Credentials) -> None:
    warm = closed.ask("l.jpg&width=40", auth=member)
    closed.allow("Members", "none")
    eventually(lambda: refused(closed.ask("l.jpg&width=40", auth=member)))
    refused(closed.ask("l.jpg&width=40", auth=member, headers={"If-None-Match": warm.etag}))
