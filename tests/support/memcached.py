"""Real Memcached servers on free ports; each ends with the process that started it."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.cache_server import CacheServer, running

_INSTALL = "Memcached is not installed: apt-get install memcached"


class MemcachedServer(CacheServer):
    """A server of 64 MB, or of *megabytes*."""

    program = "memcached"

    def __init__(self, megabytes: int = 64) -> None:
        super().__init__()
        self._megabytes = megabytes

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def arguments(self) -> list[str]:
        user = ["-u", "nobody"]
        return ["-l", "127.0.0.1", "-p", str(self.port), "-m", str(self._megabytes), "-U", "0", "-t", "2", *user]


@contextmanager
def running_memcached(megabytes: int = 64) -> Iterator[MemcachedServer]:
    """A new server; the test is skipped where there is none to run, and fails in CI."""
    with running(MemcachedServer(megabytes), _INSTALL) as server:
        yield server
