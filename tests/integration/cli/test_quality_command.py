"""`tiktok-events quality`: coverage by match key, and what is at risk."""

from __future__ import annotations

import time
from typing import Any

import pytest
from click.testing import Result
from redis import Redis

from tests.builders.commands import objects, tiktok_events
from tests.builders.figures import SHOP, fold_all, settled
from tests.builders.letters import bury
from tests.builders.stores import store_of
from tiktok_events import Client
from worker.outbox.parking import Parking
from worker.reporting.figures.period import Period

PIXEL = SHOP.partition(":")[2]


def run(redis_url: str, *arguments: str) -> Result:
    """Run `tiktok-events quality`."""
    return tiktok_events("quality", *arguments, REDIS_URL=redis_url)


def delivered(redis: Redis, days_ago: int, with_email: int) -> None:
    """A hundred purchases in the hour that runs, some days ago; so many had an address."""
    hour = Period.hour(int(redis.time()[0]) // 3_600 - 24 * days_ago)
    settled(
        redis, {"Purchase": {"delivered": 100, "key:email": with_email, "key:ip": 100}}, hour=hour
    )
    fold_all(redis)


def sale(value: float, days_ago: float = 0.0) -> dict[str, Any]:
    """A purchase that has 7 days from then on."""
    at = int(time.time() - days_ago * 86_400)
    properties = {"value": value, "currency": "EUR"}
    return {"event": "Purchase", "event_time": at, "properties": properties}


def test_coverage_is_compared_with_the_same_hours_before(redis: Redis, redis_url: str) -> None:
    """Each match key by itself."""
    for day in range(1, 8):
        delivered(redis, day, 70)
    delivered(redis, 0, 58)

    email, ip = objects(run(redis_url, "--hours", "1", "--json"))

    assert email["destination"] == SHOP
    assert (email["event"], email["key"], email["events"]) == ("Purchase", "email", 100)
    assert (email["share"], email["usual"]) == (0.58, 0.7)
    assert (ip["share"], ip["usual"]) == (1.0, 1.0)
    output = run(redis_url, "--hours", "1").stdout
    assert output.splitlines()[:4] == [
        SHOP,
        "event     events     email",
        "Purchase     100  58 % -12",
        "100 %: ip",
    ]


def test_what_waits_is_at_risk_by_the_time_that_is_left(redis_url: str) -> None:
    """In the currency; delayed events are told apart."""
    with Client(redis_url, event_source_id=PIXEL) as client:
        client.track_many([sale(10.0), sale(5.5), sale(100.0, days_ago=6.9)])
        client.track(sale(7.0), delay=60)

    risks = objects(run(redis_url, "--json"))

    assert risks == [
        {"state": "delayed", "currency": "EUR", "within_h": 168, "events": 1, "value": 7.0},
        {"state": "waiting", "currency": "EUR", "within_h": 6, "events": 1, "value": 100.0},
        {"state": "waiting", "currency": "EUR", "within_h": 168, "events": 2, "value": 15.5},
    ]


def test_of_a_long_outbox_some_blocks_stand_for_the_others(redis_url: str) -> None:
    """The count is exact, the worth is about right."""
    with Client(redis_url, event_source_id=PIXEL) as client:
        for _ in range(300):
            client.track_many([sale(10.0)] * 5)

    (risk,) = objects(run(redis_url, "--json"))

    assert (risk["events"], risk["value"]) == (1_500, 15_000.0)


def test_parked_and_dead_are_at_risk_too(redis: Redis, redis_url: str) -> None:
    """Dead only while it can still be sent."""
    with Client(redis_url, event_source_id=PIXEL) as client:
        client.track(sale(10.0))
    Parking(store_of(redis)).park(SHOP, "token revoked", who="test")
    bury(redis, sale(20.0), expires_at=time.time() + 3_000)
    bury(redis, sale(40.0), expires_at=time.time() - 7_200)

    found = {one["state"]: one["value"] for one in objects(run(redis_url, "--json"))}

    assert found == {"parked": 10.0, "dead": 20.0}


@pytest.mark.parametrize("arguments", [(), ("--destination", SHOP)])
def test_nothing_is_said_so(redis_url: str, arguments: tuple[str, ...]) -> None:
    """On an empty server."""
    output = run(redis_url, *arguments).stdout

    assert "Nothing was delivered in that time." in output
    assert "Nothing is at risk." in output


def test_status_tells_both(redis: Redis, redis_url: str) -> None:
    """Of all destinations together: what has fallen, and what is at risk."""
    for day in range(1, 8):
        delivered(redis, day, 70)
    delivered(redis, 0, 58)
    with Client(redis_url, event_source_id=PIXEL) as client:
        client.track_many([sale(10.0), sale(100.0, days_ago=6.9)])

    output = tiktok_events("status", REDIS_URL=redis_url).stdout
    (known,) = objects(tiktok_events("status", "--json", REDIS_URL=redis_url))

    assert "at risk: 110.00 EUR, of it 100.00 EUR within 24 h" in output
    assert "coverage of Purchase has fallen: email 58 % (-12)" in output
    assert [one["value"] for one in known["at_risk"]] == [100.0, 10.0]
    assert {one["key"]: one["share"] for one in known["coverage"]} == {"email": 0.58, "ip": 1.0}
