"""A small HTTP server of the test's own: remembers what was asked, and can hang or redirect."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Behaviour = Callable[[BaseHTTPRequestHandler], None]


class Listener:
    """What was asked for, in order: ``GET /x?id=1``."""

    def __init__(self, port: int, requests: list[str], release: threading.Event) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.requests = requests
        self.release = release


def answers_204(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(204)
    handler.end_headers()


def redirects(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(302)
    handler.send_header("Location", "/elsewhere")
    handler.send_header("Content-Length", "0")
    handler.end_headers()


@contextmanager
def listening(behaviour: Behaviour | None = answers_204) -> Iterator[Listener]:
    """Listen on a free port until the end of the block; without *behaviour* no request is ever answered."""
    requests: list[str] = []
    release = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            requests.append(f"GET {self.path}")
            if behaviour is None:
                release.wait(30)
            else:
                behaviour(self)

        def log_message(self, format: str, *args: object) -> None:
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield Listener(server.server_address[1], requests, release)
        finally:
            release.set()
            server.shutdown()
            thread.join()
