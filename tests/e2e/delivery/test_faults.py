"""What the API may answer, verdict by verdict, and what becomes of the events then."""

from __future__ import annotations

import math
import time
from collections import Counter
from typing import Any, Final

import pytest
from redis import Redis

from tests.builders.replays import replay_letter
from tests.builders.stores import store_of
from tests.builders.wait import wait_until
from tests.e2e.delivery.replies import (
    A_WEEK_S,
    BAD_GATEWAY,
    FAST,
    NOTHING,
    OTHER_PIXEL,
    PIXEL,
    REFUSED,
    RESET,
    SHORT_WINDOW_S,
    THROTTLED,
    TIMED_OUT,
    UNAVAILABLE,
    YES,
    arrived,
    in_turn,
    purchase,
    refuse,
)
from tiktok_events import Client
from worker.letters.dead_letters import DeadLetters

# --- failures that pass -----------------------------------------------------------------


FAILURES: Final = {
    "C0FAULT0CODE50002000": (TIMED_OUT, "transient", 50002, False),
    "C0FAULT0HTML00502000": (BAD_GATEWAY, "transient", None, False),
    "C0FAULT0HTTP00503000": (UNAVAILABLE, "transient", None, False),
    "C0FAULT0EMPTY0200000": (NOTHING, "ambiguous", None, True),
    "C0FAULT0RESET0000000": (RESET, "ambiguous", None, True),
}
"""Pixel → how its API fails, the verdict, the code, and whether the event may have arrived."""


def test_an_event_is_repeated_as_it_was_until_it_is_accepted(
    client: Client, fake_api: Any, start_worker: Any
) -> None:
    """Every attempt carries the same bytes, the same event_id and event_time among them."""
    for pixel, (failure, *_) in FAILURES.items():
        fake_api.answers[pixel] = in_turn(failure, failure, YES)
        client.track(purchase("ord-1", pixel))
    start_worker(**FAST)
    wait_until(lambda: len(fake_api.accepted()) == len(FAILURES))
    bodies = {pixel: [r.body for r in fake_api.requests(pixel)] for pixel in FAILURES}
    assert bodies == {pixel: sent[:1] * 3 for pixel, sent in bodies.items()}


def test_a_dead_letter_remembers_every_attempt(
    redis: Redis, client: Client, fake_api: Any, start_worker: Any
) -> None:
    """What each answered, and whether one may have been accepted unseen."""
    for pixel, (failure, *_) in FAILURES.items():
        fake_api.answers[pixel] = in_turn(failure, failure, REFUSED)
        client.track(purchase("ord-1", pixel))
    start_worker(**FAST)
    wait_until(lambda: len(DeadLetters(store_of(redis))) == len(FAILURES))
    met = {
        letter.destination.removeprefix("web:"): (
            [(attempt["verdict"], attempt["code"]) for attempt in letter.log],
            letter.attempts,
            letter.ambiguous,
        )
        for letter in DeadLetters(store_of(redis))
    }
    assert met == {
        pixel: ([(verdict, code), (verdict, code), ("rejected", 40002)], 3, ambiguous)
        for pixel, (_, verdict, code, ambiguous) in FAILURES.items()
    }


def test_a_throttled_destination_waits_as_long_as_it_is_told(
    client: Client, fake_api: Any, start_worker: Any, the_letter: Any
) -> None:
    """Nothing is sent before, new events included, and no attempt is spent."""
    fake_api.answers[PIXEL] = in_turn(THROTTLED, REFUSED)
    start_worker(**FAST)
    client.track(purchase("ord-1"))
    [throttled] = wait_until(fake_api.requests)
    client.track(purchase("ord-2", OTHER_PIXEL))
    wait_until(lambda: fake_api.accepted(OTHER_PIXEL))
    letter = the_letter()
    assert fake_api.requests(PIXEL)[1].at - throttled.at >= 2.0
    assert letter.attempts == 1
    assert [attempt["code"] for attempt in letter.log] == [40100, 40002]


# --- refusals ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "most_requests"),
    [
        ("Invalid value for properties.value.", math.ceil(math.log2(1000)) + 2),
        ("data[{index}]: Invalid value for properties.value.", 3),
    ],
    ids=["unnamed", "named"],
)
def test_one_poison_among_a_thousand_dies_alone(
    client: Client,
    fake_api: Any,
    start_worker: Any,
    the_letter: Any,
    *,
    message: str,
    most_requests: int,
) -> None:
    """With its own message, in few requests; each of the others is accepted once."""
    fake_api.answers[PIXEL] = refuse("ord-617", message)
    ids = client.track_many([purchase(f"ord-{number}") for number in range(1000)])
    start_worker(**FAST)
    wait_until(lambda: arrived(fake_api.accepted()).total() >= 999)
    letter = the_letter()
    assert (letter.event_id, letter.reason, letter.code) == ("ord-617", "rejected", 40002)
    assert letter.message.endswith("Invalid value for properties.value.")
    assert arrived(fake_api.accepted()) == Counter(ids) - Counter(["ord-617"])
    assert len(fake_api.requests()) <= most_requests


def test_a_replayed_letter_is_delivered_as_the_event_it_was(
    *, redis: Redis, client: Client, fake_api: Any, start_worker: Any, the_letter: Any
) -> None:
    """Same event_id, same event_time, and the letter is gone."""
    fake_api.answers[PIXEL] = in_turn(REFUSED, YES)
    start_worker(**FAST)
    client.track(purchase("ord-1"))
    letter = the_letter()
    assert replay_letter(redis, letter.id)
    [accepted] = wait_until(fake_api.accepted)
    assert accepted.document == fake_api.requests()[0].document
    assert len(DeadLetters(store_of(redis))) == 0


# --- windows ----------------------------------------------------------------------------


def test_an_expired_event_dies_without_being_sent(
    client: Client, fake_api: Any, start_worker: Any, the_letter: Any
) -> None:
    """A fresh event of the same block is sent."""
    too_old = purchase("ord-1", event_time=int(time.time()) - A_WEEK_S)
    client.track_many([too_old, purchase("ord-2")])
    start_worker()
    wait_until(fake_api.accepted)
    letter = the_letter()
    assert (letter.event_id, letter.reason, letter.attempts) == ("ord-1", "expired", 0)
    assert arrived(fake_api.requests()) == Counter(["ord-2"])


def test_an_event_that_keeps_failing_dies_when_its_window_closes(
    client: Client, fake_api: Any, start_worker: Any, the_letter: Any
) -> None:
    """Its deadline ends the attempts, not their number; the letter tells them."""
    fake_api.answers[PIXEL] = in_turn(TIMED_OUT)
    worker = start_worker(WINDOW_DAYS_WEB="0.01", REQUEST_TIMEOUT_S="1", **FAST)
    wait_until(lambda: "worker_ready" in worker.log())
    client.track(purchase("ord-1", event_time=int(time.time()) - SHORT_WINDOW_S + 7))
    letter = the_letter()
    assert (letter.reason, letter.ambiguous) == ("expired", False)
    assert letter.attempts == len(fake_api.requests())
    assert letter.attempts > 1
