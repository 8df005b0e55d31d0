"""Where the Memcached servers are, and how long to wait for them."""

import re
from dataclasses import dataclass

from qis_core.errors import SettingsError
from qis_core.settings import section, setting

_MAX_PREFIX = 100
_ADDRESS = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?|(?:unix:)?/\S+")


@section("memcached")
@dataclass(frozen=True, kw_only=True)
class MemcachedSettings:
    """The cache that all hosts share: one Memcached server, or several that divide the keys among themselves."""

    servers: tuple[str, ...] = setting(
        ("127.0.0.1:11211",),
        help="Addresses as host:port, [IPv6]:port or /path/of/socket; the same on every host, in any order",
    )
    prefix: str = setting("qis:", help="Begins every key: sites that share servers need different ones")
    timeout_seconds: float = setting(
        0.5, minimum=0.01, maximum=60, unit="s", help="Longest wait for one answer of a server"
    )
    connect_timeout_seconds: float = setting(
        0.5, minimum=0.01, maximum=60, unit="s", help="Longest wait for a connection"
    )
    retry_seconds: float = setting(
        2.0, minimum=0.1, maximum=600, unit="s", help="A server that did not answer is left alone for so long"
    )
    pool_size: int = setting(
        16, minimum=1, maximum=1000, help="Connections of each process to each server; further callers wait"
    )
    max_value_bytes: int = setting(32_000_000, minimum=1, unit="bytes", help="A larger value is not kept")
    piece_bytes: int = setting(
        1_000_000,
        minimum=1000,
        unit="bytes",
        help="Larger values are stored in pieces of this size; must be below the item size of the servers (-I, 1 MB)",
    )


def check(settings: MemcachedSettings) -> None:
    """Raises `SettingsError` for addresses and prefixes that cannot be used."""
    faults = [f"qis.memcached.servers={text!r}: expected host:port or /path" for text in _wrong_servers(settings)]
    if not settings.servers:
        faults.append("qis.memcached.servers: expected at least one address, as host:port")
    prefix = settings.prefix
    if len(prefix) > _MAX_PREFIX or not prefix.isascii() or not prefix.isprintable() or " " in prefix:
        faults.append(
            f"qis.memcached.prefix={prefix!r}: expected at most {_MAX_PREFIX} ASCII characters without spaces"
        )
    if faults:
        raise SettingsError(faults)


def _wrong_servers(settings: MemcachedSettings) -> list[str]:
    return [text for text in settings.servers if not _is_address(text)]


def _is_address(text: str) -> bool:
    found = _ADDRESS.fullmatch(text)
    return found is not None and int(found["port"] or 1) in range(1, 65_536)
