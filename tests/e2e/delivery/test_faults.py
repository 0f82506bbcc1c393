"""What the API may answer, verdict by verdict, and what becomes of the events then."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
from redis import Redis

from tiktok_events import Client
from tiktok_events.outbox import keys
from worker.letters.dead_letters import DeadLetter, DeadLetters
from worker.outbox.parking import Parking

PIXEL: Final = "C0FAULTS0PIXEL000000"
OTHER_PIXEL: Final = "C0OTHER00PIXEL000000"
KEY: Final = f"web:{PIXEL}"
A_WEEK_S: Final = 7 * 86_400
SHORT_WINDOW_S: Final = 864
FAST: Final = {"RETRY_BASE_S": "0.05", "RETRY_CAP_S": "0.2"}

Reply = tuple[int, dict[str, str], Any]
"""HTTP status, headers, body."""

YES: Final[Reply] = (200, {}, {"code": 0, "message": "OK", "request_id": "fake-yes", "data": {}})
TIMED_OUT: Final[Reply] = (200, {}, {"code": 50002, "message": "Internal service timed out."})
BAD_GATEWAY: Final[Reply] = (502, {"Content-Type": "text/html"}, b"<html>502 Bad Gateway</html>")
UNAVAILABLE: Final[Reply] = (503, {}, {"error": {"message": "Service Unavailable"}})
NOTHING: Final[Reply] = (200, {}, {})
RESET: Final = None
REFUSED: Final[Reply] = (
    200,
    {},
    {"code": 40002, "message": "Invalid value.", "request_id": "fake-no"},
)
THROTTLED: Final[Reply] = (
    200,
    {"Retry-After": "2"},
    {"code": 40100, "message": "Too many requests."},
)
NO_PERMISSION: Final[Reply] = (200, {}, {"code": 40001, "message": "No permission for this pixel."})


def _purchase(event_id: str, pixel: str = PIXEL, **changes: Any) -> dict[str, Any]:
    return {
        "event": "Purchase",
        "event_source_id": pixel,
        "event_id": event_id,
        "user": {"email": "jo@example.com"},
        "page": {"url": "https://shop.example/thanks"},
        **changes,
    }


def _in_turn(*replies: Any) -> Callable[[Any], Any]:
    """One after the other; the last one for ever."""
    left = list(replies)

    def answer(_request: Any) -> Any:
        reply = left.pop(0) if len(left) > 1 else left[0]
        if reply is RESET:
            raise ConnectionResetError
        return reply

    return answer


def _refuse(event_id: str, message: str) -> Callable[[Any], Any]:
    """Refuse every request that carries an event, and name its place if the message does."""

    def answer(request: Any) -> Any:
        if event_id not in request.ids:
            return YES
        text = message.format(index=request.ids.index(event_id))
        return 200, {}, {"code": 40002, "message": text, "request_id": f"no-{len(request.ids)}"}

    return answer


def _arrived(requests: list[Any]) -> Counter[str]:
    return Counter(event_id for request in requests for event_id in request.ids)


@pytest.fixture
def client(redis_url: str) -> Iterator[Client]:
    """A producer."""
    with Client(redis_url) as producer:
        yield producer


@pytest.fixture
def the_letter(redis: Redis, wait_until: Any) -> Callable[[], DeadLetter]:
    """Waits for the only dead letter."""

    def wait() -> DeadLetter:
        letters: list[DeadLetter] = wait_until(lambda: list(DeadLetters(redis)))
        assert len(letters) == 1
        return letters[0]

    return wait


@pytest.fixture
def parked(redis: Redis, wait_until: Any) -> Callable[[], str]:
    """Waits until the destination is parked, for the reason."""

    def wait() -> str:
        reason: bytes = wait_until(lambda: redis.hget(keys.state(KEY), "parked"))
        return reason.decode()

    return wait


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
    client: Client, fake_api: Any, start_worker: Any, wait_until: Any
) -> None:
    """Every attempt carries the same bytes, the same event_id and event_time among them."""
    for pixel, (failure, *_) in FAILURES.items():
        fake_api.answers[pixel] = _in_turn(failure, failure, YES)
        client.track(_purchase("ord-1", pixel))
    start_worker(**FAST)
    wait_until(lambda: len(fake_api.accepted()) == len(FAILURES))
    bodies = {pixel: [r.body for r in fake_api.requests(pixel)] for pixel in FAILURES}
    assert bodies == {pixel: sent[:1] * 3 for pixel, sent in bodies.items()}


def test_a_dead_letter_remembers_every_attempt(
    redis: Redis, client: Client, fake_api: Any, start_worker: Any, wait_until: Any
) -> None:
    """What each answered, and whether one may have been accepted unseen."""
    for pixel, (failure, *_) in FAILURES.items():
        fake_api.answers[pixel] = _in_turn(failure, failure, REFUSED)
        client.track(_purchase("ord-1", pixel))
    start_worker(**FAST)
    wait_until(lambda: len(DeadLetters(redis)) == len(FAILURES))
    met = {
        letter.destination.removeprefix("web:"): (
            [(attempt["verdict"], attempt["code"]) for attempt in letter.log],
            letter.attempts,
            letter.ambiguous,
        )
        for letter in DeadLetters(redis)
    }
    assert met == {
        pixel: ([(verdict, code), (verdict, code), ("rejected", 40002)], 3, ambiguous)
        for pixel, (_, verdict, code, ambiguous) in FAILURES.items()
    }


def test_a_throttled_destination_waits_as_long_as_it_is_told(
    client: Client, fake_api: Any, start_worker: Any, wait_until: Any, the_letter: Any
) -> None:
    """Nothing is sent before, new events included, and no attempt is spent."""
    fake_api.answers[PIXEL] = _in_turn(THROTTLED, REFUSED)
    start_worker(**FAST)
    client.track(_purchase("ord-1"))
    [throttled] = wait_until(fake_api.requests)
    client.track(_purchase("ord-2", OTHER_PIXEL))
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
    wait_until: Any,
    the_letter: Any,
    *,
    message: str,
    most_requests: int,
) -> None:
    """With its own message, in few requests; each of the others is accepted once."""
    fake_api.answers[PIXEL] = _refuse("ord-617", message)
    ids = client.track_many([_purchase(f"ord-{number}") for number in range(1000)])
    start_worker(**FAST)
    wait_until(lambda: _arrived(fake_api.accepted()).total() >= 999)
    letter = the_letter()
    assert (letter.event_id, letter.reason, letter.code) == ("ord-617", "rejected", 40002)
    assert letter.message.endswith("Invalid value for properties.value.")
    assert _arrived(fake_api.accepted()) == Counter(ids) - Counter(["ord-617"])
    assert len(fake_api.requests()) <= most_requests


def test_a_replayed_letter_is_delivered_as_the_event_it_was(
    *,
    redis: Redis,
    client: Client,
    fake_api: Any,
    start_worker: Any,
    wait_until: Any,
    the_letter: Any,
    replay_letter: Any,
) -> None:
    """Same event_id, same event_time, and the letter is gone."""
    fake_api.answers[PIXEL] = _in_turn(REFUSED, YES)
    start_worker(**FAST)
    client.track(_purchase("ord-1"))
    letter = the_letter()
    assert replay_letter(redis, letter.id)
    [accepted] = wait_until(fake_api.accepted)
    assert accepted.document == fake_api.requests()[0].document
    assert len(DeadLetters(redis)) == 0


# --- parking ----------------------------------------------------------------------------


def test_a_destination_without_permission_waits_for_a_person(
    redis: Redis,
    client: Client,
    fake_api: Any,
    start_worker: Any,
    wait_until: Any,
    parked: Any,
) -> None:
    """Nothing is sent to it until it is resumed, then one probe, then all; others flow on."""
    fake_api.answers[PIXEL] = _in_turn(NO_PERMISSION)
    start_worker(**FAST)
    ids = [client.track(_purchase("ord-0"))]
    assert parked() == "credential: No permission for this pixel."
    ids += client.track_many([_purchase(f"ord-{number}") for number in range(1, 3500)])
    for number in range(3):
        client.track(_purchase(f"other-{number}", OTHER_PIXEL))
        wait_until(lambda n=number: len(fake_api.accepted(OTHER_PIXEL)) > n)
    assert len(fake_api.requests(PIXEL)) == 1

    fake_api.answers[PIXEL] = _in_turn(YES)
    fake_api.latency_s = 0.2
    assert Parking(redis).resume(KEY)
    wait_until(lambda: _arrived(fake_api.accepted(PIXEL)).total() >= len(ids))
    assert _arrived(fake_api.accepted(PIXEL)) == Counter(ids)
    _, probe, next_one, *_ = fake_api.requests(PIXEL)
    assert next_one.at >= probe.at + fake_api.latency_s


def test_a_redirect_is_not_followed(
    client: Client, fake_api: Any, start_worker: Any, parked: Any
) -> None:
    """It would carry the token elsewhere; the destination is parked."""
    elsewhere = f"{fake_api.url}/elsewhere/"
    fake_api.answers[PIXEL] = _in_turn((302, {"Location": elsewhere}, b""))
    worker = start_worker(**FAST)
    client.track(_purchase("ord-1"))
    assert parked() == "configuration: HTTP 302 without a code"
    worker.kill()
    assert [request.path for request in fake_api.requests()] == ["/open_api/v1.3/event/track/"]


def test_without_a_token_events_wait(
    redis: Redis,
    client: Client,
    fake_api: Any,
    start_worker: Any,
    wait_until: Any,
    parked: Any,
) -> None:
    """The reason names the variable to set; once it is, all are delivered."""
    worker = start_worker(ACCESS_TOKEN=None)
    ids = client.track_many([_purchase(f"ord-{number}") for number in range(3)])
    assert "set TIKTOK_EVENTS_ACCESS_TOKEN" in parked()
    worker.kill()
    assert fake_api.requests() == []
    start_worker()
    Parking(redis).resume(KEY)
    wait_until(fake_api.accepted)
    assert _arrived(fake_api.accepted()) == Counter(ids)


# --- windows ----------------------------------------------------------------------------


def test_an_expired_event_dies_without_being_sent(
    client: Client, fake_api: Any, start_worker: Any, wait_until: Any, the_letter: Any
) -> None:
    """A fresh event of the same block is sent."""
    too_old = _purchase("ord-1", event_time=int(time.time()) - A_WEEK_S)
    client.track_many([too_old, _purchase("ord-2")])
    start_worker()
    wait_until(fake_api.accepted)
    letter = the_letter()
    assert (letter.event_id, letter.reason, letter.attempts) == ("ord-1", "expired", 0)
    assert _arrived(fake_api.requests()) == Counter(["ord-2"])


def test_an_event_that_keeps_failing_dies_when_its_window_closes(
    client: Client, fake_api: Any, start_worker: Any, wait_until: Any, the_letter: Any
) -> None:
    """Its deadline ends the attempts, not their number; the letter tells them."""
    fake_api.answers[PIXEL] = _in_turn(TIMED_OUT)
    worker = start_worker(WINDOW_DAYS_WEB="0.01", REQUEST_TIMEOUT_S="1", **FAST)
    wait_until(lambda: "worker_ready" in worker.log())
    client.track(_purchase("ord-1", event_time=int(time.time()) - SHORT_WINDOW_S + 7))
    letter = the_letter()
    assert (letter.reason, letter.ambiguous) == ("expired", False)
    assert letter.attempts == len(fake_api.requests())
    assert letter.attempts > 1
