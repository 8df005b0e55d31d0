"""``/panels/<name>``: pages of plugins inside our layout."""

from typing import Any

from pyramid.config import Configurator
from pyramid.response import Response

from qis_core.contracts.panel import PanelRequest
from qis_web.pages import add_page, page_response
from qis_web.panels import all_panels, get_panel
from qis_web.services import application_of
from qis_web.views.images import query_of


def panel_view(request: Any) -> Response:
    """One panel, for callers with a permission it asks for."""
    panel = get_panel(request, request.matchdict["name"])
    asked = PanelRequest(request.identity, dict(query_of(request)))
    return page_response(request, "panel", panel.title, content=panel.render(asked))


def includeme(config: Configurator) -> None:
    config.registry.qis_panels = all_panels(application_of(config.registry))
    add_page(config, panel_view, route_name="panel")
