"""Events grouped as they stand in the outbox: by destination, in blocks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

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
        mark: `CLOSED`, or empty where nobody knows who made its events.
    """

    destination: str
    events: int
    payload: bytes
    mark: str = ""


def blocks_of(events: Iterable[PreparedEvent]) -> list[Block]:
    """Group events by destination, in order, into blocks within both limits.

    What a policy withholds is in none.
    """
    by_destination: dict[str, list[bytes]] = {}
    for event in events:
        if not event.withheld:
            by_destination.setdefault(event.destination.key, []).append(event.body)
    return [
        Block(destination, len(chunk), b"[" + b",".join(chunk) + b"]", CLOSED)
        for destination, bodies in by_destination.items()
        for chunk in _chunks(bodies)
    ]


def _chunks(bodies: list[bytes]) -> Iterator[list[bytes]]:
    chunk: list[bytes] = []
    size = 1  # the opening bracket; each event then has its comma or the closing one
    for body in bodies:
        if chunk and (len(chunk) == BLOCK_EVENTS or size + len(body) + 1 > BLOCK_BYTES):
            yield chunk
            chunk, size = [], 1
        chunk.append(body)
        size += len(body) + 1
    yield chunk
