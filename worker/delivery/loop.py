"""The loop of a deliver task: serve every destination that is due until nothing is, or time is up.

    take       destinations that are due
    claim      their blocks, as many events as a request holds
    prepare    validate, age, encode; what cannot be sent is dead
    post       in a few threads, so that requests overlap while this loop prepares the next

The loop alone claims and prepares; a posting thread delivers and settles.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from tiktok_events.event.destination import Destination
from worker.delivery.batching import full_batches
from worker.delivery.deliver import Batch, Delivery
from worker.delivery.destinations import Destinations
from worker.delivery.posting import Posting
from worker.delivery.prepare import Outgoing, Preparer
from worker.delivery.served import Served
from worker.outbox.claimed_block import OpenBlock
from worker.outbox.outbox import Claim, Outbox, Rest, Taken, Want
from worker.outbox.settlement import Settlement
from worker.runtime.progress import PROGRESS
from worker.settings import Settings

TAKE_AT_ONCE = 16
"""Destinations taken in one round trip."""

PATIENCE_MS = 1_000
"""The loop stays awake for what is due this soon: cheaper than a new doorbell and task."""

POLL_S = 0.02
"""Pause between looks while awake; it adds half of itself to the latency of a lone event."""

GRACE_S = 0.25
"""Awake this long after the last work: under steady traffic one task serves many events."""

BUSY_DEFER_MS = 50
"""A destination with no room left here is offered again, to any worker, after this."""

LONELY_CLAIMS = 3
"""A block that died with its worker so often is claimed alone (see `claim.lua`) and handled
with nothing else under way in this process."""

DEADLY_CLAIMS = 5
"""Claimed once more than this it has twice died alone: it does not get another worker."""

HELP_EVERY_S = 1.0
"""So often at most another worker process is rung for, while there is more than one can take."""

SHUTDOWN_S = 6.0
"""What is still under way then is left to its lease: an orchestrator waits ten seconds, and
Celery takes up to three to end its processes (measured)."""


class Drain:
    """One run of the loop.

    Args:
        outbox: where the work is.
        delivery: what sends a batch.
        destinations: tokens and limits.
        settings: of the worker.
        posting: runs deliveries in threads.
        stopping: whether the worker shuts down.
    """

    def __init__(
        self,
        outbox: Outbox,
        delivery: Delivery,
        destinations: Destinations,
        settings: Settings,
        *,
        posting: Posting,
        stopping: Callable[[], bool],
    ) -> None:
        self._outbox = outbox
        self._delivery = delivery
        self._destinations = destinations
        self._settings = settings
        self._posting = posting
        self._stopping = stopping
        self._served: dict[str, Served] = {}
        self._carrying: dict[str, Served] = {}
        self._help_wanted_at = float("-inf")
        self._last: frozenset[int] | None = None
        self._worked = time.monotonic()

    def run(self, *, budget_s: float) -> None:
        """Serve until nothing is due soon, the budget is used up, or the worker stops.

        What is under way when the budget is used up is not waited for idly: one destination
        that hangs would take this process from all others. They are served until it ends.
        """
        deadline = time.monotonic() + budget_s
        try:
            while not self._is_over(deadline) and self._round():
                pass
        finally:
            self._finish()

    def _is_over(self, deadline: float) -> bool:
        if self._stopping():
            return True
        if time.monotonic() < deadline:
            return False
        under_way = self._posting.under_way
        self._last = under_way if self._last is None else self._last & under_way
        return not self._last

    def _round(self) -> bool:
        """One look; False when there is nothing to stay awake for."""
        if self._posting.free <= 0:
            self._posting.wait_for_one(PATIENCE_MS / 2000)
            return True
        room = min(self._posting.free, TAKE_AT_ONCE)
        taken = self._outbox.take(room, patience_ms=PATIENCE_MS, stay=self._within_grace())
        PROGRESS.beat()
        a_line = len(taken.destinations) == room
        self._serve(taken.destinations)
        self._send_carried(taken.destinations, a_line=a_line)
        if a_line:
            self._ring_for_help()
        if taken.destinations or len(self._posting):
            self._worked = time.monotonic()
        return self._pause(taken)

    def _within_grace(self) -> bool:
        return time.monotonic() - self._worked < GRACE_S or len(self._posting) > 0

    def _pause(self, taken: Taken) -> bool:
        """Wait for the next look; False when there is nothing to wait for."""
        if taken.destinations:
            return True
        if len(self._posting):
            self._posting.wait_for_one(POLL_S)
        elif taken.awake:
            time.sleep(POLL_S if taken.wait_ms is None else min(taken.wait_ms / 1000, POLL_S))
        else:
            return False
        return True

    def _serve(self, names: list[str]) -> None:
        """Claim and post once for taken destinations that have room.

        Where more waits, the claim has made the destination due again, behind all that were
        due before: a backlog takes turns with the others instead of keeping this loop.
        """
        serving = [served for name in names if (served := self._with_room(name))]
        claims = self._outbox.claim([self._want(served) for served in serving]) if serving else []
        for served, claim in zip(serving, claims, strict=True):
            self._post_claimed(served, claim)
        if any(claim.rest is Rest.MORE for claim in claims):
            self._ring_for_help()

    def _with_room(self, name: str) -> Served | None:
        """What is known of a taken destination; without room for it, offer it again soon."""
        destination = Destination.from_key(name)
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
        carried_bytes = sum(len(event.encoded) for event in served.carried)
        return Want(
            served.key,
            max(1, served.account.limits.batch_events - len(served.carried)),
            max(1, served.account.limits.batch_bytes - carried_bytes),
            served.account.turns,
        )

    def _post_claimed(self, served: Served, claim: Claim) -> None:
        served.failures = claim.failures
        served.has_turn |= bool(claim.blocks)
        served.rest, served.asked_at = claim.rest, time.monotonic()
        self._prepare(served, claim)
        if claim.rest is Rest.STOPPED:
            self._hand_back_carried(served)
        if claim.leaves_oldest:
            self._probe_half(served, second=claim.failures % 2 == 0)
        self._post_carried(served, whole=claim.rest is Rest.NOTHING)
        if served.carried:
            self._carrying[served.key] = served

    def _prepare(self, served: Served, claim: Claim) -> None:
        """Carry what can be sent; settle blocks of which nothing can."""
        lease_ends = time.monotonic() + self._settings.lease_s
        preparer = Preparer(served.destination, self._settings)
        closed: list[OpenBlock] = []
        for claimed in claim.blocks:
            block = OpenBlock.of(claimed, lease_ends=lease_ends, taken_at=claim.taken_at)
            if claimed.claims > DEADLY_CLAIMS:
                preparer.give_up(block, now=time.time())
            if claimed.claims > LONELY_CLAIMS:
                self._posting.wait_for_all()
            outgoing = [] if block.closed else list(preparer.prepare(block, now=time.time()))
            if block.closed:
                closed.append(block)
            elif block.history.suspect or claimed.claims > LONELY_CLAIMS:
                self._post(served, outgoing)
            else:
                served.carried += outgoing
        if closed:
            self._settle_unsent(served, closed)

    def _probe_half(self, served: Served, *, second: bool) -> None:
        """Every third probe leaves half behind: one event may make the API fail for all.

        `claim.lua` has passed over the oldest for the same reason.
        """
        events, served.carried = served.carried, []
        middle = (len(events) + 1) // 2
        halves = [events[:middle], events[middle:]]
        if second and halves[1]:
            halves.reverse()
        if events and self._has_room(served):
            self._post(served, halves[0], unsent=halves[1])
        else:
            served.carried = events

    def _post(
        self, served: Served, events: list[Outgoing], unsent: Sequence[Outgoing] = ()
    ) -> None:
        batch = Batch(
            served.destination,
            served.account,
            served.failures,
            events,
            has_turn=served.has_turn,
            unsent=unsent,
        )
        served.has_turn = False
        self._posting.post(served.key, lambda: self._delivery.deliver(batch))

    def _post_carried(self, served: Served, *, whole: bool) -> None:
        """Post what fills requests, as far as there is room; if `whole`, the rest too."""
        limits = served.account.limits
        batches, rest = full_batches(
            served.carried, max_events=limits.batch_events, max_bytes=limits.batch_bytes
        )
        if whole and rest:
            batches, rest = [*batches, rest], []
        while batches and self._has_room(served):
            self._post(served, batches.pop(0))
        served.carried = [event for batch in batches for event in batch] + rest

    def _send_carried(self, except_for: list[str], *, a_line: bool) -> None:
        """Where nothing more came, what is carried goes as it is."""
        for name, served in self._carrying.items():
            expects_more = name in except_for or served.expects_more(a_line=a_line)
            self._post_carried(served, whole=not expects_more)
        self._carrying = {name: one for name, one in self._carrying.items() if one.carried}

    def _ring_for_help(self) -> None:
        """A backlog, of one destination or of many: let another worker process join."""
        now = time.monotonic()
        if now - self._help_wanted_at >= HELP_EVERY_S:
            self._help_wanted_at = now
            self._outbox.ring(rings=self._settings.rings, more_hands=True)

    def _finish(self) -> None:
        """Hand back what is not sent, wait for what is under way, pass the watch on."""
        try:
            for served in self._carrying.values():
                self._hand_back_carried(served)
        finally:
            self._posting.wait_for_all(SHUTDOWN_S if self._stopping() else None)
        self._fall_asleep()

    def _fall_asleep(self) -> None:
        """From now on producers ring again, and a next task looks after what is due soon."""
        self._outbox.take(0, patience_ms=1, stay=False)
        self._outbox.ring(rings=self._settings.rings, more_hands=True, within_ms=PATIENCE_MS)

    def _hand_back_carried(self, served: Served) -> None:
        if served.carried:
            events, served.carried = served.carried, []
            self._settle_unsent(served, self._delivery.hand_back(served.destination, events))

    def _settle_unsent(self, served: Served, closed: list[OpenBlock]) -> None:
        self._delivery.settle_unsent(
            Settlement(served.key, served.failures, served.account.turns), closed
        )
