"""One batch, from the request to the settled claims.

send       → an answer
isolate    when one event may have brought a refusal upon the others
end        each event: delivered, dead, or due again
settle     the blocks that are closed by it, in one step
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tiktok_events.event.destination import Destination
from worker.attempts.history import Attempt
from worker.attempts.verdict import DOUBTFUL, Answer, Verdict
from worker.delivery.attempt_log import log_attempt, tell
from worker.delivery.backoff import delay_s
from worker.delivery.batching import request_body
from worker.delivery.destinations import Account
from worker.delivery.events_api import EventsApi, Exchange
from worker.delivery.isolation import ISOLATING, Isolated, isolate
from worker.delivery.prepare import Outgoing
from worker.letters.dead_letters import DeadLetter, Reason
from worker.outbox.claimed_block import SUSPECT_AFTER, OpenBlock
from worker.outbox.outbox import Outbox
from worker.outbox.settlement import Outcome, Settlement
from worker.reporting.redaction import redacted
from worker.settings import CONNECT_TIMEOUT_S, SETTLE_MARGIN_S, Settings

UNCLEAR_ATTEMPTS = 5
"""An event whose answers mean nothing known is given up after so many."""

EXHAUSTED_AFTER = 30
"""An event that alone fails so often, while the API takes others, is given up: it is the cause.
Where nine of ten answers were failures by chance, one event of twenty would be."""

NO_TOKEN = Answer(
    Verdict.CREDENTIAL,
    message="no access token is configured for this destination: set TIKTOK_EVENTS_ACCESS_TOKEN "
    "or name it in TIKTOK_EVENTS_DESTINATIONS_FILE",
)

PARKING = frozenset({Verdict.CREDENTIAL, Verdict.CONFIGURATION})
SPENDING = frozenset({Verdict.TRANSIENT, Verdict.AMBIGUOUS, Verdict.REJECTED, Verdict.UNCLEAR})
HEALTHY = frozenset({Verdict.DELIVERED, Verdict.REJECTED})
FAILING = frozenset({Verdict.TRANSIENT, Verdict.AMBIGUOUS, Verdict.THROTTLED, Verdict.UNCLEAR})


@dataclass(slots=True)
class Batch:
    """What one request carries.

    Attributes:
        destination: where to.
        account: token and limits.
        failures: the failure count that the claim saw.
        events: at most what the limits allow.
        has_turn: whether the claim took a turn of the access token for its first request.
        unsent: events of the same claim that are handed back with it.
        exchanges: the requests that were made for it, in order.
    """

    destination: Destination
    account: Account
    failures: int
    events: Sequence[Outgoing]
    has_turn: bool = True
    unsent: Sequence[Outgoing] = ()
    exchanges: list[Exchange] = field(default_factory=list)

    @property
    def answered(self) -> bool:
        """Whether the API judged events of it: a failure after that is the first in a row.

        A long search meets a failure sooner or later where every tenth request fails.
        Were each counted as one more, the wait between two searches would only grow.
        """
        return any(one.answer.verdict in HEALTHY for one in self.exchanges)

    @property
    def outdone(self) -> bool:
        """Whether its failure speaks against its events, which failed where others were taken."""
        return self.events[0].block.history.outdone >= SUSPECT_AFTER


class Delivery:
    """Delivers batches; safe to use from several threads.

    Args:
        api: the Events API.
        outbox: where the claims are settled.
        settings: of the worker.
        rng: for the jitter.
    """

    def __init__(
        self, api: EventsApi, outbox: Outbox, settings: Settings, rng: random.Random
    ) -> None:
        self._api = api
        self._outbox = outbox
        self._settings = settings
        self._rng = rng
        self._ending = threading.Lock()  # a block's events may end in two threads at once

    def deliver(self, batch: Batch) -> Answer:
        """Send a batch, end its events, settle what is closed; returns the deciding answer."""
        if not self._time_for_another(batch):
            closed = self.hand_back([*batch.unsent, *batch.events])
            self.settle_unsent(_settlement(batch), closed)
            return Answer(Verdict.TRANSIENT, message="the claim would have ended before the answer")
        unsent = self.hand_back(batch.unsent)
        answer = self._send(batch, batch.events)
        if answer.verdict in ISOLATING and len(batch.events) > 1:
            found = isolate(
                batch.events,
                answer,
                lambda events: self._send(batch, events),
                lambda: self._time_for_another(batch),
            )
            answer = _deciding(found)
            closed = self._end_isolated(batch, found)
        else:
            closed = self._end(batch, batch.events, answer)
        self._settle(batch, answer, [*unsent, *closed])
        return answer

    def settle_unsent(self, settlement: Settlement, blocks: Iterable[OpenBlock]) -> None:
        """Settle blocks that closed without a request: all dead, or handed back."""
        for block in blocks:
            block.settle_into(settlement)
        self._outbox.settle(settlement)

    def hand_back(self, events: Sequence[Outgoing]) -> list[OpenBlock]:
        """End events as not even tried; returns the blocks this closed."""
        return self._left(events, None)

    def _send(self, batch: Batch, events: Sequence[Outgoing]) -> Answer:
        if batch.account.access_token is None:
            return NO_TOKEN
        body = request_body(batch.destination, events)
        exchange = self._api.send(body, batch.account.access_token)
        batch.exchanges.append(exchange)
        log_attempt(batch.destination, exchange, len(events), len(body), failures=batch.failures)
        return exchange.answer

    def _time_for_another(self, batch: Batch) -> bool:
        """Whether one more request would end before the first claim does."""
        needed = CONNECT_TIMEOUT_S + self._settings.request_timeout_s + SETTLE_MARGIN_S
        lease_ends = min(event.block.lease_ends for event in batch.events)
        return time.monotonic() + needed < lease_ends

    def _end(self, batch: Batch, events: Sequence[Outgoing], answer: Answer) -> list[OpenBlock]:
        if answer.verdict is Verdict.DELIVERED:
            return self._delivered(events)
        if answer.verdict is Verdict.REJECTED:
            return [b for event in events for b in self._dead(batch, event, answer)]
        if answer.verdict is Verdict.UNCLEAR:
            return [b for event in events for b in self._unclear(batch, event, answer)]
        attempt = _attempt(batch, answer)
        if len(events) == 1 and events[0].block.is_outdone(attempt, EXHAUSTED_AFTER):
            return self._dead(batch, events[0], answer, Reason.EXHAUSTED)
        return self._left(events, attempt)

    def _end_isolated(self, batch: Batch, found: Isolated[Outgoing]) -> list[OpenBlock]:
        closed = self._delivered(found.delivered)
        for event, answer in found.refused:
            closed += self._end(batch, [event], answer)
        attempt = _attempt(batch, found.stopped_by) if found.stopped_by else None
        for part, events in enumerate(found.left, 1):
            closed += self._left(events, attempt if part == 1 else None, part=part)
        return closed

    def _delivered(self, events: Sequence[Outgoing]) -> list[OpenBlock]:
        closed = []
        with self._ending:
            for event in events:
                event.block.delivered()
                if event.block.closed:
                    closed.append(event.block)
        return closed

    def _dead(
        self, batch: Batch, event: Outgoing, answer: Answer, reason: Reason = Reason.REJECTED
    ) -> list[OpenBlock]:
        attempt = _attempt(batch, answer)
        history = event.block.history.after(attempt, ambiguous=answer.verdict in DOUBTFUL)
        letter = DeadLetter.of(
            event.body,
            destination=batch.destination.key,
            reason=reason,
            code=answer.code,
            message=answer.message,
            request_id=answer.request_id,
            history=history,
            died_at=time.time(),
            expires_at=event.expires_at,
        )
        with self._ending:
            event.block.dead(event.index, letter)
            return [event.block] if event.block.closed else []

    def _unclear(self, batch: Batch, event: Outgoing, answer: Answer) -> list[OpenBlock]:
        if event.block.history.attempts + 1 >= UNCLEAR_ATTEMPTS:
            return self._dead(batch, event, answer, Reason.EXHAUSTED)
        return self._left([event], _attempt(batch, answer), part=1)

    def _left(
        self, events: Sequence[Outgoing], attempt: Attempt | None, part: int = 0
    ) -> list[OpenBlock]:
        ambiguous = attempt is not None and attempt.verdict in DOUBTFUL
        by_block: dict[int, tuple[OpenBlock, list[int]]] = {}
        for event in events:
            by_block.setdefault(id(event.block), (event.block, []))[1].append(event.index)
        closed = []
        with self._ending:
            for block, indexes in by_block.values():
                block.left(indexes, attempt, ambiguous=ambiguous, part=part)
                if block.closed:
                    closed.append(block)
        return closed

    def _settle(self, batch: Batch, answer: Answer, closed: list[OpenBlock]) -> None:
        settlement = _settlement(batch)
        for block in closed:
            block.settle_into(settlement)
        settlement.counters = {"requests": len(batch.exchanges), f"answers:{answer.verdict}": 1}
        settlement.extra_requests = max(0, len(batch.exchanges) - batch.has_turn)
        settlement.throttled = answer.verdict is Verdict.THROTTLED
        if answer.verdict in HEALTHY:
            settlement.outcome = Outcome.HEALTHY
        elif answer.verdict in FAILING and not batch.outdone:
            settlement.outcome = Outcome.FAILING
            settlement.answered = batch.answered
            settlement.delay_ms = self._delay_ms(batch, answer, batch.failures)
            settlement.first_delay_ms = self._delay_ms(batch, answer, 0)
        elif answer.verdict in PARKING:
            settlement.park = f"{answer.verdict}: {redacted(answer.message)}"
        tell(batch.destination, answer, self._outbox.settle(settlement))

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
    return Settlement(batch.destination.key, batch.failures, batch.account.turns)


def _deciding(found: Isolated[Outgoing]) -> Answer:
    """What a search says about the destination: the API answered, unless something stopped it."""
    unclear = (answer for _, answer in found.refused if answer.verdict is Verdict.UNCLEAR)
    return found.stopped_by or next(unclear, Answer(Verdict.DELIVERED))


def _attempt(batch: Batch, answer: Answer) -> Attempt:
    made = next((one for one in batch.exchanges if one.answer is answer), None)
    return Attempt(
        at=made.started_at if made else time.time(),
        verdict=answer.verdict,
        code=answer.code,
        duration_ms=round(made.duration_s * 1000) if made else 0,
        request_id=answer.request_id,
        spent=answer.verdict in SPENDING,
    )
