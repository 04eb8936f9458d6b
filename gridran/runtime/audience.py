"""The open streams of one kind, and what everybody who listens is told."""

from __future__ import annotations

import threading
import time
from typing import Generic, TypeVar

from gridran.runtime.feed import Feed

T = TypeVar("T")


class Audience(Generic[T]):
    """The open streams of one kind. A newcomer hears ``present`` first, if there is one."""

    def __init__(self, changed: threading.Condition, feed_size: int) -> None:
        self._changed = changed
        self._feed_size = feed_size
        self._feeds: list[Feed[T]] = []
        self._present: T | None = None
        self._closed = False

    @property
    def present(self) -> T | None:
        """What a newcomer would hear."""
        return self._present

    def join(self) -> Feed[T]:
        """A feed of all that is published from now on."""
        feed: Feed[T] = Feed(self._feed_size)
        with self._changed:
            if self._present is not None:
                feed.offer(self._present)
            if self._closed:
                feed.close()
            else:
                self._feeds.append(feed)
            self._changed.notify_all()
        return feed

    def leave(self, feed: Feed[T]) -> None:
        """That listener is gone; nothing happens where it was gone already."""
        with self._changed:
            self._feeds = [one for one in self._feeds if one is not feed]
            self._changed.notify_all()
        feed.close()

    def publish(self, item: T, present: bool = True) -> None:
        """To everybody at once: a slow listener loses older items. ``present``: to newcomers, too."""
        with self._changed:
            self._present = item if present else None
            for feed in self._feeds:
                feed.offer(item)

    def publish_whole(self, item: T, timeout_s: float) -> int:
        """To everybody, none left out: waits for the slow, and ends the streams that take nothing for ``timeout_s``.

        Returns how many were ended."""
        with self._changed:
            feeds = list(self._feeds)
        stuck = [feed for feed in feeds if not feed.put(item, timeout_s)]
        for feed in stuck:
            self.leave(feed)
        return len(stuck)

    def forget_present(self) -> None:
        """Newcomers wait for the next item."""
        with self._changed:
            self._present = None

    def end_streams(self) -> None:
        """All present streams end; new ones may be opened."""
        with self._changed:
            feeds, self._feeds = self._feeds, []
            self._changed.notify_all()
        for feed in feeds:
            feed.close()

    def close(self, drain_s: float = 0.0) -> None:
        """All streams end, once everything was taken or ``drain_s`` is over; new ones end at once."""
        with self._changed:
            self._closed, self._present = True, None
            feeds, self._feeds = self._feeds, []
            self._changed.notify_all()
        until_s = time.monotonic() + drain_s
        for feed in feeds:
            feed.close()
            feed.wait_empty(max(0.0, until_s - time.monotonic()))

    def __len__(self) -> int:
        return len(self._feeds)
