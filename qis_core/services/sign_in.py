"""Guard the door: slow down guessing, and remember for a moment who was let in (spec management §3, security §1)."""

import hashlib
import hmac
import ipaddress
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from qis_core.contracts.auth import AuthProvider
from qis_core.domain.accounts import name_key
from qis_core.domain.events import SignedIn
from qis_core.errors import Busy, Conflict, Unavailable
from qis_core.settings import Settings

Clock = Callable[[], float]

_MAX_ENTRIES = 10_000
_FORGET_SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class _Limit:
    """After ``free`` failures the next attempt waits 1 s, then 2, 4 … up to ``longest_seconds``."""

    free: int
    longest_seconds: float

    def wait_seconds(self, failures: int) -> float:
        beyond = failures - self.free
        return 0.0 if beyond < 0 else min(2.0 ** min(beyond, 30), self.longest_seconds)


#: the same account from the same address; any account from one address; one account from anywhere
_PAIR = _Limit(5, 300)
_ADDRESS = _Limit(100, 30)
_ACCOUNT = _Limit(100, 5)


def _tell_nobody(_event: SignedIn) -> None:
    """The default of `SignInProviders.tell`."""


@dataclass(frozen=True, slots=True)
class SignInProviders:
    """The providers this server uses, in the order they are asked, and whom to *tell* of a sign-in."""

    chosen: tuple[AuthProvider, ...]
    settings: Settings
    tell: Callable[[SignedIn], object] = _tell_nobody

    def hash_password(self, password: str) -> str:
        """A hash by the first provider that keeps passwords in the catalog; raises `Conflict` without one."""
        for provider in self.chosen:
            if provider.hash_password is not None:
                return provider.hash_password(self.settings, password)
        raise Conflict("no sign-in provider of this server keeps passwords")


class Backoff:
    """Counts failures per account and address, in bounded memory of this process. Safe to use from many threads.

    Failures are forgotten after 15 minutes without a new one. Strangers cannot lock others out for long: failures from
    other addresses delay an account by 5 s at most, failures of other accounts an address (a whole office, a proxy) by
    30 s.
    """

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures: OrderedDict[tuple[str, ...], tuple[int, float]] = OrderedDict()

    def check(self, username: str, address: str) -> None:
        """Raise `Unavailable` while attempts for this account or address must wait."""
        with self._lock:
            wait_seconds = max(self._wait_seconds(key, limit) for key, limit in _keys(username, address))
        if wait_seconds > 0:
            seconds = int(wait_seconds) + 1
            raise Unavailable(f"too many failed sign-ins; try again in {seconds} s", retry_after_seconds=seconds)

    def failed(self, username: str, address: str) -> None:
        """Count one failure."""
        with self._lock:
            for key, _ in _keys(username, address):
                self._failures[key] = (self._count(key) + 1, self._clock())
                self._failures.move_to_end(key)
            while len(self._failures) > _MAX_ENTRIES:
                self._failures.popitem(last=False)

    def succeeded(self, username: str, address: str) -> None:
        """Forget the failures of the account at this address; those of the address alone stay."""
        with self._lock:
            self._failures.pop(_keys(username, address)[0][0], None)

    def _count(self, key: tuple[str, ...]) -> int:
        count, last = self._failures.get(key, (0, 0.0))
        return count if self._clock() - last < _FORGET_SECONDS else 0

    def _wait_seconds(self, key: tuple[str, ...], limit: _Limit) -> float:
        _, last = self._failures.get(key, (0, 0.0))
        return last + limit.wait_seconds(self._count(key)) - self._clock()


@dataclass(frozen=True, slots=True)
class Recognised:
    """An active user whose credentials were right, and the provider that said so."""

    user_id: int
    provider: str


class RecentSignIns:
    """Remembers good credentials for a minute, by a keyed hash that only this process can make.

    HTTP Basic sends the password with every request, and checking it is slow on purpose.
    """

    def __init__(self, *, ttl_seconds: float = 60.0, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._ttl_seconds = ttl_seconds
        self._key = secrets.token_bytes(32)
        self._entries: dict[bytes, tuple[Recognised, float]] = {}
        self._epoch = 0

    @property
    def epoch(self) -> int:
        """Moves with `clear`; take it before a check and give it to `remember` after."""
        return self._epoch

    def find(self, username: str, password: str) -> Recognised | None:
        """Whom these credentials were right for within the last minute."""
        user, until = self._entries.get(self._digest(username, password), (None, 0.0))
        return user if self._clock() < until else None

    def remember(self, username: str, password: str, *, user: Recognised, epoch: int) -> None:
        """Keep the credentials, unless accounts changed since *epoch* was taken."""
        entries = self._entries
        if len(entries) >= _MAX_ENTRIES:
            entries.clear()
        if epoch == self._epoch:
            entries[self._digest(username, password)] = (user, self._clock() + self._ttl_seconds)

    def clear(self) -> None:
        """Forget all; what is being remembered at this moment is forgotten too."""
        self._epoch += 1
        self._entries = {}

    def _digest(self, username: str, password: str) -> bytes:
        name = name_key(username).encode("utf-8", "surrogatepass")
        message = len(name).to_bytes(8, "big") + name + password.encode("utf-8", "surrogatepass")
        return hmac.digest(self._key, message, hashlib.sha256)


class Gate:
    """Lets a few password checks run at once: each takes much memory."""

    def __init__(self, *, slots: int = 4, wait_seconds: float = 10.0) -> None:
        self._slots = threading.BoundedSemaphore(slots)
        self._wait_seconds = wait_seconds

    @contextmanager
    def enter(self) -> Iterator[None]:
        """Wait for a place; raises `Busy` when none gets free in time."""
        if not self._slots.acquire(timeout=self._wait_seconds):
            raise Busy("too many sign-ins at once")
        try:
            yield
        finally:
            self._slots.release()


class Door:
    """The three guards of one process, and which sign-ins its audit log has already."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self.backoff = Backoff(clock)
        self.recent = RecentSignIns(clock=clock)
        self.gate = Gate()
        self._told: dict[tuple[int, str], float] = {}

    def is_news(self, user_id: int, address: str) -> bool:
        """Whether this sign-in belongs into the audit log: not when it was told within the last 15 minutes."""
        now, key = self._clock(), (user_id, address)
        if now - self._told.get(key, -_FORGET_SECONDS) < _FORGET_SECONDS:
            return False
        if len(self._told) >= _MAX_ENTRIES:
            self._told.clear()
        self._told[key] = now
        return True


def _keys(username: str, address: str) -> tuple[tuple[tuple[str, ...], _Limit], ...]:
    account, place = name_key(username[:200]), network_of(address)
    return (
        (("pair", account, place), _PAIR),
        (("address", place), _ADDRESS),
        (("account", account), _ACCOUNT),
    )


def network_of(address: str) -> str:
    """What one client can change its address within: itself for IPv4, a /64 for IPv6; other text as it is."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:100]
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or ipaddress.IPv6Network((int(parsed), 64), strict=False))
