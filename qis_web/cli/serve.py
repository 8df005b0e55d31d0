"""``qis serve``: any folder of pictures becomes a server."""

import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import click
from waitress.server import create_server

from qis_core.application import Application, Origin
from qis_core.errors import StartupError
from qis_core.services.generation_settings import GenerationSettings
from qis_web.app import first_run_notice, make_app
from qis_web.cli import Cli, remember_repository
from qis_web.settings import WebSettings

_SPARE_THREADS = 16
_BACKLOG = 1024
_RESTART_SECONDS = 1.0


@click.command()
@click.argument("path", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=6543, show_default=True, help="Port to listen on.")
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="Folder of everything QIS makes.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Server processes.")
@click.option("--fd", type=int, hidden=True, help="An inherited listening socket.")
@click.pass_obj
def serve(cli: Cli, path: Path | None, host: str, port: int, data: Path | None, workers: int, fd: int | None) -> None:  # noqa: PLR0913, PLR0917  one per option
    """Serve the pictures in PATH; nothing is written there."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a full queue is answered, it is no news
    if data is not None:
        cli.use_data(data)
    if path is not None:
        remember_repository(cli, path)
    if fd is not None:
        _serve_on(socket.socket(fileno=fd), cli.origin)
        return
    listener = _listen(host, port)
    _prepare(cli.origin)
    click.echo(f"QIS serves {cli.repository_text} at http://{host}:{listener.getsockname()[1]}/ (Ctrl-C stops it)")
    if workers == 1:
        _serve_on(listener, cli.origin)
    else:
        _Supervisor(listener, cli.origin, workers).run()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        raise StartupError(f"cannot listen on {host}:{port}: {error.strerror}") from error
    listener.listen(_BACKLOG)
    return listener


def _prepare(origin: Origin) -> None:
    """Database and first-run objects, once, before any server process; the password shows on this console only."""
    application = Application(origin)
    password = application.prepare()
    application.close()
    if password is not None:
        click.echo(first_run_notice(password))


def _serve_on(listener: socket.socket, origin: Origin) -> None:
    application = Application(origin)
    application.start()
    server = create_server(make_app(application), sockets=[listener], **server_options(application))
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        server.run()
    finally:
        server.close()
        application.close()


def server_options(application: Application) -> dict[str, Any]:
    """Waitress settings: as many threads as misses may wait inside, and some for hits beside them (design §9)."""
    generation = application.settings[GenerationSettings]
    options: dict[str, Any] = {
        "threads": generation.worker_count + generation.queue_length + _SPARE_THREADS,
        "ident": "QIS",
        "clear_untrusted_proxy_headers": True,
    }
    proxies = application.settings[WebSettings].proxy_servers
    if proxies:
        options |= {
            "trusted_proxy": "*",
            "trusted_proxy_count": proxies,
            "trusted_proxy_headers": {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"},
        }
    return options


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


class _Supervisor:
    """Several server processes on one listening socket; one that dies is started again."""

    def __init__(self, listener: socket.socket, origin: Origin, count: int) -> None:
        self._listener = listener
        self._environ = _environment(origin, count)
        self._count = count
        self._processes: list[subprocess.Popen[bytes]] = []

    def run(self) -> None:
        signal.signal(signal.SIGTERM, _interrupt)
        try:
            self._processes = [self._start() for _ in range(self._count)]
            while True:
                time.sleep(_RESTART_SECONDS)
                self._processes = [p if p.poll() is None else self._start() for p in self._processes]
        except KeyboardInterrupt:
            click.echo("stopping", err=True)
        finally:
            self._stop()

    def _start(self) -> "subprocess.Popen[bytes]":
        fd = self._listener.fileno()
        command = [sys.executable, "-m", "qis_web.cli", "serve", "--fd", str(fd)]
        return subprocess.Popen(command, pass_fds=[fd], env=self._environ)  # noqa: S603  ourselves

    def _stop(self) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.wait()


def _environment(origin: Origin, count: int) -> Mapping[str, str]:
    """What the server processes inherit: all settings, and their share of the machine's cores."""
    settings = {name.replace(".", "_").upper(): text for name, text in origin.ini.items()}
    share = str(max(1, (os.cpu_count() or 1) // count))
    return {"QIS_GENERATION_WORKERS": share, **settings, **origin.environ}


COMMANDS = (serve,)
