"""Requests are filled to the brim, in order, and never over their limits."""

from __future__ import annotations

from dataclasses import dataclass

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiktok_events.event.destination import MAX_ID_CHARACTERS, Destination
from worker.delivery.batching import ENVELOPE_BYTES, full_batches, request_body

ROOM = 1_000
"""Bytes for events in the requests of these tests."""

MAX_BYTES = ENVELOPE_BYTES + ROOM
PIXEL = Destination("web", "PIXEL1")


@dataclass(frozen=True)
class Event:
    """JSON bytes, told apart by their number."""

    number: int
    encoded: bytes


def of_sizes(*sizes: int) -> list[Event]:
    """Events of these many bytes."""
    return [Event(number, b"7" * size) for number, size in enumerate(sizes)]


SIZES = st.lists(st.integers(1, ROOM + 200), max_size=60)
LIMIT = st.integers(1, 20)


def cut(sizes: list[int], max_events: int) -> tuple[list[list[Event]], list[Event]]:
    """Full batches and rest of events of these sizes."""
    return full_batches(of_sizes(*sizes), max_events=max_events, max_bytes=MAX_BYTES)


@given(sizes=SIZES, max_events=LIMIT)
def test_nothing_is_lost_and_the_order_is_kept(sizes: list[int], max_events: int) -> None:
    """Batches and rest, one after the other, are the events that came in."""
    batches, rest = cut(sizes, max_events)
    assert of_sizes(*sizes) == [event for batch in (*batches, rest) for event in batch]


@given(sizes=SIZES, max_events=LIMIT)
def test_no_request_is_over_a_limit(sizes: list[int], max_events: int) -> None:
    """Not by count, and by bytes only a single event that is too large alone."""
    batches, rest = cut(sizes, max_events)
    for batch in (*batches, rest):
        assert len(batch) <= max_events
        assert len(request_body(PIXEL, batch)) <= MAX_BYTES or len(batch) == 1


@given(sizes=SIZES, max_events=LIMIT)
def test_every_batch_is_full_and_the_rest_is_not(sizes: list[int], max_events: int) -> None:
    """A batch goes out when the next event has no room in it, and not before."""
    batches, rest = cut(sizes, max_events)
    following = [batch[0] for batch in (*batches[1:], rest) if batch]
    for batch, after in zip(batches, following, strict=False):
        size = sum(len(event.encoded) + 1 for event in (*batch, after))
        assert len(batch) == max_events or size > ROOM
    assert len(rest) < max_events
    assert all(batches)


def test_batches_are_full_by_count() -> None:
    """Seven events at three a request: two requests, one event left."""
    batches, rest = cut([1] * 7, 3)
    assert ([len(batch) for batch in batches], len(rest)) == ([3, 3], 1)


def test_a_last_batch_that_is_full_by_count_is_no_rest() -> None:
    """It waits for nothing."""
    assert ([of_sizes(1, 1)], []) == cut([1, 1], 2)


def test_an_event_that_is_too_large_alone_goes_alone() -> None:
    """It delays nobody and is not lost."""
    batches, rest = cut([10, ROOM * 5, 10], 1_000)
    assert (
        [[event.number for event in batch] for batch in batches],
        [event.number for event in rest],
    ) == ([[0], [1]], [2])


def test_the_bytes_are_used_to_the_last_one() -> None:
    """Two events that just fit stay together; a byte more parts them."""
    half = ROOM // 2 - 1
    assert cut([half, half], 1_000)[0] == []
    assert len(cut([half, half + 1], 1_000)[0]) == 1


@pytest.mark.parametrize("character", ["a", '"', "\\", "\U0001f6d2", "é"])
@pytest.mark.parametrize("source", ["web", "offline"])
def test_the_envelope_fits_the_room_kept_for_it(source: str, character: str) -> None:
    """Even with the longest ids, however they are written in JSON."""
    longest = character * MAX_ID_CHARACTERS
    body = request_body(Destination(source, longest, longest), of_sizes(1))
    assert len(body) - 1 <= ENVELOPE_BYTES


@given(
    source_id=st.text(min_size=1, max_size=MAX_ID_CHARACTERS).filter(str.isprintable),
    test_code=st.none() | st.text(min_size=1, max_size=20).filter(str.isprintable),
    values=st.lists(st.dictionaries(st.text(max_size=5), st.integers(-5, 5)), max_size=5),
)
def test_a_request_is_what_the_api_documents(
    source_id: str, test_code: str | None, values: list[dict[str, int]]
) -> None:
    """Source and test code on the top level, the events in `data`."""
    events = [Event(number, orjson.dumps(value)) for number, value in enumerate(values)]
    head = {"event_source": "web", "event_source_id": source_id}
    if test_code is not None:
        head["test_event_code"] = test_code
    body = request_body(Destination("web", source_id, test_code), events)
    assert head | {"data": values} == orjson.loads(body)
