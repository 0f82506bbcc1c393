"""What all clients have in common: settings, preparation, and the appender."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tiktok_events.errors import InvalidEvent
from tiktok_events.event.destination import DESTINATION_FIELDS, EVENT_SOURCES, destination_of
from tiktok_events.event.policy import KEEP, Policy, PolicyRule, check_rule, decide
from tiktok_events.event.prepare import EventPreparer, PreparedEvent, given_event_id
from tiktok_events.outbox.commit import NotAppended
from tiktok_events.outbox.delayed import Cancellation, DelayedEvent
from tiktok_events.outbox.keys import Keys
from tiktok_events.outbox.tally import Tally
from tiktok_events.outbox.withdrawal import Withdrawal
from tiktok_events.settings import ClientSettings
from tiktok_events.spool.fallback import Fallback, unavailable
from tiktok_events.spool.spool import SHARE
from tiktok_events.types import AnyEvent


class Producer:
    """Base of `Client` and `AsyncClient`, which describe the arguments.

    Attributes:
        settings: the settings in force.
    """

    def __init__(  # noqa: PLR0913 — because each setting is a keyword
        self,
        redis_url: str | None = None,
        *,
        namespace: str | None = None,
        shards: int | None = None,
        event_source_id: str | None = None,
        default_region: str | None = None,
        linger_ms: int | None = None,
        max_event_bytes: int | None = None,
        redis_timeout_s: float | None = None,
        on_failure: str | None = None,
        spool_file: str | Path | None = None,
        spool_bytes: int | None = None,
        durability: str | None = None,
        policy: PolicyRule = KEEP,
        strip_url_parameters: Iterable[str] | None = None,
        user_keys: Iterable[str] | None = None,
    ) -> None:
        self.settings = ClientSettings.load(
            redis_url=redis_url,
            namespace=namespace,
            shards=shards,
            default_region=default_region,
            linger_ms=linger_ms,
            max_event_bytes=max_event_bytes,
            redis_timeout_s=redis_timeout_s,
            on_failure=on_failure,
            spool_file=spool_file,
            spool_bytes=spool_bytes,
            durability=durability,
            strip_url_parameters=strip_url_parameters,
            user_keys=user_keys,
        )
        self._preparer = self._preparer_for(event_source_id, check_rule(policy))
        self._withheld = Tally()
        self._fallback = Fallback(self.settings)
        self._append_s = self._longest_append_s()
        self._connect()

    def _preparer_for(self, event_source_id: str | None, policy: PolicyRule) -> EventPreparer:
        settings = self.settings
        return EventPreparer(
            default_ids(event_source_id, settings.pixel_code),
            settings.default_region,
            settings.max_event_bytes,
            policy,
            settings.strip_url_parameters or frozenset(),
            settings.user_keys or frozenset(),
        )

    @property
    def dropped(self) -> int:
        """Return how many events were dropped while Redis was away, with `ON_FAILURE` as `drop`."""
        return self._fallback.dropped

    @property
    def withheld(self) -> int:
        """Return how many events a policy withheld so far, in this process."""
        return self._withheld.count

    @property
    def event_source_id(self) -> str | None:
        """Return the source id of web events that name none."""
        return self._preparer.default_ids.get("web")

    def policy_for(self, event: AnyEvent) -> Policy:
        """Return what the client's own policy allows of an event.

        Raises:
            InvalidSetting: its function returned no policy; the function's own exceptions pass
                through.
        """
        return decide(self._preparer.policy, event)

    def prepare(
        self, event: AnyEvent, *, event_id: str | None = None, policy: PolicyRule | None = None
    ) -> PreparedEvent:
        """Return the event as `track` would hand it over; nothing is sent.

        Raises:
            InvalidEvent: `track` would refuse it.
        """
        return self._preparer.prepare(event, event_id=event_id, policy=policy)

    def _connect(self) -> None:
        """Make the appender; nothing is sent yet."""
        raise NotImplementedError

    def _longest_append_s(self) -> float:
        """Return the time limit of one append: a call's time without the spool's reserve."""
        share = 1.0 if self._fallback.spool is None else 1.0 - SHARE
        return self.settings.redis_timeout_s * share

    def _cancellation(
        self, event_id: object, event: str | None, where: Sequence[object]
    ) -> Cancellation:
        """Return what `cancel` is to cancel; `where` has values of `DESTINATION_FIELDS`."""
        fields = dict(zip(DESTINATION_FIELDS, where, strict=True))
        destination = destination_of(fields, self._preparer.default_ids)
        return Cancellation.of(destination, given_event_id(event_id), event)

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        """Reach Redis for what cannot be spooled; whatever fails is an `OutboxUnavailable`."""
        try:
            yield
        except NotAppended as failure:
            raise unavailable(failure, self.settings.redis_url) from failure.error

    def _withdrawal(self, user: Mapping[str, Any]) -> Withdrawal:
        """Return the withdrawal that `withdraw` means."""
        return Withdrawal.of(user, self._preparer.default_region)

    def _keys_of(self, one: DelayedEvent | Cancellation) -> Keys:
        """Return the keys of the shard in which the event is delayed."""
        return self.settings.layout.of(one.destination)

    def _shared(self, prepared: Sequence[PreparedEvent]) -> list[PreparedEvent]:
        """Return the events that may be sent; those that a policy withholds are counted."""
        shared = [event for event in prepared if not event.withheld]
        self._withheld.add(len(prepared) - len(shared))
        return shared

    def _prepare_all(
        self, events: Iterable[AnyEvent], policy: PolicyRule | None
    ) -> list[PreparedEvent]:
        prepared = []
        for event in events:
            try:
                prepared.append(self._preparer.prepare(event, policy=policy))
            except InvalidEvent as error:
                position = len(prepared)
                raise type(error)(error.message, path=error.path, position=position) from None
        return prepared


def default_ids(event_source_id: str | None, pixel_code: str | None) -> dict[str, str]:
    """Return the source ids of events that name none, by event source."""
    if event_source_id is not None:
        return dict.fromkeys(EVENT_SOURCES, event_source_id)
    return {} if pixel_code is None else {"web": pixel_code}
