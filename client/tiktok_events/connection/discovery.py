"""Who is the primary: whom to ask, and what is remembered of the answers; no I/O here.

Source: https://redis.io/docs/latest/develop/reference/sentinel-clients/ and
https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/, read 2026-11-22.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
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
    """Knows whom to ask for the primary, and who was named last.

    Args:
        address: of the outbox.
        key: any key of the outbox: all of them are in one slot of a cluster.
        for_s: seconds until a search is given up; each who is asked has its share.
    """

    def __init__(self, address: DiscoveryAddress, key: str, for_s: float) -> None:
        self.address = address
        self.slot = key_slot(key.encode())
        self.nodes = address.nodes
        self._share_s = for_s / len(address.nodes)
        self._primary: Node | None = None
        self._asked_at = self._sure_until = 0.0

    @property
    def place(self) -> str:
        """What the primary is the primary of."""
        return f"slot {self.slot:,}" if self.address.service is None else self.address.service

    def asking(self) -> dict[str, Any]:
        """redis-py's arguments of a client of one that is asked, who then has to answer soon."""
        self._asked_at = time.monotonic()
        wait_s = self._share_s / 2
        limits = {"socket_connect_timeout": wait_s, "socket_timeout": wait_s}
        return {**self.address.asking, **limits, "ssl": self.address.encrypted}

    def found(self, primary: Node, asked: int) -> Node:
        """Remember the primary, and ask who named it first from now on."""
        node = self.nodes[asked]
        self.nodes = (node, *(other for other in self.nodes if other != node))
        self._primary = primary
        self._sure_until = time.monotonic() + SURE_S
        return primary

    def master(self, masters: Mapping[str, Any]) -> Node:
        """The primary of the service, as redis-py reads a Sentinel's answer.

        Raises:
            PrimaryUnknown: it is down, or the Sentinel watches no such service.
        """
        state = masters.get(self.place)
        if state is None:
            raise PrimaryUnknown(f"it watches no {self.place}")
        if not state["is_master"] or state["is_sdown"] or state["is_odown"]:
            raise PrimaryUnknown("the primary is down, and no other is promoted yet")
        return state["ip"], state["port"]

    def owner(self, slots: Sequence[Any], asked: Node) -> Node:
        """The owner of the slot, as a node of the cluster answers to CLUSTER SLOTS.

        Raises:
            PrimaryUnknown: nobody has it.
        """
        for first, last, owner, *_ in slots:
            if first <= self.slot <= last and owner[0] != b"?":
                return (owner[0] or b"").decode() or asked[0], owner[1]
        raise PrimaryUnknown(f"no node serves slot {self.slot:,}")

    @property
    def is_sure(self) -> bool:
        """Whether the primary is known for sure; servers of a cluster tell when it changes."""
        return self.address.service is None or time.monotonic() < self._sure_until

    def points_to(self, node: Node) -> bool:
        """Whether a server was the primary when that was last asked."""
        return self.address.service is None or self._primary == node

    def unknown(self, problems: Sequence[str]) -> PrimaryUnknown:
        """Return the error when nobody knows the primary, and ask no Sentinel again for a while."""
        now = time.monotonic()
        self._sure_until = now + max(SURE_S, PAUSE_FACTOR * (now - self._asked_at))
        who = "node of the cluster" if self.address.service is None else "Sentinel"
        return PrimaryUnknown(f"no {who} names the primary of {self.place} ({'; '.join(problems)})")
