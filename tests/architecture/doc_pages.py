"""Pages of the documentation as data: links, commands, names, and the blocks that a reader can run.

A comment on the line before a code block says what the block is:

``<!-- file: NAME -->``  the content of a file of the page
``<!-- run -->``         commands for a shell, run in the page's folder, one page's blocks after another
``<!-- serve -->``       the same, for a server that goes on until the page ends
``<!-- output -->``      lines that the commands before printed, in this order; ``…`` stands for anything
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
TOP_PAGES = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "examples/qis-sepia/README.md")

Role = Literal["", "file", "run", "serve", "output"]

_BLOCK = re.compile(
    r"^(?:<!-- (?P<role>file|run|serve|output)(?:: (?P<name>\S+))? -->\n)?```(?P<language>\w*)\n(?P<text>.*?)^```$",
    re.M | re.S,
)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"`([^`\n]+)`")
_HEADING = re.compile(r"^#{1,6} (.+)$", re.M)
_COMMAND = re.compile(r"(?:^|[`$(] ?|\s)qis (?P<words>(?!=)[^`\n|#)&]+)")
_SETTING = re.compile(r"\bqis\.[a-z0-9_]+\.[a-z0-9_]+\b|\bQIS_[A-Z0-9_]+\b")
_IMAGE_URL = re.compile(r"/(?:images?|original)(?:/[^\s`'\")|>?]*)?\?[^\s`'\")|>]+")
_SECTION = re.compile(r'@section\("(\w+)"\)')
_FIELD = re.compile(r"^    (\w+): [^=\n]+ = setting\(", re.M)
_PARAM = re.compile(r'param\(\s*"(\w+)"')


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced code block. ``line`` is where it begins, for messages."""

    role: Role
    name: str
    language: str
    text: str
    line: int


@dataclass(frozen=True)
class Page:
    """A Markdown file."""

    path: Path

    @property
    def name(self) -> str:
        return str(self.path.relative_to(ROOT))

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @property
    def prose(self) -> str:
        """The text without its code blocks."""
        return _BLOCK.sub("", self.text)

    def blocks(self) -> Iterator[Block]:
        text = self.text
        for found in _BLOCK.finditer(text):
            line = text.count("\n", 0, found.start()) + 1
            role = cast(Role, found["role"] or "")
            yield Block(role, found["name"] or "", found["language"], found["text"], line)

    @property
    def is_runnable(self) -> bool:
        return any(block.role in ("run", "serve") for block in self.blocks())

    def links(self) -> Iterator[str]:
        """Targets of links and pictures within the project, with their anchors."""
        for target in _LINK.findall(_CODE.sub("", self.prose)):
            if "://" not in target and not target.startswith("mailto:"):
                yield target

    def anchors(self) -> set[str]:
        """What links to this page may name after ``#``."""
        return {slug(heading) for heading in _HEADING.findall(self.prose)}

    def commands(self) -> Iterator[list[str]]:
        """The words after ``qis`` of each command shown."""
        code = "\n".join([*(block.text for block in self.blocks() if block.language in ("sh", "ini"))])
        inline = "\n".join(text for text in _CODE.findall(self.prose) if text.startswith("qis "))
        for found in _COMMAND.finditer(f"{code.replace(chr(92) + chr(10), ' ')}\n{inline}"):
            yield found["words"].split()

    def settings(self) -> set[str]:
        """Names of settings and environment variables."""
        return set(_SETTING.findall(self.text))

    def declared_settings(self) -> set[str]:
        """Those that the page's own plugin declares."""
        return {
            f"qis.{section}.{name}"
            for block in self.blocks()
            for section in _SECTION.findall(block.text)
            for name in _FIELD.findall(block.text)
        }

    def misspelt_settings(self) -> set[str]:
        """Those that the page has on purpose, to show what the server says to them."""
        return set(re.findall(r"^(\S+): unknown setting", self.text, re.M))

    def image_urls(self) -> set[str]:
        return set(_IMAGE_URL.findall(self.text))

    def declared_parameters(self) -> set[str]:
        return {name for block in self.blocks() for name in _PARAM.findall(block.text)}


def pages() -> list[Page]:
    """Every page of the documentation, the generated reference too, and those at the top of the project."""
    found = [path for path in sorted(DOCS.rglob("*.md")) if "_build" not in path.parts]
    return [Page(path) for path in (*(ROOT / name for name in TOP_PAGES), *found)]


def slug(heading: str) -> str:
    """The anchor of a heading, as MyST and GitHub make it."""
    plain = re.sub(r"[^\w\- ]", "", heading.replace("`", "").strip().lower())
    return plain.replace(" ", "-")
