"""What one thread says and another hears: a bounded queue that can end, for the server side of gRPC streams."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Feed(Generic[T]):
    """At most ``size`` items, oldest first. Iterating waits for the next one and ends when the feed is closed."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._items: deque[T] = deque()
        self._changed = threading.Condition()
        self._closed = False

    def offer(self, item: T) -> None:
        """Adds ``item`` at once; where there is no room, the oldest item makes it: the newest matters."""
        with self._changed:
            if self._closed:
                return
            if len(self._items) >= self._size:
                self._items.popleft()
            self._items.append(item)
            self._changed.notify_all()

    def put(self, item: T, timeout_s: float) -> bool:
        """Adds ``item`` when there is room; False where there was none in ``timeout_s``, or the feed is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or len(self._items) < self._size, timeout_s)
            if self._closed or len(self._items) >= self._size:
                return False
            self._items.append(item)
            self._changed.notify_all()
            return True

    def close(self) -> None:
        """Nothing more will come; what is there can still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def wait_empty(self, timeout_s: float) -> bool:
        """Waits until everything has been taken."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._items, timeout_s)

    def __iter__(self) -> Iterator[T]:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or bool(self._items))
                if not self._items:
                    return
                item = self._items.popleft()
                self._changed.notify_all()
            yield item
