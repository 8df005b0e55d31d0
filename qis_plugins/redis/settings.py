"""Where the Redis server is, and how long to wait for it."""

from dataclasses import dataclass

from qis_core.settings import Secret, section, setting


@section("redis")
@dataclass(frozen=True, kw_only=True)
class RedisSettings:
    """The cache that all hosts share on one Redis or Valkey server; its ``maxmemory`` bounds it."""

    url: Secret = setting(
        Secret("redis://127.0.0.1:6379/0"),
        help="redis://user:password@host:port/database; rediss:// for TLS, unix:///path for a socket",
    )
    prefix: str = setting("qis:", help="Begins every key: sites that share a server need different ones")
    timeout_seconds: float = setting(
        0.5, minimum=0.01, maximum=60, unit="s", help="Longest wait for one answer of the server"
    )
    connect_timeout_seconds: float = setting(
        0.5, minimum=0.01, maximum=60, unit="s", help="Longest wait for a connection"
    )
    retry_seconds: float = setting(
        2.0, minimum=0.1, maximum=600, unit="s", help="A server that did not answer is left alone for so long"
    )
    pool_size: int = setting(16, minimum=1, maximum=1000, help="Connections of each process; further callers wait")
    max_value_bytes: int = setting(
        32_000_000, minimum=1, maximum=500_000_000, unit="bytes", help="A larger value is not kept"
    )
