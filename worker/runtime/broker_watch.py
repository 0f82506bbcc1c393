"""What Celery's broker is good for, asked in a thread: an event loop must wait for no answer.

Delivering needs no broker, so one that is away, hangs or refuses must hold nothing up.
"""

from __future__ import annotations

import threading
import time
from typing import Final

from redis import Redis
from redis.exceptions import OutOfMemoryError, RedisError, ResponseError

from worker.reporting.outage import Outage
from worker.runtime.acceptance import most_message_bytes
from worker.runtime.engine import connect_to_look
from worker.runtime.inbox import Inbox
from worker.runtime.shutdown import stopping
from worker.settings import Settings

EVERY_S: Final = 1.0

AWAY: Final = Outage("broker_unavailable", "broker_is_back", "the broker")
"""A broker that is not the outbox's server is away, or refuses."""

FULL: Final = Outage("redis_is_full", "redis_has_room")
"""The outbox's server is at its memory limit: it takes no event, and workers empty it."""


class BrokerWatch:
    """Asks again and again, once it was started.

    Args:
        settings: of the worker.

    Attributes:
        usable: whether it took writes when it was last asked; a user of it may say that it did not.
        has_messages: whether it held messages of producers then.
    """

    def __init__(self, settings: Settings) -> None:
        self.usable = self.has_messages = False
        self._settings = settings
        self._looked = threading.Event()
        self._started = False

    def start(self) -> None:
        """Ask it from now on, in a thread; one that there is not is never usable.

        Returns when it has answered, or soon: a host whose name is looked for may take long.
        """
        if self._started or (url := self._settings.celery_broker_url) is None:
            return
        self._started = True
        AWAY.url = url
        broker = connect_to_look(url, self._settings.layout)
        inbox = Inbox(
            broker,
            self._settings.layout.broker,
            most_message_bytes(self._settings.max_event_bytes),
        )
        threading.Thread(
            target=self._watch, args=(broker, inbox), daemon=True, name="broker-watch"
        ).start()
        self._looked.wait(EVERY_S)

    def _watch(self, broker: Redis, inbox: Inbox) -> None:
        while not stopping():
            self._look(broker, inbox)
            self._looked.set()
            time.sleep(EVERY_S)

    def _look(self, broker: Redis, inbox: Inbox) -> None:
        error: RedisError | OSError | None
        try:
            self.has_messages = inbox.waits()
            error = refusal(broker, self._settings.layout.broker.inbox_due)
        except (RedisError, OSError) as no_answer:
            error, self.has_messages = no_answer, False
        self.usable = error is None
        self._tell(error)

    def _tell(self, error: RedisError | OSError | None) -> None:
        """Log what is new; whoever looks at the outbox logs that its server is away."""
        outage = FULL if self._settings.celery_broker_url == self._settings.redis_url else AWAY
        if error is None:
            outage.over()
        elif outage is AWAY or isinstance(error, OutOfMemoryError):
            outage.met(error)


def refusal(server: Redis, probed: str) -> ResponseError | None:
    """How a server refuses a write, one that would change nothing; `None` if it does not.

    Args:
        server: a connection to it.
        probed: the key of a sorted set.
    """
    try:
        server.zadd(probed, {"": 0}, xx=True)
    except ResponseError as error:
        return error
    except RedisError:
        return None
    return None
