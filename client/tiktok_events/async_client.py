"""The producer's entry point for asyncio: like `Client`, without blocking the event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from typing import Self

from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from tiktok_events.connection import async_primary
from tiktok_events.errors import OutboxUnavailable
from tiktok_events.event.policy import PolicyRule
from tiktok_events.event.prepare import PreparedEvent
from tiktok_events.outbox.async_outbox import AsyncAppender
from tiktok_events.outbox.commit import NotAppended
from tiktok_events.outbox.delayed import (
    Cancellation,
    Delay,
    DelayedEvent,
    delay_seconds,
    delayed_event,
)
from tiktok_events.outbox.withdrawal import Withdrawal
from tiktok_events.producer import Producer
from tiktok_events.spool.flush import BATCH_BYTES, CALL_BYTES, NO_END, Until, give_back
from tiktok_events.spool.spool import Spool
from tiktok_events.types import AnyEvent, AnyUser


class AsyncClient(Producer):
    """Hands conversions to the outbox, without blocking. The arguments are those of `Client`.

    Each event loop that uses it has a connection of its own. Hashing is done in the loop (some
    ten microseconds an event), the spool's file is written in a thread.

    Example:
        >>> async def checkout() -> None:  # doctest: +SKIP
        ...     async with AsyncClient(event_source_id="C0EXAMPLE0PIXEL0CODE") as client:
        ...         await client.track({"event": "Purchase", "user": {"email": "jo@example.com"},
        ...                             "page": {"url": "https://shop.example/thanks"}})
    """

    async def track(
        self,
        event: AnyEvent,
        *,
        event_id: str | None = None,
        policy: PolicyRule | None = None,
        delay: Delay | None = None,
    ) -> str:
        """Enqueue one conversion, as `Client.track` does."""
        prepared = self.prepare(event, event_id=event_id, policy=policy)
        return await self.enqueue(prepared, delay=delay)

    async def enqueue(self, prepared: PreparedEvent, *, delay: Delay | None = None) -> str:
        """Enqueue what `prepare` has made, as `track` does."""
        delay_s = delay_seconds(delay)
        if prepared.withheld:
            self._withheld.add(1)
        elif delay_s:
            await self._delay(delayed_event(prepared, delay_s, time.time()))
        else:
            await self._hand_over((prepared,))
        return prepared.event_id

    async def track_many(
        self, events: Iterable[AnyEvent], *, policy: PolicyRule | None = None
    ) -> list[str]:
        """Enqueue many conversions, as `Client.track_many` does."""
        prepared = self._prepare_all(events, policy)
        if shared := self._shared(prepared):
            await self._hand_over(shared)
        return [event.event_id for event in prepared]

    async def cancel(
        self,
        event_id: str,
        *,
        event: str | None = None,
        event_source: str | None = None,
        event_source_id: str | None = None,
        test_event_code: str | None = None,
    ) -> bool:
        """Cancel events that are still delayed, as `Client.cancel` does."""
        where = (event_source, event_source_id, test_event_code)
        return await self._cancel(self._cancellation(event_id, event, where))

    async def withdraw(self, user: AnyUser) -> None:
        """Take back the events of a visitor who has withdrawn consent; see `Client.withdraw`."""
        await self._ask_to_withdraw(self._withdrawal(user))

    async def flush(self) -> int:
        """Move everything that is spooled into the outbox, as `Client.flush` does."""
        spool, flushed = self._fallback.spool, 0
        if spool is None:
            return 0
        self._appender.let_pass()  # an explicit flush is worth a try
        with self._reaching():
            while moved := await self._flush_batch(spool, BATCH_BYTES):
                flushed += moved
        return flushed

    async def close(self) -> None:
        """Close the connections and the spool; a client that is used again opens them anew."""
        await self._appender.close()
        await self._redis.aclose()
        await asyncio.to_thread(self._fallback.close)

    def _connect(self) -> None:
        self._redis = async_primary.connect(
            self.settings.redis_url,
            key=self.settings.layout.installation.ready,
            protocol=2,
            socket_connect_timeout=self.settings.redis_timeout_s,
            socket_timeout=None,  # the limit is for the whole exchange
            retry=Retry(NoBackoff(), 0),
        )
        self._appender = AsyncAppender(
            self._redis,
            linger_ms=self.settings.linger_ms,
            rings=self.settings.rings,
            shards=self.settings.layout,
            timeout_s=self._append_s,
            fsync=self.settings.durability == "fsync",
        )

    async def _hand_over(self, events: Sequence[PreparedEvent]) -> None:
        end = time.monotonic() + self.settings.redis_timeout_s
        append_end = self._appender.end()
        try:
            await self._appender.append(events, append_end)
        except NotAppended as failure:
            await asyncio.to_thread(self._fallback.receive, failure, end)
        else:
            self._fallback.recovered()
            if self._fallback.due():
                await self._flush_some(Until(append_end, end))

    async def _delay(self, event: DelayedEvent) -> None:
        """Store a delayed event; it is never spooled, because it could not be cancelled there."""
        try:
            await self._appender.call(event.commit(self._keys_of(event)))
        except NotAppended as failure:
            self._fallback.give_up(failure)
        else:
            self._fallback.recovered()

    async def _cancel(self, cancellation: Cancellation) -> bool:
        with self._reaching():
            return bool(await self._appender.call(cancellation.commit(self._keys_of(cancellation))))

    async def _ask_to_withdraw(self, withdrawal: Withdrawal) -> None:
        await self.flush()
        with self._reaching():
            await self._appender.call(withdrawal.commit(self.settings.layout.installation))

    async def _flush_some(self, until: Until) -> None:
        """Flush a little of the spool; the event of this call is safe already."""
        if self._fallback.spool is None:
            return
        flushed = 0
        try:
            flushed = await self._flush_batch(self._fallback.spool, CALL_BYTES, until)
        except (NotAppended, OutboxUnavailable) as error:
            self._fallback.could_not_flush(error)
        self._fallback.looked(flushed)

    async def _flush_batch(self, spool: Spool, most_bytes: int, until: Until = NO_END) -> int:
        """Move the oldest blocks into the outbox, as `flush_batch` does."""
        batch = await asyncio.to_thread(spool.take, most_bytes, until.end)
        if not batch.blocks:
            return 0
        try:
            await self._appender.append_blocks(batch.blocks, until.append)
        except BaseException as error:
            await asyncio.to_thread(give_back, spool, batch, until, error)
            raise
        await asyncio.to_thread(spool.settle, batch, until.end)
        return batch.events

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.close()
