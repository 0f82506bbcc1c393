"""Celery's consumer, which waits for a broker that refuses instead of ending the worker.

A server that has become a replica breaks no connection: it answers, and refuses every
write. To Celery such an answer is a bug in the worker, or with `broker_channel_error_retry`
a reason to connect again as fast as it can.
"""

from __future__ import annotations

import time
import warnings
from typing import Any, Final

from celery.exceptions import CPendingDeprecationWarning
from celery.worker.consumer import Consumer
from celery.worker.state import maybe_shutdown
from redis import Redis
from redis.exceptions import OutOfMemoryError, RedisError, ResponseError

from tiktok_events.outbox.keys import DOORBELL_QUEUE
from worker.reporting.outage import REDIS_OUTAGE
from worker.runtime.engine import THIS_PROCESS, connect_to_look
from worker.runtime.first_aid import make_room
from worker.settings import Settings

PAUSE_S: Final = 1.0


class PatientConsumer(Consumer):
    """Hears doorbells only, and connects again when the broker takes writes again."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # Celery's `-Q` must not make it consume the messages that `worker.runtime.inbox` reads.
        kwargs["app"].amqp.queues.select([DOORBELL_QUEUE])
        super().__init__(*args, **kwargs)

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        """Close what there is; after a refusal, wait."""
        with warnings.catch_warnings():
            # It recommends what `worker.app` has decided against.
            warnings.simplefilter("ignore", CPendingDeprecationWarning)
            super().on_connection_error_after_connected(exc)
        if isinstance(exc, ResponseError):
            REDIS_OUTAGE.met(exc)
            wait_until_writable(THIS_PROCESS.settings)


def wait_until_writable(settings: Settings) -> None:
    """Return when the broker takes writes, or is away: for that Celery waits by itself.

    Raises:
        celery.exceptions.WorkerShutdown: a SIGTERM has come meanwhile.
    """
    time.sleep(PAUSE_S)
    with connect_to_look(settings.celery_broker_url, settings.layout) as broker:
        while (error := refusal(broker, settings.layout.broker.inbox_due)) is not None:
            maybe_shutdown()
            if isinstance(error, OutOfMemoryError):
                make_room(settings)
            time.sleep(PAUSE_S)


def refusal(broker: Redis, probed: str) -> ResponseError | None:
    """How a server refuses a write, one that would change nothing; `None` if it does not.

    Args:
        broker: a connection to the server.
        probed: the key of a sorted set.
    """
    try:
        broker.zadd(probed, {"": 0}, xx=True)
    except ResponseError as error:
        return error
    except RedisError:
        return None
    return None
