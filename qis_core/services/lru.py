"""A dictionary that forgets what was not used for longest."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class LruDict(Generic[K, V]):
    """At most ``max_entries`` entries. Safe to share between threads."""

    def __init__(self, max_entries: int) -> None:
        self._max_entries = max_entries
        self._entries: OrderedDict[K, V] = OrderedDict()
        self._lock = Lock()

    def find(self, key: K) -> V | None:
        with self._lock:
            value = self._entries.get(key)
            if value is not None:
                self._entries.move_to_end(key)
            return value

    def put(self, key: K, value: V) -> None:
        with self._lock:
            self._entries[key] = value
            self._entries.move_to_end(key)
            while len(self._entries) > self._max_entries:
                self._entries.popitem(last=False)

    def remove(self, key: K) -> None:
        with self._lock:
            self._entries.pop(key, None)

    def remove_where(self, is_unwanted: Callable[[K], bool]) -> None:
        with self._lock:
            for key in [key for key in self._entries if is_unwanted(key)]:
                del self._entries[key]

    def __len__(self) -> int:
        return len(self._entries)
