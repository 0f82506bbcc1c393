"""A block's JSON is packed and unpacked without a change, and what is damaged is found out."""

from __future__ import annotations

import re
import tracemalloc
import zlib
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiktok_events.event.prepare import EventPreparer
from tiktok_events.outbox.packing import (
    LEAST_BYTES,
    MOST_BYTES,
    UnreadableBlock,
    is_packed,
    packed,
    packed_like,
    unpacked,
)
from tiktok_events.outbox.packing_dictionary import DICTIONARY
from worker.local.samples.events import sample_events

TIME = 1_795_384_568
PREPARER = EventPreparer({}, "DE", 65_536)
SAMPLES = [PREPARER.prepare(one).body for one in sample_events(200, seed=3, now=TIME)]

texts = st.text(max_size=60)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(texts, inner, max_size=5),
    max_leaves=20,
)
events = st.dictionaries(texts, values, max_size=6).map(lambda one: one | {"event_time": TIME})


def block(*bodies: bytes) -> bytes:
    """The JSON of a block."""
    return b"[" + b",".join(bodies) + b"]"


def sample_block(count: int = 100) -> bytes:
    """The JSON of a block of samples."""
    return block(*SAMPLES[:count])


def label(payload: bytes) -> bytes:
    """What stands before the stream."""
    return payload.partition(b"\n")[0]


@given(st.lists(events | values, min_size=1, max_size=30))
def test_unpacking_gives_back_what_was_packed(found: list[Any]) -> None:
    """To the byte, whatever the events are."""
    json = orjson.dumps(found)
    assert json == unpacked(packed(json))


@pytest.mark.parametrize("count", [1, 2, 10, 100])
def test_blocks_of_real_events_are_packed(count: int) -> None:
    """To a half when they are alone, to a third when they are many."""
    json = sample_block(count)
    small = packed(json)
    assert is_packed(small)
    assert json == unpacked(small)
    assert len(small) < len(json) * (0.6 if count < 10 else 0.4)


def test_the_label_tells_the_size_and_the_times() -> None:
    """The scripts read it instead of the JSON."""
    times = [TIME + 5, TIME - 7, TIME]
    json = orjson.dumps([{"event_time": one, "description": "x" * 500} for one in times])
    assert f"zlib {len(json)} {TIME - 7} {TIME + 5}".encode() == label(packed(json))


def test_a_text_is_no_time() -> None:
    """What a shop writes into a description does not count, nor does a time in milliseconds."""
    odd = {"description": '"event_time":1111111111', "event_time": TIME * 1000}
    json = orjson.dumps([odd, {"event_time": TIME, "description": "x" * 500}])
    assert f"zlib {len(json)} {TIME} {TIME}".encode() == label(packed(json))


@pytest.mark.parametrize(
    "json",
    [
        b'[{"event_time":1795384568}]',
        b"[" + b"1," * LEAST_BYTES + b"1]",
        b'[{"event_time":1795384568},"' + b"x" * MOST_BYTES + b'"]',
        b'[{"event_time":1795384568},"' + Random(1).randbytes(2_000) + b'"]',
    ],
    ids=["small", "without a time", "too large", "nothing to gain"],
)
def test_what_gains_nothing_stays_json(json: bytes) -> None:
    """And what no script could judge by a label."""
    assert json == packed(json)
    assert json == unpacked(json)


def test_what_is_left_of_a_packed_block_is_packed() -> None:
    """And of one that was not, not."""
    json = sample_block()
    assert packed(json) == packed_like(packed(json), json)
    assert json == packed_like(json, json)


@given(st.data())
def test_damage_is_found_out(data: st.DataObject) -> None:
    """Cut short, or with a byte that is another, it is unreadable: never other events."""
    small = packed(sample_block(3))
    start = len(label(small)) + 1
    place = data.draw(st.integers(start, len(small) - 1))
    changed = bytes([small[place] ^ data.draw(st.integers(1, 255))])
    for damaged in (small[:place], small[:place] + changed + small[place + 1 :]):
        with pytest.raises(UnreadableBlock):
            unpacked(damaged)


@pytest.mark.parametrize(
    "text",
    [
        b"zlib \n",
        b"zlib 10\n",
        b"zlib -1 1795384568 1795384568\n",
        b"zlib 0 1795384568 1795384568\n",
        b"zlib 10 1795384568 1795384568 ",
        b"zlib 99999999999 1795384568 1795384568\n",
        b"zlib %d 1795384568 1795384568\n" % (MOST_BYTES + 1),
    ],
)
def test_a_label_that_none_of_ours_has_is_refused(text: bytes) -> None:
    """With the right stream behind it."""
    with pytest.raises(UnreadableBlock):
        unpacked(text + packed(sample_block()).partition(b"\n")[2])


@pytest.mark.parametrize("told", [0, 1, 100, MOST_BYTES])
def test_a_bomb_takes_no_more_memory_than_a_block(told: int) -> None:
    """A hundred megabytes in a hundred kilobytes, whatever its label tells."""
    stream = zlib.compressobj(9, zdict=DICTIONARY)
    bomb = b"".join(stream.compress(bytes(1_000_000)) for _ in range(100)) + stream.flush()
    tracemalloc.start()
    try:
        with pytest.raises(UnreadableBlock):
            unpacked(b"zlib %d 1795384568 1795384568\n" % told + bomb)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 3 * MOST_BYTES


def test_a_stream_of_another_dictionary_is_refused() -> None:
    """The stream itself names the one that it needs."""
    json = sample_block()
    stream = zlib.compressobj(1, zdict=b"another")
    with pytest.raises(UnreadableBlock):
        unpacked(label(packed(json)) + b"\n" + stream.compress(json) + stream.flush())


def test_the_dictionary_is_what_it_always_was() -> None:
    """Blocks that wait were packed with it."""
    assert (zlib.adler32(DICTIONARY), len(DICTIONARY)) == (2_726_254_279, 1_889)


def test_an_error_shows_nothing_of_the_block() -> None:
    """It may be logged."""
    with pytest.raises(UnreadableBlock) as refusal:
        unpacked(b"zlib jo@example.com")
    assert not re.search("jo|@", str(refusal.value))
