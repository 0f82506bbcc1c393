"""Claims for the loop of a deliver task, from what is wanted to what is posted.

want       as many events as a request holds, less what is buffered already
claim      blocks of all taken destinations in one round trip
prepare    what can be sent is buffered; what cannot is dead
probe      of a destination that fails, sometimes one half of what was claimed
post       whole requests at once; what fills none is buffered until more has come
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from typing import Final

from worker.delivery.batching import full_batches
from worker.delivery.deliver import Batch, Delivery
from worker.delivery.destinations import Destinations
from worker.delivery.posting import Posting
from worker.delivery.prepare import Outgoing, Preparer
from worker.delivery.remarks import Remarks
from worker.delivery.served import Served
from worker.outbox.claim import Claim, Rest, Want
from worker.outbox.claimed_block import OpenBlock
from worker.outbox.outbox import Outbox
from worker.outbox.settlement import Settlement
from worker.reporting.stored import destination_of
from worker.settings import Settings

BUSY_DEFER_MS: Final = 50
"""Seconds after which a destination without room here is offered again, to any worker."""

LONELY_CLAIMS: Final = 3
"""How often a block's workers must have died for it to be claimed alone (see `claim.lua`), with
nothing else under way in this process.
"""

DEADLY_CLAIMS: Final = 5
"""Beyond this number of claims, the block has twice died alone, and gets no other worker."""


class Claiming:
    """The destinations that one run of the loop serves; only the loop's own thread uses it.

    Args:
        outbox: where the work is.
        delivery: what sends a batch.
        destinations: tokens and limits.
        settings: of the worker.
        posting: runs deliveries in threads.
        remarks: logs what validation lets pass.
    """

    def __init__(
        self,
        outbox: Outbox,
        delivery: Delivery,
        destinations: Destinations,
        settings: Settings,
        *,
        posting: Posting,
        remarks: Remarks,
    ) -> None:
        self._outbox = outbox
        self._delivery = delivery
        self._destinations = destinations
        self._settings = settings
        self._posting = posting
        self._remarks = remarks
        self._served: dict[str, Served] = {}
        self._buffering: dict[str, Served] = {}

    def serve(self, names: Sequence[str]) -> bool:
        """Claim and post once for taken destinations that have room.

        Where more waits, the claim has made the destination due again, behind all that were
        due before: a backlog takes turns with the others instead of keeping this loop.

        Returns:
            Whether more waits for any of them.
        """
        serving = [served for name in names if (served := self._with_room(name))]
        claims = self._outbox.claim([self._want(served) for served in serving]) if serving else []
        for served, claim in zip(serving, claims, strict=True):
            self._post_claimed(served, claim)
        return any(claim.rest is Rest.MORE for claim in claims)

    @property
    def is_buffering(self) -> bool:
        """Return whether something is prepared but not posted yet."""
        return bool(self._buffering)

    def post_buffered(self, except_for: Collection[str], *, a_line: bool) -> None:
        """Post what is buffered as it is, where nothing more came to fill a request.

        Args:
            except_for: destinations that were taken just now.
            a_line: whether other destinations are due that this worker has not taken.
        """
        now = time.monotonic()
        for name, served in self._buffering.items():
            expects_more = name in except_for or served.expects_more(now, a_line=a_line)
            self._post_buffered(served, whole=not expects_more)
        self._buffering = {name: one for name, one in self._buffering.items() if one.buffered}

    def hand_back_buffered(self) -> None:
        """Settle what is buffered as unsent."""
        for served in self._buffering.values():
            self._hand_back(served)

    def _with_room(self, name: str) -> Served | None:
        """Return a taken destination; if it has no room, offer it again soon and return `None`."""
        destination = destination_of(name)
        if destination is None:
            return None  # junk in Redis: offered again after a lease, shown by `status`
        account = self._destinations.account(destination)
        served = self._served.setdefault(name, Served(destination, account))
        served.account = account
        if self._has_room(served):
            return served
        self._outbox.defer(name, BUSY_DEFER_MS)
        served.asked_at = time.monotonic()
        return None

    def _has_room(self, served: Served) -> bool:
        return self._posting.has_room(served.key, served.account.limits.max_in_flight)

    def _want(self, served: Served) -> Want:
        buffered_bytes = sum(len(event.encoded) for event in served.buffered)
        return Want(
            served.key,
            max(1, served.account.limits.batch_events - len(served.buffered)),
            max(1, served.account.limits.batch_bytes - buffered_bytes),
            served.account.token_limit,
        )

    def _post_claimed(self, served: Served, claim: Claim) -> None:
        served.failures = claim.failures
        served.has_slot |= bool(claim.blocks)
        served.rest, served.asked_at = claim.rest, time.monotonic()
        self._buffer(served, claim)
        if claim.rest is Rest.STOPPED:
            self._hand_back(served)
        if claim.leaves_oldest:
            self._probe_half(served, second=claim.failures % 2 == 0)
        self._post_buffered(served, whole=claim.rest is Rest.NOTHING)
        if served.buffered:
            self._buffering[served.key] = served

    def _buffer(self, served: Served, claim: Claim) -> None:
        """Buffer what can be sent, post what travels apart, settle blocks that have ended."""
        lease_ends = time.monotonic() + self._settings.lease_s
        preparer = Preparer(
            served.destination,
            self._settings,
            judges=self._outbox.clock.judges,
            strict=served.account.limits.strict,
        )
        ended: list[OpenBlock] = []
        for claimed in claim.blocks:
            block = OpenBlock.of(claimed, lease_ends=lease_ends, taken_at=claim.taken_at)
            if claimed.claims > LONELY_CLAIMS:
                self._posting.wait_for_all()
            sendable = self._prepare(preparer, block, now=self._outbox.clock.now())
            if block.closed:
                ended.append(block)
            elif block.history.suspect or claimed.claims > LONELY_CLAIMS:
                self._post(served, sendable)
            else:
                served.buffered += sendable
        if ended:
            self._settle_unsent(served, ended)

    def _prepare(self, preparer: Preparer, block: OpenBlock, *, now: float) -> list[Outgoing]:
        """End the events that cannot be sent; return the others."""
        if block.claimed.claims > DEADLY_CLAIMS:
            self._give_up(preparer, block, now=now)
            return []
        prepared = preparer.prepare(block, now=now)
        sendable = prepared.end_in(block)
        block.let_go()
        self._remarks.note(preparer.destination.key, prepared.warnings)
        return sendable

    def _give_up(self, preparer: Preparer, block: OpenBlock, *, now: float) -> None:
        """End a block that kills its workers: apart into single events, or dead when it is one."""
        if block.size > 1:
            block.take_apart()
        else:
            block.dead(0, preparer.crash_loop(block, now=now))

    def _probe_half(self, served: Served, *, second: bool) -> None:
        """Leave half of every third probe behind: one event may make the API fail for all.

        `claim.lua` has passed over the oldest for the same reason.
        """
        events, served.buffered = served.buffered, []
        middle = (len(events) + 1) // 2
        halves = [events[:middle], events[middle:]]
        if second and halves[1]:
            halves.reverse()
        if events and self._has_room(served):
            self._post(served, halves[0], unsent=halves[1])
        else:
            served.buffered = events

    def _post(
        self, served: Served, events: list[Outgoing], unsent: Sequence[Outgoing] = ()
    ) -> None:
        batch = Batch(
            served.destination,
            served.account,
            served.failures,
            events,
            has_slot=served.has_slot,
            unsent=unsent,
        )
        served.has_slot = False
        self._posting.post(served.key, lambda: self._delivery.deliver(batch))

    def _post_buffered(self, served: Served, *, whole: bool) -> None:
        """Post what fills requests, as far as there is room; if `whole`, the rest as well."""
        limits = served.account.limits
        batches, rest = full_batches(
            served.buffered, max_events=limits.batch_events, max_bytes=limits.batch_bytes
        )
        if whole and rest:
            batches, rest = [*batches, rest], []
        while batches and self._has_room(served):
            self._post(served, batches.pop(0))
        served.buffered = [event for batch in batches for event in batch] + rest

    def _hand_back(self, served: Served) -> None:
        if served.buffered:
            events, served.buffered = served.buffered, []
            blocks = self._delivery.hand_back(served.destination, events)
            self._settle_unsent(served, blocks)

    def _settle_unsent(self, served: Served, ended: list[OpenBlock]) -> None:
        self._delivery.settle_unsent(
            Settlement(served.key, served.failures, served.account.token_limit), ended
        )
