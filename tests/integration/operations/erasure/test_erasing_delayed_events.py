"""Erasure reaches what waits for its time, too."""

from __future__ import annotations

from typing import Any

from tests.builders.stores import keys, store_of
from tiktok_events import Client
from worker.operations.erasure import Erasure
from worker.operations.erasure_found import Found
from worker.operations.status import read_figures
from worker.outbox.delayed import DelayedEvents


def hold(shop: Any, *emails: str) -> None:
    """One event for each address; its id is who it is."""
    with Client(shop.url, event_source_id="C0P") as client:
        for email in emails:
            event: dict[str, Any] = {
                "event": "Lead",
                "event_id": email.partition("@")[0],
                "user": {"email": email},
            }
            client.track(event, delay=3600)


def test_delayed_events_of_a_person_are_erased(shop: Any) -> None:
    """Those of others stay, and every figure closes."""
    hold(shop, "jo@example.com", "ann@example.com")
    assert shop.erase() == Found(delayed=1)
    figures = read_figures(store_of(shop.redis))
    assert (figures.delayed, figures.count("erased"), figures.unaccounted) == (1, 1, 0)
    assert b"ann" in b"".join(shop.redis.zrange(keys.delayed_ids, 0, -1))


def test_delayed_events_are_counted_before(shop: Any) -> None:
    """A dry run says how many, and changes nothing."""
    hold(shop, "jo@example.com")
    erasure = Erasure(store_of(shop.redis), shop.subject(), lease_s=1)
    looked: list[None] = []
    assert (erasure.steps(), erasure.count(lambda: looked.append(None))) == (1, Found(delayed=1))
    assert (len(looked), len(DelayedEvents(store_of(shop.redis)))) == (1, 1)


def test_what_took_its_place_meanwhile_is_looked_at_again(shop: Any) -> None:
    """An event of the same identity may be of somebody else by then."""
    hold(shop, "jo@example.com")
    delayed = DelayedEvents(store_of(shop.redis))
    (seen,) = delayed
    with Client(shop.url, event_source_id="C0P") as client:
        client.track({"event": "Lead", "event_id": "jo"}, delay=60)
    assert (delayed.erase(seen), len(delayed)) == (False, 1)
