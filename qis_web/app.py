"""The WSGI application: settings, plugins, then one line per part of the web layer."""

import atexit
import os
from typing import Any

from pyramid.config import Configurator

from qis_core.application import Application, Origin


def make_app(application: Application) -> Any:
    """The WSGI application of an opened `Application`."""
    config = Configurator(settings={"qis.application": application})
    config.include("pyramid_chameleon")
    config.include("qis_web.services")
    config.include("qis_web.security")
    config.include("qis_web.errors")
    config.include("qis_web.tweens")
    config.include("qis_web.routes")
    config.include("qis_web.views.images")
    config.include("qis_web.views.info")
    config.include("qis_web.views.health")
    config.include("qis_web.views.landing")
    config.include("qis_web.views.folders")
    config.include("qis_web.views.pictures")
    config.include("qis_web.views.panels")
    config.include("qis_web.static_files")
    return config.make_wsgi_app()


def main(global_config: dict[str, str], **ini: str) -> Any:
    """Entry point of PasteDeploy (``pserve development.ini``)."""
    application = Application(Origin(ini, dict(os.environ)))
    password = application.prepare()
    if password is not None:
        print(first_run_notice(password))  # noqa: T201  shown once, on the console, and never logged
    application.start()
    atexit.register(application.close)
    return make_app(application)


def first_run_notice(password: str) -> str:
    """What the operator reads at the first start."""
    return f"The administrator's account is 'admin' with the password {password}\nIt is shown this once; keep it."
