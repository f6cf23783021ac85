"""Keeps what was read for some seconds, so that every open tab shares one read."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")
MOST_ENTRIES = 500


class _Entry(NamedTuple):
    until: float
    value: Any


@dataclass
class Cache:
    """Values under their names. Of several readers at the same time, one reads and the others wait for its value."""

    now: Callable[[], float]
    _entries: dict[object, _Entry] = field(default_factory=dict)
    _locks: dict[object, threading.Lock] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, name: object, seconds: float, read: Callable[[], T]) -> T:
        """Return the value that is kept, or read it and keep it for some seconds. An error is not kept."""
        with self._lock:
            lock = self._locks.setdefault(name, threading.Lock())
        with lock:
            entry = self._entries.get(name)
            if entry is None or self.now() >= entry.until:
                entry = _Entry(self.now() + seconds, read())
                self._entries[name] = entry
                self._forget_old()
        value: T = entry.value
        return value

    def clear(self) -> None:
        """Forget all values: an action has changed what they show."""
        with self._lock:
            self._entries.clear()

    def _forget_old(self) -> None:
        if len(self._entries) > MOST_ENTRIES:
            with self._lock:
                now = self.now()
                for name in [name for name, entry in self._entries.items() if entry.until < now]:
                    self._entries.pop(name, None)
                    self._locks.pop(name, None)
