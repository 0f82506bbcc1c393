"""Delivery from end to end: what a producer hands over is what the API is sent, once.

Everything here is checked against rules written down once more in `wire_format.py`, from
what is known of the API, and not with the project's own schemas or match keys.
"""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from redis import Redis

from tests.builders.counters import counters
from tests.builders.fake_api import FakeApi
from tests.builders.stores import store_of
from tests.builders.wait import wait_until
from tests.builders.workers import Workers
from tests.e2e.delivery.wire_format import (
    DIGEST,
    EVENT,
    NEEDED,
    REGION,
    Event,
    expected,
    fits,
    is_text,
    personal_values,
)
from tiktok_events import Client
from worker.letters.dead_letters import DeadLetter, DeadLetters
from worker.local.embedded import EmbeddedServer
from worker.local.samples.events import fault_of, sample_events

EVENTS: Final = 20_000
ONE_BY_ONE: Final = 500
SLICE: Final = 2_500
INVALID_SHARE: Final = 0.01


def _raw_values(events: list[Event]) -> set[bytes]:
    """The personal values that a producer handed over unhashed, in lower case."""
    raw = set()
    for event in events:
        for key in ("email", "phone", "external_id"):
            value = event["user"].get(key, [])
            for text in value if isinstance(value, list) else [value]:
                if not DIGEST(text):
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
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """20,000 sample events through one worker, the database searched to its last byte."""
    now = int(time.time())
    events = list(sample_events(EVENTS, now=now, invalid_share=INVALID_SHARE))
    logs = tmp_path_factory.mktemp("delivery")
    with EmbeddedServer() as server, Redis.from_url(server.url, protocol=2) as redis:
        redis.config_set("auto-aof-rewrite-percentage", 0)  # keep all that was ever written
        with (
            FakeApi() as api,
            Workers(logs, REDIS_URL=server.url, API_URL=api.url) as workers,
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
                list(DeadLetters(store_of(redis))),
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
        assert is_text(head["event_source_id"])
        assert 1 <= len(head["data"]) <= 1000


def test_an_event_goes_to_the_destination_it_named(run: Run) -> None:
    """Source and source id of the request are those that the producer gave the event."""
    for source, source_id, event in run.sent():
        given = run.given[event["event_id"]]
        assert (source, source_id) == (given["event_source"], given["event_source_id"])


def test_every_field_has_the_type_that_the_api_wants(run: Run) -> None:
    """Known fields only, no null, strings, integers and digests where they belong."""
    for source, _, event in run.sent():
        misfits = {name for name, value in event.items() if not fits({name: value}, EVENT)}
        assert misfits == set()
        assert set(event) >= NEEDED[source]


def test_every_field_has_the_value_that_the_producer_gave(run: Run) -> None:
    """Raw match keys come as their digests, digests and all other fields unchanged."""
    for _, _, event in run.sent():
        event_id = event["event_id"]
        assert event == expected(run.given[event_id], event_id)


def test_the_search_for_personal_values_finds_them_where_they_are(run: Run) -> None:
    """What the next test looks for in vain, it would find."""
    raw = _raw_values(list(run.given.values()))
    heap = json.dumps(list(run.given.values()), ensure_ascii=False).encode()
    assert len(raw) > EVENTS / 2
    assert raw <= personal_values(heap)


@pytest.mark.parametrize("place", ["requests", "append-only file", "log"])
def test_no_personal_value_leaves_the_producer(run: Run, place: str) -> None:
    """Not one raw e-mail address, telephone number or external id, anywhere."""
    heaps = {
        "requests": b"\n".join(request.body for request in run.requests),
        "append-only file": run.append_only,
        "log": run.log.encode(),
    }
    assert personal_values(heaps[place]) & _raw_values(list(run.given.values())) == set()


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
