"""The web application inside the test's own process: the same code as behind a server, without one."""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyramid.request import Request
from pyramid.response import Response

from qis_core.application import Application
from qis_core.catalog.audit import SYSTEM
from qis_core.domain.access import PUBLIC_GROUP_ID, AccessLevel
from qis_core.domain.accounts import NewUser
from qis_core.domain.paths import RepositoryPath
from qis_web.app import make_app
from tests.support.answers import Credentials
from tests.support.application import open_application, put_picture
from tests.support.html_page import HtmlPage

ADMIN: Credentials = ("admin", "long enough")
NORMAL_USERS = 2


@dataclass(frozen=True)
class Web:
    """An application with its WSGI callable and a folder of pictures."""

    application: Application
    app: Any
    folder: Path

    def put(self, src: str, size: tuple[int, int] = (100, 60), **how: Any) -> Path:
        return put_picture(self.folder, src, size, **how)

    def close(self, folder: str) -> None:
        """Take a folder from the public and from every user."""
        for group in (PUBLIC_GROUP_ID, NORMAL_USERS):
            self.allow(folder, AccessLevel.NONE, group)

    def allow(self, folder: str, level: AccessLevel, group: int = PUBLIC_GROUP_ID) -> None:
        self.application.rights.set_rule(SYSTEM, RepositoryPath.parse(folder), group, level)

    def add_user(self, name: str) -> Credentials:
        self.application.accounts.add_user(SYSTEM, NewUser(username=name, password="long enough"))
        return name, "long enough"

    def get(self, target: str, auth: Credentials | None = None, **headers: str) -> Response:
        sent = {name.replace("_", "-"): text for name, text in headers.items()}
        if auth:
            sent["Authorization"] = "Basic " + b64encode(":".join(auth).encode()).decode("ascii")
        request = Request.blank(target, headers=sent, environ={"REMOTE_ADDR": "192.0.2.1"})
        response = request.get_response(self.app)
        assert response.body is not None  # reads and closes what is sent from a file
        return response

    def page(self, target: str, auth: Credentials | None = None, status: int = 200, **headers: str) -> HtmlPage:
        """The page at *target*; fails for another status than *status*."""
        response = self.get(target, auth, **headers)
        assert response.status_int == status, f"{response.status}\n{response.text}"
        assert response.content_type == "text/html"
        return HtmlPage(response.text)


@contextmanager
def open_web(folder: Path, plugins: Mapping[str, object] | None = None, **settings: object) -> Iterator[Web]:
    """Settings and plugins as for `open_application`."""
    with open_application(folder, plugins, **settings) as application:
        yield Web(application, make_app(application), folder)
