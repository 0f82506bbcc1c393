"""Delivery from end to end: what a producer hands over is what the API is sent, once.

Everything here is checked against rules written down once more in this file, from what is
known of the API, and not with the project's own schemas or match keys.

Source: https://business-api.tiktok.com/portal/docs?id=1771101303285761 (the request) and
https://business-api.tiktok.com/portal/docs?id=1771101151059969 (its parameters), as transcribed
in github.com/bububa/tiktok-business; match keys also github.com/tiktok/gtm-template-eapi and
github.com/rudderlabs/rudder-transformer (all read 2026-11-22).
"""

from __future__ import annotations

import itertools
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import pytest
from redis import Redis

from tiktok_events import Client
from worker.letters.dead_letters import DeadLetter, DeadLetters
from worker.local.embedded import EmbeddedServer
from worker.local.samples.events import fault_of, sample_events

EVENTS: Final = 20_000
ONE_BY_ONE: Final = 500
SLICE: Final = 2_500
INVALID_SHARE: Final = 0.01
REGION: Final = "DE"

Event = dict[str, Any]


# --- the format, once more --------------------------------------------------------------

_DIGEST: Final = re.compile(r"[0-9a-f]{64}").fullmatch
_PLACE: Final = re.compile(r"[^\W_A-Z]+").fullmatch
_COUNTRY: Final = re.compile(r"[a-z]{2}").fullmatch
_CURRENCY: Final = re.compile(r"[A-Z]{3}").fullmatch
_URL: Final = re.compile(r"https://\S+").fullmatch


def _is_text(value: object) -> bool:
    return type(value) is str and value != ""


def _is_whole(value: object) -> bool:
    return type(value) is int


def _is_number(value: object) -> bool:
    return type(value) in {int, float}


def _matches(match: Callable[[str], object]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and match(value) is not None


def _is_digests(value: object) -> bool:
    values = value if isinstance(value, list) and value else [value]
    return all(map(_matches(_DIGEST), values))


def _is_contents(value: object) -> bool:
    return isinstance(value, list) and all(_fits(item, CONTENT) for item in value)


def _fits(value: object, shape: Mapping[str, Callable[[Any], bool]]) -> bool:
    """Whether it is an object of known fields only, each of its type and none of them null."""
    return isinstance(value, dict) and all(
        name in shape and shape[name](item) for name, item in value.items()
    )


def _object(shape: Mapping[str, Callable[[Any], bool]], *required: str) -> Callable[[Any], bool]:
    return lambda value: _fits(value, shape) and set(required) <= set(value)


CONTENT: Final = {
    "content_id": _is_text,
    "content_name": _is_text,
    "content_category": _is_text,
    "brand": _is_text,
    "price": _is_number,
    "quantity": _is_whole,
}
USER: Final = {
    **dict.fromkeys(("email", "phone", "external_id"), _is_digests),
    **dict.fromkeys(("first_name", "last_name", "zip_code"), _matches(_DIGEST)),
    **dict.fromkeys(("ttclid", "ttp", "ip", "user_agent", "locale"), _is_text),
    **dict.fromkeys(("idfa", "gaid", "att_status"), _is_text),
    "city": _matches(_PLACE),
    "country": _matches(_COUNTRY),
}
PROPERTIES: Final = {
    **dict.fromkeys(("content_type", "order_id", "description", "search_string"), _is_text),
    "contents": _is_contents,
    "currency": _matches(_CURRENCY),
    "value": _is_number,
}
EVENT: Final = {
    "event": _is_text,
    "event_time": _is_whole,
    "event_id": _is_text,
    "user": _object(USER),
    "properties": _object(PROPERTIES),
    "page": _object({"url": _matches(_URL), "referrer": _matches(_URL)}, "url"),
    "app": _object(dict.fromkeys(("app_id", "app_name", "app_version"), _is_text), "app_id"),
    "lead": _object(dict.fromkeys(("lead_id", "lead_event_source"), _is_text), "lead_id"),
}
NEEDED: Final = {
    "web": {"event", "event_time", "event_id", "page"},
    "app": {"event", "event_time", "event_id", "app"},
    "offline": {"event", "event_time", "event_id"},
    "crm": {"event", "event_time", "event_id", "lead"},
}


# --- the match keys, once more ----------------------------------------------------------


def _phone(typed: str) -> str:
    """E.164 of the three ways in which the samples write a number."""
    digits = re.sub(r"[^+\d]", "", typed.replace("(0)", ""))
    return digits if digits.startswith("+") else "+49" + digits.removeprefix("0")


HASHED: Final[dict[str, Callable[[str], str]]] = {
    "email": lambda typed: typed.strip().lower(),
    "phone": _phone,
    "external_id": lambda typed: typed.strip(),
    "first_name": lambda typed: re.sub(r"[^\w ]", "", typed.lower()),
    "last_name": lambda typed: re.sub(r"[^\w ]", "", typed.lower()),
    "zip_code": lambda typed: re.sub(r"[ -]", "", typed.lower()),
}
PLAIN: Final[dict[str, Callable[[str], str]]] = {"city": str.lower, "country": str.lower}


def _sent(key: str, value: Any) -> Any:
    """What the API has to be sent for a match key's value."""
    if isinstance(value, list):
        return [_sent(key, item) for item in value]
    if key not in HASHED or _DIGEST(value):
        return PLAIN.get(key, str)(value)
    return sha256(HASHED[key](value).encode()).hexdigest()


def _expected(event: Event, event_id: str) -> Event:
    """What the API has to be sent for a producer's event."""
    data = {key: value for key, value in event.items() if not key.startswith("event_source")}
    user = {key: _sent(key, value) for key, value in event["user"].items()}
    return data | {"event_id": event_id, "user": user}


# --- personal values in a heap of bytes -------------------------------------------------

_EMAILS: Final = re.compile(rb"[\w.+'-]+@[\w.-]+")
_NUMBERS: Final = re.compile(rb"\+?\d[\d ()-]{8,}\d")
_ACCOUNTS: Final = re.compile(rb"user_\d+")


def _personal_values(heap: bytes) -> set[bytes]:
    """What looks like an e-mail address, a telephone number or an account, in lower case."""
    heap = heap.lower()
    numbers = {re.sub(rb"\D", b"", number) for number in _NUMBERS.findall(heap)}
    return {*_EMAILS.findall(heap), *_ACCOUNTS.findall(heap), *numbers}


def _raw_values(events: list[Event]) -> set[bytes]:
    """The personal values that a producer handed over unhashed, in lower case."""
    raw = set()
    for event in events:
        for key in ("email", "phone", "external_id"):
            value = event["user"].get(key, [])
            for text in value if isinstance(value, list) else [value]:
                if not _DIGEST(text):
                    raw.add(re.sub(r"\D", "", text) if key == "phone" else text.strip())
    return {text.lower().encode() for text in raw}


# --- one run ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Run:
    """What went in and what came out.

    Attributes:
        given: event_id → the producer's event.
        accepted: the requests that the fake accepted.
        requests: all.
        letters: the dead letters.
        counters: as they stand in the end.
        append_only: the bytes of the server's append-only file.
        log: the worker's.
    """

    given: dict[str, Event]
    accepted: list[Any]
    requests: list[Any]
    letters: list[DeadLetter]
    counters: dict[str, int]
    append_only: bytes
    log: str

    def sent(self) -> Iterator[tuple[str, str, Event]]:
        """Source, source id and event of everything accepted."""
        for request in self.accepted:
            head = request.document
            for event in head["data"]:
                yield head["event_source"], head["event_source_id"], event


def _hand_over(client: Client, events: list[Event]) -> list[str]:
    ids = [client.track(event) for event in events[:ONE_BY_ONE]]
    for first in range(ONE_BY_ONE, len(events), SLICE):
        ids += client.track_many(events[first : first + SLICE])
    return ids


def _append_only_bytes(path: Path) -> bytes:
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    return b"".join(file.read_bytes() for file in files)


def _ended(counted: dict[str, int]) -> int:
    return sum(n for name, n in counted.items() if name == "delivered" or name.startswith("dead:"))


@pytest.fixture(scope="module")
def run(
    new_fake_api: Any,
    new_workers: Any,
    wait_until: Any,
    counters: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> Run:
    """20,000 sample events through one worker, the database searched to its last byte."""
    now = int(time.time())
    events = list(sample_events(EVENTS, now=now, invalid_share=INVALID_SHARE))
    logs = tmp_path_factory.mktemp("delivery")
    with EmbeddedServer() as server, Redis.from_url(server.url, protocol=2) as redis:
        redis.config_set("auto-aof-rewrite-percentage", 0)  # keep all that was ever written
        with (
            new_fake_api() as api,
            new_workers(logs, REDIS_URL=server.url, API_URL=api.url) as workers,
            Client(server.url, default_region=REGION) as client,
        ):
            worker = workers.start(LOG_FORMAT="json")
            ids = _hand_over(client, events)
            wait_until(lambda: _ended(counters(redis)) >= EVENTS, 60)
            assert worker.terminate() == 0
            return Run(
                dict(zip(ids, events, strict=True)),
                api.accepted(),
                api.requests(),
                list(DeadLetters(redis)),
                counters(redis),
                _append_only_bytes(server.append_only_path),
                worker.log(),
            )


def test_every_valid_event_arrives_exactly_once(run: Run) -> None:
    """No id is missing, none comes twice, and no invalid event is among them."""
    valid = {event_id for event_id in run.given if fault_of(event_id) is None}
    assert Counter(event["event_id"] for _, _, event in run.sent()) == Counter(valid)


def test_a_request_is_addressed_as_the_api_wants_it(run: Run) -> None:
    """Path and headers of every request."""
    for request in run.requests:
        assert request.path == "/open_api/v1.3/event/track/"
        assert request.headers["access-token"] == "test-access-token"
        assert request.headers["content-type"] == "application/json"
        assert "authorization" not in request.headers


def test_a_request_holds_one_destination_and_at_most_a_thousand_events(run: Run) -> None:
    """The destination stands on the top level, and nothing but it and the data."""
    for request in run.requests:
        head = request.document
        assert set(head) == {"event_source", "event_source_id", "data"}
        assert _is_text(head["event_source_id"])
        assert 1 <= len(head["data"]) <= 1000


def test_an_event_goes_to_the_destination_it_named(run: Run) -> None:
    """Source and source id of the request are those that the producer gave the event."""
    for source, source_id, event in run.sent():
        given = run.given[event["event_id"]]
        assert (source, source_id) == (given["event_source"], given["event_source_id"])


def test_every_field_has_the_type_that_the_api_wants(run: Run) -> None:
    """Known fields only, no null, strings, integers and digests where they belong."""
    for source, _, event in run.sent():
        misfits = {name for name, value in event.items() if not _fits({name: value}, EVENT)}
        assert misfits == set()
        assert set(event) >= NEEDED[source]


def test_every_field_has_the_value_that_the_producer_gave(run: Run) -> None:
    """Raw match keys come as their digests, digests and all other fields unchanged."""
    for _, _, event in run.sent():
        event_id = event["event_id"]
        assert event == _expected(run.given[event_id], event_id)


def test_the_search_for_personal_values_finds_them_where_they_are(run: Run) -> None:
    """What the next test looks for in vain, it would find."""
    raw = _raw_values(list(run.given.values()))
    heap = json.dumps(list(run.given.values()), ensure_ascii=False).encode()
    assert len(raw) > EVENTS / 2
    assert raw <= _personal_values(heap)


@pytest.mark.parametrize("place", ["requests", "append-only file", "log"])
def test_no_personal_value_leaves_the_producer(run: Run, place: str) -> None:
    """Not one raw e-mail address, telephone number or external id, anywhere."""
    heaps = {
        "requests": b"\n".join(request.body for request in run.requests),
        "append-only file": run.append_only,
        "log": run.log.encode(),
    }
    assert _personal_values(heaps[place]) & _raw_values(list(run.given.values())) == set()


def test_what_was_searched_is_not_empty(run: Run) -> None:
    """The append-only file holds what was enqueued, the log a line for every request."""
    assert len(run.append_only) > sum(len(request.body) for request in run.accepted)
    lines = [json.loads(line) for line in run.log.splitlines() if line.startswith("{")]
    assert len([line for line in lines if line["event"] == "attempt"]) == len(run.requests)


def test_every_invalid_event_is_a_dead_letter_that_names_the_field(run: Run) -> None:
    """Each with the path where it is wrong; and no other event is dead."""
    faults = {event_id: fault_of(event_id) for event_id in run.given}
    expected = {event_id: fault.path for event_id, fault in faults.items() if fault}
    assert {letter.event_id: letter.path for letter in run.letters} == expected
    assert {letter.reason for letter in run.letters} == {"invalid"}


def test_the_counters_add_up(run: Run) -> None:
    """What was accepted was delivered or is dead, and the requests are those that came."""
    dead = round(EVENTS * INVALID_SHARE)
    assert run.counters["accepted"] == EVENTS
    assert run.counters["delivered"] == EVENTS - dead
    assert run.counters["dead:invalid"] == dead
    assert run.counters["requests"] == len(run.requests)


# --- other loads ------------------------------------------------------------------------


def _pageview(number: int, pixel: int = 0) -> Event:
    return {
        "event": "Pageview",
        "event_source_id": f"C0CHEAP0PIXEL000000{pixel}",
        "event_id": f"view-{number}",
        "page": {"url": "https://shop.example/"},
    }


def test_events_that_come_one_by_one_all_arrive(
    redis_url: str, fake_api: Any, start_worker: Any, wait_until: Any
) -> None:
    """Fifty a second, for three seconds."""
    start_worker()
    begin = time.monotonic()
    with Client(redis_url) as client:
        for number in range(150):
            wait_until(lambda due=begin + number / 50: time.monotonic() >= due)
            client.track(_pageview(number))
    wait_until(lambda: sum(len(r.ids) for r in fake_api.accepted()) >= 150)
    arrived = Counter(event_id for request in fake_api.accepted() for event_id in request.ids)
    assert arrived == Counter(f"view-{number}" for number in range(150))


def _enqueue_backlog(redis_url: str, events: list[Event]) -> None:
    """In slices that no request and no block fits."""
    sizes = itertools.cycle((1, 37, 999, 2_503, 4_001))
    with Client(redis_url) as client:
        left = iter(events)
        while part := list(itertools.islice(left, next(sizes))):
            client.track_many(part)


def test_a_backlog_fills_its_requests_to_the_brim(
    redis_url: str, fake_api: Any, start_worker: Any, wait_until: Any
) -> None:
    """At most 1.02 requests per 1,000 events, of one process; each more adds one a pixel.

    The API is slow, so that the worker runs out of room for requests all the time.
    """
    views = [_pageview(number, pixel=number % 4) for number in range(52_000)]
    _enqueue_backlog(redis_url, views)
    fake_api.latency_s = 0.15
    start_worker(concurrency=1)
    wait_until(lambda: sum(len(r.ids) for r in fake_api.accepted()) >= len(views), 60)
    assert len(fake_api.requests()) <= 1.02 * len(views) / 1000
