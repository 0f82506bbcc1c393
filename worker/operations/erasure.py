"""Erase everything of one data subject that waits or is dead, and nothing of anybody else.

Events move one way only while the fence of `worker.letters.fence` stands, and it is looked at the
places in that order: what is found nowhere is nowhere, or was accepted since.

spooled    on this machine, for as long as no other process is flushing
queued     Celery messages that carry an event; those that workers have taken are waited for
delayed    each event of the data subject that waits for its time goes
waiting    each block with an event of the data subject loses it; a block that a worker holds is
           asked again until its claim has ended, one way or the other
dead       letters with such an event are purged
receipts   of all of these go; that they were erased stays

Places that could not be reached are named.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import orjson
from redis.exceptions import RedisError

from tiktok_events.errors import OutboxUnavailable
from tiktok_events.outbox.store import Store
from worker.letters.dead_letters import PAGE, DeadLetters
from worker.letters.fence import Fence
from worker.letters.letter import DeadLetter
from worker.operations.data_subject import DataSubject
from worker.operations.erasure_blocks import BlocksOf, Seen
from worker.operations.erasure_found import BUSY_SPOOL, NO_BROKER, NO_FENCE, Found
from worker.operations.erasure_receipts import ErasedReceipts
from worker.operations.queued_events import QueuedEvents
from worker.operations.spooled_events import SpooledEvents
from worker.outbox.delayed import DelayedBody, DelayedEvents
from worker.reporting.audit import Act, Audit

MAX_ROUNDS: Final = 5
"""How often a round may be repeated because the fence fell: this process was stopped, or a clock
jumped.
"""

POLL_S: Final = 0.1
"""Seconds between two looks at what another process holds."""

MARGIN_S: Final = 1.0
"""Seconds after the end of a lease when its claim has certainly ended."""

LOOKS_AT_MESSAGES: Final = 2
"""How many looks in a row must find nothing: a message between queue and worker is in neither
place.
"""

DEAD: Final = "dead_letters"


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Where events are before they are in Redis, as far as this machine can see.

    Attributes:
        spooled: what is in this machine's spool, if it has one.
        queued: what is in Celery's messages.
    """

    spooled: SpooledEvents | None = None
    queued: QueuedEvents | None = None


NOWHERE_ELSE: Final = Elsewhere()


@dataclass(frozen=True, slots=True)
class Account:
    """The audit entry in which an erasure is counted while it runs.

    Attributes:
        audit: the audit with the entry.
        act: the act of this erasure.
    """

    audit: Audit
    act: Act


class Erasure:
    """Erases one data subject's events, or counts them.

    Args:
        store: the outbox.
        subject: whose events are meant.
        lease_s: how long a claim lives without being settled.
        elsewhere: further places to search.
        account: the audit entry in which it is counted.
        clock: returns seconds.
        wait: waits for some seconds.
    """

    def __init__(  # noqa: PLR0913 — because a test brings its own clock
        self,
        store: Store,
        subject: DataSubject,
        *,
        lease_s: float,
        elsewhere: Elsewhere = NOWHERE_ELSE,
        account: Account | None = None,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._letters = DeadLetters(store)
        self._delayed_events = DelayedEvents(store)
        self._fence = Fence(store, clock)
        self._subject = subject
        self._lease_s = lease_s
        self._elsewhere = elsewhere
        self._account = account
        self._clock = clock
        self._wait = wait
        self._receipts = ErasedReceipts(store)
        self._blocks = BlocksOf(
            store,
            subject,
            lease_s=lease_s,
            step=self._step("waiting"),
            receipts=self._receipts,
        )

    def steps(self) -> int:
        """Return about how many blocks, letters and delayed events there are to search."""
        return len(self._blocks) + len(self._letters) + len(self._delayed_events)

    def count(self, seen: Seen) -> Found:
        """Count what there is of the data subject, without changing anything."""
        found, elsewhere = Found(), self._elsewhere
        with _telling(found):
            found.spooled = elsewhere.spooled.count() if elsewhere.spooled else 0
        with _telling(found):
            found.queued = elsewhere.queued.count() if elsewhere.queued else 0
            found.in_hand = elsewhere.queued.in_hand() if elsewhere.queued else 0
        found.delayed = sum(1 for _ in self._theirs_delayed(seen))
        found.waiting = self._blocks.count(seen)
        found.dead_letters = sum(1 for _ in _letters_of(self._letters, self._subject, seen))
        return found

    def run(self, found: Found, seen: Seen) -> None:
        """Erase all of it.

        Args:
            found: is updated on the way, so that it is right however this ends.
            seen: is called for every block and letter that was searched.

        Raises:
            redis.RedisError: the server did not answer, or refused; the erasure can be run again.
        """

        def looked() -> None:
            self._keep_fence()
            seen()

        with self._fence:
            for _ in range(MAX_ROUNDS):
                self._fence.begin()
                self._round(found, looked)
                if self._fence.held():
                    return
        found.unreached.append(NO_FENCE)

    def _round(self, found: Found, seen: Seen) -> None:
        """Search every place, in the order in which events move."""
        found.unreached.clear()
        self._blocks.begin()
        with _telling(found):
            self._erase_spooled(found)
        with _telling(found):
            self._erase_queued(found)
        for event in self._theirs_delayed(seen):
            self._erase_delayed(event, found)
        self._erase_waiting(found, seen)
        self._erase_letters(found, seen)
        self._receipts.erase()

    def _erase_delayed(self, event: DelayedBody, found: Found) -> None:
        if self._delayed_events.erase(event, step=self._step("delayed")):
            found.delayed += 1
            self._receipts.note(event.destination, orjson.loads(event.body))

    def _erase_spooled(self, found: Found) -> None:
        """Erase from this machine's spool, once no other process is flushing it."""
        spool = self._elsewhere.spooled
        if spool is None:
            return

        def erased() -> bool:
            theirs = spool.erase()
            found.spooled += theirs or 0
            self._note("spooled", theirs or 0)
            return theirs is not None

        if not self._comes_true(erased):
            found.unreached.append(BUSY_SPOOL)

    def _erase_queued(self, found: Found) -> None:
        """Erase what is in Celery's queue, and what workers return to it."""
        queue, calm = self._elsewhere.queued, 0
        if queue is None:
            return

        def erased() -> bool:
            nonlocal calm
            theirs = queue.erase()
            found.queued += theirs
            self._note("queued", theirs)
            found.in_hand = queue.in_hand()
            calm = 0 if theirs or found.in_hand else calm + 1
            return calm == LOOKS_AT_MESSAGES

        self._comes_true(erased)

    def _erase_waiting(self, found: Found, seen: Seen) -> None:
        """Erase what waits in outboxes and, until a lease has passed, what returns from claims."""
        self._comes_true(lambda: self._blocks.erase(found, seen))
        found.holders = self._blocks.holders()
        found.being_sent = sum(holder.events for holder in found.holders)

    def _comes_true(self, done: Callable[[], bool]) -> bool:
        """Try until it is done, at most for a lease; return whether it is done."""
        ends = self._clock() + self._lease_s + MARGIN_S
        while not done():
            if self._clock() >= ends:
                return False
            self._keep_fence()
            self._wait(POLL_S)
        return True

    def _keep_fence(self) -> None:
        if self._fence.keep():
            self._note("", 0)

    def _note(self, fact: str, by: int) -> None:
        if self._account is not None and (by or not fact):
            self._account.audit.note(self._account.act, fact, by)

    def _step(self, fact: str) -> str:
        return "" if self._account is None else self._account.act.step(fact)

    def _theirs_delayed(self, seen: Seen) -> Iterator[DelayedBody]:
        for event in self._delayed_events:
            if self._subject.may_be_in(event.body) and self._subject.owns(orjson.loads(event.body)):
                yield event
            seen()

    def _erase_letters(self, found: Found, seen: Seen) -> None:
        # Found first, then purged: purging would move the pages that are being read.
        theirs, step = list(_letters_of(self._letters, self._subject, seen)), self._step(DEAD)
        for letter in theirs:
            self._receipts.note(letter.destination, letter.body, event_id=letter.event_id)
        for first in range(0, len(theirs), PAGE):
            found.dead_letters += self._letters.purge(theirs[first : first + PAGE], step=step)


@contextmanager
def _telling(found: Found) -> Iterator[None]:
    """Search a place outside of Redis; if it cannot be used, note that and go on."""
    try:
        yield
    except OutboxUnavailable as error:
        found.unreached.append(f"this machine's spool: {error}")
    except RedisError:
        found.unreached.append(NO_BROKER)


def _letters_of(letters: DeadLetters, subject: DataSubject, seen: Seen) -> Iterator[DeadLetter]:
    """Yield the dead letters of a data subject."""
    for letter in letters:
        if subject.owns(letter.body):
            yield letter
        seen()
