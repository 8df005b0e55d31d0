"""The first page, and signing in."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPFound
from pyramid.response import Response

from qis_core.domain.access import AccessLevel
from qis_core.domain.paths import ROOT, RepositoryPath
from qis_core.errors import NotAuthenticated, QisError
from qis_web.pages import add_page, browse_path, page_response
from qis_web.picture_urls import PictureUrls
from qis_web.views.folders import folder_values, listing_of, picture_values
from qis_web.views.images import query_of

#: A path on this host: ``//host`` and ``/\\host`` would lead elsewhere.
_LOCAL = re.compile(r"/(?![/\\])[^\x00-\x1f]*")
_PHOTOGRAPHS = ("jpg", "jpeg")
_SHELVES = 8
_SHELF_PICTURES = 12


@dataclass(frozen=True, slots=True)
class Shelf:
    """A folder of the root with the first of its pictures."""

    path: RepositoryPath
    href: str
    total: int
    pictures: tuple[Mapping[str, Any], ...]

    @property
    def name(self) -> str:
        return self.path.name


def landing_view(request: Any) -> Response:
    """``/``: what this server is, its pictures, and what can be made of one of them."""
    may_view = request.qis.rights.can(request.identity, ROOT, AccessLevel.VIEW)
    values = _open_values(request) if may_view else _closed_values()
    return page_response(request, "landing", "Pictures", **values)


def _open_values(request: Any) -> dict[str, Any]:
    values = folder_values(request, ROOT)
    names = values["folder"].folders
    shelves = tuple(shelf for name in names[:_SHELVES] for shelf in _shelves(request, ROOT / name))
    shelved = {shelf.name for shelf in shelves}
    others = [(name, href) for name, href in values["folders"] if name not in shelved]
    return {
        **values,
        "folders": others,
        "shelves": shelves,
        "showcase": _showcase(request, values["pictures"], shelves),
        "is_closed": False,
    }


def _closed_values() -> dict[str, Any]:
    nothing: tuple[Any, ...] = ()
    return {
        "is_closed": True,
        "showcase": nothing,
        "shelves": nothing,
        "pictures": nothing,
        "folders": nothing,
        "following": None,
    }


def _shelves(request: Any, path: RepositoryPath) -> Iterator[Shelf]:
    """The folder's shelf, or nothing when it cannot be read or has no pictures of its own."""
    try:
        page = listing_of(request).page(request.identity, path)
    except QisError:
        return
    urls = PictureUrls(request)
    pictures = tuple(picture_values(request, urls, path / name) for name in page.images[:_SHELF_PICTURES])
    if pictures:
        yield Shelf(path, browse_path(request, path, is_folder=True), page.total, pictures)


def _showcase(request: Any, pictures: list[Mapping[str, Any]], shelves: tuple[Shelf, ...]) -> tuple[Any, ...]:
    """What can be made of the first photograph there is, or else of the first picture."""
    paths = [picture["path"] for picture in (*pictures, *(shelf.pictures[0] for shelf in shelves))]
    if not paths:
        return ()
    first = next((path for path in paths if path.extension in _PHOTOGRAPHS), paths[0])
    try:
        return tuple(PictureUrls(request).showcase(first))
    except QisError:  # the first file may be no picture after all, or the server too busy
        return ()


def sign_in_view(request: Any) -> Response:
    """Asks the browser for credentials, then goes back to ``next``, or to where the link was, on this host."""
    if request.identity.is_anonymous:
        raise NotAuthenticated("sign in with the name and password of your account")
    wanted = dict(query_of(request)).get("next") or _path_before(request)
    return HTTPFound(wanted if _LOCAL.fullmatch(wanted) else request.route_path("landing"))


def _path_before(request: Any) -> str:
    """Path and query of the page that led here; empty when that is unknown, elsewhere, or this one."""
    before = request.referer or ""
    path = before.removeprefix(request.host_url)
    return "" if path == before or path.startswith(request.path) else path


def includeme(config: Configurator) -> None:
    add_page(config, landing_view, route_name="landing")
    add_page(config, sign_in_view, route_name="sign_in")
