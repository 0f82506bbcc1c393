"""Events grouped as they stand in the outbox: by destination, in blocks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import orjson

from tiktok_events.event.identity import counted_name
from tiktok_events.event.prepare import PreparedEvent

BLOCK_EVENTS: Final = 100
"""Events in one stream entry: measured two to three times the throughput of single ones."""

BLOCK_BYTES: Final = 1024 * 1024
"""The most bytes of a block's JSON; an event that is larger makes a block of its own."""

CLOSED: Final = "1"
"""The mark of blocks that hold nothing but what an `EventPreparer` made, so that a worker need not
look for personal data in them once more. Another number stands for other rules: raise it with one
that has to be applied to what older clients have written."""


@dataclass(frozen=True, slots=True)
class Block:
    """Events of one destination that stand in one stream entry.

    Attributes:
        destination: the destination's key.
        events: number of events in the block.
        payload: JSON array of them, UTF-8.
        mark: `CLOSED`, or empty where nobody knows who made its events; behind a semicolon the
            context of the call that handed them over, if it was traced.
        names: event name → how many events have it; `None` when only the payload tells.
    """

    destination: str
    events: int
    payload: bytes
    mark: str = ""
    names: Mapping[str, int] | None = field(default=None, compare=False)


def blocks_of(events: Iterable[PreparedEvent]) -> list[Block]:
    """Group events by destination, in order, into blocks within both limits; traced ones apart.

    What a policy withholds is in none.
    """
    apart: dict[str, list[PreparedEvent]] = {}
    for event in events:
        if not event.withheld:
            key = event.destination.key
            apart.setdefault(f"{key} {event.context}" if event.context else key, []).append(event)
    return [_block(chunk) for its_events in apart.values() for chunk in _chunks(its_events)]


def names_of(blocks: Iterable[Block]) -> Counter[str]:
    """How many events of each name are in some blocks, as they are counted."""
    names = Counter[str]()
    for block in blocks:
        names.update(_names_in(block) if block.names is None else block.names)
    return names


def _names_in(block: Block) -> Counter[str]:
    try:
        events = orjson.loads(block.payload)
    except orjson.JSONDecodeError:
        events = [None] * block.events
    names = (event.get("event") if isinstance(event, dict) else None for event in events)
    return Counter(map(counted_name, names))


def _block(events: list[PreparedEvent]) -> Block:
    """A block of events of one destination and one context."""
    payload = b"[" + b",".join([event.body for event in events]) + b"]"
    names = Counter(event.name for event in events)
    context = events[0].context
    mark = f"{CLOSED};{context}" if context else CLOSED
    return Block(events[0].destination.key, len(events), payload, mark, names)


def _chunks(events: list[PreparedEvent]) -> Iterator[list[PreparedEvent]]:
    chunk: list[PreparedEvent] = []
    size = 1  # the opening bracket; each event then has its comma or the closing one
    for event in events:
        more = len(event.body) + 1
        if chunk and (len(chunk) == BLOCK_EVENTS or size + more > BLOCK_BYTES):
            yield chunk
            chunk, size = [], 1
        chunk.append(event)
        size += more
    yield chunk
