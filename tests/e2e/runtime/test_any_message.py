"""Whatever lies in the queues: the worker lives, and each message is accounted for."""

from __future__ import annotations

import base64
import json
import os
import random
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from typing import Any, Final

from redis import Redis

from tests.builders.counters import counters
from tests.builders.stores import broker_keys, keys
from tests.builders.wait import wait_until
from tiktok_events import Client

PIXEL: Final = "C0ANY0MESSAGE0000000"
MESSAGES: Final = int(os.environ.get("FUZZED_MESSAGES", "4000"))
SEED: Final = int(os.environ.get("FUZZED_SEED", "12"))
RAW: Final = "Jo.Doe@Example.com"
QUEUE: Final = broker_keys.prefix + broker_keys.queue
LISTS: Final = (QUEUE, QUEUE, QUEUE + "\x06\x163", broker_keys.queue, broker_keys.doorbell)

VALUES: Final[Sequence[Any]] = (
    None, True, 0, -1, 10**30, 1e308, "", "x", RAW, "\x00", "\ud800", "é" * 300, [], {}, [[]],
    [None], {"a": {}}, [1, 2], "2020-01-01T00:00:00", "9999-99-99", ["a"] * 50,
)  # fmt: skip


def event() -> dict[str, Any]:
    """A good one, without an id or a time."""
    return {
        "event": "Purchase",
        "event_source_id": PIXEL,
        "user": {"email": RAW},
        "page": {"url": "https://shop.example/"},
    }


def nested(levels: int) -> Any:
    """An event that holds itself, as it were."""
    inner: Any = 1
    for _ in range(levels):
        inner = {"properties": inner}
    return event() | {"properties": inner}


class Fuzz:
    """Messages as broken programs write them; the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def message(self) -> bytes:
        """One message."""
        shape = self._random.choice(
            [self._changed, self._changed, self._changed, self._cut, self._bytes, self._bare]
        )
        return shape()

    def _envelope(self) -> dict[str, Any]:
        body = json.dumps(self._body()).encode()
        number = str(self._random.getrandbits(64))
        return {
            "body": base64.b64encode(body).decode(),
            "content-encoding": "utf-8",
            "content-type": "application/json",
            "headers": {"task": self._task(), "id": number, "root_id": number, "lang": "py"},
            "properties": {
                "correlation_id": number,
                "delivery_mode": 2,
                "delivery_info": {"exchange": "", "routing_key": broker_keys.queue},
                "priority": 0,
                "body_encoding": "base64",
                "delivery_tag": number,
            },
        }

    def _task(self) -> str:
        return self._random.choice(
            ["tiktok_events.track"] * 6
            + ["tiktok_events.trak", "tiktok_events.deliver", "tiktok_events.replay", "mail.send"]
        )

    def _body(self) -> Any:
        return self._random.choice(
            [
                [[event()], {}, {}],
                [[event()], {}, {"chain": [{"task": "tiktok_events.deliver"}], "errbacks": [1]}],
                [[], {"event": event()}, {}],
                [event()],
                [[nested(self._random.choice([20, 100, 480, 900]))], {}, {}],
                [[self._value()], {}, {}],
                [[event() | {"user": self._value()}], {}, {}],
                [[event() | {"event_time": self._value()}], {}, {}],
                [[event() | {"event_id": self._value()}], {}, {}],
                self._value(),
            ]
        )

    def _value(self) -> Any:
        return deepcopy(self._random.choice(VALUES))  # a message may change it

    def _changed(self) -> bytes:
        """An envelope of which some parts are gone or of another kind."""
        document: Any = self._envelope()
        for _ in range(self._random.randrange(4)):
            part = self._random.choice([document, document["headers"], document["properties"]])
            if not isinstance(part, dict):
                continue
            name = self._random.choice([*part, "eta", "expires", "timelimit", "retries", "group"])
            if self._random.random() < 0.5 and name not in {"headers", "properties"}:
                part.pop(name, None)
            else:
                part[name] = self._value()
            if not all(isinstance(document.get(name), dict) for name in ("headers", "properties")):
                break
        return json.dumps(document).encode()

    def _cut(self) -> bytes:
        whole = self._changed()
        return whole[: self._random.randrange(len(whole))] or b"{"

    def _bytes(self) -> bytes:
        return self._random.choice([b"null", b"7", b"[]", b"{}", self._random.randbytes(30)])

    def _bare(self) -> bytes:
        return json.dumps(self._body()).encode()


def sent_by(fuzz: Fuzz, count: int, redis: Redis) -> Iterator[int]:
    """Push messages; yields now and then how many stand there."""
    for first in range(0, count, 500):
        with redis.pipeline(transaction=False) as pipeline:
            for number in range(first, min(first + 500, count)):
                pipeline.lpush(LISTS[number % len(LISTS)], fuzz.message())
            pipeline.execute()
        yield min(first + 500, count)


def test_each_message_is_accounted_for(
    redis: Redis, redis_url: str, fake_api: Any, start_worker: Callable[..., Any]
) -> None:
    """As an accepted event, a dead letter or a foreign message; or it was a good bell."""
    worker = start_worker()
    fuzz, live = Fuzz(SEED), 0
    with Client(redis_url, event_source_id="C0LIVE") as client:
        for count in sent_by(fuzz, MESSAGES, redis):
            client.track({"event": "Purchase", "page": {"url": "https://shop.example/"}})
            live += 1
            assert worker.running, count
    wait_until(lambda: redis.exists(*LISTS, broker_keys.inbox) == 0, 60 + MESSAGES / 200)
    wait_until(lambda: len(fake_api.accepted("C0LIVE")) > 0)
    wait_until(lambda: sum(len(r.ids) for r in fake_api.accepted("C0LIVE")) == live)
    counted = counters(redis)
    unread = [letter for letter in letters(redis) if not letter["destination"]]
    buried = len(unread)
    accepted = counted["accepted"] - live - buried  # what is buried is counted as accepted, too
    foreign = sum(n for name, n in counted.items() if name.startswith("foreign:"))
    bells = good_bells(Fuzz(SEED))
    assert accepted + buried + foreign + bells == MESSAGES
    assert min(accepted, buried, foreign) > MESSAGES / 20
    assert not [letter for letter in unread if "Doe" in json.dumps(letter)]
    assert "Doe" not in worker.log()
    assert "Traceback" not in worker.log()
    assert worker.terminate() == 0


def letters(redis: Redis) -> Iterator[Any]:
    """All dead letters."""
    letters: Any = redis.hvals(keys.dead)
    for stored in letters:
        yield json.loads(stored.partition(b"\n")[2])


def good_bells(fuzz: Fuzz) -> int:
    """How many of the messages ask for a task of ours, in the queue of bells."""
    from worker.runtime.bells import heard  # noqa: PLC0415 — because only here the answer is ours

    sent = [fuzz.message() for _ in range(MESSAGES)]
    return sum(
        heard(message) is not None
        for number, message in enumerate(sent)
        if LISTS[number % len(LISTS)] == broker_keys.doorbell
    )
