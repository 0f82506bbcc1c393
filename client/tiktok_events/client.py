"""The producer's door: hand an event over and forget it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.retry import Retry

from tiktok_events.destination import EVENT_SOURCES
from tiktok_events.errors import InvalidEvent, OutboxUnavailable
from tiktok_events.event import EventPreparer, PreparedEvent
from tiktok_events.outbox import Appender
from tiktok_events.policy import KEEP, PolicyRule, check_rule
from tiktok_events.settings import ClientSettings
from tiktok_events.tally import Tally

Event = Mapping[str, Any]


class Client:
    """Hands conversions to the outbox; safe to share between threads and across fork.

    Match keys are hashed here, in the caller's process: no raw e-mail, phone,
    name or external id leaves it.

    Example:
        >>> with Client(event_source_id="C0EXAMPLE0PIXEL0CODE") as client:  # doctest: +SKIP
        ...     client.track({"event": "Purchase", "user": {"email": "jo@example.com"},
        ...                   "properties": {"value": 59.98, "currency": "EUR"},
        ...                   "page": {"url": "https://shop.example/thanks"}})

    Args:
        redis_url: where the outbox is; by default `TIKTOK_EVENTS_REDIS_URL`.
        event_source_id: default for events that name none; without it web events
            use `TIKTOK_EVENTS_PIXEL_CODE`.
        default_region: ISO 3166 code of national phone numbers.
        linger_ms: how long a first event waits for company before it is due.
        max_event_bytes: size limit of one event's JSON.
        redis_timeout_s: longest wait for Redis in one call.
        policy: what may be shared of an event, or a function that decides it for each.
        strip_url_parameters: names of URL parameters that may not; ``"*"`` for all.

    Raises:
        InvalidSetting: a setting has a value that is not allowed.
    """

    def __init__(  # noqa: PLR0913 — because each is a setting, given by its name
        self,
        redis_url: str | None = None,
        *,
        event_source_id: str | None = None,
        default_region: str | None = None,
        linger_ms: int | None = None,
        max_event_bytes: int | None = None,
        redis_timeout_s: float | None = None,
        policy: PolicyRule = KEEP,
        strip_url_parameters: Iterable[str] | None = None,
    ) -> None:
        self.settings = ClientSettings.load(
            redis_url=redis_url,
            default_region=default_region,
            linger_ms=linger_ms,
            max_event_bytes=max_event_bytes,
            redis_timeout_s=redis_timeout_s,
            strip_url_parameters=strip_url_parameters,
        )
        self._preparer = EventPreparer(
            _default_ids(event_source_id, self.settings.pixel_code),
            self.settings.default_region,
            self.settings.max_event_bytes,
            check_rule(policy),
            self.settings.strip_url_parameters or frozenset(),
        )
        self._withheld = Tally()
        self._redis = connect(self.settings)
        self._appender = Appender(
            self._redis, linger_ms=self.settings.linger_ms, rings=self.settings.rings
        )

    @property
    def withheld(self) -> int:
        """Events that a policy kept back so far, in this process."""
        return self._withheld.count

    def track(
        self, event: Event, *, event_id: str | None = None, policy: PolicyRule | None = None
    ) -> str:
        """Enqueue one conversion.

        Args:
            event: the event in the API's 2.0 vocabulary; `event_id` and `event_time`
                (Unix seconds) are filled in when absent.
            event_id: used when the event has none, instead of a new one.
            policy: what may be shared of this event, in place of the client's policy.

        Returns:
            The `event_id`; give the same one to the Pixel. Of an event that the policy
            drops too, so that the caller need not know: it is counted as `withheld`.

        Raises:
            InvalidEvent: the event cannot be accepted; nothing was enqueued.
            OutboxUnavailable: Redis did not answer in time, or refused.
        """
        prepared = self._preparer.prepare(event, event_id=event_id, policy=policy)
        if shared := self._shared([prepared]):
            self._hand_over(shared)
        return prepared.event_id

    def track_many(self, events: Iterable[Event], *, policy: PolicyRule | None = None) -> list[str]:
        """Enqueue many conversions in one atomic step: all of them or none.

        The whole call is held in memory; hand over a large stream in slices
        of some thousands.

        Args:
            events: as for `track`.
            policy: what may be shared of them, in place of the client's policy.

        Returns:
            The event ids, in order; of events that the policy drops too.

        Raises:
            InvalidEvent: one event cannot be accepted (`position` tells which);
                nothing was enqueued.
            OutboxUnavailable: Redis did not answer in time, or refused.
        """
        prepared = list(self._prepare_all(events, policy))
        if shared := self._shared(prepared):
            self._hand_over(shared)
        return [event.event_id for event in prepared]

    def close(self) -> None:
        """Close the connections; the client can still be used and opens new ones."""
        self._redis.close()

    def _shared(self, prepared: Sequence[PreparedEvent]) -> list[PreparedEvent]:
        """The events that may leave; those that a policy withholds are counted."""
        shared = [event for event in prepared if not event.withheld]
        self._withheld.add(len(prepared) - len(shared))
        return shared

    def _hand_over(self, events: Sequence[PreparedEvent]) -> None:
        with _redis_errors():
            self._appender.append(events)

    def _prepare_all(
        self, events: Iterable[Event], policy: PolicyRule | None
    ) -> Iterator[PreparedEvent]:
        for position, event in enumerate(events):
            try:
                yield self._preparer.prepare(event, policy=policy)
            except InvalidEvent as error:
                raise type(error)(error.message, path=error.path, position=position) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def connect(settings: ClientSettings) -> Redis:
    """A connection pool whose calls end within the time-out.

    redis-py retries ten times by default, about four seconds a checkout would wait.
    Once is right, and not after a time-out: it replaces a pooled connection that a
    Redis restart has closed. Should the lost call have been carried out, the events
    stand there twice with the same ids, which the API counts once.
    """
    return Redis.from_url(
        settings.redis_url,
        protocol=2,
        socket_timeout=settings.redis_timeout_s,
        socket_connect_timeout=settings.redis_timeout_s,
        retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
        health_check_interval=30,
    )


def _default_ids(event_source_id: str | None, pixel_code: str | None) -> dict[str, str]:
    if event_source_id is not None:
        return dict.fromkeys(EVENT_SOURCES, event_source_id)
    return {} if pixel_code is None else {"web": pixel_code}


@contextmanager
def _redis_errors() -> Iterator[None]:
    try:
        yield
    except RedisError as error:
        raise OutboxUnavailable(f"the outbox could not be reached: {error}") from error
