"""Health: alive, and ready to serve."""

from typing import Any

from pyramid.config import Configurator
from pyramid.response import Response
from sqlalchemy import text

from qis_core.domain.paths import ROOT
from qis_core.errors import QisError

_FULL = 0.9


def live_view(request: Any) -> Response:
    """The process answers."""
    return Response("ok\n", content_type="text/plain")


def ready_view(request: Any) -> Response:
    """Whether requests can be served now: each part by name, 503 when one cannot work."""
    checks = {"database": _database(request), "storage": _storage(request), "queue": request.qis.pool.load < _FULL}
    lines = "".join(f"{name}: {'ok' if good else 'failing'}\n" for name, good in checks.items())
    return Response(lines, content_type="text/plain", status=200 if all(checks.values()) else 503)


def _database(request: Any) -> bool:
    try:
        with request.qis.catalog.read() as session:
            session.execute(text("SELECT 1"))
    except QisError:
        return False
    return True


def _storage(request: Any) -> bool:
    try:
        return bool(request.qis.storage.is_folder(ROOT))
    except QisError:
        return False


def includeme(config: Configurator) -> None:
    config.add_view(live_view, route_name="live", request_method=("GET", "HEAD"))
    config.add_view(ready_view, route_name="ready", request_method=("GET", "HEAD"))
