"""Make the pictures of the documentation: ask a running server for what the README shows.

Usage: .venv/bin/python docs/make_images.py [FOLDER]

FOLDER holds the sample pictures; without it they are drawn first, which takes a minute. The plugin of
``examples/qis-sepia`` is loaded into the server for this run only.
"""

# ruff: noqa: S310, S603, T201  our own server, our own commands, and a script may print

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
SEPIA = ROOT / "examples" / "qis-sepia"
START_SECONDS = 60

#: file name → the URL that makes it; the README shows the same URLs
URLS = {
    "thumbnail.jpg": "/images/landscapes/still-lake.jpg?width=320",
    "cover.jpg": "/images/portraits/owl.jpg?width=320&height=160&fit=cover",
    "focus.jpg": "/images/portraits/owl.jpg?width=320&height=160&fit=cover&focus=smart",
    "rotated.jpg": "/images/landscapes/dunes.jpg?width=320&angle=6&fill=auto",
    "watermark.jpg": "/images/landscapes/sea-at-dusk.jpg?width=320&text=QIS%202026&textpos=se",
    "overlay.jpg": "/images/landscapes/morning-mist.jpg?width=320&overlay=logos/qis.png&ovsize=0.25&ovpos=ne",
    "round.webp": "/images/portraits/moon.jpg?width=160&height=160&fit=cover&round=50%25&format=webp",
    "sepia.jpg": "/images/landscapes/harbour-lights.jpg?width=320&sepia=80",
}


def main(arguments: list[str]) -> None:
    """Write every picture and tell its size."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        pictures = Path(arguments[0]) if arguments else draw_samples(work / "pictures")
        with running_server(pictures, work) as server:
            IMAGES.mkdir(exist_ok=True)
            for name, url in URLS.items():
                with urlopen(server + url, timeout=60) as answer:
                    size_bytes = (IMAGES / name).write_bytes(answer.read())
                print(f"{name}: {size_bytes} bytes")


def draw_samples(folder: Path) -> Path:
    subprocess.run([*qis(), "samples", str(folder)], check=True)
    return folder


@contextmanager
def running_server(pictures: Path, work: Path) -> Iterator[str]:
    """The address of a server of *pictures* that lives as long as the context."""
    environ = {name: text for name, text in os.environ.items() if not name.startswith("QIS_")}
    port = free_port()
    command = [*qis(), "serve", str(pictures), "--port", str(port), "--data", str(work / "data")]
    with subprocess.Popen(command, env={**environ, "PYTHONPATH": str(with_sepia(work))}) as process:
        try:
            wait_until_alive(f"http://127.0.0.1:{port}")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def with_sepia(work: Path) -> Path:
    """A folder into which pip has installed the example plugin, from a copy: building leaves files behind."""
    source = shutil.copytree(SEPIA, work / "source", ignore=shutil.ignore_patterns("build", "*.egg-info"))
    how = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--target", str(work / "packages")]
    pip: Mapping[str, str] = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    subprocess.run([sys.executable, "-m", "pip", "install", *how, str(source)], check=True, env=pip)
    return work / "packages"


def wait_until_alive(server: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            urlopen(f"{server}/health/live", timeout=5).close()
            return
        except URLError:
            time.sleep(0.2)
    raise SystemExit("the server did not start")


def qis() -> list[str]:
    return [sys.executable, "-W", "ignore", "-m", "qis_web.cli"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main(sys.argv[1:])
