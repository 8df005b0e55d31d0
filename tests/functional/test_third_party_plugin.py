"""A plugin from its own distribution, built and installed by pip into a fresh environment, works everywhere at once."""

import io
import json
import os
import shutil
import site
import subprocess
import sys
import time
import urllib.error
import urllib.request
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

from tests.support.server import free_port

EXAMPLE = Path(__file__).parents[2] / "examples" / "qis-sepia"


@dataclass(frozen=True)
class Installation:
    """An environment of its own with QIS and the plugin in it, and folders to serve from."""

    python: Path
    folder: Path

    def qis(self, *arguments: str) -> str:
        command = [str(self.python), "-m", "qis_web.cli", "--data", str(self.folder / "data"), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60, env=clean()).stdout


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    folder = tmp_path_factory.mktemp("third-party")
    venv.create(folder / "env", with_pip=False)
    python = folder / "env" / "bin" / "python"
    packages = next((folder / "env").glob("lib/python*/site-packages"))
    # what QIS itself needs comes from the environment of the tests; the plugin does not
    ours = [path for path in site.getsitepackages() if Path(path).exists()]
    (packages / "qis-of-the-tests.pth").write_text(
        "".join(f"import site; site.addsitedir({path!r})\n" for path in ours)
    )
    source = shutil.copytree(EXAMPLE, folder / "source", ignore=shutil.ignore_patterns("build", "*.egg-info"))
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check", "--no-input"]
    how = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet"]
    subprocess.run([*pip, "install", *how, str(source)], check=True, timeout=100, env=clean())
    (folder / "pictures").mkdir()
    Image.new("RGB", (200, 100), (40, 90, 200)).save(folder / "pictures" / "blue.png")
    return Installation(python, folder)


@pytest.fixture(scope="module")
def server(installation: Installation) -> Iterator[str]:
    port = free_port()
    pictures, data = installation.folder / "pictures", installation.folder / "data"
    command = [str(installation.python), "-m", "qis_web.cli", "serve", str(pictures), "--port", str(port)]
    with subprocess.Popen([*command, "--data", str(data)], env=clean(), stdout=subprocess.DEVNULL) as process:
        try:
            wait_until_alive(f"http://127.0.0.1:{port}")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def wait_until_alive(url: str) -> None:
    for _ in range(300):
        try:
            fetch(f"{url}/health/live")
            return
        except urllib.error.URLError:
            time.sleep(0.1)
    raise AssertionError("the server did not start")


def fetch(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=30) as answer:
        content: bytes = answer.read()
        return content


def clean() -> dict[str, str]:
    return {name: text for name, text in os.environ.items() if not name.startswith(("QIS_", "PYTHONPATH"))}


def test_its_parameter_works_in_every_url(server: str) -> None:
    for url in ("/image?src=blue.png&sepia=100", "/images/blue.png?sepia=100"):
        with Image.open(io.BytesIO(fetch(server + url)), formats=["PNG"]) as image:
            red, _, blue = image.convert("RGB").getpixel((5, 5))  # type: ignore[misc]
        assert red > blue


def test_zero_changes_nothing(server: str, installation: Installation) -> None:
    plain, zero = (json.loads(fetch(f"{server}/images/blue.png/@@info?width=50{more}")) for more in ("", "&sepia=0"))
    assert plain["plan"]["key"] == zero["plan"]["key"]


def test_a_wrong_value_is_refused_in_words(server: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        fetch(f"{server}/image?src=blue.png&sepia=101")
    assert refused.value.code == 400
    assert "sepia: 101 is out of range; expected an integer from 0 to 100" in refused.value.read().decode()


def test_the_tools_know_it(installation: Installation) -> None:
    assert "sepia  (qis-sepia 1.0)" in installation.qis("plugins")
    assert "| `sepia` | `sepia` | an integer from 0 to 100, in % |" in installation.qis("reference", "url-parameters")
    assert (
        "sepia"
        not in subprocess.run(
            [sys.executable, "-m", "qis_web.cli", "plugins"], check=True, capture_output=True, text=True, env=clean()
        ).stdout
    )
