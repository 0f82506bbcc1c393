"""What a delivery adds to the figures of the hour, by event name."""

from __future__ import annotations

import time
from typing import Any, Final

from redis import Redis

from tests.builders.delivery import deliver_once
from tests.builders.figures import figures_off, fold_all, total
from tests.builders.stores import store_of
from tiktok_events import Client
from tiktok_events.event.destination import Destination
from worker.settings import Settings

PIXEL: Final = Destination("web", "C0EXAMPLE0PIXEL0CODE")


def _purchase(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "event": "Purchase",
        "event_id": f"p{number}",
        "event_time": int(time.time()) - 5,
        "user": {"email": f"shopper{number}@example.com", "ip": "192.0.2.1"},
        "properties": {"value": 19.99, "currency": "EUR"},
        **changes,
    }


def _delivered(redis: Redis, redis_url: str, settings: Settings, *events: dict[str, Any]) -> Any:
    with Client(redis_url, event_source_id=PIXEL.event_source_id, linger_ms=0) as client:
        client.track_many(events)
    deliver_once(redis, settings, PIXEL)
    return total(redis)


def test_what_is_delivered_counts_with_its_match_keys_and_value(
    redis: Redis, redis_url: str, settings: Settings
) -> None:
    """Each event under its name, the request under none."""
    lead = _purchase(3, event="Contact", user={"ttclid": "E.C.P.abc"}, properties={})

    cell = _delivered(redis, redis_url, settings, _purchase(1), _purchase(2), lead)

    purchases, contacts = cell["Purchase"], cell["Contact"]
    assert {k: n for k, n in purchases.items() if not k.startswith("latency")} == {
        "accepted": 2,
        "delivered": 2,
        "key:email": 2,
        "key:ip": 2,
        "value:EUR": 39_980,
    }
    assert (contacts["delivered"], contacts["key:ttclid"]) == (1, 1)
    assert sum(n for k, n in purchases.items() if k.startswith("latency:")) == 2
    assert cell[""] == {"requests": 1}


def test_junk_is_no_match_key(redis: Redis, redis_url: str, settings: Settings) -> None:
    """It is counted as what it is, and the key as absent."""
    junk = _purchase(1, user={"email": "none", "ip": "192.0.2.1"})

    cell = _delivered(redis, redis_url, settings, junk)

    assert (cell["Purchase"]["junk"], cell["Purchase"].get("key:email")) == (1, None)


def test_what_is_mended_or_dies_is_counted_by_name(
    redis: Redis, redis_url: str, settings: Settings
) -> None:
    """Salvaged by its path, dead by its reason."""
    mended = _purchase(1, properties={"num_items": 2.5})
    too_old = _purchase(2, event="Contact", event_time=int(time.time()) - 30 * 86_400)

    cell = _delivered(redis, redis_url, settings, mended, too_old)

    assert cell["Purchase"]["salvaged:properties.num_items"] == 1
    assert cell["Contact"] == {"accepted": 1, "dead:expired": 1}


def test_sums_over_hours_are_the_counters(redis: Redis, redis_url: str, settings: Settings) -> None:
    """Before a fold and after it, with events that die, are delayed and cancelled, too."""
    too_old = _purchase(20, event_time=int(time.time()) - 30 * 86_400)
    events = [*map(_purchase, range(20)), too_old]
    _delivered(redis, redis_url, settings, *events)
    with Client(redis_url, event_source_id=PIXEL.event_source_id) as client:
        client.track(_purchase(30), delay=60)
        client.track(_purchase(31), delay=60)
        client.cancel("p30")

    assert figures_off(store_of(redis)) == {}
    fold_all(redis)
    assert figures_off(store_of(redis)) == {}
    assert total(redis)["Purchase"]["accepted"] == 23
