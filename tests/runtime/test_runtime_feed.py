"""Feeds and audiences: who hears what, and who is let go."""

from __future__ import annotations

import threading

from gridran.runtime.audience import Audience
from gridran.runtime.feed import Feed


def audience(size: int) -> Audience[int]:
    return Audience(threading.Condition(), size)


def test_a_full_feed_keeps_the_newest() -> None:
    """``offer`` makes room by dropping the oldest item."""
    feed: Feed[int] = Feed(2)
    for item in range(5):
        feed.offer(item)
    feed.close()
    assert list(feed) == [3, 4]


def test_a_full_feed_refuses_what_must_not_be_lost() -> None:
    """``put`` waits for room, and says so when there is none; a closed feed takes nothing."""
    feed: Feed[int] = Feed(1)
    assert feed.put(1, 0.0)
    assert not feed.put(2, 0.01)
    feed.close()
    assert not feed.put(3, 1.0)
    feed.offer(4)
    assert list(feed) == [1]


def test_a_listener_waits_for_the_next_item() -> None:
    """Iterating blocks until something comes, from any thread, and ends with the feed."""
    feed: Feed[int] = Feed(1)
    heard: list[int] = []
    listener = threading.Thread(target=lambda: heard.extend(feed))
    listener.start()
    assert all(feed.put(item, 10.0) for item in range(3))
    feed.close()
    listener.join(10.0)
    assert heard == [0, 1, 2]


def test_a_newcomer_hears_the_present_item_first() -> None:
    """What is present is heard at once, until it is forgotten."""
    crowd = audience(1)
    crowd.publish(7)
    early = crowd.join()
    crowd.forget_present()
    late = crowd.join()
    crowd.close()
    assert (list(early), list(late)) == ([7], [])


def test_only_a_stuck_listener_is_let_go() -> None:
    """Who takes nothing in time loses the stream; the others hear everything."""
    crowd = audience(1)
    stuck, quick = crowd.join(), crowd.join()
    assert crowd.publish_whole(1, 0.01) == 0
    assert next(iter(quick)) == 1
    assert crowd.publish_whole(2, 0.01) == 1
    assert len(crowd) == 1
    crowd.close()
    assert (list(stuck), list(quick)) == ([1], [2])


def test_a_closed_audience_has_no_newcomers() -> None:
    """Joining after the end gives a feed that ends at once."""
    crowd = audience(1)
    crowd.close()
    assert list(crowd.join()) == []
    assert len(crowd) == 0
