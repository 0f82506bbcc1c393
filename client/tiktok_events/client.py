"""Hand an event over and forget it: the producer's entry point."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Self

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ReadOnlyError
from redis.retry import Retry

from tiktok_events.connection import primary
from tiktok_events.connection.slot import time_limits
from tiktok_events.errors import OutboxUnavailable
from tiktok_events.event.policy import PolicyRule
from tiktok_events.event.prepare import PreparedEvent
from tiktok_events.outbox.commit import NotAppended
from tiktok_events.outbox.delayed import (
    Cancellation,
    Delay,
    DelayedEvent,
    delay_seconds,
    delayed_event,
)
from tiktok_events.outbox.outbox import Appender
from tiktok_events.outbox.withdrawal import Withdrawal
from tiktok_events.producer import Producer
from tiktok_events.settings import ClientSettings
from tiktok_events.spool.flush import CALL_BYTES, Until, flush_batch
from tiktok_events.types import AnyEvent, AnyUser


class Client(Producer):
    """Hands conversions to the outbox; safe to share between threads and across fork.

    Match keys are hashed here, in the caller's process: no raw e-mail, phone, name or external id
    leaves it. Nothing is buffered in memory: once a call has returned, the process may end.
    Concurrent calls of several threads share a connection and its round trips; each has its own
    result.

    Example:
        >>> with Client(event_source_id="C0EXAMPLE0PIXEL0CODE") as client:  # doctest: +SKIP
        ...     client.track({"event": "Purchase", "user": {"email": "jo@example.com"},
        ...                   "properties": {"value": 59.98, "currency": "EUR"},
        ...                   "page": {"url": "https://shop.example/thanks"}})

    Args:
        redis_url: where the outbox is; by default `TIKTOK_EVENTS_REDIS_URL`.
        namespace: namespace of the installation, if it shares the server with others.
        event_source_id: default for events that name none; without it web events
            use `TIKTOK_EVENTS_PIXEL_CODE`.
        default_region: ISO 3166 code of the country of national phone numbers.
        linger_ms: how long a first event waits for company before it is due.
        max_event_bytes: size limit of one event's JSON.
        redis_timeout_s: time limit of one call, or of each step of a large one. While Redis does
            not answer, most calls do not wait at all: only now and then one checks whether Redis is
            back.
        on_failure: what to do with events that Redis does not take: `raise` (the default), `spool`
            or `drop`.
        spool_file: where `spool` keeps them; any number of processes of one machine may share it.
        spool_bytes: size limit of that file.
        durability: `fsync` waits until the server's append-only file is on its disk
            (Redis 7.2 or later, or Valkey); `none` is the default.
        policy: what may be shared of an event, or a function that decides it for each event.
        strip_url_parameters: names of URL parameters that may not be shared; ``"*"`` for all.
        user_keys: keys of ``user`` that TikTok does not know and that may pass.

    Raises:
        InvalidSetting: a setting has a value that is not allowed.
    """

    def track(
        self,
        event: AnyEvent,
        *,
        event_id: str | None = None,
        policy: PolicyRule | None = None,
        delay: Delay | None = None,
    ) -> str:
        """Enqueue one conversion.

        Args:
            event: the event in the API's 2.0 vocabulary; `event_id` and `event_time`
                (Unix seconds) are filled in when absent.
            event_id: used when the event has none, instead of a new one.
            policy: what may be shared of this event, in place of the client's policy.
            delay: how long to hold the event (a `timedelta`, or seconds, up to seven days) before
                it is sent, unless it is cancelled. Its `event_time` stays that of the call. A
                second delayed event of the same identity replaces the first.

        Returns:
            The `event_id`; give the same one to the Pixel. An event that the policy drops has one
                too, so that the caller need not know; it is counted in `withheld`.

        Raises:
            InvalidEvent: the event cannot be accepted; nothing was enqueued.
            OutboxUnavailable: Redis did not answer in time, or refused; with `spool`,
                the spool is full, or cannot be written, or the event has a delay.
        """
        prepared = self.prepare(event, event_id=event_id, policy=policy)
        return self.enqueue(prepared, delay=delay)

    def enqueue(self, prepared: PreparedEvent, *, delay: Delay | None = None) -> str:
        """Enqueue what `prepare` has made, as `track` does."""
        delay_s = delay_seconds(delay)
        if prepared.withheld:
            self._withheld.add(1)
        elif delay_s:
            self._delay(delayed_event(prepared, delay_s, time.time()))
        else:
            self._hand_over((prepared,))
        return prepared.event_id

    def track_many(
        self, events: Iterable[AnyEvent], *, policy: PolicyRule | None = None
    ) -> list[str]:
        """Enqueue many conversions: all or none, up to a mebibyte of JSON (about 1,000 events).

        With several shards that is promised for each destination. A larger call is several such
        steps, in which each destination is one step if it fits; the time limit begins anew with
        each step. The whole call is held in memory; hand over a large stream in slices of some
        thousands.

        Args:
            events: as for `track`.
            policy: what may be shared of these events, in place of the client's policy.

        Returns:
            The event ids, in order, including those of events that the policy drops.

        Raises:
            InvalidEvent: one event cannot be accepted (`position` tells which); nothing was
                enqueued.
            OutboxUnavailable: as for `track`; the error tells how many events are in the outbox,
                and how many may be.
        """
        prepared = self._prepare_all(events, policy)
        if shared := self._shared(prepared):
            self._hand_over(shared)
        return [event.event_id for event in prepared]

    def cancel(
        self,
        event_id: str,
        *,
        event: str | None = None,
        event_source: str | None = None,
        event_source_id: str | None = None,
        test_event_code: str | None = None,
    ) -> bool:
        """Cancel a delayed event, while it is delayed.

        Args:
            event_id: id of the event.
            event: name of the event; without it, all delayed events of this id and destination are
                cancelled.
            event_source: event source of its destination; `web` by default.
            event_source_id: source id of its destination; by default the client's.
            test_event_code: test event code of its destination.

        Returns:
            `True` if the event will never be sent; `False` if it is on its way already, or unknown.

        Raises:
            InvalidEvent: no event can have such an id, name or destination.
            OutboxUnavailable: Redis did not answer in time, whatever `on_failure` says; after a
                time-out the event may be cancelled, and a second call would return `False`.
        """
        where = (event_source, event_source_id, test_event_code)
        return self._cancel(self._cancellation(event_id, event, where))

    def withdraw(self, user: AnyUser) -> None:
        """Take back the events of a visitor who has withdrawn consent.

        A worker erases the visitor's delayed, waiting and dead events some seconds later; what is
        spooled on this machine is moved into the outbox first. What a worker is sending, and what
        TikTok has, cannot be taken back.

        Args:
            user: match keys of the visitor, raw or hashed: any of ``email``, ``phone``,
                ``external_id``, ``ttclid`` and ``ttp``. An event that has one of them is erased.

        Raises:
            InvalidEvent: no such match key is given.
            OutboxUnavailable: Redis did not answer in time, whatever `on_failure` says.
        """
        self._ask_to_withdraw(self._withdrawal(user))

    def flush(self) -> int:
        """Move everything that is spooled into the outbox, oldest first.

        You do not need this if you keep calling `track`: each call flushes a little.

        Returns:
            How many events were moved; 0 also while another process is flushing.

        Raises:
            OutboxUnavailable: Redis cannot be reached, or the spool cannot be used;
                what was not moved stays spooled.
        """
        if self._fallback.spool is None:
            return 0
        flushed = 0
        self._appender.let_pass()  # an explicit flush is worth a try
        with self._reaching():
            while moved := flush_batch(self._fallback.spool, self._appender):
                flushed += moved
        return flushed

    def close(self) -> None:
        """Close the connections and the spool; a client that is used again opens them anew."""
        self._appender.close()
        self._redis.close()
        self._fallback.close()

    def _connect(self) -> None:
        self._redis = primary.connect(
            self.settings.redis_url,
            key=self.settings.layout.installation.ready,
            protocol=2,
            retry=Retry(NoBackoff(), 0),  # a slot retries by itself, within its time
            **time_limits(self._append_s),
        )
        self._appender = Appender(
            self._redis,
            linger_ms=self.settings.linger_ms,
            rings=self.settings.rings,
            shards=self.settings.layout,
            timeout_s=self._append_s,
            fsync=self.settings.durability == "fsync",
        )

    def _hand_over(self, events: Sequence[PreparedEvent]) -> None:
        began = time.monotonic()
        append_end = began + self._append_s
        end = began + self.settings.redis_timeout_s
        try:
            self._appender.append(events, append_end)
        except NotAppended as failure:
            self._fallback.receive(failure, end)
        else:
            self._fallback.recovered()
            if self._fallback.due():
                self._flush_some(Until(append_end, end))

    def _delay(self, event: DelayedEvent) -> None:
        """Store a delayed event; it is never spooled, because it could not be cancelled there."""
        try:
            self._appender.call(event.commit(self._keys_of(event)))
        except NotAppended as failure:
            self._fallback.give_up(failure)
        else:
            self._fallback.recovered()

    def _cancel(self, cancellation: Cancellation) -> bool:
        with self._reaching():
            return bool(self._appender.call(cancellation.commit(self._keys_of(cancellation))))

    def _ask_to_withdraw(self, withdrawal: Withdrawal) -> None:
        self.flush()
        with self._reaching():
            self._appender.call(withdrawal.commit(self.settings.layout.installation))

    def _flush_some(self, until: Until) -> None:
        """Flush a little of the spool; the event of this call is safe already."""
        if self._fallback.spool is None:
            return
        flushed = 0
        try:
            flushed = flush_batch(self._fallback.spool, self._appender, CALL_BYTES, until)
        except (NotAppended, OutboxUnavailable) as error:
            self._fallback.could_not_flush(error)
        self._fallback.looked(flushed)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()


def connect(settings: ClientSettings) -> Redis:
    """Return a connection pool for operators' commands, whose calls end within the time-out.

    One retry replaces a connection that a restart has closed, or that leads to a replica;
    by default redis-py retries ten times, for about four seconds.
    """
    return primary.connect(
        settings.redis_url,
        key=settings.layout.installation.ready,
        protocol=2,
        socket_timeout=settings.redis_timeout_s,
        socket_connect_timeout=settings.redis_timeout_s,
        retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError, ReadOnlyError)),
        health_check_interval=30,
    )
