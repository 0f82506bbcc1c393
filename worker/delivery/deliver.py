"""One batch, from the request to the settled claims.

send       → an answer
judge      what each event met; a batch that one event may have spoiled is searched
decide     the end of each event: delivered, dead, or due again
settle     the blocks that are closed by it, in one step
"""

from __future__ import annotations

import random
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

from tiktok_events.event.destination import Destination
from worker.attempts.verdict import Answer, Verdict
from worker.delivery.accepted import Carried, accepted_by
from worker.delivery.attempt_log import log_attempt, parked_notice, tell
from worker.delivery.backoff import delay_s
from worker.delivery.batching import request_body
from worker.delivery.destination_fault import DestinationFaults
from worker.delivery.destinations import Account
from worker.delivery.ending import Again, Dead, Delivered, End, end_of
from worker.delivery.events_api import EventsApi, Exchange
from worker.delivery.isolation import Met, isolate
from worker.delivery.prepare import Outgoing
from worker.delivery.spans import parcel_of, traced
from worker.letters.dead_letters import DeadLetter
from worker.outbox.claimed_block import SUSPECT_AFTER, OpenBlock
from worker.outbox.outbox import Outbox
from worker.outbox.settlement import Outcome, Settlement
from worker.reporting.redaction import redacted
from worker.reporting.tracing import Tracer
from worker.settings import CONNECT_TIMEOUT_S, SETTLE_MARGIN_S, Settings

NO_TOKEN = Answer(
    Verdict.CREDENTIAL,
    message="no access token is configured for this destination: set TIKTOK_EVENTS_ACCESS_TOKEN "
    "or name it in TIKTOK_EVENTS_DESTINATIONS_FILE",
)


NO_TIME = Answer(Verdict.TRANSIENT, message="the claim would have ended before the answer")


@dataclass(slots=True)
class Batch:
    """What one request carries.

    Attributes:
        destination: the one that all its events go to.
        account: token and limits.
        failures: the failure count that the claim saw.
        events: at most what the limits allow.
        has_slot: whether the claim took a slot of the access token for its first request.
        unsent: events of the same claim that are handed back with it.
        exchanges: the requests that were made for it, in order.
    """

    destination: Destination
    account: Account
    failures: int
    events: Sequence[Outgoing]
    has_slot: bool = True
    unsent: Sequence[Outgoing] = ()
    exchanges: list[Exchange] = field(default_factory=list)

    @property
    def answered(self) -> bool:
        """Whether the API judged events of the batch: a failure after that is the first in a row.

        If every tenth request fails, a long search meets a failure sooner or later. If each
        counted as one more in a row, the wait between two searches would only grow.
        """
        return any(one.answer.verdict.leads_to.healthy for one in self.exchanges)

    @property
    def taken_at(self) -> float:
        """When the API last accepted events of the destination, Unix seconds."""
        return self.events[0].block.taken_at

    @property
    def outdone(self) -> bool:
        """Whether the failure speaks against the events, because others were accepted."""
        return self.events[0].block.history.outdone >= SUSPECT_AFTER


class Delivery:
    """Delivers batches; safe to use from several threads.

    Args:
        api: the Events API.
        outbox: where the claims are settled.
        settings: of the worker.
        rng: for the jitter.
        tracers: make a span of each request.
    """

    def __init__(
        self,
        api: EventsApi,
        outbox: Outbox,
        settings: Settings,
        rng: random.Random,
        tracers: Sequence[Tracer] = (),
    ) -> None:
        self._api = api
        self._outbox = outbox
        self._settings = settings
        self._rng = rng
        self._tracers = tracers
        self._faults = DestinationFaults()
        self._ending = threading.Lock()  # a block's events may end in two threads at once

    def deliver(self, batch: Batch) -> Answer:
        """Send a batch, end its events, settle what is closed; returns the deciding answer."""
        if not self._time_for_another(batch):
            closed = self.hand_back(batch.destination, [*batch.unsent, *batch.events])
            self.settle_unsent(_settlement(batch), closed)
            return NO_TIME
        unsent = self.hand_back(batch.destination, batch.unsent)
        judged = self._judge(batch)
        fault = self._faults.found(
            batch.destination.key, judged, taken_at=batch.taken_at, now=self._outbox.clock.now()
        )
        closed = self._decide(batch.destination, judged, spared=fault is not None)
        answer = fault or _deciding(judged)
        self._settle(batch, answer, [*unsent, *closed])
        return answer

    def settle_unsent(self, settlement: Settlement, blocks: Iterable[OpenBlock]) -> None:
        """Settle blocks that closed without a request: all dead, or handed back."""
        for block in blocks:
            block.settle_into(settlement)
        self._outbox.settle(settlement)

    def hand_back(self, destination: Destination, events: Sequence[Outgoing]) -> list[OpenBlock]:
        """End events as not even sent; returns the blocks that this closed."""
        closed = []
        for part in _by_block(events):
            closed += self._end(destination, part, Again(part[0].block.history))
        return closed

    def _send(self, batch: Batch, events: Sequence[Outgoing]) -> Exchange:
        if batch.account.access_token is None:
            return Exchange(NO_TOKEN, self._outbox.clock.now(), 0.0)
        body = request_body(batch.destination, events)
        send = partial(self._api.send, body, batch.account.access_token)
        if self._tracers:
            parcel = parcel_of(batch.destination, events, len(body), self._outbox.clock.now())
            exchange = traced(self._tracers, send, parcel)
        else:
            exchange = send()
        batch.exchanges.append(exchange)
        log_attempt(batch.destination, exchange, len(events), len(body), failures=batch.failures)
        return exchange

    def _judge(self, batch: Batch) -> list[Met[Outgoing]]:
        """Return what each event met: one answer, or several where a refused batch is searched."""
        first = self._send(batch, batch.events)
        single = len(batch.events) == 1
        if single or not first.answer.verdict.leads_to.isolates:
            return [Met(batch.events, (first,), alone=single)]
        return isolate(
            batch.events,
            first,
            lambda events: self._send(batch, events),
            lambda: self._time_for_another(batch),
            spot_check=self._faults.is_possible(
                batch.destination.key, taken_at=batch.taken_at, now=self._outbox.clock.now()
            ),
        )

    def _time_for_another(self, batch: Batch) -> bool:
        """Return whether one more request would end before the first claim does."""
        needed = CONNECT_TIMEOUT_S + self._settings.request_timeout_s + SETTLE_MARGIN_S
        lease_ends = min(event.block.lease_ends for event in batch.events)
        return time.monotonic() + needed < lease_ends

    def _decide(
        self, destination: Destination, judged: Sequence[Met[Outgoing]], *, spared: bool
    ) -> list[OpenBlock]:
        """End the events of a delivery; return the blocks that this closed."""
        closed = []
        for met in judged:
            carried = Carried.by(met.exchanges)
            for part in _by_block(met.events):
                block = part[0].block
                end = end_of(met, block.history, taken_at=block.taken_at, spared=spared)
                closed += self._end(destination, part, end, carried)
        return closed

    def _end(
        self,
        destination: Destination,
        events: Sequence[Outgoing],
        end: End,
        carried: Carried | None = None,
    ) -> list[OpenBlock]:
        """End some events of one block; return the block if they were the last."""
        block = events[0].block
        with self._ending:
            match end:
                case Delivered():
                    salvaged = _salvaged(events)
                    took_s = max(self._outbox.clock.now() - block.history.accepted_at, 0.0)
                    block.delivered(
                        len(events),
                        salvaged=salvaged,
                        ended=accepted_by(events, carried, salvaged=salvaged) if carried else (),
                        counted=(took_s, events),
                    )
                case Dead():
                    for event in events:
                        block.dead(
                            event.index, _letter(destination, event, end, self._outbox.clock.now())
                        )
                case Again():
                    block.left([event.index for event in events], end.history, group=end.group)
            return [block] if block.closed else []

    def _settle(self, batch: Batch, answer: Answer, closed: list[OpenBlock]) -> None:
        settlement = _settlement(batch)
        for block in closed:
            block.settle_into(settlement)
        settlement.counters = {"requests": len(batch.exchanges), f"answers:{answer.verdict}": 1}
        settlement.extra_requests = max(0, len(batch.exchanges) - batch.has_slot)
        settlement.throttled = answer.verdict is Verdict.THROTTLED
        leads_to = answer.verdict.leads_to
        if leads_to.healthy:
            settlement.outcome = Outcome.HEALTHY
        elif leads_to.backs_off and not batch.outdone:
            settlement.outcome = Outcome.FAILING
            settlement.answered = batch.answered
            settlement.delay_ms = self._delay_ms(batch, answer, batch.failures)
            settlement.first_delay_ms = self._delay_ms(batch, answer, 0)
        elif leads_to.parks:
            settlement.park = f"{answer.verdict}: {redacted(answer.message)}"
            settlement.notice = parked_notice(batch.destination, answer)
        settled = self._outbox.settle(settlement)
        tell(batch.destination, answer, settled)
        self._outbox.told(settled)

    def _delay_ms(self, batch: Batch, answer: Answer, failures: int) -> int:
        delay = delay_s(
            failures,
            base_s=batch.account.limits.retry_base_s,
            cap_s=batch.account.limits.retry_cap_s,
            rng=self._rng,
            floor_s=answer.retry_after_s or 0.0,
        )
        return round(delay * 1000)


def _settlement(batch: Batch) -> Settlement:
    return Settlement(batch.destination.key, batch.failures, batch.account.token_limit)


def _salvaged(events: Sequence[Outgoing]) -> list[str]:
    return [path for event in events if event.salvaged for path in event.salvaged]


def _by_block(events: Sequence[Outgoing]) -> Iterable[list[Outgoing]]:
    parts: defaultdict[int, list[Outgoing]] = defaultdict(list)
    for event in events:
        parts[id(event.block)].append(event)
    return parts.values()


def _letter(destination: Destination, event: Outgoing, end: Dead, now: float) -> DeadLetter:
    return DeadLetter.of(
        event.body,
        destination=destination.key,
        reason=end.reason,
        code=end.answer.code,
        message=redacted(end.answer.message),
        request_id=end.answer.request_id,
        history=end.history,
        died_at=now,
        expires_at=event.expires_at,
    )


def _deciding(judged: Sequence[Met[Outgoing]]) -> Answer:
    """Return the answer that says most about the destination.

    In this order: one that ended the delivery, one without sense, acceptance, refusal.
    """
    return min((met.answer for met in judged), key=_weight)


def _weight(answer: Answer) -> tuple[bool, bool]:
    leads_to = answer.verdict.leads_to
    return leads_to.healthy, leads_to.isolates
