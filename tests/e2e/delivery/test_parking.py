"""Faults that need a person: the destination is parked and its events wait."""

from __future__ import annotations

from collections import Counter
from typing import Any

from redis import Redis

from tests.builders.stores import store_of
from tests.builders.wait import wait_until
from tests.e2e.delivery.replies import (
    FAST,
    KEY,
    NO_PERMISSION,
    OTHER_PIXEL,
    PIXEL,
    YES,
    arrived,
    in_turn,
    purchase,
)
from tiktok_events import Client
from worker.outbox.parking import Parking

# --- parking ----------------------------------------------------------------------------


def test_a_destination_without_permission_waits_for_a_person(
    redis: Redis, client: Client, fake_api: Any, start_worker: Any, parked: Any
) -> None:
    """Nothing is sent to it until it is resumed, then one probe, then all; others flow on."""
    fake_api.answers[PIXEL] = in_turn(NO_PERMISSION)
    start_worker(**FAST)
    ids = [client.track(purchase("ord-0"))]
    assert parked() == "credential: No permission for this pixel."
    ids += client.track_many([purchase(f"ord-{number}") for number in range(1, 3500)])
    for number in range(3):
        client.track(purchase(f"other-{number}", OTHER_PIXEL))
        wait_until(lambda n=number: len(fake_api.accepted(OTHER_PIXEL)) > n)
    assert len(fake_api.requests(PIXEL)) == 1

    fake_api.answers[PIXEL] = in_turn(YES)
    fake_api.latency_s = 0.2
    assert Parking(store_of(redis)).resume(KEY)
    wait_until(lambda: arrived(fake_api.accepted(PIXEL)).total() >= len(ids))
    assert arrived(fake_api.accepted(PIXEL)) == Counter(ids)
    _, probe, next_one, *_ = fake_api.requests(PIXEL)
    assert next_one.at >= probe.at + fake_api.latency_s


def test_a_redirect_is_not_followed(
    client: Client, fake_api: Any, start_worker: Any, parked: Any
) -> None:
    """It would carry the token elsewhere; the destination is parked."""
    elsewhere = f"{fake_api.url}/elsewhere/"
    fake_api.answers[PIXEL] = in_turn((302, {"Location": elsewhere}, b""))
    worker = start_worker(**FAST)
    client.track(purchase("ord-1"))
    assert parked() == "configuration: HTTP 302 without a code"
    worker.kill()
    assert [request.path for request in fake_api.requests()] == ["/open_api/v1.3/event/track/"]


def test_without_a_token_events_wait(
    redis: Redis, client: Client, fake_api: Any, start_worker: Any, parked: Any
) -> None:
    """The reason names the variable to set; once it is, all are delivered."""
    worker = start_worker(ACCESS_TOKEN=None)
    ids = client.track_many([purchase(f"ord-{number}") for number in range(3)])
    assert "set TIKTOK_EVENTS_ACCESS_TOKEN" in parked()
    worker.kill()
    assert fake_api.requests() == []
    start_worker()
    Parking(store_of(redis)).resume(KEY)
    wait_until(fake_api.accepted)
    assert arrived(fake_api.accepted()) == Counter(ids)
