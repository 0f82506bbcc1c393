"""Whom to ask for the primary, and what the answers mean; no I/O here.

Source: https://redis.io/docs/latest/develop/reference/sentinel-clients/ and
https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/, read 2026-11-22.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any, Final

from redis.crc import key_slot
from redis.exceptions import ConnectionError as RedisConnectionError

from tiktok_events.connection.discovery_address import DiscoveryAddress, Node

SURE_S: Final = 1.0
"""How long what a Sentinel said is believed. A primary that gives way without knowing it, as in a
plain SENTINEL FAILOVER, takes writes for about ten seconds more, and all of them are lost."""

PAUSE_FACTOR: Final = 10
"""Sentinels that do not answer are asked again after so many times what that took."""


class PrimaryUnknown(RedisConnectionError):
    """Nobody who was asked could name the primary."""


class Discovery:
    """Knows whom to ask for the primary, and what the answer means.

    Args:
        address: of the outbox.
        key: any key of the outbox: all of them are in one slot of a cluster.
    """

    def __init__(self, address: DiscoveryAddress, key: str) -> None:
        self.address = address
        self.slot = key_slot(key.encode())
        self._nodes = address.nodes
        self._primary: Node | None = None
        self._asked_at = self._sure_until = 0.0

    @property
    def question(self) -> tuple[str, ...]:
        """The command to ask with."""
        if self.address.service is None:
            return "CLUSTER", "SLOTS"
        return "SENTINEL", "MASTER", self.address.service

    def turns(self, for_s: float) -> Iterator[tuple[Node, float]]:
        """Whom to ask one after the other, and for how many seconds to wait for the answer.

        Each may take half of what is left, the last one all: a host that is gone answers
        nothing, and it may have been the one of the primary.
        """
        self._asked_at = time.monotonic()
        end = self._asked_at + for_s
        nodes = self._nodes
        for node in nodes:
            rest_s = max(end - time.monotonic(), 0.001)
            yield node, rest_s if node is nodes[-1] else rest_s / 2

    def primary(self, node: Node, answer: Any) -> Node:
        """Return the primary, and ask this node first from now on.

        Raises:
            PrimaryUnknown: the answer does not tell.
        """
        if self.address.service is None:
            host, port = _owner_of_slot(self.slot, answer)
        else:
            host, port = _master(answer)
        self._nodes = (node, *(other for other in self._nodes if other != node))
        self._primary = found = (host or node[0], port)
        self._sure_until = time.monotonic() + SURE_S
        return found

    @property
    def is_sure(self) -> bool:
        """Whether the primary is known for sure; servers of a cluster tell when it changes."""
        return self.address.service is None or time.monotonic() < self._sure_until

    def points_to(self, node: Node) -> bool:
        """Whether this one was the primary when that was last told."""
        return self.address.service is None or self._primary == node

    def unknown(self, problems: Sequence[str]) -> PrimaryUnknown:
        """Return the error when nobody knows the primary, and ask no Sentinel again for a while."""
        now = time.monotonic()
        self._sure_until = now + max(SURE_S, PAUSE_FACTOR * (now - self._asked_at))
        said = f"({'; '.join(problems)})"
        if self.address.service is None:
            return PrimaryUnknown(f"no node of the cluster names the primary {said}")
        return PrimaryUnknown(f"no Sentinel names the primary of {self.address.service} {said}")


def _master(answer: list[bytes]) -> tuple[str, int]:
    fields = dict(zip(answer[::2], answer[1::2], strict=False))
    flags = set(fields[b"flags"].decode().split(","))
    if "master" not in flags or flags & {"s_down", "o_down"}:
        raise PrimaryUnknown("the primary is down, and no other is promoted yet")
    return fields[b"ip"].decode(), int(fields[b"port"])


def _owner_of_slot(slot: int, answer: list[Any]) -> tuple[str, int]:
    for first, last, owner, *_ in answer:
        if first <= slot <= last and owner[0] != b"?":
            return (owner[0] or b"").decode(), owner[1]
    raise PrimaryUnknown(f"no node serves slot {slot:,}")
