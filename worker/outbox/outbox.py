"""The worker's half of the outbox: take, claim, settle; each one atomic script.

take      destinations that are due        → for one lease each
claim     a destination's blocks           → held by this process until settled
sweep     what expired at a parked one     → held, too
settle    what became of claimed blocks    → delivered, due again, or dead
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any, Final, cast

from schemas.limits import LATEST_EVENT_TIME
from tiktok_events.outbox.blocks import CLOSED
from tiktok_events.outbox.lua_script import Call, LuaScript
from tiktok_events.outbox.store import Store
from worker.outbox.server_clock import ServerClock
from worker.outbox.settlement import Settled, Settlement, TokenLimit
from worker.reporting.announcements import Announcements
from worker.reporting.audit_entry import Action, unwritten
from worker.reporting.stored import text_of

SETTLE: Final = (
    *("lib/unblocked", "lib/claims", "lib/limiter", "lib/ramp", "lib/letters", "lib/replayed"),
    *("audit", "announcements", "settle"),
)
_CLOSED: Final = CLOSED.encode()
_PARKED: Final = 3
"""Parts of the reply of a settlement that parked its destination."""

SWEPT_BLOCKS: Final = 8
"""So many blocks are swept at a time: the server decodes them, and must not be held up."""

OTHERS_EVERY: Final = 3
"""Every third probe of a destination that fails passes over its oldest blocks."""


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
class Want:
    """What to claim of one destination.

    Attributes:
        destination: its key.
        events: how many are wanted.
        size_bytes: of their JSON, at most a block more.
        token_limit: how often its access token may be used.
    """

    destination: str
    events: int
    size_bytes: int
    token_limit: TokenLimit


@dataclass(slots=True)
class ClaimedBlock:
    """A block held by this process; not frozen, for the same reason as a `History`.

    Attributes:
        id: its stream id, ``<Unix ms of acceptance>-<block number>``.
        claims: how often it was claimed since it was last settled; more than one
            means that earlier claims died. Together with the consumer it is the fence.
        events: how many events it holds.
        payload: JSON array of them.
        attempts: JSON of what earlier attempts met, or empty.
        mark: that of the client which closed its events, or empty.
    """

    id: str
    claims: int
    events: int
    payload: bytes
    attempts: bytes
    mark: bytes = b""

    @property
    def is_closed(self) -> bool:
        """Whether a client has closed its events by the rules of today."""
        return self.mark == _CLOSED

    @property
    def accepted_at(self) -> float:
        """When it was appended, Unix seconds."""
        return int(self.id.partition("-")[0]) / 1000


class Rest(IntEnum):
    """What a claim leaves in the outbox, as far as this worker is concerned.

    Attributes:
        NOTHING: it took everything.
        MORE: there is more to be claimed now.
        LATER: the token's next slot, or the ramp's next step, has not come; offered again then.
        STOPPED: the destination is parked, backing off or being probed; nothing may be sent.
    """

    NOTHING = 0
    MORE = 1
    LATER = 2
    STOPPED = 3


@dataclass(frozen=True, slots=True)
class Claim:
    """Blocks of one destination.

    Attributes:
        destination: its key.
        blocks: possibly none.
        rest: what else the outbox has.
        failures: how often in a row the destination has failed; above 0 this is a probe.
        taken_at: when the API last accepted events of the destination, Unix seconds; 0 when
            that is not known.
    """

    destination: str
    blocks: list[ClaimedBlock]
    rest: Rest
    failures: int
    taken_at: float

    @property
    def leaves_oldest(self) -> bool:
        """Whether it is a probe of other events than the oldest, which may be to blame."""
        return self.failures > 0 and self.failures % OTHERS_EVERY == 0


def _claimed(destination: str, reply: list[Any]) -> Claim:
    rest, failures, taken_at, *blocks = reply
    return Claim(
        destination,
        _blocks(blocks),
        Rest(rest),
        failures,
        int(taken_at) / 1000,
    )


def _blocks(reply: list[Any]) -> list[ClaimedBlock]:
    return [ClaimedBlock(id_.decode(), *fields) for id_, *fields in reply]


class Outbox:
    """All outboxes, as one worker process sees them.

    Args:
        store: the outbox, by a connection of this process.
        consumer: the name this process claims under.
        lease_ms: how long a claim is good for without being settled.
        clock: learns the server's time from every `take`.
    """

    def __init__(
        self, store: Store, *, consumer: str, lease_ms: int, clock: ServerClock | None = None
    ) -> None:
        self.clock = ServerClock() if clock is None else clock
        self._store = store
        self._consumer = consumer
        self._lease_ms = lease_ms
        self._take = LuaScript(store.redis, "worker", "lib/unblocked", "take")
        self._claim = LuaScript(
            store.redis, "worker", "lib/unblocked", "lib/claims", "lib/limiter", "lib/ramp", "claim"
        )
        self._sweep = LuaScript(store.redis, "worker", "lib/unblocked", "lib/claims", "sweep")
        self._settle = LuaScript(store.redis, "worker", *SETTLE)
        self._defer = LuaScript(store.redis, "worker", "lib/unblocked", "defer")
        self._ring = LuaScript(store.redis, "worker", "lib/unblocked", "ring_if_due")
        self._announcements = Announcements(store)

    def take(self, limit: int, *, patience_ms: int, stay: bool) -> Taken:
        """Take up to `limit` destinations that are due, each for one lease.

        Args:
            limit: how many at most.
            patience_ms: how far ahead it is worth staying awake for.
            stay: whether to stay awake though nothing is due.
        """
        keys = self._store.keys
        asked_at = time.monotonic()
        reply = cast(
            "list[Any]",
            self._take(
                keys=[keys.ready, keys.awake],
                args=[limit, self._lease_ms, patience_ms, int(stay)],
            ),
        )
        now_ms, wait_ms, awake, *names = reply
        self.clock.learn(now_ms / 1000, asked_at)
        return Taken([text_of(n) for n in names], None if wait_ms < 0 else wait_ms, bool(awake))

    def defer(self, destination: str, delay_ms: int) -> None:
        """Offer a taken destination again soon: there is no room to serve it here."""
        self._defer(keys=[self._store.keys.ready], args=[destination, delay_ms])

    def claim(self, wants: Sequence[Want]) -> list[Claim]:
        """Claim blocks of taken destinations, each until one of its limits is reached or passed.

        One round trip for all of them.
        """
        replies = self._claim.many([self._claim_call(want) for want in wants])
        return [
            _claimed(want.destination, reply) for want, reply in zip(wants, replies, strict=True)
        ]

    def _claim_call(self, want: Want) -> Call:
        keys = self._store.keys
        destination = want.destination
        return (
            [*keys.of_outbox(destination), keys.limit(want.token_limit.token_digest)],
            [
                destination,
                self._consumer,
                self._lease_ms,
                want.events,
                want.size_bytes,
                want.token_limit.per_second,
                OTHERS_EVERY,
            ],
        )

    def sweep(self, windows: Iterable[tuple[str, float]]) -> list[list[ClaimedBlock]]:
        """Claim what has expired at the head of parked destinations; of others, nothing.

        One round trip for all of them.

        Args:
            windows: each destination's key, and for how many seconds an event can be sent.
        """
        replies = self._sweep.many([self._sweep_call(*one) for one in windows])
        return [_blocks(reply) for reply in replies]

    def _sweep_call(self, name: str, window_s: float) -> Call:
        return (
            self._store.keys.of_outbox(name),
            [self._consumer, self._lease_ms, SWEPT_BLOCKS, window_s, LATEST_EVENT_TIME],
        )

    def settle(self, settlement: Settlement) -> Settled:
        """End claims; blocks that this process no longer holds stay as they are.

        A settlement of many dead letters is several steps: others are served in between.
        """
        *burials, last = map(self._settle_step, settlement.steps())
        return replace(last, lost=last.lost + sum(step.lost for step in burials))

    def _settle_step(self, settlement: Settlement) -> Settled:
        destination = settlement.destination
        reply = cast(
            "list[Any]",
            self._settle(
                keys=settlement.keys(self._store.keys),
                args=[destination, self._consumer, settlement.plan(), *settlement.payloads()],
            ),
        )
        if len(reply) == _PARKED and not reply[-1]:
            unwritten(Action.PARK)
        return Settled(*reply[:2])

    def told(self, settled: Settled) -> None:
        """Note that the caller has made the announcement of a settlement."""
        if settled.parked:
            self._announcements.done(settled.announcement)

    def ring(self, *, rings: bool = True, more_hands: bool = False, within_ms: int = 0) -> bool:
        """Ring the doorbell if a destination is due and nobody sees it.

        Args:
            rings: whether the doorbell's queue is on this server; if not, only tell.
            more_hands: ring even while a deliver task is awake: the backlog is large.
            within_ms: ring for what is due so soon, too.
        """
        keys = self._store.keys
        return bool(
            self._ring(
                keys=[keys.ready, keys.awake, keys.bell(rings=rings), keys.sequence],
                args=[int(rings), int(more_hands), within_ms],
            )
        )
