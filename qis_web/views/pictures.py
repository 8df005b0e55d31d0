"""The page of one picture: what it is, URLs to copy, and a form that tries every parameter on it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPFound
from pyramid.response import Response

from qis_core.domain.access import AccessLevel, SystemPermission
from qis_core.domain.images import Size, SourceFacts
from qis_core.errors import InvalidRequest, QisError, RequestError, Unavailable
from qis_core.imaging.plan import ImageRequest
from qis_core.services.deliver import ImageCall
from qis_core.services.explain import explain
from qis_web.controls import Asked, control_groups, shown_names
from qis_web.pages import add_page, breadcrumbs, browse_path, page_response
from qis_web.picture_urls import PictureUrls
from qis_web.resources.repository import Image
from qis_web.routes import TREE_ROUTE
from qis_web.views.folders import folder_response, listing_of
from qis_web.views.images import query_of

_FIRST_WIDTH_PX = 800
_MAY_EXPLAIN = SystemPermission.ADMIN_FILES | SystemPermission.ADMIN_ALL


@dataclass(frozen=True, slots=True)
class Result:
    """What the form's values make: the URLs and planned size, or the fault that is in the way."""

    texts: Mapping[str, str]
    request: ImageRequest | None = None
    size: Size | None = None
    fault: str = ""
    fault_name: str = ""


def picture_view(context: Image, request: Any) -> Response:
    """``/browse/<folder>/<picture>``; a folder whose name looks like a picture's shows itself."""
    if request.path.endswith("/") or request.qis.storage.is_folder(context.path):
        return _folder_of_that_name(context, request)
    facts = request.qis.delivery.facts(request.identity, context.path)
    result = _result(request, facts)
    response = page_response(request, "picture", context.path.name, **_values(context, request, facts, result))
    if result.fault:
        response.status_int = 400
    return response


def _folder_of_that_name(context: Image, request: Any) -> Response:
    if request.qis.storage.is_folder(context.path):
        return folder_response(request, context.path)
    return HTTPFound(browse_path(request, context.path, is_folder=False))


def _values(context: Image, request: Any, facts: SourceFacts, result: Result) -> dict[str, Any]:
    path, urls = context.path, PictureUrls(request)
    asked = Asked(result.texts, max(facts.size), result.fault_name, result.fault)
    previous, following = listing_of(request).neighbours(request.identity, path)
    return {
        "crumbs": tuple(breadcrumbs(request, path)),
        "previous": previous and browse_path(request, path.parent / previous, is_folder=False),
        "following": following and browse_path(request, path.parent / following, is_folder=False),
        "facts": _facts(facts),
        "can_try": _can_try(request),
        "groups": tuple(control_groups(request.qis.registry, asked)),
        "templates": request.qis.templates.names(),
        "result": result,
        "preview": _preview(urls, result),
        "path_url": result.request and request.host_url + urls.write(result.request, "path"),
        "query_url": result.request and request.host_url + urls.write(result.request),
        "path_base": urls.write(ImageRequest(path.src), "path"),
        "query_base": urls.write(ImageRequest(path.src)),
        "examples": tuple(urls.planned_examples(path)),
        "original": urls.original(path.src) if _can_download(context, request) else None,
        "host": request.host_url,
        "details": _details(request, facts),
        "explanation": _explanation(request, result),
        "info": request.route_path(TREE_ROUTE, traverse=(*path.parts, "@@info")),
    }


def _can_try(request: Any) -> bool:
    """Where only signed URLs are answered, callers must not have the server sign what they like."""
    return request.qis.signer.mode != "required" or not request.identity.is_anonymous


def _can_download(context: Image, request: Any) -> bool:
    return bool(request.qis.rights.can(request.identity, context.folder, AccessLevel.DOWNLOAD))


def _result(request: Any, facts: SourceFacts) -> Result:
    """What the query asks for; without one, something to begin with that this server allows."""
    if request.query_string and _can_try(request):
        return _made(request, facts, _texts(request))
    first_tries: tuple[dict[str, str], ...] = (
        {"width": str(min(_FIRST_WIDTH_PX, facts.size.width)), "format": "auto"},
        {"format": "auto"},
        {},
    )
    results = (_made(request, facts, texts) for texts in first_tries)
    return next((result for result in results if not result.fault), None) or _made(request, facts, {})


def _made(request: Any, facts: SourceFacts, texts: Mapping[str, str]) -> Result:
    parameters = request.qis.registry.parameters
    try:
        values = parameters.check(parameters.parse([(name, text) for name, text in texts.items() if text]))
        wanted = ImageRequest(facts.src, texts.get("tmp") or None, values)
        prepared = request.qis.delivery.prepare(ImageCall(wanted, request.identity))
    except InvalidRequest as error:
        return Result(texts, fault=str(error), fault_name=error.parameter or "")
    except RequestError as error:
        return Result(texts, fault=str(error))
    return Result(texts, wanted, prepared.plan.size)


def _texts(request: Any) -> dict[str, str]:
    """The form's fields as they were sent; those that ask for nothing are left out."""
    names = shown_names(request.qis.registry) | {"tmp"}
    sent = [(name, text) for name, text in query_of(request) if name in names and text.strip()]
    return {**dict(sent), **dict(reversed(sent))}  # in the order sent, the first of a repeated name


def _preview(urls: PictureUrls, result: Result) -> str | None:
    """The URL behind the picture shown: one that does not count as a view."""
    if result.request is None:
        return None
    shown = result.request
    return urls.write(ImageRequest(shown.src, shown.template, {**shown.values, "stats": False}))


def _facts(facts: SourceFacts) -> dict[str, str]:
    image = facts.image
    rows = {
        "Size": f"{facts.size.width} × {facts.size.height} px",
        "Format": image.codec.upper(),
        "File": f"{facts.size_bytes:,} bytes".replace(",", " "),
        "Changed": datetime.fromtimestamp(facts.modified_ns / 1e9, UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "Colour": f"{image.mode}{', transparent' if image.has_alpha else ''}",
    }
    if image.pages > 1:
        rows["Frames" if image.is_animated else "Pages"] = str(image.pages)
    if image.dpi:
        rows["Resolution"] = f"{image.dpi:g} dpi"
    return rows


def _details(request: Any, facts: SourceFacts) -> dict[str, Any]:
    """Metadata and colours; nothing when the server is too busy to look."""
    try:
        described = request.qis.descriptions.get(facts)
    except (Unavailable, RequestError):
        return {"tables": {}, "color": None, "profile": None}
    metadata = described.get("metadata", {})
    tables = {title: _rows(metadata.get(title.lower(), {})) for title in ("EXIF", "IPTC", "XMP")}
    return {
        "tables": {title: rows for title, rows in tables.items() if rows},
        "color": (described.get("placeholders") or {}).get("color"),
        "profile": described.get("profile"),
    }


def _rows(table: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(name, _text(value)) for name, value in table.items()]


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_text(item) for item in value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _explanation(request: Any, result: Result) -> str | None:
    if result.request is None or not request.identity.permissions & _MAY_EXPLAIN:
        return None
    try:
        explained = explain(request.qis, ImageCall(result.request, request.identity))
    except QisError as error:
        return str(error)
    return json.dumps(explained, ensure_ascii=False, indent=2)


def includeme(config: Configurator) -> None:
    add_page(config, picture_view, route_name="browse", context=Image, permission="view")
