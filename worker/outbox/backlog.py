"""Read the backlog in Redis: every waiting block, without claiming it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, cast

from tiktok_events.outbox.store import Store
from worker.reporting.stored import text_of, whole_of

PAGE_BYTES: Final = 4 * 1024 * 1024
"""About how many bytes are read at a time; a block may have a megabyte."""

FIRST_PAGE: Final = 16
LARGEST_PAGE: Final = 1_000
LENGTHS_AT_ONCE: Final = 1_000

Page = list[tuple[bytes, dict[bytes, bytes]]]


@dataclass(frozen=True, slots=True)
class StoredBlock:
    """A block as it is stored.

    Attributes:
        destination: key of the destination whose outbox holds it.
        id: its stream id, ``<Unix ms of acceptance>-<block number>``.
        payload: JSON array of its events.
        events: how many, as its producer counted them.
    """

    destination: str
    id: str
    payload: bytes = field(repr=False)
    events: int = 0

    @property
    def accepted_at(self) -> float:
        """When it was appended, Unix seconds."""
        return int(self.id.partition("-")[0]) / 1000


class Backlog:
    """All outboxes, claimed blocks included.

    Args:
        store: the outbox.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def destinations(self) -> list[str]:
        """Return destinations that have blocks: each of them is due at some time, or parked.

        No transaction, which a full server refuses: what is resumed meanwhile is found by the
        second look at those that are due, what is parked meanwhile by the look between.
        """
        with self._store.redis.pipeline(transaction=False) as pipeline:
            for keys in self._store.at_hand:
                pipeline.zrange(keys.ready, 0, -1)
                pipeline.hkeys(keys.parked)
                pipeline.zrange(keys.ready, 0, -1)
            found = pipeline.execute()
        return sorted({text_of(name) for names in found for name in names})

    def blocks(self, destination: str, *, after: str | None = None) -> Iterator[StoredBlock]:
        """Yield blocks in order; memory use does not grow with their number.

        Args:
            destination: the one whose outbox is read.
            after: id of a block after which to start.
        """
        count = FIRST_PAGE
        while page := self._page(destination, after, count):
            for entry_id, fields in page:
                yield _stored(destination, entry_id.decode(), fields)
            after = page[-1][0].decode()
            count = _next_count(page)

    def block(self, destination: str, block_id: str) -> StoredBlock | None:
        """Return one block, if it is still there."""
        found = cast(
            "Page",
            self._store.redis.xrange(
                self._store.shards.of(destination).outbox(destination), block_id, block_id
            ),
        )
        return _stored(destination, block_id, found[0][1]) if found else None

    def length(self, destinations: Sequence[str]) -> int:
        """Return how many blocks the destinations have."""
        total = 0
        for first in range(0, len(destinations), LENGTHS_AT_ONCE):
            with self._store.redis.pipeline(transaction=False) as pipeline:
                for name in destinations[first : first + LENGTHS_AT_ONCE]:
                    pipeline.xlen(self._store.shards.of(name).outbox(name))
                total += sum(pipeline.execute())
        return total

    def _page(self, destination: str, after: str | None, count: int) -> Page:
        first = "-" if after is None else f"({after}"
        return cast(
            "Page",
            self._store.redis.xrange(
                self._store.shards.of(destination).outbox(destination), first, "+", count
            ),
        )


def _stored(destination: str, block_id: str, fields: Mapping[bytes, bytes]) -> StoredBlock:
    """A block; one without events where the entry is none of ours."""
    events = whole_of(fields.get(b"n", b"0")) or 0
    return StoredBlock(destination, block_id, fields.get(b"b", b""), events)


def _next_count(page: Page) -> int:
    size = sum(len(fields.get(b"b", b"")) for _, fields in page)
    return max(1, min(LARGEST_PAGE, len(page) * PAGE_BYTES // max(size, 1)))
