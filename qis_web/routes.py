"""Every URL of the server on one page."""

from pyramid.config import Configurator

from qis_web.resources.repository import folder_root
from qis_web.services import application_of

#: The route of the built-in path scheme: the tree of images by URL path.
TREE_ROUTE = "scheme:path:0"


def includeme(config: Configurator) -> None:
    config.add_route("landing", "/")
    config.add_route("live", "/health/live")
    config.add_route("ready", "/health/ready")
    config.add_route("original", "/original", factory=folder_root)
    config.add_route("browse", "/browse/*traverse", factory=folder_root)
    config.add_route("panel", "/panels/{name}")
    config.add_route("sign_in", "/sign-in")
    for scheme in application_of(config.registry).registry.url_schemes.values():
        for number, pattern in enumerate(scheme.patterns):
            config.add_route(scheme_route(scheme.name, number), pattern, factory=folder_root)
    config.add_static_view("static", "qis_web:static", cache_max_age=3600)


def scheme_route(scheme: str, number: int) -> str:
    """The name of the route of a scheme's pattern."""
    return f"scheme:{scheme}:{number}"
