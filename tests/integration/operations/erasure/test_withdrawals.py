"""Consent withdrawn: one call of the application, and workers take back what is held."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from tests.builders.nowhere import nowhere
from tests.builders.stores import SHARDS, keys, store_of
from tiktok_events import AsyncClient, Client, InvalidEvent, OutboxUnavailable, Policy
from tiktok_events.web import Visit, WebEvents, WebSettings, faulty_events
from tiktok_events.web.look import begin
from tiktok_events.web.visit import conceal, expose
from worker.operations.status import read_figures
from worker.operations.withdrawals import Withdrawals, is_time_to_withdraw

PIXEL = "C0WITHDRAW00PIXEL000"
JO = "jo@example.com"
LEASE_S = 60.0


@pytest.fixture
def client(redis_url: str) -> Client:
    """A shop with what waits and what is delayed, of Jo, of Jo's browser, and of Ann."""
    client = Client(redis_url, event_source_id=PIXEL)
    for number, user in enumerate(
        ({"email": JO}, {"ttp": "2F7hBrowser", "ttclid": "E.C.P.x"}, {"email": "ann@example.com"})
    ):
        event: dict[str, Any] = {"event": "Lead", "user": user}
        client.track(event | {"event_id": f"waits-{number}"})
        client.track(event | {"event_id": f"delayed-{number}"}, delay=3600)
    return client


def left(redis: Redis) -> tuple[int, int]:
    """How many events wait and are delayed."""
    figures = read_figures(store_of(redis))
    return figures.waiting, redis.zcard(keys.delayed)


def test_what_is_held_of_a_visitor_is_taken_back(redis: Redis, client: Client) -> None:
    """Of the person and of the browser; nothing of anybody else, and the audit says how much."""
    client.withdraw({"email": JO.upper(), "ttp": "2F7hBrowser"})
    assert is_time_to_withdraw(store_of(redis))
    found = Withdrawals(store_of(redis), lease_s=LEASE_S).run()
    assert (found.waiting, found.delayed) == (2, 2)
    assert left(redis) == (1, 1)
    assert redis.hlen(SHARDS.installation.withdrawals) == 0
    assert not is_time_to_withdraw(store_of(redis))
    assert client.cancel("delayed-2") is True


def test_no_raw_value_is_in_redis(redis: Redis, client: Client) -> None:
    """The request holds digests, like an event."""
    client.withdraw({"email": JO})
    (body,) = redis.hvals(SHARDS.installation.withdrawals)
    assert JO.encode() not in body


def test_the_current_visit_says_which_browser_it_is(redis: Redis, client: Client) -> None:
    """A shop adds what it knows of the account."""
    expose(Visit(Policy(), {"user": {"ttclid": "E.C.P.x", "ip": "8.8.4.4"}}))
    try:
        WebEvents(client).withdraw({"email": JO})
    finally:
        conceal()
    Withdrawals(store_of(redis), lease_s=LEASE_S).run()
    assert left(redis) == (1, 1)


def test_a_browser_that_says_no_already_is_found(redis: Redis, client: Client) -> None:
    """A consent platform changes its cookie before the shop is told; ours and the Pixel's stay."""
    environ = {"HTTP_COOKIE": "ads=no; ttclid=E.C.P.x", "HTTP_HOST": "shop.example"}
    visit = begin(environ, lambda _: False, WebSettings.load({})).visit
    try:
        WebEvents(client).withdraw()
    finally:
        conceal()
    Withdrawals(store_of(redis), lease_s=LEASE_S).run()
    assert left(redis) == (2, 2)
    assert (visit.user, visit.to_dict()["captured"]) == ({}, {})


def test_an_async_client_asks_too(redis: Redis, client: Client, redis_url: str) -> None:
    """Its call is awaited."""

    async def ask() -> None:
        async with AsyncClient(redis_url, event_source_id=PIXEL) as other:
            await other.withdraw({"email": JO})

    asyncio.run(ask())
    client.close()
    assert redis.hlen(SHARDS.installation.withdrawals) == 1


def test_what_is_spooled_here_is_taken_back_too(
    redis: Redis, redis_url: str, tmp_path: Path
) -> None:
    """It is moved into the outbox first, where workers can reach it."""
    spool = {"on_failure": "spool", "spool_file": tmp_path / "spool"}
    with Client(nowhere(), event_source_id=PIXEL, **spool) as away:  # type: ignore[arg-type]
        away.track({"event": "Lead", "user": {"email": JO}})
    with Client(redis_url, event_source_id=PIXEL, **spool) as client:  # type: ignore[arg-type]
        client.withdraw({"email": JO})
    assert Withdrawals(store_of(redis), lease_s=LEASE_S).run().waiting == 1


@pytest.mark.parametrize("user", [{}, {"ip": "8.8.4.4"}, {"email": "n/a"}])
def test_a_withdrawal_of_nobody_is_refused(client: Client, user: Any) -> None:
    """It would take back nothing; a page goes on all the same."""
    before = faulty_events()
    with pytest.raises(InvalidEvent, match="needs one of email"):
        client.withdraw(user)
    WebEvents(client).withdraw(user)
    assert faulty_events() == before + bool(user)


def test_a_withdrawal_is_never_lost_in_silence() -> None:
    """While Redis is away the caller hears of it, whatever becomes of events."""
    with Client(nowhere(), on_failure="drop") as client, pytest.raises(OutboxUnavailable):
        client.withdraw({"email": JO})


def test_junk_among_the_requests_is_removed(redis: Redis, client: Client) -> None:
    """Nobody can carry it out, and the others must not wait for it."""
    redis.hset(
        SHARDS.installation.withdrawals, mapping={"a": b"\xff", "b": b"[]", "c": b'{"email":[7]}'}
    )
    client.withdraw({"email": JO})
    assert Withdrawals(store_of(redis), lease_s=LEASE_S).run().waiting == 1
    assert redis.hlen(SHARDS.installation.withdrawals) == 0
