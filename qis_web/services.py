"""Where views find the application: ``request.qis``."""

from typing import Any, cast

from pyramid.config import Configurator

from qis_core.application import Application


def application_of(registry: Any) -> Application:
    """The application that `includeme` put into a Pyramid registry."""
    return cast(Application, registry.settings["qis.application"])


def includeme(config: Configurator) -> None:
    application = application_of(config.registry)
    config.add_request_method(lambda _request: application, "qis", reify=True)
