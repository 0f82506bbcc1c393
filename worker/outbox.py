"""The worker's half of the outbox: take, claim, settle; each one atomic script.

take      destinations that are due        → for one lease each
claim     a destination's blocks           → held by this process until settled
settle    what became of claimed blocks    → delivered, due again, or dead
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, cast

import orjson
from redis import Redis

from tiktok_events import keys
from tiktok_events.lua_script import Call, LuaScript


@dataclass(frozen=True, slots=True)
class Taken:
    """Destinations this worker may serve now.

    Attributes:
        destinations: their keys.
        wait_ms: until the next one is due; ``None`` when none is within the patience.
        awake: whether producers were told that somebody looks, so no bell is rung.
    """

    destinations: list[str]
    wait_ms: int | None
    awake: bool


@dataclass(frozen=True, slots=True)
class Turns:
    """How often an access token may be used, by all workers together.

    Attributes:
        token_digest: names the token without telling it.
        per_second: requests, while the API has not asked for fewer.
    """

    token_digest: str
    per_second: float


@dataclass(frozen=True, slots=True)
class Want:
    """What to claim of one destination.

    Attributes:
        destination: its key.
        events: how many are wanted.
        size_bytes: of their payloads, at most a block more.
        turns: how often its access token may be used.
    """

    destination: str
    events: int
    size_bytes: int
    turns: Turns


@dataclass(frozen=True, slots=True)
class ClaimedBlock:
    """A block held by this process.

    Attributes:
        id: its stream id, ``<Unix ms of acceptance>-<block number>``.
        claims: how often it was claimed since it was last settled; more than one
            means that earlier claims died. Together with the consumer it is the fence.
        events: how many events it holds.
        payload: JSON array of them.
        attempts: JSON of what earlier attempts met, or empty.
    """

    id: str
    claims: int
    events: int
    payload: bytes
    attempts: bytes

    @property
    def accepted_at(self) -> float:
        """When it was appended, Unix seconds."""
        return int(self.id.partition("-")[0]) / 1000


@dataclass(frozen=True, slots=True)
class Claim:
    """Blocks of one destination.

    Attributes:
        destination: its key.
        blocks: possibly none.
        more: whether the outbox had more than was wanted.
        failures: how often in a row the destination has failed; above 0 this is a probe.
    """

    destination: str
    blocks: list[ClaimedBlock]
    more: bool
    failures: int


class Outcome(StrEnum):
    """What a settled batch says about its destination."""

    HEALTHY = "healthy"
    FAILING = "failing"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class BuriedEvent:
    """A dead letter on its way into Redis.

    Attributes:
        suffix: its place in the block; with the block's number it makes the letter's id.
        document: JSON.
        deadline: Unix seconds.
        reason: counted as ``dead:<reason>``.
    """

    suffix: str
    document: str
    deadline: float
    reason: str


@dataclass(frozen=True, slots=True)
class LeftPart:
    """Events of a block that stay, as a block of their own."""

    events: int
    payload: str
    attempts: str


@dataclass(frozen=True, slots=True)
class MixedBlock:
    """A block whose events ended in several ways."""

    id: str
    claims: int
    delivered: int
    dead: list[BuriedEvent]
    left: list[LeftPart]


@dataclass(slots=True)
class Settlement:
    """What became of claimed blocks, and what it says about their destination.

    Attributes:
        destination: its key.
        failures: the failure count that the claim saw.
        turns: how often its access token may be used.
        extra_requests: beyond the one that the claim paid for.
        throttled: whether the API asked for fewer requests.
        done: (id, claims, events) of blocks that were delivered whole.
        again: (id, claims, attempts JSON or ``None`` when not even tried).
        mixed: blocks with several ends.
        counters: what to add to the counters whatever happens.
        outcome: for the destination's back-off.
        delay_ms: the back-off, when failing.
        answered: when failing, whether the API judged events of the batch before it did.
        first_delay_ms: the back-off, when this failure is the first in a row after all.
        park: why the destination must wait for a person.
    """

    destination: str
    failures: int
    turns: Turns
    extra_requests: int = 0
    throttled: bool = False
    done: list[tuple[str, int, int]] = field(default_factory=list)
    again: list[tuple[str, int, str | None]] = field(default_factory=list)
    mixed: list[MixedBlock] = field(default_factory=list)
    counters: dict[str, int] = field(default_factory=dict)
    outcome: Outcome = Outcome.NONE
    delay_ms: int = 0
    answered: bool = False
    first_delay_ms: int = 0
    park: str | None = None

    def plan(self) -> bytes:
        """The plan as `settle.lua` reads it."""
        return orjson.dumps(
            {
                "done": self.done,
                "again": self.again,
                "mixed": [_mixed_plan(block) for block in self.mixed],
                "counters": self.counters,
                "outcome": self.outcome,
                "failures": self.failures,
                "delay_ms": self.delay_ms,
                "answered": self.answered,
                "first_delay_ms": self.first_delay_ms,
                "park": self.park,
                "token": self.turns.token_digest,
                "extra": self.extra_requests,
                "slow_down": self.throttled,
                "rate": self.turns.per_second,
            }
        )


@dataclass(frozen=True, slots=True)
class Settled:
    """What a settlement did.

    Attributes:
        lost: blocks that this process no longer held.
        parked: whether it parked the destination: no other settlement did, or will.
    """

    lost: int
    parked: bool


def _mixed_plan(block: MixedBlock) -> dict[str, Any]:
    return {
        "id": block.id,
        "claims": block.claims,
        "delivered": block.delivered,
        "dead": [[b.suffix, b.document, b.deadline, b.reason] for b in block.dead],
        "left": [[part.events, part.payload, part.attempts] for part in block.left],
    }


def _claimed(destination: str, reply: list[Any]) -> Claim:
    more, failures, *blocks = reply
    return Claim(
        destination,
        [ClaimedBlock(id_.decode(), *rest) for id_, *rest in blocks],
        more=bool(more),
        failures=failures,
    )


class Outbox:
    """All outboxes, as one worker process sees them.

    Args:
        redis: connection of this process.
        consumer: the name this process claims under.
        lease_ms: how long a claim is good for without being settled.
    """

    def __init__(self, redis: Redis, *, consumer: str, lease_ms: int) -> None:
        self._consumer = consumer
        self._lease_ms = lease_ms
        self._take = LuaScript(redis, "worker", "unblocked", "take")
        self._claim = LuaScript(redis, "worker", "unblocked", "limiter", "claim")
        self._settle = LuaScript(redis, "worker", "unblocked", "limiter", "settle")
        self._defer = LuaScript(redis, "worker", "unblocked", "defer")
        self._ring = LuaScript(redis, "worker", "unblocked", "ring")

    def take(self, limit: int, *, patience_ms: int, stay: bool) -> Taken:
        """Take up to `limit` destinations that are due, each for one lease.

        Args:
            limit: how many at most.
            patience_ms: how far ahead it is worth staying awake for.
            stay: whether to stay awake though nothing is due.
        """
        reply = cast(
            "list[Any]",
            self._take(
                keys=[keys.READY, keys.AWAKE],
                args=[limit, self._lease_ms, patience_ms, int(stay)],
            ),
        )
        wait_ms, awake, *names = reply
        return Taken([n.decode() for n in names], None if wait_ms < 0 else wait_ms, bool(awake))

    def defer(self, destination: str, delay_ms: int) -> None:
        """Offer a taken destination again soon: there is no room to serve it here."""
        self._defer(keys=[keys.READY], args=[destination, delay_ms])

    def claim(self, wants: Sequence[Want]) -> list[Claim]:
        """Claim blocks of taken destinations, each until one of its limits is reached or passed.

        One round trip for all of them.
        """
        replies = self._claim.many([self._claim_call(want) for want in wants], together=False)
        return [
            _claimed(want.destination, reply) for want, reply in zip(wants, replies, strict=True)
        ]

    def _claim_call(self, want: Want) -> Call:
        destination = want.destination
        return (
            [
                keys.READY,
                keys.outbox(destination),
                keys.state(destination),
                keys.attempts(destination),
                keys.limit(want.turns.token_digest),
            ],
            [
                destination,
                self._consumer,
                self._lease_ms,
                want.events,
                want.size_bytes,
                want.turns.per_second,
            ],
        )

    def settle(self, settlement: Settlement) -> Settled:
        """End claims; blocks that this process no longer holds stay as they are."""
        destination = settlement.destination
        reply = cast(
            "list[int]",
            self._settle(
                keys=[
                    keys.READY,
                    keys.outbox(destination),
                    keys.state(destination),
                    keys.attempts(destination),
                    keys.COUNTERS,
                    keys.SEQUENCE,
                    keys.DEAD,
                    keys.DEADLINES,
                    keys.limit(settlement.turns.token_digest),
                    keys.PARKED,
                ],
                args=[destination, self._consumer, settlement.plan()],
            ),
        )
        return Settled(lost=reply[1], parked=bool(reply[2]))

    def ring(self, *, rings: bool = True, more_hands: bool = False) -> bool:
        """Ring the doorbell if a destination is due and nobody sees it.

        Args:
            rings: whether the doorbell's queue is on this server; if not, only tell.
            more_hands: ring even while a deliver task is awake: the backlog is large.
        """
        return bool(
            self._ring(
                keys=[keys.READY, keys.AWAKE, keys.DOORBELL, keys.SEQUENCE],
                args=[int(rings), int(more_hands)],
            )
        )
