"""Conformance cases 99-110: templates, pass-through, public size limits (spec image-urls §15.5)."""

from collections.abc import Callable
from email.utils import parsedate_to_datetime
from pathlib import Path
from uuid import uuid4

import pytest

from tests.support.answers import Answer, Credentials
from tests.support.cases import Folder, Row, case, row
from tests.support.checks import Check, header, header_says, mime, original, size, status
from tests.support.server import RunningServer, StartServer, eventually

REFUSED = 400
Expected = tuple[int, int] | int
#: limits → request → size, or 400 (the table of §4.10; a cell that the reference leaks is 400)
LIMITS: dict[tuple[int, int], dict[str, Expected]] = {
    (800, 0): {
        "l.jpg": (800, 480),
        "l.jpg&autosizefit=0": (800, 480),
        "l.jpg&width=801": REFUSED,
        "l.jpg&height=500": REFUSED,
        "l.jpg&height=500&angle=90": (300, 500),
        "l.jpg&width=700": (700, 420),
    },
    (0, 400): {
        "l.jpg": (667, 400),
        "l.jpg&autosizefit=0": (667, 400),
        "l.jpg&width=801": REFUSED,
        "l.jpg&height=500": REFUSED,
        "l.jpg&height=500&angle=90": REFUSED,
        "l.jpg&width=700": REFUSED,
    },
    (800, 400): {
        "l.jpg": (667, 400),
        "l.jpg&autosizefit=0": (800, 400),
        "l.jpg&width=801": REFUSED,
        "l.jpg&height=500": REFUSED,
        "l.jpg&height=500&angle=90": REFUSED,
        "l.jpg&width=700": REFUSED,
    },
    (800, 800): {
        "l.jpg": (800, 480),
        "l.jpg&autosizefit=0": (800, 600),
        "l.jpg&width=801": REFUSED,
        "l.jpg&height=500": REFUSED,
        "l.jpg&height=500&angle=90": (300, 500),
        "l.jpg&width=700": (700, 420),
    },
}

CASES = [
    case(99, "nothing asked, nothing changed", row("l.jpg", original("l.jpg"), mime("image/jpeg"))),
    case(
        101,
        "a named template in any case",
        row("l.jpg&tmp=SmallJpeg", size(200, 200), mime("image/jpeg")),
    ),
    case(
        102,
        "the URL wins over the template",
        row("l.jpg&tmp=smalljpeg&format=png&width=100", mime("image/png"), size(100, 200)),
    ),
]


@pytest.mark.parametrize("requests", CASES)
def test_templates(folder: Folder, requests: tuple[Row, ...]) -> None:
    folder.check(requests)


@pytest.mark.parametrize("parameter", ["quality=75", "tmp=default"])
def test_case_100_an_explicit_quality_encodes_again(folder: Folder, parameter: str) -> None:
    answer = folder.ask(f"l.jpg&{parameter}")
    assert answer.size == (1000, 600)
    assert answer.body != (folder.path / "l.jpg").read_bytes()


@pytest.fixture(scope="module")
def templated(module_servers: StartServer) -> RunningServer:
    """A server whose default template the tests change."""
    return module_servers()


@pytest.fixture
def cold(templated: RunningServer, fixtures: Path) -> Folder:
    return Folder(templated, fixtures)


def make_default(server: RunningServer, *values: str) -> None:
    """Make a new template and the default; the running server follows within a second."""
    name = f"default-{uuid4().hex[:8]}"
    server.cli("template", "set", name, *values)
    server.cli("template", "default", name)


def soon(folder: Folder, request: str, *checks: Check) -> None:
    """The answer comes to hold this while the server learns of the new template."""

    def look() -> None:
        folder.check((row(request, *checks),))

    eventually(look)


def test_case_103_a_default_format(cold: Folder) -> None:
    make_default(cold.server, "format=png")
    soon(cold, "l.jpg", mime("image/png"))
    cold.check(
        (
            row("l.jpg&format=", mime("image/png")),
            row("l.jpg&format=jpg", mime("image/jpeg")),
            row("l.jpg&tmp=smalljpeg", mime("image/jpeg")),
        )
    )


def test_case_104_a_default_size_is_cancelled_by_zero(cold: Folder) -> None:
    make_default(cold.server, "width=200", "height=100")
    soon(cold, "l.jpg&width=0", size(167, 100))
    cold.check((row("l.jpg&height=", size(200, 120)),))


def expires_after(answer: Answer) -> float:
    expires, now = (parsedate_to_datetime(answer.headers[name]) for name in ("Expires", "Date"))
    return (expires - now).total_seconds()


def test_case_105_expiry_in_the_future(cold: Folder) -> None:
    make_default(cold.server, "expiry_secs=60")
    soon(cold, "l.jpg&width=50", header("Cache-Control", "public, max-age=60"))
    answer = cold.ask("l.jpg&width=50")
    assert abs(expires_after(answer) - 60) <= 1
    assert answer.etag


def test_case_105_no_expiry(cold: Folder) -> None:
    make_default(cold.server, "expiry_secs=0")
    soon(cold, "l.jpg&width=50", header("Cache-Control", None), header("Expires", None))
    assert cold.ask("l.jpg&width=50").etag


def test_case_105_always_expired(cold: Folder) -> None:
    make_default(cold.server, "expiry_secs=-1")
    soon(cold, "l.jpg&width=50", header_says("Cache-Control", "no-cache"))
    answer = cold.ask("l.jpg&width=50")
    assert parsedate_to_datetime(answer.headers["Expires"]).timestamp() == 0
    assert answer.etag


def test_case_105_the_original_follows_the_default_template(cold: Folder) -> None:
    make_default(cold.server, "expiry_secs=77")
    soon(cold, "/original?src=t/l.jpg", header("Cache-Control", "public, max-age=77"))


def test_case_106_attachment_by_default(cold: Folder) -> None:
    make_default(cold.server, "attachment=true")
    soon(cold, "l.jpg", header_says("Content-Disposition", 'attachment; filename="l.jpg"'))
    cold.check(
        (
            row("l.jpg&attach=0", header("Content-Disposition", None)),
            row("/original?src=t/l.jpg", header("Content-Disposition", 'inline; filename="l.jpg"')),
        )
    )


@pytest.mark.parametrize(
    ("key", "value"), [("width", "99999"), ("quality", "0"), ("expiry_secs", "-2"), ("expiry_secs", "31536001")]
)
def test_case_107_wrong_templates_are_not_saved(cold: Folder, key: str, value: str) -> None:
    name = f"wrong-{uuid4().hex[:8]}"
    done = cold.server.site.try_cli("template", "set", name, f"{key}={value}")
    assert done.returncode == 2, done
    assert key in done.stderr
    assert "Traceback" not in done.stderr
    assert cold.server.site.try_cli("template", "show", name).returncode != 0
    cold.check((row(f"l.jpg&tmp={name}", status(400, "not a valid choice")),))


@pytest.mark.parametrize("limits", LIMITS, ids=str)
def test_case_108_public_limits(start_server: StartServer, fixtures: Path, limits: tuple[int, int]) -> None:
    folder = Folder(limited(start_server, limits), fixtures)
    for request, expected in LIMITS[limits].items():
        is_as_expected(expected)(folder.ask(request))


def is_as_expected(expected: Expected) -> Check:
    if isinstance(expected, int):
        return status(expected, "exceeds public image limit")
    return size(*expected)


def limited(start: Callable[..., RunningServer], limits: tuple[int, int]) -> RunningServer:
    width, height = limits
    return start({"qis.images.public_max_width": width, "qis.images.public_max_height": height})


@pytest.fixture(scope="module")
def within_100(module_servers: StartServer) -> RunningServer:
    return limited(module_servers, (100, 100))


@pytest.mark.parametrize("tile", ["1:1", "1:4"])
def test_case_109_a_tile_is_no_way_around_the_limit(within_100: RunningServer, fixtures: Path, tile: str) -> None:
    folder = Folder(within_100, fixtures)
    folder.check((row(f"l.jpg&tile={tile}&width=1000", status(400, "exceeds public image limit")),))


def test_case_110_a_template_raises_the_limit(within_100: RunningServer, fixtures: Path) -> None:
    Folder(within_100, fixtures).check(
        (
            row("l.jpg&tmp=smalljpeg", size(200, 200)),
            row("l.jpg&tmp=smalljpeg&width=250", status(400, "width", "exceeds public image limit")),
        )
    )


def test_case_110_no_limit_for_users(within_100: RunningServer, fixtures: Path, member: Credentials) -> None:
    folder = Folder(within_100, fixtures)
    assert folder.ask("l.jpg", auth=member).size == (1000, 600)
    assert folder.ask("l.jpg").size == (100, 60)


def test_case_110_the_path_address_has_the_same_limit(within_100: RunningServer, fixtures: Path) -> None:
    folder = Folder(within_100, fixtures)
    folder.check((row("/images/t/l.jpg?width=101", status(400, "exceeds public image limit")),))
    assert folder.ask("/images/t/l.jpg").size == (100, 60)
