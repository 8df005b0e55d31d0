"""Tracking references over real HTTP (spec image-urls §11.1)."""

import http.server
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qis_core.errors import SettingsError
from qis_core.services.tracking import Tracking, TrackingCounts, TrackingSettings
from qis_core.settings import Settings


class Receiver:
    """A third party: remembers what it is asked, answers as it is told."""

    def __init__(self) -> None:
        self.targets: list[str] = []
        self.status = 204
        self.headers: dict[str, str] = {}
        self.body = b""
        self.may_answer = threading.Event()
        self.may_answer.set()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self.may_answer.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                receiver.targets.append(self.path)
                receiver.may_answer.wait(30)
                self.send_response(receiver.status)
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                with suppress(ConnectionError):
                    self.wfile.write(receiver.body)

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        return Handler


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with closing(Receiver()) as receiver:
        yield receiver


Start = Callable[..., Tracking]


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[Tracking] = []

    def make(url: str, **options: Any) -> Tracking:
        tracking = Tracking(Settings.of(TrackingSettings(url=url, **options)))
        tracking.start()
        started.append(tracking)
        return tracking

    yield make
    for tracking in started:
        tracking.close()


def wait_for(tracking: Tracking, **counts: int) -> TrackingCounts:
    """What was counted, as soon as it is as much as this."""
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline and any(getattr(tracking.counts, name) < count for name, count in counts.items()):
        time.sleep(0.01)
    return tracking.counts


def test_a_reference_is_appended_to_the_address(receiver: Receiver, start: Start) -> None:
    tracking = start(f"{receiver.url}/track?ref=")
    tracking.send("abc123")
    assert wait_for(tracking, sent=1) == TrackingCounts(sent=1)
    assert receiver.targets == ["/track?ref=abc123"]


@pytest.mark.parametrize(
    ("xref", "encoded"),
    [
        ("a b", "a%20b"),
        ("a&b=c", "a%26b%3Dc"),
        ("../x?y#z", "..%2Fx%3Fy%23z"),
        ("a\r\nHost: evil", "a%0D%0AHost%3A%20evil"),
        ("100%", "100%25"),
        ("é\u0000", "%C3%A9%00"),
        ("@evil.example", "%40evil.example"),
        ("a_b-c.d~e", "a_b-c.d~e"),
    ],
)
def test_it_is_percent_encoded(receiver: Receiver, start: Start, xref: str, encoded: str) -> None:
    tracking = start(f"{receiver.url}/?r=")
    tracking.send(xref)
    wait_for(tracking, sent=1)
    assert receiver.targets == [f"/?r={encoded}"]


def test_an_address_without_path_cannot_become_another_host(receiver: Receiver, start: Start) -> None:
    tracking = start(receiver.url)
    tracking.send("@127.0.0.2:1/x")
    assert wait_for(tracking, failed=1, sent=0) == TrackingCounts(failed=1)
    assert receiver.targets == []


def test_several_are_all_sent(receiver: Receiver, start: Start) -> None:
    tracking = start(f"{receiver.url}/?r=")
    for number in range(50):
        tracking.send(str(number))
    wait_for(tracking, sent=50)
    assert sorted(receiver.targets) == sorted(f"/?r={number}" for number in range(50))


@pytest.mark.parametrize("xref", ["x", ""])
def test_without_an_address_nothing_happens(start: Start, xref: str) -> None:
    tracking = start("")
    tracking.send(xref)
    assert not tracking.is_enabled
    assert tracking.counts == TrackingCounts()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("qis-tracking")]


def test_an_empty_reference_is_none(receiver: Receiver, start: Start) -> None:
    tracking = start(f"{receiver.url}/?r=")
    tracking.send("")
    tracking.send("x")
    wait_for(tracking, sent=1)
    assert tracking.is_enabled
    assert receiver.targets == ["/?r=x"]


@pytest.mark.parametrize(
    "url", ["ftp://a.example/", "javascript:alert(1)", "file:///etc/passwd", "a.example", " http://a"]
)
def test_other_addresses_stop_the_start(url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Tracking(Settings.of(TrackingSettings(url=url)))
    expected = f"qis.tracking.url: {url!r} is not right; expected an address that begins with http"
    assert caught.value.faults == (expected,)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(receiver: Receiver, start: Start, status: int) -> None:
    receiver.status, receiver.headers = status, {"Location": f"{receiver.url}/elsewhere"}
    tracking = start(f"{receiver.url}/?r=")
    tracking.send("x")
    assert wait_for(tracking, sent=1) == TrackingCounts(sent=1)
    time.sleep(0.1)
    assert receiver.targets == ["/?r=x"]


@pytest.mark.parametrize("status", [400, 404, 500, 503])
def test_an_error_counts_as_failed_and_is_not_repeated(receiver: Receiver, start: Start, status: int) -> None:
    receiver.status, receiver.headers = status, {"Retry-After": "0"}
    tracking = start(f"{receiver.url}/?r=")
    tracking.send("x")
    assert wait_for(tracking, failed=1) == TrackingCounts(failed=1)
    time.sleep(0.1)
    assert len(receiver.targets) == 1


def test_a_long_answer_is_not_read(receiver: Receiver, start: Start) -> None:
    receiver.status, receiver.body = 200, b"x" * 20_000_000
    tracking = start(f"{receiver.url}/?r=")
    for number in range(3):
        tracking.send(str(number))
    assert wait_for(tracking, sent=3) == TrackingCounts(sent=3)


class TestTrouble:
    def test_a_hanging_server_costs_its_timeout_and_delays_nobody(self, receiver: Receiver, start: Start) -> None:
        receiver.may_answer.clear()
        tracking = start(f"{receiver.url}/?r=", timeout_seconds=0.3)
        started = time.monotonic()
        for number in range(4):
            tracking.send(str(number))
        assert time.monotonic() - started < 0.2
        assert wait_for(tracking, failed=4) == TrackingCounts(failed=4)
        receiver.may_answer.set()
        tracking.send("again")
        assert wait_for(tracking, sent=1) == TrackingCounts(sent=1, failed=4)

    def test_a_server_that_accepts_and_says_nothing(self, start: Start) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            tracking = start(f"http://127.0.0.1:{silent.getsockname()[1]}/?r=", timeout_seconds=0.2)
            tracking.send("x")
            assert wait_for(tracking, failed=1) == TrackingCounts(failed=1)

    def test_a_server_that_speaks_another_language(self, start: Start) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            tracking = start(f"http://127.0.0.1:{server.getsockname()[1]}/?r=")
            tracking.send("x")
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
            assert wait_for(tracking, failed=1) == TrackingCounts(failed=1)

    def test_nobody_there(self, start: Start, caplog: pytest.LogCaptureFixture) -> None:
        with socket.create_server(("127.0.0.1", 0)) as gone:
            port = gone.getsockname()[1]
        tracking = start(f"http://127.0.0.1:{port}/?r=")
        with caplog.at_level(logging.INFO):
            for number in range(5):
                tracking.send(str(number))
            assert wait_for(tracking, failed=5) == TrackingCounts(failed=5)
        warnings = [record for record in caplog.records if record.name == "qis_core.services.tracking"]
        assert len(warnings) == 1, "a server that is down is logged once, not at each request"

    def test_it_is_logged_when_things_work_again(
        self, receiver: Receiver, start: Start, caplog: pytest.LogCaptureFixture
    ) -> None:
        receiver.status = 500
        tracking = start(f"{receiver.url}/?r=")
        with caplog.at_level(logging.INFO, logger="qis_core.services.tracking"):
            tracking.send("a")
            wait_for(tracking, failed=1)
            receiver.status = 204
            tracking.send("b")
            wait_for(tracking, sent=1)
        assert [record.getMessage() for record in caplog.records] == ["tracking: status 500", "tracking: works again"]

    def test_more_than_the_queue_holds_is_dropped_and_counted(self, receiver: Receiver, start: Start) -> None:
        receiver.may_answer.clear()
        tracking = start(f"{receiver.url}/?r=", queue_size=3, timeout_seconds=20)
        tracking.send("0")
        tracking.send("1")
        deadline = time.monotonic() + 10
        while len(receiver.targets) < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        for number in range(2, 12):
            tracking.send(str(number))
        assert tracking.counts == TrackingCounts(dropped=7)
        receiver.may_answer.set()
        assert wait_for(tracking, sent=5) == TrackingCounts(sent=5, dropped=7)
        assert len(receiver.targets) == 5


class TestClosing:
    def test_what_waits_is_still_sent(self, receiver: Receiver, start: Start) -> None:
        tracking = start(f"{receiver.url}/?r=")
        for number in range(30):
            tracking.send(str(number))
        tracking.close()
        assert tracking.counts == TrackingCounts(sent=30)

    @pytest.mark.parametrize("queue_size", [3, 1000])
    def test_it_does_not_wait_for_a_hanging_server(self, receiver: Receiver, start: Start, queue_size: int) -> None:
        receiver.may_answer.clear()
        tracking = start(f"{receiver.url}/?r=", timeout_seconds=0.3, queue_size=queue_size)
        for number in range(100):
            tracking.send(str(number))
        started = time.monotonic()
        tracking.close()
        assert time.monotonic() - started < 3
        assert not [thread for thread in threading.enumerate() if thread.name.startswith("qis-tracking")]

    def test_it_can_be_closed_unstarted_and_started_again(self, receiver: Receiver) -> None:
        tracking = Tracking(Settings.of(TrackingSettings(url=f"{receiver.url}/?r=")))
        tracking.close()
        for name in "ab":
            tracking.start()
            tracking.start()
            tracking.send(name)
            tracking.close()
        assert receiver.targets == ["/?r=a", "/?r=b"]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=50), min_size=1, max_size=4))
def test_whatever_is_sent_arrives_as_one_parameter(receiver: Receiver, xrefs: list[str]) -> None:
    receiver.targets.clear()
    tracking = Tracking(Settings.of(TrackingSettings(url=f"{receiver.url}/?r=")))
    tracking.start()
    for xref in xrefs:
        tracking.send(xref)
    tracking.close()
    arrived = [parse_qs(urlsplit(target).query, strict_parsing=True) for target in receiver.targets]
    assert sorted(one["r"][0] for one in arrived) == sorted(xrefs)
    assert all(list(one) == ["r"] and len(one["r"]) == 1 for one in arrived)
