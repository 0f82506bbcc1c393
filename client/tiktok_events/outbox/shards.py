"""Which shard a destination's events are in, and what its keys are called.

A shard is a slot of Redis Cluster. The destination's key tells it to every producer and worker
alike, whatever language they are written in: ``crc32(key) % count``. The count is a power of two,
so that twice as many leave half of the destinations where they are.

Plain numbers as hash tags would put four of eight shards on one of three leaders. With these tags
the first 2, 4, 8 … 256 shards are spread evenly over all slots, so over any leaders that share
the slots evenly too. What is there once in an installation has a tag of its own, in the slot of
shard 0: without further shards everything is in one slot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, TypeVar
from zlib import crc32

from tiktok_events.outbox.broker_keys import BrokerKeys
from tiktok_events.outbox.keys import Keys

NAMESPACE: Final = "tiktok_events"
"""Of an installation that shares its server with no other."""

MOST: Final = 256

T = TypeVar("T")

_SUFFIXES: Final = (
    *(178, 8, 230, 256, 170, 27, 238, 442, 307, 361, 250, 24, 165, 103, 258, 422),
    *(312, 129, 14, 6, 121, 23, 269, 413, 264, 202, 371, 317, 103, 165, 58, 317),
    *(233, 255, 353, 168, 427, 441, 47, 60, 363, 158, 54, 73, 136, 150, 462, 218),
    *(273, 215, 440, 426, 169, 352, 43, 64, 48, 456, 462, 218, 242, 224, 357, 28),
    *(8, 202, 371, 19, 103, 165, 371, 317, 8, 27, 269, 413, 301, 38, 353, 168),
    *(327, 341, 232, 254, 44, 63, 426, 0, 1, 363, 177, 20, 242, 224, 18, 119),
    *(260, 206, 18, 254, 222, 244, 337, 351, 167, 101, 23, 249, 200, 266, 16, 2),
    *(138, 1, 205, 263, 130, 156, 162, 26, 213, 275, 67, 40, 407, 461, 78, 135),
    *(33, 14, 209, 473, 51, 76, 201, 267, 279, 403, 437, 48, 231, 257, 179, 342),
    *(37, 10, 153, 135, 321, 347, 153, 135, 376, 310, 216, 270, 123, 145, 41, 66),
    *(167, 101, 433, 249, 64, 43, 1, 241, 145, 0, 27, 351, 443, 239, 38, 104),
    *(275, 213, 30, 17, 271, 217, 139, 26, 68, 152, 460, 406, 42, 65, 3, 406),
    *(167, 29, 446, 420, 11, 36, 360, 306, 216, 270, 12, 35, 402, 278, 156, 130),
    *(306, 360, 174, 112, 241, 227, 321, 22, 3, 29, 156, 130, 9, 351, 49, 244),
    *(148, 373, 200, 266, 433, 249, 49, 266, 42, 65, 2, 123, 270, 8, 222, 244),
    *(406, 460, 152, 134, 212, 274, 9, 75, 238, 8, 217, 271, 122, 144, 403, 279),
)
"""Shard k's tag is ``k.<suffix>``, the smallest that puts it where it belongs: into the part of
the slots, of 256 equal ones, that has the number k with its eight bits reversed."""

INSTALLATION_TAG: Final = "all.17495"


def tag(shard: int) -> str:
    """The hash tag of a shard."""
    return f"{shard}.{_SUFFIXES[shard]}"


@cache
def _keys(namespace: str, hash_tag: str) -> Keys:
    return Keys(namespace, hash_tag)


@dataclass(frozen=True, slots=True)
class Shards:
    """All shards of one installation: iterate over them, or ask for that of a destination.

    Attributes:
        namespace: of the installation, so that several may share a server.
        count: how many shards there are, a power of two.
    """

    namespace: str = NAMESPACE
    count: int = 1

    def __iter__(self) -> Iterator[Keys]:
        """The keys of each shard, in order."""
        return map(self.at, range(self.count))

    def at(self, shard: int) -> Keys:
        """The keys of the shard with this number."""
        return _keys(self.namespace, tag(shard))

    def of(self, destination: str) -> Keys:
        """The keys of the shard that a destination belongs to."""
        return self.at(crc32(destination.encode()) % self.count)

    def apart(self, things: Sequence[T], destination_of: Callable[[T], str]) -> list[Sequence[T]]:
        """The things of each shard by themselves, in their order; none for none.

        Args:
            things: what is done by scripts, each of which is for one shard.
            destination_of: tells the destination of a thing.
        """
        if self.count == 1 or len(things) == 1:
            return [things] if things else []
        parts: dict[Keys, list[T]] = {}
        for thing in things:
            parts.setdefault(self.of(destination_of(thing)), []).append(thing)
        return list(parts.values())

    @property
    def installation(self) -> Keys:
        """The keys of what is there once, whatever the number of shards."""
        return _keys(self.namespace, INSTALLATION_TAG)

    @property
    def broker(self) -> BrokerKeys:
        """The keys and queues on Celery's broker."""
        return BrokerKeys(self.namespace)
