"""Who leads which slots of a cluster, as it was said last; no I/O here.

Source: https://redis.io/docs/latest/commands/cluster-slots/, read 2026-12-01.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Final

from redis.crc import key_slot

from tiktok_events.connection.discovery import Discovery, PrimaryUnknown
from tiktok_events.connection.discovery_address import MOST_NODES, DiscoveryAddress, Node

AGAIN_S: Final = 0.1
"""Nobody is asked more often: while a leader is away, every call doubts what was said."""


class Leaders(Discovery):
    """Remembers the leader of each slot until somebody doubts it.

    `primary.find` and its twin for asyncio ask the cluster, and teach it what they hear.

    Args:
        address: of the cluster.
        for_s: seconds until a search is given up; each who is asked has its share.
    """

    def __init__(self, address: DiscoveryAddress, for_s: float) -> None:
        super().__init__(address, "", for_s)
        self._for_s = for_s
        self._ranges: list[tuple[int, int, Node]] = []
        self._ask_at = 0.0
        self._is_doubted = True
        self._failure: PrimaryUnknown | None = None

    @property
    def place(self) -> str:
        """What its answers are about."""
        return "the slots"

    @property
    def is_due(self) -> bool:
        """Return whether the cluster should be asked now."""
        return self._is_doubted and time.monotonic() >= self._ask_at

    def doubt(self) -> None:
        """Have the cluster asked again: a server did not answer, or does not lead any more."""
        self._is_doubted = True

    def owner(self, slots: Sequence[Any], asked: Node) -> Node:
        """Learn the leaders from an answer to CLUSTER SLOTS; returns who gave it.

        Raises:
            PrimaryUnknown: it knows none.
        """
        ranges = [
            (first, last, ((owner[0] or b"").decode() or asked[0], owner[1]))
            for first, last, owner, *_ in slots
            if owner[0] != b"?"
        ]
        if not ranges:
            raise PrimaryUnknown("it knows no leader of any slot")
        self._ranges = ranges
        return asked

    def found(self, primary: Node, asked: int) -> Node:
        """Note that the cluster has answered; from now on every leader may be asked."""
        super().found(primary, asked)
        self.nodes = _some_of((primary, *self.all(), *self.address.nodes))
        self._share_s = self._for_s / len(self.nodes)
        self._ask_at, self._is_doubted = time.monotonic() + AGAIN_S, False
        return primary

    def unknown(self, problems: Sequence[str]) -> PrimaryUnknown:
        """Return the error when nobody answers, and ask nobody again for a while."""
        self._failure = super().unknown(problems)
        self._ask_at = self._sure_until
        return self._failure

    def all(self) -> list[Node]:
        """Return every leader that has a slot."""
        return list(dict.fromkeys(node for _, _, node in self._ranges))

    def of(self, slot: int) -> Node:
        """Return the leader of a slot.

        Raises:
            PrimaryUnknown: nobody was named.
        """
        for first, last, node in self._ranges:
            if first <= slot <= last:
                return node
        if not self._ranges and self._failure is not None:
            raise self._failure
        raise PrimaryUnknown(f"no node of the cluster serves slot {slot:,}")


@lru_cache(1_024)
def _slot_of_tag(tag: bytes) -> int:
    return int(key_slot(tag))


def slot_of(key: str | bytes) -> int:
    """Return the slot of a key; keys with one hash tag share theirs."""
    name = key if isinstance(key, bytes) else key.encode()
    begin = name.find(b"{")
    end = name.find(b"}", begin + 2)
    return _slot_of_tag(name[begin + 1 : end]) if -1 < begin < end else int(key_slot(name))


def _some_of(nodes: Iterable[Node]) -> tuple[Node, ...]:
    return tuple(dict.fromkeys(nodes))[:MOST_NODES]
