"""What a policy keeps back never reaches a real outbox."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from typing import Any

import pytest
from redis import Redis

from tests.builders.stores import keys
from tests.builders.waiting import events_waiting
from tiktok_events import AsyncClient, Client, InvalidSetting, OutboxUnavailable, Policy

OUTBOX = keys.outbox("web:PIXEL1")
EVENT: dict[str, Any] = {
    "event": "Purchase",
    "page": {"url": "https://shop.example/?coupon=A7&ttclid=E.C.P"},
}
NOWHERE = "redis://127.0.0.1:1/0"


def test_a_dropped_event_is_counted_and_not_enqueued() -> None:
    """It has an id all the same, and needs no Redis."""
    with Client(NOWHERE, event_source_id="PIXEL1", policy=Policy("drop")) as client:
        ids = [client.track(EVENT, event_id="a"), *client.track_many([EVENT | {"event_id": "b"}])]
        assert (ids, client.withheld) == (["a", "b"], 2)


def test_an_async_client_drops_too() -> None:
    """Nothing is enqueued, so nothing can fail, even while Redis is known to be away."""

    async def withheld() -> int:
        async with AsyncClient(NOWHERE, event_source_id="PIXEL1") as client:
            with pytest.raises(OutboxUnavailable):
                await client.track(EVENT)
            await client.track(EVENT, policy=Policy("drop"))
            await client.track_many([EVENT, EVENT], policy=Policy("drop"))
            return client.withheld

    assert asyncio.run(withheld()) == 3


def test_one_call_may_have_a_policy_of_its_own(redis: Redis, redis_url: str) -> None:
    """The others keep the client's."""
    with Client(redis_url, event_source_id="PIXEL1", policy=Policy("limit")) as client:
        client.track(EVENT)
        client.track(EVENT, policy=Policy())
        client.track_many([EVENT, EVENT], policy=Policy("drop"))
        flags = [body.get("limited_data_use") for body in events_waiting(redis, "web:PIXEL1")]
        assert (flags, client.withheld) == ([True, None], 2)


def test_a_function_drops_some_of_many(redis: Redis, redis_url: str) -> None:
    """The ids keep their places."""

    def rule(event: Mapping[str, Any]) -> Policy:
        return Policy("drop" if event["event_id"] == "b" else "keep")

    with Client(redis_url, event_source_id="PIXEL1", policy=rule) as client:
        ids = client.track_many(EVENT | {"event_id": one} for one in "abc")
        assert (ids, client.withheld) == (["a", "b", "c"], 1)
        assert [body["event_id"] for body in events_waiting(redis, "web:PIXEL1")] == ["a", "c"]


def test_threads_lose_no_count() -> None:
    """One client, shared."""
    with Client(NOWHERE, event_source_id="PIXEL1", policy=Policy("drop")) as client:
        threads = [
            threading.Thread(target=lambda: [client.track(EVENT) for _ in range(500)])
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert client.withheld == 4_000


def test_url_parameters_of_the_setting_are_stripped(
    redis: Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the environment, or from the argument, which wins."""
    monkeypatch.setenv("TIKTOK_EVENTS_STRIP_URL_PARAMETERS", "Coupon")
    for given in (None, ["other"]):
        with Client(redis_url, event_source_id="PIXEL1", strip_url_parameters=given) as client:
            client.track(EVENT)
    expected = ["https://shop.example/?ttclid=E.C.P", EVENT["page"]["url"]]
    assert expected == [body["page"]["url"] for body in events_waiting(redis, "web:PIXEL1")]


def test_what_is_no_policy_is_refused_at_once() -> None:
    """Not at the first event."""
    with pytest.raises(InvalidSetting, match="must be a Policy or a function, not str"):
        Client(NOWHERE, policy="drop")  # type: ignore[arg-type]
