"""`tiktok-events trace`: what became of an event, in every state that it can be in."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from redis import Redis

from tests.builders.commands import objects, tiktok_events
from tests.builders.delivery import deliver_once
from tests.builders.fake_api import FakeApi, Reply, Request
from tests.builders.replays import replay_letter
from tests.builders.stores import keys, store_of
from tiktok_events import Client
from tiktok_events.event.destination import Destination
from worker.letters.dead_letters import DeadLetters
from worker.operations.data_subject import DataSubject
from worker.operations.erasure import Erasure
from worker.operations.erasure_found import Found
from worker.outbox.claim import Want
from worker.outbox.outbox import Outbox
from worker.outbox.parking import Parking
from worker.outbox.settlement import TokenLimit
from worker.settings import Settings

PIXEL = Destination("web", "C0PIXEL")
PAGE = {"url": "https://shop.example/"}


def answer(code: int, message: str) -> Any:
    """What answers every request alike."""

    def reply(request: Request) -> Reply:
        return 200, {}, {"code": code, "message": message, "request_id": f"R{request.number}"}

    return reply


@dataclass
class Shop:
    """A shop, its worker and its operator.

    Attributes:
        redis: the server.
        settings: of the worker.
        api: what the worker sends to.
        client: of the shop.
    """

    redis: Redis
    settings: Settings
    api: FakeApi
    client: Client

    def buy(self, order: str, **more: Any) -> None:
        """Track the purchase of an order."""
        event: dict[str, Any] = {"event": "Purchase", "event_id": f"order-{order}", "page": PAGE}
        self.client.track(event | {"properties": {"order_id": order}} | more)

    def deliver(self, code: int = 0, message: str = "OK") -> None:
        """Deliver what waits, and be answered so."""
        self.api.answers[PIXEL.event_source_id] = answer(code, message)
        self.redis.hdel(keys.state(PIXEL.key), "not_before")
        deliver_once(self.redis, self.settings, PIXEL)

    def outbox(self) -> Outbox:
        """Of another worker."""
        return Outbox(store_of(self.redis), consumer="host:1:a", lease_ms=25_000)

    def traced(self, *words: str) -> list[dict[str, Any]]:
        """What `trace --json` finds for each word."""
        return objects(self.run(*words, "--json"))

    def life(self, *words: str) -> dict[str, Any]:
        """The one life of one word."""
        ((life,),) = (one["found"] for one in self.traced(*words))
        assert isinstance(life, dict)
        return life

    def run(self, *words: str) -> Any:
        """Run `tiktok-events trace`."""
        return tiktok_events("trace", *words, REDIS_URL=self.settings.redis_url)


@pytest.fixture
def shop(redis: Redis, redis_url: str) -> Iterator[Shop]:
    """With an API that accepts everything."""
    with (
        FakeApi() as api,
        Client(redis_url, event_source_id=PIXEL.event_source_id, linger_ms=0) as client,
    ):
        settings = Settings.load(
            {}, redis_url=redis_url, api_url=api.url, access_token="token", retry_base_s=0.01
        )
        yield Shop(redis, settings, api, client)


def whats(life: dict[str, Any]) -> list[str]:
    """What happened, in order."""
    return [step["what"] for step in life["steps"]]


@pytest.mark.parametrize("word", ["order-7", "7"])
def test_a_waiting_event_tells_how_many_are_before_it(shop: Shop, word: str) -> None:
    """By its id and by the number of its order."""
    for order in range(10):
        shop.buy(str(order))
    life = shop.life(word)
    assert (life["state"], life["behind"], life["order_id"]) == ("waiting", 7, "7")
    assert (life["event"], life["destination"]) == ("Purchase", PIXEL.key)
    assert whats(life) == ["accepted"]


def test_a_claimed_event_tells_by_whom_and_until_when(shop: Shop) -> None:
    """The worker, and the end of its lease."""
    shop.buy("1")
    shop.outbox().claim([Want(PIXEL.key, 10, 10**6, TokenLimit("t", 100.0))])
    life = shop.life("1")
    assert (life["state"], life["holder"]) == ("claimed", "host:1:a")
    assert 20 < life["until"] - time.time() <= 26


def test_an_event_that_failed_tells_each_attempt(shop: Shop) -> None:
    """Time, verdict, code, duration and request id; and that its destination backs off."""
    shop.buy("1")
    shop.deliver(50002, "try later")
    shop.deliver(50002, "try later")
    life = shop.life("1")
    assert whats(life) == ["accepted", "attempt", "attempt"]
    attempt = life["steps"][-1]
    assert (attempt["verdict"], attempt["code"], attempt["request_id"]) == (
        "transient",
        50002,
        "R1",
    )
    assert life["behind"] == 0


def test_an_event_of_a_parked_destination_tells_what_to_do(shop: Shop) -> None:
    """The cause, and the command."""
    shop.buy("1")
    Parking(store_of(shop.redis)).park(PIXEL.key, "the token was revoked")
    life = shop.life("1")
    assert life["reason"] == "its destination is parked: the token was revoked"
    assert f"tiktok-events destinations resume {PIXEL.key}" in life["advice"]


def test_a_delayed_event_tells_when_it_is_released(shop: Shop) -> None:
    """Whatever else is delayed, by whomever."""
    for number in range(30):
        other: dict[str, Any] = {"event": "Lead", "event_id": f"lead-{number}", "page": PAGE}
        shop.client.track(other | {"event_source_id": f"C0OTHER{number}"}, delay=600)
    event: dict[str, Any] = {"event": "Purchase", "event_id": "order-1", "page": PAGE}
    shop.client.track(event | {"properties": {"order_id": "A-1"}}, delay=600)
    for word in ("order-1", "A-1"):
        life = shop.life(word)
        assert (life["state"], life["destination"]) == ("delayed", PIXEL.key)
        assert 590 < life["due_at"] - time.time() <= 601
    assert shop.life("lead-29")["destination"] == "web:C0OTHER29"


def test_a_delivered_event_tells_which_request_took_it(shop: Shop) -> None:
    """And that it had been tried before; what waits is not looked at."""
    shop.buy("1")
    shop.deliver(50002, "try later")
    shop.deliver()
    (found,) = shop.traced("order-1")
    (life,) = found["found"]
    assert (life["state"], found["looked_at_waiting"]) == ("delivered", False)
    assert whats(life) == ["accepted", "delivered"]
    last = life["steps"][-1]
    assert (last["request_id"], last["attempts"]) == ("R1", 2)


def test_a_dead_event_tells_why_and_what_to_do(shop: Shop) -> None:
    """By its id and by the number of its order."""
    shop.buy("1")
    shop.deliver(40002, "bad value")
    (letter,) = DeadLetters(store_of(shop.redis))
    for word in ("order-1", "1"):
        life = shop.life(word)
        assert (life["state"], life["letter"]) == ("dead", letter.id)
        assert whats(life) == ["accepted", "attempt", "died"]
        assert "bad value" in life["reason"]
        assert f"dead edit {letter.id}" in life["advice"]


def test_a_replayed_event_tells_of_both_lives(shop: Shop) -> None:
    """While it waits again, and when it was delivered."""
    shop.buy("1")
    shop.deliver(40002, "bad value")
    (letter,) = DeadLetters(store_of(shop.redis))
    assert replay_letter(shop.redis, letter.id)
    assert whats(shop.life("order-1")) == ["accepted", "attempt", "died", "replayed"]
    assert shop.life("order-1")["state"] == "waiting"
    shop.deliver()
    life = shop.life("order-1")
    assert whats(life) == ["accepted", "died", "delivered"]
    assert (life["state"], "after a replay" in life["reason"]) == ("delivered", True)


def test_a_purged_event_tells_so(shop: Shop) -> None:
    """It died, its letter is gone, and it does not wait."""
    shop.buy("1")
    shop.deliver(40002, "bad value")
    letters = DeadLetters(store_of(shop.redis))
    letters.purge(list(letters))
    assert shop.life("order-1")["state"] == "purged"
    assert "or was replayed" in shop.life("order-1", "--no-waiting")["reason"]


def test_an_erased_event_tells_no_more_than_that(shop: Shop) -> None:
    """Also if it had been dead before."""
    shop.buy("1", user={"email": "jo@example.com"})
    shop.deliver(40002, "bad value")
    shop.buy("2", user={"email": "jo@example.com"})
    subject = DataSubject.of({"email": ["jo@example.com"]}, None)
    Erasure(store_of(shop.redis), subject, lease_s=1).run(Found(), lambda: None)
    for order in ("1", "2"):
        life = shop.life(order)
        assert (life["state"], whats(life)) == ("erased", ["erased"])


def test_one_id_may_be_of_several_events(shop: Shop) -> None:
    """Each tells its own life."""
    shop.buy("1")
    shop.deliver()
    event: dict[str, Any] = {"event": "Lead", "event_id": "order-1", "page": PAGE}
    shop.client.track(event | {"event_source_id": "C0OTHER"})
    (found,) = shop.traced("order-1", "--waiting")
    assert sorted((life["event"], life["state"]) for life in found["found"]) == [
        ("Lead", "waiting"),
        ("Purchase", "delivered"),
    ]


def test_an_id_that_nobody_knows_is_not_found(shop: Shop) -> None:
    """It says what that may mean, and fails; others are shown all the same."""
    shop.buy("1")
    result = shop.run("order-1", 'ördér"-2')
    assert result.exit_code == 1
    assert "order-1: waiting" in result.stdout
    assert "Nothing is known of it" in result.stdout
    assert [len(one["found"]) for one in shop.traced("order-1", "order-2")] == [1, 0]
    assert shop.run("order-1", "--no-waiting").exit_code == 1
    assert shop.run(" ").exit_code == 2


def test_many_ids_are_traced_in_one_pass(shop: Shop) -> None:
    """In the order in which they were asked for."""
    for order in range(60):
        shop.buy(str(order))
        if order == 30:
            shop.deliver()
    words = [f"order-{order}" for order in range(60)]
    found = shop.traced(*words)
    assert [one["asked"] for one in found] == words
    assert [life["state"] for one in found for life in one["found"]] == (
        ["delivered"] * 31 + ["waiting"] * 29
    )
