"""Signed URLs on a running server (spec image-urls §14, security §3)."""

import time
from pathlib import Path

import pytest

from qis_core.services.signing import SigningSettings, UrlSigner
from qis_core.settings import Secret, Settings
from tests.support.answers import Credentials
from tests.support.cases import Folder
from tests.support.server import RunningServer, StartServer

OLD, NEW = "the-key-of-last-summer", "the-key-of-this-winter"
REQUESTS = (
    "/image?src=t/l.jpg&width=40",
    "/image?src=t/l.jpg",
    "/erez3/erez?src=t/l.jpg&width=40",
    "/images/t/l.jpg?width=40",
    "/images/t/l.jpg",
    "/original?src=t/l.jpg",
    "/images/t/l.jpg/@@original",
    "/images/t/blue%20bells.jpg?width=40",
)


def signer(*keys: str) -> UrlSigner:
    return UrlSigner(Settings.of(SigningSettings(mode="required", keys=tuple(map(Secret, keys)))))


@pytest.fixture(scope="module")
def strict(module_servers: StartServer) -> RunningServer:
    return module_servers({"qis.signing.mode": "required", "qis.signing.keys": f"{NEW} {OLD}"})


@pytest.fixture
def folder(strict: RunningServer, fixtures: Path) -> Folder:
    return Folder(strict, fixtures)


def signed(folder: Folder, request: str, *, key: str = NEW, expires_at: int | None = None) -> str:
    return signer(key).sign(folder.target(request), expires_at=expires_at)


@pytest.mark.parametrize("request_text", REQUESTS)
def test_only_signed_urls_are_answered(folder: Folder, member: Credentials, request_text: str) -> None:
    refused = folder.ask(request_text)
    assert (refused.status, "signed URLs only" in refused.text) == (403, True)
    assert folder.ask(signed(folder, request_text)).status == 200
    assert folder.ask(request_text, auth=member).status == 200


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_signature_is_for_one_url(folder: Folder, method: str) -> None:
    good = signed(folder, "l.jpg&width=40")
    assert folder.ask(good, method=method).status == 200
    for changed in (good.replace("width=40", "width=4000"), good + "&width=4000", good[:-1], good + "A"):
        assert folder.ask(changed, method=method).status == 403
    assert folder.ask(good.replace("l.jpg", "p.jpg"), method=method).status == 403


def test_neither_a_warm_cache_nor_a_tag_replaces_a_signature(folder: Folder) -> None:
    good = signed(folder, "l.jpg&width=40")
    tag = folder.ask(good).etag
    assert folder.ask(good, headers={"If-None-Match": tag}).status == 304
    assert folder.ask("l.jpg&width=40", headers={"If-None-Match": tag}).status == 403
    assert folder.ask("l.jpg&width=40", headers={"If-None-Match": "*"}).status == 403
    assert folder.ask("/original?src=t/l.jpg", headers={"Range": "bytes=0-9"}).status == 403


def test_signatures_are_no_part_of_the_cache_key(folder: Folder, member: Credentials) -> None:
    soon = int(time.time()) + 600
    answers = [
        folder.ask(signed(folder, "l.jpg&width=41")),
        folder.ask(signed(folder, "l.jpg&width=41", key=OLD)),
        folder.ask(signed(folder, "l.jpg&width=41", expires_at=soon)),
        folder.ask("l.jpg&width=41", auth=member),
    ]
    assert [answer.from_cache for answer in answers] == ["False", "True", "True", "True"]
    assert len({answer.etag for answer in answers}) == 1


def test_an_expired_url_is_refused(folder: Folder) -> None:
    now = int(time.time())
    refused = folder.ask(signed(folder, "l.jpg&width=40", expires_at=now - 1))
    assert (refused.status, "expired at" in refused.text) == (403, True)
    assert folder.ask(signed(folder, "l.jpg&width=40", expires_at=now + 600)).status == 200


def test_a_signature_gives_no_rights(folder: Folder, member: Credentials) -> None:
    folder.allow("Public", "None")
    answer = folder.ask(signed(folder, "l.jpg&width=40"))
    assert (answer.status, "signed" in answer.text) == (403, False)


def test_a_key_that_nobody_knows_signs_nothing(folder: Folder) -> None:
    assert folder.ask(signed(folder, "l.jpg&width=40", key="a-key-that-nobody-knows")).status == 403


def test_the_command_line_signs(folder: Folder) -> None:
    target = folder.target("l.jpg&width=45")
    url = folder.server.cli("sign", f"https://pictures.example{target}", "--expires-in", "600").strip()
    assert url.startswith(f"https://pictures.example{target}&until=")
    assert folder.ask(url.removeprefix("https://pictures.example")).size == (45, 27)


def test_optional_signatures_must_be_right(start_server: StartServer, fixtures: Path) -> None:
    folder = Folder(start_server({"qis.signing.mode": "optional", "qis.signing.keys": NEW}), fixtures)
    assert folder.ask("l.jpg&width=40").status == 200
    assert folder.ask(signed(folder, "l.jpg&width=40")).status == 200
    assert folder.ask(signed(folder, "l.jpg&width=40", key=OLD)).status == 403
    assert folder.ask("l.jpg&sig=nonsense&width=40").status == 403


def test_without_signing_the_names_mean_nothing(server: RunningServer, fixtures: Path) -> None:
    folder = Folder(server, fixtures)
    assert folder.ask("l.jpg&width=40&until=5&sig=nonsense").status == 200
