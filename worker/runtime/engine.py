"""The parts of one worker process, made after the fork and once per process."""

from __future__ import annotations

import os
import random
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property
from typing import Any, Final
from uuid import uuid4

from redis import Redis
from redis.backoff import ExponentialBackoff, NoBackoff
from redis.exceptions import BusyLoadingError, ReadOnlyError, RedisError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from tiktok_events.client import Client
from tiktok_events.connection import primary
from tiktok_events.outbox.shards import Shards
from tiktok_events.outbox.store import Store
from worker.delivery.claiming import Claiming
from worker.delivery.deliver import Delivery
from worker.delivery.destinations import Destinations
from worker.delivery.events_api import EventsApi
from worker.delivery.loop import DeliveryLoop
from worker.delivery.posting import Posting
from worker.delivery.remarks import Remarks
from worker.outbox.outbox import Outbox
from worker.reporting.outage import REDIS_OUTAGE, is_outage
from worker.reporting.tracing import tracers
from worker.runtime.acceptance import Acceptance, most_message_bytes
from worker.runtime.inbox import Inbox
from worker.runtime.progress import SIGN_OF_LIFE
from worker.runtime.shutdown import GENTLE_END, TASK_BUDGET_S, stopping
from worker.settings import Settings

REDIS_TIMEOUT_S: Final = 2.0
"""Seconds of one try; a worker that must end does not wait for a second one."""

REDIS_RETRIES: Final = 6

LEADER_PATIENCE_S: Final = 1.0
"""A leader of a cluster is tried again for so long: meanwhile its process serves no other."""

LOOK_TIMEOUT_S: Final = 1.0
"""Seconds of a look in Celery's event loop, where nothing may take long: it answers signals and the
broker too."""


class RetryUnlessStopping(Retry):
    """Tries again, but not in a worker that is to end: it has ten seconds, and claims heal."""

    def call_with_retry(
        self, do: Callable[[], Any], fail: Callable[..., Any], *args: Any, **how: Any
    ) -> Any:
        """Call `do` until it succeeds; as redis-py's, whose newer versions take more arguments."""

        def failed(error: Exception, *count: int) -> None:
            fail(error, *count)
            if stopping():
                raise error

        return super().call_with_retry(do, failed, *args, **how)


def connect(settings: Settings) -> Store:
    """Return the outbox, over a worker's connection; see `connect_to`."""
    return Store(connect_to(settings.redis_url, settings.layout), settings.layout)


def look_at(settings: Settings) -> Store:
    """Return the outbox, over a connection for the main process; see `connect_to_look`."""
    return Store(connect_to_look(settings.redis_url, settings.layout), settings.layout)


def connect_to(url: str, shards: Shards) -> Redis:
    """Return a worker's connection, which survives a short restart of Redis.

    Every script may run twice without harm (a claim that was lost heals when its lease
    ends, a settlement finds its claims gone), so retrying is safe here. Before each retry
    the connection is left: one whose server has become a replica leads to the wrong one.
    """
    return primary.connect(
        url,
        key=shards.installation.ready,
        patience_s=LEADER_PATIENCE_S,
        protocol=2,
        socket_timeout=REDIS_TIMEOUT_S,
        socket_connect_timeout=REDIS_TIMEOUT_S,
        health_check_interval=30,
        retry=RetryUnlessStopping(
            ExponentialBackoff(cap=1.0, base=0.05),
            REDIS_RETRIES,
            supported_errors=(
                RedisConnectionError,
                RedisTimeoutError,
                BusyLoadingError,
                ReadOnlyError,
            ),
        ),
    )


def connect_to_look(url: str, shards: Shards) -> Redis:
    """Return a connection for the main process, which fails soon instead of blocking its loop."""
    return primary.connect(
        url,
        key=shards.installation.ready,
        protocol=2,
        socket_timeout=LOOK_TIMEOUT_S,
        socket_connect_timeout=LOOK_TIMEOUT_S,
        retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError, ReadOnlyError)),
    )


def _client(settings: Settings) -> Client:
    """Return the client that puts the events of messages into the outbox."""
    return Client(
        settings.redis_url,
        namespace=settings.namespace,
        shards=settings.shards,
        default_region=settings.default_region,
        linger_ms=settings.linger_ms,
        max_event_bytes=settings.max_event_bytes,
        # The inbox keeps the message; a spool or a drop here would be its end.
        on_failure="raise",
    )


class Engine:
    """Everything a worker process needs to deliver.

    Args:
        settings: of the worker.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.store = connect(settings)
        self.consumer = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:6]}"
        self.outbox = Outbox(
            self.store,
            consumer=self.consumer,
            lease_ms=round(settings.lease_s * 1000),
            receipts=settings.receipts,
        )
        self.destinations = Destinations(settings)
        self.client = _client(settings)
        url = settings.celery_broker_url
        self._broker = None if url is None else connect_to(url, settings.layout)
        api = EventsApi(
            settings.api_url, timeout_s=settings.request_timeout_s, now=self.outbox.clock.now
        )
        self._tracers = tracers()
        self._delivery = Delivery(api, self.outbox, settings, random.Random(), self._tracers)
        self._remarks = Remarks()
        self._pool = ThreadPoolExecutor(settings.posting_threads, thread_name_prefix="post")

    def close(self) -> None:
        """End the posting threads and connections: nothing of it crosses a later fork."""
        self._pool.shutdown()
        self.let_spans_leave()
        self.client.close()
        if self._broker is not None:
            self._broker.close()
        self.store.close()

    def let_spans_leave(self) -> None:
        """Export what was traced; within some seconds, whatever the collector does."""
        for tracer in self._tracers:
            tracer.close()

    @cached_property
    def acceptance(self) -> Acceptance | None:
        """What reads the messages of producers that have only Celery; `None` without a broker."""
        if self._broker is None:
            return None
        most_bytes = most_message_bytes(self.settings.max_event_bytes)
        inbox = Inbox(self._broker, self.settings.layout.broker, most_bytes)
        return Acceptance(inbox, self.client, self.store, most_bytes)

    def drain(self, budget_s: float = TASK_BUDGET_S) -> None:
        """Serve what is due; see `worker.delivery.loop`."""
        posting = Posting(self._pool, self.settings.posting_threads)
        claiming = Claiming(
            self.outbox,
            self._delivery,
            self.destinations,
            self.settings,
            posting=posting,
            remarks=self._remarks,
        )
        loop = DeliveryLoop(
            self.outbox,
            claiming,
            posting,
            rings=self.settings.rings,
            stopping=stopping,
            beat=SIGN_OF_LIFE.beat,
        )
        with self.serving():
            loop.run(budget_s=budget_s)

    @contextmanager
    def serving(self) -> Iterator[None]:
        """While this lasts, a first SIGTERM waits, and a Redis that is away only ends the work."""
        try:
            with GENTLE_END.serving():
                yield
        except RedisError as error:
            # Nothing is lost: claims heal, and the doorbell step looks again every second.
            if not is_outage(error):
                raise
            REDIS_OUTAGE.met(error)
        else:
            REDIS_OUTAGE.over()


class ThisProcess:
    """Settings and engine of this process: a forked child makes an engine of its own."""

    def __init__(self) -> None:
        self._settings: Settings | None = None
        self._engine: Engine | None = None
        self._pid = 0

    def configure(self, settings: Settings) -> None:
        """Use these settings from now on, in this process and its children."""
        self._settings = settings
        self._engine = None
        REDIS_OUTAGE.url = settings.redis_url

    @property
    def settings(self) -> Settings:
        """The configured settings; by default those of the environment."""
        if self._settings is None:
            self._settings = Settings.load()
        return self._settings

    def engine(self) -> Engine:
        """Its engine, made when it is first asked for."""
        if self._engine is None or self._pid != os.getpid():
            self._engine, self._pid = Engine(self.settings), os.getpid()
        return self._engine

    def end(self) -> None:
        """Export what this process has traced, because it ends."""
        if self._engine is not None and self._pid == os.getpid():
            self._engine.let_spans_leave()


THIS_PROCESS: Final = ThisProcess()
