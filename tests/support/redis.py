"""Real Redis servers on free ports, keeping nothing on disk; each ends with the process that started it."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.cache_server import CacheServer, running

_INSTALL = "Redis is not installed: apt-get install redis-server"


class RedisServer(CacheServer):
    """A server of 64 MB, or of *megabytes*, that evicts by *policy*."""

    program = "redis-server"

    def __init__(self, megabytes: int = 64, policy: str = "allkeys-lru") -> None:
        super().__init__()
        self._limits = ["--maxmemory", f"{megabytes}mb", "--maxmemory-policy", policy]

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def arguments(self) -> list[str]:
        keeps_nothing = ["--save", "", "--appendonly", "no"]
        return ["--bind", "127.0.0.1", "--port", str(self.port), "--daemonize", "no", *keeps_nothing, *self._limits]


@contextmanager
def running_redis(megabytes: int = 64, policy: str = "allkeys-lru") -> Iterator[RedisServer]:
    """A new server; the test is skipped where there is none to run, and fails in CI."""
    with running(RedisServer(megabytes, policy), _INSTALL) as server:
        yield server
