"""The worker's half of the outbox: take, claim, settle; each one atomic script.

take      destinations that are due        → for one lease each
claim     a destination's blocks           → held by this process until settled
sweep     what expired at a parked one     → held, too
settle    what became of claimed blocks    → delivered, due again, or dead
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final, cast

from schemas.limits import LATEST_EVENT_TIME
from tiktok_events.outbox.keys import Keys
from tiktok_events.outbox.lua_script import Call, LuaScript
from tiktok_events.outbox.store import Store
from worker.outbox.claim import (
    OTHERS_EVERY,
    Claim,
    ClaimedBlock,
    Taken,
    Want,
    blocks_of,
    claim_of,
    taken_of,
)
from worker.outbox.looks import Looks, shares
from worker.outbox.receipt_writing import Receipts
from worker.outbox.server_clock import ServerClock
from worker.outbox.settlement import Settled, Settlement
from worker.outbox.token_turns import NO_TURN, TokenTurns, Turn
from worker.reporting.announcements import Announcements
from worker.reporting.audit_entry import Action, unwritten
from worker.reporting.stored import text_of

SETTLE: Final = (
    *("lib/unblocked", "lib/claims", "lib/limiter", "lib/ramp", "lib/letters", "lib/replayed"),
    *("lib/receipts", "audit", "announcements", "settle"),
)
_PARKED: Final = 3
"""How many parts the reply has if a settlement parked its destination."""

SWEPT_BLOCKS: Final = 8
"""How many blocks are swept at a time: the server decodes them, and must not be held up."""


class Outbox:
    """All outboxes, as one worker process sees them.

    Args:
        store: the outbox, by a connection of this process.
        consumer: the name this process claims under.
        lease_ms: how long a claim is good for without being settled.
        clock: learns the server's time from every `take`.
        receipts: whether it is written down what became of each event.
    """

    def __init__(
        self,
        store: Store,
        *,
        consumer: str,
        lease_ms: int,
        clock: ServerClock | None = None,
        receipts: bool = True,
    ) -> None:
        self._receipts = receipts
        self.clock = ServerClock() if clock is None else clock
        self._store = store
        self._looks = Looks(store.shards)
        self._turns = TokenTurns(store) if store.shards.count > 1 else None
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
        if self._turns is not None:
            self._turns.give_back()
        first = self._looks.next()
        if self._turns is not None:
            first = list(filter(self._store.answers, first))
        taken = self._look(first, limit, patience_ms, stay=stay)
        if taken.awake or not (others := self._others(first)):
            return taken
        # Nobody stays awake after this: so no shard may have something that it has not seen.
        return Taken.of([taken, self._look(others, limit, patience_ms, stay=stay)])

    def _others(self, looked: list[Keys]) -> list[Keys]:
        return list(filter(self._store.answers, self._looks.others(looked)))

    def _look(self, shards: Sequence[Keys], limit: int, patience_ms: int, *, stay: bool) -> Taken:
        """Take of some shards, in one round trip."""
        if not shards:
            return Taken.of([])
        asked_at, args = time.monotonic(), (self._lease_ms, patience_ms, int(stay))
        most = shares(limit, len(shards))
        replies = self._take.answered(
            [
                ([keys.ready, keys.awake], [share, *args])
                for keys, share in zip(shards, most, strict=True)
            ]
        )
        self.clock.learn(next(filter(None, replies))[0] / 1000, asked_at)
        looks = []
        for keys, reply, share in zip(shards, replies, most, strict=True):
            if reply is not None:
                looks.append(look := taken_of(reply, share))
                if look.destinations or look.wait_ms is not None:
                    self._looks.found(keys)
        return looks[0] if len(looks) == 1 else Taken.of(looks)

    def defer(self, destination: str, delay_ms: int) -> None:
        """Offer a taken destination again soon: there is no room to serve it here."""
        self._defer(keys=[self._store.shards.of(destination).ready], args=[destination, delay_ms])

    def claim(self, wants: Sequence[Want]) -> list[Claim]:
        """Claim blocks of taken destinations, each until one of its limits is reached or passed.

        One round trip for all of them, and sometimes one before, if there are several shards.
        """
        turns = [NO_TURN] * len(wants) if self._turns is None else self._turns.take(wants)
        replies = self._claim.answered(list(map(self._claim_call, wants, turns)))
        claims = [
            claim_of(want.destination, reply) for want, reply in zip(wants, replies, strict=True)
        ]
        if self._turns is not None:
            self._turns.used(wants, turns, claims)
        return claims

    def _claim_call(self, want: Want, turn: Turn) -> Call:
        destination = want.destination
        keys = self._store.shards.of(destination)
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
                *turn,
            ],
        )

    def sweep(self, windows: Iterable[tuple[str, float]]) -> list[list[ClaimedBlock]]:
        """Claim what has expired at the head of parked destinations; of others, nothing.

        One round trip for all of them.

        Args:
            windows: each destination's key, and for how many seconds an event can be sent.
        """
        replies = self._sweep.answered([self._sweep_call(*one) for one in windows])
        return [blocks_of(reply or []) for reply in replies]

    def _sweep_call(self, name: str, window_s: float) -> Call:
        return (
            self._store.shards.of(name).of_outbox(name),
            [self._consumer, self._lease_ms, SWEPT_BLOCKS, window_s, LATEST_EVENT_TIME],
        )

    def settle(self, settlement: Settlement) -> Settled:
        """End claims; blocks that this process no longer holds stay as they are.

        A settlement of many dead letters is several steps: others are served in between.
        """
        *burials, last = map(self._settle_step, settlement.steps())
        return replace(last, lost=last.lost + sum(step.lost for step in burials))

    def _settle_step(self, settlement: Settlement) -> Settled:
        """Settle; if the claim of a block was lost, plan again without it."""
        if self._turns is not None and (settlement.extra_requests or settlement.throttled):
            self._turns.note(settlement)
            settlement = replace(settlement, extra_requests=0, throttled=False)
        lost = 0
        while gone := (reply := self._settle_all(settlement))[0]:
            lost += len(gone)
            settlement = settlement.without([text_of(block_id) for block_id in gone])
        if len(reply) == _PARKED and not reply[-1]:
            unwritten(Action.PARK)
        return Settled(lost, *reply[1:2])

    def _settle_all(self, settlement: Settlement) -> list[Any]:
        """Settle all of it, or nothing if a block's claim was lost; return the script's reply."""
        destination = settlement.destination
        keys = self._store.shards.of(destination)
        endings = settlement.endings() if self._receipts else ()
        receipts = Receipts.of(destination, endings, self.clock.now())
        return cast(
            "list[Any]",
            self._settle(
                keys=[*settlement.keys(keys), *receipts.keys(keys)],
                args=[
                    destination,
                    self._consumer,
                    settlement.plan(),
                    *receipts.facts,
                    *settlement.payloads(),
                    *receipts.elements,
                ],
            ),
        )

    def told(self, settled: Settled) -> None:
        """Note that the caller has announced a settlement's parking."""
        if settled.parked:
            self._announcements.done(settled.announcement)

    def ring(self, *, rings: bool = True, more_hands: bool = False, within_ms: int = 0) -> bool:
        """Ring the doorbell if a destination is due and nobody sees it.

        Args:
            rings: whether the doorbell's queue is on this server; if not, only tell.
            more_hands: ring even while a deliver task is awake: the backlog is large.
            within_ms: ring for what is due so soon, too.
        """
        args = [int(rings), int(more_hands), within_ms]
        calls = [
            ([keys.ready, keys.awake, keys.bell(rings=rings), keys.sequence], args)
            for keys in self._store.at_hand
        ]
        return any(self._ring.answered(calls))
