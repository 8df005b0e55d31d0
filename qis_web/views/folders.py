"""Folders: a page for people, JSON for programs."""

import json
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPFound
from pyramid.response import Response

from qis_core.domain.paths import RepositoryPath
from qis_core.services.listing import Cursor, FolderPage, Listing
from qis_web.pages import add_page, breadcrumbs, browse_path, page_response
from qis_web.picture_urls import THUMBNAIL_PX, PictureUrls
from qis_web.resources.repository import Folder
from qis_web.routes import TREE_ROUTE
from qis_web.views.images import image_view, query_of


def folder_view(context: Folder, request: Any) -> Response:
    """``/browse/<folder>/``"""
    if not request.path.endswith("/"):
        return HTTPFound(browse_path(request, context.path, is_folder=True, query=dict(query_of(request))))
    return folder_response(request, context.path)


def folder_response(request: Any, path: RepositoryPath) -> Response:
    """The page of a folder the caller may view; raises `AccessDenied`, `NotFound`."""
    title = path.name or "Pictures"
    return page_response(request, "folder", title, **folder_values(request, path))


def folder_values(request: Any, path: RepositoryPath) -> dict[str, Any]:
    """What the templates need to show a folder."""
    page, urls = _page_of(request, path), PictureUrls(request)
    return {
        "crumbs": tuple(breadcrumbs(request, path)),
        "folder": page,
        "folders": [(name, browse_path(request, path / name, is_folder=True)) for name in page.folders],
        "pictures": [picture_values(request, urls, path / name) for name in page.images],
        "previous": page.previous and browse_path(request, path, is_folder=True, query={"before": page.previous}),
        "following": page.next and browse_path(request, path, is_folder=True, query={"after": page.next}),
        "thumbnail_px": THUMBNAIL_PX,
        "json": _json_url(request, path),
    }


def folder_json_view(context: Folder, request: Any) -> Response:
    """``/images/<folder>/``: the same as JSON; what is no folder is answered as a picture would be."""
    if not request.qis.storage.is_folder(context.path):
        return image_view(request, request.qis.registry.url_schemes["path"])
    page = _page_of(request, context.path)
    content = {
        "path": context.path.folder_path,
        "folders": list(page.folders),
        "images": [{"name": name, "src": (context.path / name).src} for name in page.images],
        "total": page.total,
        "next": page.next and _json_url(request, context.path, after=page.next),
    }
    response = Response(content_type="application/json", charset="utf-8")
    response.headers["Cache-Control"] = "private, no-cache"
    response.text = json.dumps(content, ensure_ascii=False)
    return response


def listing_of(request: Any) -> Listing:
    """The listing service of this server."""
    qis = request.qis
    return Listing(qis.storage, qis.rights, qis.registry.codecs)


def _page_of(request: Any, path: RepositoryPath) -> FolderPage:
    query = dict(query_of(request))
    cursor = Cursor(query.get("after", ""), query.get("before", ""))
    return listing_of(request).page(request.identity, path, cursor)


def picture_values(request: Any, urls: PictureUrls, path: RepositoryPath) -> dict[str, Any]:
    """What a card shows."""
    return {
        "path": path,
        "name": path.name,
        "href": browse_path(request, path, is_folder=False),
        "thumbnail": urls.thumbnail(path.src),
        "examples": urls.examples(path.src),
    }


def _json_url(request: Any, path: RepositoryPath, **query: str) -> str:
    end = () if path.is_root else ("",)
    return str(request.route_path(TREE_ROUTE, traverse=(*path.parts, *end), _query=query or None))


def includeme(config: Configurator) -> None:
    add_page(config, folder_view, route_name="browse", context=Folder, permission="view")
    config.add_view(
        folder_json_view, route_name=TREE_ROUTE, context=Folder, permission="view", request_method=("GET", "HEAD")
    )
