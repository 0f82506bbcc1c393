"""Turn a leased message into an event in its outbox, a dead letter, or a count."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from redis.exceptions import RedisError, ResponseError

from tiktok_events.client import Client
from tiktok_events.errors import EventTooLarge, InvalidEvent, OutboxUnavailable
from tiktok_events.event.other_words import has_time
from tiktok_events.outbox.store import Store
from worker.attempts.history import History
from worker.letters.dead_letters import DeadLetter, DeadLetters, Reason
from worker.reporting.log import Log
from worker.reporting.outage import REFUSED, Outage, is_outage
from worker.reporting.sentry import report_failure
from worker.runtime.inbox import Inbox, Leased
from worker.runtime.message import Foreign, Unreadable, read

log = Log("tiktok_events.acceptance")

OUTBOX_OUTAGE: Final = Outage("outbox_unavailable", "outbox_is_back")
"""The outage of the outbox, apart from the server's: a full one lets workers work, but takes no
event."""

MESSAGE_SHARE: Final = 4
"""A message is longer than its event: base64 adds a third, and Celery shows it once more."""


def most_message_bytes(max_event_bytes: int) -> int:
    """Return the longest message that can carry an event of the greatest size."""
    return MESSAGE_SHARE * max_event_bytes + 65_536


class Acceptance:
    """Reads messages until none is left.

    Args:
        inbox: of the broker.
        client: whose outbox takes the events; it must raise when it cannot.
        store: the outbox to the server of the outbox, for dead letters and counts.
        most_bytes: of a message, expanded.
    """

    def __init__(self, inbox: Inbox, client: Client, store: Store, most_bytes: int) -> None:
        self._inbox = inbox
        self._client = client
        self._store = store
        self._letters = DeadLetters(store)
        self._most_bytes = most_bytes
        self._foreign_told: set[str] = set()

    def run(self, go_on: Callable[[], bool]) -> None:
        """Read pages of messages while there are some and `go_on` says so.

        While the outbox cannot be reached, or is full, it ends; the messages are leased
        again when their leases end, however often: an outage is nothing that they have done.
        """
        while go_on() and (page := self._inbox.take()):
            try:
                self._read(page)
            except OutboxUnavailable as error:
                OUTBOX_OUTAGE.met(error.__cause__ or error)
                return
            OUTBOX_OUTAGE.over()

    def _read(self, page: list[Leased]) -> None:
        untried = dict.fromkeys(page)
        try:
            for message in page:
                if self._is_received(message):
                    del untried[message]
        finally:
            self._inbox.done(message for message in page if message not in untried)
            self._inbox.untried(untried)

    def _is_received(self, message: Leased) -> bool:
        """Receive a message; False where its destination alone takes nothing, so it waits."""
        try:
            self._receive(message)
        except OutboxUnavailable as error:
            cause = error.__cause__
            if not isinstance(cause, ResponseError) or is_outage(cause):
                raise
            REFUSED.met(cause)
            return False
        return True

    def _receive(self, message: Leased) -> None:
        try:
            self._accept(message)
        except Foreign as kind:
            self._count(str(kind))
        except Unreadable as problem:
            self._bury(message, Reason.UNREADABLE, f"the message cannot be read: {problem}")
        except InvalidEvent as error:
            reason = Reason.OVERSIZE if isinstance(error, EventTooLarge) else Reason.INVALID
            self._bury(message, reason, str(error), error.path or None)
        except (OutboxUnavailable, RedisError):
            raise
        except Exception as error:  # noqa: BLE001 — because the message may be the only copy
            report_failure("", error)
            name = type(error).__name__
            log.error("track_failed", error=name)  # noqa: TRY400 — because its text may hold the event
            self._bury(message, Reason.INVALID, f"the worker could not prepare it: {name}")

    def _accept(self, message: Leased) -> None:
        if message.too_long:
            raise EventTooLarge(f"a message of {message.size_bytes:,} bytes")
        if message.is_deadly:
            raise Unreadable(f"it was tried {message.leases - 1} times, and no try came to its end")
        carried = read(message.message, message.number, self._most_bytes)
        self._client.track(_timed(carried.event, message), event_id=carried.event_id)

    def _bury(self, message: Leased, reason: Reason, problem: str, path: str | None = None) -> None:
        """Bury an event without its body: the match keys of a refused event are not hashed."""
        now = message.seen_at
        letter = DeadLetter.of(
            None,
            destination="",
            reason=reason,
            message=problem,
            path=path,
            history=History(now),
            died_at=now,
            expires_at=now,
        )
        self._letters.bury(letter)

    def _count(self, kind: str) -> None:
        self._store.redis.hincrby(self._store.shards.at(0).counters, f"foreign:{kind}", 1)
        if kind not in self._foreign_told:
            self._foreign_told.add(kind)
            log.warning("foreign_message", reason=kind)


def _timed(event: Any, message: Leased) -> Any:
    """Add the time at which the message was first seen, if the event has none."""
    if isinstance(event, dict) and not has_time(event):
        return event | {"event_time": int(message.seen_at)}
    return event
