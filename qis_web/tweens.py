"""Headers of every answer: time taken, negotiation, CORS, protection against sniffing."""

import time
from collections.abc import Callable
from typing import Any

from pyramid.config import Configurator
from pyramid.response import Response
from pyramid.tweens import EXCVIEW

from qis_web.services import application_of
from qis_web.settings import WebSettings

_CORS_HEADERS = "Origin, Authorization, If-None-Match, Cache-Control, X-Requested-With, X-Csrf-Token"
_CORS_EXPOSED = "Content-Length, X-From-Cache, X-Time-Taken"

Handler = Callable[[Any], Response]


def headers_tween_factory(handler: Handler, registry: Any) -> Handler:
    fixed = [("X-Content-Type-Options", "nosniff"), *cors_headers(application_of(registry).settings[WebSettings])]

    def headers_tween(request: Any) -> Response:
        started = time.perf_counter()
        response = handler(request)
        if getattr(request, "qis_negotiates", False):
            response.vary = sorted({"Accept", *(response.vary or ())})
        taken = int((time.perf_counter() - started) * 1e6)
        response.headerlist += [*fixed, ("X-Time-Taken", str(taken))]
        return response

    return headers_tween


def cors_headers(settings: WebSettings) -> list[tuple[str, str]]:
    """What lets pages of other sites read images; nothing when ``cors_origin`` is empty."""
    if not settings.cors_origin:
        return []
    return [
        ("Access-Control-Allow-Origin", settings.cors_origin),
        ("Access-Control-Allow-Headers", _CORS_HEADERS),
        ("Access-Control-Expose-Headers", _CORS_EXPOSED),
    ]


def includeme(config: Configurator) -> None:
    config.add_tween("qis_web.tweens.headers_tween_factory", over=EXCVIEW)
