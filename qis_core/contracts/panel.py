"""What a panel promises: a page of its own in the console, for those who may see it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from qis_core.domain.access import Identity, SystemPermission


@dataclass(frozen=True, slots=True)
class PanelRequest:
    """Who asks, and the query string of the page."""

    identity: Identity
    query: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Panel:
    """A page at ``/panels/<name>``.

    ``render`` returns an HTML fragment; it escapes what it shows. The caller needs any flag of ``permission``;
    `SystemPermission.NONE` lets everybody in.
    """

    name: str
    title: str
    render: Callable[[PanelRequest], str]
    permission: SystemPermission = SystemPermission.ADMIN_ALL
