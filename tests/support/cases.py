"""A conformance case: requests of spec image-urls §15, written as there, asked in a folder of the test's own."""

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

import pytest

from tests.support.answers import Answer, Call, Credentials
from tests.support.server import RunningServer

Check = Callable[[Answer], None]
#: the ``t`` of ``src=t/l.jpg``, ``/images/t/l.jpg``, ``t/../t/./l.jpg`` and ``src=t``
FOLDER_IN_TARGET = re.compile(r"(?<=[=/])t(?=/|&|$)")


@dataclass(frozen=True)
class Row:
    """One request of a case, and what must hold for its answer."""

    request: str
    checks: tuple[Check, ...]


def row(request: str, *checks: Check) -> Row:
    return Row(request, checks)


def rows(name: str, *parameters: str, checks: tuple[Check, ...]) -> tuple[Row, ...]:
    """The same expectation for one picture with each of several parameter strings."""
    return tuple(Row(f"{name}&{text}", checks) for text in parameters)


def case(number: int, title: str, *requests: Row) -> Any:
    """A parameter set whose id holds the number of the case."""
    return pytest.param(requests, id=f"case-{number:03}-{title.replace(' ', '-')}")


@dataclass
class Folder:
    """A new folder in the repository that stands for the ``t`` of the specification: nothing in it was ever asked for.

    Fixtures are copied in when a request first names them.
    """

    server: RunningServer
    fixtures: Path
    name: str = field(default_factory=lambda: f"c{uuid4().hex[:12]}")
    _placed: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.path.mkdir()

    @property
    def path(self) -> Path:
        return self.server.root / self.name

    def check(self, requests: tuple[Row, ...]) -> None:
        for request in requests:
            answer = self.ask(request.request)
            for check in request.checks:
                check(answer)

    def ask(self, request: str, method: str = "GET", **options: Any) -> Answer:
        """Ask for ``l.jpg&width=10`` or ``/original?src=t/l.jpg``; options: headers, auth, timeout_seconds."""
        return self.server.ask(Call(self.target(request), method, **options), self.path)

    def target(self, request: str) -> str:
        target = request if request.startswith("/") else f"/image?src=t/{request}"
        self.place_named_in(target)
        return FOLDER_IN_TARGET.sub(self.name, target)

    def place_named_in(self, target: str) -> None:
        text = unquote(target, errors="replace")
        for fixture in self.fixtures.iterdir():
            if fixture.name in text:
                self.place(fixture.name)

    def place(self, name: str) -> Path:
        """Copy a fixture in, once; what a test does with it afterwards stays."""
        if name not in self._placed:
            self._placed.add(name)
            shutil.copyfile(self.fixtures / name, self.path / name)
        return self.path / name

    def allow(self, group: str, level: str) -> None:
        """Set what *group* may do in this folder; running servers follow within a second."""
        self.server.cli("permission", "set", f"/{self.name}", group, level)

    def info(self, name: str, query: str = "", auth: Credentials | None = None) -> Any:
        return self.ask(f"/images/t/{name}/@@info{query}", auth=auth).json
