"""What a cache promises: it may forget anything, and never gives a wrong or partial value (design §5, §9)."""

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from qis_core.settings import Settings


@dataclass(frozen=True, slots=True)
class CacheStats:
    """How full a cache is. ``max_bytes`` None: not known or not bounded by us."""

    entries: int
    size_bytes: int
    max_bytes: int | None


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """A value with what is needed to copy it into a faster cache. ``ttl_seconds`` is what remains; None: for ever."""

    value: bytes
    ttl_seconds: float | None
    tags: tuple[str, ...]


class Cache(Protocol):
    """Holds bytes by key. Safe to call from many threads; where ``shared`` is true, from many processes too.

    Keys are any text, values any bytes. Nothing raises when the back end is down: a lost `get` is None, a lost `set` is
    False (design §2.8); the fault is logged.
    """

    #: Whether other processes see what this one stores.
    shared: bool

    def get(self, key: str) -> bytes | None:
        """The whole value, or None when it is absent, expired or lost."""
        ...

    def find_entry(self, key: str) -> CacheEntry | None:
        """The value with its remaining life and its tags, under the same rules as `get`."""
        ...

    def set(self, key: str, value: bytes, *, ttl_seconds: float | None = None, tags: Collection[str] = ()) -> bool:
        """Store *value*; False when it was not kept (too large, back end down): then the key is absent.

        ``tags`` serve `purge`. A life of 0 seconds or less is over at once.
        """
        ...

    def add(self, key: str, value: bytes, *, ttl_seconds: float | None = None) -> bool:
        """Store *value* unless the key is present; of several callers at once exactly one gets True.

        False too when the value was not kept.
        """
        ...

    def delete(self, key: str) -> None: ...

    def purge(self, tag: str) -> int | None:
        """Forget every entry stored with *tag*; how many, or None when the back end cannot tell."""
        ...

    def clear(self) -> None: ...

    def lock(self, key: str, *, ttl_seconds: float) -> AbstractContextManager[bool]:
        """Try once to take a lock: the context's value says whether we have it; it is released at the end.

        It is free again after *ttl_seconds* even if the holder lives, and at once when the holder died where the back
        end can tell. Locks and entries share no names.
        """
        ...

    def is_locked(self, key: str) -> bool:
        """Whether somebody holds the lock now."""
        ...

    def stats(self) -> CacheStats: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class CacheBackend:
    """A cache that can be chosen by name in the settings."""

    name: str
    open: Callable[["Settings"], Cache]
    summary: str
