"""Errors on the wire: one status per class, one view (spec image-urls §9)."""

import html
import json
import logging
import uuid
from typing import Any

from pyramid.config import Configurator
from pyramid.exceptions import URLDecodeError
from pyramid.httpexceptions import HTTPException
from pyramid.response import Response

from qis_core import errors
from qis_core.errors import NotAuthenticated, QisError, Unavailable

_log = logging.getLogger(__name__)

#: error class → status and title; the nearest class of an error's own line decides
STATUSES: dict[type[QisError], tuple[int, str]] = {
    errors.InvalidRequest: (400, "Bad Request"),
    errors.NotAuthenticated: (401, "Unauthorized"),
    errors.AccessDenied: (403, "Forbidden"),
    errors.NotFound: (404, "Not Found"),
    errors.Conflict: (409, "Conflict"),
    errors.TooLarge: (413, "Content Too Large"),
    errors.UnsupportedImage: (415, "Unsupported Media Type"),
    errors.RequestError: (400, "Bad Request"),
    errors.Unavailable: (503, "Service Unavailable"),
    errors.BackendError: (503, "Service Unavailable"),
    errors.StartupError: (500, "Internal Server Error"),
    errors.QisError: (500, "Internal Server Error"),
}
_RETRY_SECONDS = 5


def status_of(error: QisError) -> tuple[int, str]:
    """The status and title of an error."""
    return next(STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)


def error_response(request: Any, status: int, title: str, message: str) -> Response:
    """The body of an error: problem details for callers who prefer JSON (RFC 9457), else a small page."""
    response = Response(status=status)
    response.vary = ("Accept",)
    if _prefers_json(request):
        response.content_type = "application/problem+json"
        response.body = json.dumps({"title": title, "status": status, "detail": message}).encode()
        return response
    ways = _ways(request, may_sign_in=status in (401, 403) and "Authorization" not in request.headers)
    response.text = _page(request, (f"{status} {html.escape(title)}", html.escape(message), ways))
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'self'; img-src 'self'"
    return response


def _page(request: Any, texts: tuple[str, str, str]) -> str:
    """A page in the look of the others, made without anything that could fail in its turn."""
    root, (heading, message, ways) = html.escape(request.script_name), texts
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{heading}</title><link rel="icon" type="image/svg+xml" href="{root}/static/mark.svg">'
        f'<link rel="stylesheet" href="{root}/static/qis.css"><body class="error-page"><main><h1>{heading}</h1>'
        f"<p>{message}</p><p>{ways}</p></main></body></html>\n"
    )


def _ways(request: Any, *, may_sign_in: bool) -> str:
    """Links to go on with; the page to come back to is told by the browser (``Referer``)."""
    root = html.escape(request.script_name)
    sign_in = f'<a href="{root}/sign-in">Sign in</a> · ' if may_sign_in else ""
    return f'{sign_in}<a href="{root}/">Pictures</a>'


def on_qis_error(error: QisError, request: Any) -> Response:
    status, title = status_of(error)
    message = str(error)
    if isinstance(error, errors.BackendError):
        _log.error("%s %s: %s", request.method, request.path, error, exc_info=error)
        message = "temporarily unavailable"
    elif isinstance(error, errors.AccessDenied):
        _log.warning("refused: %s %s from %s: %s", request.method, request.path_qs, request.client_addr, error)
    response = error_response(request, status, title, message)
    if status == 503:
        seconds = error.retry_after_seconds if isinstance(error, Unavailable) else _RETRY_SECONDS
        response.headers["Retry-After"] = str(seconds)
    if isinstance(error, NotAuthenticated):
        response.headers["WWW-Authenticate"] = 'Basic realm="QIS", charset="UTF-8"'
    return response


def on_http_error(error: HTTPException, request: Any) -> Response:
    """Pyramid's own errors, in the same form; redirects pass."""
    if error.status_code < 400:
        return error
    response = error_response(
        request, error.status_code, error.title or "Error", error.detail or error.explanation or ""
    )
    if "Allow" in error.headers:
        response.headers["Allow"] = error.headers["Allow"]
    return response


def on_forbidden(error: HTTPException, request: Any) -> Response:
    """An ACL refused: the same answer as the services give."""
    return on_qis_error(errors.AccessDenied("access denied"), request)


def on_fault(error: Exception, request: Any) -> Response:
    """Anything unexpected: the details stay in the log, under a number the caller can quote."""
    number = uuid.uuid4().hex[:12]
    _log.error("fault %s: %s %r", number, request.method, request.environ.get("PATH_INFO"), exc_info=error)
    return error_response(request, 500, "Internal Server Error", f"internal error; quote the number {number}")


def on_undecodable_url(error: URLDecodeError, request: Any) -> Response:
    """A path that is not UTF-8 cannot name anything here."""
    return error_response(request, 400, "Bad Request", "the path of the URL is not UTF-8")


def _prefers_json(request: Any) -> bool:
    offers = request.accept.acceptable_offers(["text/html", "application/problem+json", "application/json"])
    return bool(offers) and offers[0][0] != "text/html"


def includeme(config: Configurator) -> None:
    config.add_exception_view(on_fault, context=Exception)
    config.add_exception_view(on_undecodable_url, context=URLDecodeError)
    config.add_exception_view(on_http_error, context=HTTPException)
    config.add_forbidden_view(on_forbidden)
    config.add_exception_view(on_qis_error, context=QisError)
