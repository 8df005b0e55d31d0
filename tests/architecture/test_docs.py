"""The documentation tells the truth: links lead somewhere, names exist, and what it says to type works."""

import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from itertools import takewhile
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit
from urllib.request import urlopen

import click
import pytest
from PIL import Image

from qis_core.plugins import PluginRegistry
from qis_core.services.signing import RESERVED_PARAMETERS
from qis_core.settings import environment_name
from qis_web.cli import main
from tests.architecture.doc_pages import DOCS, ROOT, Block, Page, pages
from tests.support.server import free_port

PAGES = pages()
RUNNABLE = [page for page in PAGES if page.is_runnable]
#: names that belong to a URL scheme, to the server, or to the example plugin
OTHER_PARAMETERS = {"src", "tmp", "explain", "sepia", *RESERVED_PARAMETERS}
#: settings read before any section is known, and variables of the project that are none
OTHER_SETTINGS = {"QIS_PLUGINS", "QIS_ADMIN_PASSWORD", "QIS_API_VERSION"}
PICTURES = {
    "landscapes/dunes.jpg": (900, 600),
    "landscapes/sea-at-dusk.jpg": (900, 600),
    "portraits/dahlia.jpg": (600, 900),
    "portraits/owl.jpg": (600, 900),
}
FAULTY = """# A heading with `code`

Say `qis sevre` or `qis serve --prot 1`, [there](missing.md) or [here](#no-such-heading).

```sh
qis user lits
qis --data there user add eve --group Staff && qis check
curl "http://127.0.0.1:6543/image?src=a.jpg&widht=1"
```

Set `qis.images.max_dimensoin` or `QIS_IMAGES_MAX_DIMENSOIN`, not `QIS_IMAGES_MAX_DIMENSION_FILE`.
`/images/a/b.jpg?hieght=2` is wrong too.
"""
COMMAND_SECONDS = 240
START_SECONDS = 60.0

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


@cache
def registry() -> PluginRegistry:
    return PluginRegistry.load({}, {})


@each_page
def test_links_lead_somewhere(page: Page) -> None:
    for link in page.links():
        target, _, anchor = link.partition("#")
        path = (page.path.parent / target).resolve() if target else page.path
        assert path.exists(), f"{page.name} links to {link}"
        if anchor:
            assert anchor in Page(path).anchors(), f"{page.name} links to {link}"


@each_page
def test_commands_exist(page: Page) -> None:
    for words in page.commands():
        missing = missing_word(words, own_commands(page))
        assert missing is None, f"{page.name}: qis {' '.join(words)}: no {missing}"


@each_page
def test_settings_exist(page: Page) -> None:
    assert not unknown_settings(page), page.name


@each_page
def test_url_parameters_exist(page: Page) -> None:
    assert not unknown_parameters(page), page.name


def test_these_checks_find_faults(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text(FAULTY, encoding="utf-8")
    page = Page(path)
    assert [missing_word(words, set()) for words in page.commands()] == ["lits", None, None, "sevre", "--prot"]
    assert unknown_settings(page) == {"qis.images.max_dimensoin", "QIS_IMAGES_MAX_DIMENSOIN"}
    assert unknown_parameters(page) == {"widht", "hieght"}
    assert list(page.links()) == ["missing.md", "#no-such-heading"]
    assert page.anchors() == {"a-heading-with-code"}


@pytest.mark.parametrize("page", RUNNABLE, ids=lambda page: page.name)
@pytest.mark.timeout(COMMAND_SECONDS + 60)
def test_what_it_says_to_type_works(page: Page, tmp_path: Path) -> None:
    with Reader(tmp_path).reading() as reader:
        for block in page.blocks():
            reader.follow(page, block)


def test_the_first_plugin_is_the_example() -> None:
    example = ROOT / "examples" / "qis-sepia"
    files = {block.name: block.text for block in Page(DOCS / "tutorial/first-plugin.md").blocks() if block.name}
    assert set(files) == {"qis_sepia.py", "setup.py"}
    for name, text in files.items():
        assert text == (example / name).read_text(encoding="utf-8"), name


def test_each_extension_point_has_a_page_that_runs() -> None:
    points = {
        *("operation", "codec", "storage-backend", "cache-backend", "database-backend", "sign-in-provider"),
        *("url-scheme", "task-handler", "panel", "command", "events", "veto", "settings"),
    }
    assert points <= {page.path.stem for page in RUNNABLE if page.path.parent.name == "how-to"}


def test_the_map_of_the_readme_is_right() -> None:
    (tree,) = (block.text for block in Page(ROOT / "README.md").blocks() if "qis_core/" in block.text)
    named = [line.split()[0] for line in tree.splitlines() if line.strip()]
    assert {"qis_core/", "qis_plugins/", "qis_web/", "docs/", "tests/"} <= set(named)
    for name in named:
        assert (ROOT / name).exists(), name


def test_pictures_are_small_and_shown() -> None:
    pictures = sorted((DOCS / "images").iterdir())
    assert sum(path.stat().st_size for path in pictures) < 400_000
    shown = {link for page in PAGES for link in page.links()}
    for path in pictures:
        with Image.open(path, formats=["JPEG", "PNG", "WEBP"]) as image:
            image.verify()
        assert any(link.endswith(f"images/{path.name}") for link in shown), path.name


@pytest.mark.parametrize("path", sorted((DOCS / "adr").glob("0*.md")), ids=lambda path: path.stem)
def test_decisions_are_short_and_whole(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 40
    assert [line for line in text.splitlines() if line.startswith("## ")] == [
        "## Context",
        "## Decision",
        "## Consequences",
    ]


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = [int(path.name[:4]) for path in sorted((DOCS / "adr").glob("0*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))


def test_sphinx_builds_without_a_warning(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", str(DOCS), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "index.html").exists()


def unknown_settings(page: Page) -> set[str]:
    known = {setting.name for setting in registry().settings.values()} | page.declared_settings()
    known |= {environment_name(name) for name in known} | OTHER_SETTINGS | page.misspelt_settings()
    return {name for name in page.settings() - known if name.removesuffix("_FILE") not in known}


def unknown_parameters(page: Page) -> set[str]:
    known = {param.info.name for param in registry().parameters} | page.declared_parameters() | OTHER_PARAMETERS
    queries = [urlsplit(url).query for url in page.image_urls()]
    return {name for query in queries for name, _ in parse_qsl(query, keep_blank_values=True)} - known


def own_commands(page: Page) -> set[str]:
    """Commands that the page's own plugin brings."""
    return {name for block in page.blocks() for name in re.findall(r'@click\.command\("([\w-]+)"\)', block.text)}


def missing_word(words: list[str], own: set[str]) -> str | None:
    """The first sub-command or option of a command line that does not exist."""
    command: click.Command = main
    words = shlex.split(" ".join(words)) if words.count("'") % 2 == 0 else words
    for word in words:
        if word.startswith("--"):
            if word.partition("=")[0] not in options_of(command):
                return word
        elif isinstance(command, click.Group) and re.fullmatch(r"[a-z][a-z-]*", word):
            if word in own:
                return None
            found = command.get_command(click.Context(command), word)
            if found is None and not takes_value(command, words, word):
                return word
            command = found or command
    return None


def options_of(command: click.Command) -> set[str]:
    named = {option for param in command.params for option in (*param.opts, *param.secondary_opts)}
    return {*named, *(option for param in main.params for option in param.opts), "--help"}


def takes_value(command: click.Command, words: list[str], word: str) -> bool:
    """Whether *word* belongs to the option before it."""
    before = list(takewhile(lambda each: each != word, words))
    return bool(before) and before[-1] in ("--data", "--config")


class Reader:
    """Does what a page says, in a folder with a few pictures and an own home, as somebody who reads it would."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self._output = ""
        self._server = ExitStack()

    @contextmanager
    def reading(self) -> Iterator["Reader"]:
        for src, size in PICTURES.items():
            file = self._folder / "pictures" / src
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.radial_gradient("L").resize(size).convert("RGB").save(file, quality=80)
        with self._server:
            yield self

    def follow(self, page: Page, block: Block) -> None:
        where = f"{page.name}:{block.line}"
        match block.role:
            case "file":
                (self._folder / block.name).write_text(block.text, encoding="utf-8")
            case "run":
                self._output = self._run(block, where)
            case "serve":
                self._serve(block, where)
            case "output":
                self._compare(block, where)

    def _run(self, block: Block, where: str) -> str:
        done = subprocess.run(
            self._command(block),
            cwd=self._folder,
            env=self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        assert done.returncode == 0, f"{where}\n{done.stdout}"
        return done.stdout

    def _serve(self, block: Block, where: str) -> None:
        self._server.close()
        log = self._folder / "server.log"
        with log.open("w") as output:
            process = subprocess.Popen(
                self._command(block), cwd=self._folder, env=self._environment(), stdout=output, stderr=output
            )
        self._server.callback(process.wait, 30)
        self._server.callback(process.terminate)
        deadline = time.monotonic() + START_SECONDS
        while not self._is_live():
            assert process.poll() is None, f"{where}\n{log.read_text()}"
            assert time.monotonic() < deadline, f"{where}\n{log.read_text()}"
            time.sleep(0.2)
        self._output = log.read_text()

    def _is_live(self) -> bool:
        try:
            with urlopen(f"http://127.0.0.1:{self._port}/health/live", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def _compare(self, block: Block, where: str) -> None:
        rest = self._output
        for line in self._at_our_port(block.text).splitlines():
            pattern = ".*?".join(re.escape(part) for part in line.strip().split("…"))
            found = re.search(pattern, rest)
            assert found, f"{where}: {line!r} is not in\n{self._output}"
            rest = rest[found.end() :]

    def _command(self, block: Block) -> list[str]:
        prelude = "exec env " if block.role == "serve" else ""
        return ["bash", "-euo", "pipefail", "-c", prelude + self._at_our_port(block.text)]

    def _at_our_port(self, text: str) -> str:
        text = text.replace("127.0.0.1:6543", f"127.0.0.1:{self._port}")
        return re.sub(r"\bqis (--\w+ \S+ )?serve(?= )", rf"\g<0> --port {self._port}", text)

    def _environment(self) -> dict[str, str]:
        inherited = {name: text for name, text in os.environ.items() if not name.startswith(("QIS_", "PYTEST_"))}
        packages = self._folder / "site-packages"
        home = self._folder / "home"
        return {
            **inherited,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(packages),
            "PYTHONWARNINGS": "ignore",
            "HOME": str(home),
            "XDG_DATA_HOME": str(home),
            "PIP_TARGET": str(packages),  # `pip install .` goes here, and asks no other machine
            "PIP_NO_INDEX": "1",
            "PIP_NO_DEPS": "1",
            "PIP_NO_BUILD_ISOLATION": "0",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        }
