"""The Memcached cache keeps the contract on real servers, alone and as a cluster."""

import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymemcache.client.base import Client

from qis_core.errors import SettingsError
from qis_core.settings import Settings
from qis_core.testing.cache_contract import CacheContract, becomes, uniform
from qis_core.testing.shared_cache_contract import SharedCacheContract
from qis_core.testing.threads import run_together
from qis_plugins.memcached import entry, open_memcached, qis_cache_backends, qis_settings
from qis_plugins.memcached.cache import MemcachedCache
from qis_plugins.memcached.commands import Names
from qis_plugins.memcached.node import Node
from qis_plugins.memcached.settings import MemcachedSettings
from tests.support.memcached import MemcachedServer, running_memcached

MB = 1_000_000


@pytest.fixture(scope="session")
def servers() -> Iterator[tuple[MemcachedServer, ...]]:
    with running_memcached() as first, running_memcached() as second, running_memcached() as third:
        yield first, second, third


@pytest.fixture(scope="session")
def small_server() -> Iterator[MemcachedServer]:
    with running_memcached(megabytes=8) as server:
        yield server


def settings_of(*servers: MemcachedServer, **values: Any) -> MemcachedSettings:
    """A site of its own on these servers; nothing of an earlier test is in it."""
    patient: dict[str, Any] = {
        "timeout_seconds": 5.0,
        "connect_timeout_seconds": 5.0,
        "prefix": f"{secrets.token_hex(4)}:",
    }
    return MemcachedSettings(servers=tuple(server.address for server in servers), **{**patient, **values})


class TestCluster(SharedCacheContract):
    @pytest.fixture
    def open_cache(self, servers: tuple[MemcachedServer, ...]) -> Callable[[], MemcachedCache]:
        return partial(MemcachedCache, settings_of(*servers))


class TestOneServerAndSmallPieces(CacheContract):
    @pytest.fixture
    def cache(self, servers: tuple[MemcachedServer, ...]) -> Iterator[MemcachedCache]:
        cache = MemcachedCache(settings_of(servers[0], piece_bytes=20_000))
        yield cache
        cache.close()


@pytest.fixture
def settings(servers: tuple[MemcachedServer, ...]) -> MemcachedSettings:
    return settings_of(*servers)


@pytest.fixture
def cache(settings: MemcachedSettings) -> Iterator[MemcachedCache]:
    cache = MemcachedCache(settings)
    yield cache
    cache.close()


@pytest.fixture
def raw(servers: tuple[MemcachedServer, ...]) -> Iterator[Client]:
    """A plain client of the first server."""
    client = Client(servers[0].address, default_noreply=False)
    yield client
    client.close()


def pieces_of(raw: Client, settings: MemcachedSettings, key: str) -> list[str]:
    """The names under which the server has the pieces of an entry."""
    names = Names(settings.prefix)
    head = entry.parse(raw.get(names.of("e", key)))
    assert head is not None
    return [names.piece(head.generation, number) for number in range(head.pieces)]


class TestPieces:
    @pytest.fixture
    def settings(self, servers: tuple[MemcachedServer, ...]) -> MemcachedSettings:
        return settings_of(servers[0], piece_bytes=10_000)

    @pytest.mark.parametrize("lost", range(4))
    def test_every_piece_is_needed(
        self, cache: MemcachedCache, raw: Client, settings: MemcachedSettings, lost: int
    ) -> None:
        cache.set("key", uniform(3))
        assert cache.get("key") == uniform(3)
        raw.delete(pieces_of(raw, settings, "key")[lost])
        assert cache.get("key") is None
        assert cache.find_entry("key") is None
        assert cache.add("key", b"new"), "what is not whole is not there"
        assert cache.get("key") == b"new"

    def test_changed_piece_is_a_miss(self, cache: MemcachedCache, raw: Client, settings: MemcachedSettings) -> None:
        cache.set("key", uniform(3))
        raw.set(pieces_of(raw, settings, "key")[2], bytes(10_000))
        assert cache.get("key") is None

    def test_writers_share_no_piece(self, cache: MemcachedCache, raw: Client, settings: MemcachedSettings) -> None:
        cache.set("key", uniform(3))
        first = pieces_of(raw, settings, "key")
        cache.set("key", uniform(3))
        assert not set(first) & set(pieces_of(raw, settings, "key"))

    def test_pieces_end_with_their_entry(self, cache: MemcachedCache, raw: Client, settings: MemcachedSettings) -> None:
        cache.set("key", uniform(3), ttl_seconds=0.5)
        pieces = pieces_of(raw, settings, "key")
        assert len(raw.get_many(pieces)) == 4
        assert becomes(lambda: not raw.get_many(pieces))

    def test_parallel_writers_under_eviction_never_mix(self, small_server: MemcachedServer) -> None:
        """Values of up to 2 MB in a server of 8 MB: pieces of some are pushed out all the time."""
        cache = MemcachedCache(settings_of(small_server, piece_bytes=100_000))
        whole: list[bool] = []

        def work(me: int) -> None:
            for turn in range(25):
                cache.set(f"key {turn % 8}", uniform(me * 40 + turn, 300_000 * (me + 1)))
                value = cache.get(f"key {(turn + me) % 8}")
                if value is not None:
                    whole.append(value == uniform(value[0], len(value)) and len(value) % 300_000 == 0)

        run_together(5, work)
        assert whole
        assert all(whole)
        raw = Client(small_server.address)
        assert int(raw.stats()[b"evictions"]) > 0, "the test made the server push something out"
        raw.close()
        cache.close()

    def test_too_large_is_not_kept_and_leaves_nothing_old(self, servers: tuple[MemcachedServer, ...]) -> None:
        cache = MemcachedCache(settings_of(servers[0], max_value_bytes=1000))
        cache.set("key", b"old")
        assert not cache.set("key", bytes(1001))
        assert cache.get("key") is None
        assert not cache.add("key", bytes(1001))
        cache.close()

    def test_refused_by_the_server_leaves_nothing_old(
        self, servers: tuple[MemcachedServer, ...], caplog: pytest.LogCaptureFixture
    ) -> None:
        cache = MemcachedCache(settings_of(servers[0], piece_bytes=3 * MB))
        cache.set("key", b"old")
        assert not cache.set("key", bytes(2 * MB))
        assert cache.get("key") is None
        assert not cache.add("key", bytes(2 * MB))
        assert cache.set("key", b"new"), "the server is not taken for dead"
        assert ["refused: object too large for cache" in record.message for record in caplog.records] == [True]
        cache.close()


class TestKeysAndVersions:
    def test_keys_are_divided_among_the_servers(
        self, cache: MemcachedCache, servers: tuple[MemcachedServer, ...], settings: MemcachedSettings
    ) -> None:
        for number in range(300):
            cache.set(f"{number}", b"value")
        names = [Names(settings.prefix).of("e", f"{number}") for number in range(300)]
        counts = []
        for server in servers:
            raw = Client(server.address)
            counts.append(len(raw.get_many(names)))
            raw.close()
        assert sum(counts) == 300
        assert min(counts) > 60

    def test_another_server_moves_its_share_only(self, servers: tuple[MemcachedServer, ...]) -> None:
        two, three = settings_of(*servers[:2]), settings_of(*reversed(servers))
        small, large = MemcachedCache(two), MemcachedCache(MemcachedSettings(servers=three.servers, prefix=two.prefix))
        for number in range(300):
            small.set(f"{number}", b"value")
        assert 140 < sum(large.get(f"{number}") is not None for number in range(300)) < 260
        small.close()
        large.close()

    def test_sites_with_different_prefixes_are_apart(self, servers: tuple[MemcachedServer, ...]) -> None:
        mine, other = MemcachedCache(settings_of(*servers)), MemcachedCache(settings_of(*servers))
        mine.set("key", b"mine", tags=("tag",))
        assert other.get("key") is None
        other.purge("tag")
        other.clear()
        assert mine.get("key") == b"mine"
        with mine.lock("key", ttl_seconds=10):
            assert not other.is_locked("key")
        mine.close()
        other.close()

    def test_forgotten_version_of_a_tag_is_a_miss(self, servers: tuple[MemcachedServer, ...], raw: Client) -> None:
        settings = settings_of(servers[0])
        cache = MemcachedCache(settings)
        cache.set("key", b"value", tags=("tag",))
        raw.delete(Names(settings.prefix).of("v", entry.version_name("tag")))
        assert cache.get("key") is None
        cache.set("key", b"again", tags=("tag",))
        assert cache.get("key") == b"again"
        cache.close()

    def test_foreign_item_is_a_miss(self, servers: tuple[MemcachedServer, ...], raw: Client) -> None:
        settings = settings_of(servers[0])
        cache = MemcachedCache(settings)
        cache.set("key", b"value")
        name = Names(settings.prefix).of("e", "key")
        for foreign in (
            b"",
            b"foreign",
            bytes(200),
            raw.get(name)[:-1],
            raw.get(name) + b"x",
            raw.get(name)[:45] + b"{",
        ):
            raw.set(name, foreign)
            assert cache.get("key") is None
        assert cache.add("key", b"ours")
        cache.close()

    def test_life_of_more_than_a_month_is_kept(self, cache: MemcachedCache) -> None:
        for days in (29.9, 31, 400, 100_000):
            cache.set("key", b"value", ttl_seconds=days * 86_400)
            found = cache.find_entry("key")
            assert found is not None
            assert found.ttl_seconds == pytest.approx(days * 86_400, abs=5)

    def test_purge_cannot_count(self, cache: MemcachedCache) -> None:
        cache.set("key", b"value", tags=("tag",))
        assert cache.purge("tag") is None


@given(
    st.binary(max_size=300),
    st.dictionaries(st.text(), st.text(max_size=16), max_size=4),
    st.integers(1, 100),
    st.floats(10, 1e9),
)
def test_entry_is_read_as_it_was_packed(
    value: bytes, versions: dict[str, str], piece_bytes: int, ttl_seconds: float
) -> None:
    packed = entry.pack(value, entry.expiry_of(ttl_seconds), versions, piece_bytes=piece_bytes)
    head = entry.parse(packed.item)
    assert head is not None
    assert (head.versions, head.size_bytes, head.pieces) == (versions, len(value), len(packed.pieces))
    assert entry.join(packed.item, [bytes(piece) for piece in packed.pieces]) == value


@given(st.binary(min_size=20, max_size=200), st.data())
def test_changed_bit_never_gives_another_value(value: bytes, data: st.DataObject) -> None:
    item = bytearray(entry.pack(value, 0.0, {"*": "1"}, piece_bytes=1000).item)
    at = data.draw(st.integers(0, len(item) - 1))
    item[at] ^= 1 << data.draw(st.integers(0, 7))
    assert entry.parse(bytes(item)) is None or entry.join(bytes(item), []) is None


class TestConnections:
    def test_more_callers_than_connections_wait_for_their_turn(self, servers: tuple[MemcachedServer, ...]) -> None:
        cache = MemcachedCache(settings_of(servers[0], pool_size=2))
        assert all(run_together(24, lambda me: cache.set(f"{me}", uniform(me))))
        assert all(run_together(24, lambda me: cache.get(f"{me}") == uniform(me)))
        cache.close()

    def test_connections_are_used_again(self, servers: tuple[MemcachedServer, ...], raw: Client) -> None:
        cache = MemcachedCache(settings_of(servers[0]))
        before = int(raw.stats()[b"total_connections"])
        for number in range(50):
            cache.set(f"{number}", b"value")
            cache.get(f"{number}")
        assert int(raw.stats()[b"total_connections"]) - before == 1
        cache.close()

    def test_child_of_a_fork_connects_anew(self, servers: tuple[MemcachedServer, ...]) -> None:
        node = Node(servers[0].address, settings_of(servers[0]))
        node.run(lambda client: client.version())
        mine = node.run(lambda client: client.sock)
        node._pid -= 1  # as after a fork
        assert node.run(lambda client: client.sock) is not mine
        node.close()

    def test_socket_file(self, tmp_path: object) -> None:
        settings = MemcachedSettings(servers=("/var/none/memcached.sock", "unix:/var/none/other.sock"))
        cache = MemcachedCache(settings)
        assert cache.get("key") is None
        assert not cache.set("key", b"value")
        cache.close()


class TestSettings:
    @pytest.mark.parametrize(
        ("values", "message"),
        [
            ({"servers": ()}, r"^qis\.memcached\.servers: expected at least one"),
            ({"servers": ("a b:1",)}, r"^qis\.memcached\.servers='a b:1': expected host:port or /path$"),
            ({"servers": ("host:70000",)}, r"servers='host:70000'"),
            ({"servers": ("host:x",)}, r"servers='host:x'"),
            ({"prefix": "a b"}, r"^qis\.memcached\.prefix='a b': expected at most 100 ASCII"),
            ({"prefix": "é"}, r"prefix='é'"),
            ({"prefix": "p" * 101}, r"prefix='ppp"),
        ],
    )
    def test_wrong_ones_stop_the_start(self, values: dict[str, Any], message: str) -> None:
        with pytest.raises(SettingsError, match=message):
            open_memcached(Settings.of(MemcachedSettings(**values)))

    def test_servers_need_not_answer_at_the_start(self) -> None:
        cache = open_memcached(Settings.of(MemcachedSettings(servers=("127.0.0.1:9", "[::1]:9", "localhost"))))
        assert cache.shared
        cache.close()

    def test_plugin_registers_its_parts(self) -> None:
        assert [backend.name for backend in qis_cache_backends()] == ["memcached"]
        assert qis_settings() == (MemcachedSettings,)


MISSING_LIBRARY = """
import sys
sys.modules["pymemcache"] = None
from qis_core.errors import StartupError
from qis_core.settings import Settings
from qis_plugins.memcached import open_memcached
try:
    open_memcached(Settings.of())
except StartupError as error:
    print(error)
"""


def test_missing_library_is_named_when_opened() -> None:
    done = subprocess.run(
        [sys.executable, "-c", MISSING_LIBRARY], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip().endswith("run: pip install qis[memcached]")
