"""Image answers: read the request into a call, ask the delivery service, write the headers."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPMethodNotAllowed
from pyramid.response import Response

from qis_core.contracts.url_scheme import UrlParts, UrlScheme
from qis_core.domain.access import SystemPermission
from qis_core.errors import InvalidRequest
from qis_core.imaging.plan import ImageRequest
from qis_core.services.deliver import Answer, ImageCall, OriginalAnswer
from qis_core.services.explain import explain
from qis_core.services.observations import Kind, Observation
from qis_core.services.signing import SignedParts
from qis_web.http import disposition, download_name, is_current, set_caching, set_validators
from qis_web.resources.repository import Node
from qis_web.routes import TREE_ROUTE, scheme_route
from qis_web.services import application_of
from qis_web.settings import WebSettings
from qis_web.streams import file_response

METHODS = ("OPTIONS", "GET", "HEAD")
_MAX_FIELDS = 200


def query_of(request: Any) -> list[tuple[str, str]]:
    """Decoded name-value pairs, read once; ``&amp;`` of a link escaped by mistake is ``&`` (spec image-urls §1)."""
    pairs: list[tuple[str, str]] | None = getattr(request, "qis_query", None)
    if pairs is None:
        pairs = request.qis_query = _parsed_query(request)
    return pairs


def _parsed_query(request: Any) -> list[tuple[str, str]]:
    text = request.query_string.replace("&amp;", "&")
    try:
        return parse_qsl(text, keep_blank_values=True, errors="replace", max_num_fields=_MAX_FIELDS)
    except ValueError:
        raise InvalidRequest(f"more than {_MAX_FIELDS} parameters", parameter="query") from None


def image_call(request: Any, scheme: UrlScheme) -> ImageCall:
    """The request as the delivery service wants it."""
    parts = UrlParts(_path_below(request), query_of(request))
    parsed = scheme.parse(parts, request.qis.registry.parameters)
    request.qis_negotiates = _negotiates(request, parsed)
    if request.qis_negotiates:
        parsed = _with_accept(parsed, request)
    return ImageCall(parsed, request.identity, request.qis.settings[WebSettings].benchmarking)


def _path_below(request: Any) -> str:
    """What ``*traverse`` or ``*path`` of the route matched, decoded."""
    if request.matchdict.get("traverse") is not None:
        return str(request.context.path.src)
    matched = request.matchdict.get("path", "")
    return matched if isinstance(matched, str) else "/".join(matched)


def image_view(request: Any, scheme: UrlScheme) -> Response:
    """``/image`` and every other route of a URL scheme."""
    started = time.perf_counter()
    check_signature(request)
    call = image_call(request, scheme)
    if _wants_explanation(request):
        return Response(json_body=explain(request.qis, call), cache_control="no-store")
    answer = request.qis.delivery.image(call, partial(is_current, request))
    response = _image_response(request, answer)
    _count(request, answer, time.perf_counter() - started)
    return response


def original_view(request: Any, src: str) -> Response:
    """An original, byte for byte, with ranges."""
    started = time.perf_counter()
    check_signature(request)
    parameters = request.qis.registry.parameters
    wanted = [(name, text) for name, text in query_of(request) if name in ("attach", "xref", "stats")]
    call = ImageCall(ImageRequest(src, values=parameters.parse(wanted)), request.identity)
    original = request.qis.delivery.original(call)
    response = _original_response(request, original)
    _count_original(request, original, response, time.perf_counter() - started)
    return response


def query_original_view(request: Any) -> Response:
    """``/original?src=…``; the first of a repeated name wins."""
    return original_view(request, next((text for name, text in query_of(request) if name == "src"), ""))


def tree_original_view(context: Node, request: Any) -> Response:
    """``/images/…/@@original``."""
    return original_view(request, context.path.src)


def options_view(request: Any) -> Response:
    return Response(status=200, headers={"Allow": ", ".join(METHODS)}, content_type="text/plain")


def method_view(request: Any) -> Response:
    raise HTTPMethodNotAllowed(headers={"Allow": ", ".join(METHODS)}, detail=f"use one of {', '.join(METHODS)}")


def _image_response(request: Any, answer: Answer) -> Response:
    prepared = answer.prepared
    plan, handling = prepared.plan, prepared.handling
    codec = request.qis.registry.codecs[plan.encode.codec]
    response = Response(content_type=plan.encode.media_type, charset=None)
    set_validators(response, prepared.validators)
    set_caching(response, handling, is_public=prepared.is_public)
    if answer.content is None and not answer.stream:
        response.status_int = 304
        response.content_type = None
        return response
    if handling.attach:
        response.headers["Content-Disposition"] = disposition(
            "attachment", download_name(prepared.path.name, handling.format_word, codec.extensions)
        )
    response.headers["X-From-Cache"] = str(answer.from_cache)
    if answer.stream:
        return file_response(request, response, prepared.path, plan.source.size_bytes)
    response.body = answer.content
    return response


def _original_response(request: Any, original: OriginalAnswer) -> Response:
    response = Response(content_type=original.media_type, charset=None)
    set_validators(response, original.validators)
    set_caching(response, original.handling, is_public=original.is_public)
    if is_current(request, original.validators):
        response.status_int = 304
        response.content_type = None
        return response
    kind = "attachment" if original.handling.attach else "inline"
    response.headers["Content-Disposition"] = disposition(kind, original.path.name)
    response.headers["X-From-Cache"] = "False"
    response.headers["Accept-Ranges"] = "bytes"
    return file_response(request, response, original.path, original.facts.size_bytes, ranges=True)


def _wants_explanation(request: Any) -> bool:
    """``explain=1`` from an administrator; from anybody else it is ignored like every unknown name."""
    wanted = any(name == "explain" and text == "1" for name, text in query_of(request))
    return wanted and SystemPermission.ADMIN_ALL in request.identity.permissions


def _negotiates(request: Any, parsed: ImageRequest) -> bool:
    if "format" in parsed.values:
        return parsed.values["format"] == "auto"
    return bool(request.qis.templates.get(parsed.template).get("format") == "auto")


def _with_accept(parsed: ImageRequest, request: Any) -> ImageRequest:
    """The media types that the client names, best first; wildcards and refused ones (q=0) are left out."""
    header = request.accept.parsed or ()
    named = sorted(
        ((quality, media) for media, quality, *_ in header if quality > 0 and "*" not in media), reverse=True
    )
    accept = tuple(dict.fromkeys(media.lower() for _, media in named))
    return ImageRequest(parsed.src, parsed.template, parsed.values, parsed.fallback_src, accept)


def check_signature(request: Any) -> None:
    """Raise `AccessDenied` for a URL that must carry a signature and does not, or carries a wrong one."""
    path = request.environ.get("SCRIPT_NAME", "") + request.environ.get("PATH_INFO", "")
    parts = SignedParts(path.encode("latin-1"), request.query_string)
    request.qis.signer.check(parts, is_signed_in=not request.identity.is_anonymous)


def _count(request: Any, answer: Answer, seconds: float) -> None:
    prepared = answer.prepared
    if answer.content is None and not answer.stream:
        kind, size = Kind.NOT_MODIFIED, 0
    else:
        kind = Kind.CACHED if answer.from_cache else Kind.VIEW
        size = _sent_bytes(request, len(answer.content or b"") or prepared.plan.source.size_bytes)
        _track(request, prepared.handling.xref)
    request.qis.statistics.record(
        Observation(prepared.plan.source.image_id, kind, size, seconds, prepared.handling.stats)
    )


def _count_original(request: Any, original: OriginalAnswer, response: Response, seconds: float) -> None:
    if response.status_int == 304:
        kind, size = Kind.NOT_MODIFIED, 0
    else:
        kind, size = Kind.ORIGINAL, _sent_bytes(request, response.content_length or 0)
        _track(request, original.handling.xref)
    request.qis.statistics.record(Observation(original.facts.image_id, kind, size, seconds, original.handling.stats))


def _sent_bytes(request: Any, size_bytes: int) -> int:
    return 0 if request.method == "HEAD" else size_bytes


def _track(request: Any, xref: str) -> None:
    if xref:
        request.qis.tracking.send(xref)


def includeme(config: Configurator) -> None:
    for scheme in application_of(config.registry).registry.url_schemes.values():
        for number in range(len(scheme.patterns)):
            add_views(config, scheme_route(scheme.name, number), partial(_scheme_view, scheme))
    add_views(config, "original", query_original_view)
    add_views(config, TREE_ROUTE, tree_original_view, name="original", context=Node)


def add_views(config: Configurator, route: str, view: Callable[..., Response], **predicates: Any) -> None:
    """GET and HEAD by *view*, OPTIONS answered, every other method refused with 405."""
    config.add_view(view, route_name=route, request_method=("GET", "HEAD"), **predicates)
    config.add_view(options_view, route_name=route, request_method="OPTIONS", **predicates)
    config.add_view(method_view, route_name=route, **predicates)


def _scheme_view(scheme: UrlScheme, request: Any) -> Response:
    return image_view(request, scheme)
