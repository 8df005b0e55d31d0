"""Panels: pages of plugins in our layout, and the one that lists the plugins themselves."""

import html
from collections.abc import Iterator, Mapping
from typing import Any

from qis_core.application import Application
from qis_core.contracts.panel import Panel
from qis_core.domain.access import SystemPermission
from qis_core.errors import AccessDenied, NotFound, PluginError
from qis_web.plugin_list import NAME_KEYS, describe_plugins


def all_panels(application: Application) -> Mapping[str, Panel]:
    """The panels of every plugin and our own, by name; raises `PluginError` when a plugin takes the name of ours."""
    ours = Panel("plugins", "Plugins", lambda _request: plugins_html(application))
    if ours.name in application.registry.panels:
        raise PluginError(f"two plugins give a panel named {ours.name!r}")
    return {**application.registry.panels, ours.name: ours}


def open_panels(request: Any) -> Iterator[Panel]:
    """The panels that the caller may see."""
    return (panel for panel in request.registry.qis_panels.values() if may_see(request.identity, panel))


def get_panel(request: Any, name: str) -> Panel:
    """A panel for the caller; raises `NotFound`, `AccessDenied`."""
    panel: Panel | None = request.registry.qis_panels.get(name)
    if panel is None:
        raise NotFound(f"there is no panel {name!r}")
    if not may_see(request.identity, panel):
        raise AccessDenied("access denied")
    return panel


def may_see(identity: Any, panel: Panel) -> bool:
    """Whether *identity* has any flag that the panel asks for; super users have all."""
    if panel.permission == SystemPermission.NONE:
        return True
    return bool(identity.permissions & (panel.permission | SystemPermission.ADMIN_ALL))


def plugins_html(application: Application) -> str:
    """What each plugin brings, in the order in which plugins are asked."""
    return "".join(_plugin_html(described) for described in describe_plugins(application.registry))


def _plugin_html(described: Mapping[str, Any]) -> str:
    origin = html.escape(f"{described['distribution']} {described['version']}".strip() or "given by hand")
    brought = "".join(
        f"<div><dt>{key.replace('_', ' ')}</dt><dd>{_words(described[key])}</dd></div>"
        for key in NAME_KEYS
        if described[key]
    )
    return (
        f'<section class="panel-item"><h2>{html.escape(described["name"])}</h2>'
        f'<p class="muted">{origin}</p><dl class="facts">{brought}</dl></section>'
    )


def _words(words: list[str]) -> str:
    return " ".join(f"<code>{html.escape(word)}</code>" for word in words)
