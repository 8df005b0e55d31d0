"""Pages for people: one layout, one set of headers."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPMethodNotAllowed
from pyramid.renderers import render
from pyramid.response import Response

from qis_core.domain.paths import RepositoryPath
from qis_web.panels import open_panels

_METHODS = ("GET", "HEAD")
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; img-src 'self' blob:; style-src 'self'; script-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
    ),
    "Referrer-Policy": "same-origin",
    "Cache-Control": "private, no-cache",
}


@dataclass(frozen=True, slots=True)
class Link:
    """A link of the layout; ``is_current`` marks the page that is shown."""

    title: str
    href: str
    is_current: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """What the layout shows around a page."""

    request: Any
    title: str

    def static(self, name: str) -> str:
        """The URL of a file in ``static/``."""
        return str(self.request.static_path(f"qis_web:static/{name}"))

    @property
    def home(self) -> str:
        return str(self.request.route_path("landing"))

    @property
    def navigation(self) -> tuple[Link, ...]:
        """The areas open to the caller."""
        path = self.request.path
        pictures = Link("Pictures", self.home, not path.startswith(f"{self.request.script_name}/panels"))
        panels = (
            Link(panel.title, href, href == path)
            for panel in open_panels(self.request)
            for href in (self.request.route_path("panel", name=panel.name),)
        )
        return (pictures, *panels)

    @property
    def username(self) -> str:
        """Who is signed in; empty for nobody."""
        return str(self.request.identity.username)

    @property
    def sign_in(self) -> str:
        return str(self.request.route_path("sign_in", _query={"next": self.request.path_qs}))


def page_response(request: Any, template: str, title: str, **values: Any) -> Response:
    """A page made of ``templates/<template>.pt``."""
    response = Response(content_type="text/html", charset="utf-8")
    response.headers.update(_HEADERS)
    response.text = render(f"qis_web:templates/{template}.pt", {**values, "page": Page(request, title)}, request)
    return response


def add_page(config: Configurator, view: Callable[..., Response], **where: Any) -> None:
    """Register a page that can only be read; *where* are the predicates and the permission of ``add_view``."""
    config.add_view(view, request_method=_METHODS, **where)
    config.add_view(_refuse_method, **where)


def _refuse_method(request: Any) -> Response:
    raise HTTPMethodNotAllowed(headers={"Allow": ", ".join(_METHODS)}, detail=f"use one of {', '.join(_METHODS)}")


def breadcrumbs(request: Any, path: RepositoryPath) -> Iterator[Link]:
    """The folders from the root down to *path* itself, which is the current one."""
    for folder in reversed(list(path.lineage())):
        yield Link(folder.name or "Pictures", browse_path(request, folder, is_folder=True), folder == path)


def browse_path(request: Any, path: RepositoryPath, *, is_folder: bool, query: Mapping[str, str] | None = None) -> str:
    """The address of the page of a folder or picture."""
    end = ("",) if is_folder and not path.is_root else ()
    return str(request.route_path("browse", traverse=(*path.parts, *end), _query=query or None))
