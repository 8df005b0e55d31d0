"""For every test: the network ends at this machine; hypothesis waits for slow machines; failures show server logs."""

import ipaddress
import socket
from collections.abc import Generator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.support.server import RUNNING

settings.register_profile("qis", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("qis")

_connect = socket.socket.connect


@pytest.fixture(autouse=True, scope="session")
def loopback_only() -> Generator[None]:
    """Refuse connections of this process to other machines."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", _connect_here)
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> Generator[None, Any, Any]:
    report = yield
    if report.failed:
        report.sections.extend((f"log of the server on port {one.port}", one.log_tail()) for one in RUNNING)
    return report


def _connect_here(self: socket.socket, address: Any) -> None:
    if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_here(address[0]):
        raise PermissionError(f"tests talk to this machine only, not to {address[0]}")
    _connect(self, address)


def _is_here(host: str) -> bool:
    return host == "localhost" or ipaddress.ip_address(host).is_loopback
